package workflows

import (
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

// stop ends the story by a rule, a person or a clock. It is a "no", not a failure.
type stop struct {
	on      porting.Event
	outcome porting.Outcome
	why     porting.Refusal
}

func (s stop) Error() string { return string(s.on) + ": " + s.why.Note }

// rollback undoes what was done, latest first, on a context that no cancellation reaches, and ends the port. It returns
// the error with which the workflow ends: nil for a business "no", the cancellation if Temporal cancelled it, and the
// cause itself where it was a defect.
func (s *saga) rollback(ctx workflow.Context, cause error) error {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	ended, err := s.beginRollback(ctx, cause)
	if err != nil {
		return err
	}
	for u, more := s.undo.pop(); more; u, more = s.undo.pop() {
		s.wait(ctx, porting.WaitingNobody, porting.Deadline{})
		if err := u.do(ctx); err != nil {
			s.record(ctx, porting.EventUndoStuck, "portsaga", u.name)
			s.callPerson(ctx, "an undo cannot be done: "+u.name)
			return stuck(ended, err)
		}
		s.port.Undone = append(s.port.Undone, porting.Entry{At: s.now(ctx), Stage: s.port.Stage, Event: porting.EventUndone, Actor: "portsaga", Note: u.name})
		s.record(ctx, porting.EventUndone, "portsaga", u.name)
	}
	s.port.End(s.outcome, s.reason)
	err = s.port.Move(porting.EventRolledBack, s.now(ctx), "portsaga", "")
	return errors.Join(ended, err, s.publish(ctx))
}

// stuck is the error of a rollback that cannot go on. It is never the cancellation: Failed means look, Canceled does not.
func stuck(ended, err error) error {
	if temporal.IsCanceledError(ended) {
		return err
	}
	return errors.Join(ended, err)
}

// beginRollback moves the port by what stopped it. ended is the workflow's error.
func (s *saga) beginRollback(ctx workflow.Context, cause error) (ended, err error) {
	var no stop
	switch {
	case s.port.Revocation != nil:
		s.outcome, s.reason = porting.OutcomeRevoked, s.port.Revocation.Reason
		err = s.move(ctx, porting.EventRevoked, s.port.Revocation.By, string(s.reason))
	case s.cancelled:
		s.outcome, s.reason, ended = porting.OutcomeCancelled, porting.CancelledInTemporal, temporal.NewCanceledError()
		err = s.move(ctx, porting.EventCancelled, "temporal", "cancelled in Temporal")
	case errors.As(cause, &no):
		s.outcome, s.reason = no.outcome, no.why.Reason
		err = s.move(ctx, no.on, "portsaga", no.why.Note)
	default:
		s.outcome, s.reason, ended = porting.OutcomeCancelled, porting.OtherReason, cause
		err = s.move(ctx, porting.EventCancelled, "portsaga", "a step failed for good")
		s.callPerson(ctx, "a step failed for good; see the failed activity")
	}
	return ended, err
}

// release frees the numbers and destroys the secrets; it is the last undo, so the outcome is known. A run that was reset to
// before it sent the order has nothing to cancel; the ledger knows better, and the order is cancelled first.
func (s *saga) release(ctx workflow.Context) error {
	closed, err := s.closeInLedger(ctx, !s.sent)
	if err != nil || closed {
		return err
	}
	if err := s.cancelAtCarrier(ctx); err != nil {
		return err
	}
	_, err = s.closeInLedger(ctx, false)
	return err
}

func (s *saga) closeInLedger(ctx workflow.Context, unsent bool) (closed bool, err error) {
	return call[bool](ctx, s, undoCall, porting.StepClose, "close the port in the ledger: "+string(s.outcome),
		porting.CloseInput{Port: s.port.ID, Outcome: s.outcome, At: s.now(ctx), Timeline: s.port.Timeline, Unsent: unsent})
}

// cancelAtCarrier asks the carrier to cancel and waits until it says that it has. A carrier that ported the numbers
// anyway has them ported back.
func (s *saga) cancelAtCarrier(ctx workflow.Context) error {
	if s.movedOn() {
		return nil // no order is left to cancel
	}
	if err := s.ask(ctx, porting.StepCancel, "cancel the order at "+s.port.Receipt.Carrier); err != nil {
		return err
	}
	for {
		switch s.carrier.State {
		case porting.CarrierNothing, porting.CarrierCancelled, porting.CarrierRefused:
			s.port.Mark(porting.NumberMoved, porting.NumberNotMoved, s.reason)
			s.port.Mark(porting.NumberPending, porting.NumberNotMoved, s.reason)
			return nil
		case porting.CarrierActive, porting.CarrierReversing, porting.CarrierReversed:
			s.callPerson(ctx, "the carrier ported the numbers although the order was cancelled; they are ported back")
			if err := s.portBack(ctx); err != nil || s.movedOn() {
				return err
			}
		case porting.CarrierLocked:
			s.callPerson(ctx, "the carrier does not cancel any more; call its people. Activation stays fenced, the reversal is ready")
		}
		before := s.carrier.State
		err := s.awaitCarrierHoweverLong(ctx, clockCancelAck, "Carrier's acknowledgement of the cancel", func(c porting.CarrierStatus) bool {
			return c.State != before && c.State != porting.CarrierUnknown && !stillOpen(before, c.State)
		})
		if err != nil {
			return err
		}
	}
}

// movedOn reports whether the rollback found that the numbers had moved, and dealt with it.
func (s *saga) movedOn() bool {
	return s.outcome == porting.OutcomeReversed || s.outcome == porting.OutcomeDisputed
}

// stillOpen reports whether an order that would not cancel just goes on living.
func stillOpen(before, now porting.CarrierState) bool {
	return before == porting.CarrierLocked && (now == porting.CarrierConfirmed || now == porting.CarrierPending)
}

// portBack orders the reverse port if the numbers moved, and waits until the donor has them. A reversal that does not
// come becomes a dispute with a clock of its own. Our service stays on until then: two owners are safer than none.
func (s *saga) portBack(ctx workflow.Context) error {
	if err := s.readCarrierPatiently(ctx); err != nil {
		return err
	}
	switch s.carrier.State {
	case porting.CarrierActive, porting.CarrierReversing, porting.CarrierReversed:
	default:
		return nil
	}
	s.port.Activated(s.carrier.Numbers)
	s.port.Mark(porting.NumberMoved, porting.NumberMoved, s.reason)
	if s.carrier.State != porting.CarrierReversed {
		if err := s.ask(ctx, porting.StepReverse, "port the numbers back through "+s.port.Receipt.Carrier); err != nil {
			return err
		}
	}
	back, err := s.awaitReturn(ctx)
	if err != nil {
		return err
	}
	if !back {
		s.outcome = porting.OutcomeDisputed
		return nil
	}
	s.outcome = porting.OutcomeReversed
	s.port.Mark(porting.NumberMoved, porting.NumberMovedBack, s.reason)
	return nil
}

// awaitReturn waits until the donor has the numbers back: by the clock of the reverse port, then by that of the dispute.
func (s *saga) awaitReturn(ctx workflow.Context) (bool, error) {
	returned := func(c porting.CarrierStatus) bool { return c.State == porting.CarrierReversed }
	if returned(s.carrier) {
		return true, nil
	}
	if s.carrier.State == porting.CarrierRefused {
		s.callPerson(ctx, "the carrier refuses to port the numbers back; call both carriers")
	}
	for _, c := range []struct{ clock, what string }{{clockReverse, "Reverse port"}, {clockDispute, "Dispute over the numbers"}} {
		d, err := s.deadline(ctx, c.clock)
		if err != nil {
			return false, err
		}
		s.wait(ctx, porting.WaitingCarrier, d)
		back, err := s.awaitCarrier(ctx, d, c.what, returned)
		if back || err != nil {
			return back, err
		}
		s.callPerson(ctx, c.what+": the donor does not have the numbers back; call both carriers")
	}
	return false, nil
}

// ask sends a compensating call and takes the carrier's state from its answer. It never gives up: what fails for an hour
// calls a person and is tried again after the pack's pause.
func (s *saga) ask(ctx workflow.Context, step, summary string) error {
	return s.persist(ctx, summary, func() error {
		status, err := callOnce[porting.CarrierStatus](ctx, s.onLine(undoCall), step, summary, s.atCarrier(ctx, s.reason))
		if err == nil {
			s.carrier = status
		}
		return err
	})
}

func (s *saga) readCarrierPatiently(ctx workflow.Context) error {
	return s.persist(ctx, "read the order back", func() error { return s.readCarrier(ctx) })
}

// persist repeats a compensation until it works. The first failure calls a person.
func (s *saga) persist(ctx workflow.Context, what string, try func() error) error {
	for {
		cause := try()
		if cause == nil {
			return nil
		}
		s.record(ctx, porting.EventUndoStuck, "portsaga", what)
		s.callPerson(ctx, "an undo is stuck: "+what)
		d, err := s.deadline(ctx, clockUndoRetry)
		if err != nil {
			return errors.Join(cause, err)
		}
		s.wait(ctx, porting.WaitingOperator, d)
		if _, err := s.until(ctx, d.At, "Next try: "+what, s.hasNews); err != nil {
			return errors.Join(cause, err)
		}
		s.hintsRead = s.port.CarrierHints
	}
}
