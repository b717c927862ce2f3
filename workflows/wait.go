package workflows

import (
	"fmt"
	"time"

	"github.com/portsaga/portsaga/porting"
	"go.temporal.io/sdk/workflow"
)

// until is the one way to wait: for cond, at most until a deadline in business time. It reports whether cond came true.
// Its timer is cancelled as soon as it is not needed: a bare AwaitWithTimeout would leave it running.
func (s *saga) until(ctx workflow.Context, deadline time.Time, summary string, cond func() bool) (bool, error) {
	if cond() {
		return true, nil
	}
	wait := s.port.Clock.RealDuration(deadline.Sub(s.now(ctx)))
	if wait <= 0 {
		return false, ctx.Err()
	}
	timed, stopTimer := workflow.WithCancel(ctx)
	met, err := workflow.AwaitWithOptions(timed, workflow.AwaitOptions{
		Timeout:      wait,
		TimerOptions: workflow.TimerOptions{Summary: summary + ", by " + deadline.Format("Mon 2 Jan 15:04 MST")},
	}, cond)
	stopTimer()
	return met, err
}

// mark is an instant of a clock at which the saga looks by itself.
type mark struct {
	at   time.Time
	note string
}

// marks are half of a clock's time, four fifths of it, and its end.
func marks(d porting.Deadline) []mark {
	length := d.At.Sub(d.Start)
	return []mark{
		{d.Start.Add(length / 2), "half of the time for " + d.Clock + " is gone"},
		{d.Start.Add(length * 4 / 5), "four fifths of the time for " + d.Clock + " are gone"},
		{d.At, "the time for " + d.Clock + " is over"},
	}
}

// awaitCarrier waits until the carrier's truth satisfies done, or until the clock runs out; it reports which. Every hint
// makes it read back, and so does every mark of the clock: a lost webhook costs time, never the port.
func (s *saga) awaitCarrier(ctx workflow.Context, d porting.Deadline, what string, done func(porting.CarrierStatus) bool) (bool, error) {
	for _, m := range marks(d) {
		for {
			heard, err := s.until(ctx, m.at, what, func() bool { return s.port.CarrierHints > s.hintsRead })
			if err != nil {
				return false, err
			}
			if err := s.readCarrier(ctx); err != nil {
				return false, err
			}
			if done(s.carrier) {
				return true, nil
			}
			if !heard {
				break
			}
		}
		s.record(ctx, porting.EventWarned, "clock", fmt.Sprintf("%s: %s", what, m.note))
	}
	return false, nil
}

// awaitCarrierHoweverLong waits as awaitCarrier does, calls a person when the clock runs out, and goes on waiting.
func (s *saga) awaitCarrierHoweverLong(ctx workflow.Context, clock, what string, done func(porting.CarrierStatus) bool) error {
	for {
		d, err := s.deadline(ctx, clock)
		if err != nil {
			return err
		}
		s.wait(ctx, porting.WaitingCarrier, d)
		answered, err := s.awaitCarrier(ctx, d, what, done)
		if answered || err != nil {
			return err
		}
		s.callPerson(ctx, what+": the carrier has not answered in time; call its people")
	}
}
