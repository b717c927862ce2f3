package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// KeepTold keeps the sealed facts from which a port's notices are written, and the token of the telephone on which its
// people are told. The first ones stay.
func (l *Ledger) KeepTold(ctx context.Context, portID string, sealed []byte, contact string) error {
	_, err := l.change(ctx, `INSERT INTO told (port_id, sealed, contact) VALUES ($1, $2, $3) ON CONFLICT (port_id) DO NOTHING`, portID, sealed, contact)
	return fault("keep contacts", portID, err)
}

// PortsToldAt lists the open ports whose people are told on a telephone, and those that move it.
func (l *Ledger) PortsToldAt(ctx context.Context, token string) ([]string, error) {
	rows, err := l.db.QueryContext(ctx, `SELECT port_id FROM told WHERE contact = $1
		UNION SELECT port_id FROM port_numbers WHERE token = $1 AND released_at IS NULL ORDER BY port_id`, token)
	if err != nil {
		return nil, fault("look up telephone", "", err)
	}
	defer rows.Close()
	var ports []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fault("look up telephone", "", err)
		}
		ports = append(ports, id)
	}
	return ports, fault("look up telephone", "", rows.Err())
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
	_, err := l.change(ctx, `UPDATE told SET foc = $2 WHERE port_id = $1`, portID, instant{foc})
	return fault("keep date", portID, err)
}

const forgetTold = `DELETE FROM told WHERE port_id = $1`

// ForgetTold destroys the facts: nobody is told anything of the port any more.
func (l *Ledger) ForgetTold(ctx context.Context, portID string) error {
	_, err := l.change(ctx, forgetTold, portID)
	return fault("destroy contacts", portID, err)
}
