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
	At      time.Time
}

// RecordRequest remembers a request. The same port again changes nothing.
func (l *Ledger) RecordRequest(ctx context.Context, r Request) error {
	err := l.inTx(ctx, func(tx *sql.Tx) error {
		for dimension, token := range r.Tokens {
			if token == "" {
				continue
			}
			if _, err := change(ctx, tx, `INSERT INTO requests (port_id, dimension, token, account, at) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT DO NOTHING`, r.PortID, dimension, token, r.Account, instant{r.At}); err != nil {
				return err
			}
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

// CountRequests is how many requests between two instants, both included, have a token.
func (l *Ledger) CountRequests(ctx context.Context, dimension, token string, since, until time.Time) (int, error) {
	return l.count(ctx, `SELECT count(*) FROM requests WHERE dimension = $1 AND token = $2 AND at >= $3 AND at <= $4`,
		dimension, token, since.UnixMicro(), until.UnixMicro())
}

// CountAccounts is for how many accounts these requests are.
func (l *Ledger) CountAccounts(ctx context.Context, dimension, token string, since, until time.Time) (int, error) {
	return l.count(ctx, `SELECT count(DISTINCT account) FROM requests WHERE dimension = $1 AND token = $2 AND at >= $3 AND at <= $4`,
		dimension, token, since.UnixMicro(), until.UnixMicro())
}

// LettersElsewhere is for how many other accounts a letter was sent.
func (l *Ledger) LettersElsewhere(ctx context.Context, digest, account string) (int, error) {
	return l.count(ctx, `SELECT count(DISTINCT account) FROM letters WHERE sha256 = $1 AND account <> $2`, digest, account)
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

// Bursts lists the tokens that at least so many requests since an instant have in common, the most frequent first.
func (l *Ledger) Bursts(ctx context.Context, since time.Time, least int) ([]Burst, error) {
	rows, err := l.db.QueryContext(ctx, `SELECT dimension, token, count(*), count(DISTINCT account), max(port_id) FROM requests
		WHERE at >= $1 GROUP BY dimension, token HAVING count(*) >= $2 ORDER BY count(*) DESC, dimension, token`, since.UnixMicro(), least)
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
