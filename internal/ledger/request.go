package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// Request is a port request by what it has in common with others: keyed tokens by dimension, never values.
type Request struct {
	PortID  string
	Tokens  map[string]string // by dimension, such as "number" or "signer"
	Account string            // token of the account
	Letter  string            // digest of the letter of authorization; may be empty
	Bulk    string            // the bulk order that it came in; empty where it came alone
	Odd     bool              // the desks that take orders were closed
	At      time.Time
}

const requestColumns = 5

// RecordRequest remembers a request. The same port again changes nothing.
func (l *Ledger) RecordRequest(ctx context.Context, r Request) error {
	err := l.inTx(ctx, func(tx *sql.Tx) error {
		var args []any
		for dimension, token := range r.Tokens {
			if token != "" {
				args = append(args, r.PortID, dimension, token, r.Account, instant{r.At})
			}
		}
		if len(args) > 0 {
			if _, err := change(ctx, tx, `INSERT INTO requests (port_id, dimension, token, account, at) VALUES `+places(0, len(args)/requestColumns, requestColumns)+`
				ON CONFLICT DO NOTHING`, args...); err != nil {
				return err
			}
		}
		if _, err := change(ctx, tx, `INSERT INTO request_origins (port_id, bulk, out_of_hours) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			r.PortID, r.Bulk, numbered(r.Odd)); err != nil {
			return err
		}
		if r.Letter == "" {
			return nil
		}
		_, err := change(ctx, tx, `INSERT INTO letters (port_id, sha256, account, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			r.PortID, r.Letter, r.Account, instant{r.At})
		return err
	})
	return fault("record request", r.PortID, err)
}

// numbered is a flag as both databases keep it.
func numbered(flag bool) int {
	if flag {
		return 1
	}
	return 0
}

// A bulk order is one request on one account, however many ports it has: they were asked for together. Only a number counts by
// itself, because a bulk order has each number once.
const (
	asked      = `requests r LEFT JOIN request_origins o ON o.port_id = r.port_id`
	oneRequest = `CASE WHEN coalesce(o.bulk, '') = '' OR r.dimension = 'number' THEN r.port_id ELSE 'bulk ' || o.bulk END`
	oneAccount = `CASE WHEN coalesce(o.bulk, '') = '' THEN r.account ELSE 'bulk ' || o.bulk END`
)

// Velocity is how often a token was met.
type Velocity struct {
	Lately   int // requests of the shorter time
	Requests int // of the longer one
	Accounts int // for how many accounts those are
}

// Span is a time, its ends included, and a shorter one with the same end.
type Span struct{ Since, Lately, Until time.Time }

// Velocities counts the requests of a span that have a token, by dimension, in one question. The ports of a bulk order are one
// request, and their accounts one account. A token that was never met has none.
func (l *Ledger) Velocities(ctx context.Context, tokens map[string]string, in Span) (map[string]Velocity, error) {
	const op = "count requests"
	counted := map[string]Velocity{}
	args := []any{in.Lately.UnixMicro(), in.Since.UnixMicro(), in.Until.UnixMicro()}
	for dimension, token := range tokens {
		args = append(args, dimension, token)
	}
	if len(tokens) == 0 {
		return counted, nil
	}
	//nolint:gosec // what is joined are placeholders
	rows, err := l.db.QueryContext(ctx, `SELECT r.dimension, count(DISTINCT CASE WHEN at >= $1 THEN `+oneRequest+` END),
			count(DISTINCT `+oneRequest+`), count(DISTINCT `+oneAccount+`)
		FROM `+asked+` WHERE at >= $2 AND at <= $3 AND (r.dimension, r.token) IN (VALUES `+places(3, len(tokens), 2)+`) GROUP BY r.dimension`, args...)
	if err != nil {
		return nil, fault(op, "", err)
	}
	defer rows.Close()
	for rows.Next() {
		var dimension string
		var v Velocity
		if err := rows.Scan(&dimension, &v.Lately, &v.Requests, &v.Accounts); err != nil {
			return nil, fault(op, "", err)
		}
		counted[dimension] = v
	}
	return counted, fault(op, "", rows.Err())
}

// LettersElsewhere is for how many other accounts a letter was sent, other than in the same bulk order: its letter is for all of
// its accounts.
func (l *Ledger) LettersElsewhere(ctx context.Context, digest, account string) (int, error) {
	return l.count(ctx, `SELECT count(DISTINCT l.account) FROM letters l LEFT JOIN request_origins o ON o.port_id = l.port_id
		WHERE l.sha256 = $1 AND l.account <> $2 AND NOT EXISTS (SELECT 1 FROM letters own JOIN request_origins mine ON mine.port_id = own.port_id
			WHERE own.sha256 = $1 AND own.account = $2 AND mine.bulk <> '' AND mine.bulk = o.bulk)`, digest, account)
}

func (l *Ledger) count(ctx context.Context, query string, args ...any) (int, error) {
	var n int
	err := l.db.QueryRowContext(ctx, query, args...).Scan(&n)
	return n, fault("count requests", "", err)
}

// Burst is a token that many requests have in common.
type Burst struct {
	Dimension string `json:"dimension"`
	Token     string `json:"token"` // keyed; says nothing but "the same"
	Requests  int    `json:"requests"`
	Accounts  int    `json:"accounts"`
	LastPort  string `json:"last_port"` // one of them
}

// Bursts lists the tokens that at least so many requests since an instant have in common, the most frequent first. The ports
// of a bulk order are one request.
func (l *Ledger) Bursts(ctx context.Context, since time.Time, least int) ([]Burst, error) {
	rows, err := l.db.QueryContext(ctx, `SELECT dimension, token, count(DISTINCT `+oneRequest+`) AS n, count(DISTINCT `+oneAccount+`), max(r.port_id)
		FROM `+asked+` WHERE at >= $1 GROUP BY dimension, token HAVING count(DISTINCT `+oneRequest+`) >= $2 ORDER BY n DESC, dimension, token`,
		since.UnixMicro(), least)
	if err != nil {
		return nil, fault("list bursts", "", err)
	}
	defer rows.Close()
	var all []Burst
	for rows.Next() {
		var b Burst
		if err := rows.Scan(&b.Dimension, &b.Token, &b.Requests, &b.Accounts, &b.LastPort); err != nil {
			return nil, fault("list bursts", "", err)
		}
		all = append(all, b)
	}
	return all, fault("list bursts", "", rows.Err())
}

// OddHours counts the requests between two instants, the first included, that came while desks were closed. A bulk order is one.
func (l *Ledger) OddHours(ctx context.Context, since, until time.Time) (int, error) {
	return l.count(ctx, `SELECT count(DISTINCT `+oneRequest+`) FROM `+asked+` WHERE dimension = 'recipient' AND o.out_of_hours = 1 AND at >= $1 AND at < $2`,
		since.UnixMicro(), until.UnixMicro())
}

// RecipientFrauds counts the port-outs to a recipient, by its token, that ended since an instant by taking the numbers back.
func (l *Ledger) RecipientFrauds(ctx context.Context, token string, since time.Time) (int, error) {
	return l.count(ctx, `SELECT count(*) FROM requests r JOIN ports p ON p.port_id = r.port_id
		WHERE r.dimension = 'recipient' AND r.token = $1 AND p.direction = $2 AND p.outcome = $3 AND p.released_at >= $4`,
		token, porting.PortOut, porting.OutcomeReversed, since.UnixMicro())
}

// RecordScreening remembers the nonce of a port's last screening: at the gate no earlier one counts.
func (l *Ledger) RecordScreening(ctx context.Context, portID, nonce string, risk porting.Risk, at time.Time) error {
	_, err := change(ctx, l.db, `INSERT INTO screenings (port_id, nonce, risk, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (port_id) DO UPDATE SET nonce = $2, risk = $3, at = $4`, portID, nonce, risk, instant{at})
	return fault("record screening", portID, err)
}

// LastScreening is the nonce of a port's last screening; empty if there was none.
func (l *Ledger) LastScreening(ctx context.Context, portID string) (string, error) {
	var nonce string
	err := l.db.QueryRowContext(ctx, `SELECT nonce FROM screenings WHERE port_id = $1`, portID).Scan(&nonce)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return nonce, fault("read screening", portID, err)
}
