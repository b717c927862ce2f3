package ledger

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// PutSecret stores a sealed secret for its owner, usually a port ID, and returns the reference under which it can be
// read until it expires. The ledger never sees a secret in the clear: what it is given must be sealed by the vault. A port
// that has ended is given none: Refused with code "port-exists".
func (l *Ledger) PutSecret(ctx context.Context, owner string, sealed []byte, at, expires time.Time) (ref string, err error) {
	const op = "store secret"
	ref = "sec-" + strings.ToLower(rand.Text())
	err = l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var ended bool
		if err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM forgotten WHERE port_id = $1)`, owner).Scan(&ended); err != nil {
			return err
		}
		if ended {
			return &porting.Error{Kind: porting.Refused, Code: "port-exists", Op: op, Object: owner, Detail: "the port has ended", Next: "look at it with `port show`"}
		}
		_, err := change(ctx, tx, `INSERT INTO secrets (ref, owner, sealed, stored_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
			ref, owner, sealed, instant{at}, instant{expires})
		return err
	})
	return ref, fault(op, owner, err)
}

// keepSecret stores a sealed secret and returns it. The first one under a reference stays, and is what everybody is given who
// comes later.
func keepSecret(ctx context.Context, tx *sql.Tx, s KeptSecret) (kept []byte, err error) {
	// An update that changes nothing has the statement return the row, whoever wrote it.
	err = tx.QueryRowContext(ctx, `INSERT INTO secrets (ref, owner, sealed, stored_at, expires_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (ref) DO UPDATE SET owner = secrets.owner RETURNING sealed`,
		s.Ref, s.Owner, s.Sealed, instant{s.At}, instant{s.ExpiresAt}).Scan(&kept)
	return kept, err
}

// GetSecret returns a sealed secret; NotFound with code "secret-gone" if it was destroyed, has expired at the given
// time, or never existed.
func (l *Ledger) GetSecret(ctx context.Context, ref string, at time.Time) ([]byte, error) {
	const op = "read secret"
	var sealed []byte
	row := l.db.QueryRowContext(ctx, `SELECT sealed FROM secrets WHERE ref = $1 AND expires_at > $2`, ref, instant{at})
	err := row.Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &porting.Error{
			Kind: porting.NotFound, Code: "secret-gone", Op: op, Object: ref,
			Detail: "it was destroyed or has expired", Next: "ask the subscriber for a new code and amend the order",
		}
	}
	return sealed, fault(op, ref, err)
}

// DestroySecret deletes one secret.
func (l *Ledger) DestroySecret(ctx context.Context, ref string) error {
	_, err := l.change(ctx, `DELETE FROM secrets WHERE ref = $1`, ref)
	return fault("destroy secret", ref, err)
}

const (
	forgetCodes = `DELETE FROM secrets WHERE owner = $1`
	takeNoCodes = `INSERT INTO forgotten (port_id) VALUES ($1) ON CONFLICT DO NOTHING`
)

// DestroySecrets deletes every secret of a port that ends. It is given none from then on.
func (l *Ledger) DestroySecrets(ctx context.Context, owner string) error {
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := change(ctx, tx, takeNoCodes, owner); err != nil {
			return err
		}
		_, err := change(ctx, tx, forgetCodes, owner)
		return err
	})
	return fault("destroy secrets", owner, err)
}

// DestroyExpiredSecrets deletes every secret that has expired at the given time and returns how many there were.
func (l *Ledger) DestroyExpiredSecrets(ctx context.Context, at time.Time) (int64, error) {
	destroyed, err := l.change(ctx, `DELETE FROM secrets WHERE expires_at <= $1`, instant{at})
	return destroyed, fault("destroy secrets", "", err)
}
