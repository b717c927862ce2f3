package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/portsaga/portsaga/internal/audit"
)

const selectCheckpoint = `SELECT number, size, note, at FROM audit_checkpoints`

// LastCheckpoint returns the checkpoint of the highest number, as it was signed here; a zero one where there is none.
func (l *Ledger) LastCheckpoint(ctx context.Context) (audit.SignedCheckpoint, error) {
	c, err := scanCheckpoint(l.db.QueryRowContext(ctx, selectCheckpoint+` ORDER BY number DESC LIMIT 1`))
	if errors.Is(err, sql.ErrNoRows) {
		return audit.SignedCheckpoint{}, nil
	}
	return c, fault("read checkpoint", "", err)
}

// AddCheckpoint keeps a signed checkpoint and appends the leaf that tells it. added is false where its number is taken.
func (l *Ledger) AddCheckpoint(ctx context.Context, c audit.SignedCheckpoint) (added bool, err error) {
	err = l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		fresh, err := change(ctx, tx, `INSERT INTO audit_checkpoints (number, size, note, at) VALUES ($1, $2, $3, $4)
			ON CONFLICT DO NOTHING`, c.Number, c.Size, string(c.Note), instant{c.At})
		if err != nil || fresh == 0 {
			return err
		}
		added = true
		return appendLeaves(ctx, tx, audit.Leaf{At: c.At, Kind: audit.Checkpointed, Data: audit.CheckpointFact{
			Number: c.Number, Size: c.Size, Root: c.Root.String(), Note: audit.Digest(c.Note),
		}})
	})
	return added && err == nil, fault("keep checkpoint", "", err)
}

// maxWaiting bounds how many checkpoints are brought out at once.
const maxWaiting = 1000

// UnpublishedCheckpoints lists the checkpoints that have not left yet, the oldest first.
func (l *Ledger) UnpublishedCheckpoints(ctx context.Context) ([]audit.SignedCheckpoint, error) {
	all, err := l.checkpoints(ctx, ` WHERE published_at IS NULL ORDER BY number LIMIT $1`, maxWaiting)
	return all, fault("list checkpoints", "", err)
}

// CheckpointPublished reports that a checkpoint left, and the signatures that it has now.
func (l *Ledger) CheckpointPublished(ctx context.Context, number int64, signed []byte, at time.Time) error {
	_, err := l.change(ctx, `UPDATE audit_checkpoints SET note = $2, published_at = $3 WHERE number = $1 AND published_at IS NULL`,
		number, string(signed), instant{at})
	return fault("mark checkpoint", "", err)
}

// CheckpointCovering returns the first checkpoint that signed more than so many leaves; a zero one where there is none yet.
func (l *Ledger) CheckpointCovering(ctx context.Context, index int64) (audit.SignedCheckpoint, error) {
	c, err := scanCheckpoint(l.db.QueryRowContext(ctx, selectCheckpoint+` WHERE size > $1 ORDER BY number LIMIT 1`, index))
	if errors.Is(err, sql.ErrNoRows) {
		return audit.SignedCheckpoint{}, nil
	}
	return c, fault("read checkpoint", "", err)
}

func (l *Ledger) checkpoints(ctx context.Context, where string, args ...any) ([]audit.SignedCheckpoint, error) {
	rows, err := l.db.QueryContext(ctx, selectCheckpoint+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []audit.SignedCheckpoint
	for rows.Next() {
		c, err := scanCheckpoint(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

func scanCheckpoint(row interface{ Scan(dest ...any) error }) (audit.SignedCheckpoint, error) {
	var number, size int64
	var signed string
	var at instant
	if err := row.Scan(&number, &size, &signed, &at); err != nil {
		return audit.SignedCheckpoint{}, err
	}
	return audit.SignedCheckpoint{Checkpoint: audit.Checkpoint{Number: number, Size: size, At: at.Time}, Note: []byte(signed)}, nil
}
