package guard

import (
	"context"
	"time"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// Lock keeps a subject from leaving, at once and until it is unlocked. A lock that is about to end holds on.
func (g *Guard) Lock(ctx context.Context, s Subject, by, reason string, at time.Time) (ledger.Lock, error) {
	return g.books.PlaceLock(ctx, s.Subject, by, reason, at)
}

// CancelUnlock lets a lock hold on whose unlock is on its way. Refused with code "no-unlock-pending" if none is.
func (g *Guard) CancelUnlock(ctx context.Context, s Subject, by string, at time.Time) (ledger.Lock, error) {
	return g.books.CancelUnlock(ctx, s.Subject, by, at)
}

// Assign says which account a number belongs to: a lock of the account keeps it then. Refused with code "account-locked" while
// the account that it leaves is locked.
func (g *Guard) Assign(ctx context.Context, number, account Subject, by string, at time.Time) error {
	if number.IsAccount() || !account.IsAccount() {
		return &porting.Error{
			Kind: porting.Invalid, Code: "subject-mismatched", Op: "assign number", Object: number.Masked, Detail: "a number belongs to an account",
		}
	}
	_, err := g.books.AssignAccount(ctx, number.Subject, account.Subject, by, at)
	return err
}

// Locked reports whether any of the subjects is kept by a lock, of its own or of its account, and returns the first such lock.
// An error means that it is not known: nothing may leave then.
func (g *Guard) Locked(ctx context.Context, at time.Time, subjects ...Subject) (ledger.Lock, bool, error) {
	var tokens []string
	for _, s := range subjects {
		tokens = append(tokens, s.Token)
	}
	locks, err := g.books.Locks(ctx, tokens...)
	for _, lock := range locks {
		if lock.Holds(at) {
			return lock, true, err
		}
	}
	return ledger.Lock{}, false, err
}

// Status is how a subject is protected.
type Status struct {
	Subject string           `json:"subject"` // masked
	Locked  bool             `json:"locked"`  // by its own lock or its account's
	Lock    *ledger.Lock     `json:"lock,omitempty"`
	Account *ledger.Lock     `json:"account_lock,omitempty"`
	PIN     *ledger.PINState `json:"pin,omitempty"` // of a number
}

// Status says how a subject is protected at an instant. Locks that have ended are left out.
func (g *Guard) Status(ctx context.Context, s Subject, at time.Time) (Status, error) {
	status := Status{Subject: s.Masked}
	locks, err := g.books.Locks(ctx, s.Token)
	if err != nil {
		return Status{}, err
	}
	for _, lock := range locks {
		switch {
		case !lock.Holds(at):
			continue
		case lock.Token == s.Token:
			status.Lock = &lock
		default:
			status.Account = &lock
		}
		status.Locked = true
	}
	if s.IsAccount() {
		return status, nil
	}
	pin, err := g.PINState(ctx, s, at)
	status.PIN = &pin
	return status, err
}
