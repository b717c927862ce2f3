// Package watchdog alarms people when a date of a port comes near or passes and nobody has answered. It reads one table of the
// ledger and asks nothing of Temporal: it is there for the day on which Temporal is dead, when no saga can call anybody.
//
// The dates are those that the steps noted. Of a hold or an extension since then it knows nothing, so that it may alarm early, once
// for each date, and never late.
package watchdog

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

const (
	every   = time.Minute // how often Run looks
	pause   = 15 * time.Minute
	patient = 30 * time.Minute // how late a date may be that needs no answer of anybody: sagas take some time
	share   = 4                // of a short time the last quarter is near
	atMost  = 10_000           // dates of one look
)

// Dates are what the watchdog reads. *ledger.Dates are some.
type Dates interface {
	AwaitedUntil(ctx context.Context, until time.Time, limit int) ([]ledger.Awaited, error)
}

// Options configure a Watchdog. Dates and Memory are required.
type Options struct {
	Dates  Dates
	Memory string                                 // file with what was told, so that a restart tells nothing twice
	Ways   []Way                                  // to people; the log is always one
	Ahead  time.Duration                          // how long before a date people are told; none when zero
	Seen   func(near, over int, looked time.Time) // told after each look; may be nil
	Now    func() time.Time
	Log    *slog.Logger
}

// Watchdog looks at dates and tells people.
type Watchdog struct {
	Options
	memory memory
	told   map[string]time.Time // when each way was told last
}

// New returns a watchdog that remembers what it told before. Code of Failed: "memory-unreadable".
func New(o Options) (*Watchdog, error) {
	kept, err := readMemory(o.Memory)
	if o.Seen == nil {
		o.Seen = func(int, int, time.Time) {}
	}
	return &Watchdog{Options: o, memory: kept, told: map[string]time.Time{}}, err
}

// Alarm is a date that is near or over.
type Alarm struct {
	ledger.Awaited
	Over bool `json:"over"`
}

// Look reads the dates once, tells each way to people what it was not told yet, and returns what is new. A way that fails is tried
// again by the next look; the error joins what failed.
func (w *Watchdog) Look(ctx context.Context) ([]Alarm, error) {
	alarms, err := w.alarms(ctx)
	if err != nil {
		return nil, err
	}
	fresh := w.memory.untold(logged, alarms)
	for _, a := range fresh {
		w.Log.Warn("a date of a port needs people", "port", a.PortID, "awaits", a.Clock, "of", a.OwedBy, "due", a.DueAt, "over", a.Over)
	}
	w.memory.keep(logged, fresh)
	var failures []error
	for _, way := range w.Ways {
		failures = append(failures, w.tell(ctx, way, alarms))
	}
	if len(alarms) < atMost {
		w.memory.forgetAllBut(alarms)
	}
	failures = append(failures, w.memory.write(w.Memory))
	return fresh, errors.Join(failures...)
}

// tell leaves a way in peace for a quarter of an hour after it was told, and then tells at once what has come together: of a dead
// cluster one mail says as much as a thousand.
func (w *Watchdog) tell(ctx context.Context, way Way, alarms []Alarm) error {
	now, fresh := w.Now(), w.memory.untold(way.Name(), alarms)
	if len(fresh) == 0 || now.Sub(w.told[way.Name()]) < pause {
		return nil
	}
	if err := way.Tell(ctx, fresh, now); err != nil {
		return err
	}
	w.memory.keep(way.Name(), fresh)
	w.told[way.Name()] = now
	return nil
}

// alarms are all dates that need people now, told or not.
func (w *Watchdog) alarms(ctx context.Context) ([]Alarm, error) {
	now := w.Now()
	awaited, err := w.Dates.AwaitedUntil(ctx, now.Add(w.Ahead), atMost)
	if err != nil {
		return nil, err
	}
	var alarms []Alarm
	over := 0
	for _, a := range awaited {
		if now.Before(w.from(a)) {
			continue
		}
		late := !now.Before(a.DueAt)
		if late {
			over++
		}
		alarms = append(alarms, Alarm{a, late})
	}
	w.Seen(len(alarms)-over, over, now)
	return alarms, nil
}

// from is when a date begins to need people: before it where somebody must answer, after it where the saga goes on by itself.
func (w *Watchdog) from(a ledger.Awaited) time.Time {
	if a.OwedBy == porting.WaitingDate {
		return a.DueAt.Add(patient)
	}
	return a.DueAt.Add(-min(w.Ahead, a.DueAt.Sub(a.NotedAt)/share))
}

// Run looks every minute until ctx ends.
func (w *Watchdog) Run(ctx context.Context) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if _, err := w.Look(ctx); err != nil && ctx.Err() == nil {
			w.Log.Error("not everybody could be told of dates; it is tried again", "code", porting.CodeOf(err), "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
