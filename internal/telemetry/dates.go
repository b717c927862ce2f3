package telemetry

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Dates shows what the watchdog sees: how many dates are near or over, and when it looked last.
type Dates struct {
	mu         sync.Mutex
	near, over int
	looked     time.Time
}

// Dates makes the instruments of the watchdog.
func (t *Telemetry) Dates() (*Dates, error) {
	d := &Dates{}
	counts, err := t.Meter().Int64ObservableGauge("portsaga_watchdog_dates", metric.WithDescription("Dates of ports that nobody has answered, near or over."))
	if err != nil {
		return nil, err
	}
	looked, err := t.Meter().Int64ObservableGauge("portsaga_watchdog_looked", metric.WithDescription("When the watchdog read the dates last, in seconds since 1970."))
	if err != nil {
		return nil, err
	}
	_, err = t.Meter().RegisterCallback(func(_ context.Context, o metric.Observer) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		if d.looked.IsZero() {
			return nil
		}
		o.ObserveInt64(counts, int64(d.near), metric.WithAttributes(attribute.String("state", "near")))
		o.ObserveInt64(counts, int64(d.over), metric.WithAttributes(attribute.String("state", "over")))
		o.ObserveInt64(looked, d.looked.Unix())
		return nil
	}, counts, looked)
	return d, err
}

// Seen keeps what a look found.
func (d *Dates) Seen(near, over int, looked time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.near, d.over, d.looked = near, over, looked
}
