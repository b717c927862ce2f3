package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"time"

	"github.com/portsaga/portsaga/internal/audit"
)

// Reject is a signed reject as it came. Nothing in it is verified: the gate does that, against the registry of its day.
type Reject struct {
	Statement []byte
	Signature string
	At        time.Time // real time, at which it came
}

// maxRejects bounds what is kept of one port: more would only slow the gate.
const maxRejects = 64

// RecordReject keeps a reject where the gate looks, before the saga hears of it: a saga, or whoever answers for a step, cannot
// leave it out. The same one again changes nothing.
func (l *Ledger) RecordReject(ctx context.Context, portID string, r Reject) error {
	sum := sha256.Sum256(append([]byte(r.Signature+"\n"), r.Statement...))
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		fresh, err := change(ctx, tx, `INSERT INTO rejects (port_id, digest, statement, signature, at)
			SELECT $1, $2, $3, $4, $5 WHERE (SELECT count(*) FROM rejects WHERE port_id = $1) < $6 ON CONFLICT DO NOTHING`,
			portID, hex.EncodeToString(sum[:]), r.Statement, r.Signature, instant{r.At}, maxRejects)
		if err != nil || fresh == 0 {
			return err
		}
		return appendLeaves(ctx, tx, audit.Leaf{
			At: r.At, Kind: audit.Rejected, Port: portID, Ref: hex.EncodeToString(sum[:]), Evidence: [][]byte{r.Statement, []byte(r.Signature)},
		})
	})
	return fault("record reject", portID, err)
}

// Rejects lists what was recorded for a port.
func (l *Ledger) Rejects(ctx context.Context, portID string) ([]Reject, error) {
	rows, err := l.db.QueryContext(ctx, `SELECT statement, signature, at FROM rejects WHERE port_id = $1 ORDER BY at, digest`, portID)
	if err != nil {
		return nil, fault("read rejects", portID, err)
	}
	defer rows.Close()
	var all []Reject
	for rows.Next() {
		var r Reject
		var at instant
		if err := rows.Scan(&r.Statement, &r.Signature, &at); err != nil {
			return nil, fault("read rejects", portID, err)
		}
		r.At = at.Time
		all = append(all, r)
	}
	return all, fault("read rejects", portID, rows.Err())
}
