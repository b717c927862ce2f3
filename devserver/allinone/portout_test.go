package allinone

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
)

// A day of business time takes six seconds: time enough for the checks within the hours that a donor has.
func quarterOfAMinuteADay(now time.Time) porting.Clock {
	return porting.Clock{Scale: 14_400, RealStart: now, BusinessStart: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}
}

func counterparty(id, scenario string, number porting.Number) simulator.PortOut {
	return simulator.PortOut{Scenario: scenario, PIN: "482913", Request: porting.PortOutRequest{
		ID: id, Kind: porting.KindWireless, Country: "FR", Numbers: []porting.Number{number},
		Recipient: porting.Party{Name: "Mobile Example", SPID: "ME"}, Donor: porting.Party{Name: "Acme Mobile", SPID: "AC"},
	}}
}

// ended waits until the port that answers a request has ended.
func ended(t *testing.T, s *Stack, p simulator.PortOut) porting.Status {
	t.Helper()
	p.Request.Carrier = "simulator"
	id := p.Request.PortID()
	require.Eventually(t, func() bool {
		_, err := s.Ports.Status(t.Context(), id)
		return err == nil
	}, patience, 20*time.Millisecond, "the request opened no port")
	status, err := s.Ports.Wait(t.Context(), id)
	require.NoError(t, err)
	return status
}

// A counterparty asks by webhook; the number leaves, and is switched off here only after it works elsewhere.
func TestPortOutOnTheRealEngine(t *testing.T) {
	s, err := Start(t.Context(), Options{Dir: t.TempDir(), Clock: quarterOfAMinuteADay, Fast: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })

	happy := counterparty("FR-1", "happy", "+33639980101")
	require.NoError(t, s.Carrier.SendPortOut(happy))
	foreign := counterparty("FR-2", "happy", "+33639980102")
	s.Carrier.Foreign("+33639980102")
	require.NoError(t, s.Carrier.SendPortOut(foreign))

	refused := ended(t, s, foreign)
	require.Equal(t, porting.OutcomeRejected, refused.Outcome)
	require.Equal(t, porting.NumberNotFound, refused.Reason)

	left := ended(t, s, happy)
	require.Equal(t, porting.OutcomeCompleted, left.Outcome, "%v", left.Timeline)
	require.Equal(t, porting.AnswerApprove, left.Leaving.Answer.Kind)
	require.Equal(t, []porting.Number{"+33639980101"}, s.Carrier.Released(left.ID))
	require.Eventually(t, func() bool {
		found, err := s.Ports.List(t.Context(), starter.Filter{Stage: porting.Completed})
		return err == nil && len(found) == 1 && found[0].Direction == string(porting.PortOut) && found[0].ID == left.ID
	}, patience, 20*time.Millisecond, "operators find it")
}

// A port-out that nobody asked for comes back by a port-in of its own.
func TestDisputedPortOutOnTheRealEngine(t *testing.T) {
	s, err := Start(t.Context(), Options{Dir: t.TempDir(), Clock: quarterOfAMinuteADay, Fast: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })

	stolen := counterparty("FR-3", "happy", "+33639980103")
	require.NoError(t, s.Carrier.SendPortOut(stolen))
	stolen.Request.Carrier = "simulator"
	id := stolen.Request.PortID()
	require.Eventually(t, func() bool {
		_, err := s.Ports.Dispute(t.Context(), id, porting.Dispute{ID: "d-1", By: "ben@care"})
		return err == nil
	}, patience, 20*time.Millisecond, "the port never came to where it can be disputed")

	var back string
	require.Eventually(t, func() bool {
		status, err := s.Ports.Status(t.Context(), id)
		if err == nil && status.Leaving != nil {
			back = status.Leaving.PortBack
		}
		return back != ""
	}, patience, 20*time.Millisecond)
	require.Eventually(t, func() bool {
		_, err := s.Ports.Decide(t.Context(), back, porting.Decide{ID: "a-1", Decision: porting.Approve, By: "ana@desk"})
		return err == nil
	}, patience, 20*time.Millisecond, "the port-in waits for no decision")
	require.Equal(t, porting.OutcomeReversed, ended(t, s, stolen).Outcome)
}
