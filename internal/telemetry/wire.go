package telemetry

import (
	"context"
	"net/http"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/portsaga/portsaga/carrier/wire"
)

// Calls measures what carriers answer, and how long they take.
type Calls struct {
	seconds metric.Float64Histogram
	tracer  trace.Tracer
}

// Calls makes the instruments of calls to carriers.
func (t *Telemetry) Calls() (*Calls, error) {
	seconds, err := t.Meter().Float64Histogram("portsaga_carrier_call_seconds",
		metric.WithDescription("How long a carrier took to answer, by what it answered."), metric.WithUnit("s"),
		metric.WithExplicitBucketBoundaries(.05, .1, .25, .5, 1, 2.5, 5, 10, 30))
	return &Calls{seconds: seconds, tracer: t.Tracer()}, err
}

// Seen counts an exchange.
func (c *Calls) Seen(ctx context.Context, e wire.Exchange) {
	answer := strconv.Itoa(e.Status)
	if e.Status == 0 {
		answer = e.Failure
	}
	c.seconds.Record(ctx, e.Took.Seconds(), metric.WithAttributes(
		attribute.String("carrier", e.Carrier), attribute.String("method", e.Method), attribute.String("answer", answer)))
}

// Base is a transport that makes every call to a carrier a span, and passes the trace on to it.
func (c *Calls) Base(carrier string, next http.RoundTripper) http.RoundTripper {
	return traced{carrier: carrier, tracer: c.tracer, next: next}
}

type traced struct {
	carrier string
	tracer  trace.Tracer
	next    http.RoundTripper
}

func (t traced) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, span := t.tracer.Start(r.Context(), r.Method+" "+t.carrier, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("portsaga.carrier", t.carrier), attribute.String("http.request.method", r.Method)))
	defer span.End()
	r = r.Clone(ctx)
	propagator.Inject(ctx, propagation.HeaderCarrier(r.Header))
	res, err := t.next.RoundTrip(r)
	switch {
	case err != nil:
		span.SetStatus(codes.Error, "no answer")
	default:
		span.SetAttributes(attribute.Int("http.response.status_code", res.StatusCode))
	}
	return res, err
}
