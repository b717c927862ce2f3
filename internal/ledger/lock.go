package ledger

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// Subject is a number or an account that is protected.
type Subject struct {
	Token  string `json:"token"` // a number's lock token, or what stands for an account
	Tenant string `json:"tenant,omitempty"`
	Masked string `json:"masked"`
}

// Lock keeps a number, or all numbers of an account, from leaving. Its times are real time: no faster clock ends it.
type Lock struct {
	Subject
	Account  string    `json:"-"`            // token of the number's account; empty if it is in none
	ID       string    `json:"id,omitempty"` // of this lock; empty while there is none. What was proved for one lock opens no other
	LockedAt time.Time `json:"locked_at,omitzero"`
	LockedBy string    `json:"locked_by,omitempty"`
	Reason   string    `json:"reason,omitempty"`

	// An unlock that was asked for and proved. The lock holds until it is due.
	UnlockAskedAt time.Time `json:"unlock_asked_at,omitzero"`
	UnlockDueAt   time.Time `json:"unlock_due_at,omitzero"`
	UnlockBy      string    `json:"unlock_by,omitempty"`
}

// Holds reports whether the lock keeps its subject at an instant.
func (l Lock) Holds(at time.Time) bool { return l.ID != "" && !l.ended(at) }

// Ending reports whether the lock holds and an unlock is on its way.
func (l Lock) Ending(at time.Time) bool { return l.Holds(at) && !l.UnlockDueAt.IsZero() }

func (l Lock) ended(at time.Time) bool { return !l.UnlockDueAt.IsZero() && !at.Before(l.UnlockDueAt) }

// PlaceLock locks a subject. A lock that holds stays as it is; one that was about to end holds on, under a new ID.
func (l *Ledger) PlaceLock(ctx context.Context, s Subject, by, reason string, at time.Time) (Lock, error) {
	return l.changeLock(ctx, "lock", s, func(ctx context.Context, tx *sql.Tx, lock Lock) error {
		kind := EventLocked
		switch {
		case lock.Ending(at):
			kind = EventUnlockCancelled
		case lock.Holds(at):
			return nil
		}
		if err := settle(ctx, tx, lock, at); err != nil {
			return err
		}
		_, err := change(ctx, tx, `UPDATE locks SET lock_id = $2, locked_at = $3, locked_by = $4, reason = $5,
			unlock_asked_at = NULL, unlock_due_at = NULL, unlock_by = '' WHERE token = $1`, s.Token, newLockID(), instant{at}, by, reason)
		if err != nil {
			return err
		}
		return recordEvent(ctx, tx, GuardEvent{Subject: s, Kind: kind, Actor: by, Detail: reason, At: at})
	})
}

// Unlock is a proved wish to end a lock.
type Unlock struct {
	LockID string // of the lock that the proof is for
	By     string
	Method string // how it was proved, in a few words
	Proof  string // what was signed, if it was
	At     time.Time
	DueAt  time.Time // until then the lock holds
}

// AskUnlock lets a lock end when it is due. An unlock that is on its way stays as it is. Codes of Refused: "not-locked", and
// "lock-changed" if it is another lock by now.
func (l *Ledger) AskUnlock(ctx context.Context, s Subject, u Unlock) (Lock, error) {
	const op = "unlock"
	return l.changeLock(ctx, op, s, func(ctx context.Context, tx *sql.Tx, lock Lock) error {
		switch {
		case !lock.Holds(u.At):
			return notLocked(op, s)
		case lock.ID != u.LockID:
			return &porting.Error{
				Kind: porting.Refused, Code: "lock-changed", Op: op, Object: s.Masked, Detail: "it was locked anew since",
				Next: "look at the lock again, and prove the unlock of that one",
			}
		case lock.Ending(u.At):
			return nil
		}
		_, err := change(ctx, tx, `UPDATE locks SET unlock_asked_at = $2, unlock_due_at = $3, unlock_by = $4 WHERE token = $1`,
			s.Token, instant{u.At}, instant{u.DueAt}, u.By)
		if err != nil {
			return err
		}
		return recordEvent(ctx, tx, GuardEvent{
			Subject: s, Kind: EventUnlockAsked, Actor: u.By, Detail: u.Method, Proof: u.Proof, At: u.At, DueAt: u.DueAt,
		})
	})
}

