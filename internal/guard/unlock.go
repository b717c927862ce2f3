package guard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// StageUnlock stands in statements that open locks, where those of ports have their stage. No port is ever in it.
const StageUnlock porting.Stage = "unlock"

// Signed is a person's decision on a lock's challenge.
type Signed struct {
	Statement []byte `json:"statement"`
	Signature string `json:"signature"`
}

// UnlockByPIN lets the lock of a number end after the cool-off, proved by its port-out PIN: the second factor of somebody who
// is known already, as a portal knows its subscriber. A PIN that is younger than the policy's rest proves nothing, because
// whoever took the portal over would set one first. Codes of Refused: "not-locked", "lock-changed", "pin-locked" and
// "pin-too-young"; of Unauthorised: "pin-wrong".
func (g *Guard) UnlockByPIN(ctx context.Context, a Attempt, by string) (ledger.Lock, error) {
	const op = "unlock"
	lock, err := g.lockOf(ctx, op, a.Number, a.At)
	if err != nil {
		return ledger.Lock{}, err
	}
	kept, err := g.prove(ctx, op, a)
	if err != nil {
		return ledger.Lock{}, err
	}
	policy := g.policies.For(a.Number.Tenant)
	if a.At.Sub(kept.SetAt) < policy.PINRest {
		return ledger.Lock{}, &porting.Error{
			Kind: porting.Refused, Code: "pin-too-young", Op: op, Object: a.Number.Masked,
			Detail: "the PIN is too new to open a lock", Next: fmt.Sprintf("try again %s after it was set", policy.PINRest),
		}
	}
	return g.books.AskUnlock(ctx, a.Number.Subject, ledger.Unlock{
		LockID: lock.ID, By: by, Method: "port-out PIN", At: a.At, DueAt: a.At.Add(policy.CoolOff),
	})
}

// Challenge is what must be signed to open the lock of a subject: this lock and no other, also not a later one of the same
// number. Codes: "not-locked" (Refused), "approvers-missing" (Refused), and those of the registry.
func (g *Guard) Challenge(ctx context.Context, s Subject, at time.Time) (porting.Challenge, error) {
	registry, err := g.registry(ctx, at)
	if err != nil {
		return porting.Challenge{}, err
	}
	lock, err := g.lockOf(ctx, "unlock", s, at)
	if err != nil {
		return porting.Challenge{}, err
	}
	return g.challenge(registry, lock), nil
}

func (g *Guard) challenge(registry *approval.Registry, lock ledger.Lock) porting.Challenge {
	return porting.Challenge{
		Audience: registry.Audience(), Port: lock.ID, Stage: StageUnlock, OrderDigest: approval.Digest([]byte(lock.Token)),
		Shown:  porting.Shown{Numbers: []string{lock.Masked}, Count: 1, Kind: string(StageUnlock), Findings: []string{"locked since " + lock.LockedAt.Format(time.RFC3339)}},
		Policy: fmt.Sprintf("unlock/approvals=%d", g.policies.For(lock.Tenant).Approvals),
	}
}

// UnlockBySignature lets a lock end after the cool-off, proved by the signatures of as many persons as the policy asks for.
// Whoever asks for the unlock is none of them. Codes: those of Challenge and of approval.Registry.Verify, "statement-differs",
// "unlock-rejected" and "unlock-approvals-missing" (Refused).
func (g *Guard) UnlockBySignature(ctx context.Context, s Subject, by string, decisions []Signed, at time.Time) (ledger.Lock, error) {
	const op = "unlock"
	registry, err := g.registry(ctx, at)
	if err != nil {
		return ledger.Lock{}, err
	}
	lock, err := g.lockOf(ctx, op, s, at)
	if err != nil {
		return ledger.Lock{}, err
	}
	persons, err := approving(registry, g.challenge(registry, lock), by, decisions, at)
	if err != nil {
		return ledger.Lock{}, err
	}
	policy := g.policies.For(lock.Tenant)
	if len(persons) < policy.Approvals {
		return ledger.Lock{}, &porting.Error{
			Kind: porting.Refused, Code: "unlock-approvals-missing", Op: op, Object: s.Masked,
			Detail: fmt.Sprintf("%d of %d persons signed, without whoever asks", len(persons), policy.Approvals), Next: "have another approver sign it",
		}
	}
	proof, err := json.Marshal(decisions)
	if err != nil {
		return ledger.Lock{}, err
	}
	return g.books.AskUnlock(ctx, s.Subject, ledger.Unlock{
		LockID: lock.ID, By: by, Method: "signed by " + strings.Join(persons, ", "), Proof: string(proof), At: at, DueAt: at.Add(policy.CoolOff),
	})
}

// approving lists the distinct persons, other than whoever asks, who approve the challenge. One who rejects it stops it.
func approving(registry *approval.Registry, c porting.Challenge, by string, decisions []Signed, at time.Time) ([]string, error) {
	asking, _ := registry.Person(by)
	var persons []string
	for _, d := range decisions {
		approved, err := registry.Verify(d.Statement, d.Signature, at)
		if err == nil {
			err = approved.Statement.Answers(c)
		}
		if err != nil {
			return nil, err
		}
		if approved.Statement.Decision != porting.Approve {
			return nil, &porting.Error{
				Kind: porting.Refused, Code: "unlock-rejected", Op: "unlock", Object: c.Shown.Numbers[0], Detail: approved.Person + " rejected it",
			}
		}
		if approved.Person != asking && !slices.Contains(persons, approved.Person) {
			persons = append(persons, approved.Person)
		}
	}
	return persons, nil
}

func (g *Guard) registry(ctx context.Context, at time.Time) (*approval.Registry, error) {
	if g.approvers == nil {
		return nil, &porting.Error{
			Kind: porting.Refused, Code: "approvers-missing", Op: "unlock", Detail: "there is no registry of approvers", Next: "make one with portsaga approver init",
		}
	}
	return g.approvers.Current(ctx, at)
}

// lockOf is the lock of its own that keeps a subject.
func (g *Guard) lockOf(ctx context.Context, op string, s Subject, at time.Time) (ledger.Lock, error) {
	locks, err := g.books.Locks(ctx, s.Token)
	if err != nil {
		return ledger.Lock{}, err
	}
	i := slices.IndexFunc(locks, func(l ledger.Lock) bool { return l.Token == s.Token && l.Holds(at) })
	if i < 0 {
		return ledger.Lock{}, &porting.Error{Kind: porting.Refused, Code: "not-locked", Op: op, Object: s.Masked, Detail: "it has no lock of its own"}
	}
	return locks[i], nil
}

// EncodeUnlock writes the exact bytes that an approver signs, with the namespace and by the keys of every decision.
func EncodeUnlock(c porting.Challenge, decision string, at time.Time, life time.Duration) ([]byte, error) {
	if c.Stage != StageUnlock {
		return nil, errors.New("guard: the challenge is not a lock's")
	}
	return approval.Encode(c.Statement(decision, "", at, life))
}
