package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// PIN is what is kept of a port-out PIN: a slow hash over a keyed one. The zero PIN stands for none.
type PIN struct {
	Scheme string // how Hash was made
	Salt   []byte
	Hash   []byte
	SetAt  time.Time
	SetBy  string
}

// GuardKey returns the sealed key of the deployment's number protection. The first caller's key is kept; everybody gets it.
func (l *Ledger) GuardKey(ctx context.Context, sealed []byte, at time.Time) ([]byte, error) {
	const op = "read guard key"
	_, err := l.change(ctx, `INSERT INTO guard_key (id, sealed, made_at) VALUES (1, $1, $2) ON CONFLICT (id) DO NOTHING`, sealed, instant{at})
	if err != nil {
		return nil, fault(op, "", err)
	}
	var kept []byte
	err = l.db.QueryRowContext(ctx, `SELECT sealed FROM guard_key`).Scan(&kept)
	return kept, fault(op, "", err)
}

// SetPIN keeps a number's PIN in place of the one that it had, and forgets the attempts at that one.
func (l *Ledger) SetPIN(ctx context.Context, s Subject, p PIN) error {
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		replaced, err := change(ctx, tx, `UPDATE pins SET scheme = $2, salt = $3, hash = $4, set_at = $5, set_by = $6 WHERE token = $1`,
			s.Token, p.Scheme, p.Salt, p.Hash, instant{p.SetAt}, p.SetBy)
		if err != nil {
			return err
		}
		kind := EventPINChanged
		if replaced == 0 {
			kind = EventPINSet
			_, err = change(ctx, tx, `INSERT INTO pins (token, scheme, salt, hash, set_at, set_by) VALUES ($1, $2, $3, $4, $5, $6)`,
				s.Token, p.Scheme, p.Salt, p.Hash, instant{p.SetAt}, p.SetBy)
			if err != nil {
				return err
			}
		}
		if _, err = change(ctx, tx, `DELETE FROM pin_attempts WHERE counter = $1`, numberCounter(s.Token)); err != nil {
			return err
		}
		if err = recordEvent(ctx, tx, GuardEvent{Subject: s, Kind: kind, Actor: p.SetBy, At: p.SetAt}); err != nil {
			return err
		}
		return countChange(ctx, tx)
	})
	return fault("set PIN", s.Masked, err)
}

// RenewPIN keeps the same PIN in another scheme. It is no event, and does nothing to a PIN that was replaced meanwhile.
func (l *Ledger) RenewPIN(ctx context.Context, s Subject, kept, renewed PIN) error {
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		done, err := change(ctx, tx, `UPDATE pins SET scheme = $2, salt = $3, hash = $4 WHERE token = $1 AND hash = $5`,
			s.Token, renewed.Scheme, renewed.Salt, renewed.Hash, kept.Hash)
		if err != nil || done == 0 {
			return err
		}
		return countChange(ctx, tx)
	})
	return fault("renew PIN", s.Masked, err)
}

// RemovePIN destroys a number's PIN; NotFound with code "pin-unknown" if it has none.
func (l *Ledger) RemovePIN(ctx context.Context, s Subject, by string, at time.Time) error {
	const op = "remove PIN"
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		removed, err := change(ctx, tx, `DELETE FROM pins WHERE token = $1`, s.Token)
		if err != nil {
			return err
		}
		if removed == 0 {
			return &porting.Error{Kind: porting.NotFound, Code: "pin-unknown", Op: op, Object: s.Masked, Detail: "the number has no PIN"}
		}
		if err = recordEvent(ctx, tx, GuardEvent{Subject: s, Kind: EventPINRemoved, Actor: by, At: at}); err != nil {
			return err
		}
		return countChange(ctx, tx)
	})
	return fault(op, s.Masked, err)
}

// PINState is what may be told of a number's PIN.
type PINState struct {
	SetAt       time.Time `json:"set_at,omitzero"` // zero: the number has none
	LockedUntil time.Time `json:"locked_until,omitzero"`
}

// PINState returns when a number's PIN was set, and until when no attempt at it is taken.
func (l *Ledger) PINState(ctx context.Context, token string, at time.Time) (PINState, error) {
	var s PINState
	var set, until instant
	row := l.db.QueryRowContext(ctx, `SELECT (SELECT set_at FROM pins WHERE token = $1),
		(SELECT locked_until FROM pin_attempts WHERE counter = $2 AND locked_until > $3)`, token, numberCounter(token), instant{at})
	err := row.Scan(&set, &until)
	s.SetAt, s.LockedUntil = set.Time, until.Time
	return s, fault("look up PIN", "", err)
}

func readPIN(ctx context.Context, q querier, token string) (PIN, error) {
	var p PIN
	var set instant
	row := q.QueryRowContext(ctx, `SELECT scheme, salt, hash, set_at, set_by FROM pins WHERE token = $1`, token)
	err := row.Scan(&p.Scheme, &p.Salt, &p.Hash, &set, &p.SetBy)
	if errors.Is(err, sql.ErrNoRows) {
		return PIN{}, nil
	}
	p.SetAt = set.Time
	return p, err
}
