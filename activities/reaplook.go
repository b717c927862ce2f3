package activities

import (
	"cmp"
	"context"
	"fmt"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// LookAtPort gathers what is known of a port for its rescue.
func (r *Reaper) LookAtPort(ctx context.Context, in porting.LookInput) (porting.Record, error) {
	sagas := r.Sagas(ctx)
	saga, err := sagas.Saga(ctx, in.Port)
	if err != nil {
		return porting.Record{}, err
	}
	fence, err := r.Ledger.Fence(ctx, in.Port)
	if err != nil {
		return porting.Record{}, lasting(err)
	}
	version, err := r.versionOf(ctx, fence)
	if err != nil {
		return porting.Record{}, err
	}
	record := porting.Record{
		Live: saga.Live, Open: fence.ReleasedAt.IsZero() && !fence.ClaimedAt.IsZero(),
		Active: fence.State == ledger.FenceActive, ActivatedAt: fence.ActivatedAt, Version: version, Epoch: fence.Epoch,
		Jurisdiction: jurisdictionOf(fence.Pack), Tenant: fence.Tenant, Reference: fence.Reference,
		Carrier: cmp.Or(fence.Carrier, r.defaultCarrier()), Pack: fence.Pack, Risk: saga.Shown.Risk, Tokens: saga.Shown.Tokens,
	}
	if !fence.RevokeRequestedAt.IsZero() && fence.RevokedBy != porting.Reaper {
		revoke := revocationOf(fence)
		record.Revoke = &revoke
	}
	record.Outcome = outcomeOf(ctx, sagas, saga, in.Port)
	if fence.Direction == porting.PortOut && !record.Live {
		record.Leaving, err = r.orphan(ctx, fence)
	}
	return record, err
}

// versionOf is the last version of the order that may be at the carrier.
func (r *Reaper) versionOf(ctx context.Context, fence ledger.Fence) (int, error) {
	sent, err := r.Ledger.LastSubmission(ctx, fence.PortID)
	if err != nil && porting.KindOf(err) != porting.NotFound {
		return 0, err
	}
	return max(sent.Version, refOf(fence).Version, 1), nil
}

// outcomeOf is how a saga ended that ended by itself; empty where it cannot say.
func outcomeOf(ctx context.Context, sagas Sagas, saga Saga, port string) porting.Outcome {
	if saga.Ended != "completed" && saga.Ended != "canceled" {
		return ""
	}
	status, err := sagas.Status(ctx, port)
	if err != nil {
		return ""
	}
	return status.Outcome
}

// comparePage is how many ports one step compares: each is asked, and so is its carrier.
const comparePage = 50

// CompareLedger compares a page of open ports with their sagas and with what their carriers hold. Ports whose saga does not
// run are the rescue's.
func (r *Reaper) CompareLedger(ctx context.Context, in porting.CompareInput) (porting.Compared, error) {
	sagas := r.Sagas(ctx)
	ports, err := r.Ledger.OpenPorts(ctx, in.After, comparePage)
	if err != nil {
		return porting.Compared{}, err
	}
	compared := porting.Compared{Looked: len(ports)}
	for _, fence := range ports {
		m, err := r.compare(ctx, sagas, fence)
		if err != nil {
			return porting.Compared{}, err
		}
		if m != nil {
			compared.Mismatches = append(compared.Mismatches, *m)
		}
	}
	if len(ports) == comparePage {
		compared.Next = ports[len(ports)-1].PortID
		return compared, nil
	}
	lost, err := r.lostClaims(ctx, sagas)
	compared.Mismatches = append(compared.Mismatches, lost...)
	return compared, err
}

func (r *Reaper) compare(ctx context.Context, sagas Sagas, fence ledger.Fence) (*porting.Mismatch, error) {
	saga, err := sagas.Saga(ctx, fence.PortID)
	if err != nil || !saga.Live {
		return nil, err
	}
	status, err := sagas.Status(ctx, fence.PortID)
	if err != nil {
		return &porting.Mismatch{Port: fence.PortID, What: "its saga does not answer", Next: "see that workers run, and look at the workflow"}, nil
	}
	if status.Outcome != "" {
		return nil, nil // it ends just now
	}
	state := porting.CarrierUnknown
	if gateway, ok := r.Carriers[fence.Carrier]; ok {
		if read, err := readBack(ctx, gateway, porting.Ref{Port: fence.PortID, Version: max(status.OrderVersion, 1)}); err == nil {
			state = read.State
		}
	}
	return disagreement(fence, status, state), nil
}

// disagreement is where ledger, saga and carrier do not fit together; nil where they do, or where the gate or the saga
// settles it by itself.
func disagreement(fence ledger.Fence, saga porting.Status, state porting.CarrierState) *porting.Mismatch {
	m := &porting.Mismatch{Port: fence.PortID}
	atCarrier := saga.Stage == porting.Submitted || saga.Stage == porting.Confirmed
	switch {
	case saga.Stage == porting.RollingBack && fence.State == ledger.FenceOpen:
		m.What = "it is rolled back, and its fence is open: the ledger forgot why"
		m.Repair, m.Revoke = "the fence is closed", whyRolledBack(saga)
	case !fence.RevokeRequestedAt.IsZero() && saga.Stage != porting.RollingBack && saga.Stage != porting.Activating:
		m.What, m.Repair = "it was revoked, and its saga does not know", "the saga is told again"
	case state == porting.CarrierUnknown:
		m.What, m.Next = "its carrier does not say where the order stands", "ask the carrier, and compare again"
	case state == porting.CarrierActive && fence.State == ledger.FenceOpen && atCarrier:
		m.What = "its numbers moved, and neither the ledger nor the saga knows of an activation"
		m.Next = "revoke it to have the numbers ported back, or let it go on: on the FOC date the gate finds them moved"
	case state == porting.CarrierNothing && atCarrier:
		m.What, m.Next = "its carrier has no such order", "ask the carrier; revoke the port and start it anew if the order is lost"
	default:
		return nil
	}
	return m
}

// whyRolledBack is what the saga's timeline says of who ended it.
func whyRolledBack(saga porting.Status) *porting.Revoke {
	revoke := &porting.Revoke{By: porting.Reaper, Reason: porting.OtherReason}
	for _, e := range saga.Timeline {
		if e.Event == porting.EventRevoked {
			revoke.By, revoke.Reason = e.Actor, porting.Reason(e.Note)
		}
	}
	return revoke
}

// lostClaims finds sagas that run without a claim in the ledger: another port could claim their numbers.
func (r *Reaper) lostClaims(ctx context.Context, sagas Sagas) ([]porting.Mismatch, error) {
	running, err := sagas.Running(ctx, porting.WorkflowPortIn)
	if err != nil {
		return nil, err
	}
	var lost []porting.Mismatch
	for port, shown := range running {
		if shown.Stage == porting.Received || shown.Stage == porting.RollingBack {
			continue
		}
		fence, err := r.Ledger.Fence(ctx, port)
		if err != nil && porting.KindOf(err) != porting.NotFound {
			return nil, err
		}
		if err == nil && !fence.ClaimedAt.IsZero() {
			continue
		}
		lost = append(lost, porting.Mismatch{
			Port: port, What: fmt.Sprintf("its saga is in %s, and the ledger has no claim of its numbers", shown.Stage),
			Next: "revoke it and start it anew: the gate will not activate it",
		})
	}
	return lost, nil
}
