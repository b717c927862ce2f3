package telemetry_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/portsaga/portsaga/carrier/wire"
	"github.com/portsaga/portsaga/internal/telemetry"
)

func begin(t *testing.T, o telemetry.Options) *telemetry.Telemetry {
	t.Helper()
	tell, err := telemetry.Open(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, tell.Close(context.WithoutCancel(t.Context()))) })
	return tell
}

// scrape reads the metrics as Prometheus does.
func scrape(t *testing.T, tell *telemetry.Telemetry) string {
	t.Helper()
	answer := httptest.NewRecorder()
	tell.Metrics().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	require.Equal(t, http.StatusOK, answer.Code)
	return answer.Body.String()
}

// visibility counts by what a query asks for.
type visibility struct {
	counts  map[string]int64 // by a part of the query
	queries []string
	err     error
}

func (v *visibility) CountWorkflow(_ context.Context, r *workflowservice.CountWorkflowExecutionsRequest) (*workflowservice.CountWorkflowExecutionsResponse, error) {
	v.queries = append(v.queries, r.GetQuery())
	for part, n := range v.counts {
		if strings.Contains(r.GetQuery(), part) {
			return &workflowservice.CountWorkflowExecutionsResponse{Count: n}, v.err
		}
	}
	return &workflowservice.CountWorkflowExecutionsResponse{}, v.err
}

func TestDesk(t *testing.T) {
	t.Parallel()
	tell := begin(t, telemetry.Options{})
	ports := &visibility{counts: map[string]int64{
		"PortStage = 'rolling-back' AND PortNeedsAttention = true":            2,
		"PortStage = 'submitted'":                                             7,
		"PortWaitingOn = 'approver'":                                          3,
		"PortDueAt BETWEEN '2026-11-23T09:00:00Z' AND '2026-11-23T10:00:00Z'": 4,
		"PortDueAt < '2026-11-23T09:00:00Z'":                                  1,
	}}
	desk, err := tell.Desk(ports, func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) })
	require.NoError(t, err)
	require.NotContains(t, scrape(t, tell), "portsaga_ports", "what was never counted is not zero")

	require.NoError(t, desk.Look(t.Context()))
	text := scrape(t, tell)
	for _, line := range []string{
		"portsaga_rollbacks_stuck 2", `portsaga_ports_open{stage="submitted"} 7`, `portsaga_ports_waiting{on="approver"} 3`,
		"portsaga_ports_due_soon 4", "portsaga_ports_overdue 1", `portsaga_ports_open{stage="confirmed"} 0`,
	} {
		require.Contains(t, text, line+"\n")
	}
	for _, q := range ports.queries {
		require.Contains(t, q, "ExecutionStatus = 'Running'")
	}

	asked := len(ports.queries)
	scrape(t, tell)
	require.Len(t, ports.queries, asked, "a scrape costs the cluster nothing")

	ports.err = errors.New("down")
	require.Error(t, desk.Look(t.Context()))
	require.Contains(t, scrape(t, tell), "portsaga_rollbacks_stuck 2\n", "the last value stays")
}

func TestCalls(t *testing.T) {
	t.Parallel()
	tell := begin(t, telemetry.Options{})
	calls, err := tell.Calls()
	require.NoError(t, err)
	calls.Seen(t.Context(), wire.Exchange{Carrier: "telnyx", Method: "POST", Status: 201, Took: 300 * time.Millisecond})
	calls.Seen(t.Context(), wire.Exchange{Carrier: "telnyx", Method: "GET", Failure: "timeout", Took: 30 * time.Second})
	text := scrape(t, tell)
	require.Contains(t, text, `portsaga_carrier_call_seconds_bucket{answer="201",carrier="telnyx",method="POST",le="0.5"} 1`)
	require.Contains(t, text, `portsaga_carrier_call_seconds_count{answer="timeout",carrier="telnyx",method="GET"} 1`)
}

// The trace of a step goes on at the carrier.
func TestTraceReachesTheCarrier(t *testing.T) {
	t.Parallel()
	spans := tracetest.NewInMemoryExporter()
	tell, err := telemetry.Open(t.Context(), telemetry.Options{Spans: spans})
	require.NoError(t, err)
	calls, err := tell.Calls()
	require.NoError(t, err)
	var parent string
	desk := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { parent = r.Header.Get("Traceparent") }))
	t.Cleanup(desk.Close)
	line := &wire.Line{Carrier: "telnyx", Base: calls.Base("telnyx", http.DefaultTransport)}

	ctx, step := tell.Tracer().Start(t.Context(), "SubmitPort")
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, desk.URL, strings.NewReader(`{"name":"Ada"}`))
	require.NoError(t, err)
	res, err := line.Client(time.Minute).Do(request)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, errors.Join(err, res.Body.Close()))
	step.End()

	require.Contains(t, parent, step.SpanContext().TraceID().String())
	require.NoError(t, tell.Close(context.WithoutCancel(t.Context())))
}

