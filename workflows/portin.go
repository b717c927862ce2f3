// Package workflows holds the sagas, each read from top to bottom like the story that it tells.
package workflows

import (
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
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
	if err := s.awaitResume(ctx, never); err != nil {
		return err
	}
	if s.stopped() {
		return s.awaitInterruption(ctx)
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
	case porting.CarrierNotAsked:
		return stop{porting.EventRevoked, porting.OutcomeRevoked, porting.Refusal{Reason: porting.AuthorizationRevoked, Note: "the fence is closed"}}
	}
	return s.moveAndWait(ctx, porting.EventSubmitted, s.port.Receipt.Carrier, "LSR "+s.port.Ref().String(), porting.WaitingCarrier, clockFOC)
}
