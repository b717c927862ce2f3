package activities

import (
	"context"
	"time"

	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/porting"
)

// GuardedBy is number protection as port-outs ask for it.
func GuardedBy(g *guard.Guard) Protection { return Protection{g} }

// Protection is what keeps our numbers: the locks and PINs of those that may leave, and the people of those that arrived.
type Protection struct{ guard *guard.Guard }

// Arrived says where the people of numbers are told that have come to us.
func (p Protection) Arrived(ctx context.Context, order porting.Order, numbers []porting.Number) error {
	contact := guard.Contact{Contact: order.Subscriber.Contact, Country: order.Country}
	if contact.Email == "" && contact.Phone == "" {
		return nil
	}
	for _, n := range numbers {
		if err := p.guard.SetContact(ctx, p.guard.Number(order.TenantOrDefault(), n), contact, "portsaga", time.Now()); err != nil {
			return err
		}
	}
	return nil
}

// CheckPIN compares a PIN that a counterparty sent. That none was sent for a number that has one is no attempt.
func (p Protection) CheckPIN(ctx context.Context, a PINAttempt) (PINVerdict, error) {
	now, number := time.Now(), p.guard.Number(a.Tenant, a.Number)
	if a.PIN == "" {
		state, err := p.guard.PINState(ctx, number, now)
		if err != nil || !state.SetAt.IsZero() {
			return PINWrong, err
		}
		return PINNone, nil
	}
	verdict, err := p.guard.Check(ctx, guard.Attempt{
		Number: number, PIN: a.PIN, Source: guard.Source{Kind: guard.FromCarrier, ID: a.Source}, Ref: a.Ref, Quiet: a.Quiet, At: now,
	})
	return verdicts[verdict], err
}

var verdicts = map[guard.Verdict]PINVerdict{guard.OK: PINRight, guard.Wrong: PINWrong, guard.Locked: PINLocked, guard.None: PINNone}

// Locked looks for a lock of the number or of its account.
func (p Protection) Locked(ctx context.Context, tenant string, number porting.Number, account string) (bool, error) {
	subjects := []guard.Subject{p.guard.Number(tenant, number)}
	if account != "" {
		subjects = append(subjects, p.guard.Account(tenant, account))
	}
	_, locked, err := p.guard.Locked(ctx, time.Now(), subjects...)
	return locked, err
}
