package bench

import (
	"time"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

// Business seconds in a second. A port-out must be answered within hours, and a carrier be late by hours before the saga asks it why:
// they must outlast a busy machine, and the wait for a revocation.
const (
	scale       = 3600
	scaleOut    = 600
	scaleRevoke = 10
)

// benchClock runs business time fast, from a Tuesday morning in New York.
func benchClock(now time.Time, kind string) porting.Clock {
	c := porting.Clock{Scale: scale, RealStart: now}
	switch kind {
	case KindPortOut:
		c.Scale = scaleOut
	case KindRevoke:
		c.Scale = scaleRevoke
	}
	day := now.UTC().AddDate(0, 0, 1)
	for day.Weekday() != time.Tuesday {
		day = day.AddDate(0, 0, 1)
	}
	c.BusinessStart = time.Date(day.Year(), day.Month(), day.Day(), 14, 0, 0, 0, time.UTC)
	return c
}

const quick = "quick"

// quickCarrier does everything within moments. It lets an order wait long enough that the saga waits for it, as it waits for
// every carrier. One whose orders are revoked confirms none before.
func (s *stack) quickCarrier() simulator.Scenario {
	steps := []simulator.Step{
		{On: simulator.ActivationAsked, After: s.pause(), Then: simulator.Activated},
		{On: simulator.CancelAsked, After: s.pause(), Then: simulator.Cancelled},
		{On: simulator.ReversalAsked, After: s.pause(), Then: simulator.Reversed},
	}
	if s.options.Kind != KindRevoke {
		steps = append(steps, simulator.Step{On: simulator.Submitted, After: s.pause(), Then: simulator.Confirmed, FOC: new(s.span(time.Second))})
	}
	return simulator.Scenario{Name: quick, About: "The carrier does everything within moments.", Steps: steps}
}

// pause is how long the simulated carrier takes; the messages to a bare workflow take as long.
func (s *stack) pause() simulator.Span { return s.span(s.options.pause()) }

// span is business time that takes so long.
func (s *stack) span(wait time.Duration) simulator.Span {
	return simulator.Span{Elapsed: time.Duration(float64(wait) * s.clock.Scale)}
}

// pause grows with what is under way, of a bulk order all of its ports: the saga must have had its turn, and wait, when the answer
// comes.
func (o Options) pause() time.Duration {
	underWay := o.InProgress
	if o.Kind == KindBulk {
		underWay = max(underWay, o.Ports)
	}
	return max(time.Second/3, time.Duration(underWay)*25*time.Millisecond)
}
