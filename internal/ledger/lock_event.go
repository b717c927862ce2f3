package ledger

import (
	"context"
	"crypto/rand"
	"database/sql"
	"strings"
	"time"
)

// Kinds of what happens to locks and PINs.
const (
	EventLocked          = "locked"
	EventUnlockAsked     = "unlock-asked" // due at DueAt, unless somebody cancels it
	EventUnlockCancelled = "unlock-cancelled"
	EventUnlocked        = "unlocked"
	EventAssigned        = "account-assigned"
	EventPINSet          = "pin-set"
	EventPINChanged      = "pin-changed"
	EventPINRemoved      = "pin-removed"
	EventPINFailed       = "pin-failed"    // a wrong PIN, or one for a number that has none
	EventPINLocked       = "pin-locked"    // too many of them for one number; until DueAt
	EventSourceLocked    = "source-locked" // too many of them from one source; until DueAt
)

// GuardEvent is what happened to a lock or a PIN. The subject of EventSourceLocked is the source. It holds no PIN.
type GuardEvent struct {
	ID string `json:"id"`
	Subject
	Kind   string    `json:"kind"`
	Actor  string    `json:"actor,omitempty"`  // who did it, or from where; claimed
	Detail string    `json:"detail,omitempty"` // why or how, in a few words
	Proof  string    `json:"-"`                // what was signed for an unlock
	At     time.Time `json:"at"`               // real time
	DueAt  time.Time `json:"due_at,omitzero"`
}

func recordEvent(ctx context.Context, tx *sql.Tx, e GuardEvent) error {
	if e.ID == "" {
		e.ID = "ge-" + strings.ToLower(rand.Text())
	}
	var due any
	if !e.DueAt.IsZero() {
		due = instant{e.DueAt}
	}
	_, err := change(ctx, tx, `INSERT INTO guard_events (id, token, tenant, masked, kind, actor, detail, proof, at, due_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING`,
		e.ID, e.Token, e.Tenant, e.Masked, e.Kind, e.Actor, e.Detail, e.Proof, instant{e.At}, due)
	if err != nil {
		return err
	}
	return appendLeaves(ctx, tx, e.leaf())
}

const selectEvent = `SELECT id, token, tenant, masked, kind, actor, detail, proof, at, due_at FROM guard_events`

// GuardEvents lists what happened to a subject, the newest first, up to limit events.
func (l *Ledger) GuardEvents(ctx context.Context, token string, limit int) ([]GuardEvent, error) {
	rows, err := l.db.QueryContext(ctx, selectEvent+` WHERE token = $1 ORDER BY at DESC, id LIMIT $2`, token, limit)
	if err != nil {
		return nil, fault("list guard events", "", err)
	}
	events, err := scanEvents(rows)
	return events, fault("list guard events", "", err)
}

// UntoldGuardEvents lists events that nobody was told of, the oldest first, up to limit of them.
func (l *Ledger) UntoldGuardEvents(ctx context.Context, limit int) ([]GuardEvent, error) {
	rows, err := l.db.QueryContext(ctx, selectEvent+` WHERE told_at IS NULL ORDER BY at, id LIMIT $1`, limit)
	if err != nil {
		return nil, fault("list guard events", "", err)
	}
	events, err := scanEvents(rows)
	return events, fault("list guard events", "", err)
}

// GuardEventTold reports that everybody was told of an event. The first report stays.
func (l *Ledger) GuardEventTold(ctx context.Context, id string, at time.Time) error {
	_, err := l.change(ctx, `UPDATE guard_events SET told_at = $2 WHERE id = $1 AND told_at IS NULL`, id, instant{at})
	return fault("mark guard event", id, err)
}

func scanEvents(rows *sql.Rows) ([]GuardEvent, error) {
	defer rows.Close()
	var events []GuardEvent
	for rows.Next() {
		var e GuardEvent
		var at, due instant
		if err := rows.Scan(&e.ID, &e.Token, &e.Tenant, &e.Masked, &e.Kind, &e.Actor, &e.Detail, &e.Proof, &at, &due); err != nil {
			return nil, err
		}
		e.At, e.DueAt = at.Time, due.Time
		events = append(events, e)
	}
	return events, rows.Err()
}
