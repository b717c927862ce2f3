// Package sealing lets a service's own Temporal client speak with ports: it seals what the client sends and opens what it
// receives, as portsaga's workers do. Without it their payloads do not decode, and they take none of the client's.
package sealing

import (
	"io"

	"go.temporal.io/sdk/client"

	"github.com/portsaga/portsaga/internal/codec"
	"github.com/portsaga/portsaga/internal/ledger"
)

// Keys say where a deployment has its keys. docs/encryption.md tells how little of the database a service needs.
type Keys struct {
	Store      string // database with the data keys, like PORTSAGA_KEYS
	TenantKeys string // what wraps them, like PORTSAGA_TENANT_KEYS
}

// Seal prepares the options of a client, whose namespace must be set. Close what it returns when the client is closed. No key
// is looked up before a payload needs it: a call whose key cannot be had fails with code "keys-unavailable".
func Seal(o *client.Options, k Keys) (io.Closer, error) {
	keys, err := ledger.OpenKeys(k.Store)
	if err != nil {
		return nil, err
	}
	codec.NewRing(keys, codec.TenantKeys(k.TenantKeys)).Seal(o)
	return keys, nil
}
