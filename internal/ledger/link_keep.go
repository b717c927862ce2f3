package ledger

import (
	"context"
	"database/sql"
	"time"
)

// KeepLockByLink uses a link that lets a lock hold on, and takes back the unlock that its notice told of, at a real instant in the
// same transaction. It leaves alone a lock that has ended, and one of which another unlock was asked for since. A link that does not
// work is NotFound, as in StopByLink.
func (l *Ledger) KeepLockByLink(ctx context.Context, hash, by string, at time.Time) (Lock, error) {
	var lock Lock
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		link, err := useLink(ctx, tx, hash, KeepPurpose, at)
		if err != nil {
			return err
		}
		asked, err := readEvent(ctx, tx, link.PortID)
		if err != nil {
			return err
		}
		if lock, err = holdLock(ctx, tx, asked.Subject); err != nil {
			return err
		}
		if lock.Ending(at) && lock.UnlockAskedAt.Equal(asked.At) {
			if err := keepLock(ctx, tx, asked.Subject, by, at); err != nil {
				return err
			}
		}
		if lock, err = readLock(ctx, tx, asked.Token); err != nil {
			return err
		}
		return countChange(ctx, tx)
	})
	return lock, fault("use link", "", err)
}

func readEvent(ctx context.Context, tx *sql.Tx, id string) (GuardEvent, error) {
	rows, err := tx.QueryContext(ctx, selectEvent+` WHERE id = $1`, id)
	if err != nil {
		return GuardEvent{}, err
	}
	events, err := scanEvents(rows)
	if err == nil && len(events) == 0 {
		err = sql.ErrNoRows
	}
	if err != nil {
		return GuardEvent{}, err
	}
	return events[0], nil
}
