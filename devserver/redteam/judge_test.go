package redteam

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// judge believes no saga, no gate and no server: only the carrier's own journal, the ledger, and what people signed in
// earnest. It returns the first thing that the policy does not allow.
func (v *victim) judge() error {
	v.Helper()
	for _, r := range readJournal(v, v.journal) {
		if err := v.judgeRecord(r); err != nil {
			return err
		}
	}
	fence, err := v.ledger.Fence(v.Context(), v.id)
	switch {
	case porting.KindOf(err) == porting.NotFound && !v.did(simulator.Submitted):
		return nil
	case err != nil:
		return err
	case !v.revoked.IsZero() && fence.State != ledger.FenceClosed:
		return fmt.Errorf("a revocation was acknowledged, and the fence is %s", fence.State)
	case fence.State == ledger.FenceActive && !v.did(simulator.ActivationAsked):
		return fmt.Errorf("the fence says that numbers moved, and the carrier does not")
	}
	return nil
}

func (v *victim) judgeRecord(r record) error {
	v.Helper()
	switch r.Effect {
	case simulator.Submitted, simulator.Supplemented, simulator.ActivationAsked:
		return v.judgeOrder(r)
	case simulator.Activated:
		if !v.did(simulator.ActivationAsked) {
			return fmt.Errorf("the carrier moved numbers that nobody asked it to move")
		}
	case simulator.ReversalAsked:
		return fmt.Errorf("numbers were ordered back, and nobody who may ask for it did")
	}
	return nil
}

// judgeOrder sees whether an order that was sent, or its activation, was approved as the policy asks by people who could
// still mean it.
func (v *victim) judgeOrder(r record) error {
	v.Helper()
	at := v.clock.Real(r.At)
	persons, from := map[string]bool{}, map[string]bool{}
	for _, s := range v.people.said {
		if s.port != r.Ref.Port || s.version != r.Ref.Version || s.at.After(at) || s.person == "ana" || v.outdated(s, at) {
			continue
		}
		if s.decision == porting.Reject {
			return fmt.Errorf("%s although %s rejected the order", r.Effect, s.person)
		}
		persons[s.person], from[teams[s.person]] = true, true
	}
	switch {
	case len(persons) < v.policy.People, len(from) < v.policy.Teams, v.policy.Hardware > 0:
		return fmt.Errorf("%s, approved by %v where %+v is asked", r.Effect, slices.Sorted(maps.Keys(persons)), v.policy)
	case r.Effect == simulator.ActivationAsked && !v.revoked.IsZero() && v.revoked.Before(at):
		return fmt.Errorf("%s after an acknowledged revocation", r.Effect)
	case r.Numbers != nil && r.Ref.Port == v.id && !slices.Equal(r.Numbers, v.order.Numbers):
		return fmt.Errorf("%s with other numbers than were approved", r.Effect)
	}
	return v.judgeClaims(r)
}

// judgeClaims sees whether the port holds the numbers that it sends.
func (v *victim) judgeClaims(r record) error {
	v.Helper()
	for _, number := range r.Numbers {
		holders, err := v.ledger.PortsOfNumber(context.WithoutCancel(v.Context()), v.neighbours.Vault.LockToken(number), time.Time{})
		require.NoError(v, err)
		if !slices.ContainsFunc(holders, func(p ledger.PortOfNumber) bool { return p.PortID == r.Ref.Port }) {
			return fmt.Errorf("%s with a number that the port does not hold", r.Effect)
		}
	}
	return nil
}

// outdated reports whether a decision was worth nothing any more at an instant: the key was lost, or the port was reset.
func (v *victim) outdated(s said, at time.Time) bool {
	if lost, is := v.people.revoked[s.person]; is && lost.Before(at) {
		return true
	}
	return slices.ContainsFunc(v.resets, func(reset time.Time) bool { return s.at.Before(reset) && reset.Before(at) })
}

// did reports whether something happened to the port's order at the carrier.
func (v *victim) did(effect string) bool {
	v.Helper()
	return slices.ContainsFunc(readJournal(v, v.journal), func(r record) bool { return r.Ref.Port == v.id && r.Effect == effect })
}
