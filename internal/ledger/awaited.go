package ledger

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// Awaited is what an open port waits for.
type Awaited struct {
	PortID  string          `json:"port_id"`
	Clock   string          `json:"clock"`         // the pack's name for the time that runs, or "date" for the day on which numbers move
	Ref     string          `json:"ref,omitempty"` // what makes it another one: the order's version, or a date
	OwedBy  porting.Waiting `json:"owed_by"`
	NotedAt time.Time       `json:"noted_at"` // business time, as is DueAt
	DueAt   time.Time       `json:"due_at"`
}

// Await notes what an open port waits for now, in place of what it waited for before. The same Clock and Ref again change
// nothing: a step that is tried again must not make a date look younger. A port that is not open waits for nothing.
func (l *Ledger) Await(ctx context.Context, a Awaited) error {
	_, err := l.change(ctx, `INSERT INTO awaited (port_id, clock, ref, owed_by, noted_at, due_at)
		SELECT port_id, $2, $3, $4, CAST($5 AS BIGINT), CAST($6 AS BIGINT) FROM ports
			WHERE port_id = $1 AND claimed_at IS NOT NULL AND released_at IS NULL
		ON CONFLICT (port_id) DO UPDATE SET clock = excluded.clock, ref = excluded.ref, owed_by = excluded.owed_by,
			noted_at = excluded.noted_at, due_at = excluded.due_at
			WHERE awaited.clock <> excluded.clock OR awaited.ref <> excluded.ref`,
		a.PortID, a.Clock, a.Ref, string(a.OwedBy), instant{a.NotedAt}, instant{a.DueAt})
	return fault("note date", a.PortID, err)
}

// AwaitNothing forgets what a port waited for: it came.
func (l *Ledger) AwaitNothing(ctx context.Context, portID string) error {
	return fault("note date", portID, awaitNothing(ctx, l.db, portID))
}

func awaitNothing(ctx context.Context, q querier, portID string) error {
	_, err := change(ctx, q, `DELETE FROM awaited WHERE port_id = $1`, portID)
	return err
}

// Dates is the one table of the ledger that a watchdog reads: on PostgreSQL a role of its own may have SELECT on awaited alone.
// It is safe for concurrent use.
type Dates struct {
	db *sql.DB
}

// Dates are the dates in this ledger. They are closed with it.
func (l *Ledger) Dates() *Dates { return &Dates{db: l.db} }

// OpenDates opens the dates in a ledger without the rest of it: it neither creates the database nor changes anything in it, and
// connects when it is first asked.
func OpenDates(dsn string) (*Dates, error) {
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		dsn = sqliteURI(dsn)
		if !strings.Contains(dsn, "?") {
			dsn += "?mode=ro"
		}
	}
	db, _, err := connect(dsn)
	if err != nil {
		return nil, fault("open dates", "", err)
	}
	return &Dates{db: db}, nil
}

// Close closes the database.
func (d *Dates) Close() error { return d.db.Close() }

// AwaitedUntil lists what ports wait for until an instant of business time, the earliest date first, at most limit of them.
func (d *Dates) AwaitedUntil(ctx context.Context, until time.Time, limit int) ([]Awaited, error) {
	all, err := d.awaitedUntil(ctx, until, limit)
	return all, fault("read dates", "", err)
}

func (d *Dates) awaitedUntil(ctx context.Context, until time.Time, limit int) ([]Awaited, error) {
	rows, err := d.db.QueryContext(ctx, `SELECT port_id, clock, ref, owed_by, noted_at, due_at FROM awaited
		WHERE due_at <= $1 ORDER BY due_at, port_id LIMIT $2`, instant{until}, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Awaited
	for rows.Next() {
		var a Awaited
		var noted, due instant
		if err := rows.Scan(&a.PortID, &a.Clock, &a.Ref, &a.OwedBy, &noted, &due); err != nil {
			return nil, err
		}
		a.NotedAt, a.DueAt = noted.Time, due.Time
		all = append(all, a)
	}
	return all, rows.Err()
}
