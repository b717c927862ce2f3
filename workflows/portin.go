// Package workflows holds the sagas, each read from top to bottom like the story that it tells.
package workflows

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/portsaga/portsaga/porting"
	"go.temporal.io/sdk/workflow"
)

// PortIn moves an order's numbers to us: it takes the order, has it screened and approved, submits it to the carrier,
// waits for the FOC and its date, activates, and sees that the numbers work. At every point the authorization may be
// revoked; then what was done is undone, as the stage reached demands. A business "no" completes the workflow; it fails
// only when a person must look.
func PortIn(ctx workflow.Context, in porting.PortInput) (porting.Status, error) {
	s := newSaga(ctx, in)
	err := s.portIn(s.story)
	if err != nil {
		err = s.rollback(ctx, err)
	}
	s.drain(ctx)
	return s.port.Status(), err
}

func (s *saga) portIn(ctx workflow.Context) error {
	if err := s.receive(ctx); err != nil {
		return err
	}
	for {
		err := s.attempt(ctx)
		if !errors.Is(err, errCarrierRejected) {
			if err != nil {
				return err
			}
			return s.complete(ctx)
		}
		if err := s.awaitCorrection(ctx); err != nil {
			return err
		}
	}
}

// attempt takes one version of the order from its screening to working numbers.
func (s *saga) attempt(ctx workflow.Context) error {
	for _, step := range []func(workflow.Context) error{s.screen, s.verify, s.submit, s.awaitFOC, s.awaitFOCDate, s.activate} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// receive chooses the rules that the port keeps for its life, and claims its numbers.
func (s *saga) receive(ctx workflow.Context) error {
	s.undo.push("release the numbers and destroy the secrets", s.release)
	receipt, err := call[porting.Receipt](ctx, s, ownStep, porting.StepReceive, "Take the order: choose the rules, claim the numbers",
		porting.ReceiveInput{Port: s.port.ID, Order: s.port.Order, Clock: s.port.Clock, At: s.now(ctx)})
	if err != nil {
		return err
	}
	s.port.Receipt = receipt
	if receipt.Refused != nil {
		return stop{porting.EventRefused, porting.OutcomeRejected, *receipt.Refused}
	}
	return s.move(ctx, porting.EventAccepted, "portsaga", receipt.PackWhy)
}

// screen runs the checks that people see before they decide.
func (s *saga) screen(ctx workflow.Context) error {
	found, err := call[porting.Findings](ctx, s, carrierCall, porting.StepScreen, "Screen the order: portability, authorization, history",
		porting.ScreenInput{Port: s.port.ID, Order: s.port.Order, Pack: s.port.Receipt.Pack, Carrier: s.port.Receipt.Carrier, At: s.now(ctx)})
	if err != nil {
		return err
	}
	s.port.Risk = found.Risk
	if found.Blocked != nil {
		return stop{porting.EventBlocked, porting.OutcomeRejected, *found.Blocked}
	}
	return s.moveAndWait(ctx, porting.EventScreened, "portsaga", strings.Join(found.Notes, "; "), porting.WaitingApprover, clockDecision)
}

// verify waits for people. Nobody's silence approves a port.
func (s *saga) verify(ctx workflow.Context) error {
	decided, err := s.untilPeople(ctx, "Decision of an approver", func() bool {
		approved, declined := s.verdict()
		return approved || declined
	})
	if err != nil {
		return err
	}
	if !decided {
		return stop{porting.EventExpired, porting.OutcomeExpired, porting.Refusal{Reason: porting.NoDecision, Note: "nobody decided in time"}}
	}
	if _, declined := s.verdict(); declined {
		return stop{porting.EventDeclined, porting.OutcomeRejected, porting.Refusal{Reason: porting.Declined, Note: "an approver rejected the order"}}
	}
	return s.move(ctx, porting.EventApproved, s.lastDecider(), fmt.Sprintf("order version %d", s.port.Order.Version))
}

// submit sends the LSR. The cancel is registered first: a submission that failed may have arrived.
func (s *saga) submit(ctx workflow.Context) error {
	if err := s.awaitResume(ctx); err != nil {
		return err
	}
	s.undo.push("cancel the order at the carrier", s.cancelAtCarrier)
	status, err := call[porting.CarrierStatus](ctx, s, carrierCall, porting.StepSubmit, "Submit the LSR to "+s.port.Receipt.Carrier,
		porting.SubmitInput{Ref: s.port.Ref(), Carrier: s.port.Receipt.Carrier, Pack: s.port.Receipt.Pack, Order: s.port.Order, At: s.now(ctx)})
	if err != nil {
		return err
	}
	s.carrier = status
	switch status.State {
	case porting.CarrierRejected:
		return s.rejectedByCarrier(ctx)
	case porting.CarrierRefused:
		return refusedByCarrier(status)
	}
	return s.moveAndWait(ctx, porting.EventSubmitted, s.port.Receipt.Carrier, "LSR "+s.port.Ref().String(), porting.WaitingCarrier, clockFOC)
}

// awaitFOC waits for the carrier's firm order confirmation, with patience after the deadline, not without end.
func (s *saga) awaitFOC(ctx workflow.Context) error {
	answered := func(c porting.CarrierStatus) bool {
		return c.State != porting.CarrierPending && c.State != porting.CarrierUnknown && c.State != porting.CarrierNothing
	}
	if answered(s.carrier) {
		return s.takeAnswer(ctx) // the answer to the LSR was the FOC already
	}
	ok, err := s.awaitCarrier(ctx, s.clock, "FOC from the carrier", answered)
	if err != nil {
		return err
	}
	if !ok {
		if ok, err = s.awaitWithPatience(ctx, clockPatience, "Overdue FOC from the carrier", answered); err != nil {
			return err
		}
	}
	if !ok {
		return stop{porting.EventExpired, porting.OutcomeExpired, porting.Refusal{Reason: porting.CarrierSilent, Note: "the carrier never answered the LSR"}}
	}
	return s.takeAnswer(ctx)
}

// takeAnswer moves the port by what the carrier said to the LSR.
func (s *saga) takeAnswer(ctx workflow.Context) error {
	switch s.carrier.State {
	case porting.CarrierRejected:
		return s.rejectedByCarrier(ctx)
	case porting.CarrierConfirmed, porting.CarrierActive:
		s.port.FOCAt = s.carrier.FOC
		s.port.Wait(porting.WaitingDate, s.carrier.FOC, "the numbers are activated")
		return s.moveWaiting(ctx, porting.EventConfirmed, s.port.Receipt.Carrier, "FOC for "+day(s.carrier.FOC))
	default:
		return refusedByCarrier(s.carrier)
	}
}

// awaitFOCDate waits for the confirmed date and follows the carrier when it moves it.
func (s *saga) awaitFOCDate(ctx workflow.Context) error {
	for {
		heard, err := s.until(ctx, s.port.FOCAt, "FOC date", func() bool { return s.port.CarrierHints > s.hintsRead })
		if err != nil {
			return err
		}
		if !heard {
			return nil
		}
		if err := s.readCarrier(ctx); err != nil {
			return err
		}
		switch s.carrier.State {
		case porting.CarrierConfirmed:
			if err := s.followFOC(ctx); err != nil {
				return err
			}
		case porting.CarrierActive:
			return nil // ported on its own; the gate finds it so
		case porting.CarrierRejected:
			return s.rejectedByCarrier(ctx)
		case porting.CarrierCancelled, porting.CarrierRefused:
			return refusedByCarrier(s.carrier)
		}
	}
}

func (s *saga) followFOC(ctx workflow.Context) error {
	if s.carrier.FOC.Equal(s.port.FOCAt) {
		return nil
	}
	was := s.port.FOCAt
	s.port.FOCAt = s.carrier.FOC
	s.port.Wait(porting.WaitingDate, s.carrier.FOC, "the numbers are activated")
	return s.moveWaiting(ctx, porting.EventFOCChanged, s.port.Receipt.Carrier, fmt.Sprintf("from %s to %s", day(was), day(s.carrier.FOC)))
}

// activate passes the point of no return: the gate checks everything again and wins the fence, or refuses. While it is
// under way nothing interrupts the saga; the answer decides what a revocation means.
func (s *saga) activate(ctx workflow.Context) error {
	s.undo.push("port the numbers back", s.portBack)
	graceEnds, err := s.deadline(ctx, clockGrace)
	if err != nil {
		return err
	}
	for {
		if err := s.moveAndWait(ctx, porting.EventActivationStarted, "portsaga", "", porting.WaitingCarrier, clockActivation); err != nil {
			return err
		}
		refused, err := s.askGate(ctx)
		if err != nil {
			return err
		}
		if refused == nil {
			s.port.SetNumbers(porting.NumberMoved, "")
			return s.moveAndWait(ctx, porting.EventActivated, s.port.Receipt.Carrier, "", porting.WaitingDate, clockGuard)
		}
		if err := s.move(ctx, porting.EventActivationFailed, "gate", refused.Note); err != nil {
			return err
		}
		if err := s.awaitNextTry(ctx, graceEnds); err != nil {
			return err
		}
	}
}

// askGate asks for the activation until its outcome is known. It returns the refusal if surely nothing moved.
func (s *saga) askGate(ctx workflow.Context) (*porting.Refusal, error) {
	l := newLookout(s.clock, "Answer to the activation")
	for {
		s.hintsRead = s.port.CarrierHints
		answer, err := call[porting.Activation](ctx, s, carrierCall, porting.StepActivate, "Activate the numbers (point of no return)", porting.ActivateInput{
			Ref: s.port.Ref(), Carrier: s.port.Receipt.Carrier, Epoch: s.port.Receipt.Epoch, FOC: s.port.FOCAt, Needed: approvalsNeeded,
			Submitter: s.port.Order.SubmittedBy, Decisions: s.port.Decisions, Clock: s.port.Clock, At: s.now(ctx)})
		if err != nil {
			return nil, err
		}
		s.carrier = answer.Status
		if answer.Fenced {
			return nil, stop{porting.EventRevoked, porting.OutcomeRevoked, *answer.Refused}
		}
		if answer.Refused != nil || isActive(answer.Status) {
			return answer.Refused, nil
		}
		if l, err = s.awaitGateNews(ctx, l); err != nil {
			return nil, err
		}
	}
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
	d, err := s.deadline(ctx, clockActivation)
	if err != nil {
		return nil, err
	}
	s.wait(ctx, porting.WaitingCarrier, d)
	s.callPerson(ctx, l.what+": the carrier has not answered in time; call its people")
	return newLookout(d, l.what), nil
}

// awaitNextTry calls a person after a refused activation and waits for news, as long as the FOC lives.
func (s *saga) awaitNextTry(ctx workflow.Context, graceEnds porting.Deadline) error {
	s.wait(ctx, porting.WaitingOperator, graceEnds)
	s.callPerson(ctx, "the activation was refused; see the timeline, then send a carrier-event to try again")
	heard, err := s.until(ctx, graceEnds.At, "Another try at the activation", func() bool { return s.port.CarrierHints > s.hintsRead })
	if err != nil {
		return err
	}
	if !heard {
		return stop{porting.EventExpired, porting.OutcomeExpired, porting.Refusal{Reason: porting.DueDateUnmeetable, Note: "the FOC was never activated"}}
	}
	return s.readCarrier(ctx)
}

// complete keeps the numbers under guard for a while, in which an unauthorised port is still taken back at once, and
// then reads back that they are where they should be.
func (s *saga) complete(ctx workflow.Context) error {
	if _, err := s.until(ctx, s.clock.At, "Guard after the activation", func() bool { return false }); err != nil {
		return err
	}
	if err := s.verifyAndClose(ctx); err != nil {
		return err
	}
	for !isActive(s.carrier) {
		s.callPerson(ctx, "the carrier does not show the numbers as active; look at the carrier's order")
		if err := s.awaitCarrierHoweverLong(ctx, clockActivation, "Numbers active at the carrier", isActive); err != nil {
			return err
		}
		if err := s.verifyAndClose(ctx); err != nil {
			return err
		}
	}
	if s.port.Revocation != nil || s.cancelled {
		return workflow.Await(ctx, func() bool { return false }) // until the interruption: who revoked was promised the way back
	}
	s.port.End(porting.OutcomeCompleted, "")
	return s.move(ctx, porting.EventVerified, s.port.Receipt.Carrier, "read back from the carrier")
}

// verifyAndClose closes the port in the ledger if the carrier shows the numbers as active. Nothing interrupts it.
func (s *saga) verifyAndClose(ctx workflow.Context) (err error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	s.hintsRead = s.port.CarrierHints
	s.carrier, err = call[porting.CarrierStatus](ctx, s, carrierCall, porting.StepVerify, "See that the numbers work, and close the port",
		porting.VerifyInput{Ref: s.port.Ref(), Carrier: s.port.Receipt.Carrier, At: s.now(ctx)})
	return err
}

// awaitCorrection waits for people to correct what the carrier rejected.
func (s *saga) awaitCorrection(ctx workflow.Context) error {
	sent := s.port.Amendments
	corrected, err := s.untilPeople(ctx, "Correction of the order", func() bool { return s.port.Amendments > sent })
	if err != nil {
		return err
	}
	if !corrected {
		return stop{porting.EventExpired, porting.OutcomeExpired, porting.Refusal{Reason: porting.NoCorrection, Note: "nobody corrected the order in time"}}
	}
	return s.move(ctx, porting.EventAmended, s.port.AmendedBy, fmt.Sprintf("order version %d; earlier approvals are void", s.port.Order.Version))
}

// errCarrierRejected ends an attempt; a correction starts the next.
var errCarrierRejected = errors.New("rejected by the carrier")

func (s *saga) rejectedByCarrier(ctx workflow.Context) error {
	s.port.SetNumbers(porting.NumberPending, rejectReason(s.carrier))
	err := s.moveAndWait(ctx, porting.EventCarrierRejected, s.port.Receipt.Carrier, rejections(s.carrier), porting.WaitingCustomer, clockCorrection)
	if err != nil {
		return err
	}
	return errCarrierRejected
}

func refusedByCarrier(c porting.CarrierStatus) error {
	return stop{porting.EventCarrierRefused, porting.OutcomeRejected, porting.Refusal{Reason: rejectReason(c), Note: "the carrier: " + string(c.State) + " " + rejections(c)}}
}

// rejectReason is the first reason that a carrier gave.
func rejectReason(c porting.CarrierStatus) porting.Reason {
	if len(c.Reasons) == 0 {
		return porting.OtherReason
	}
	return c.Reasons[0].Reason
}

func rejections(c porting.CarrierStatus) string {
	var said []string
	for _, r := range c.Reasons {
		said = append(said, string(r.Reason)+" ("+r.Code+")")
	}
	return strings.Join(said, ", ")
}

func isActive(c porting.CarrierStatus) bool { return c.State == porting.CarrierActive }

func day(t time.Time) string { return t.Format("Mon 2 Jan 2006 15:04 MST") }
