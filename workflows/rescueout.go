package workflows

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

// rescueOut does for a port-out what its saga would have done: the counterparty waits for an answer, and its silence rule
// waits for nobody. It takes what was asked from the counterparty's own record and everything else from the ledger, under
// the rules and the answers that the port was claimed with. It refuses what the checks refuse; what they do not, it leaves to
// people until the last moment, and then to policy.
func rescueOut(ctx workflow.Context, in porting.RescueInput) (porting.Status, error) {
	s := newPortOut(ctx, porting.PortOutInput{ID: in.Port, Clock: in.Clock})
	s.lost = fmt.Sprintf("the saga is %s; a rescue answers the recipient. Call it if the answer must be another", in.Saga)
	r := &orphan{s, in}
	err := r.takeOver(ctx)
	switch {
	case errors.Is(err, errLookedAfter):
		r.leave(ctx)
		err = nil
	case err != nil:
		s.callPerson(ctx, "the rescue failed before it could answer: call the recipient")
	default:
		err = r.seeThrough(ctx)
	}
	s.drain(ctx)
	return s.port.Status(), err
}

type orphan struct {
	*portOut
	in porting.RescueInput
}

// takeOver brings the port to where its answer can be given. Until it has looked a second time nothing is touched: a saga
// that was reset goes on.
func (r *orphan) takeOver(ctx workflow.Context) error {
	ctx, _ = workflow.NewDisconnectedContext(ctx) // a cancellation in Temporal leaves no counterparty without an answer
	r.callPerson(ctx, r.lost)                     // before anything that may not answer
	record, err := r.look(ctx)
	if err != nil {
		return err
	}
	r.adopt(ctx, record)
	if err := r.replan(ctx, record); err != nil {
		return err
	}
	if _, err := r.until(ctx, r.lastSteps(ctx), "Last steps of the saga", r.revoked); err != nil {
		return err
	}
	if record, err = r.look(ctx); err != nil {
		return err
	}
	r.heed(ctx, record)
	return r.readCarrier(ctx)
}

// replan plans the answer under what the port was claimed with. That no rules are known is for later.
func (r *orphan) replan(ctx workflow.Context, record porting.Record) error {
	if len(r.port.Order.Numbers) == 0 {
		return nil
	}
	err := r.plan(ctx, porting.AnswerPlanInput{Request: r.port.Leaving.Request, At: r.received, Pack: record.Pack, Answers: record.Leaving.Answers})
	if r.port.Leaving.Plan.Refused != nil {
		return nil
	}
	return err
}

// seeThrough answers, and sees the port to its end as its saga would have. A person is called whatever comes of it.
func (r *orphan) seeThrough(ctx workflow.Context) error {
	r.undo.push("release the claim and destroy the secrets", r.close)
	err := r.answer()
	if err != nil {
		err = r.endEarly(ctx, err)
	}
	r.callPerson(ctx, r.lost)
	return err
}

func (r *orphan) answer() error {
	switch refused := r.port.Leaving.Plan.Refused; {
	case len(r.port.Order.Numbers) == 0:
		return stop{porting.EventCancelled, porting.OutcomeCancelled, porting.Refusal{Reason: porting.OtherReason, Note: "the recipient knows of no such request"}}
	case refused != nil:
		return stop{porting.EventRefused, porting.OutcomeRejected, *refused}
	default:
		return r.goOn(r.story)
	}
}

// look takes from the ledger and the counterparty what the saga knew.
func (r *orphan) look(ctx workflow.Context) (porting.Record, error) {
	record, err := call[porting.Record](ctx, r.saga, claimStep, porting.StepLook, "Look into the ledger, at the recipient's record, and whether the saga runs again", porting.LookInput{Port: r.in.Port})
	if err == nil && (record.Live || !record.Open || record.Leaving == nil) {
		err = errLookedAfter
	}
	return record, err
}

func (r *orphan) adopt(ctx workflow.Context, record porting.Record) {
	r.port.Recall(record.Leaving.Request)
	r.port.Risk = cmp.Or(record.Risk, r.port.Risk)
	r.port.Receipt = porting.Receipt{Pack: record.Pack, Jurisdiction: record.Jurisdiction, Carrier: record.Carrier, Tokens: record.Tokens, Epoch: record.Epoch}
	if at := record.Leaving.Request.ReceivedAt; !at.IsZero() {
		r.received = at
	}
	r.port.Leaving.Request.ReceivedAt = r.received
	r.port.Learn(record.Leaving.Known, r.now(ctx))
}

// heed takes what the subscriber said, as the ledger has it: a revocation where the rules let a donor act on one, and
// otherwise their reply.
func (r *orphan) heed(ctx workflow.Context, record porting.Record) {
	r.port.Learn(record.Leaving.Known, r.now(ctx))
	if record.Revoke != nil && r.port.Revocation == nil && r.port.Leaving.Plan.Revocation.Allowed {
		r.port.Revocation = record.Revoke
	}
}

// lastSteps is when every step that the saga had begun has ended, or the last moment if that is sooner.
func (r *orphan) lastSteps(ctx workflow.Context) time.Time {
	ended := r.port.Clock.Business(workflow.Now(ctx).Add(r.in.Grace)).UTC()
	if last := r.port.Leaving.Plan.LastMoment; !last.IsZero() && last.Before(ended) {
		return last
	}
	return ended
}

func (r *orphan) revoked() bool { return r.port.Revocation != nil }

// leave ends a rescue that is not needed.
func (r *orphan) leave(ctx workflow.Context) {
	r.port.Attention = ""
	r.record(ctx, porting.EventNote, porting.Reaper, "the port has ended in good order, or its saga runs again: nothing is done")
	r.wait(ctx, porting.WaitingNobody, porting.Deadline{})
}
