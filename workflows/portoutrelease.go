package workflows

import (
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

// awaitActivation waits until the numbers work with the recipient. Nothing is switched off before.
func (s *portOut) awaitActivation(ctx workflow.Context) error {
	settled := func(c porting.CarrierStatus) bool { return isActive(c) || withdrawn(c) }
	for _, clock := range []string{clockPort, clockGrace} {
		if settled(s.carrier) {
			break
		}
		d, err := s.deadline(ctx, clock)
		if err != nil {
			return err
		}
		s.clock = d
		s.port.Wait(porting.WaitingCarrier, d.At, "the approval lapses if the recipient never activates")
		s.show(ctx)
		if _, err := s.awaitCarrier(ctx, d, "Numbers seen with the recipient", settled); err != nil {
			return err
		}
	}
	switch {
	case withdrawn(s.carrier):
		return s.withdraw()
	case !isActive(s.carrier):
		return stop{porting.EventLapsed, porting.OutcomeExpired, porting.Refusal{Reason: porting.CarrierSilent, Note: "the recipient never activated the numbers"}}
	default:
		return nil
	}
}

// release switches the numbers off here. The gate looks once more whether they work elsewhere.
func (s *portOut) release(ctx workflow.Context) error {
	if s.port.Revocation != nil {
		return s.awaitInterruption(ctx)
	}
	s.undo.push("bring the numbers back", s.bringBack)
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	s.port.Activated(s.carrier.Numbers)
	if err := s.move(ctx, porting.EventActivated, s.port.Receipt.Carrier, "the numbers work with the recipient"); err != nil {
		return err
	}
	s.callAgain(ctx)
	if o := s.overrun; o != nil && o.Kind == porting.AnswerRefuse {
		return stop{porting.EventDisputed, porting.OutcomeDisputed, porting.Refusal{Reason: o.Reason, Note: "our answer would have been no, and the recipient did not wait for it"}}
	}
	for {
		done, err := call[porting.Released](ctx, s.saga, answerCall, porting.StepReleaseNumbers, "Switch off routing and billing of the numbers", porting.ReleaseInput{Leaving: s.leaving(ctx)})
		if err == nil && done.Withheld == nil {
			break
		}
		why := "the numbers cannot be released; see the failed activity"
		if err == nil {
			s.carrier = done.Status
			why = "the numbers are not released: " + done.Withheld.Note
		}
		s.callPerson(ctx, why)
		d, err := s.deadline(ctx, clockUndoRetry)
		if err != nil {
			return err
		}
		if _, err := s.until(ctx, d.At, "Next try to release the numbers", func() bool { return s.hasNews() || s.port.Leaving.Dispute != nil }); err != nil {
			return err
		}
		s.hintsRead = s.port.CarrierHints
		if s.port.Leaving.Dispute != nil {
			return s.disputed()
		}
	}
	s.record(ctx, porting.EventReleased, "portsaga", "routing and billing are off for the numbers that moved")
	s.tell(ctx, porting.NoticeReleased, "")
	return nil
}

// guardRelease gives the subscriber the time to report a port that nobody asked for, and then ends the port.
func (s *portOut) guardRelease(ctx workflow.Context) error {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	d, err := s.deadline(ctx, clockGuard)
	if err != nil {
		return err
	}
	s.clock = d
	s.port.Wait(porting.WaitingDate, d.At, "the port-out completes")
	s.show(ctx)
	disputed, err := s.until(ctx, d.At, "Report of a port that nobody asked for", func() bool { return s.port.Leaving.Dispute != nil })
	if err != nil {
		return err
	}
	if disputed {
		return s.disputed()
	}
	s.outcome = porting.OutcomeCompleted
	event := porting.EventVerified
	if s.port.Left() > 0 {
		s.outcome, event = porting.OutcomePartial, porting.EventPartlyVerified
	}
	if err := s.close(ctx); err != nil {
		return err
	}
	s.port.End(s.outcome, "")
	if err := s.move(ctx, event, "portsaga", "the numbers work with the recipient"); err != nil {
		return err
	}
	s.callAgain(ctx)
	return nil
}

func (s *portOut) disputed() error {
	why := s.port.Leaving.Dispute.Reason
	return stop{porting.EventDisputed, porting.OutcomeDisputed, porting.Refusal{Reason: why, Note: "reported by " + s.port.Leaving.Dispute.By}}
}

// takeBack cancels an approval that the subscriber revoked, and waits until the recipient says that it has. It does nothing for
// other ends: an approval that lapsed or was withdrawn is gone.
func (s *portOut) takeBack(ctx workflow.Context) error {
	if s.port.Revocation == nil || s.movedOn() {
		return nil
	}
	answer := s.port.RevocationAnswer()
	answer.Kind = porting.AnswerCancel
	err := s.persist(ctx, "take the approval back", func() error {
		given, err := callOnce[porting.AnswerGiven](ctx, undoCall, porting.StepAnswer, "take the approval back", s.answering(ctx, answer))
		if err == nil {
			s.carrier = given.Status
		}
		return err
	})
	for err == nil {
		switch s.carrier.State {
		case porting.CarrierCancelled, porting.CarrierRefused, porting.CarrierNothing:
			return nil
		case porting.CarrierActive:
			s.callPerson(ctx, "the recipient took the numbers although the subscriber revoked; they are ported back, and work here until then")
			return s.bringBack(ctx)
		case porting.CarrierLocked:
			s.callPerson(ctx, "the recipient does not take the cancel; call its people: it must, by the subscriber's authority")
		}
		before := s.carrier.State
		err = s.awaitCarrierHoweverLong(ctx, clockCancelAck, "Recipient's acknowledgement of the cancel", func(c porting.CarrierStatus) bool {
			return c.State != before && c.State != porting.CarrierUnknown && !stillOpen(before, c.State)
		})
	}
	return err
}

// bringBack starts the port-in that brings the numbers back, if they left, and waits for it: by the clock of a reverse port,
// then by that of a dispute. The port-in lives on by itself, however this port ends.
func (s *portOut) bringBack(ctx workflow.Context) error {
	if err := s.readCarrierPatiently(ctx); err != nil {
		return err
	}
	if !isActive(s.carrier) {
		return nil
	}
	s.outcome = porting.OutcomeDisputed
	s.port.Activated(s.carrier.Numbers)
	s.port.Mark(porting.NumberMoved, porting.NumberMoved, s.reason)
	if err := s.close(ctx); err != nil { // the port-in claims the numbers
		return err
	}
	s.callAgain(ctx)
	back := s.startPortBack(ctx)
	s.tell(ctx, porting.NoticeReturning, s.reason)
	returned, err := s.awaitPortBack(ctx, back)
	if returned {
		s.outcome = porting.OutcomeReversed
		s.port.Mark(porting.NumberMoved, porting.NumberMovedBack, s.reason)
	}
	return err
}

func (s *portOut) startPortBack(ctx workflow.Context) workflow.ChildWorkflowFuture {
	order := s.port.PortBack(s.reason)
	id := porting.PortID(porting.PortIn, order.TenantOrDefault(), order.Reference)
	s.port.Leaving.PortBack = id
	ctx = workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: id, ParentClosePolicy: enums.PARENT_CLOSE_POLICY_ABANDON, WorkflowIDReusePolicy: enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		TypedSearchAttributes: temporal.NewSearchAttributes(
			keyDirection.ValueSet(string(porting.PortIn)), keyStage.ValueSet(string(porting.Received)), keyTenant.ValueSet(order.TenantOrDefault())),
		StaticSummary: "Port-back of numbers that left by " + s.port.ID,
	})
	back := workflow.ExecuteChildWorkflow(ctx, porting.WorkflowPortIn, porting.PortInput{ID: id, Order: order, Clock: s.port.Clock})
	s.record(ctx, porting.EventNote, "portsaga", "port-in "+id+" brings the numbers back")
	if err := back.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
		s.callPerson(ctx, "the port-in that brings the numbers back cannot be started: "+id)
	}
	return back
}

// awaitPortBack waits until the numbers are with us again.
func (s *portOut) awaitPortBack(ctx workflow.Context, back workflow.ChildWorkflowFuture) (bool, error) {
	for _, c := range []struct{ clock, what string }{{clockReverse, "Port-back"}, {clockDispute, "Dispute over the numbers"}} {
		d, err := s.deadline(ctx, c.clock)
		if err != nil {
			return false, err
		}
		s.clock = d
		s.port.Wait(porting.WaitingCarrier, d.At, expiry(d))
		s.show(ctx)
		ended, err := s.until(ctx, d.At, c.what, back.IsReady)
		if err != nil {
			return false, err
		}
		if ended {
			var status porting.Status
			failed := back.Get(ctx, &status)
			return failed == nil && status.Outcome == porting.OutcomeCompleted, nil
		}
		s.callPerson(ctx, c.what+": the numbers are not back; see "+s.port.Leaving.PortBack)
	}
	return false, nil
}
