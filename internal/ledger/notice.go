package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/porting"
)

// NoticeState says what became of a notice.
type NoticeState string

// States of a notice.
const (
	NoticePending    NoticeState = "pending"    // recorded, and tried again until it is accepted
	NoticeSent       NoticeState = "sent"       // the mail server, the SMS provider or the service took it
	NoticeFailed     NoticeState = "failed"     // it was refused for good, or too often
	NoticeSuppressed NoticeState = "suppressed" // recorded and never sent
)

// Notice is one message to one recipient by one channel about one event of a port. Words and address are in Sealed alone,
// which the vault opens at the place ID. Its times are real time, also where business time runs faster.
type Notice struct {
	ID         string      `json:"id"` // the same event, recipient and channel of a port have the same ID
	PortID     string      `json:"port_id"`
	Kind       string      `json:"kind"`
	Event      string      `json:"event"`     // tells events of one kind apart
	Recipient  string      `json:"recipient"` // a role or the name of a service, never an address
	Channel    string      `json:"channel"`
	Lang       string      `json:"lang"`
	Demand     string      `json:"demand,omitempty"`     // the rule that wants it before the numbers move
	Suppressed string      `json:"suppressed,omitempty"` // why it is not sent, and by whose word
	State      NoticeState `json:"state"`
	Sealed     []byte      `json:"-"`

	RecordedAt  time.Time `json:"recorded_at"`
	DueAt       time.Time `json:"due_at"`   // of the next attempt
	Sending     int       `json:"sending"`  // 1; each resending raises it
	Attempts    int       `json:"attempts"` // begun, of every sending
	SentAt      time.Time `json:"sent_at,omitzero"`
	ProviderRef string    `json:"provider_ref,omitempty"` // the provider's name for it
	Failure     string    `json:"failure,omitempty"`      // code of the last failed attempt
}

// RecordNotice writes a notice down, with the links that it carries, and reports whether it was new. One that is there
// already stays as it is, and the links given with the repetition are not kept. With Suppressed set it is never sent.
func (l *Ledger) RecordNotice(ctx context.Context, n Notice, links ...Link) (fresh bool, err error) {
	n.State = NoticePending
	if n.Suppressed != "" {
		n.State, n.Sealed = NoticeSuppressed, nil
	}
	err = l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		added, err := change(ctx, tx, `INSERT INTO notices
			(id, port_id, kind, event, recipient, channel, lang, demand, suppressed, state, sealed, recorded_at, due_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (id) DO NOTHING`,
			n.ID, n.PortID, n.Kind, n.Event, n.Recipient, n.Channel, n.Lang, n.Demand, n.Suppressed, n.State, n.Sealed,
			instant{n.RecordedAt}, instant{n.DueAt})
		if err != nil || added == 0 {
			return err
		}
		fresh = true
		for _, link := range links {
			if err := insertLink(ctx, tx, link); err != nil {
				return err
			}
		}
		return appendLeaves(ctx, tx, n.leaf(audit.Notice, n.RecordedAt))
	})
	return fresh && err == nil, fault("record notice", n.PortID, err)
}

const noticeColumns = `id, port_id, kind, event, recipient, channel, lang, demand, suppressed, state, sealed, recorded_at,
	due_at, sending, attempts, sent_at, provider_ref, failure`

// ClaimDueNotices takes up to limit notices of some channels that are due for an attempt, the most overdue first. Nobody
// else gets them until the lease ends, so an attempt must be shorter than the lease; whoever dies in it leaves them to be
// claimed again. Those of other channels stay, untouched, for a process that has them.
func (l *Ledger) ClaimDueNotices(ctx context.Context, channels []string, at time.Time, lease time.Duration, limit int) ([]Notice, error) {
	var due []Notice
	for _, channel := range channels {
		claimed, err := l.claimDueNotices(ctx, channel, at, lease, limit-len(due))
		if err != nil {
			return due, fault("claim notices", "", err)
		}
		due = append(due, claimed...)
	}
	return due, nil
}

func (l *Ledger) claimDueNotices(ctx context.Context, channel string, at time.Time, lease time.Duration, limit int) ([]Notice, error) {
	if limit <= 0 {
		return nil, nil
	}
	// The second look at due_at is for PostgreSQL: there it is what a claimer sees that had to wait for another one.
	rows, err := l.db.QueryContext(ctx, `UPDATE notices SET due_at = $2, attempts = attempts + 1
		WHERE state = 'pending' AND due_at <= $1 AND id IN
			(SELECT id FROM notices WHERE state = 'pending' AND channel = $3 AND due_at <= $1 ORDER BY due_at, id LIMIT $4)
		RETURNING `+noticeColumns, instant{at}, instant{at.Add(lease)}, channel, limit)
	if err != nil {
		return nil, err
	}
	return scanNotices(rows)
}

// NoticeAccepted reports that a claimed notice was taken. ref is the provider's name for it, if it gave one. Whoever sent
// it again meanwhile, because the lease had ended, changes nothing.
func (l *Ledger) NoticeAccepted(ctx context.Context, id, ref string, at time.Time) error {
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		return changeNotice(ctx, tx, audit.NoticeSent, at, `UPDATE notices SET state = 'sent', sent_at = $2, provider_ref = $3, failure = ''
			WHERE id = $1 AND state = 'pending' RETURNING `+noticeColumns, id, instant{at}, ref)
	})
	return fault("mark notice", id, err)
}

