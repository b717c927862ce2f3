package workflows

import (
	"cmp"
	"errors"
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

// Rescue ends a port whose saga is gone: terminated, deleted, timed out or failed. It undoes what was done as the saga would
// have, except that numbers which work with us stay unless somebody revoked them: whoever waits for a number is not left
// without service because a workflow was lost. It shows itself like the port, and hears the same messages. For a port-out it
// answers, see rescueOut.
func Rescue(ctx workflow.Context, in porting.RescueInput) (porting.Status, error) {
	if porting.WorkflowOf(in.Port) == porting.WorkflowPortOut {
		return rescueOut(ctx, in)
	}
	s := newSaga(ctx, porting.PortInput{ID: in.Port, Clock: in.Clock, Order: porting.Order{SubmittedBy: porting.Reaper}})
	s.undo.push("release the numbers and destroy the secrets", s.release)
	s.sent = true // its undos ask the carrier what there is
	s.undo.push("cancel the order at the carrier", s.cancelAtCarrier)
	s.undo.push("port the numbers back", s.portBack)
	r := &rescue{s, in}
	err := r.run(s.story)
	var decided stop
	switch {
	case errors.Is(err, errLookedAfter):
		r.leave(ctx)
		err = nil
	case s.stopped() || errors.As(err, &decided):
		err = s.rollback(ctx, err)
	case err != nil:
		s.callPerson(ctx, "the rescue failed before it was decided what becomes of the port; nothing was undone")
	}
	s.drain(ctx)
	return s.port.Status(), err
}

type rescue struct {
	*saga
	in porting.RescueInput
}

// errLookedAfter means that the port needs no rescue: it has ended, or its saga runs again.
var errLookedAfter = errors.New("the port is looked after")

// run decides what becomes of the port. Until it has looked a second time nothing is touched: a saga that was reset goes on.
func (r *rescue) run(ctx workflow.Context) error {
	if _, err := r.look(ctx); err != nil {
		return err
	}
	if err := r.awaitLastSteps(ctx); err != nil {
		return err
	}
	record, err := r.look(ctx)
	if err != nil {
		return err
	}
	if record.Revoke != nil {
		r.port.Revocation = record.Revoke
	}
	if r.stopped() {
		return r.awaitInterruption(ctx)
	}
	if err := r.readCarrier(ctx); err != nil {
		return err
	}
	r.adoptNumbers()
	if r.numbersWork(record) {
		return r.standGuard(ctx, record)
	}
	return r.withdraw(ctx, record)
}

// look takes from the ledger what the saga knew.
func (r *rescue) look(ctx workflow.Context) (porting.Record, error) {
	record, err := call[porting.Record](ctx, r.saga, claimStep, porting.StepLook, "Look into the ledger, and whether the saga runs again", porting.LookInput{Port: r.in.Port})
	if err != nil {
		return record, err
	}
	if record.Live || !record.Open {
		return record, errLookedAfter
	}
	p := r.port
	p.Order.Version, p.Order.Tenant, p.Order.Reference = record.Version, record.Tenant, record.Reference
	p.Risk = cmp.Or(record.Risk, porting.RiskLow)
	p.Receipt = porting.Receipt{Pack: record.Pack, Jurisdiction: record.Jurisdiction, Carrier: record.Carrier, Tokens: record.Tokens, Epoch: record.Epoch}
	return record, r.publish(ctx)
}

// awaitLastSteps waits until every step that the saga had begun has ended: what it sent is then with the carrier.
func (r *rescue) awaitLastSteps(ctx workflow.Context) error {
	r.record(ctx, porting.EventNote, porting.Reaper, fmt.Sprintf("the saga is %s; its last steps are waited for", r.in.Saga))
	return workflow.NewTimerWithOptions(ctx, r.in.Grace, workflow.TimerOptions{Summary: "Last steps of the saga"}).Get(ctx, nil)
}

// adoptNumbers takes the numbers from the carrier, where it tells: the ledger knows only their tokens.
func (r *rescue) adoptNumbers() {
	p := r.port
	p.Order.Version = max(p.Order.Version, r.carrier.Ref.Version)
	for _, n := range r.carrier.Numbers {
		p.Order.Numbers = append(p.Order.Numbers, n.Number)
		p.Numbers = append(p.Numbers, porting.NumberStatus{Number: n.Number.String(), Status: porting.NumberPending})
	}
}

// numbersWork reports whether the numbers are with us, or were and nobody ordered them back.
func (r *rescue) numbersWork(record porting.Record) bool {
	switch r.carrier.State {
	case porting.CarrierReversing, porting.CarrierReversed:
		return false
	case porting.CarrierActive:
		return true
	}
	return record.Active
}

// standGuard leaves the numbers where they are, and ends the port as its saga would have: after the guard, when they are
// seen to work. A revocation until then has them ported back.
func (r *rescue) standGuard(ctx workflow.Context, record porting.Record) error {
	since := record.ActivatedAt
	if since.IsZero() {
		since = r.now(ctx)
	}
	d, err := local[porting.Deadline](ctx, porting.StepDeadline, "Deadline: "+clockGuard,
		porting.DeadlineInput{Pack: record.Pack, Clock: clockGuard, Start: since, Place: r.place()})
	if err != nil {
		return err
	}
	r.port.Stage = porting.Active // so the ledger and the carrier have it; no saga is left that could have moved it
	r.settleNumbers()
	r.wait(ctx, porting.WaitingDate, d)
	why := fmt.Sprintf("the saga is %s, and the numbers work: they stay. Revoke the port if they must go back", r.in.Saga)
	r.callPerson(ctx, why)
	if err := r.complete(ctx); err != nil {
		return err
	}
	r.callPerson(ctx, why)
	return nil
}

// settleNumbers takes what the carrier says of each number; where it does not show the order as active, the ledger's word
// that they moved stands until it does.
func (r *rescue) settleNumbers() {
	if isActive(r.carrier) {
		r.port.Activated(r.carrier.Numbers)
		return
	}
	r.port.Activated(nil)
}

// withdraw closes the fence before anything is cancelled, and then has everything undone.
func (r *rescue) withdraw(ctx workflow.Context, record porting.Record) error {
	closed, err := call[porting.FenceClosed](ctx, r.saga, ahead(ownStep), porting.StepCloseFence, "Close the fence: no activation from now on",
		porting.FenceInput{Port: r.in.Port, By: porting.Reaper, Reason: porting.CancelledInTemporal, At: r.now(ctx)})
	if err != nil {
		return err
	}
	if r.stopped() {
		return r.awaitInterruption(ctx)
	}
	r.sealed, r.tooLate = true, closed.TooLate
	outcome := porting.OutcomeCancelled
	if !movesNumbers(record.Outcome) {
		outcome = cmp.Or(record.Outcome, outcome)
	}
	return stop{porting.EventCancelled, outcome, porting.Refusal{Reason: porting.CancelledInTemporal, Note: "the saga is " + r.in.Saga}}
}

// movesNumbers reports whether an outcome says that numbers moved: that is the carrier's to say.
func movesNumbers(o porting.Outcome) bool {
	switch o {
	case porting.OutcomeCompleted, porting.OutcomePartial, porting.OutcomeReversed, porting.OutcomeDisputed:
		return true
	}
	return false
}

// leave ends a rescue that is not needed.
func (r *rescue) leave(ctx workflow.Context) {
	r.record(ctx, porting.EventNote, porting.Reaper, "the port has ended in good order, or its saga runs again: nothing is done")
	r.wait(ctx, porting.WaitingNobody, porting.Deadline{})
}
