// Package workflows holds the sagas, each read from top to bottom like the story that it tells.
package workflows

import (
	"errors"
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
	receipt, err := call[porting.Receipt](ctx, s, claimStep, porting.StepReceive, "Take the order: choose the rules, claim the numbers",
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
	found, err := call[porting.Findings](ctx, s, s.onLine(carrierCall), porting.StepScreen, "Screen the order: portability, authorization, history",
		porting.ScreenInput{
			Port: s.port.ID, Order: s.port.Order, Pack: s.port.Receipt.Pack, Carrier: s.port.Receipt.Carrier,
			Salt: s.port.Receipt.Salt, Bulk: s.port.Bulk, At: s.now(ctx),
		})
	if err != nil {
		return err
	}
	s.port.Risk, s.port.Found = found.Risk, found
	if found.Blocked != nil {
		return stop{porting.EventBlocked, porting.OutcomeRejected, *found.Blocked}
	}
	return s.moveAndWait(ctx, porting.EventScreened, "portsaga", strings.Join(found.Notes, "; "), porting.WaitingApprover, clockDecision)
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
	s.sent = true
	sent, err := call[porting.SubmitAnswer](ctx, s, s.onLine(carrierCall), porting.StepSubmit, "Submit the LSR to "+s.port.Receipt.Carrier, s.submission(ctx))
	if err != nil {
		return err
	}
	if sent.Withheld != nil {
		return s.verifyAgain(ctx, sent)
	}
	s.carrier = sent.CarrierStatus
	switch s.carrier.State {
	case porting.CarrierRejected:
		return s.rejectedByCarrier(ctx)
	case porting.CarrierRefused:
		return refusedByCarrier(s.carrier)
	case porting.CarrierNotAsked:
		return stop{porting.EventRevoked, porting.OutcomeRevoked, porting.Refusal{Reason: porting.AuthorizationRevoked, Note: "the fence is closed"}}
	}
	return s.moveAndWait(ctx, porting.EventSubmitted, s.port.Receipt.Carrier, "LSR "+s.port.Ref().String(), porting.WaitingCarrier, clockFOC)
}

func (s *saga) submission(ctx workflow.Context) porting.SubmitInput {
	in := porting.SubmitInput{Ref: s.port.Ref(), Carrier: s.port.Receipt.Carrier, Pack: s.port.Receipt.Pack, Order: s.port.Order, At: s.now(ctx)}
	in.Epoch, in.Audience, in.Salt = s.port.Receipt.Epoch, s.port.Receipt.Audience, s.port.Receipt.Salt
	in.Findings, in.Decisions = s.port.Found, s.port.Decisions
	return in
}
