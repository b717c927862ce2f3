package gatewaytest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// Scenarios that the suite asks the carrier to play.
const (
	Happy          = "happy"                    // confirms for the desired date, does what it is asked
	RejectsThenFix = "carrier-rejects-then-fix" // rejects the first version for its account number, confirms the second
	RefusesCancel  = "refuses-cancel"           // refuses every cancel
	Silent         = "carrier-silent"           // never answers an order, acknowledges a cancel
	AnswersLost    = "times-out-after-applying" // does what it is asked, and lets the asking request hang
	Partial        = "partial"                  // confirms both numbers, does not move the second one
	PartialFOC     = "partial-foc"              // leaves the second number out of its confirmation, moves the other
	MessagingLate  = "messaging-late"           // moves the voice when it is asked, and the messaging some hours later
	MessagingStuck = "messaging-stuck"          // moves the voice when it is asked, and the messaging not for weeks
)

// Effects that the suite counts.
const (
	Submitted       = "submitted"
	Supplemented    = "supplemented"
	CancelAsked     = "cancel-asked"
	ActivationAsked = "activation-asked"
	ReversalAsked   = "reversal-asked"
)

// Subject is an adapter in front of a carrier that the suite may play with.
type Subject struct {
	Gateway carrier.Gateway
	// Clock is the carrier's business time. It should run a day in well under a second.
	Clock porting.Clock
	// Choose makes the carrier treat a port, which is yet to be sent, by a scenario.
	Choose func(t *testing.T, port, scenario string)
	// Effects lists what requests for a port did at the carrier, each once, in order.
	Effects func(t *testing.T, port string) []string
	// NotPortable is a number that the carrier's portability check denies; empty if none can be had.
	NotPortable porting.Number
	// Down is the same adapter with its carrier out of reach.
	Down carrier.Gateway
}

// Run tests an adapter. open is called once for each test, so that tests share no carrier.
func Run(t *testing.T, open func(t *testing.T) Subject) {
	for _, c := range []struct {
		name string
		test func(*testing.T, Subject)
	}{
		{"says what it can do", saysWhatItCanDo},
		{"checks portability", checksPortability},
		{"takes an order once", takesAnOrderOnce},
		{"knows no order that was never sent", knowsNoOrderNeverSent},
		{"takes a correction once", takesACorrectionOnce},
		{"activates once, not before the FOC", activatesOnce},
		{"cancels once", cancelsOnce},
		{"says that a cancel is refused", saysThatACancelIsRefused},
		{"does not cancel what is active", doesNotCancelWhatIsActive},
		{"reverses once", reversesOnce},
		{"tells which numbers stay behind", tellsWhichNumbersStay},
		{"tells of messaging apart from voice", tellsOfMessaging},
		{"lists its open orders", listsOpenOrders},
		{"does once what was asked with a lost answer", doesOnceWithLostAnswers},
		{"calls a carrier out of reach unavailable", callsItUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, open(t))
		})
	}
}

func saysWhatItCanDo(t *testing.T, s Subject) {
	can := s.Gateway.Capabilities()
	require.NotEmpty(t, can.Name)
	require.Subset(t, []string{porting.KindWireline, porting.KindWireless, porting.KindTollFree}, can.Kinds)
	for _, country := range can.Countries {
		require.Regexp(t, "^[A-Z]{2}$", country)
	}
	require.Subset(t, []string{"loa", "invoice", "csr", "other"}, can.Documents)
	for _, bound := range []time.Duration{can.CancelLock, can.Silence.Cancels, can.Silence.Releases, time.Duration(can.MaxNumbers)} {
		require.GreaterOrEqual(t, bound, time.Duration(0))
	}
	require.True(t, can.PortOut || can.Silence.Releases == 0, "a port-out that we cannot answer is never waited for")
}

func checksPortability(t *testing.T, s Subject) {
	asked := numbers
	if s.NotPortable != "" {
		asked = append([]porting.Number{s.NotPortable}, numbers...)
	}
	answers, err := s.Gateway.Portability(t.Context(), asked)
	require.NoError(t, err)
	require.Len(t, answers, len(asked))
	for i, a := range answers {
		require.Equal(t, asked[i], a.Number)
		require.Equal(t, a.Number != s.NotPortable, a.Portable)
		require.Equal(t, a.Portable, a.Reason == "", "a number that cannot be ported has a reason, others have none")
	}
}

func takesAnOrderOnce(t *testing.T, s Subject) {
	p := newPort(t, s, "once", Silent)
	p.ask("submit")
	p.ask("submit")
	require.Equal(t, []string{Submitted}, s.Effects(t, p.id))
	require.Equal(t, carrier.StatePending, p.ask("status").State)
	require.Equal(t, p.lsr.Ref, p.ask("status").Ref)
}

func knowsNoOrderNeverSent(t *testing.T, s Subject) {
	p := newPort(t, s, "never-sent", Happy)
	calls := p.calls(s.Gateway)
	delete(calls, "submit")
	for _, call := range calls {
		_, err := call(t.Context())
		p.refused(err, porting.NotFound, "carrier-order-unknown")
	}
	require.Empty(t, s.Effects(t, p.id))
}

