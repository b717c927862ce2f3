package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
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
		TimerOptions: workflow.TimerOptions{Summary: summary + ", by " + day(deadline)},
	}, cond)
	stopTimer()
	return met, err
}

// untilPeople waits on the running clock, which is people's: it stands still while the port is on hold, and an extension
// lengthens it. It reports whether cond came true.
func (s *saga) untilPeople(ctx workflow.Context, summary string, cond func() bool) (bool, error) {
	for {
		if s.port.Stage == porting.OnHold { // since an earlier stage
			if err := s.setClockAnew(ctx); err != nil {
				return false, err
			}
		}
		seen := s.port.ClockMoves
		_, err := s.until(ctx, s.clock.At, summary, func() bool { return cond() || s.port.ClockMoves != seen })
		if err != nil {
			return false, err
		}
		switch {
		case s.port.ClockMoves != seen:
			err = s.setClockAnew(ctx)
		case cond():
			return true, nil
		default:
			s.port.Record(porting.EventWarned, s.clock.At.UTC(), "clock", summary+": the time for "+s.clock.Clock+" is over")
			if s.clock.OnExpiry != porting.ExpiryEscalate {
				return false, nil
			}
			err = s.escalatePeople(ctx, summary)
		}
		if err != nil {
			return false, err
		}
	}
}

// escalatePeople calls a person where the pack does not let a port expire, and starts the clock again.
func (s *saga) escalatePeople(ctx workflow.Context, what string) error {
	d, err := s.deadline(ctx, s.clock.Clock)
	if err != nil {
		return err
	}
	s.wait(ctx, s.port.WaitingOn, d)
	s.callPerson(ctx, what+" is overdue")
	return nil
}

// setClockAnew waits out a hold, and adds to the clock what the hold and extensions took.
func (s *saga) setClockAnew(ctx workflow.Context) error {
	stopped, who := s.now(ctx), s.port.WaitingOn
	if err := s.awaitResume(ctx, never); err != nil {
		return err
	}
	more := s.now(ctx).Sub(stopped) + s.port.MoreTime
	s.port.MoreTime = 0
	s.clock.At = s.clock.At.Add(more)
	s.port.Wait(who, s.clock.At, expiry(s.clock))
	return s.publish(ctx)
}

const longHold = "the port is on hold for long; resume or revoke it"

// awaitResume waits while the port is on hold, or until something else comes true. A hold that lasts for long calls a
// person.
func (s *saga) awaitResume(ctx workflow.Context, or func() bool) error {
	goesOn := func() bool { return s.port.Stage != porting.OnHold || or() }
	for !goesOn() {
		d, err := s.deadline(ctx, clockHold)
		if err != nil {
			return err
		}
		s.port.Wait(porting.WaitingOperator, d.At, expiry(d))
		s.show(ctx)
		met, err := s.until(ctx, d.At, "Hold", goesOn)
		if err != nil {
			return err
		}
		if !met {
			s.callPerson(ctx, longHold)
		}
	}
	if s.port.Stage != porting.OnHold && s.port.Attention == longHold {
		s.port.Attention = ""
	}
	return nil
}

func never() bool { return false }

// hasNews reports whether the carrier gave a hint that no read-back has answered.
func (s *saga) hasNews() bool { return s.port.CarrierHints > s.hintsRead }

// mark is an instant of a clock at which the saga looks by itself.
type mark struct {
	at   time.Time
	note string
}

// lookout walks along a clock's marks: half of its time, four fifths of it, and its end. A lost webhook costs time, never
// the port.
type lookout struct {
	what  string
	marks []mark
}

func newLookout(d porting.Deadline, what string) *lookout {
	length := d.At.Sub(d.Start)
	return &lookout{what, []mark{
		{d.Start.Add(length / 2), "half of the time for " + d.Clock + " is gone"},
		{d.Start.Add(length * 4 / 5), "four fifths of the time for " + d.Clock + " are gone"},
		{d.At, "the time for " + d.Clock + " is over"},
	}}
}

func (l *lookout) over() bool { return len(l.marks) == 0 }

// awaitNews waits for a hint of the carrier or for the next mark, and returns the mark if that came first.
func (s *saga) awaitNews(ctx workflow.Context, l *lookout) (*mark, error) {
	m := l.marks[0]
	heard, err := s.until(ctx, m.at, l.what, s.hasNews)
	if heard || err != nil {
		return nil, err
	}
	l.marks = l.marks[1:]
	return &m, nil
}

// warn records a mark that passed without the answer, at its own instant: a restart must not make lateness look younger.
func (s *saga) warn(ctx workflow.Context, l *lookout, m *mark) {
	if m == nil {
		return
	}
	s.port.Record(porting.EventWarned, m.at.UTC(), "clock", l.what+": "+m.note)
	s.render(ctx)
}

// awaitCarrier waits until the carrier's truth satisfies done, or until the clock runs out; it reports which. Every hint
// makes it read back, and so does every mark of the clock.
func (s *saga) awaitCarrier(ctx workflow.Context, d porting.Deadline, what string, done func(porting.CarrierStatus) bool) (bool, error) {
	l := newLookout(d, what)
	for !l.over() {
		m, err := s.awaitNews(ctx, l)
		if err != nil {
			return false, err
		}
		if err := s.readCarrier(ctx); err != nil {
			return false, err
		}
		if done(s.carrier) {
			return true, nil
		}
		s.warn(ctx, l, m)
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
