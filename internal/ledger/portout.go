package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// PinAnswers keeps the answers with which a port-out was claimed, and returns those that hold: the first ones stay.
func (l *Ledger) PinAnswers(ctx context.Context, portID string, p porting.AnswerPolicy) (porting.AnswerPolicy, error) {
	const op = "pin answers"
	text, err := json.Marshal(p)
	if err != nil {
		return porting.AnswerPolicy{}, fault(op, portID, err)
	}
	if _, err := l.change(ctx, `INSERT INTO answers (port_id, policy) VALUES ($1, $2) ON CONFLICT (port_id) DO NOTHING`, portID, string(text)); err != nil {
		return porting.AnswerPolicy{}, fault(op, portID, err)
	}
	pinned, err := l.PinnedAnswers(ctx, portID)
	if err != nil || pinned == nil {
		return porting.AnswerPolicy{}, err
	}
	return *pinned, nil
}

// PinnedAnswers are the answers with which a port-out was claimed; nil where it was not.
func (l *Ledger) PinnedAnswers(ctx context.Context, portID string) (*porting.AnswerPolicy, error) {
	const op = "read answers"
	var text string
	err := l.db.QueryRowContext(ctx, `SELECT policy FROM answers WHERE port_id = $1`, portID).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fault(op, portID, err)
	}
	var p porting.AnswerPolicy
	return &p, fault(op, portID, json.Unmarshal([]byte(text), &p))
}

// Reply is what a subscriber said to a notice. Whoever records it has made sure that it is theirs.
type Reply struct {
	ID      string // the message's; the same one again is the same reply
	Reply   string // porting.ReplyYes or porting.ReplyNo
	Channel string
	At      time.Time // business time
}

// RecordReply keeps a reply where the gate looks, before the saga hears of it.
func (l *Ledger) RecordReply(ctx context.Context, portID string, r Reply) error {
	_, err := l.change(ctx, `INSERT INTO replies (port_id, id, reply, channel, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		portID, r.ID, r.Reply, r.Channel, instant{r.At})
	return fault("record reply", portID, err)
}

// LastReply is what the subscriber of a port last said; empty where nothing was said.
func (l *Ledger) LastReply(ctx context.Context, portID string) (string, error) {
	var reply string
	err := l.db.QueryRowContext(ctx, `SELECT reply FROM replies WHERE port_id = $1 ORDER BY at DESC, id DESC LIMIT 1`, portID).Scan(&reply)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return reply, fault("read reply", portID, err)
}

// KnownOf is what the ledger knows of a port-out beside its claim: what its subscriber last said, and the risk that was last
// found. Whoever revoked it said no.
func (l *Ledger) KnownOf(ctx context.Context, portID string) (porting.Known, error) {
	var k porting.Known
	err := l.db.QueryRowContext(ctx, `SELECT
		COALESCE((SELECT 'no' FROM ports WHERE port_id = $1 AND revoke_requested_at IS NOT NULL AND revoked_by <> $2),
			(SELECT reply FROM replies WHERE port_id = $1 ORDER BY at DESC, id DESC LIMIT 1), ''),
		COALESCE((SELECT risk FROM screenings WHERE port_id = $1), '')`, portID, porting.Reaper).Scan(&k.Reply, &k.Risk)
	return k, fault("read port-out", portID, err)
}

// SecretOf is the reference of the last secret that was kept for an owner; empty if there is none.
func (l *Ledger) SecretOf(ctx context.Context, owner string) (string, error) {
	var ref string
	err := l.db.QueryRowContext(ctx, `SELECT ref FROM secrets WHERE owner = $1 ORDER BY stored_at DESC, ref LIMIT 1`, owner).Scan(&ref)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return ref, fault("find secret", owner, err)
}
