package simulator_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

const (
	patience = 10 * time.Second
	glance   = 5 * time.Millisecond
)

func lsr(port string) carrier.LSR {
	return carrier.LSR{Ref: carrier.Ref{Port: port, Version: 1}, Code: "481516", Order: porting.Order{
		Reference: "order-" + port, Numbers: []porting.Number{"+12125550123"}, Subscriber: porting.Subscriber{Name: "Iris Quill"},
	}}
}

func awaitState(t *testing.T, c *simulator.Client, ref carrier.Ref, state carrier.State) {
	t.Helper()
	require.Eventually(t, func() bool {
		st, err := c.Status(t.Context(), ref)
		return err == nil && st.State == state
	}, patience, glance)
}

func scenarioDir(t *testing.T, name, text string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name+".yaml"), []byte(text), 0o600))
	return dir
}

func TestAskingFirstAfterALostAnswerLeavesOneEffect(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{Clock: fast(), Scenario: "times-out-after-applying"})
	c := &simulator.Client{URL: s.URL(), HTTP: &http.Client{Timeout: 300 * time.Millisecond}}
	order := lsr("p")

	_, err := c.Submit(t.Context(), order)
	require.Equal(t, "carrier-unavailable", porting.CodeOf(err))
	st, err := c.Status(t.Context(), order.Ref)
	require.NoError(t, err)
	require.Equal(t, order.Ref, st.Ref, "the carrier has it: nothing is sent again")

	require.Equal(t, []string{"submitted"}, effectsOf(s, "p"))
	require.Equal(t, map[string]int{"submit": 1, "status": 1}, s.Requests())
	require.Equal(t, "p/1/submit", s.Effects()[0].RequestID)
}

func TestAFailedRequestDoesNothing(t *testing.T) {
	t.Parallel()
	dir := scenarioDir(t, "shaky", `{about: Fails twice., answers: {submit: {fail: 2}}}`)
	s := start(t, simulator.Options{Clock: fast(), ScenarioDir: dir, Scenario: "shaky"})
	c := &simulator.Client{URL: s.URL()}
	for range 2 {
		_, err := c.Submit(t.Context(), lsr("p"))
		require.Equal(t, "carrier-unavailable", porting.CodeOf(err))
		require.Empty(t, s.Effects())
	}
	_, err := c.Submit(t.Context(), lsr("p"))
	require.NoError(t, err)
	require.Equal(t, []string{"submitted"}, effectsOf(s, "p"))
}

func TestALateAnswer(t *testing.T) {
	t.Parallel()
	clock := fast()
	clock.Scale = 200
	s := start(t, simulator.Options{Clock: clock, Scenario: "answers-late"})
	before := time.Now()
	_, err := (&simulator.Client{URL: s.URL()}).Submit(t.Context(), lsr("p"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Since(before), clock.RealDuration(10*time.Second))
}

func TestARefusedOrder(t *testing.T) {
	t.Parallel()
	dir := scenarioDir(t, "closed", `{about: Takes no orders., answers: {submit: {refuse: no new orders today}}}`)
	s := start(t, simulator.Options{Clock: fast(), ScenarioDir: dir, Scenario: "closed"})
	c := &simulator.Client{URL: s.URL()}
	_, err := c.Submit(t.Context(), lsr("p"))
	require.Equal(t, "carrier-refused", porting.CodeOf(err))
	require.NotContains(t, err.Error(), "no new orders today", "errors are logged, and a carrier's words may name people")
	_, err = c.Submit(t.Context(), carrier.LSR{Ref: carrier.Ref{Port: "empty", Version: 1}})
	require.Equal(t, "carrier-refused", porting.CodeOf(err), "an order without numbers")
	require.Empty(t, s.Effects())
}

func TestTheScenarioOfAnOrder(t *testing.T) {
	t.Parallel()
	clock := fast()
	s := start(t, simulator.Options{Clock: clock, Scenario: "carrier-silent", ScenarioFor: func(reference string) string {
		return map[string]string{"order-mapped": "carrier-rejects-then-fix"}[reference]
	}})
	c := &simulator.Client{URL: s.URL()}
	require.NoError(t, s.Choose("order-by-reference", "happy"))
	require.NoError(t, s.Choose("by-port", "happy"))
	require.ErrorContains(t, s.Choose("p", "no-such-scenario"), "known scenario")

	for port, state := range map[string]carrier.State{
		"by-reference": carrier.StateConfirmed, "by-port": carrier.StateConfirmed,
		"mapped": carrier.StateRejected, "other": carrier.StatePending,
	} {
		_, err := c.Submit(t.Context(), lsr(port))
		require.NoError(t, err)
		awaitState(t, c, lsr(port).Ref, state)
	}

	require.NoError(t, s.Choose("other", "refuses-cancel"))
	_, err := c.Cancel(t.Context(), lsr("other").Ref, porting.AuthorizationRevoked)
	require.Equal(t, "carrier-cancel-locked", porting.CodeOf(err), "a choice also holds for an order under way")
}

func TestARestartGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "carrier.jsonl")
	clock := fast()
	clock.Scale = 20_000 // the confirmation comes after a third of a second
	before, err := simulator.Start(t.Context(), simulator.Options{Clock: clock, StateFile: state})
	require.NoError(t, err)
	require.NoError(t, before.Choose("order-later", "carrier-rejects-then-fix"))
	order := lsr("default/with slash")
	_, err = (&simulator.Client{URL: before.URL()}).Submit(t.Context(), order)
	require.NoError(t, err)
	effects := before.Effects()
	require.NoError(t, before.Close())
	require.NoError(t, before.Close(), "closing twice is closing once")

	text, err := os.ReadFile(state)
	require.NoError(t, err)
	require.NotContains(t, string(text), "Quill", "the state holds no names")
	require.NotContains(t, string(text), "481516", "and no secrets")
	require.NoError(t, os.WriteFile(state, append(text, `{"line":3,"eff`...), 0o600), "a power cut tears a line")

	after := start(t, simulator.Options{Clock: clock, StateFile: state})
	c := &simulator.Client{URL: after.URL()}
	require.Equal(t, effects, after.Effects())
	_, err = c.Submit(t.Context(), order)
	require.NoError(t, err)
	require.Len(t, after.Effects(), 1, "sent again, not done again")
	awaitState(t, c, order.Ref, carrier.StateConfirmed)
	_, err = c.Submit(t.Context(), lsr("later"))
	require.NoError(t, err)
	awaitState(t, c, lsr("later").Ref, carrier.StateRejected)
}

func TestAnUnreadableStateIsRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no JSON":          "hello\n",
		"unknown scenario": `{"line":1,"effect":"submitted","ref":{"port":"p","version":1},"scenario":"gone"}` + "\n",
		"unknown order":    `{"line":1,"effect":"confirmed","ref":{"port":"p","version":1}}` + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state := filepath.Join(t.TempDir(), "carrier.jsonl")
			require.NoError(t, os.WriteFile(state, []byte(text), 0o600))
			_, err := simulator.Start(t.Context(), simulator.Options{StateFile: state})
			require.Equal(t, "simulator-state-unreadable", porting.CodeOf(err))
		})
	}
}

func TestStartRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]simulator.Options{
		"unsigned webhooks": {WebhookURL: nowhere},
		"unknown scenario":  {Scenario: "no-such"},
		"no such address":   {Addr: "127.0.0.1:none"},
		"no such directory": {StateFile: filepath.Join(t.TempDir(), "no", "such", "file")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := simulator.Start(t.Context(), o)
			require.Error(t, err)
		})
	}
}

func TestTheServerEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	s, err := simulator.Start(ctx, simulator.Options{})
	require.NoError(t, err)
	cancel()
	c := &simulator.Client{URL: s.URL()}
	require.Eventually(t, func() bool {
		_, err := c.Status(t.Context(), lsr("p").Ref)
		return porting.CodeOf(err) == "carrier-unavailable"
	}, patience, glance)
}

func TestTheHTTPSurface(t *testing.T) {
	t.Parallel()
	s := start(t, simulator.Options{})
	_, err := (&simulator.Client{URL: s.URL()}).Submit(t.Context(), lsr("p"))
	require.NoError(t, err)
	for _, c := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"GET", "/healthz", ``, 200, `"status":"ok"`},
		{"GET", "/orders/p", ``, 200, `"status":"received"`},
		{"GET", "/orders/q", ``, 404, `"code":"order-unknown"`},
		{"PUT", "/orders/q/0", `{}`, 400, `a version is 1 or more`},
		{"PUT", "/orders/q/1", `{}`, 400, `no numbers`},
		{"PUT", "/orders/q/1", `{"numbers":["212 555 0123"]}`, 400, `"code":"invalid"`},
		{"PUT", "/orders/q/1", `not JSON`, 400, `"code":"invalid"`},
		{"GET", "/orders?since=2020-01-01T00:00:00Z", ``, 200, `{"orders":[{"port":"p","version":1}]}`},
		{"GET", "/orders?since=2099-01-01T00:00:00Z", ``, 200, `{"orders":[]}`},
		{"GET", "/orders?since=yesterday", ``, 400, `since is no instant`},
		{"POST", "/orders/p/activate", ``, 409, `"code":"refused"`},
		{"POST", "/orders/p/reverse", `{"reason":"OTHER"}`, 409, `"code":"refused"`},
		{"POST", "/portability", `{"numbers":[]}`, 400, `no numbers`},
		{"POST", "/scenarios", `{"reference":"r","scenario":"no-such"}`, 400, `"code":"invalid"`},
		{"POST", "/scenarios", `{"reference":"r","scenario":"happy"}`, 200, `"scenario":"happy"`},
		{"GET", "/requests", ``, 200, `"submit":1`},
		{"GET", "/effects", ``, 200, `"effect":"submitted","request_id":"p/1/submit"`},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, s.URL()+c.path, strings.NewReader(c.body))
		require.NoError(t, err)
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		answer, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, c.status, res.StatusCode, "%s %s: %s", c.method, c.path, answer)
		require.Contains(t, string(answer), c.says, "%s %s", c.method, c.path)
		require.True(t, json.Valid(answer))
	}
}
