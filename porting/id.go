package porting

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// What the IDs of ports begin with.
const (
	prefixIn  = "pi-"
	prefixOut = "po-"
)

// PortID names a port: the same tenant and reference always give the same ID, so an order that is started twice is one
// port. It holds no digits of any number.
func PortID(d Direction, tenant, reference string) string {
	prefix := prefixIn
	if d == PortOut {
		prefix = prefixOut
	}
	sum := sha256.Sum256([]byte("portsaga/port/1\x00" + string(d) + "\x00" + tenant + "\x00" + reference))
	return prefix + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:10]))
}
