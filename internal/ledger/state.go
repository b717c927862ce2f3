package ledger

import (
	"context"
	"crypto/rand"
	"database/sql"
	"time"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/porting"
)

// State says which ledger this is, how often it was changed, and whether its fences may be trusted.
type State struct {
	Incarnation string `json:"incarnation"` // random, made when the ledger was first opened; a backup of it has the same
	Changes     int64  `json:"changes"`     // never falls, but by a restore from a backup

	// The last quarantine. It stands until it is lifted.
	QuarantinedAt time.Time `json:"quarantined_at,omitzero"`
	QuarantineWhy string    `json:"quarantine_why,omitempty"`
	LiftedAt      time.Time `json:"lifted_at,omitzero"`
	LiftedBy      string    `json:"lifted_by,omitempty"`
}

// Quarantined reports whether activations are refused.
func (s State) Quarantined() bool { return !s.QuarantinedAt.IsZero() && s.LiftedAt.IsZero() }

// notQuarantined is State.Quarantined for the database.
const notQuarantined = `(quarantined_at IS NULL OR lifted_at IS NOT NULL)`

// State returns the ledger's state.
func (l *Ledger) State(ctx context.Context) (State, error) {
	s, err := readState(ctx, l.db)
	return s, fault("read ledger state", "", err)
}

func readState(ctx context.Context, q querier) (State, error) {
	var s State
	var quarantined, lifted instant
	row := q.QueryRowContext(ctx, `SELECT incarnation, changes, quarantined_at, quarantine_why, lifted_at, lifted_by
		FROM ledger_state`)
	err := row.Scan(&s.Incarnation, &s.Changes, &quarantined, &s.QuarantineWhy, &lifted, &s.LiftedBy)
	s.QuarantinedAt, s.LiftedAt = quarantined.Time, lifted.Time
	return s, err
}

// Quarantine refuses every activation from now on, because the ledger may have forgotten a revocation. Once it returns, no
// activation begins. Everything else goes on, revocations above all. The first reason stays until it is lifted.
func (l *Ledger) Quarantine(ctx context.Context, why string, at time.Time) error {
	_, err := l.quarantine(ctx, why, at, 0)
	return err
}

// quarantine also lifts the count of changes above one that was seen before, so that what was seen is not missed again
// once a person has lifted the quarantine.
func (l *Ledger) quarantine(ctx context.Context, why string, at time.Time, seen int64) (State, error) {
	var s State
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := change(ctx, tx, `UPDATE ledger_state SET changes = CASE WHEN changes < $1 THEN $1 ELSE changes END + 1`, seen)
		if err != nil {
			return err
		}
		began, err := change(ctx, tx, `UPDATE ledger_state
			SET quarantined_at = $1, quarantine_why = $2, lifted_at = NULL, lifted_by = '' WHERE `+notQuarantined, instant{at}, why)
		if err != nil {
			return err
		}
		if s, err = readState(ctx, tx); err != nil || began == 0 {
			return err
		}
		return appendLeaves(ctx, tx, audit.Leaf{At: at, Kind: audit.Quarantined, Data: audit.QuarantineFact{Why: why}})
	})
	return s, fault("quarantine ledger", "", err)
}

// LiftQuarantine lets activations begin again. Whoever lifts it has compared the ledger with the sagas and with what the
// carriers have, and has revoked again what was forgotten. Without a quarantine it changes nothing.
func (l *Ledger) LiftQuarantine(ctx context.Context, by string, at time.Time) error {
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		lifted, err := change(ctx, tx, `UPDATE ledger_state SET changes = changes + 1, lifted_at = $1, lifted_by = $2
			WHERE NOT `+notQuarantined, instant{at}, by)
		if err != nil || lifted == 0 {
			return err
		}
		return appendLeaves(ctx, tx, audit.Leaf{At: at, Kind: audit.Lifted, Data: audit.QuarantineFact{By: by}})
	})
	return fault("lift quarantine", "", err)
}

// countChange counts what its transaction changed, and appends the leaves that tell it to the audit log. It comes last: all
// writers meet at this row, and whoever holds it must wait for no other one.
func countChange(ctx context.Context, tx *sql.Tx, leaves ...audit.Leaf) error {
	return growLog(ctx, tx, 1, leaves)
}

// refuseQuarantined says why an activation that found the ledger in quarantine may not begin.
func refuseQuarantined(ctx context.Context, tx *sql.Tx, op, portID string) error {
	s, err := readState(ctx, tx)
	if err != nil {
		return err
	}
	return &porting.Error{
		Kind: porting.Refused, Code: "ledger-quarantined", Op: op, Object: portID,
		Detail: "the ledger is in quarantine since " + s.QuarantinedAt.Format(time.RFC3339) + ": " + s.QuarantineWhy,
		Next:   "compare the ledger with the sagas and the carriers' orders, then lift the quarantine",
	}
}

// incarnate names a ledger that has no name yet. Of several processes that open it at once, the first one names it.
func incarnate(ctx context.Context, db *sql.DB) error {
	_, err := change(ctx, db, `UPDATE ledger_state SET incarnation = $1 WHERE incarnation = ''`, rand.Text())
	return err
}
