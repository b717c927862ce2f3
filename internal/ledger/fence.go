package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// FenceState says whether a port may be activated.
type FenceState string

// States of a fence. Closed is final.
const (
	FenceOpen       FenceState = "open"       // may be activated
	FenceActivating FenceState = "activating" // an activation holds it; the numbers may be moving
	FenceActive     FenceState = "active"     // the numbers moved
	FenceClosed     FenceState = "closed"     // revoked or ended; never activated again
)

// Fence is the row that an activation must win and a revocation closes. Whichever commits first holds, whatever happens
// to the workflow.
type Fence struct {
	PortID string     `json:"port_id"`
	State  FenceState `json:"state"`
	Epoch  int64      `json:"epoch"` // 1 when claimed; rises when the fence closes

	// What the port was first claimed with; see Claim. Empty if it was revoked before it claimed.
	Direction porting.Direction `json:"direction,omitempty"`
	Tenant    string            `json:"tenant,omitempty"`
	Reference string            `json:"reference,omitempty"`
	Carrier   string            `json:"carrier,omitempty"`
	Pack      string            `json:"pack,omitempty"`
	Submitter string            `json:"submitter,omitempty"`
	Run       string            `json:"run,omitempty"`
	ClaimedAt time.Time         `json:"claimed_at,omitzero"`

	ActivationKey string    `json:"activation_key,omitempty"` // the last activation that held the fence
	ActivatingAt  time.Time `json:"activating_at,omitzero"`
	ActivatedAt   time.Time `json:"activated_at,omitzero"` // when it was reported that the numbers moved

	// RevokeRequestedAt is when a revocation first came, in time or not. A gate that finds it set beside an activation
	// in flight must first ask the carrier whether the numbers moved.
	RevokeRequestedAt time.Time      `json:"revoke_requested_at,omitzero"`
	RevokedAt         time.Time      `json:"revoked_at,omitzero"` // when the revocation closed the fence
	RevokedBy         string         `json:"revoked_by,omitempty"`
	RevokeReason      porting.Reason `json:"revoke_reason,omitempty"`

	Outcome    porting.Outcome `json:"outcome,omitempty"`
	ReleasedAt time.Time       `json:"released_at,omitzero"` // when the port ended and its numbers were freed
}

// Fence returns a port's fence; NotFound with code "port-unknown" if the ledger never heard of the port.
func (l *Ledger) Fence(ctx context.Context, portID string) (Fence, error) {
	fence, err := readFence(ctx, l.db, portID)
	return fence, fault("read fence", portID, err)
}

func readFence(ctx context.Context, q querier, portID string) (Fence, error) {
	fence, err := scanFence(q.QueryRowContext(ctx, selectFence+` WHERE port_id = $1`, portID))
	if errors.Is(err, sql.ErrNoRows) {
		return Fence{}, &porting.Error{
			Kind: porting.NotFound, Code: "port-unknown", Op: "read fence", Object: portID,
			Detail: "the ledger has no such port", Next: "check the port's ID",
		}
	}
	return fence, err
}

const selectFence = `SELECT port_id, state, epoch, direction, tenant, reference, carrier, pack, submitter, run, claimed_at,
	activation_key, activating_at, activated_at, revoke_requested_at, revoked_at, revoked_by, revoke_reason, outcome, released_at
	FROM ports`

func scanFence(row interface{ Scan(dest ...any) error }) (Fence, error) {
	var f Fence
	var claimed, activating, activated, requested, revoked, released instant
	err := row.Scan(&f.PortID, &f.State, &f.Epoch, &f.Direction, &f.Tenant, &f.Reference, &f.Carrier, &f.Pack, &f.Submitter, &f.Run,
		&claimed, &f.ActivationKey, &activating, &activated, &requested, &revoked, &f.RevokedBy, &f.RevokeReason, &f.Outcome, &released)
	f.ClaimedAt, f.ActivatingAt, f.ActivatedAt, f.ReleasedAt = claimed.Time, activating.Time, activated.Time, released.Time
	f.RevokeRequestedAt, f.RevokedAt = requested.Time, revoked.Time
	return f, err
}

// closeRevoked closes an open fence whose revocation was requested.
const closeRevoked = `UPDATE ports SET state = 'closed', epoch = epoch + 1, revoked_at = $2
	WHERE port_id = $1 AND state = 'open' AND revoke_requested_at IS NOT NULL`

// CloseFence is the revocation. If the fence returned is closed, no activation commits from now on, and none is in
// flight. If it is activating or active, the revocation came too late to stop it: the request is recorded, and closes
// the fence if the activation turns out not to have moved the numbers. The first request stays. A port that never
// claimed is closed in advance, so that it never can. The numbers stay claimed until Release.
func (l *Ledger) CloseFence(ctx context.Context, portID, by string, why porting.Reason, at time.Time) (Fence, error) {
	var fence Fence
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := change(ctx, tx, `INSERT INTO ports (port_id, state, epoch) VALUES ($1, 'open', 0)
			ON CONFLICT (port_id) DO NOTHING`, portID)
		if err != nil {
			return err
		}
		// This holds the row until the commit: the state that the next statement sees is the last word.
		_, err = change(ctx, tx, `UPDATE ports SET
			revoked_by = CASE WHEN revoke_requested_at IS NULL THEN $2 ELSE revoked_by END,
			revoke_reason = CASE WHEN revoke_requested_at IS NULL THEN $3 ELSE revoke_reason END,
			revoke_requested_at = COALESCE(revoke_requested_at, $4)
			WHERE port_id = $1`, portID, by, why, instant{at})
		if err != nil {
			return err
		}
		if _, err = change(ctx, tx, closeRevoked, portID, instant{at}); err != nil {
			return err
		}
		if fence, err = readFence(ctx, tx, portID); err != nil {
			return err
		}
		return countChange(ctx, tx, fence.revocationLeaf())
	})
	return fence, fault("revoke port", portID, err)
}

