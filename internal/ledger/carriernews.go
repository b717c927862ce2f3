package ledger

import (
	"context"
	"time"
)

// CarrierNews is verified news of a carrier that waits for somebody who can ask the carrier, or for a port that can be told. It
// is a hint: nothing in it is believed, and nothing in it is personal.
type CarrierNews struct {
	Carrier string
	ID      string // the same in each repetition
	Port    string // that could not be told; "" where only the carrier knows whose the news are
	Order   string // the carrier's own ID of the order that the news are about, or ""
	PortOut string // the counterparty's request that the news are about, or ""
	Word    string // the carrier's word for what happened
	At      time.Time
}

// KeepNews keeps news until DropNews. The same news again changes nothing.
func (l *Ledger) KeepNews(ctx context.Context, n CarrierNews) error {
	_, err := l.change(ctx, `INSERT INTO carrier_news (carrier, news_id, port_id, order_id, port_out, word, taken_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`, n.Carrier, n.ID, n.Port, n.Order, n.PortOut, n.Word, instant{n.At})
	return fault("keep news", n.Port, err)
}

// WaitingNews lists news that wait, the oldest first.
func (l *Ledger) WaitingNews(ctx context.Context, limit int) ([]CarrierNews, error) {
	all, err := l.waitingNews(ctx, limit)
	return all, fault("list news", "", err)
}

func (l *Ledger) waitingNews(ctx context.Context, limit int) ([]CarrierNews, error) {
	rows, err := l.db.QueryContext(ctx, `SELECT carrier, news_id, port_id, order_id, port_out, word, taken_at FROM carrier_news
		ORDER BY taken_at, carrier, news_id LIMIT $1`, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	var all []CarrierNews
	for rows.Next() {
		var n CarrierNews
		var at instant
		if err := rows.Scan(&n.Carrier, &n.ID, &n.Port, &n.Order, &n.PortOut, &n.Word, &at); err != nil {
			return nil, err
		}
		n.At = at.Time
		all = append(all, n)
	}
	return all, rows.Err()
}

// DropNews forgets news that were brought to where they belong. It is no error if they are gone.
func (l *Ledger) DropNews(ctx context.Context, carrier, id string) error {
	_, err := l.change(ctx, `DELETE FROM carrier_news WHERE carrier = $1 AND news_id = $2`, carrier, id)
	return fault("drop news", "", err)
}
