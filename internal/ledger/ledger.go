// Package ledger is the database outside Temporal that holds what workflow state alone may not decide: which numbers are
// in which open port, whether a port may still be activated, and the sealed secrets.
//
// Every change but those of secrets raises one count, in its own transaction. A Watermark outside the database holds the
// count against it: a ledger that was restored from an older backup may have forgotten a revocation, and is put in
// quarantine, where no activation begins until a person lifts it.
//
// It runs on a SQLite file, which several processes may share, or on PostgreSQL, with the same SQL text. It never reads
// a clock: every time is an instant given by the caller, kept to the microsecond and returned in UTC. Faults of the
// database are *porting.Error with code "ledger-unavailable"; every method may be called again after one.
package ledger

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// Ledger is an open ledger. It is safe for concurrent use.
type Ledger struct {
	db     *sql.DB
	groups *groups // nil where the database groups commits by itself
}

// Close closes the database.
func (l *Ledger) Close() error { return l.db.Close() }

// Ping reports whether the database answers.
func (l *Ledger) Ping(ctx context.Context) error {
	return fault("reach ledger", "", l.db.PingContext(ctx))
}

// Stats counts what the ledger holds.
type Stats struct {
	OpenPorts   int64 `json:"open_ports"`   // claimed and not released
	HeldNumbers int64 `json:"held_numbers"` // numbers of open ports
	Secrets     int64 `json:"secrets"`      // sealed secrets that are not destroyed
}

// Stats counts open ports, held numbers and secrets.
func (l *Ledger) Stats(ctx context.Context) (Stats, error) {
	var s Stats
	row := l.db.QueryRowContext(ctx, `SELECT
		(SELECT count(*) FROM ports WHERE claimed_at IS NOT NULL AND released_at IS NULL),
		(SELECT count(*) FROM port_numbers WHERE released_at IS NULL),
		(SELECT count(*) FROM secrets)`)
	err := row.Scan(&s.OpenPorts, &s.HeldNumbers, &s.Secrets)
	return s, fault("count ledger", "", err)
}

// inTx runs do in a transaction: all of it is kept, or nothing, and what is kept is on disk when inTx returns. Its commit may be
// shared with others who write at the same time.
func (l *Ledger) inTx(ctx context.Context, do func(context.Context, *sql.Tx) error) error {
	if l.groups == nil { // PostgreSQL, which groups commits by itself
		return l.alone(ctx, do)
	}
	return l.groups.take(ctx, do)
}

// alone runs do in a transaction of its own.
func (l *Ledger) alone(ctx context.Context, do func(context.Context, *sql.Tx) error) error {
	tx, err := l.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing after a commit; before one, do's own error says more
	if err := do(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}

// change runs one statement that nothing else belongs to, and returns how many rows it changed.
func (l *Ledger) change(ctx context.Context, query string, args ...any) (n int64, err error) {
	if l.groups == nil {
		return change(ctx, l.db, query, args...)
	}
	err = l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		n, err = change(ctx, tx, query, args...)
		return err
	})
	return n, err
}

// querier is a database or a transaction.
type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// change runs a statement and returns how many rows it changed.
func change(ctx context.Context, q querier, query string, args ...any) (int64, error) {
	result, err := q.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// fault makes a database's error one of ours. Our own errors, and nil, pass as they are.
func fault(op, object string, err error) error {
	var ours *porting.Error
	if err == nil || errors.As(err, &ours) {
		return err
	}
	return &porting.Error{
		Kind: porting.Failed, Code: "ledger-unavailable", Op: op, Object: object,
		Detail: "the ledger's database failed: " + err.Error(), Next: "try again; it is safe to repeat", Err: err,
	}
}

// instant is a time as the ledger keeps it: microseconds since 1970.
type instant struct{ time.Time }

// Value implements driver.Valuer. It refuses the zero time: NULL means "not yet", and a revocation without a time would
// not be one.
func (i instant) Value() (driver.Value, error) {
	if i.IsZero() {
		return nil, errors.New("the caller gave no time")
	}
	return i.UnixMicro(), nil
}

// Scan implements sql.Scanner. NULL is the zero time.
func (i *instant) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		i.Time = time.Time{}
	case int64:
		i.Time = time.UnixMicro(v).UTC()
	default:
		return fmt.Errorf("a time is kept as an integer, not as %T", v)
	}
	return nil
}