// errOpenedMeanwhile means that a fence was not open when it was to be won, and open when we looked why.
var errOpenedMeanwhile = errors.New("the fence was opened meanwhile")

// BeginActivation wins the fence for the activation that key names, or fails: it moves an open fence of the given epoch
// to activating. The same key again is answered with the fence as it is, which may already be active. Codes of Refused:
// "fence-closed", "fence-epoch" and "fence-taken"; NotFound is "port-unknown". While the ledger is in quarantine every
// call, also with a key that holds the fence, is Refused with code "ledger-quarantined".
func (l *Ledger) BeginActivation(ctx context.Context, portID string, epoch int64, key string, at time.Time) (Fence, error) {
	const op = "begin activation"
	for {
		fence, err := l.beginActivation(ctx, op, portID, epoch, key, at)
		switch {
		case err == nil:
			return fence, nil
		case !errors.Is(err, errOpenedMeanwhile):
			return Fence{}, fault(op, portID, err)
		}
	}
}

func (l *Ledger) beginActivation(ctx context.Context, op, portID string, epoch int64, key string, at time.Time) (fence Fence, err error) {
	err = l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		won, err := change(ctx, tx, `UPDATE ports SET state = 'activating', activation_key = $3, activating_at = $4
			WHERE port_id = $1 AND state = 'open' AND epoch = $2`, portID, epoch, key, instant{at})
		if err != nil {
			return err
		}
		// A quarantine writes the same row: it comes before this activation and stops it, or after its commit.
		trusted, err := change(ctx, tx, `UPDATE ledger_state SET changes = changes + $1 WHERE `+notQuarantined, won)
		if err != nil {
			return err
		}
		if trusted == 0 {
			return refuseQuarantined(ctx, tx, op, portID)
		}
		fence, err = readFence(ctx, tx, portID)
		switch {
		case err == nil && won == 1:
			return appendLeaves(ctx, tx, fence.begunLeaf())
		case err != nil || fence.heldBy(key):
			return err
		case fence.State == FenceOpen && fence.Epoch == epoch:
			return errOpenedMeanwhile
		}
		return fence.refuse(op, epoch)
	})
	return fence, err
}

// EndActivation reports how the activation that key names ended. moved makes the fence active. Not moved, which the
// caller must be sure of, opens it again, or closes it if a revocation came meanwhile. Reporting the same end again
// changes nothing. Codes of Refused: "fence-taken" and "activation-ended"; NotFound is "port-unknown".
func (l *Ledger) EndActivation(ctx context.Context, portID, key string, moved bool, at time.Time) error {
	const op = "end activation"
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		ended, err := endActivation(ctx, tx, portID, key, moved, at)
		if err != nil {
			return err
		}
		if ended {
			return countChange(ctx, tx, endedLeaf(portID, key, moved, at))
		}
		fence, err := readFence(ctx, tx, portID)
		if err != nil {
			return err
		}
		return fence.checkEnded(op, key, moved)
	})
	return fault(op, portID, err)
}

func endActivation(ctx context.Context, tx *sql.Tx, portID, key string, moved bool, at time.Time) (bool, error) {
	const whileHeld = ` WHERE port_id = $1 AND state = 'activating' AND activation_key = $2`
	if moved {
		ended, err := change(ctx, tx, `UPDATE ports SET state = 'active', activated_at = $3`+whileHeld, portID, key, instant{at})
		return ended == 1, err
	}
	ended, err := change(ctx, tx, `UPDATE ports SET state = 'open'`+whileHeld, portID, key)
	if err != nil || ended == 0 {
		return false, err
	}
	_, err = change(ctx, tx, closeRevoked, portID, instant{at})
	return true, err
}

func (f Fence) heldBy(key string) bool {
	return f.ActivationKey == key && (f.State == FenceActivating || f.State == FenceActive)
}

// refuse says why an activation of the given epoch did not win the fence.
func (f Fence) refuse(op string, epoch int64) error {
	no := &porting.Error{Kind: porting.Refused, Op: op, Object: f.PortID}
	switch {
	case !f.RevokedAt.IsZero():
		no.Code, no.Detail = "fence-closed", "the authorization was revoked at "+f.RevokedAt.Format(time.RFC3339)
	case f.State == FenceClosed:
		no.Code, no.Detail = "fence-closed", "the port has ended"
	case f.State == FenceOpen:
		no.Code, no.Detail = "fence-epoch", fmt.Sprintf("the fence is at epoch %d, not %d", f.Epoch, epoch)
	default:
		no.Code, no.Detail = "fence-taken", "another activation holds the fence"
	}
	return no
}

// checkEnded passes an end that was reported before.
func (f Fence) checkEnded(op, key string, moved bool) error {
	no := &porting.Error{Kind: porting.Refused, Op: op, Object: f.PortID}
	switch {
	case f.ActivationKey != key:
		no.Code, no.Detail = "fence-taken", "this activation does not hold the fence"
	case f.ActivatedAt.IsZero() == moved:
		no.Code, no.Detail = "activation-ended", "it was reported before with another end"
	default:
		return nil
	}
	return no
}
