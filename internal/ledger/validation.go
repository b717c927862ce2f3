package ledger

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// Validation is a wholesaler's synchronous request and our answer. Its times are real time.
type Validation struct {
	PortID     string // of the port that the request opens; the same request has the same
	Wholesaler string
	Digest     string // keyed, of what was asked: another request under the same name has another one
	Answer     string // as it goes out; it holds no personal data
	AnsweredAt time.Time
	Sealed     []byte // the request, until its port is open; none where no port is opened
	Attempts   int    // begun, to open the port
	Failure    string // code of the last failed one
}

// KeptSecret is a sealed secret under a reference that its keeper has made.
type KeptSecret struct {
	Ref, Owner string
	Sealed     []byte
	At         time.Time
	ExpiresAt  time.Time
}

// NewSecretRef is a reference that no secret has.
func NewSecretRef() string { return "sec-" + strings.ToLower(rand.Text()) }

// RecordValidation keeps an answer before it goes out, with the secret of its request, and returns what is kept: of two
// answers to one request the first stays.
func (l *Ledger) RecordValidation(ctx context.Context, v Validation, secret *KeptSecret) (Validation, error) {
	const op = "record validation"
	var due any
	if v.Sealed != nil {
		due = instant{v.AnsweredAt}
	}
	kept := v
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		fresh, err := change(ctx, tx, `INSERT INTO validations (port_id, wholesaler, digest, answer, answered_at, sealed, due_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (port_id) DO NOTHING`,
			v.PortID, v.Wholesaler, v.Digest, v.Answer, instant{v.AnsweredAt}, v.Sealed, due)
		if err != nil {
			return err
		}
		if fresh == 0 {
			kept, err = readValidation(ctx, tx, v.PortID)
			return err
		}
		if secret == nil {
			return nil
		}
		_, err = change(ctx, tx, `INSERT INTO secrets (ref, owner, sealed, stored_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
			secret.Ref, secret.Owner, secret.Sealed, instant{secret.At}, instant{secret.ExpiresAt})
		return err
	})
	return kept, fault(op, v.PortID, err)
}

// Validation is what was answered; NotFound with code "validation-unknown" if nothing was.
func (l *Ledger) Validation(ctx context.Context, portID string) (Validation, error) {
	v, err := readValidation(ctx, l.db, portID)
	if errors.Is(err, sql.ErrNoRows) {
		return Validation{}, &porting.Error{
			Kind: porting.NotFound, Code: "validation-unknown", Op: "read validation", Object: portID, Detail: "no such request was answered",
		}
	}
	return v, fault("read validation", portID, err)
}

// ClaimValidations returns up to limit requests whose ports are due to be opened. Nobody else gets them until the lease ends.
func (l *Ledger) ClaimValidations(ctx context.Context, at time.Time, lease time.Duration, limit int) ([]Validation, error) {
	const op = "claim validations"
	rows, err := l.db.QueryContext(ctx, `UPDATE validations SET due_at = $2, attempts = attempts + 1
		WHERE due_at <= $1 AND port_id IN (SELECT port_id FROM validations WHERE due_at <= $1 ORDER BY due_at, port_id LIMIT $3)
		RETURNING `+validationColumns, instant{at}, instant{at.Add(lease)}, limit)
	if err != nil {
		return nil, fault(op, "", err)
	}
	defer rows.Close()
	var due []Validation
	for rows.Next() {
		v, err := scanValidation(rows)
		if err != nil {
			return nil, fault(op, "", err)
		}
		due = append(due, v)
	}
	return due, fault(op, "", rows.Err())
}

// ValidationsOpened reports that the ports of requests are open, and destroys the requests.
func (l *Ledger) ValidationsOpened(ctx context.Context, at time.Time, portIDs ...string) error {
	args := []any{instant{at}}
	for _, id := range portIDs {
		args = append(args, id)
	}
	marks := list(len(portIDs), func(i int) string { return fmt.Sprintf("$%d", i+2) })
	_, err := l.change(ctx, `UPDATE validations SET opened_at = $1, due_at = NULL, sealed = NULL, failure = ''
		WHERE opened_at IS NULL AND port_id IN (`+marks+`)`, args...)
	return fault("mark validations", "", err)
}

// ValidationFailed reports that a claimed request's port could not be opened, and when to try again. Reports of attempts whose
// lease has ended, and another began, are ignored.
func (l *Ledger) ValidationFailed(ctx context.Context, v Validation, code string, next time.Time) error {
	_, err := l.change(ctx, `UPDATE validations SET failure = $3, due_at = $4 WHERE port_id = $1 AND attempts = $2 AND due_at IS NOT NULL`,
		v.PortID, v.Attempts, code, instant{next})
	return fault("mark validation", v.PortID, err)
}

// ForgetValidations deletes answers that were given before an instant and wait for no port, and returns how many there were.
func (l *Ledger) ForgetValidations(ctx context.Context, before time.Time) (int64, error) {
	forgotten, err := l.change(ctx, `DELETE FROM validations WHERE answered_at < $1 AND due_at IS NULL`, instant{before})
	return forgotten, fault("forget validations", "", err)
}

// InOpenPort reports whether an open port, other than one, holds any of some tokens.
func (l *Ledger) InOpenPort(ctx context.Context, except string, tokens ...string) (bool, error) {
	args := []any{except}
	for _, token := range tokens {
		args = append(args, token)
	}
	marks := list(len(tokens), func(i int) string { return fmt.Sprintf("$%d", i+2) })
	var held int
	err := l.db.QueryRowContext(ctx, `SELECT count(*) FROM port_numbers WHERE released_at IS NULL AND port_id <> $1 AND token IN (`+marks+`)`, args...).Scan(&held)
	return held > 0, fault("look up numbers", "", err)
}

const validationColumns = `port_id, wholesaler, digest, answer, answered_at, sealed, attempts, failure`

func readValidation(ctx context.Context, q querier, portID string) (Validation, error) {
	return scanValidation(q.QueryRowContext(ctx, `SELECT `+validationColumns+` FROM validations WHERE port_id = $1`, portID))
}

func scanValidation(row interface{ Scan(dest ...any) error }) (Validation, error) {
	var v Validation
	var answered instant
	err := row.Scan(&v.PortID, &v.Wholesaler, &v.Digest, &v.Answer, &answered, &v.Sealed, &v.Attempts, &v.Failure)
	v.AnsweredAt = answered.Time
	return v, err
}
