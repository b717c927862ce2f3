package serve

import (
	"context"
	"time"

	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// ruling is what the ledger says of a request. Only a lawful ground makes a refusal.
type ruling struct {
	said   Said
	ground rules.Ground // of a refusal
	says   string       // without personal data
	noPort bool         // a port or a lockout stands for it already: no port is opened
}

func (f ruling) reason() porting.Reason { return f.ground.Refusal().Reason }

func (f ruling) answer(r porting.PortOutRequest, at time.Time) Validated {
	no := f.ground.Refusal()
	return Validated{
		ID: r.ID, Port: r.PortID(), Answer: f.said, Reason: no.Reason, Cite: no.Cite, Pack: f.ground.Pack(), Says: f.says,
		AnsweredAt: at.UTC().Truncate(time.Microsecond),
	}
}

// inspection is one look at a request, with the rules of its numbers.
type inspection struct {
	*Validation
	by      *Wholesaler
	request porting.PortOutRequest
	pack    *rules.Pack
	at      time.Time // real time
	proved  bool      // something that was sent fits our record
}

// judge looks at the ledger, the quick questions first: whether another port holds a number, whether it is locked, whose
// account it is in, and its PIN.
func (v *Validation) judge(ctx context.Context, by *Wholesaler, r porting.PortOutRequest) (ruling, error) {
	chosen, err := v.Rules.Select(r.Order(), r.ReceivedAt)
	if err != nil {
		return ruling{said: SaidHold, says: "no rules are known for these numbers"}, nil //nolint:nilerr // the port says why
	}
	i := &inspection{Validation: v, by: by, request: r, pack: chosen.Pack, at: v.Clock()}
	for _, look := range []func(context.Context) (*ruling, error){i.lockout, i.elsewhere, i.lines, i.pin} {
		if found, err := look(ctx); found != nil || err != nil {
			return orHold(found), err
		}
	}
	if !i.proved {
		return ruling{said: SaidHold, says: "nothing stands against it; the port that is opened decides"}, nil
	}
	if by.ValidReleases {
		return ruling{said: SaidHold, says: "what was sent fits; the port that is opened decides"}, nil
	}
	return ruling{said: SaidValid, says: "what was sent fits our record; the port that is opened decides"}, nil
}

func orHold(found *ruling) ruling {
	if found == nil {
		return ruling{said: SaidHold}
	}
	return *found
}

// refuse is a refusal on the first ground that the rules give a donor. Where they give none, the port decides.
func (i *inspection) refuse(why string, grounds ...porting.Reason) *ruling {
	for _, reason := range grounds {
		if ground, err := i.pack.Ground(reason, rules.Donor); err == nil {
			return &ruling{said: SaidRefuse, ground: ground, says: why}
		}
	}
	return &ruling{said: SaidHold, says: "the port that is opened decides"}
}

func (i *inspection) lawful(reasons ...porting.Reason) bool {
	return i.refuse("", reasons...).said == SaidRefuse
}

var pinGrounds = []porting.Reason{porting.PINMismatch, porting.PINRequired}

// lockout ends a flood of guesses before anything else is read. The number's people and the fraud desk are told of the
// lockout itself; no port is opened for what comes during one.
func (i *inspection) lockout(ctx context.Context) (*ruling, error) {
	if i.request.Given.PIN == "" || len(i.request.Numbers) > 1 || !i.lawful(pinGrounds...) {
		return nil, nil
	}
	state, err := i.Guard.PINState(ctx, i.number(i.request.Numbers[0]), i.at)
	if err != nil || state.LockedUntil.IsZero() {
		return nil, err
	}
	found := i.refuse("too many wrong PINs were tried", porting.PortProtected, porting.PINMismatch)
	found.noPort = found.said == SaidRefuse
	return found, nil
}

// lockedMeanwhile tells a lockout of the number from one of whoever asks: what others guessed is no ground against this
// subscriber.
func (i *inspection) lockedMeanwhile(ctx context.Context) (*ruling, error) {
	found, err := i.lockout(ctx)
	if found == nil && err == nil {
		found = &ruling{said: SaidHold, says: "the port that is opened compares the PIN"}
	}
	return found, err
}

// arriving are the grounds for a number that another port holds, best first.
var arriving = []porting.Reason{porting.NumberInUse, porting.DuplicateRequest, porting.PendingOrder, porting.WrongLosingCarrier, porting.NumberInactive}

func (i *inspection) elsewhere(ctx context.Context) (*ruling, error) {
	var tokens []string
	for _, n := range i.request.Numbers {
		tokens = append(tokens, i.Vault.LockToken(n))
	}
	held, err := i.Books.InOpenPort(ctx, i.request.PortID(), tokens...)
	if err != nil || !held {
		return nil, err
	}
	found := i.refuse("another open port holds a number", arriving...)
	found.noPort = found.said == SaidRefuse
	return found, nil
}

// lines looks for locks, which a line separation passes, and holds the account against the one that we know.
func (i *inspection) lines(ctx context.Context) (*ruling, error) {
	for _, n := range i.request.Numbers {
		line, err := i.Guard.Line(ctx, i.number(n), i.request.Given.Account, i.at)
		if err != nil {
			return nil, err
		}
		if line.Locked && !i.request.LineSeparation {
			return i.refuse("the subscriber has locked the number", porting.PortProtected), nil
		}
		if line.Account == guard.Unknown || !i.lawful(porting.AccountNumberMismatch) {
			continue
		}
		switch line.Account {
		case guard.Differs:
			return i.refuse("the account number differs from our record", porting.AccountNumberMismatch), nil
		case guard.Missing:
			return i.refuse("the account number is missing", porting.AccountNumberRequired), nil
		}
		i.proved = true
	}
	return nil, nil
}

func (i *inspection) number(n porting.Number) guard.Subject {
	return i.Guard.Number(i.request.Tenant, n)
}

// pin asks for the PIN of whoever has set one, as far as the rules let a donor ask. The PINs of many numbers are the port's
// to compare.
func (i *inspection) pin(ctx context.Context) (*ruling, error) {
	if !i.lawful(pinGrounds...) {
		return nil, nil
	}
	if i.request.Given.PIN == "" {
		return i.withoutPIN(ctx)
	}
	if len(i.request.Numbers) > 1 {
		return &ruling{said: SaidHold, says: "the port that is opened compares the PIN"}, nil
	}
	verdict, err := i.compare(ctx)
	switch {
	case err != nil:
		return nil, err
	case verdict == guard.Wrong:
		return i.refuse("the PIN is wrong", porting.PINMismatch), nil
	case verdict == guard.Locked:
		return i.lockedMeanwhile(ctx)
	case verdict == busyPIN:
		return &ruling{said: SaidHold, says: "the port that is opened compares the PIN"}, nil
	}
	i.proved = i.proved || verdict == guard.OK
	return nil, nil
}

func (i *inspection) withoutPIN(ctx context.Context) (*ruling, error) {
	for _, n := range i.request.Numbers {
		state, err := i.Guard.PINState(ctx, i.number(n), i.at)
		if err != nil {
			return nil, err
		}
		if !state.SetAt.IsZero() {
			return i.refuse("the subscriber has a PIN, and none was given", porting.PINRequired, porting.PINMismatch), nil
		}
	}
	return nil, nil
}

// busyPIN is the verdict on a PIN that was not compared, because too many are.
const busyPIN guard.Verdict = "busy"

// pinWait is how long a PIN waits for its turn. Everybody's answer would be late if all waited for theirs.
const pinWait = 10 * time.Millisecond

// compare counts an attempt and compares the PIN. The port that looks at it again makes the same attempt: it is one.
func (i *inspection) compare(ctx context.Context) (guard.Verdict, error) {
	wait := time.NewTimer(pinWait)
	defer wait.Stop()
	select {
	case i.pins <- struct{}{}:
		defer func() { <-i.pins }()
	case <-wait.C:
		return busyPIN, nil
	case <-ctx.Done():
		return busyPIN, nil
	}
	r := i.request
	return i.Guard.Check(ctx, guard.Attempt{
		Number: i.number(r.Numbers[0]), PIN: r.Given.PIN, Ref: r.PortID() + "/" + r.Given.PINRef, Quiet: r.LineSeparation, At: i.at,
		Source: guard.Source{Kind: guard.FromCarrier, ID: i.by.Name + "/" + r.Recipient.Name},
	})
}
