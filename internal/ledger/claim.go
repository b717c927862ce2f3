package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/porting"
)

// Claim is a port that takes its numbers.
type Claim struct {
	PortID            string
	Direction         porting.Direction
	Tenant, Reference string
	Carrier           string // that the order will be sent to
	Pack              string // the rules that the port keeps to its end
	Submitter         string // who ordered the port, and so may not approve it
	Run               string // run ID of the saga that claims; a Reset makes another one
	Numbers           []NumberClaim
	At                time.Time
}

// NumberClaim is one number of a claim.
type NumberClaim struct {
	Token  string // the deployment-wide lock token; equal numbers have equal tokens in every tenant
	Masked string // the number as people may see it
}

// HeldError names the first number of a claim that another open port holds. It is the cause of "number-in-open-port".
type HeldError struct {
	Number string // masked
	Holder string // ID of the port that holds it
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("number %s is in open port %s", e.Number, e.Holder)
}

// errHolderGone means that a number was held when it was claimed and free when we looked by whom.
var errHolderGone = errors.New("the number was released meanwhile")

const (
	opClaim       = "claim numbers"
	claimAttempts = 10 // each one needs another port to release a number in the same instant
)

// Claim takes the numbers for a port and opens its fence at epoch 1, all or nothing. The port keeps them until Release.
// Claiming the same numbers for the same port again returns the fence as it is: whatever else the first claim said, its
// carrier, pack, submitter and run among it, stays, and callers go by the fence. Codes of Refused: "number-in-open-port" (with a *HeldError),
// "port-revoked", "port-closed" and "claim-differs"; of Invalid: "claim-empty" and "number-twice".
func (l *Ledger) Claim(ctx context.Context, c Claim) (Fence, error) {
	return l.claimAnd(ctx, c, func(context.Context, *sql.Tx) error { return nil })
}

// ClaimKeeping claims as Claim does, and keeps a sealed secret with the port. It returns the secret that the first claim kept.
func (l *Ledger) ClaimKeeping(ctx context.Context, c Claim, s KeptSecret) (fence Fence, kept []byte, err error) {
	fence, err = l.claimAnd(ctx, c, func(ctx context.Context, tx *sql.Tx) (err error) {
		kept, err = keepSecret(ctx, tx, s)
		return err
	})
	return fence, kept, err
}

func (l *Ledger) claimAnd(ctx context.Context, c Claim, also func(context.Context, *sql.Tx) error) (Fence, error) {
	if err := c.check(); err != nil {
		return Fence{}, err
	}
	fence, err := l.claim(ctx, c, also)
	for attempt := 1; errors.Is(err, errHolderGone) && attempt < claimAttempts; attempt++ {
		fence, err = l.claim(ctx, c, also)
	}
	return fence, fault(opClaim, c.PortID, err)
}

func (l *Ledger) claim(ctx context.Context, c Claim, also func(context.Context, *sql.Tx) error) (fence Fence, err error) {
	err = l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		fresh, err := change(ctx, tx, `INSERT INTO ports
			(port_id, direction, tenant, reference, carrier, pack, submitter, run, claimed_at, state, epoch)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'open', 1) ON CONFLICT (port_id) DO NOTHING`,
			c.PortID, c.Direction, c.Tenant, c.Reference, c.Carrier, c.Pack, c.Submitter, c.Run, instant{c.At})
		if err != nil {
			return err
		}
		if fresh == 0 {
			err = checkClaimedBefore(ctx, tx, c)
		}
		if err == nil {
			err = also(ctx, tx)
		}
		if err == nil && fresh == 1 {
			err = takeNumbers(ctx, tx, c) // last: all writers meet where it counts the change
		}
		if err != nil {
			return err
		}
		fence, err = readFence(ctx, tx, c.PortID)
		return err
	})
	return fence, err
}

func (c Claim) check() error {
	if len(c.Numbers) == 0 {
		return c.no(porting.Invalid, "claim-empty", "a port has at least one number", "")
	}
	seen := make(map[string]bool, len(c.Numbers))
	for _, n := range c.Numbers {
		if seen[n.Token] {
			return c.no(porting.Invalid, "number-twice", "number "+n.Masked+" is in the order twice", "remove one of the two")
		}
		seen[n.Token] = true
	}
	return nil
}

