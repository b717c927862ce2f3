package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// KeepTold keeps the sealed facts from which a port's notices are written. The first ones stay.
func (l *Ledger) KeepTold(ctx context.Context, portID string, sealed []byte) error {
	_, err := change(ctx, l.db, `INSERT INTO told (port_id, sealed) VALUES ($1, $2) ON CONFLICT (port_id) DO NOTHING`, portID, sealed)
	return fault("keep contacts", portID, err)
}

// Told returns the sealed facts, and the date that people were told last; no facts where none are kept.
func (l *Ledger) Told(ctx context.Context, portID string) (sealed []byte, foc time.Time, err error) {
	var at instant
	err = l.db.QueryRowContext(ctx, `SELECT sealed, foc FROM told WHERE port_id = $1`, portID).Scan(&sealed, &at)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, time.Time{}, nil
	}
	return sealed, at.Time, fault("read contacts", portID, err)
}

// ToldDate remembers the date that people were told.
func (l *Ledger) ToldDate(ctx context.Context, portID string, foc time.Time) error {
	_, err := change(ctx, l.db, `UPDATE told SET foc = $2 WHERE port_id = $1`, portID, instant{foc})
	return fault("keep date", portID, err)
}

// ForgetTold destroys the facts: nobody is told anything of the port any more.
func (l *Ledger) ForgetTold(ctx context.Context, portID string) error {
	_, err := change(ctx, l.db, `DELETE FROM told WHERE port_id = $1`, portID)
	return fault("destroy contacts", portID, err)
}
