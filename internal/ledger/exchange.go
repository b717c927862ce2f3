package ledger

import (
	"context"
	"database/sql"
	"time"
)

// Exchange is one request to a carrier and its answer. Whoever records it has taken out what is secret or personal.
type Exchange struct {
	PortID  string        `json:"port_id,omitempty"` // empty where the call was for no port, or for many
	Step    string        `json:"step,omitempty"`    // of the saga
	Carrier string        `json:"carrier"`
	At      time.Time     `json:"at"` // real time
	Took    time.Duration `json:"took_ns"`
	Method  string        `json:"method"`
	Path    string        `json:"path"`
	Status  int           `json:"status,omitempty"`  // of HTTP; 0 where there was no answer
	Failure string        `json:"failure,omitempty"` // why there was none
	Request []byte        `json:"-"`                 // redacted JSON
	Answer  []byte        `json:"-"`                 // redacted JSON
}

// RecordExchange writes an exchange down.
func (l *Ledger) RecordExchange(ctx context.Context, e Exchange) error {
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := change(ctx, tx, `INSERT INTO exchanges (port_id, at, carrier, step, method, path, status, failure, took, request, answer)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			e.PortID, instant{e.At}, e.Carrier, e.Step, e.Method, e.Path, e.Status, e.Failure, e.Took.Microseconds(), e.Request, e.Answer)
		if err != nil {
			return err
		}
		return appendLeaves(ctx, tx, e.leaf())
	})
	return fault("record exchange", e.PortID, err)
}

// Exchanges lists what was said about a port, the oldest first.
func (l *Ledger) Exchanges(ctx context.Context, port string) ([]Exchange, error) {
	all, err := l.exchanges(ctx, port)
	return all, fault("list exchanges", port, err)
}

func (l *Ledger) exchanges(ctx context.Context, port string) ([]Exchange, error) {
	rows, err := l.db.QueryContext(ctx, `SELECT port_id, at, carrier, step, method, path, status, failure, took, request, answer
		FROM exchanges WHERE port_id = $1 ORDER BY at, method, path`, port)
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	var all []Exchange
	for rows.Next() {
		var e Exchange
		var at instant
		var took int64
		if err := rows.Scan(&e.PortID, &at, &e.Carrier, &e.Step, &e.Method, &e.Path, &e.Status, &e.Failure, &took, &e.Request, &e.Answer); err != nil {
			return nil, err
		}
		e.At, e.Took = at.Time, time.Duration(took)*time.Microsecond
		all = append(all, e)
	}
	return all, rows.Err()
}

// ForgetExchanges deletes what was said before an instant, and tells how much it was.
func (l *Ledger) ForgetExchanges(ctx context.Context, before time.Time) (int64, error) {
	n, err := l.change(ctx, `DELETE FROM exchanges WHERE at < $1`, instant{before})
	return n, fault("forget exchanges", "", err)
}
