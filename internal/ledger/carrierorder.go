package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// CarrierOrder is what a carrier calls one version of a port's order.
type CarrierOrder struct {
	PortID  string
	Version int
	OrderID string    // empty as long as no answer told it
	SentAt  time.Time // real time of the last try to send it; zero if it was found at the carrier
}

// IntendOrder writes down that an order is about to be sent. It is true for the one caller that may send: the order was
// never sent, or last at or before the instant called stale, and the carrier never gave it a name.
func (l *Ledger) IntendOrder(ctx context.Context, carrier, port string, version int, at, stale time.Time) (bool, error) {
	n, err := l.change(ctx, `INSERT INTO carrier_orders (carrier, port_id, version, order_id, sent_at) VALUES ($1, $2, $3, '', $4)
		ON CONFLICT (carrier, port_id, version) DO UPDATE SET sent_at = excluded.sent_at
		WHERE carrier_orders.order_id = '' AND (carrier_orders.sent_at IS NULL OR carrier_orders.sent_at <= $5)`,
		carrier, port, version, instant{at}, instant{stale})
	return n == 1, fault("intend order", port, err)
}

// NameOrder writes down the carrier's name of an order, intended or not. The first name stays: another one is refused with
// code "carrier-order-doubled".
func (l *Ledger) NameOrder(ctx context.Context, carrier, port string, version int, order string) error {
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := change(ctx, tx, `INSERT INTO carrier_orders (carrier, port_id, version, order_id) VALUES ($1, $2, $3, $4)
			ON CONFLICT (carrier, port_id, version) DO UPDATE SET order_id = excluded.order_id WHERE carrier_orders.order_id = ''`,
			carrier, port, version, order); err != nil {
			return err
		}
		var kept string
		row := tx.QueryRowContext(ctx, `SELECT order_id FROM carrier_orders WHERE carrier = $1 AND port_id = $2 AND version = $3`, carrier, port, version)
		if err := row.Scan(&kept); err != nil || kept == order {
			return err
		}
		return &porting.Error{
			Kind: porting.Refused, Code: "carrier-order-doubled", Op: "name order", Object: port, Detail: carrier + " holds it twice",
			Next: "have one of the two cancelled by the carrier's desk",
		}
	})
	return fault("name order", port, err)
}

// ForgetOrder takes back an intention that the carrier refused. An order with a name stays.
func (l *Ledger) ForgetOrder(ctx context.Context, carrier, port string, version int) error {
	_, err := l.change(ctx, `DELETE FROM carrier_orders WHERE carrier = $1 AND port_id = $2 AND version = $3 AND order_id = ''`, carrier, port, version)
	return fault("forget order", port, err)
}

// CarrierOrders lists the versions of a port's order at a carrier, the highest first.
func (l *Ledger) CarrierOrders(ctx context.Context, carrier, port string) ([]CarrierOrder, error) {
	all, err := l.carrierOrders(ctx, carrier, port)
	return all, fault("list orders", port, err)
}

func (l *Ledger) carrierOrders(ctx context.Context, carrier, port string) ([]CarrierOrder, error) {
	rows, err := l.db.QueryContext(ctx, `SELECT port_id, version, order_id, sent_at FROM carrier_orders
		WHERE carrier = $1 AND port_id = $2 ORDER BY version DESC`, carrier, port)
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	var all []CarrierOrder
	for rows.Next() {
		var o CarrierOrder
		var sent instant
		if err := rows.Scan(&o.PortID, &o.Version, &o.OrderID, &sent); err != nil {
			return nil, err
		}
		o.SentAt = sent.Time
		all = append(all, o)
	}
	return all, rows.Err()
}

// OrderNamed is the order that a carrier calls by a name; false if no order of ours is.
func (l *Ledger) OrderNamed(ctx context.Context, carrier, order string) (o CarrierOrder, found bool, err error) {
	row := l.db.QueryRowContext(ctx, `SELECT port_id, version, order_id FROM carrier_orders WHERE carrier = $1 AND order_id = $2`, carrier, order)
	err = row.Scan(&o.PortID, &o.Version, &o.OrderID)
	if errors.Is(err, sql.ErrNoRows) {
		return o, false, nil
	}
	return o, err == nil, fault("find order", "", err)
}
