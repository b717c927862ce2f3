package ledger

import (
	"context"
	"database/sql"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// Link lets a customer do one thing to one port, once. The token in it is never kept: Hash is its SHA-256.
type Link struct {
	Hash      string    `json:"-"`
	PortID    string    `json:"port_id"`
	Purpose   string    `json:"purpose"`
	Notice    string    `json:"notice,omitempty"` // the notice that carries it
	MadeAt    time.Time `json:"made_at"`
	ExpiresAt time.Time `json:"expires_at"`
	UsedAt    time.Time `json:"used_at,omitzero"`
}

// NewLink keeps a link.
func (l *Ledger) NewLink(ctx context.Context, link Link) error {
	return fault("make link", link.PortID, insertLink(ctx, l.db, link))
}

func insertLink(ctx context.Context, q querier, link Link) error {
	_, err := change(ctx, q, `INSERT INTO links (hash, port_id, purpose, notice_id, made_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		link.Hash, link.PortID, link.Purpose, link.Notice, instant{link.MadeAt}, instant{link.ExpiresAt})
	return err
}

// Purposes of links.
const (
	StopPurpose = "stop"      // it stops a port
	KeepPurpose = "keep-lock" // it lets a lock hold on; its PortID is the event that asked for the unlock
)

// LinkUse is what the use of a link did.
type LinkUse struct {
	Link     Link
	Fence    Fence    // as it is now: closed, or too far for that, see CloseFence
	Numbers  []string // of the port, masked
	Referred bool     // the port is not ours to stop, and its fence was left alone
}

// StopByLink uses a link that stops its port, and closes the port's fence in the same transaction, as CloseFence does. It
// leaves the fence of a port that has ended alone, and of one that is not ours to stop by the word of stops. A link that was used or has expired, one for another purpose and one
// that never existed are the same NotFound, with code "link-unknown".
func (l *Ledger) StopByLink(ctx context.Context, hash, by string, why porting.Reason, at time.Time, stops func(Fence) bool) (LinkUse, error) {
	const op = "use link"
	var use LinkUse
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		if use.Link, err = useLink(ctx, tx, hash, StopPurpose, at); err != nil {
			return err
		}
		if use.Numbers, err = maskedNumbers(ctx, tx, use.Link.PortID); err != nil {
			return err
		}
		if use.Fence, err = readFence(ctx, tx, use.Link.PortID); err != nil && porting.KindOf(err) != porting.NotFound {
			return err
		}
		if ended := !use.Fence.ReleasedAt.IsZero(); ended || !stops(use.Fence) {
			use.Referred = !ended
			return countChange(ctx, tx)
		}
		use.Fence, err = stopPort(ctx, tx, use.Link.PortID, by, why, at)
		return err
	})
	if err != nil {
		return LinkUse{}, fault(op, "", err)
	}
	return use, nil
}

// useLink uses a link up.
func useLink(ctx context.Context, tx *sql.Tx, hash, purpose string, at time.Time) (Link, error) {
	used, err := change(ctx, tx, `UPDATE links SET used_at = $2
		WHERE hash = $1 AND purpose = $3 AND used_at IS NULL AND expires_at > $2`, hash, instant{at}, purpose)
	if err != nil {
		return Link{}, err
	}
	if used == 0 {
		return Link{}, &porting.Error{Kind: porting.NotFound, Code: "link-unknown", Op: "use link", Detail: "there is no such link"}
	}
	return scanLink(tx.QueryRowContext(ctx, selectLink+` WHERE hash = $1`, hash))
}

// stopPort closes a fence. The link's row is its only other write, and comes before.
func stopPort(ctx context.Context, tx *sql.Tx, portID, by string, why porting.Reason, at time.Time) (Fence, error) {
	_, err := change(ctx, tx, `INSERT INTO ports (port_id, state, epoch) VALUES ($1, 'open', 0) ON CONFLICT (port_id) DO NOTHING`, portID)
	if err != nil {
		return Fence{}, err
	}
	_, err = change(ctx, tx, `UPDATE ports SET
		revoked_by = CASE WHEN revoke_requested_at IS NULL THEN $2 ELSE revoked_by END,
		revoke_reason = CASE WHEN revoke_requested_at IS NULL THEN $3 ELSE revoke_reason END,
		revoke_requested_at = COALESCE(revoke_requested_at, $4)
		WHERE port_id = $1`, portID, by, why, instant{at})
	if err != nil {
		return Fence{}, err
	}
	if _, err = change(ctx, tx, closeRevoked, portID, instant{at}); err != nil {
		return Fence{}, err
	}
	fence, err := readFence(ctx, tx, portID)
	if err != nil {
		return Fence{}, err
	}
	return fence, countChange(ctx, tx, fence.revocationLeaf())
}

// UntoldLinks lists links that were used and whose ports have not been told so, the oldest first, at most limit.
func (l *Ledger) UntoldLinks(ctx context.Context, limit int) ([]Link, error) {
	links, err := l.untoldLinks(ctx, limit)
	return links, fault("list links", "", err)
}

func (l *Ledger) untoldLinks(ctx context.Context, limit int) ([]Link, error) {
	rows, err := l.db.QueryContext(ctx, selectLink+` WHERE purpose = $2 AND used_at IS NOT NULL AND told_at IS NULL ORDER BY used_at, hash LIMIT $1`, limit, StopPurpose)
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	var links []Link
	for rows.Next() {
		link, err := scanLink(rows)
		if err != nil {
			return nil, err
		}
		links = append(links, link)
	}
	return links, rows.Err()
}

// LinkTold reports that a port knows of a link's use.
func (l *Ledger) LinkTold(ctx context.Context, hash string, at time.Time) error {
	_, err := l.change(ctx, `UPDATE links SET told_at = $2 WHERE hash = $1 AND told_at IS NULL`, hash, instant{at})
	return fault("mark link", "", err)
}

const selectLink = `SELECT hash, port_id, purpose, notice_id, made_at, expires_at, used_at FROM links`

func scanLink(row interface{ Scan(dest ...any) error }) (Link, error) {
	var link Link
	var made, expires, used instant
	err := row.Scan(&link.Hash, &link.PortID, &link.Purpose, &link.Notice, &made, &expires, &used)
	link.MadeAt, link.ExpiresAt, link.UsedAt = made.Time, expires.Time, used.Time
	return link, err
}

// maskedNumbers are the numbers of a port as people may see them; none if it never claimed.
func maskedNumbers(ctx context.Context, tx *sql.Tx, portID string) ([]string, error) {
	rows, err := tx.QueryContext(ctx, `SELECT masked FROM port_numbers WHERE port_id = $1 ORDER BY masked`, portID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	var numbers []string
	for rows.Next() {
		var masked string
		if err := rows.Scan(&masked); err != nil {
			return nil, err
		}
		numbers = append(numbers, masked)
	}
	return numbers, rows.Err()
}
