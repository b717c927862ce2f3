package telemetry

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Patterns shows what the fraud desk sees over many requests: how often each pattern stands in the ledger now.
type Patterns struct {
	count func(ctx context.Context) (map[string]int, error)

	mu    sync.Mutex
	found map[string]int
}

// Patterns makes the instrument of patterns, by who counts them.
func (t *Telemetry) Patterns(count func(ctx context.Context) (map[string]int, error)) (*Patterns, error) {
	p := &Patterns{count: count}
	_, err := t.Meter().Int64ObservableGauge("portsaga_fraud_patterns", metric.WithDescription("Patterns over many requests, by what they are."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			for name, n := range p.found {
				o.Observe(int64(n), metric.WithAttributes(attribute.String("pattern", name)))
			}
			return nil
		}))
	return p, err
}

// Look counts once. If it cannot, the last counts stay.
func (p *Patterns) Look(ctx context.Context) error {
	found, err := p.count(ctx)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.found = found
	return nil
}

// Run looks every half minute until ctx ends.
func (p *Patterns) Run(ctx context.Context, failed func(error)) {
	every(ctx, p.Look, failed)
}

// every does something now and then again every half minute, until ctx ends.
func every(ctx context.Context, do func(context.Context) error, failed func(error)) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			failed(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
