package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

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
	if !ok && s.clock.OnExpiry != porting.ExpiryExpire {
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
		return s.takeFOC(ctx)
	default:
		return refusedByCarrier(s.carrier)
	}
}

// takeFOC takes the confirmed date. Numbers that the carrier left out stop an order that asked for all or nothing; another
// date than the customer wished is for people to tell.
func (s *saga) takeFOC(ctx workflow.Context) error {
	s.port.Confirmed(s.carrier.Numbers)
	if left := s.port.Left(); left > 0 && (s.port.Order.Wishes.AllOrNothing || left == len(s.port.Numbers)) {
		return stop{porting.EventCarrierRefused, porting.OutcomeRejected, porting.Refusal{Reason: s.firstLeft(), Note: s.leftNote() + " not confirmed"}}
	}
	if err := s.setFOC(ctx); err != nil {
		return err
	}
	if err := s.moveWaiting(ctx, porting.EventConfirmed, s.port.Receipt.Carrier, "FOC for "+day(s.port.FOCAt)); err != nil {
		return err
	}
	if wish := s.port.Order.Wishes.DueDate; wish != "" && wish != s.opensAt.Format(time.DateOnly) {
		s.callPerson(ctx, "the carrier confirmed "+s.opensAt.Format(time.DateOnly)+", the customer wished "+wish+"; confirm the date with the customer")
	}
	return nil
}

// setFOC sets the date, and the instant from which the pack lets numbers change hands.
func (s *saga) setFOC(ctx workflow.Context) error {
	s.port.FOCAt = s.carrier.FOC
	opens, err := local[time.Time](ctx, porting.StepWindow, "Activation window", porting.WindowInput{Pack: s.port.Receipt.Pack, After: s.carrier.FOC, Place: s.place()})
	if err != nil {
		return err
	}
	s.opensAt = opens
	s.port.Wait(porting.WaitingDate, opens, "the numbers are activated")
	return nil
}

func (s *saga) leftNote() string {
	return fmt.Sprintf("%d of %d numbers", s.port.Left(), len(s.port.Numbers))
}

// firstLeft is the reason of the first number that will not move.
func (s *saga) firstLeft() porting.Reason {
	for _, n := range s.port.Numbers {
		if n.Status == porting.NumberNotMoved {
			return n.Reason
		}
	}
	return porting.OtherReason
}

// awaitFOCDate waits for the confirmed date and the window in which numbers change hands, and follows the carrier when it
// moves the date. A port on hold waits longer, and hears the carrier all the same.
func (s *saga) awaitFOCDate(ctx workflow.Context) error {
	for {
		if _, err := s.until(ctx, s.opensAt, "FOC date", s.hasNews); err != nil {
			return err
		}
		if err := s.awaitResume(ctx, s.hasNews); err != nil {
			return err
		}
		if !s.hasNews() {
			return nil
		}
		if err := s.followCarrier(ctx); err != nil {
			return err
		}
		if isActive(s.carrier) {
			return s.awaitResume(ctx, never) // ported on its own; the gate finds it so
		}
	}
}

// followCarrier reads a confirmed order back and goes where the carrier went.
func (s *saga) followCarrier(ctx workflow.Context) error {
	if err := s.readCarrier(ctx); err != nil {
		return err
	}
	switch s.carrier.State {
	case porting.CarrierConfirmed:
		return s.followFOC(ctx)
	case porting.CarrierRejected:
		return s.rejectedByCarrier(ctx)
	case porting.CarrierCancelled, porting.CarrierRefused:
		return refusedByCarrier(s.carrier)
	}
	return nil
}

func (s *saga) followFOC(ctx workflow.Context) error {
	if s.carrier.FOC.Equal(s.port.FOCAt) {
		return nil
	}
	was := s.port.FOCAt
	if err := s.setFOC(ctx); err != nil {
		return err
	}
	if err := s.moveWaiting(ctx, porting.EventFOCChanged, s.port.Receipt.Carrier, fmt.Sprintf("from %s to %s", day(was), day(s.port.FOCAt))); err != nil {
		return err
	}
	s.callPerson(ctx, "the carrier moved the date; confirm it with the customer, and watch that the donor keeps the lines until then")
	return nil
}

func day(t time.Time) string { return t.Format("Mon 2 Jan 2006 15:04 (UTC-07:00)") }
