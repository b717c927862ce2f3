package cli

import (
	"context"

	"go.temporal.io/sdk/client"

	"github.com/portsaga/portsaga/internal/codec"
	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
)

// keyRing opens the data keys, or returns nil where payloads are not sealed. Neither the database nor the tenants' keys are
// asked before a payload is.
func (f *Factory) keyRing() (*codec.Ring, error) {
	cfg, err := f.Config()
	if err != nil || !cfg.Encrypts() {
		return nil, err
	}
	if f.ring != nil {
		return f.ring, nil
	}
	keys, err := ledger.OpenKeys(cfg.Keys)
	if err != nil {
		return nil, err
	}
	f.onClose(func() { _ = keys.Close() })
	f.ring = codec.NewRing(keys, codec.TenantKeys(cfg.TenantKeys))
	return f.ring, nil
}

// sealed has a client seal what it sends.
func (f *Factory) sealed(o client.Options) (client.Options, error) {
	ring, err := f.keyRing()
	if err == nil && ring != nil {
		ring.Seal(&o)
	}
	return o, err
}

// workingClient is a client for workers on the connection of another: there, a key store that is down fails the workflow
// task and never the workflow.
func (f *Factory) workingClient(ctx context.Context, c client.Client, connection config.Connection) (client.Client, error) {
	ring, err := f.keyRing()
	if err != nil || ring == nil {
		return c, err
	}
	options := connection.Options
	options.Logger = f.sdkLog()
	if err := f.observe(ctx, &options); err != nil {
		return nil, err
	}
	ring.SealWorker(&options)
	works, err := client.NewClientFromExistingWithContext(ctx, c, options)
	if err == nil {
		f.onClose(works.Close)
	}
	return works, err
}

// knowsErased answers for ports whose payloads nobody can read any more.
type knowsErased struct {
	*starter.Client
	ring *codec.Ring
}

// Status is the port as it stands, or Refused with code "port-erased".
func (p knowsErased) Status(ctx context.Context, id string) (porting.Status, error) {
	status, err := p.Client.Status(ctx, id)
	return status, p.explain(ctx, id, err)
}

// Wait waits for a port's end; Refused with code "port-erased" if its payloads are no more.
func (p knowsErased) Wait(ctx context.Context, id string) (porting.Status, error) {
	status, err := p.Client.Wait(ctx, id)
	return status, p.explain(ctx, id, err)
}

func (p knowsErased) explain(ctx context.Context, id string, err error) error {
	if err == nil || p.ring == nil {
		return err
	}
	if known := p.ring.Known(ctx, id); porting.CodeOf(known) == "port-erased" {
		return known
	}
	return err
}
