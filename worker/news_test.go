package worker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

const secret = porting.Secret("known to the carrier")

var now = time.Date(2026, time.January, 12, 15, 0, 0, 0, time.UTC)

// hinter takes hints as the test wants, and remembers them.
type hinter struct {
	err   error
	port  string
	asked []string // every port that a hint was meant for
	hints []porting.CarrierEvent
}

func (h *hinter) CarrierEvent(_ context.Context, id string, e porting.CarrierEvent) error {
	h.port, h.hints, h.asked = id, append(h.hints, e), append(h.asked, id)
	return h.err
}

func webhook(t *testing.T) []byte {
	t.Helper()
	body, err := json.Marshal(simulator.Webhook{ID: "evt-1", Type: "order.confirmed", Order: carrier.Ref{Port: "pi-1", Version: 1}, OccurredAt: now})
	require.NoError(t, err)
	return body
}

// bring posts a webhook to the door and returns the answer's status.
func bring(t *testing.T, to worker.Hinter, body []byte, signature string) int {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/news/simulator", bytes.NewReader(body))
	request.Header.Set(simulator.SignatureHeader, signature)
	answer := httptest.NewRecorder()
	worker.NewsHandler(to, secret, func() time.Time { return now }, slog.New(slog.DiscardHandler)).ServeHTTP(answer, request)
	return answer.Code
}

func TestNewsBecomeAHint(t *testing.T) {
	t.Parallel()
	ports := &hinter{}
	body := webhook(t)
	require.Equal(t, http.StatusAccepted, bring(t, ports, body, simulator.Sign(secret, body, now)))
	require.Equal(t, "pi-1", ports.port)
	require.Equal(t, []porting.CarrierEvent{{ID: "evt-1", By: "webhook", Carrier: "simulator", Hint: "order.confirmed"}}, ports.hints)
}

func TestNewsAreCheckedAtTheDoor(t *testing.T) {
	t.Parallel()
	body := webhook(t)
	nonsense, large := []byte(`{"id":""}`), bytes.Repeat([]byte("x"), simulator.MaxWebhook+1)
	for name, c := range map[string]struct {
		body      []byte
		signature string
		status    int
	}{
		"unsigned":                 {body, "", http.StatusUnauthorized},
		"forged":                   {body, simulator.Sign("guessed", body, now), http.StatusUnauthorized},
		"changed on its way":       {append([]byte(" "), body...), simulator.Sign(secret, body, now), http.StatusUnauthorized},
		"stale":                    {body, simulator.Sign(secret, body, now.Add(-time.Hour)), http.StatusUnauthorized},
		"of the future":            {body, simulator.Sign(secret, body, now.Add(time.Hour)), http.StatusUnauthorized},
		"too large":                {large, simulator.Sign(secret, large, now), http.StatusRequestEntityTooLarge},
		"well signed, and no news": {nonsense, simulator.Sign(secret, nonsense, now), http.StatusBadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ports := &hinter{}
			require.Equal(t, c.status, bring(t, ports, c.body, c.signature))
			require.Empty(t, ports.hints)
		})
	}
}

// The carrier repeats what is not accepted, so only what may work later is refused.
func TestNewsThatCannotBeDelivered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err    error
		status int
	}{
		"there is no such port": {&porting.Error{Kind: porting.NotFound, Code: "port-unknown"}, http.StatusAccepted},
		"the port has ended":    {&porting.Error{Kind: porting.Refused, Code: "port-closed"}, http.StatusAccepted},
		"the engine is down":    {errors.New("unavailable"), http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := webhook(t)
			require.Equal(t, c.status, bring(t, &hinter{err: c.err}, body, simulator.Sign(secret, body, now)))
		})
	}
}

// A port whose saga is gone may be under rescue, which wants to hear of its carrier too.
func TestNewsOfAPortWhoseSagaIsGone(t *testing.T) {
	t.Parallel()
	ports := &hinter{err: &porting.Error{Kind: porting.Refused, Code: "port-closed"}}
	body := webhook(t)
	require.Equal(t, http.StatusAccepted, bring(t, ports, body, simulator.Sign(secret, body, now)))
	require.Equal(t, []string{"pi-1", "rescue-pi-1"}, ports.asked)
}

func TestServeNewsEndsWithItsContext(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- worker.ServeNews(ctx, listener, worker.NewsHandler(&hinter{}, secret, time.Now, slog.New(slog.DiscardHandler)))
	}()
	url := "http://" + listener.Addr().String()
	require.Equal(t, http.StatusNoContent, ask(t, http.MethodGet, url+"/healthz"))
	require.Equal(t, http.StatusMethodNotAllowed, ask(t, http.MethodGet, url+"/news/simulator"))
	require.Equal(t, http.StatusNotFound, ask(t, http.MethodPost, url+"/elsewhere"))
	stop()
	require.NoError(t, <-ended)
}

func ask(t *testing.T, method, url string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(""))
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode
}

func TestServeNewsFailsWithoutItsListener(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	require.Error(t, worker.ServeNews(t.Context(), listener, http.NotFoundHandler()))
}