func takesACorrectionOnce(t *testing.T, s Subject) {
	if !s.Gateway.Capabilities().Supplement {
		t.Skip("the carrier takes no supplements")
	}
	p := newPort(t, s, "corrected", RejectsThenFix)
	p.ask("submit")
	rejected := p.await(carrier.StateRejected)
	require.NotEmpty(t, rejected.Reasons)
	require.Equal(t, porting.AccountNumberMismatch, rejected.Reasons[0].Reason)
	require.NotEmpty(t, rejected.Reasons[0].Code, "the carrier's own code is kept")

	first := p.lsr
	p.lsr.Ref.Version = 2
	p.ask("submit")
	p.ask("submit")
	confirmed := p.await(carrier.StateConfirmed)
	require.Equal(t, p.lsr.Ref, confirmed.Ref)
	require.Empty(t, confirmed.Reasons, "a correction answers the rejection")

	late, err := s.Gateway.Submit(t.Context(), first)
	require.NoError(t, err)
	require.Equal(t, 2, late.Ref.Version, "a late repetition of the first version changes nothing")
	require.Equal(t, []string{Submitted, Supplemented}, s.Effects(t, p.id))
}

func activatesOnce(t *testing.T, s Subject) {
	if !s.Gateway.Capabilities().OnDemand {
		t.Skip("the carrier activates by itself")
	}
	early := newPort(t, s, "early", Happy)
	early.lsr.DDD = early.lsr.DDD.AddDate(0, 1, 0)
	early.ask("submit")
	early.await(carrier.StateConfirmed)
	_, err := s.Gateway.Activate(t.Context(), early.lsr.Ref)
	early.refused(err, porting.Refused, "carrier-refused")

	p := newPort(t, s, "activated", Happy)
	p.ask("submit")
	p.activate()
	p.activate()
	require.Equal(t, []string{Submitted, ActivationAsked}, s.Effects(t, p.id))
	require.False(t, p.ask("status").FOC.IsZero(), "the FOC stays known")
}

func cancelsOnce(t *testing.T, s Subject) {
	p := newPort(t, s, "cancelled", Silent)
	p.ask("submit")
	p.ask("cancel")
	p.ask("cancel")
	p.await(carrier.StateCancelled)
	p.ask("cancel")
	require.Equal(t, carrier.StateCancelled, p.ask("status").State)
	require.Equal(t, []string{Submitted, CancelAsked}, s.Effects(t, p.id))
}

func saysThatACancelIsRefused(t *testing.T, s Subject) {
	p := newPort(t, s, "uncancellable", RefusesCancel)
	p.ask("submit")
	_, err := s.Gateway.Cancel(t.Context(), p.lsr.Ref, porting.AuthorizationRevoked)
	p.refused(err, porting.Refused, "carrier-cancel-locked")
	require.Equal(t, []string{Submitted}, s.Effects(t, p.id))
}

func doesNotCancelWhatIsActive(t *testing.T, s Subject) {
	p := newPort(t, s, "active", Happy)
	p.ask("submit")
	p.activate()
	_, err := s.Gateway.Cancel(t.Context(), p.lsr.Ref, porting.AuthorizationRevoked)
	p.refused(err, porting.Refused, "carrier-cancel-locked")
	require.Equal(t, carrier.StateActive, p.ask("status").State)
}

func reversesOnce(t *testing.T, s Subject) {
	if !s.Gateway.Capabilities().Reverse {
		t.Skip("the carrier takes no reverse ports")
	}
	p := newPort(t, s, "reversed", Happy)
	p.ask("submit")
	_, err := s.Gateway.Reverse(t.Context(), p.lsr.Ref, porting.AuthorizationRevoked)
	p.refused(err, porting.Refused, "carrier-refused")
	p.activate()
	p.ask("reverse")
	p.ask("reverse")
	p.await(carrier.StateReversed)
	p.ask("reverse")
	require.Equal(t, carrier.StateReversed, p.ask("status").State)
	require.Equal(t, append(s.untilActive(), ReversalAsked), s.Effects(t, p.id))
}

func doesOnceWithLostAnswers(t *testing.T, s Subject) {
	p := newPort(t, s, "lost", AnswersLost)
	p.insist("submit", carrier.StatePending, carrier.StateConfirmed)
	if s.Gateway.Capabilities().OnDemand {
		p.reach(p.await(carrier.StateConfirmed).FOC)
		p.insist("activate", carrier.StateActive)
	}
	p.activate()
	want := s.untilActive()
	if s.Gateway.Capabilities().Reverse {
		p.insist("reverse", carrier.StateReversing, carrier.StateReversed)
		want = append(want, ReversalAsked)
	}
	require.Equal(t, want, s.Effects(t, p.id))

	q := newPort(t, s, "lost-cancel", AnswersLost)
	q.insist("submit", carrier.StatePending, carrier.StateConfirmed)
	q.insist("cancel", carrier.StateCancelPending, carrier.StateCancelled)
	require.Equal(t, []string{Submitted, CancelAsked}, s.Effects(t, q.id))
}

func callsItUnavailable(t *testing.T, s Subject) {
	p := newPort(t, s, "down", Happy)
	for _, call := range p.calls(s.Down) {
		_, err := call(t.Context())
		p.refused(err, porting.Failed, "carrier-unavailable")
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Gateway.Status(gone, p.lsr.Ref)
	require.ErrorIs(t, err, context.Canceled)
}
