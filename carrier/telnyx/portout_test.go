package telnyx_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/gatewaytest"
	"github.com/portsaga/portsaga/carrier/telnyx/telnyxtest"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

func TestPortOutRequestHasItsPIN(t *testing.T) {
	t.Parallel()
	f := start(t, telnyxtest.Options{})
	require.NoError(t, f.SendPortOut("asked", gatewaytest.Happy, first, second))
	all, err := f.Client().PortOutRequests(t.Context(), time.Time{})
	require.NoError(t, err)
	require.Len(t, all, 1)
	r := all[0]
	require.Equal(t, telnyxtest.PIN, r.Given.PIN)
	require.Equal(t, porting.Party{Name: "Other Mobile", SPID: "OM01"}, r.Recipient)
	require.Equal(t, []porting.Number{first, second}, r.Numbers)
	require.Equal(t, "10001", r.Given.PostalCode)
	require.Equal(t, r.ReceivedAt.AddDate(0, 0, 3).Format(time.DateOnly), r.DueDate)
	require.Equal(t, 24*time.Hour, r.SilenceAt.Sub(r.ReceivedAt))
}

// Telnyx does not name the kind of a line, without which there are no rules for an American number.
func TestPortOutKinds(t *testing.T) {
	t.Parallel()
	f := start(t, telnyxtest.Options{})
	for number, kind := range map[porting.Number]string{first: porting.KindWireline, "+18005550123": "", "+447700900123": "", "+18015550123": porting.KindWireline} {
		require.NoError(t, f.SendPortOut(number.E164(), gatewaytest.NeverActivate, number))
		s, err := f.Client().PortOutStatus(t.Context(), telnyxtest.PortOutID(number.E164()))
		require.NoError(t, err)
		require.Equal(t, kind, s.Request.Kind, number.E164())
	}
}

// Each ground goes with the code that Telnyx has for it, or with the code of all others and its reason.
func TestRejectionCodes(t *testing.T) {
	t.Parallel()
	f := start(t, telnyxtest.Options{Clock: clock(3_600)})
	for why, code := range map[porting.Reason]int{porting.PINMismatch: 1002, porting.AccountNumberMismatch: 1003, porting.NumberInactive: 1001} {
		name := string(why)
		require.NoError(t, f.SendPortOut(name, gatewaytest.NeverActivate, first))
		s, err := f.Client().AnswerPortOut(t.Context(), telnyxtest.PortOutID(name), carrier.Refuse(ground(t, why)))
		require.NoError(t, err)
		require.Equal(t, porting.CarrierRefused, s.State)
		require.Equal(t, "rejected-pending", s.Raw)
		require.False(t, s.BySilence)
		said, reason := f.Rejection(name)
		require.Equal(t, code, said)
		require.Contains(t, reason, name)
	}
}

// Telnyx takes no approval back: its people are asked once, and the refusal is told.
func TestApprovalIsNotTakenBack(t *testing.T) {
	t.Parallel()
	f := start(t, telnyxtest.Options{})
	require.NoError(t, f.SendPortOut("back", gatewaytest.NeverActivate, first))
	id, client := telnyxtest.PortOutID("back"), f.Client()
	_, err := client.AnswerPortOut(t.Context(), id, carrier.Approve())
	require.NoError(t, err)
	for range 2 {
		_, err = client.AnswerPortOut(t.Context(), id, carrier.TakeBack(rules.CancelRule{Allowed: true, Cite: "FCC DA 14-842"}, porting.AuthorizationRevoked))
		refused(t, err, porting.Refused, "carrier-refused")
	}
	require.Equal(t, 1, count(f.Done(), "POST comment"))
	s, err := client.PortOutStatus(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, carrier.StateConfirmed, s.State)
	require.False(t, s.BySilence, "we approved it")
}

// With the subscriber's authority a request that is still open is refused.
func TestTakeBackBeforeAnyAnswer(t *testing.T) {
	t.Parallel()
	f := start(t, telnyxtest.Options{Clock: clock(3_600)})
	require.NoError(t, f.SendPortOut("early", gatewaytest.NeverActivate, first))
	s, err := f.Client().AnswerPortOut(t.Context(), telnyxtest.PortOutID("early"),
		carrier.TakeBack(rules.CancelRule{Allowed: true, Cite: "FCC DA 14-842"}, porting.AuthorizationRevoked))
	require.NoError(t, err)
	require.Equal(t, porting.CarrierRefused, s.State)
	code, reason := f.Rejection("early")
	require.Equal(t, 1001, code)
	require.Equal(t, "AUTHORIZATION_REVOKED (FCC DA 14-842)", reason)
}