func (c Claim) no(kind porting.Kind, code, detail, next string) *porting.Error {
	return &porting.Error{Kind: kind, Code: code, Op: opClaim, Object: c.PortID, Detail: detail, Next: next}
}

// takeNumbers inserts the numbers. The unique index over open ports decides who gets each one.
func takeNumbers(ctx context.Context, tx *sql.Tx, c Claim) error {
	// Every claim takes its numbers in the same order, so that two claims never wait for each other in a circle.
	byToken := slices.SortedFunc(slices.Values(c.Numbers), func(a, b NumberClaim) int { return cmp.Compare(a.Token, b.Token) })

	for batch := range slices.Chunk(byToken, batchSize) {
		args := []any{c.PortID}
		for _, n := range batch {
			args = append(args, n.Token, n.Masked)
		}
		rows := list(len(batch), func(i int) string { return fmt.Sprintf("($1, $%d, $%d)", 2*i+2, 2*i+3) })
		taken, err := change(ctx, tx, `INSERT INTO port_numbers (port_id, token, masked) VALUES `+rows+`
			ON CONFLICT DO NOTHING`, args...)
		if err != nil {
			return err
		}
		if taken < int64(len(batch)) {
			return refuseHeld(ctx, tx, c)
		}
	}
	return countChange(ctx, tx, c.leaf())
}

// refuseHeld finds the first number of the claim, in its own order, that another open port holds.
func refuseHeld(ctx context.Context, tx *sql.Tx, c Claim) error {
	for batch := range slices.Chunk(c.Numbers, batchSize) {
		holders, err := holdersOf(ctx, tx, c.PortID, batch)
		if err != nil {
			return err
		}
		for _, n := range batch {
			if holder, held := holders[n.Token]; held {
				cause := &HeldError{Number: n.Masked, Holder: holder}
				refusal := c.no(porting.Refused, "number-in-open-port", cause.Error(), "wait until that port has ended, or revoke it")
				refusal.Err = cause
				return refusal
			}
		}
	}
	return errHolderGone
}

// holdersOf maps the tokens that other open ports hold to those ports.
func holdersOf(ctx context.Context, tx *sql.Tx, portID string, numbers []NumberClaim) (map[string]string, error) {
	args := []any{portID}
	for _, n := range numbers {
		args = append(args, n.Token)
	}
	tokens := list(len(numbers), func(i int) string { return fmt.Sprintf("$%d", i+2) })
	//nolint:gosec // what is joined are placeholders
	rows, err := tx.QueryContext(ctx, `SELECT token, port_id FROM port_numbers
		WHERE released_at IS NULL AND port_id <> $1 AND token IN (`+tokens+`)`, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	holders := map[string]string{}
	for rows.Next() {
		var token, holder string
		if err := rows.Scan(&token, &holder); err != nil {
			return nil, err
		}
		holders[token] = holder
	}
	return holders, rows.Err()
}

// checkClaimedBefore passes a repeated claim and refuses a port that ended, was revoked, or holds other numbers.
func checkClaimedBefore(ctx context.Context, tx *sql.Tx, c Claim) error {
	fence, err := readFence(ctx, tx, c.PortID)
	if err != nil {
		return err
	}
	switch {
	case !fence.RevokedAt.IsZero():
		return c.no(porting.Refused, "port-revoked", "the authorization was revoked", "start a new port with a new authorization")
	case fence.State == FenceClosed:
		return c.no(porting.Refused, "port-closed", "the port has ended", "start a new port under another reference")
	}
	same, err := holdsExactly(ctx, tx, c)
	if err == nil && !same {
		err = c.no(porting.Refused, "claim-differs", "the port already holds other numbers", "start a port of its own for them")
	}
	return err
}

func holdsExactly(ctx context.Context, tx *sql.Tx, c Claim) (bool, error) {
	rows, err := tx.QueryContext(ctx, `SELECT token FROM port_numbers WHERE port_id = $1`, c.PortID)
	if err != nil {
		return false, err
	}
	defer rows.Close()

	held := map[string]bool{}
	for rows.Next() {
		var token string
		if err := rows.Scan(&token); err != nil {
			return false, err
		}
		held[token] = true
	}
	another := slices.ContainsFunc(c.Numbers, func(n NumberClaim) bool { return !held[n.Token] })
	return len(held) == len(c.Numbers) && !another, rows.Err()
}

// Release ends a port: it closes the fence and frees the numbers, so that another port may claim them at once. It is the
// last step of a saga, whatever its outcome: a port whose order may still live at a carrier keeps its numbers, also after
// its revocation and its activation, however long that takes. The first outcome stays. A port that never claimed has
// nothing to release. While an activation is in flight it is refused with code "activation-in-flight", because the numbers
// may be about to move.
func (l *Ledger) Release(ctx context.Context, portID string, outcome porting.Outcome, at time.Time) error {
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		released, err := release(ctx, tx, portID, outcome, at)
		if err != nil || !released {
			return err
		}
		return countChange(ctx, tx, closedLeaf(portID, outcome, at))
	})
	return fault(opRelease, portID, err)
}

