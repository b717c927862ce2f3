package worker

import (
	"context"
	"log/slog"
	"time"

	"github.com/portsaga/portsaga/activities"
	"github.com/portsaga/portsaga/internal/guard"
)

// openProtection opens what keeps our numbers from leaving, of a gate that answers port-outs.
func (n *Neighbours) openProtection(ctx context.Context, s Settings) error {
	if n.Leaving == nil {
		return nil
	}
	policies, err := guard.LoadPolicies(s.Protection)
	if err != nil {
		return err
	}
	n.protection, err = guard.Open(ctx, n.Ledger, n.Vault, guard.Options{Policies: policies}, time.Now())
	if err == nil {
		n.Leaving.Guard = activities.GuardedBy(n.protection)
		n.Arrivals = activities.GuardedBy(n.protection)
	}
	return err
}

// protect ends locks in their history, and has people told of locks and PINs, until ctx ends.
func (n Neighbours) protect(ctx context.Context) {
	log := n.log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if n.Notices == nil {
		n.protection.Run(ctx, nil, log)
		return
	}
	n.protection.Run(ctx, guard.Teller{Guard: n.protection, Outbox: n.Notices, Services: n.Webhooks.Names}, log)
}
