package ledger

import (
	"context"
	"database/sql"
	"time"
)

// Judgement is one look of the fraud desk at a port, with everything that it takes to judge again.
type Judgement struct {
	Nonce      string // of the screening; no other has it
	PortID     string
	Said       []byte    // what came out, as JSON
	Evidence   []byte    // sealed by the vault at the place EvidencePlace
	Policy     string    // digest of the policy
	PolicyText []byte    // of which that is the digest
	Verdict    string    // what a worker signed of it; empty where decisions are trusted as they come
	JudgedAt   time.Time // business time
	SignedAt   time.Time // real time, as in the signed verdict
}

// EvidencePlace is where the vault seals a judgement's evidence: it opens nowhere else.
func EvidencePlace(portID, nonce string) string { return "evidence/" + portID + "/" + nonce }

// RecordJudgement keeps a judgement. The first one under a nonce stays. The text of a policy is kept once, however many
// judgements it made.
func (l *Ledger) RecordJudgement(ctx context.Context, j Judgement) error {
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := change(ctx, tx, `INSERT INTO fraud_policies (digest, policy, first_used_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			j.Policy, j.PolicyText, instant{j.SignedAt}); err != nil {
			return err
		}
		_, err := change(ctx, tx, `INSERT INTO judgements (nonce, port_id, said, evidence, policy, verdict, judged_at, signed_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
			j.Nonce, j.PortID, j.Said, j.Evidence, j.Policy, j.Verdict, instant{j.JudgedAt}, instant{j.SignedAt})
		return err
	})
	return fault("record judgement", j.PortID, err)
}

// Judgements lists every judgement of a port, the oldest first.
func (l *Ledger) Judgements(ctx context.Context, portID string) ([]Judgement, error) {
	const op = "read judgements"
	rows, err := l.db.QueryContext(ctx, `SELECT j.nonce, j.port_id, j.said, j.evidence, j.policy, p.policy, j.verdict, j.judged_at, j.signed_at
		FROM judgements j JOIN fraud_policies p ON p.digest = j.policy WHERE j.port_id = $1 ORDER BY j.signed_at, j.nonce`, portID)
	if err != nil {
		return nil, fault(op, portID, err)
	}
	defer rows.Close()
	var all []Judgement
	for rows.Next() {
		var j Judgement
		var judged, signed instant
		if err := rows.Scan(&j.Nonce, &j.PortID, &j.Said, &j.Evidence, &j.Policy, &j.PolicyText, &j.Verdict, &judged, &signed); err != nil {
			return nil, fault(op, portID, err)
		}
		j.JudgedAt, j.SignedAt = judged.Time, signed.Time
		all = append(all, j)
	}
	return all, fault(op, portID, rows.Err())
}
