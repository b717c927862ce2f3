package ledger

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
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

// RecordRequest remembers a request. The same port again changes nothing.
func (l *Ledger) RecordRequest(ctx context.Context, r Request) error {
	known, err := r.readKnown(ctx, l.db)
	if err == nil && !r.isKnown(known) {
		err = l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error { return r.record(ctx, tx) })
	}
	return fault("record request", r.PortID, err)
}

// What is known of a request beside its tokens, by names that no dimension has.
const (
	knownOrigin = "/origin"
	knownLetter = "/letter"
)

// readKnown tells what is in the ledger of a request: its dimensions, how it came, and its letter.
func (r Request) readKnown(ctx context.Context, q querier) (map[string]bool, error) {
	rows, err := q.QueryContext(ctx, `SELECT dimension FROM requests WHERE port_id = $1
		UNION ALL SELECT '`+knownOrigin+`' FROM request_origins WHERE port_id = $1
		UNION ALL SELECT '`+knownLetter+`' FROM letters WHERE port_id = $1`, r.PortID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	known := map[string]bool{}
	for rows.Next() {
		var what string
		if err := rows.Scan(&what); err != nil {
			return nil, err
		}
		known[what] = true
	}
	return known, rows.Err()
}

func (r Request) isKnown(known map[string]bool) bool {
	return known[knownOrigin] && (r.Letter == "" || known[knownLetter]) && len(r.newTokens(known)) == 0
}

// newTokens are the dimensions of the tokens that are not known, in their order.
func (r Request) newTokens(known map[string]bool) []string {
	var fresh []string
	for _, dimension := range slices.Sorted(maps.Keys(r.Tokens)) {
		if r.Tokens[dimension] != "" && !known[dimension] {
			fresh = append(fresh, dimension)
		}
	}
	return fresh
}

// record writes what is not known yet. Requests are counted one after the other: all writers meet at the ledger's one row.
func (r Request) record(ctx context.Context, tx *sql.Tx) error {
	if _, err := change(ctx, tx, `UPDATE ledger_state SET changes = changes`); err != nil {
		return err
	}
	known, err := r.readKnown(ctx, tx)
	if err != nil {
		return err
	}
	if err := r.countTokens(ctx, tx, r.newTokens(known)); err != nil {
		return err
	}
	if _, err := change(ctx, tx, `INSERT INTO request_origins (port_id, bulk, out_of_hours) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
		r.PortID, r.Bulk, numbered(r.Odd)); err != nil {
		return err
	}
	if r.Letter == "" {
		return nil
	}
	_, err = change(ctx, tx, `INSERT INTO letters (port_id, sha256, account, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		r.PortID, r.Letter, r.Account, instant{r.At})
	return err
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
)

// oneAccount is the account that a request counts for.
func (r Request) oneAccount() string {
	if r.Bulk != "" {
		return "bulk " + r.Bulk
	}
	return r.Account
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
	rows, err := l.db.QueryContext(ctx, `SELECT dimension, token, count(DISTINCT `+oneRequest+`) AS n, count(DISTINCT r.account), max(r.port_id)
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
	_, err := l.change(ctx, `INSERT INTO screenings (port_id, nonce, risk, at) VALUES ($1, $2, $3, $4)
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