const opRelease = "release port"

// release reports whether the port was open until now.
func release(ctx context.Context, tx *sql.Tx, portID string, outcome porting.Outcome, at time.Time) (bool, error) {
	released, err := change(ctx, tx, `UPDATE ports SET
		state = 'closed', epoch = epoch + CASE state WHEN 'closed' THEN 0 ELSE 1 END, outcome = $2, released_at = $3
		WHERE port_id = $1 AND state <> 'activating' AND released_at IS NULL`, portID, outcome, instant{at})
	if err != nil {
		return false, err
	}
	if released == 0 {
		return false, checkReleased(ctx, tx, opRelease, portID)
	}
	_, err = change(ctx, tx, `UPDATE port_numbers SET released_at = $2 WHERE port_id = $1`, portID, instant{at})
	if err == nil {
		err = awaitNothing(ctx, tx, portID)
	}
	return true, err
}

// End is how a port ends.
type End struct {
	PortID   string
	Outcome  porting.Outcome
	At       time.Time
	Timeline []audit.Leaf // how it went, each with a Ref
}

// End releases a port as Release does, and with it destroys its secrets, what its people were to be told by, and what its desk
// knows of persons; the log gets its timeline. All of it, or nothing.
func (l *Ledger) End(ctx context.Context, e End) error {
	err := l.inTxWith(ctx, gathered(ctx).take(), func(ctx context.Context, tx *sql.Tx, leaves []audit.Leaf) error {
		released, err := release(ctx, tx, e.PortID, e.Outcome, e.At)
		if err != nil {
			return err
		}
		for _, forget := range []string{takeNoCodes, forgetCodes, forgetDesk, forgetTold} {
			if _, err := change(ctx, tx, forget, e.PortID); err != nil {
				return err
			}
		}
		leaves = append(leaves, e.Timeline...)
		if !released {
			return appendLeaves(ctx, tx, leaves...)
		}
		return countChange(ctx, tx, append(leaves, closedLeaf(e.PortID, e.Outcome, e.At))...)
	})
	return fault(opRelease, e.PortID, err)
}

// checkReleased passes a port that was released before or never known.
func checkReleased(ctx context.Context, tx *sql.Tx, op, portID string) error {
	fence, err := readFence(ctx, tx, portID)
	switch {
	case porting.KindOf(err) == porting.NotFound:
		return nil
	case err != nil || !fence.ReleasedAt.IsZero():
		return err
	}
	return &porting.Error{
		Kind: porting.Refused, Code: "activation-in-flight", Op: op, Object: portID,
		Detail: "an activation holds the fence", Next: "end the activation first",
	}
}

// batchSize keeps a statement well below the 32,766 parameters that SQLite allows.
const batchSize = 2000

// list writes n items with commas between them.
func list(n int, item func(i int) string) string {
	items := make([]string, n)
	for i := range items {
		items[i] = item(i)
	}
	return strings.Join(items, ", ")
}
