package simulator_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/gatewaytest"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

// brisk runs an hour in a tenth of a second: slow enough to answer within a day of it.
func brisk() porting.Clock {
	return porting.Clock{Scale: 36_000, RealStart: time.Now(), BusinessStart: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
}

func asked(id, scenario string) simulator.PortOut {
	return simulator.PortOut{Scenario: scenario, PIN: "482913", Request: porting.PortOutRequest{
		ID: id, Kind: porting.KindWireless, Numbers: []porting.Number{"+12125550123", "+12125550124"},
		Recipient: porting.Party{Name: "Other Mobile", SPID: "OM01"}, Given: porting.Given{Account: "4412-77", PostalCode: "10001"},
	}}
}

func TestPortOutConformance(t *testing.T) {
	t.Parallel()
	gatewaytest.RunPortOuts(t, func(t *testing.T) gatewaytest.PortOutSubject {
		clock := brisk()
		s := start(t, simulator.Options{Clock: clock})
		return gatewaytest.PortOutSubject{
			Gateway: &simulator.Client{URL: s.URL()}, Clock: clock, Down: &simulator.Client{URL: nowhere},
			Send:    func(t *testing.T, id, scenario string) { require.NoError(t, s.SendPortOut(asked(id, scenario))) },
			Effects: func(_ *testing.T, id string) []string { return effectsOf(s, id) },
		}
	})
}

func TestPortOutsSurviveARestart(t *testing.T) {
	t.Parallel()
	o := simulator.Options{StateFile: filepath.Join(t.TempDir(), "state")}
	first := start(t, o)
	require.NoError(t, first.SendPortOut(asked("one", "happy")))
	client := &simulator.Client{URL: first.URL()}
	_, err := client.AnswerPortOut(t.Context(), "one", carrier.Approve())
	require.NoError(t, err)
	before, err := client.PortOutStatus(t.Context(), "one")
	require.NoError(t, err)
	require.NoError(t, first.Close())

	second := start(t, o)
	after, err := (&simulator.Client{URL: second.URL()}).PortOutStatus(t.Context(), "one")
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// The PIN comes with the request, as the counterparty sends it, and is masked as soon as it is ours.
func TestAPortOutIsToldByWebhook(t *testing.T) {
	t.Parallel()
	const secret = porting.Secret("whsec")
	told := make(chan simulator.Webhook, 8)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body := make([]byte, r.ContentLength)
		_, _ = io.ReadFull(r.Body, body)
		if w, err := simulator.VerifyWebhook(secret, r.Header, body, time.Now()); err == nil {
			told <- w
		}
	}))
	t.Cleanup(receiver.Close)
	s := start(t, simulator.Options{WebhookURL: receiver.URL, WebhookSecret: secret})
	require.NoError(t, s.SendPortOut(asked("one", "happy")))

	w := <-told
	require.Equal(t, simulator.PortOutSent, w.Type)
	require.Equal(t, "one", w.Order.Port)
	r := w.PortOut.Received()
	require.Equal(t, "482913", r.Given.PIN.Reveal())
	require.Equal(t, "[secret]", r.Given.PIN.String())
	require.Equal(t, 24*time.Hour, r.SilenceAt.Sub(r.ReceivedAt))
}

func TestBadPortOutsAreRefused(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{})
	require.Error(t, s.SendPortOut(asked("one", "no-such-scenario")))
	require.Error(t, s.SendPortOut(simulator.PortOut{}))
	_, err := simulator.ParsePortOutScenario("bad", []byte("cancel: perhaps\n"))
	require.Equal(t, "scenario-invalid", porting.CodeOf(err))
	_, err = simulator.ParsePortOutScenario("bad", []byte("silense: 3h\n"))
	require.Equal(t, "scenario-invalid", porting.CodeOf(err))
	for name, scenario := range simulator.BuiltinPortOuts() {
		require.NotEmpty(t, scenario.About, name)
	}
}

func TestTheSimulatedSwitch(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{})
	c := &simulator.Client{URL: s.URL()}
	line, err := c.Line(t.Context(), "+12125550123")
	require.NoError(t, err)
	require.Equal(t, carrier.Line{Active: true}, line, "an ordinary line")

	s.SetLine("+12125550123", carrier.Line{Active: true, Account: "4412-77"})
	line, err = c.Line(t.Context(), "+12125550123")
	require.NoError(t, err)
	require.Equal(t, "4412-77", line.Account)

	s.Foreign("+12125550124")
	_, err = c.Line(t.Context(), "+12125550124")
	require.Equal(t, "line-unknown", porting.CodeOf(err))

	for range 2 {
		require.NoError(t, c.Release(t.Context(), "po-1", []porting.Number{"+12125550123"}))
	}
	require.Equal(t, []porting.Number{"+12125550123"}, s.Released("po-1"))
}
