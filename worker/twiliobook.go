package worker

import (
	"context"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/twilio"
	"github.com/portsaga/portsaga/internal/ledger"
)

// twilioBook keeps Twilio's names of our orders in the ledger: Twilio does not take ours.
type twilioBook struct {
	ledger *ledger.Ledger
	name   string // of the carrier
}

var _ twilio.Book = twilioBook{}

func (b twilioBook) Intend(ctx context.Context, ref carrier.Ref, at, stale time.Time) (bool, error) {
	return b.ledger.IntendOrder(ctx, b.name, ref.Port, ref.Version, at, stale)
}

func (b twilioBook) Remember(ctx context.Context, ref carrier.Ref, sid string) error {
	return b.ledger.NameOrder(ctx, b.name, ref.Port, ref.Version, sid)
}

func (b twilioBook) Forget(ctx context.Context, ref carrier.Ref) error {
	return b.ledger.ForgetOrder(ctx, b.name, ref.Port, ref.Version)
}

func (b twilioBook) Lookup(ctx context.Context, port string) ([]twilio.Entry, error) {
	orders, err := b.ledger.CarrierOrders(ctx, b.name, port)
	if err != nil {
		return nil, err
	}
	entries := make([]twilio.Entry, 0, len(orders))
	for _, o := range orders {
		entries = append(entries, twilio.Entry{Ref: carrier.Ref{Port: o.PortID, Version: o.Version}, SID: o.OrderID, Sent: o.SentAt})
	}
	return entries, nil
}

func (b twilioBook) RefOf(ctx context.Context, sid string) (carrier.Ref, bool, error) {
	o, found, err := b.ledger.OrderNamed(ctx, b.name, sid)
	return carrier.Ref{Port: o.PortID, Version: o.Version}, found, err
}
