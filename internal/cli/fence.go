package cli

import (
	"cmp"
	"context"
	"io"
	"os"
	"strings"
	"time"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// Fences is what a revocation asks of the ledger. *ledger.Ledger is one.
type Fences interface {
	Fence(ctx context.Context, port string) (ledger.Fence, error)
	CloseFence(ctx context.Context, port, by string, why porting.Reason, at time.Time) (ledger.Fence, error)
	RecordReject(ctx context.Context, port string, r ledger.Reject) error
	io.Closer
}

// fences opens the ledger that was named, or that of a local dev. It is nil where neither is there.
func (f *Factory) fences(ctx context.Context) (Fences, error) {
	cfg, err := f.Config()
	if err != nil {
		return nil, err
	}
	connection, err := f.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if !cfg.NamesLedger() && connection.Dev == nil {
		return nil, nil
	}
	return openBooks(ctx, cfg.Ledger)
}

// ledgerIsThere refuses a SQLite file that is not there.
func ledgerIsThere(dsn string) error {
	if strings.HasPrefix(dsn, "postgres") || strings.HasPrefix(dsn, "file:") {
		return nil
	}
	if _, err := os.Stat(dsn); err != nil {
		return &porting.Error{Kind: porting.Failed, Code: "ledger-missing", Op: "open ledger", Object: dsn, Detail: because(err), Err: err}
	}
	return nil
}

// closeFence writes a revocation where an activation must look, before the saga hears of it: it holds even if no worker
// runs. The saga closes the fence too, so whatever goes wrong here is only told.
func (f *Factory) closeFence(ctx context.Context, port, by string, why porting.Reason) {
	fence, found, err := f.tryCloseFence(ctx, port, by, cmp.Or(why, porting.AuthorizationRevoked))
	switch {
	case err != nil:
		f.Log().Warn("the fence was not closed from here; the message to the port does it", "port", port, "code", porting.CodeOf(err))
	case !found:
	case fence.State == ledger.FenceClosed:
		f.progress("%s: the fence is closed, no activation starts any more", port)
	default:
		f.progress("%s: the fence is %s, so the numbers may have moved; the revocation is recorded", port, fence.State)
	}
}

// recordReject writes a signed reject where the gate looks, before the saga hears of it: neither a saga nor whoever answers for
// a step can leave it out then. The trust worker writes it too, so whatever goes wrong here is only told.
func (f *Factory) recordReject(ctx context.Context, port string, signed porting.Decide) {
	fences, err := f.Fences(ctx)
	if err == nil && fences != nil {
		defer fences.Close()
		err = fences.RecordReject(ctx, port, ledger.Reject{Statement: signed.Statement, Signature: signed.Signature, At: f.Now().UTC()})
	}
	if err != nil {
		f.Log().Warn("the reject was not written to the ledger from here; the message to the port does it", "port", port, "code", porting.CodeOf(err))
	}
}

// tryCloseFence leaves alone what the ledger does not know or what has ended: there the port itself has the last word.
func (f *Factory) tryCloseFence(ctx context.Context, port, by string, why porting.Reason) (fence ledger.Fence, found bool, err error) {
	fences, err := f.Fences(ctx)
	if err != nil || fences == nil {
		return fence, false, err
	}
	defer fences.Close()
	fence, err = fences.Fence(ctx, port)
	if porting.KindOf(err) == porting.NotFound || !fence.ReleasedAt.IsZero() {
		return fence, false, nil
	}
	if err != nil {
		return fence, false, err
	}
	now, err := f.businessNow(ctx)
	if err != nil {
		return fence, false, err
	}
	fence, err = fences.CloseFence(ctx, port, by, why, now)
	return fence, err == nil, err
}
