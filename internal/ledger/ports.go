package ledger

import "context"

// OpenPorts lists ports that have claimed and are not released, in the order of their IDs: at most limit of those that
// come behind after. An empty after starts at the first one. Each page is read on its own, so a port that is claimed
// meanwhile may be missing.
func (l *Ledger) OpenPorts(ctx context.Context, after string, limit int) ([]Fence, error) {
	fences, err := l.openPorts(ctx, after, limit)
	return fences, fault("list open ports", "", err)
}

func (l *Ledger) openPorts(ctx context.Context, after string, limit int) ([]Fence, error) {
	rows, err := l.db.QueryContext(ctx, selectFence+`
		WHERE claimed_at IS NOT NULL AND released_at IS NULL AND port_id > $1 ORDER BY port_id LIMIT $2`, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	var fences []Fence
	for rows.Next() {
		fence, err := scanFence(rows)
		if err != nil {
			return nil, err
		}
		fences = append(fences, fence)
	}
	return fences, rows.Err()
}
