package porting_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

func TestHold(t *testing.T) {
	t.Parallel()
	nine := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for _, stage := range []porting.Stage{porting.Screening, porting.Verifying, porting.Submitting, porting.Submitted, porting.Exception, porting.Confirmed} {
		t.Run(string(stage), func(t *testing.T) {
			t.Parallel()
			p := portIn(stage)
			require.NoError(t, p.Check(porting.Hold{By: "ana@desk"}))
			require.True(t, p.Receive(porting.Hold{By: "ana@desk", Why: "customer is asked"}, nine).Accepted)
			require.Equal(t, porting.OnHold, p.Stage)
			require.Equal(t, stage, p.Where())
			require.Equal(t, "port-on-hold", porting.CodeOf(p.Check(porting.Hold{By: "ana@desk"})))
			require.Equal(t, "port-not-deciding", porting.CodeOf(p.Check(porting.Decide{Decision: porting.Approve, By: "ben"})), "nobody decides on a port on hold")

			require.NoError(t, p.Check(porting.Resume{By: "ana@desk"}))
			require.True(t, p.Receive(porting.Resume{By: "ana@desk"}, nine.Add(2*time.Hour)).Accepted)
			require.Equal(t, stage, p.Stage)
			require.Equal(t, "after 2h0m0s", p.Timeline[len(p.Timeline)-1].Note)
			require.Equal(t, "port-not-on-hold", porting.CodeOf(p.Check(porting.Resume{By: "ana@desk"})))
			require.Equal(t, 2, p.ClockMoves, "the saga sets its clock anew for each")
		})
	}
}

func TestWorldGoesOnWhileOnHold(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	p := portIn(porting.Submitted)
	p.Receive(porting.Hold{By: "ana@desk"}, at)
	require.NoError(t, p.Move(porting.EventConfirmed, at, "carrier", ""))
	require.Equal(t, porting.OnHold, p.Stage)
	p.Receive(porting.Resume{By: "ana@desk"}, at)
	require.Equal(t, porting.Confirmed, p.Stage)

	p.Receive(porting.Hold{By: "ana@desk"}, at)
	require.NoError(t, p.Move(porting.EventRevoked, at, "ben", ""))
	require.Equal(t, porting.RollingBack, p.Stage, "a revocation ends the hold")
	require.Empty(t, p.HeldIn)
}

func TestHoldIsRefused(t *testing.T) {
	t.Parallel()
	for _, stage := range []porting.Stage{porting.Received, porting.Activating, porting.Active, porting.RollingBack} {
		require.Equal(t, "port-not-holdable", porting.CodeOf(portIn(stage).Check(porting.Hold{By: "ana@desk"})), stage)
	}
}

func TestOnlyWhatIsHeldIsResumed(t *testing.T) {
	t.Parallel()
	p := portIn(porting.Submitted)
	require.Equal(t, "illegal-transition", porting.CodeOf(p.Move(porting.EventResumed, time.Time{}, "ana@desk", "")))
	require.Equal(t, porting.Submitted, p.Stage)
	require.Empty(t, p.Timeline)

	answer := portIn(porting.Activating).Receive(porting.Hold{By: "ana@desk"}, time.Time{})
	require.False(t, answer.Accepted, "a check that was left out is made up for")
	require.Equal(t, porting.Activating, answer.Stage)
}

func TestExtend(t *testing.T) {
	t.Parallel()
	p := portIn(porting.Verifying)
	for _, hours := range []int{-1, 0, 721} {
		require.Equal(t, "hours-range", porting.CodeOf(p.Check(porting.Extend{By: "ana@desk", Hours: hours})))
	}
	require.NoError(t, p.Check(porting.Extend{By: "ana@desk", Hours: 24}))
	p.Receive(porting.Extend{By: "ana@desk", Hours: 24}, time.Time{})
	p.Receive(porting.Extend{By: "ana@desk", Hours: 2}, time.Time{})
	require.Equal(t, 26*time.Hour, p.MoreTime)
	require.Equal(t, 2, p.ClockMoves)
	require.Equal(t, "clock-not-ours", porting.CodeOf(portIn(porting.Submitted).Check(porting.Extend{By: "ana@desk", Hours: 1})))
}

func TestReassign(t *testing.T) {
	t.Parallel()
	p := portIn(porting.Submitted)
	require.Equal(t, "owner-missing", porting.CodeOf(p.Check(porting.Reassign{By: "ana@desk"})))
	p.Receive(porting.Reassign{By: "ana@desk", To: "ben@desk"}, time.Time{})
	require.Equal(t, "ben@desk", p.Status().Owner)
}
