package telemetry

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/portsaga/portsaga/porting"
)

// Visibility counts ports; a Temporal client is one.
type Visibility interface {
	CountWorkflow(ctx context.Context, r *workflowservice.CountWorkflowExecutionsRequest) (*workflowservice.CountWorkflowExecutionsResponse, error)
}

// Desk measures what a porting desk lives by. It asks for all of it once in a while, and Prometheus reads what was found: a
// scrape costs the cluster nothing.
type Desk struct {
	ports Visibility
	now   func() time.Time // of business

	mu    sync.Mutex
	found map[string]int64 // by key of a gauge
}

// gauge is one number that a desk watches: how many open ports a query finds.
type gauge struct {
	name, about string
	labels      []attribute.KeyValue
	query       func(now time.Time) string
}

func (g gauge) key() string { return fmt.Sprint(g.name, g.labels) }

const (
	open      = "WorkflowType IN ('" + porting.WorkflowPortIn + "', '" + porting.WorkflowPortOut + "') AND ExecutionStatus = 'Running'"
	soon      = time.Hour // before its clock runs out a port is at risk
	interval  = 30 * time.Second
	aboutOpen = "Open ports by stage."
)

// gauges are all that is watched.
func gauges() []gauge {
	all := []gauge{
		{name: "portsaga_ports_attention", about: "Open ports that call a person.", query: fixed(porting.AttrNeedsAttention + " = true")},
		{
			name: "portsaga_rollbacks_stuck", about: "Rollbacks that call a person: an undo does not work.",
			query: fixed(porting.AttrStage + " = '" + string(porting.RollingBack) + "' AND " + porting.AttrNeedsAttention + " = true"),
		},
		{name: "portsaga_ports_due_soon", about: "Open ports whose clock runs out within an hour.", query: func(now time.Time) string {
			return fmt.Sprintf("%s BETWEEN '%s' AND '%s'", porting.AttrDueAt, stamp(now), stamp(now.Add(soon)))
		}},
		{name: "portsaga_ports_overdue", about: "Open ports whose clock has run out.", query: func(now time.Time) string {
			return fmt.Sprintf("%s < '%s'", porting.AttrDueAt, stamp(now))
		}},
	}
	for _, stage := range porting.Stages {
		all = append(all, gauge{
			name: "portsaga_ports_open", about: aboutOpen, labels: []attribute.KeyValue{attribute.String("stage", string(stage))},
			query: fixed(fmt.Sprintf("%s = '%s'", porting.AttrStage, stage)),
		})
	}
	for _, who := range porting.WaitedOn {
		all = append(all, gauge{
			name: "portsaga_ports_waiting", about: "Open ports by whom they wait for.", labels: []attribute.KeyValue{attribute.String("on", string(who))},
			query: fixed(fmt.Sprintf("%s = '%s'", porting.AttrWaitingOn, who)),
		})
	}
	return all
}

func fixed(query string) func(time.Time) string { return func(time.Time) string { return query } }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Desk makes the instruments of a desk.
func (t *Telemetry) Desk(ports Visibility, now func() time.Time) (*Desk, error) {
	d := &Desk{ports: ports, now: now, found: map[string]int64{}}
	byName := map[string][]gauge{}
	for _, g := range gauges() {
		byName[g.name] = append(byName[g.name], g)
	}
	var failures []error
	for name, several := range byName {
		_, err := t.Meter().Int64ObservableGauge(name, metric.WithDescription(several[0].about),
			metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
				d.observe(o, several)
				return nil
			}))
		failures = append(failures, err)
	}
	return d, errors.Join(failures...)
}

// observe tells what was found last; a gauge that was never found is not there, rather than zero.
func (d *Desk) observe(o metric.Int64Observer, several []gauge) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, g := range several {
		if n, known := d.found[g.key()]; known {
			o.Observe(n, metric.WithAttributes(g.labels...))
		}
	}
}

// Look counts everything once. What could not be counted keeps its last value.
func (d *Desk) Look(ctx context.Context) error {
	now := d.now()
	var failures []error
	for _, g := range gauges() {
		answer, err := d.ports.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: open + " AND " + g.query(now)})
		if err != nil {
			failures = append(failures, fmt.Errorf("count %s: %w", g.name, err))
			continue
		}
		d.mu.Lock()
		d.found[g.key()] = answer.GetCount()
		d.mu.Unlock()
	}
	return errors.Join(failures...)
}

// Run looks every half minute until ctx ends.
func (d *Desk) Run(ctx context.Context, failed func(error)) { every(ctx, d.Look, failed) }