// NoticeRefused reports that an attempt at a claimed notice failed, with a code that holds no personal data. The next
// attempt is at next; a zero next gives it up. Reports of attempts whose lease has ended, and another began, are ignored.
func (l *Ledger) NoticeRefused(ctx context.Context, n Notice, code string, next time.Time) error {
	state := NoticePending
	if next.IsZero() {
		state, next = NoticeFailed, n.DueAt
	}
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		const refused = `UPDATE notices SET state = $3, failure = $4, due_at = $5
			WHERE id = $1 AND attempts = $2 AND state = 'pending'`
		if state == NoticePending {
			_, err := change(ctx, tx, refused, n.ID, n.Attempts, state, code, instant{next})
			return err
		}
		return changeNotice(ctx, tx, audit.NoticeFailed, next, refused+` RETURNING `+noticeColumns, n.ID, n.Attempts, state, code, instant{next})
	})
	return fault("mark notice", n.ID, err)
}

// changeNotice ends or renews a notice by a statement that returns it, and tells so.
func changeNotice(ctx context.Context, tx *sql.Tx, what audit.Kind, at time.Time, statement string, args ...any) error {
	n, err := scanNotice(tx.QueryRowContext(ctx, statement, args...))
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return appendLeaves(ctx, tx, n.leaf(what, at))
}

// Notices lists the notices of a port in the order in which they were recorded.
func (l *Ledger) Notices(ctx context.Context, portID string) ([]Notice, error) {
	rows, err := l.db.QueryContext(ctx, `SELECT `+noticeColumns+` FROM notices WHERE port_id = $1 ORDER BY recorded_at, id`, portID)
	if err != nil {
		return nil, fault("list notices", portID, err)
	}
	notices, err := scanNotices(rows)
	return notices, fault("list notices", portID, err)
}

// ResendNotice lets a notice that was sent, or failed, be sent once more, as a new sending. One that is pending is made
// due. NotFound is "notice-unknown"; codes of Refused: "notice-suppressed", and "notice-shredded" if its words are gone.
func (l *Ledger) ResendNotice(ctx context.Context, id string, at time.Time) (Notice, error) {
	const op = "resend notice"
	var n Notice
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := change(ctx, tx, `UPDATE notices SET
			sending = CASE WHEN state = 'pending' THEN sending ELSE sending + 1 END,
			state = 'pending', due_at = $2, sent_at = NULL, provider_ref = '', failure = ''
			WHERE id = $1 AND state <> 'suppressed' AND sealed IS NOT NULL`, id, instant{at})
		if err != nil {
			return err
		}
		n, err = scanNotice(tx.QueryRowContext(ctx, `SELECT `+noticeColumns+` FROM notices WHERE id = $1`, id))
		if err != nil || n.State != NoticePending {
			return err
		}
		return appendLeaves(ctx, tx, n.leaf(audit.NoticeAgain, at))
	})
	no := &porting.Error{Kind: porting.Refused, Op: op, Object: id}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		no.Kind, no.Code, no.Detail, no.Next = porting.NotFound, "notice-unknown", "there is no such notice", "find it with `notices list PORT`"
	case err != nil:
		return Notice{}, fault(op, id, err)
	case n.State == NoticeSuppressed:
		no.Code, no.Detail = "notice-suppressed", "it must not be sent: "+n.Suppressed
	case n.Sealed == nil:
		no.Code, no.Detail = "notice-shredded", "its words and its address were destroyed"
	default:
		return n, nil
	}
	return Notice{}, no
}

// ShredNotices destroys words and addresses of the notices that were recorded before an instant and are not pending, and
// returns how many there were. The record that they were sent stays.
func (l *Ledger) ShredNotices(ctx context.Context, before time.Time) (int64, error) {
	shredded, err := l.change(ctx, `UPDATE notices SET sealed = NULL
		WHERE recorded_at < $1 AND state <> 'pending' AND sealed IS NOT NULL`, instant{before})
	return shredded, fault("shred notices", "", err)
}

func scanNotices(rows *sql.Rows) ([]Notice, error) {
	defer rows.Close()
	var notices []Notice
	for rows.Next() {
		n, err := scanNotice(rows)
		if err != nil {
			return nil, err
		}
		notices = append(notices, n)
	}
	return notices, rows.Err()
}

func scanNotice(row interface{ Scan(dest ...any) error }) (Notice, error) {
	var n Notice
	var recorded, due, sent instant
	err := row.Scan(&n.ID, &n.PortID, &n.Kind, &n.Event, &n.Recipient, &n.Channel, &n.Lang, &n.Demand, &n.Suppressed, &n.State,
		&n.Sealed, &recorded, &due, &n.Sending, &n.Attempts, &sent, &n.ProviderRef, &n.Failure)
	n.RecordedAt, n.DueAt, n.SentAt = recorded.Time, due.Time, sent.Time
	return n, err
}
