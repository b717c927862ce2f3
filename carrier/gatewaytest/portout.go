package gatewaytest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// Port-out scenarios that the suite asks the carrier to play.
const (
	Impatient     = "impatient"       // approves by itself soon
	NeverActivate = "never-activates" // takes an approval, never the numbers
	RefusesTaking = "refuses-cancel"  // does not take a cancel
	AnswerLost    = "answers-lost"    // takes our answer, and lets the request that brought it hang
)

// Effects of our answers that the suite counts.
const (
	Approved  = "port-out-approved"
	Refused   = "port-out-refused"
	TakenBack = "port-out-cancel-asked"
)

// PortOutSubject is an adapter in front of a carrier whose counterparties the suite may play.
type PortOutSubject struct {
	Gateway carrier.PortOuts
	Clock   porting.Clock
	// Send has a counterparty ask for the suite's numbers under an ID.
	Send func(t *testing.T, id, scenario string)
	// Effects lists what our answers to a request did at the carrier, each once, in order.
	Effects func(t *testing.T, id string) []string
	// Down is the same adapter with its carrier out of reach.
	Down carrier.PortOuts
	// KeepsApprovals says that the carrier takes no approval back, so that every attempt is refused.
	KeepsApprovals bool
}

// RunPortOuts tests the part of an adapter that answers counterparties.
func RunPortOuts(t *testing.T, open func(t *testing.T) PortOutSubject) {
	for _, c := range []struct {
		name string
		test func(*testing.T, PortOutSubject)
	}{
		{"lists what counterparties ask", listsRequests},
		{"approves once", approvesOnce},
		{"refuses once, on a lawful ground", refusesOnce},
		{"takes no other answer", takesNoOtherAnswer},
		{"says when silence answered", saysWhenSilenceAnswered},
		{"takes an approval back", takesAnApprovalBack},
		{"says that a cancel is refused", saysThatTakingBackIsRefused},
		{"sends no answer that nobody may give", sendsNoEmptyAnswer},
		{"answers once with a lost answer", answersOnceWithLostAnswers},
		{"knows no request that never came, and calls a carrier out of reach unavailable", knowsNoRequest},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, open(t))
		})
	}
}

// ground is a lawful ground to refuse.
func ground(t *testing.T) rules.Ground {
	t.Helper()
	book, err := rules.Embedded()
	require.NoError(t, err)
	pack, err := book.Pack("us-wireless")
	require.NoError(t, err)
	g, err := pack.Ground(porting.PINMismatch, rules.Donor)
	require.NoError(t, err)
	return g
}

// authority lets a donor take an approval back.
func authority() rules.CancelRule { return rules.CancelRule{Allowed: true, Cite: "FCC DA 14-842"} }

func status(t *testing.T, s PortOutSubject, id string) carrier.PortOutStatus {
	t.Helper()
	got, err := s.Gateway.PortOutStatus(t.Context(), id)
	require.NoError(t, err)
	return got
}

func answer(t *testing.T, s PortOutSubject, id string, a carrier.PortOutAnswer) carrier.PortOutStatus {
	t.Helper()
	got, err := s.Gateway.AnswerPortOut(t.Context(), id, a)
	require.NoError(t, err)
	return got
}

// comes waits until a request has come to a state.
func comes(t *testing.T, s PortOutSubject, id string, to carrier.State) carrier.PortOutStatus {
	t.Helper()
	var last carrier.PortOutStatus
	require.Eventually(t, func() bool {
		var err error
		last, err = s.Gateway.PortOutStatus(t.Context(), id)
		return err == nil && last.State == to
	}, patience, glance, "never %s", to)
	return last
}

func listsRequests(t *testing.T, s PortOutSubject) {
	before := s.Clock.Business(time.Now()).Add(-time.Hour)
	s.Send(t, "first", Happy)
	s.Send(t, "second", Happy)
	s.Send(t, "first", Happy)
	all, err := s.Gateway.PortOutRequests(t.Context(), before)
	require.NoError(t, err)
	require.Len(t, all, 2, "a request that comes twice is one")
	require.Equal(t, []string{"first", "second"}, []string{all[0].ID, all[1].ID}, "the oldest first")
	require.Equal(t, numbers, all[0].Numbers)
	require.NotEmpty(t, all[0].Recipient.Name)
	require.True(t, all[0].SilenceAt.After(all[0].ReceivedAt), "it says until when it waits")
	later, err := s.Gateway.PortOutRequests(t.Context(), s.Clock.Business(time.Now()).Add(24*time.Hour))
	require.NoError(t, err)
	require.Empty(t, later)
}

