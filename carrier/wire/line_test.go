package wire_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/portsaga/portsaga/carrier/wire"
)

// desk answers as it is told, and counts.
type desk struct {
	*httptest.Server
	status int
	header map[string]string
	calls  int
}

func newDesk(t *testing.T) *desk {
	d := &desk{status: http.StatusOK}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.calls++
		for name, value := range d.header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(d.status)
		_, _ = io.Copy(w, r.Body)
	}))
	t.Cleanup(d.Close)
	return d
}

func post(ctx context.Context, line *wire.Line, url, body string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	return line.Client(10 * time.Second).Do(r)
}

// try posts and wants no answer.
func try(ctx context.Context, line *wire.Line, url string) error {
	res, err := post(ctx, line, url, "{}")
	if err != nil {
		return err
	}
	return res.Body.Close()
}

func TestExchangeIsRecorded(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var seen []wire.Exchange
	line := &wire.Line{Carrier: "telnyx", Record: func(_ context.Context, e wire.Exchange) { seen = append(seen, e) }}
	const body = `{"status":"draft","end_user":{"name":"Ada Quill"},"phone_numbers":["+12125550123"]}`

	res, err := post(t.Context(), line, d.URL+"/porting_orders/4f7c?filter[phone]=%2B12125550123&page_size=5", body)
	require.NoError(t, err)
	answer, err := io.ReadAll(res.Body)
	require.NoError(t, errors.Join(err, res.Body.Close()))
	require.JSONEq(t, body, string(answer), "what was recorded can still be read")

	require.Len(t, seen, 1)
	require.Equal(t, "POST", seen[0].Method)
	require.Equal(t, "/porting_orders/4f7c?page_size", seen[0].Path)
	require.Equal(t, http.StatusOK, seen[0].Status)
	const clean = `{"end_user":{"name":"…"},"phone_numbers":["…"],"status":"draft"}`
	require.JSONEq(t, clean, string(seen[0].Request))
	require.JSONEq(t, clean, string(seen[0].Answer))
}

func TestNoAnswerIsRecorded(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.Close()
	var seen []wire.Exchange
	line := &wire.Line{Carrier: "telnyx", Record: func(_ context.Context, e wire.Exchange) { seen = append(seen, e) }}

	require.Error(t, try(t.Context(), line, d.URL))
	require.Len(t, seen, 1)
	require.Equal(t, "no-answer", seen[0].Failure)
	require.Zero(t, seen[0].Status)
}

func TestDownCarrierIsLeftAlone(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.status = http.StatusServiceUnavailable
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	line := &wire.Line{Carrier: "telnyx", Breaker: wire.NewBreaker(clock), Now: clock}
	call := func() error { return try(t.Context(), line, d.URL) }

	for range 5 {
		require.NoError(t, call())
	}
	err := call()
	var down *wire.DownError
	require.ErrorAs(t, err, &down)
	require.Equal(t, 5*time.Second, down.Wait)
	require.Contains(t, err.Error(), "telnyx was not called: it does not answer at present")
	require.Equal(t, 5, d.calls)

	now = now.Add(down.Wait)
	d.status = http.StatusOK
	require.NoError(t, call())
	require.NoError(t, call())
	require.False(t, line.Breaker.State().Open)
}

func TestTooManyRequestsIsHeeded(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.status, d.header = http.StatusTooManyRequests, map[string]string{"Retry-After": "20"}
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	line := &wire.Line{Carrier: "telnyx", Breaker: wire.NewBreaker(clock), Now: clock}

	require.NoError(t, try(t.Context(), line, d.URL))
	var down *wire.DownError
	require.ErrorAs(t, try(t.Context(), line, d.URL), &down)
	require.Equal(t, 20*time.Second, down.Wait)
}

// Whoever gave up waiting must not make a carrier look as if it were down.
func TestCancelledCallSaysNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	line := &wire.Line{Carrier: "telnyx", Breaker: wire.NewBreaker(time.Now)}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 9 {
		require.ErrorIs(t, try(ctx, line, d.URL), context.Canceled)
	}
	require.Equal(t, wire.State{}, line.Breaker.State())
}

func TestLimit(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	line := &wire.Line{Carrier: "telnyx", Limit: rate.NewLimiter(rate.Every(time.Hour), 1)}
	require.NoError(t, try(t.Context(), line, d.URL))

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var down *wire.DownError
	require.ErrorAs(t, try(ctx, line, d.URL), &down, "the turn would come after the context has ended")
	require.Equal(t, 1, d.calls)
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                              0,
		"7":                             7 * time.Second,
		"-7":                            0,
		"soon":                          0,
		"Mon, 23 Nov 2026 09:01:00 GMT": time.Minute,
		"Mon, 23 Nov 2026 08:00:00 GMT": 0,
	} {
		require.Equal(t, want, wire.RetryAfter(http.Header{"Retry-After": {value}}, now), value)
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ body, want string }{
		"nothing":                 {``, ``},
		"no JSON":                 {`name=Ada`, `"8 bytes, no JSON"`},
		"two documents":           {`{} {}`, `"5 bytes, no JSON"`},
		"a customer's code":       {`{"authorization":{"code":"ABC123456"}}`, `{"authorization":{"code":"…"}}`},
		"a refusal's code":        {`{"reasons":[{"code":"6A","text":"Ada is unknown"}]}`, `{"reasons":[{"code":"6A","text":"…"}]}`},
		"a sentence in a status":  {`{"status":"call Ada Quill"}`, `{"status":"…"}`},
		"a number where an ID is": {`{"id":"+12125550123"}`, `{"id":"…"}`},
		"a number as a number":    {`{"id":12125550123}`, `{"id":"…"}`},
		"dates":                   {`{"foc":"2026-12-07T17:00:00Z","target_port_in_date":"2026-12-07"}`, `{"foc":"2026-12-07T17:00:00Z","target_port_in_date":"2026-12-07"}`},
		"yes, no and nothing":     {`{"x":true,"y":null}`, `{"x":true,"y":null}`},
		"a member of tomorrow":    {`{"maiden_name":"Quill"}`, `{"maiden_name":"…"}`},
		"a number as a member":    {`{"+12125550123":true}`, `{"…":true}`},
	} {
		got := wire.Redact([]byte(c.body))
		if c.want == "" {
			require.Nil(t, got, name)
			continue
		}
		require.JSONEq(t, c.want, string(got), name)
	}
}

func FuzzRedact(f *testing.F) {
	f.Add([]byte(`{"status":"x","pin":"4711"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		wire.Redact(body)
	})
}
