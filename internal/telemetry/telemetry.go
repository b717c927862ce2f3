// Package telemetry shows how a deployment does: metrics for Prometheus, traces by OTLP. Nothing in either is personal: labels
// are stages, carriers and codes; spans name ports by their IDs.
package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"go.temporal.io/sdk/client"
	temporalotel "go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"
)

// scope names our own instruments and spans.
const scope = "github.com/portsaga/portsaga"

// Telemetry is what a process tells of itself. The zero value tells nothing.
type Telemetry struct {
	registry *prometheus.Registry
	meters   *sdkmetric.MeterProvider
	spans    *sdktrace.TracerProvider // nil where traces go nowhere
}

// Options say what is told.
type Options struct {
	Version string
	Spans   sdktrace.SpanExporter // where traces go; to the collector that OTEL_EXPORTER_OTLP_ENDPOINT names when nil, else nowhere
}

// Open starts to measure.
func Open(ctx context.Context, o Options) (*Telemetry, error) {
	about := resource.NewSchemaless(attribute.String("service.name", "portsaga"), attribute.String("service.version", o.Version))
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	reader, err := exporter.New(exporter.WithRegisterer(registry), exporter.WithoutScopeInfo(), exporter.WithoutTargetInfo())
	if err != nil {
		return nil, fmt.Errorf("open metrics: %w", err)
	}
	t := &Telemetry{registry: registry, meters: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader), sdkmetric.WithResource(about))}
	if o.Spans == nil && collectorIsNamed() {
		if o.Spans, err = otlptracehttp.New(ctx); err != nil {
			return nil, errors.Join(fmt.Errorf("open traces: %w", err), t.Close(ctx))
		}
	}
	if o.Spans != nil {
		t.spans = sdktrace.NewTracerProvider(sdktrace.WithBatcher(o.Spans), sdktrace.WithResource(about))
	}
	return t, nil
}

// collectorIsNamed reports whether the standard variables of OpenTelemetry say where traces go.
func collectorIsNamed() bool {
	return os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
}

// Observe makes a Temporal client, and the workers on it, part of what is told.
func (t *Telemetry) Observe(o *client.Options) error {
	if t.meters != nil {
		o.MetricsHandler = temporalotel.NewMetricsHandler(temporalotel.MetricsHandlerOptions{
			Meter: t.meters.Meter("temporal-sdk-go"), UseMonotonicCounters: true,
			OnError: func(err error) { slog.Warn("a metric of the SDK could not be made", "error", err) },
		})
	}
	if t.spans == nil {
		return nil
	}
	tracing, err := temporalotel.NewTracingInterceptor(temporalotel.TracerOptions{Tracer: t.Tracer(), DisableQueryTracing: true})
	if err != nil {
		return fmt.Errorf("open traces: %w", err)
	}
	o.Interceptors = append([]interceptor.ClientInterceptor{tracing}, o.Interceptors...)
	return nil
}

// Meter makes our own instruments.
func (t *Telemetry) Meter() metric.Meter {
	if t.meters == nil {
		return sdkmetric.NewMeterProvider().Meter(scope)
	}
	return t.meters.Meter(scope)
}

// Tracer makes our own spans.
func (t *Telemetry) Tracer() trace.Tracer {
	if t.spans == nil {
		return noop.NewTracerProvider().Tracer(scope)
	}
	return t.spans.Tracer(scope)
}

// propagator carries a trace over HTTP, in the headers of W3C Trace Context.
var propagator = propagation.TraceContext{}

// Metrics serves the metrics to Prometheus.
func (t *Telemetry) Metrics() http.Handler {
	if t.registry == nil {
		return http.NotFoundHandler()
	}
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{})
}

// Close sends what was not sent yet.
func (t *Telemetry) Close(ctx context.Context) error {
	var failures []error
	if t.spans != nil {
		failures = append(failures, t.spans.Shutdown(ctx))
	}
	if t.meters != nil {
		failures = append(failures, t.meters.Shutdown(ctx))
	}
	return errors.Join(failures...)
}
