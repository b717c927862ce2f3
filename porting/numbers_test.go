package porting_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

// five is a port of five numbers, the first of which was settled before.
func five() *porting.Port {
	in := input()
	in.Order.Numbers = []porting.Number{"+12025550120", "+12025550121", "+12025550122", "+12025550123", "+12025550124"}
	p := porting.NewPort(in)
	p.Numbers[0].Status, p.Numbers[0].Reason = porting.NumberMovedBack, porting.AuthorizationRevoked
	return p
}

// settled is what became of the numbers, in their order.
func settled(p *porting.Port) [][2]string {
	var all [][2]string
	for _, n := range p.Numbers {
		all = append(all, [2]string{n.Status, string(n.Reason)})
	}
	return all
}

func TestNumbersThatAConfirmationLeavesOut(t *testing.T) {
	t.Parallel()
	p := five()
	p.Confirmed([]porting.NumberState{
		{Number: "+12025550120", State: porting.CarrierRejected},
		{Number: "+12025550121", State: porting.CarrierRejected, Reason: porting.SuspectedFraud},
		{Number: "+12025550122", State: porting.CarrierRefused},
		{Number: "+12025550123", State: porting.CarrierCancelled},
		{Number: "+12025550124", State: porting.CarrierConfirmed},
	})
	require.Equal(t, [][2]string{
		{porting.NumberMovedBack, string(porting.AuthorizationRevoked)}, // it was settled before
		{porting.NumberNotMoved, string(porting.SuspectedFraud)},
		{porting.NumberNotMoved, string(porting.OtherReason)},
		{porting.NumberNotMoved, string(porting.OtherReason)},
		{porting.NumberPending, ""},
	}, settled(p))
	require.Equal(t, 3, p.Left())
	require.Zero(t, p.Moved())
}

func TestNumbersThatAnActivationMoves(t *testing.T) {
	t.Parallel()
	p := five()
	p.Activated([]porting.NumberState{
		{Number: "+12025550120", State: porting.CarrierActive},
		{Number: "+12025550121", State: porting.CarrierPending, Reason: porting.SuspectedFraud},
		{Number: "+12025550122", State: porting.CarrierActive},
		{Number: "+12025550124", State: porting.CarrierUnknown},
	})
	require.Equal(t, [][2]string{
		{porting.NumberMovedBack, string(porting.AuthorizationRevoked)},
		{porting.NumberNotMoved, string(porting.SuspectedFraud)},
		{porting.NumberMoved, ""},
		{porting.NumberMoved, ""}, // nothing was said of it: it moved with the others
		{porting.NumberNotMoved, string(porting.OtherReason)},
	}, settled(p))
	require.Equal(t, 2, p.Left())
	require.Equal(t, 2, p.Moved())

	p.Mark(porting.NumberMoved, porting.NumberMovedBack, porting.UnauthorisedPort)
	require.Zero(t, p.Moved())
	require.Equal(t, 2, p.Left(), "numbers in another state stay in it")
}

// A mend that people need not see takes their decisions along: those on the version before, and no older ones.
func TestResubmitTakesDecisionsAlong(t *testing.T) {
	t.Parallel()
	p := portIn(porting.Submitting)
	p.Order.Version, p.Order.Wishes.DueDate = 2, "2026-02-01"
	p.Decisions = []porting.Decision{
		{By: "eve", Decision: porting.Approve, OrderVersion: 1},
		{By: "ana", Decision: porting.Approve, OrderVersion: 2},
	}
	p.Resubmit(false)
	require.Equal(t, 3, p.Order.Version)
	require.Equal(t, "2026-02-01", p.Order.Wishes.DueDate)
	require.Equal(t, []porting.Decision{
		{By: "eve", Decision: porting.Approve, OrderVersion: 1},
		{By: "ana", Decision: porting.Approve, OrderVersion: 2},
		{By: "ana", Decision: porting.Approve, OrderVersion: 3},
	}, p.Decisions)

	p.Resubmit(true)
	require.Equal(t, 4, p.Order.Version)
	require.Empty(t, p.Order.Wishes.DueDate, "left to the carrier")
}
