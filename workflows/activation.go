package workflows

import (
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

// activate passes the point of no return: the gate checks everything again and wins the fence, or refuses. While it is
// under way nothing interrupts the saga; the answer decides what a revocation means.
func (s *saga) activate(ctx workflow.Context) error {
	s.undo.push("port the numbers back", s.portBack)
	s.movedEarly = isActive(s.carrier) && s.now(ctx).Before(s.port.FOCAt)
	graceEnds, err := s.deadline(ctx, clockGrace)
	if err != nil {
		return err
	}
	for {
		if err := s.startActivation(ctx); err != nil {
			return err
		}
		refused, err := s.askGate(ctx)
		if err != nil {
			return err
		}
		if refused == nil {
			return s.activated(ctx)
		}
		if err := s.move(ctx, porting.EventActivationFailed, "gate", refused.Refused.Note); err != nil {
			return err
		}
		refusedFor := s.port.FOCAt
		if err := s.awaitNextTry(ctx, *refused, graceEnds); err != nil {
			return err
		}
		if !s.port.FOCAt.Equal(refusedFor) {
			return s.activate(ctx) // another date, another grace
		}
	}
}

// startActivation moves the port to the point of no return. It looks last whether people stopped the
// port: nothing may come between.
func (s *saga) startActivation(ctx workflow.Context) error {
	d, err := s.deadline(ctx, clockActivation)
	if err != nil {
		return err
	}
	if s.stopped() {
		return s.awaitInterruption(ctx)
	}
	if s.port.Stage != porting.OnHold {
		return s.moveOnClock(ctx, porting.EventActivationStarted, "portsaga", "", porting.WaitingCarrier, d)
	}
	if err := s.awaitFOCDate(ctx); err != nil {
		return err
	}
	return s.startActivation(ctx)
}

// activated settles every number by what the carrier says of it.
func (s *saga) activated(ctx workflow.Context) error {
	s.port.Activated(s.carrier.Numbers)
	if err := s.moveAndWait(ctx, porting.EventActivated, s.port.Receipt.Carrier, "", porting.WaitingDate, clockGuard); err != nil {
		return err
	}
	if s.port.Left() == 0 {
		return nil
	}
	if s.port.Order.Wishes.AllOrNothing {
		return stop{porting.EventIncomplete, porting.OutcomeRejected, porting.Refusal{Reason: s.firstLeft(), Note: s.leftNote() + " did not move, and all or nothing was asked"}}
	}
	s.callPerson(ctx, s.leftNote()+" did not move; see why with each number")
	return nil
}

// askGate asks for the activation until its outcome is known. It returns the refusal if surely nothing moved.
func (s *saga) askGate(ctx workflow.Context) (*porting.Activation, error) {
	l := newLookout(s.clock, "Answer to the activation")
	for {
		s.hintsRead = s.port.CarrierHints
		answer, err := callOnce[porting.Activation](ctx, s.onClock(ahead(s.onLine(carrierCall))), porting.StepActivate, activateSummary, s.activation(ctx))
		if foundNoAnswer(err) {
			if l, err = s.gateIsLate(ctx, l); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		s.carrier = answer.Status
		s.render(ctx)
		if answer.Fenced {
			return nil, stop{porting.EventRevoked, porting.OutcomeRevoked, *answer.Refused}
		}
		if answer.Refused != nil {
			return &answer, nil
		}
		if isActive(answer.Status) {
			return nil, nil
		}
		if l, err = s.awaitGateNews(ctx, l); err != nil {
			return nil, err
		}
	}
}

const activateSummary = "Activate the numbers (point of no return)"

func (s *saga) activation(ctx workflow.Context) porting.ActivateInput {
	return porting.ActivateInput{
		Ref: s.port.Ref(), Carrier: s.port.Receipt.Carrier, Epoch: s.port.Receipt.Epoch, FOC: s.port.FOCAt, Policy: s.port.Policy(),
		Submitter: s.port.Order.SubmittedBy, Decisions: s.port.Decisions, Protocol: porting.GateProtocol, Clock: s.port.Clock, At: s.now(ctx),
		Order: s.port.Order, Salt: s.port.Receipt.Salt, Findings: s.port.Found,
	}
}

// onClock has a step tried as long as the clock that runs, and not longer: the engine keeps that clock, and a person is called
// when it is over.
func (s *saga) onClock(how preset) preset {
	return func(ctx workflow.Context, summary string) workflow.ActivityOptions {
		o := how(ctx, summary)
		left := s.port.Clock.RealDuration(s.clock.At.Sub(s.now(ctx)))
		o.ScheduleToCloseTimeout = min(o.ScheduleToCloseTimeout, max(left, o.StartToCloseTimeout))
		return o
	}
}

// gateIsLate calls a person, because the gate has found no answer in the clock's time. The clock starts anew.
func (s *saga) gateIsLate(ctx workflow.Context, l *lookout) (*lookout, error) {
	const why = activateSummary + ": no answer for a long time; the step is tried again"
	if workflow.GetVersion(ctx, changeGateOnClock, workflow.DefaultVersion, 1) == workflow.DefaultVersion {
		s.callPerson(ctx, why)
		return l, nil
	}
	return s.startAgain(ctx, l, why)
}

// awaitGateNews waits until the gate is worth asking again. A clock that runs out calls a person and starts anew.
func (s *saga) awaitGateNews(ctx workflow.Context, l *lookout) (*lookout, error) {
	m, err := s.awaitNews(ctx, l)
	if err != nil {
		return nil, err
	}
	s.warn(ctx, l, m)
	if !l.over() {
		return l, nil
	}
	return s.startAgain(ctx, l, l.what+": the carrier has not answered in time; call its people")
}

// startAgain starts the clock of the activation again, and calls a person.
func (s *saga) startAgain(ctx workflow.Context, l *lookout, why string) (*lookout, error) {
	d, err := s.deadline(ctx, clockActivation)
	if err != nil {
		return nil, err
	}
	s.wait(ctx, porting.WaitingCarrier, d)
	s.callPerson(ctx, why)
	return newLookout(d, l.what), nil
}

// awaitNextTry calls a person after a refused activation and waits for news, as long as the FOC lives. Void decisions are
// asked for again, and a date that slipped without news is waited for.
func (s *saga) awaitNextTry(ctx workflow.Context, refused porting.Activation, graceEnds porting.Deadline) error {
	if why := refused.Refused.Reason; why == porting.ApprovalVoid || why == porting.RiskRose {
		return s.reapprove(ctx, refused)
	}
	if s.slipped(ctx, refused) {
		if err := s.followFOC(ctx); err != nil {
			return err
		}
		return s.awaitFOCDate(ctx)
	}
	s.wait(ctx, porting.WaitingOperator, graceEnds)
	s.callPerson(ctx, "the activation was refused; see the timeline, then send a carrier-event to try again")
	heard, err := s.until(ctx, graceEnds.At, "Another try at the activation", s.hasNews)
	if err != nil {
		return err
	}
	if !heard {
		return stop{porting.EventExpired, porting.OutcomeExpired, porting.Refusal{Reason: porting.DueDateUnmeetable, Note: "the FOC was never activated"}}
	}
	if err := s.followCarrier(ctx); err != nil {
		return err
	}
	return s.awaitFOCDate(ctx)
}

// slipped reports whether the gate read a later date back than the one that the port went by.
func (s *saga) slipped(ctx workflow.Context, refused porting.Activation) bool {
	later := refused.Status.State == porting.CarrierConfirmed && refused.Status.FOC.After(s.port.FOCAt)
	return later && workflow.GetVersion(ctx, changeSlippedUntold, workflow.DefaultVersion, 1) > workflow.DefaultVersion
}

// complete keeps the numbers under guard for a while, in which an unauthorised port is still taken back at once, and
// then reads back that they are where they should be.
func (s *saga) complete(ctx workflow.Context) error {
	if err := s.guard(ctx); err != nil {
		return err
	}
	seen, err := s.verifyPatiently(ctx)
	for err == nil && (seen.Found != nil || !isActive(seen.Status)) {
		if seen.Found != nil {
			seen, err = s.guardLonger(ctx, *seen.Found)
			continue
		}
		s.callPerson(ctx, "the carrier does not show the numbers as active; look at the carrier's order")
		if err := s.awaitCarrierHoweverLong(ctx, clockActivation, "Numbers active at the carrier", isActive); err != nil {
			return err
		}
		seen, err = s.verifyPatiently(ctx)
	}
	if err != nil {
		return err
	}
	if s.stopped() {
		return s.awaitInterruption(ctx) // who revoked was promised the way back
	}
	if seen.Revoked {
		return stop{porting.EventRevoked, porting.OutcomeRevoked, porting.Refusal{Reason: porting.AuthorizationRevoked, Note: "a revocation is in the ledger"}}
	}
	return s.finish(ctx)
}

// guardLonger keeps the port under guard for another while, because fresh evidence speaks of fraud: working numbers are not
// taken back on a suspicion, but people are called while that is still easy.
func (s *saga) guardLonger(ctx workflow.Context, found porting.Findings) (porting.Verification, error) {
	s.port.Found, s.port.Risk = found, found.Risk
	d, err := s.deadline(ctx, clockGuard)
	if err != nil {
		return porting.Verification{}, err
	}
	s.wait(ctx, porting.WaitingOperator, d)
	s.callPerson(ctx, "signs of fraud after the activation: call the subscriber, and revoke the port if it was not theirs; "+strings.Join(found.Notes, "; "))
	if _, err := s.until(ctx, d.At, "Guard, because of signs of fraud", never); err != nil {
		return porting.Verification{}, err
	}
	return s.verifyPatiently(ctx)
}

// finish ends a port whose numbers work, and leaves it marked where something still does not.
func (s *saga) finish(ctx workflow.Context) error {
	if s.port.Left() == 0 {
		s.port.End(porting.OutcomeCompleted, "")
		if err := s.move(ctx, porting.EventVerified, s.port.Receipt.Carrier, "read back from the carrier"); err != nil {
			return err
		}
	} else {
		s.port.End(porting.OutcomePartial, s.firstLeft())
		if err := s.move(ctx, porting.EventPartlyVerified, s.port.Receipt.Carrier, s.leftNote()+" did not move"); err != nil {
			return err
		}
		s.callPerson(ctx, s.leftNote()+" did not move; see why with each number")
	}
	if s.movedEarly && workflow.GetVersion(ctx, changeMovedEarly, workflow.DefaultVersion, 1) > workflow.DefaultVersion {
		s.callPerson(ctx, "the carrier moved the numbers before the FOC, and nobody had asked it to; ask it why, and tell the customer")
	}
	if messagingLate(s.carrier) {
		s.callPerson(ctx, "voice works, messaging does not yet: the carrier has it as "+string(s.carrier.Messaging))
	}
	return nil
}

// guard waits out the time in which an unauthorised port is taken back at once. It follows the messaging of the numbers,
// which some carriers move later than their voice.
func (s *saga) guard(ctx workflow.Context) error {
	if messagingLate(s.carrier) {
		if _, err := s.awaitCarrier(ctx, s.clock, "Messaging of the numbers", func(c porting.CarrierStatus) bool { return !messagingLate(c) }); err != nil {
			return err
		}
		s.show(ctx)
	}
	_, err := s.until(ctx, s.clock.At, "Guard after the activation", never)
	return err
}

func messagingLate(c porting.CarrierStatus) bool {
	return c.Messaging != "" && c.Messaging != porting.CarrierActive
}

// verifyPatiently looks at the numbers until the look works: a step that fails for good calls a person, and does not take
// working numbers back.
func (s *saga) verifyPatiently(ctx workflow.Context) (porting.Verification, error) {
	for {
		seen, err := s.verifyAndClose(ctx)
		if err == nil {
			return seen, nil
		}
		d, err := s.deadline(ctx, clockUndoRetry)
		if err != nil {
			return seen, err
		}
		s.wait(ctx, porting.WaitingOperator, d)
		s.callPerson(ctx, "the port cannot be verified; see the failed step")
		if _, err := s.until(ctx, d.At, "Next look at the numbers", func() bool { return s.port.CarrierHints > s.hintsRead }); err != nil {
			return seen, err
		}
	}
}

// verifyAndClose closes the port in the ledger if the carrier shows the numbers as active. Nothing interrupts it.
func (s *saga) verifyAndClose(ctx workflow.Context) (porting.Verification, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	s.hintsRead = s.port.CarrierHints
	outcome := porting.OutcomeCompleted
	if s.port.Left() > 0 {
		outcome = porting.OutcomePartial
	}
	seen, err := call[porting.Verification](ctx, s, s.onLine(carrierCall), porting.StepVerify, "See that the numbers work, and close the port",
		porting.VerifyInput{
			Ref: s.port.Ref(), Carrier: s.port.Receipt.Carrier, Outcome: outcome, At: s.now(ctx),
			Pack: s.port.Receipt.Pack, Order: s.port.Order, Salt: s.port.Receipt.Salt, Findings: s.port.Found, Timeline: s.port.Timeline,
		})
	s.carrier = seen.Status
	return seen, err
}

func isActive(c porting.CarrierStatus) bool { return c.State == porting.CarrierActive }
