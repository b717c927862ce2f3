package twilio_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/gatewaytest"
	"github.com/portsaga/portsaga/carrier/twilio/twiliotest"
	"github.com/portsaga/portsaga/porting"
)

func TestPortabilityAnswers(t *testing.T) {
	t.Parallel()
	const asked = porting.Number("+12125550123")
	for name, c := range map[string]struct {
		answer string
		want   carrier.Portability
		code   string
	}{
		"portable":         {answer: `{"portable": true}`, want: carrier.Portability{Number: asked, Portable: true}},
		"under way":        {answer: `{"portable": false, "not_portable_reason_code": 22137}`, want: carrier.Portability{Number: asked, Reason: porting.PendingOrder}},
		"by people only":   {answer: `{"portable": false, "not_portable_reason_code": 22133}`, want: carrier.Portability{Number: asked, Reason: porting.NumberNotPortable}},
		"without a reason": {answer: `{"portable": false}`, want: carrier.Portability{Number: asked, Reason: porting.NumberNotPortable}},
		"not evaluated":    {answer: `{"portable": null}`, code: "carrier-unavailable"},
		"no JSON":          {answer: `<html>`, code: "carrier-unavailable"},
		"cut off":          {answer: `{"portable": tr`, code: "carrier-unavailable"},
		"another type":     {answer: `{"portable": "yes"}`, code: "carrier-unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answers, err := telling(t, c.answer).Portability(t.Context(), []porting.Number{asked})
			require.Equal(t, c.code, porting.CodeOf(err))
			if err != nil {
				require.NotContains(t, err.Error(), "5550123")
				return
			}
			require.Equal(t, []carrier.Portability{c.want}, answers)
		})
	}
}

func TestWhatTwilioDoesNotDoIsRefused(t *testing.T) {
	t.Parallel()
	ref := carrier.Ref{Port: "p", Version: 1}
	waiting := telling(t, told("In Progress", "port_pending+"))
	_, err := waiting.Activate(t.Context(), ref)
	require.Equal(t, "carrier-refused", porting.CodeOf(err))
	_, err = waiting.Reverse(t.Context(), ref, porting.AuthorizationRevoked)
	require.Equal(t, "carrier-refused", porting.CodeOf(err))
	moved, err := telling(t, told("Completed", "completed+")).Activate(t.Context(), ref)
	require.NoError(t, err)
	require.Equal(t, carrier.StateActive, moved.State)
}

func TestWhatMovedOrIsBeingCancelledIsNotReplaced(t *testing.T) {
	t.Parallel()
	lsr := order("p")
	lsr.Ref.Version = 2
	for name, c := range map[string]struct{ earlier, code string }{
		"moved":                    {told("Completed", "completed+"), "carrier-refused"},
		"one moved, one under way": {told("In Progress", "completed+", "port_pending+"), "carrier-refused"},
		"being cancelled":          {told("In Progress", "canceling"), "carrier-unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := telling(t, c.earlier).Submit(t.Context(), lsr)
			require.Equal(t, c.code, porting.CodeOf(err))
		})
	}
}

func TestAnOrderThatTwilioDoesNotCancelIsNotReplaced(t *testing.T) {
	t.Parallel()
	c, s, lsr := play(t, gatewaytest.RefusesCancel)
	lsr.Ref.Version = 2
	_, err := c.Submit(t.Context(), lsr)
	require.Equal(t, "carrier-refused", porting.CodeOf(err))
	require.ErrorContains(t, err, "support")
	require.Equal(t, []string{gatewaytest.Submitted}, s.Effects("played"))
}

// garbled is a line on which the first answer to a POST arrives as something else.
type garbled struct {
	answer string
	done   bool
}

func (g *garbled) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || g.done || r.Method != http.MethodPost {
		return res, err
	}
	g.done = true
	res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader([]byte(g.answer)))
	return res, nil
}

func TestAnOrderWhoseAnswerCannotBeReadIsNotSentAgain(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{"no JSON": "<html>", "no name": "{}", "another's name": `{"port_in_request_sid": "../x"}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, twiliotest.Options{Clock: fast()})
			s.Choose("garbled", gatewaytest.Silent)
			settings := s.Settings(twiliotest.NewBook())
			settings.HTTP = &http.Client{Transport: &garbled{answer: answer}}
			c := connect(t, settings)
			_, err := c.Submit(t.Context(), order("garbled"))
			require.Equal(t, "carrier-unavailable", porting.CodeOf(err))
			st, err := c.Submit(t.Context(), order("garbled"))
			require.NoError(t, err)
			require.Equal(t, carrier.StatePending, st.State)
			require.Equal(t, []string{gatewaytest.Submitted}, s.Effects("garbled"))
		})
	}
}
