package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/porting"
)

// HoldDataKey puts an owner's key under legal hold. The first hold stays until it is released.
func (l *Ledger) HoldDataKey(ctx context.Context, owner, by, why string, at time.Time) (DataKey, error) {
	const op = "hold data key"
	return l.changeDataKey(ctx, op, owner, func(ctx context.Context, tx *sql.Tx, key DataKey) error {
		if key.Erased() {
			return alreadyErased(op, key)
		}
		held, err := change(ctx, tx, `UPDATE data_keys SET held_at = $2, held_by = $3, held_why = $4 WHERE owner = $1 AND held_at IS NULL`,
			owner, instant{at}, by, why)
		if err != nil || held == 0 {
			return err
		}
		return appendLeaves(ctx, tx, keyLeaf(audit.Held, owner, by, why, at))
	})
}

// ReleaseDataKey ends a legal hold. It is no error if there is none.
func (l *Ledger) ReleaseDataKey(ctx context.Context, owner, by string, at time.Time) (DataKey, error) {
	return l.changeDataKey(ctx, "release data key", owner, func(ctx context.Context, tx *sql.Tx, _ DataKey) error {
		released, err := change(ctx, tx, `UPDATE data_keys SET held_at = NULL, held_by = '', held_why = '' WHERE owner = $1 AND held_at IS NOT NULL`, owner)
		if err != nil || released == 0 {
			return err
		}
		return appendLeaves(ctx, tx, keyLeaf(audit.Released, owner, by, "", at))
	})
}

// keyFact is what a leaf tells of a data key.
type keyFact struct {
	By  string `json:"by"`
	Why string `json:"why,omitempty"`
}

func keyLeaf(kind audit.Kind, owner, by, why string, at time.Time) audit.Leaf {
	return audit.Leaf{At: at, Kind: kind, Port: owner, Data: keyFact{by, why}}
}

// EraseDataKey destroys the key of a port that has ended: nothing that was sealed with it can be read again. Codes of Refused:
// "port-open" while the port has not ended, "data-key-held" under a legal hold. A key that was erased before stays as it is.
func (l *Ledger) EraseDataKey(ctx context.Context, owner, by string, at time.Time) (DataKey, error) {
	const op = "erase data key"
	return l.changeDataKey(ctx, op, owner, func(ctx context.Context, tx *sql.Tx, key DataKey) error {
		if key.Erased() {
			return nil
		}
		if key.Held() {
			return &porting.Error{
				Kind: porting.Refused, Code: "data-key-held", Op: op, Object: owner,
				Detail: "it is under a legal hold since " + key.HeldAt.Format(time.RFC3339) + ", by " + key.HeldBy,
				Next:   "ask whoever holds it; `portsaga keys hold --release` ends the hold",
			}
		}
		if err := requireEnded(ctx, tx, op, owner); err != nil {
			return err
		}
		if _, err := change(ctx, tx, `UPDATE data_keys SET wrapped = NULL, erased_at = $2, erased_by = $3 WHERE owner = $1`, owner, instant{at}, by); err != nil {
			return err
		}
		// A ledger that is restored to before this has the key again: the count lets a gate notice.
		return countChange(ctx, tx, keyLeaf(audit.Erased, owner, by, "", at))
	})
}

func alreadyErased(op string, key DataKey) error {
	return &porting.Error{
		Kind: porting.Refused, Code: "port-erased", Op: op, Object: key.Owner,
		Detail: "its data key was destroyed at " + key.ErasedAt.Format(time.RFC3339) + " by " + key.ErasedBy,
	}
}

// requireEnded refuses owners that the ledger knows as open ports. What the ledger does not know claimed nothing.
func requireEnded(ctx context.Context, tx *sql.Tx, op, owner string) error {
	var claimed, released instant
	err := tx.QueryRowContext(ctx, `SELECT claimed_at, released_at FROM ports WHERE port_id = $1`, owner).Scan(&claimed, &released)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil || claimed.IsZero() || !released.IsZero() {
		return err
	}
	return &porting.Error{
		Kind: porting.Refused, Code: "port-open", Op: op, Object: owner, Detail: "the port holds its numbers; its saga could not go on without the key",
		Next: "erase it when it has ended",
	}
}

func (l *Ledger) changeDataKey(ctx context.Context, op, owner string, do func(context.Context, *sql.Tx, DataKey) error) (key DataKey, err error) {
	err = l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if key, err = readDataKey(ctx, tx, owner); err != nil {
			return err
		}
		if err := do(ctx, tx, key); err != nil {
			return err
		}
		key, err = readDataKey(ctx, tx, owner)
		return err
	})
	return key, fault(op, owner, err)
}