// CancelUnlock lets a lock hold on whose unlock is on its way, under a new ID. Refused with code "no-unlock-pending" if none is.
func (l *Ledger) CancelUnlock(ctx context.Context, s Subject, by string, at time.Time) (Lock, error) {
	const op = "cancel unlock"
	return l.changeLock(ctx, op, s, func(ctx context.Context, tx *sql.Tx, lock Lock) error {
		if !lock.Ending(at) {
			return &porting.Error{
				Kind: porting.Refused, Code: "no-unlock-pending", Op: op, Object: s.Masked, Detail: "no unlock is on its way", Next: "lock it, if it is not locked",
			}
		}
		return keepLock(ctx, tx, s, by, at)
	})
}

// keepLock takes an unlock back.
func keepLock(ctx context.Context, tx *sql.Tx, s Subject, by string, at time.Time) error {
	_, err := change(ctx, tx, `UPDATE locks SET lock_id = $2, unlock_asked_at = NULL, unlock_due_at = NULL, unlock_by = '' WHERE token = $1`,
		s.Token, newLockID())
	if err != nil {
		return err
	}
	return recordEvent(ctx, tx, GuardEvent{Subject: s, Kind: EventUnlockCancelled, Actor: by, At: at})
}

// AssignAccount says which account a number belongs to, so that a lock of the account keeps it. A number leaves an account
// only while no lock of that account holds: Refused with code "account-locked".
func (l *Ledger) AssignAccount(ctx context.Context, number, account Subject, by string, at time.Time) (Lock, error) {
	const op = "assign number"
	return l.changeLock(ctx, op, number, func(ctx context.Context, tx *sql.Tx, lock Lock) error {
		if lock.Account == account.Token {
			return nil
		}
		before, err := readLocks(ctx, tx, lock.Account)
		if err != nil {
			return err
		}
		for _, old := range before {
			if old.Holds(at) {
				return &porting.Error{
					Kind: porting.Refused, Code: "account-locked", Op: op, Object: number.Masked, Detail: "its account is locked", Next: "unlock the account first",
				}
			}
		}
		if _, err := holdLock(ctx, tx, account); err != nil {
			return err
		}
		if _, err := change(ctx, tx, `UPDATE locks SET account = $2 WHERE token = $1`, number.Token, account.Token); err != nil {
			return err
		}
		return recordEvent(ctx, tx, GuardEvent{Subject: number, Kind: EventAssigned, Actor: by, Detail: account.Masked, At: at})
	})
}

// Locks returns what is known of each token, and of the accounts that the numbers among them belong to. Tokens that were
// never protected are left out.
func (l *Ledger) Locks(ctx context.Context, tokens ...string) ([]Lock, error) {
	locks, err := readLocks(ctx, l.db, tokens...)
	return locks, fault("look up locks", "", err)
}

// SettleUnlocks ends the locks whose unlocks are due, up to limit of them, and returns how many there were. A lock ends at
// its time all the same: this writes it into the history.
func (l *Ledger) SettleUnlocks(ctx context.Context, at time.Time, limit int) (int, error) {
	const op = "end locks"
	due, err := l.dueUnlocks(ctx, at, limit)
	if err != nil {
		return 0, fault(op, "", err)
	}
	for _, lock := range due {
		_, err := l.changeLock(ctx, op, lock.Subject, func(ctx context.Context, tx *sql.Tx, lock Lock) error { return settle(ctx, tx, lock, at) })
		if err != nil {
			return 0, err
		}
	}
	return len(due), nil
}

func (l *Ledger) dueUnlocks(ctx context.Context, at time.Time, limit int) ([]Lock, error) {
	rows, err := l.db.QueryContext(ctx, selectLock+` WHERE unlock_due_at <= $1 ORDER BY unlock_due_at, token LIMIT $2`, instant{at}, limit)
	if err != nil {
		return nil, err
	}
	return scanLocks(rows)
}

