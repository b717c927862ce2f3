package allinone

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
	"github.com/portsaga/portsaga/worker"
)

// aMinuteADay leaves the reaper and the rescue some seconds of the hours in which a donor answers.
func aMinuteADay(now time.Time) porting.Clock {
	return porting.Clock{Scale: 1_440, RealStart: now, BusinessStart: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}
}

// A port-out whose saga is terminated while people decide is answered by its rescue in time, calls a person, and goes on to its
// end.
func TestATerminatedPortOutIsAnswered(t *testing.T) {
	takesMinutes(t)
	s, err := Start(t.Context(), Options{Dir: t.TempDir(), Clock: aMinuteADay, Fast: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	_, err = worker.ScheduleReaper(t.Context(), s.Client, starter.DefaultTaskQueue, porting.ReapInput{Clock: s.Clock, Grace: time.Millisecond})
	require.NoError(t, err)

	const number = porting.Number("+33639980105")
	asked := counterparty("FR-5", "happy", number)
	before := ledger.Claim{
		PortID: "pi-before", Direction: porting.PortIn, At: s.Clock.BusinessStart.AddDate(0, 0, -1),
		Numbers: []ledger.NumberClaim{{Token: s.neighbours.Vault.LockToken(number), Masked: number.String()}},
	}
	_, err = s.neighbours.Ledger.Claim(t.Context(), before)
	require.NoError(t, err)
	require.NoError(t, s.neighbours.Ledger.Release(t.Context(), before.PortID, porting.OutcomeCompleted, before.At))
	require.NoError(t, s.Carrier.SendPortOut(asked))
	asked.Request.Carrier = "simulator"
	id := asked.Request.PortID()
	var by time.Time
	require.Eventually(t, func() bool {
		p, err := s.Ports.Status(t.Context(), id)
		if err != nil || p.Stage != porting.Deciding {
			return false
		}
		by = *p.Leaving.AnswerBy
		return true
	}, patience, glance)
	require.NoError(t, s.Client.TerminateWorkflow(t.Context(), id, "", "by hand"))

	rescue := porting.RescueID(id)
	reaper := s.Client.ScheduleClient().GetHandle(t.Context(), porting.ScheduleReaper)
	var answer porting.Status
	require.Eventually(t, func() bool {
		require.NoError(t, reaper.Trigger(t.Context(), client.ScheduleTriggerOptions{}))
		p, err := s.Ports.Status(t.Context(), rescue)
		answer = p
		return err == nil && answered(p)
	}, patience, 5*glance)
	require.True(t, answer.NeedsAttention, "a person is called")
	require.Equal(t, porting.AnswerApprove, answer.Leaving.Answer.Kind)
	require.Equal(t, "policy", answer.Leaving.Answer.By)
	for _, e := range answer.Timeline {
		if e.Event == porting.EventAnswered {
			require.True(t, e.At.Before(by), "answered at %s, due by %s", e.At, by)
		}
		require.NotEqual(t, porting.EventBreached, e.Event)
	}
	var ends porting.Status
	require.Eventually(t, func() bool {
		p, err := s.Ports.Status(t.Context(), rescue)
		ends = p
		return err == nil && p.Outcome != ""
	}, patience, glance)
	require.Equal(t, porting.OutcomeCompleted, ends.Outcome, "%v", ends.Timeline)
	require.Equal(t, []porting.Number{number}, s.Carrier.Released(id))
	fence, err := s.neighbours.Ledger.Fence(t.Context(), id)
	require.NoError(t, err)
	require.False(t, fence.ReleasedAt.IsZero(), "the number is free")
	effects := 0
	for _, e := range s.Carrier.Effects() {
		if e.Ref.Port == asked.Request.ID && e.Effect == simulator.PortOutApproved {
			effects++
		}
	}
	require.Equal(t, 1, effects, "answered once")
	require.NoError(t, s.Client.GetWorkflow(t.Context(), rescue, "").Get(t.Context(), nil))
	writeGolden(t, "rescue-port-out", readHistory(t.Context(), t, s, rescue))
}
