package guard

import (
	"cmp"
	"context"
	"time"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// Verdict is what an attempt at a PIN turned out to be. Outside, "wrong" and "none" are one answer.
type Verdict string

// Verdicts.
const (
	OK     Verdict = "ok"
	Wrong  Verdict = "wrong"
	None   Verdict = "none"   // the number has no PIN
	Locked Verdict = "locked" // too many attempts: this one was not looked at
)

// Kinds of sources. Policies may set limits of their own for a kind.
const (
	FromCarrier  = "carrier"  // a port-out request: ID is the counterparty
	FromPortal   = "portal"   // the subscriber's portal: ID is the session or the bearer
	FromOperator = "operator" // a person at a terminal
)

// Source is where an attempt comes from. Its ID is kept as a keyed token alone.
type Source struct {
	Kind string
	ID   string
}

// Attempt is a PIN that somebody says is a number's.
type Attempt struct {
	Number Subject
	PIN    porting.Secret
	Source Source
	// Ref is the ledger's reference of a PIN that is kept there, as that of a port is: asking again, as a retried activity
	// does, is then the same attempt. It must never be what a stranger chose. Empty for a PIN that is typed.
	Ref string
	// Quiet tells nobody of a failure: whoever shares the account must not hear of a survivor's line separation (47 U.S.C. 345).
	Quiet bool
	At    time.Time // real time
}

// Check says whether a PIN is the number's. It counts the attempt first, for the number and for the source, so that many at
// once are never more than the limit.
func (g *Guard) Check(ctx context.Context, a Attempt) (Verdict, error) {
	verdict, _, err := g.check(ctx, a)
	return verdict, err
}

// check also returns what is kept of the PIN, for those who ask how old it is.
func (g *Guard) check(ctx context.Context, a Attempt) (Verdict, ledger.PIN, error) {
	attempt := g.counted(a)
	begun, err := g.books.BeginAttempt(ctx, attempt)
	switch {
	case err != nil:
		return "", ledger.PIN{}, err
	case !begun.LockedUntil.IsZero():
		return Locked, ledger.PIN{}, nil
	case begun.Verdict != "":
		return Verdict(begun.Verdict), begun.PIN, nil
	}
	ctx = context.WithoutCancel(ctx) // what was counted is finished and told of, also when whoever tried has gone
	verdict, err := g.compare(ctx, a, begun.PIN)
	if err != nil {
		return "", ledger.PIN{}, err
	}
	err = g.books.EndAttempt(ctx, attempt, string(verdict), verdict == OK)
	if err == nil && verdict == OK {
		err = g.renew(ctx, a.Number, a.PIN, begun.PIN)
	}
	return verdict, begun.PIN, err
}

// compare does the same work whether there is a PIN or not.
func (g *Guard) compare(ctx context.Context, a Attempt, kept ledger.PIN) (Verdict, error) {
	known := kept.Scheme != ""
	if !known {
		kept = g.decoy
	}
	fits, err := g.fits(ctx, a.Number, a.PIN, kept)
	switch {
	case err != nil:
		return "", err
	case !known:
		return None, nil
	case fits:
		return OK, nil
	}
	return Wrong, nil
}

func (g *Guard) counted(a Attempt) ledger.Attempt {
	policy := g.policies.For(a.Number.Tenant)
	kind := cmp.Or(a.Source.Kind, FromOperator)
	source := ledger.Subject{Token: g.keys.sourceToken(kind, a.Source.ID), Tenant: a.Number.Tenant, Masked: kind}
	return ledger.Attempt{
		Number: a.Number.Subject, Source: source, SourceName: kind, Ref: a.Ref, Quiet: a.Quiet, At: a.At,
		PerNumber: policy.limit(policy.Attempts), PerSource: policy.limit(policy.sourceAttempts(kind)),
	}
}

// SetPIN gives a number a PIN, or another one. Whoever calls it has made sure of the subscriber: see ChangePIN. The codes are
// "pin-malformed" (Invalid) and "pin-weak" (Refused).
func (g *Guard) SetPIN(ctx context.Context, number Subject, pin porting.Secret, by string, at time.Time) error {
	if err := refuseWeak(pin, number, g.policies.For(number.Tenant)); err != nil {
		return err
	}
	kept, err := g.newPIN(ctx, number, pin, by, at)
	if err != nil {
		return err
	}
	return g.books.SetPIN(ctx, number.Subject, kept)
}

// ChangePIN sets a PIN for a subscriber, who must know the present one if there is one. Codes: those of SetPIN, "pin-wrong"
// (Unauthorised) and "pin-locked" (Refused).
func (g *Guard) ChangePIN(ctx context.Context, present Attempt, next porting.Secret, by string) error {
	state, err := g.PINState(ctx, present.Number, present.At)
	if err != nil {
		return err
	}
	if !state.SetAt.IsZero() {
		if _, err := g.prove(ctx, "set PIN", present); err != nil {
			return err
		}
	}
	return g.SetPIN(ctx, present.Number, next, by, present.At)
}

// prove refuses every PIN but the right one.
func (g *Guard) prove(ctx context.Context, op string, a Attempt) (ledger.PIN, error) {
	verdict, kept, err := g.check(ctx, a)
	switch {
	case err != nil:
		return ledger.PIN{}, err
	case verdict == Locked:
		return ledger.PIN{}, &porting.Error{
			Kind: porting.Refused, Code: "pin-locked", Op: op, Object: a.Number.Masked, Detail: "there were too many wrong PINs", Next: "try again later",
		}
	case verdict != OK:
		return ledger.PIN{}, &porting.Error{Kind: porting.Unauthorised, Code: "pin-wrong", Op: op, Object: a.Number.Masked, Detail: "the PIN is wrong"}
	}
	return kept, nil
}

// RemovePIN destroys a number's PIN; NotFound with code "pin-unknown" if it has none.
func (g *Guard) RemovePIN(ctx context.Context, number Subject, by string, at time.Time) error {
	return g.books.RemovePIN(ctx, number.Subject, by, at)
}

// PINState says whether a number has a PIN, and until when no attempt at it is taken.
func (g *Guard) PINState(ctx context.Context, number Subject, at time.Time) (ledger.PINState, error) {
	return g.books.PINState(ctx, number.Token, at)
}