// settle writes the end of a lock into the history, at the instant at which it was due.
func settle(ctx context.Context, tx *sql.Tx, lock Lock, at time.Time) error {
	if lock.ID == "" || !lock.ended(at) {
		return nil
	}
	_, err := change(ctx, tx, `UPDATE locks SET lock_id = '', locked_at = NULL, locked_by = '', reason = '',
		unlock_asked_at = NULL, unlock_due_at = NULL, unlock_by = '' WHERE token = $1`, lock.Token)
	if err != nil {
		return err
	}
	return recordEvent(ctx, tx, GuardEvent{Subject: lock.Subject, Kind: EventUnlocked, Actor: lock.UnlockBy, At: lock.UnlockDueAt})
}

// changeLock holds a subject's row while do looks at it and changes it, and returns what became of it.
func (l *Ledger) changeLock(ctx context.Context, op string, s Subject, do func(context.Context, *sql.Tx, Lock) error) (Lock, error) {
	var lock Lock
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		before, err := holdLock(ctx, tx, s)
		if err != nil {
			return err
		}
		if err := do(ctx, tx, before); err != nil {
			return err
		}
		if lock, err = readLock(ctx, tx, s.Token); err != nil || lock == before {
			return err
		}
		return countChange(ctx, tx)
	})
	if err != nil {
		return Lock{}, fault(op, s.Masked, err)
	}
	return lock, nil
}

// holdLock makes the row of a subject that has none, and keeps others from changing it until the commit.
func holdLock(ctx context.Context, tx *sql.Tx, s Subject) (Lock, error) {
	_, err := change(ctx, tx, `INSERT INTO locks (token, tenant, masked) VALUES ($1, $2, $3)
		ON CONFLICT (token) DO UPDATE SET masked = excluded.masked`, s.Token, s.Tenant, s.Masked)
	if err != nil {
		return Lock{}, err
	}
	return readLock(ctx, tx, s.Token)
}

func newLockID() string { return "lk-" + strings.ToLower(rand.Text()) }

func notLocked(op string, s Subject) error {
	return &porting.Error{Kind: porting.Refused, Code: "not-locked", Op: op, Object: s.Masked, Detail: "it is not locked"}
}

const selectLock = `SELECT token, tenant, masked, account, lock_id, locked_at, locked_by, reason, unlock_asked_at, unlock_due_at, unlock_by FROM locks`

func readLock(ctx context.Context, q querier, token string) (Lock, error) {
	locks, err := readLocks(ctx, q, token)
	for _, lock := range locks {
		if lock.Token == token {
			return lock, nil
		}
	}
	return Lock{}, errors.Join(err, sql.ErrNoRows)
}

func readLocks(ctx context.Context, q querier, tokens ...string) ([]Lock, error) {
	var locks []Lock
	for _, token := range tokens {
		rows, err := q.QueryContext(ctx, selectLock+` WHERE token = $1
			OR token = (SELECT account FROM locks WHERE token = $1 AND account <> '') ORDER BY token`, token)
		if err != nil {
			return nil, err
		}
		found, err := scanLocks(rows)
		if err != nil {
			return nil, err
		}
		locks = append(locks, found...)
	}
	return locks, nil
}

func scanLocks(rows *sql.Rows) ([]Lock, error) {
	defer rows.Close()
	var locks []Lock
	for rows.Next() {
		var lock Lock
		var locked, asked, due instant
		err := rows.Scan(&lock.Token, &lock.Tenant, &lock.Masked, &lock.Account, &lock.ID, &locked, &lock.LockedBy, &lock.Reason,
			&asked, &due, &lock.UnlockBy)
		if err != nil {
			return nil, err
		}
		lock.LockedAt, lock.UnlockAskedAt, lock.UnlockDueAt = locked.Time, asked.Time, due.Time
		locks = append(locks, lock)
	}
	return locks, rows.Err()
}
