package ledger

import (
	"context"
	"crypto/rand"
	"database/sql"
	"strings"
	"time"
)

// EventContactChanged is the kind of the event that a number's people are told elsewhere from now on.
const EventContactChanged = "contact-changed"

// GuardContact is where the people of a protected number are told. The address is sealed by the vault, at the place ID.
type GuardContact struct {
	ID         string
	Token      string // of the number
	Sealed     []byte
	SetAt      time.Time // real time
	ReplacedAt time.Time // zero: it is the present one
}

// NewContactID names a contact.
func NewContactID() string { return "gc-" + strings.ToLower(rand.Text()) }

// SetGuardContact keeps the contact of a number in place of the one that it had, which is kept as replaced.
func (l *Ledger) SetGuardContact(ctx context.Context, s Subject, c GuardContact, by string) error {
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := holdLock(ctx, tx, s); err != nil { // two at once replace one another in turn
			return err
		}
		_, err := change(ctx, tx, `UPDATE guard_contacts SET replaced_at = $2 WHERE token = $1 AND replaced_at IS NULL`, s.Token, instant{c.SetAt})
		if err != nil {
			return err
		}
		_, err = change(ctx, tx, `INSERT INTO guard_contacts (id, token, sealed, set_at) VALUES ($1, $2, $3, $4)`, c.ID, s.Token, c.Sealed, instant{c.SetAt})
		if err != nil {
			return err
		}
		if err = recordEvent(ctx, tx, GuardEvent{Subject: s, Kind: EventContactChanged, Actor: by, At: c.SetAt}); err != nil {
			return err
		}
		return countChange(ctx, tx)
	})
	return fault("set contact", s.Masked, err)
}

// GuardContacts lists the contact of a number, and those that were replaced after an instant; the present one first.
func (l *Ledger) GuardContacts(ctx context.Context, token string, since time.Time) ([]GuardContact, error) {
	rows, err := l.db.QueryContext(ctx, `SELECT id, token, sealed, set_at, replaced_at FROM guard_contacts
		WHERE token = $1 AND (replaced_at IS NULL OR replaced_at > $2) ORDER BY set_at DESC, id`, token, instant{since})
	if err != nil {
		return nil, fault("read contacts", "", err)
	}
	defer rows.Close()
	var all []GuardContact
	for rows.Next() {
		var c GuardContact
		var set, replaced instant
		if err := rows.Scan(&c.ID, &c.Token, &c.Sealed, &set, &replaced); err != nil {
			return nil, fault("read contacts", "", err)
		}
		c.SetAt, c.ReplacedAt = set.Time, replaced.Time
		all = append(all, c)
	}
	return all, fault("read contacts", "", rows.Err())
}

// ForgetContacts destroys contacts that were replaced before an instant.
func (l *Ledger) ForgetContacts(ctx context.Context, before time.Time) error {
	_, err := l.change(ctx, `DELETE FROM guard_contacts WHERE replaced_at < $1`, instant{before})
	return fault("forget contacts", "", err)
}
