package ledger

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"time"
)

// Velocity is how often a token was met.
type Velocity struct {
	Lately   int // requests of the shorter time
	Requests int // of the longer one
	Accounts int // for how many accounts those are; only of a signer
}

// Span is a time, its ends included, and a shorter one with the same end.
type Span struct{ Since, Lately, Until time.Time }

const (
	withToken = `FROM requests WHERE dimension = t.column1 AND token = t.column2 AND count_with IS NOT NULL`

	countUntil  = `(SELECT count_with ` + withToken + ` AND at <= $3` + last
	countBefore = `(SELECT count_before ` + withToken
	first       = ` ORDER BY at, count_with, count_before LIMIT 1)`
	last        = ` ORDER BY at DESC, count_with DESC, count_before DESC LIMIT 1)`

	// signerAccounts goes from one account to the next, however many requests each has.
	signerAccounts = `(WITH RECURSIVE seen (account) AS (
			SELECT min(account) FROM requests WHERE dimension = 'signer' AND token = t.column2
			UNION ALL SELECT (SELECT min(account) FROM requests WHERE dimension = 'signer' AND token = t.column2 AND account > seen.account)
				FROM seen WHERE seen.account IS NOT NULL)
		SELECT count(*) FROM seen WHERE EXISTS (SELECT 1 FROM requests
			WHERE dimension = 'signer' AND token = t.column2 AND account = seen.account AND at >= $2 AND at <= $3))`
)

// Velocities counts the requests of a span that have a token, by dimension, in one question that takes the same time however
// many they are. The ports of a bulk order are one request, which came with its first port, and their accounts one account. A
// token that was never met has none.
func (l *Ledger) Velocities(ctx context.Context, tokens map[string]string, in Span) (map[string]Velocity, error) {
	const op = "count requests"
	counted := map[string]Velocity{}
	if len(tokens) == 0 {
		return counted, nil
	}
	args := []any{in.Lately.UnixMicro(), in.Since.UnixMicro(), in.Until.UnixMicro()}
	for _, dimension := range slices.Sorted(maps.Keys(tokens)) {
		args = append(args, dimension, tokens[dimension])
	}
	//nolint:gosec // what is joined are placeholders
	rows, err := l.db.QueryContext(ctx, `SELECT t.column1, `+countUntil+` - `+countBefore+` AND at >= $1`+first+`,
			`+countUntil+` - `+countBefore+` AND at >= $2`+first+`, CASE WHEN t.column1 = 'signer' THEN `+signerAccounts+` ELSE 0 END
		FROM (VALUES `+places(3, len(tokens), 2)+`) AS t`, args...)
	if err != nil {
		return nil, fault(op, "", err)
	}
	defer rows.Close()
	for rows.Next() {
		var dimension string
		var lately, requests sql.NullInt64 // not known where there was none
		var v Velocity
		if err := rows.Scan(&dimension, &lately, &requests, &v.Accounts); err != nil {
			return nil, fault(op, "", err)
		}
		v.Lately, v.Requests = int(max(lately.Int64, 0)), int(max(requests.Int64, 0))
		if v.Requests > 0 {
			counted[dimension] = v
		}
	}
	return counted, fault(op, "", rows.Err())
}

// placeOfRequest is how many requests with each token came until a new one.
const placeOfRequest = `SELECT t.column1, coalesce((SELECT count_with ` + withToken + ` AND at <= $1` + last + `,
	(SELECT count_before ` + withToken + ` AND at > $1` + first + `, 0) FROM (VALUES `

const requestColumns = 7

// countTokens writes the tokens of a request down with their counts, and corrects those of requests that came later and were
// recorded earlier.
func (r Request) countTokens(ctx context.Context, tx *sql.Tx, dimensions []string) error {
	if len(dimensions) == 0 {
		return nil
	}
	counts, err := r.countsOf(ctx, tx, dimensions)
	if err != nil {
		return err
	}
	again, err := r.countedBefore(ctx, tx, dimensions)
	if err != nil {
		return err
	}
	var rows, later []any
	for _, dimension := range dimensions {
		before, with, token := counts[dimension], counts[dimension], r.Tokens[dimension]
		if !again[dimension] {
			with++
			later = append(later, dimension, token)
		}
		rows = append(rows, r.PortID, dimension, token, r.oneAccount(), instant{r.At}, before, with)
	}
	if len(later) > 0 {
		_, err := change(ctx, tx, `UPDATE requests SET count_before = count_before + 1, count_with = count_with + 1
			WHERE at > $1 AND (dimension, token) IN (VALUES `+places(1, len(later)/2, 2)+`)`, append([]any{instant{r.At}}, later...)...)
		if err != nil {
			return err
		}
	}
	_, err = change(ctx, tx, `INSERT INTO requests (port_id, dimension, token, account, at, count_before, count_with)
		VALUES `+places(0, len(dimensions), requestColumns), rows...)
	return err
}

// countsOf are how many requests came until this one, by dimension.
func (r Request) countsOf(ctx context.Context, tx *sql.Tx, dimensions []string) (map[string]int64, error) {
	args := []any{instant{r.At}}
	for _, dimension := range dimensions {
		args = append(args, dimension, r.Tokens[dimension])
	}
	rows, err := tx.QueryContext(ctx, placeOfRequest+places(1, len(dimensions), 2)+`) AS t`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	counts := map[string]int64{}
	for rows.Next() {
		var dimension string
		var count int64
		if err := rows.Scan(&dimension, &count); err != nil {
			return nil, err
		}
		counts[dimension] = count
	}
	return counts, rows.Err()
}

// countedBefore tells by which dimensions the bulk order of a request was counted with another of its ports. A number counts by
// itself.
func (r Request) countedBefore(ctx context.Context, tx *sql.Tx, dimensions []string) (map[string]bool, error) {
	again := map[string]bool{}
	if r.Bulk == "" {
		return again, nil
	}
	for _, dimension := range dimensions {
		if dimension == "number" {
			continue
		}
		fresh, err := change(ctx, tx, `INSERT INTO request_bulks (bulk, dimension, token) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			r.Bulk, dimension, r.Tokens[dimension])
		if err != nil {
			return nil, err
		}
		again[dimension] = fresh == 0
	}
	return again, nil
}
