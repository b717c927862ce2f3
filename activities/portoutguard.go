package activities

import (
	"context"
	"time"

	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/porting"
)

// GuardedBy is number protection as port-outs ask for it.
func GuardedBy(g *guard.Guard) NumberGuard { return protection{g} }

type protection struct{ guard *guard.Guard }

// CheckPIN compares a PIN that a counterparty sent. That none was sent for a number that has one is no attempt.
func (p protection) CheckPIN(ctx context.Context, a PINAttempt) (PINVerdict, error) {
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
func (p protection) Locked(ctx context.Context, tenant string, number porting.Number, account string) (bool, error) {
	subjects := []guard.Subject{p.guard.Number(tenant, number)}
	if account != "" {
		subjects = append(subjects, p.guard.Account(tenant, account))
	}
	_, locked, err := p.guard.Locked(ctx, time.Now(), subjects...)
	return locked, err
}
