package cli

import (
	"context"
	"net"
	"net/http"
	"os"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/internal/fraud/patterns"
	"github.com/portsaga/portsaga/internal/telemetry"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// telemetryOf opens what this process tells of itself, once: nothing, unless somebody wants metrics or traces.
func (f *Factory) telemetryOf(ctx context.Context, cfg config.Config) (*telemetry.Telemetry, error) {
	if f.tells != nil {
		return f.tells, nil
	}
	f.tells = &telemetry.Telemetry{}
	if cfg.MetricsAddr == "" && !tracesAreWanted() {
		return f.tells, nil
	}
	opened, err := telemetry.Open(ctx, telemetry.Options{Version: versionOf(f.Build()).String()})
	if err != nil {
		return f.tells, err
	}
	f.tells = opened
	f.onClose(func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = opened.Close(last) // a collector that is away must not keep a command from ending
	})
	return opened, nil
}

// tracesAreWanted reports whether OpenTelemetry's own variables name a collector.
func tracesAreWanted() bool {
	return os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
}

// observe makes a client part of what is told.
func (f *Factory) observe(ctx context.Context, o *client.Options) error {
	cfg, err := f.Config()
	if err != nil {
		return err
	}
	tells, err := f.telemetryOf(ctx, cfg)
	if err != nil {
		return err
	}
	return tells.Observe(o)
}

// serveMetrics serves /metrics until ctx ends; without PORTSAGA_METRICS_ADDR it only waits. Whoever runs sagas counts the
// ports, too, and whoever has the ledger sees patterns over many requests.
func (f *Factory) serveMetrics(ctx context.Context, cfg config.Config, ports telemetry.Visibility, requests patterns.Memory, now func() time.Time) error {
	if cfg.MetricsAddr == "" {
		<-ctx.Done()
		return nil
	}
	tells, err := f.telemetryOf(ctx, cfg)
	if err != nil {
		return err
	}
	if ports != nil {
		desk, err := tells.Desk(ports, now)
		if err != nil {
			return err
		}
		go desk.Run(ctx, func(err error) { f.Log().Warn("the ports could not be counted", "error", err) })
	}
	if requests != nil {
		seen, err := tells.Patterns(func(ctx context.Context) (map[string]int, error) { return patternsOf(ctx, requests, now()) })
		if err != nil {
			return err
		}
		go seen.Run(ctx, func(err error) { f.Log().Warn("patterns of requests could not be counted", "error", err) })
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.MetricsAddr)
	if err != nil {
		return &porting.Error{
			Kind: porting.Failed, Code: "address-unusable", Op: "serve metrics", Object: cfg.MetricsAddr, Detail: err.Error(),
			Next: "set PORTSAGA_METRICS_ADDR to a free address", Err: err,
		}
	}
	f.Log().Info("metrics are served", "addr", listener.Addr().String())
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", tells.Metrics())
	return worker.ServeNews(ctx, listener, mux)
}

// patternsOf counts every pattern, also those that nobody shows: a gauge that falls to zero ends its alert.
func patternsOf(ctx context.Context, requests patterns.Memory, now time.Time) (map[string]int, error) {
	seen, err := patterns.Look(ctx, requests, patterns.Usual(), now)
	if err != nil {
		return nil, err
	}
	found, counts := patterns.Counts(seen), map[string]int{}
	for _, p := range patterns.All {
		counts[string(p)] = found[p]
	}
	return counts, nil
}
