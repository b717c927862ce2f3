package workflows

import (
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

// errCarrierRejected ends an attempt; a correction starts the next.
var errCarrierRejected = errors.New("rejected by the carrier")

// rejectedByCarrier moves the port into exception: why, who can mend it and how. What only needs another date or another
// moment is mended without people, as often as the pack allows.
func (s *saga) rejectedByCarrier(ctx workflow.Context) error {
	plan, err := local[porting.Correction](ctx, porting.StepCorrect, "What to do about the rejection",
		porting.CorrectionInput{Pack: s.port.Receipt.Pack, Carrier: s.port.Receipt.Carrier, Reasons: s.carrier.Reasons, Version: s.port.Order.Version})
	if err != nil {
		return err
	}
	if plan.Exhausted {
		return stop{porting.EventCarrierRefused, porting.OutcomeRejected, porting.Refusal{
			Reason: rejectReason(s.carrier),
			Note:   fmt.Sprintf("rejected again after %d versions: %s", s.port.Order.Version, rejections(s.carrier)),
		}}
	}
	s.plan = plan
	s.port.SetNumbers(porting.NumberPending, rejectReason(s.carrier))
	clock, who := clockCorrection, waitingFor(plan.Owner)
	if plan.Automatic {
		clock, who = clockResubmit, porting.WaitingNobody
	}
	if err := s.moveAndWait(ctx, porting.EventCarrierRejected, s.port.Receipt.Carrier, rejections(s.carrier)+fixNote(plan), who, clock); err != nil {
		return err
	}
	return errCarrierRejected
}

// waitingFor is whom the port waits for when that party must mend the order.
func waitingFor(owner string) porting.Waiting {
	switch owner {
	case "customer", "":
		return porting.WaitingCustomer
	case "donor", "carrier":
		return porting.WaitingCarrier
	default:
		return porting.WaitingOperator
	}
}

func fixNote(plan porting.Correction) string {
	if plan.Fix == "" {
		return ""
	}
	return "; " + plan.Owner + ": " + plan.Fix
}

// awaitCorrection waits for people to correct what the carrier rejected, or for the moment to send it again.
func (s *saga) awaitCorrection(ctx workflow.Context) error {
	sent := s.port.Amendments
	corrected, err := s.untilPeople(ctx, "Correction of the order", func() bool { return s.port.Amendments > sent })
	if err != nil {
		return err
	}
	if corrected {
		return s.move(ctx, porting.EventAmended, s.port.AmendedBy, fmt.Sprintf("order version %d; earlier approvals are void", s.port.Order.Version))
	}
	if s.plan.Automatic {
		s.port.Resubmit(s.plan.AnyDate)
		return s.move(ctx, porting.EventAmended, "portsaga", fmt.Sprintf("order version %d, sent again by itself: %s", s.port.Order.Version, s.plan.Fix))
	}
	return stop{porting.EventExpired, porting.OutcomeExpired, porting.Refusal{Reason: porting.NoCorrection, Note: "nobody corrected the order in time"}}
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
