package ledger

import (
	"context"
	"database/sql"
	"slices"
	"sync"
	"time"

	"github.com/portsaga/portsaga/internal/audit"
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

// RecordExchange writes an exchange down: at once, or together with others where they are gathered.
func (l *Ledger) RecordExchange(ctx context.Context, e Exchange) error {
	if waiting := gathered(ctx); waiting != nil {
		waiting.put(e)
		return nil
	}
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		said, err := insertExchanges(ctx, tx, []Exchange{e})
		if err != nil {
			return err
		}
		return appendLeaves(ctx, tx, said...)
	})
	return fault("record exchange", e.PortID, err)
}

// said are exchanges that are not written down yet.
type said struct {
	mu  sync.Mutex
	all []Exchange
}

type saidKey struct{}

// GatherExchanges has exchanges wait for the next Append or End with this context, which writes them down in its own transaction: what
// was done at a carrier is written with what came of it. Whoever gathers calls RecordGathered at the end.
func GatherExchanges(ctx context.Context) context.Context {
	return context.WithValue(ctx, saidKey{}, &said{})
}

func gathered(ctx context.Context) *said {
	waiting, _ := ctx.Value(saidKey{}).(*said)
	return waiting
}

func (s *said) put(exchanges ...Exchange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, exchanges...)
}

// take hands the exchanges over to whoever writes them down. Where nobody gathers there are none.
func (s *said) take() []Exchange {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.all
	s.all = nil
	return all
}

// RecordGathered writes down what was gathered and nothing else has taken along.
func (l *Ledger) RecordGathered(ctx context.Context) error {
	return fault("record exchanges", "", l.appendWithSaid(ctx, nil))
}

// appendWithSaid appends leaves behind those of the exchanges that were gathered.
func (l *Ledger) appendWithSaid(ctx context.Context, leaves []audit.Leaf) error {
	all := gathered(ctx).take()
	if len(all)+len(leaves) == 0 {
		return nil
	}
	return l.inTxWith(ctx, all, func(ctx context.Context, tx *sql.Tx, said []audit.Leaf) error {
		return appendLeaves(ctx, tx, append(said, leaves...)...)
	})
}

// inTxWith runs do in a transaction that writes exchanges, too, and gives it their leaves to append. What cannot be written waits on.
func (l *Ledger) inTxWith(ctx context.Context, all []Exchange, do func(ctx context.Context, tx *sql.Tx, said []audit.Leaf) error) error {
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		said, err := insertExchanges(ctx, tx, all)
		if err != nil {
			return err
		}
		return do(ctx, tx, said)
	})
	if err != nil && len(all) > 0 {
		gathered(ctx).put(all...)
	}
	return err
}

const exchangeColumns = 11

// insertExchanges returns the leaves that tell of what it inserts.
func insertExchanges(ctx context.Context, tx *sql.Tx, all []Exchange) ([]audit.Leaf, error) {
	var leaves []audit.Leaf
	for batch := range slices.Chunk(all, batchSize/exchangeColumns) {
		var args []any
		for _, e := range batch {
			args = append(args, e.PortID, instant{e.At}, e.Carrier, e.Step, e.Method, e.Path, e.Status, e.Failure, e.Took.Microseconds(), e.Request, e.Answer)
			leaves = append(leaves, e.leaf())
		}
		_, err := change(ctx, tx, `INSERT INTO exchanges (port_id, at, carrier, step, method, path, status, failure, took, request, answer)
			VALUES `+places(0, len(batch), exchangeColumns), args...)
		if err != nil {
			return nil, err
		}
	}
	return leaves, nil
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
