package allinone

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"slices"
	"time"

	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/internal/simulate"
	"github.com/portsaga/portsaga/porting"
)

// demoScale makes a week pass in about twenty seconds. A port-out has hours where an order has days, so its time is slower.
const (
	demoScale    = 30_000
	demoScaleOut = 10_000
)

// glance is how often the demo looks at the port.
const glance = 50 * time.Millisecond

//go:embed demo-order.yaml
var demoOrder []byte

// demoClock starts business time on a Tuesday morning in New York, so that every run of the demo meets the same weekdays.
func demoClock(now time.Time) porting.Clock { return demoClockAt(now, demoScale) }

func demoClockOut(now time.Time) porting.Clock { return demoClockAt(now, demoScaleOut) }

func demoClockAt(now time.Time, scale float64) porting.Clock {
	day := now.UTC()
	for day = day.AddDate(0, 0, 1); day.Weekday() != time.Tuesday; {
		day = day.AddDate(0, 0, 1)
	}
	morning := time.Date(day.Year(), day.Month(), day.Day(), 15, 0, 0, 0, time.UTC)
	return porting.Clock{Scale: scale, RealStart: now, BusinessStart: morning}
}

// demo is one run of a scenario on a stack.
type demo struct {
	stack  *Stack
	script *simulate.Script
	back   *simulate.Script // of the port-in that brings numbers back
	id     string
	due    []dueAct // whose time is set and has not come
	shown  int      // timeline lines that were told
	tell   func(porting.Entry)
}

// dueAct is what somebody does to a port in its moment.
type dueAct struct {
	simulate.Moment
	port string
}

// readDemoOrder is the order that every scenario carries.
func readDemoOrder() (porting.Order, error) {
	return orders.Read(bytes.NewReader(demoOrder), orders.Options{Now: time.Now()})
}

// startDemo starts a scenario's port.
func startDemo(ctx context.Context, s *Stack, sc simulate.Scenario, order porting.Order, tell func(porting.Entry)) (*demo, error) {
	order = sc.Fit(order)
	s.Carrier.Learn(sc.Carrier)
	if err := s.Carrier.Choose(order.Reference, sc.Carrier.Name); err != nil {
		return nil, err
	}
	answer, err := s.Ports.Start(ctx, order)
	if err != nil {
		return nil, err
	}
	return newDemo(s, sc, answer.ID, tell), nil
}

func newDemo(s *Stack, sc simulate.Scenario, id string, tell func(porting.Entry)) *demo {
	return &demo{stack: s, script: simulate.NewScript(sc), back: simulate.BackScript(sc), id: id, tell: tell}
}

// play follows the port to its end: it tells every line of the timeline, and lets people act when their moment comes.
func (d *demo) play(ctx context.Context) (porting.Status, error) {
	next := time.NewTicker(glance)
	defer next.Stop()
	for {
		status, err := d.look(ctx)
		if err != nil {
			return status, err
		}
		for ; d.shown < len(status.Timeline); d.shown++ {
			d.tell(status.Timeline[d.shown])
		}
		if status.Outcome != "" {
			return d.stack.Ports.Wait(ctx, d.id)
		}
		if err := d.act(ctx, status); err != nil {
			return status, err
		}
		select {
		case <-ctx.Done():
			return status, ctx.Err()
		case <-d.stack.Stopped():
			return status, fmt.Errorf("the stack stopped by itself")
		case <-next.C:
		}
	}
}

// look reads the port's status. A busy machine answers late now and then, so it looks again a few times.
func (d *demo) look(ctx context.Context) (status porting.Status, err error) {
	const tries = 5
	for range tries {
		if status, err = d.stack.Ports.Status(ctx, d.id); err == nil || ctx.Err() != nil {
			return status, err
		}
	}
	return status, err
}

// act does what people would do by now, by signal, as the Web UI would send it.
func (d *demo) act(ctx context.Context, status porting.Status) error {
	d.plan(d.id, d.script.Follow(status))
	if status.Leaving != nil && status.Leaving.PortBack != "" {
		if back, err := d.stack.Ports.Status(ctx, status.Leaving.PortBack); err == nil { // it may not be there yet
			d.plan(back.ID, d.back.Follow(back))
		}
	}
	now := d.stack.Clock.Business(time.Now())
	for i, a := range d.due {
		if a.At.After(now) {
			continue
		}
		d.due = slices.Delete(d.due, i, i+1)
		return d.stack.Ports.Signal(ctx, a.port, a.Message, a.Body)
	}
	return nil
}

func (d *demo) plan(port string, set []simulate.Moment) {
	for _, m := range set {
		d.due = append(d.due, dueAct{m, port})
	}
}