// What nobody opened tells nothing, and breaks nothing.
func TestNothingIsTold(t *testing.T) {
	t.Parallel()
	var silent telemetry.Telemetry
	options := client.Options{}
	require.NoError(t, silent.Observe(&options))
	require.Nil(t, options.MetricsHandler)
	require.Empty(t, options.Interceptors)
	calls, err := silent.Calls()
	require.NoError(t, err)
	calls.Seen(t.Context(), wire.Exchange{Carrier: "telnyx"})
	require.NoError(t, silent.Close(t.Context()))
}

func TestObserve(t *testing.T) {
	t.Parallel()
	tell, err := telemetry.Open(t.Context(), telemetry.Options{Spans: tracetest.NewInMemoryExporter()})
	require.NoError(t, err)
	options := client.Options{}
	require.NoError(t, tell.Observe(&options))
	require.Len(t, options.Interceptors, 1)
	options.MetricsHandler.Counter("temporal_request").Inc(1)
	require.Contains(t, scrape(t, tell), "temporal_request_total 1\n")
	require.NoError(t, tell.Close(context.WithoutCancel(t.Context())))
}

// The alerts and dashboards in deploy may ask for what stands in this file, and no more.
func TestMetricsAreListed(t *testing.T) {
	t.Parallel()
	tell := begin(t, telemetry.Options{})
	desk, err := tell.Desk(&visibility{}, time.Now)
	require.NoError(t, err)
	require.NoError(t, desk.Look(t.Context()))
	calls, err := tell.Calls()
	require.NoError(t, err)
	calls.Seen(t.Context(), wire.Exchange{Carrier: "telnyx"})
	patterns, err := tell.Patterns(func(context.Context) (map[string]int, error) { return map[string]int{"out-of-hours": 1}, nil })
	require.NoError(t, err)
	require.NoError(t, patterns.Look(t.Context()))
	dates, err := tell.Dates()
	require.NoError(t, err)
	dates.Seen(1, 2, time.Now())

	exported := map[string]bool{}
	for line := range strings.Lines(scrape(t, tell)) {
		if name, _, _ := strings.Cut(strings.TrimSpace(line), "{"); strings.HasPrefix(line, "portsaga_") {
			name, _, _ = strings.Cut(name, " ")
			exported[name] = true
		}
	}
	text, err := os.ReadFile("../../deploy/prometheus/metrics.txt")
	require.NoError(t, err)
	listed := map[string]bool{}
	for name := range strings.FieldsSeq(string(text)) {
		if strings.HasPrefix(name, "portsaga_") {
			listed[name] = true
		}
	}
	require.Equal(t, exported, listed)
}

func TestPatterns(t *testing.T) {
	t.Parallel()
	tell := begin(t, telemetry.Options{})
	counts, fault := map[string]int{"account-burst": 2}, error(nil)
	patterns, err := tell.Patterns(func(context.Context) (map[string]int, error) { return counts, fault })
	require.NoError(t, err)
	require.NoError(t, patterns.Look(t.Context()))
	require.Contains(t, scrape(t, tell), `portsaga_fraud_patterns{pattern="account-burst"} 2`+"\n")

	counts, fault = nil, errors.New("down")
	require.Error(t, patterns.Look(t.Context()))
	require.Contains(t, scrape(t, tell), `portsaga_fraud_patterns{pattern="account-burst"} 2`+"\n", "the last counts stay")
}

func TestDates(t *testing.T) {
	t.Parallel()
	tell := begin(t, telemetry.Options{})
	dates, err := tell.Dates()
	require.NoError(t, err)
	require.NotContains(t, scrape(t, tell), "portsaga_watchdog", "a watchdog that has not looked knows nothing")
	dates.Seen(3, 4, time.Unix(1_800_000_000, 0))
	told := scrape(t, tell)
	require.Contains(t, told, `portsaga_watchdog_dates{state="near"} 3`+"\n")
	require.Contains(t, told, `portsaga_watchdog_dates{state="over"} 4`+"\n")
	require.Contains(t, told, "portsaga_watchdog_looked 1.8e+09\n")
}
