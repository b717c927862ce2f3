package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// Submission is what one version of an order is sent to its carrier as: the order that approvals must be of.
type Submission struct {
	PortID      string    `json:"port_id"`
	Version     int       `json:"version"` // of the order
	Carrier     string    `json:"carrier"`
	OrderDigest string    `json:"order_digest"` // salted, of the order in clear
	ShownDigest string    `json:"shown_digest"` // of what approvers see of it
	Nonce       string    `json:"nonce"`        // of the screening that approvers see
	Policy      string    `json:"policy"`       // pack and approval policy
	At          time.Time `json:"at"`
}

// RecordSubmission keeps what is about to be sent; it comes before the LSR goes out. The first record of a version stays,
// and is returned to whoever records the same order again. Another order is Refused with code "submission-differs";
// NotFound is "port-unknown".
func (l *Ledger) RecordSubmission(ctx context.Context, s Submission) (Submission, error) {
	const op = "record submission"
	var kept Submission
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := readFence(ctx, tx, s.PortID); err != nil {
			return err
		}
		fresh, err := change(ctx, tx, `INSERT INTO submissions
			(port_id, version, carrier, order_digest, shown_digest, nonce, policy, recorded_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (port_id, version) DO NOTHING`,
			s.PortID, s.Version, s.Carrier, s.OrderDigest, s.ShownDigest, s.Nonce, s.Policy, instant{s.At})
		if err != nil {
			return err
		}
		if fresh == 1 {
			if err := countChange(ctx, tx, s.leaf()); err != nil {
				return err
			}
		}
		kept, err = readSubmission(tx.QueryRowContext(ctx, submissionOfVersion, s.PortID, s.Version), s.PortID)
		if err == nil && kept.OrderDigest != s.OrderDigest {
			return kept.differs(op)
		}
		return err
	})
	if err != nil {
		return Submission{}, fault(op, s.PortID, err)
	}
	return kept, nil
}

func (s Submission) differs(op string) error {
	return &porting.Error{
		Kind: porting.Refused, Code: "submission-differs", Op: op, Object: s.PortID,
		Detail: fmt.Sprintf("version %d of the order was recorded with other content", s.Version),
		Next:   "amend the order, which makes a new version",
	}
}

const (
	selectSubmission = `SELECT port_id, version, carrier, order_digest, shown_digest, nonce, policy, recorded_at
		FROM submissions WHERE port_id = $1`
	submissionOfVersion = selectSubmission + ` AND version = $2`
	lastSubmission      = selectSubmission + ` ORDER BY version DESC LIMIT 1`
)

// Submission returns what one version of a port's order was sent as; NotFound with code "submission-unknown".
func (l *Ledger) Submission(ctx context.Context, portID string, version int) (Submission, error) {
	s, err := readSubmission(l.db.QueryRowContext(ctx, submissionOfVersion, portID, version), portID)
	return s, fault("read submission", portID, err)
}

// LastSubmission returns what the highest version of a port's order was sent as; NotFound with code "submission-unknown".
func (l *Ledger) LastSubmission(ctx context.Context, portID string) (Submission, error) {
	s, err := readSubmission(l.db.QueryRowContext(ctx, lastSubmission, portID), portID)
	return s, fault("read submission", portID, err)
}

func readSubmission(row *sql.Row, portID string) (Submission, error) {
	var s Submission
	var at instant
	err := row.Scan(&s.PortID, &s.Version, &s.Carrier, &s.OrderDigest, &s.ShownDigest, &s.Nonce, &s.Policy, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return Submission{}, &porting.Error{
			Kind: porting.NotFound, Code: "submission-unknown", Op: "read submission", Object: portID,
			Detail: "nothing was recorded as sent", Next: "check the port's ID and the order's version",
		}
	}
	s.At = at.Time
	return s, err
}
