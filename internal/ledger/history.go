package ledger

import (
	"context"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// PortOfNumber is one port that a number was in, as screening sees it.
type PortOfNumber struct {
	PortID      string            `json:"port_id"`
	Direction   porting.Direction `json:"direction"`
	Outcome     porting.Outcome   `json:"outcome,omitempty"` // empty while the port is open
	ClaimedAt   time.Time         `json:"claimed_at"`
	ActivatedAt time.Time         `json:"activated_at,omitzero"`
	ReleasedAt  time.Time         `json:"released_at,omitzero"`
}

// PortsOfNumber lists the ports, of every tenant, that claimed a number at or after since, the newest first. An open one
// is among them.
func (l *Ledger) PortsOfNumber(ctx context.Context, token string, since time.Time) ([]PortOfNumber, error) {
	ports, err := l.portsOfNumber(ctx, token, since)
	return ports, fault("look up number", "", err)
}

func (l *Ledger) portsOfNumber(ctx context.Context, token string, since time.Time) ([]PortOfNumber, error) {
	rows, err := l.db.QueryContext(ctx, `SELECT p.port_id, p.direction, p.outcome, p.claimed_at, p.activated_at, p.released_at
		FROM port_numbers n JOIN ports p ON p.port_id = n.port_id
		WHERE n.token = $1 AND p.claimed_at >= $2
		ORDER BY p.claimed_at DESC, p.port_id`, token, since.UnixMicro())
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	var ports []PortOfNumber
	for rows.Next() {
		var p PortOfNumber
		var claimed, activated, released instant
		if err := rows.Scan(&p.PortID, &p.Direction, &p.Outcome, &claimed, &activated, &released); err != nil {
			return nil, err
		}
		p.ClaimedAt, p.ActivatedAt, p.ReleasedAt = claimed.Time, activated.Time, released.Time
		ports = append(ports, p)
	}
	return ports, rows.Err()
}