func approvesOnce(t *testing.T, s PortOutSubject) {
	s.Send(t, "yes", Happy)
	require.Equal(t, porting.CarrierPending, status(t, s, "yes").State)
	for range 2 {
		require.Contains(t, []carrier.State{porting.CarrierConfirmed, porting.CarrierActive}, answer(t, s, "yes", carrier.Approve()).State)
	}
	moved := comes(t, s, "yes", porting.CarrierActive)
	require.False(t, moved.BySilence)
	require.Equal(t, []string{Approved}, s.Effects(t, "yes"))
	for _, n := range moved.Numbers {
		require.Equal(t, porting.CarrierActive, n.State)
	}
}

func refusesOnce(t *testing.T, s PortOutSubject) {
	s.Send(t, "no", Happy)
	for range 2 {
		require.Equal(t, porting.CarrierRefused, answer(t, s, "no", carrier.Refuse(ground(t))).State)
	}
	require.Equal(t, []string{Refused}, s.Effects(t, "no"))
}

func takesNoOtherAnswer(t *testing.T, s PortOutSubject) {
	s.Send(t, "decided", NeverActivate)
	answer(t, s, "decided", carrier.Approve())
	_, err := s.Gateway.AnswerPortOut(t.Context(), "decided", carrier.Refuse(ground(t)))
	require.Equal(t, "port-out-answered", porting.CodeOf(err))
	require.Equal(t, porting.Refused, porting.KindOf(err))
	require.Equal(t, porting.CarrierConfirmed, status(t, s, "decided").State)
}

func saysWhenSilenceAnswered(t *testing.T, s PortOutSubject) {
	s.Send(t, "silent", Impatient)
	waits := status(t, s, "silent").SilenceAt
	require.Eventually(t, func() bool { return status(t, s, "silent").State != porting.CarrierPending }, patience, glance)
	late := status(t, s, "silent")
	require.True(t, late.BySilence, "nobody answered")
	require.Equal(t, waits, late.AnsweredAt.UTC(), "at the instant that it had named")
	require.Empty(t, s.Effects(t, "silent"))
}

func takesAnApprovalBack(t *testing.T, s PortOutSubject) {
	if s.KeepsApprovals {
		t.Skip("the carrier takes no approval back")
	}
	s.Send(t, "back", NeverActivate)
	answer(t, s, "back", carrier.Approve())
	for range 2 {
		answer(t, s, "back", carrier.TakeBack(authority(), porting.AuthorizationRevoked))
	}
	comes(t, s, "back", porting.CarrierCancelled)
	require.Equal(t, []string{Approved, TakenBack}, s.Effects(t, "back"))
}

func saysThatTakingBackIsRefused(t *testing.T, s PortOutSubject) {
	s.Send(t, "stubborn", RefusesTaking)
	answer(t, s, "stubborn", carrier.Approve())
	_, err := s.Gateway.AnswerPortOut(t.Context(), "stubborn", carrier.TakeBack(authority(), porting.AuthorizationRevoked))
	require.Equal(t, "carrier-refused", porting.CodeOf(err))
}

func sendsNoEmptyAnswer(t *testing.T, s PortOutSubject) {
	s.Send(t, "empty", NeverActivate)
	for _, none := range []carrier.PortOutAnswer{{}, carrier.TakeBack(rules.CancelRule{}, porting.AuthorizationRevoked)} {
		_, err := s.Gateway.AnswerPortOut(t.Context(), "empty", none)
		require.Equal(t, "carrier-refused", porting.CodeOf(err))
	}
	require.Equal(t, porting.CarrierPending, status(t, s, "empty").State)
}

func answersOnceWithLostAnswers(t *testing.T, s PortOutSubject) {
	s.Send(t, "lost", AnswerLost)
	var got carrier.PortOutStatus
	require.Eventually(t, func() bool {
		short, cancel := context.WithTimeout(t.Context(), lostAfter)
		defer cancel()
		var err error
		got, err = s.Gateway.AnswerPortOut(short, "lost", carrier.Refuse(ground(t)))
		return err == nil
	}, patience, glance, "the answer that took effect hangs, and the next one is answered")
	require.Equal(t, porting.CarrierRefused, got.State)
	require.Equal(t, []string{Refused}, s.Effects(t, "lost"))
}

func knowsNoRequest(t *testing.T, s PortOutSubject) {
	_, err := s.Gateway.PortOutStatus(t.Context(), "never-came")
	require.Equal(t, "port-out-unknown", porting.CodeOf(err))
	require.Equal(t, porting.NotFound, porting.KindOf(err))
	_, err = s.Gateway.AnswerPortOut(t.Context(), "never-came", carrier.Approve())
	require.Equal(t, "port-out-unknown", porting.CodeOf(err))
	_, err = s.Down.PortOutStatus(t.Context(), "never-came")
	require.Equal(t, "carrier-unavailable", porting.CodeOf(err))
}
