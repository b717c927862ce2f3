package workflows

import (
	"errors"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

// The clocks of a pack that only a port-out waits on.
const clockPort = "port"

// PortOut answers a counterparty that asks for numbers of ours, and lets them go if it must: it chooses the rules, claims the
// numbers, checks what it may check, tells the subscriber, lets people decide where risk asks for them, answers, waits until
// the numbers work elsewhere, and only then switches them off here. Whatever is slow or down, it answers before the
// counterparty would answer for us: silence gives no number away. A request is not ours to cancel, so it also answers when it
// is cancelled in Temporal.
func PortOut(ctx workflow.Context, in porting.PortOutInput) (porting.Status, error) {
	s := newPortOut(ctx, in)
	err := s.letGo(s.story)
	if err != nil {
		err = s.endEarly(ctx, err)
		ctx, _ = workflow.NewDisconnectedContext(ctx)
		s.callAgain(ctx)
	}
	s.drain(ctx)
	return s.port.Status(), err
}

// portOut is a saga on its way out.
type portOut struct {
	*saga
	received time.Time              // from when the answer's time runs
	passed   bool                   // the last moment is over, or the subscriber has revoked: the answer goes out now
	overrun  *porting.PortOutAnswer // our answer, where the counterparty's silence rule was faster
	worry    string                 // why a person must look at the answer, also after the end
	lost     string                 // why a rescue does what a saga should; empty in the saga itself
	fenced   bool                   // the subscriber's revocation has been brought to the ledger
}

func newPortOut(ctx workflow.Context, in porting.PortOutInput) *portOut {
	s := &portOut{saga: openSaga(ctx, porting.NewPortOut(in)), received: in.Request.ReceivedAt}
	if s.received.IsZero() {
		s.received = s.now(ctx)
		s.port.Leaving.Request.ReceivedAt = s.received
	}
	s.readBack = s.readRequest
	listen[porting.CustomerReply](ctx, s.saga, porting.MsgCustomerReply)
	listen[porting.Dispute](ctx, s.saga, porting.MsgDispute)
	workflow.GoNamed(ctx, "revocation", s.watchRevocation)
	workflow.GoNamed(ctx, "cancellation", s.watchCancellation)
	s.render(ctx)
	return s
}

func (s *portOut) letGo(ctx workflow.Context) error {
	s.undo.push("release the claim and destroy the secrets", s.close)
	if err := s.plan(ctx, porting.AnswerPlanInput{Request: s.port.Leaving.Request, At: s.received}); err != nil {
		return err
	}
	return s.goOn(ctx)
}

// goOn answers, and lets the numbers go if it must.
func (s *portOut) goOn(ctx workflow.Context) error {
	if err := s.reply(ctx); err != nil {
		return err
	}
	if err := s.awaitActivation(ctx); err != nil {
		return err
	}
	if err := s.release(ctx); err != nil {
		return err
	}
	return s.guardRelease(ctx)
}

// plan chooses the rules that the port keeps for its life. It asks nobody outside this process.
func (s *portOut) plan(ctx workflow.Context, in porting.AnswerPlanInput) error {
	plan, err := local[porting.AnswerPlan](ctx, porting.StepPlanAnswer, "Choose the rules of the answer", in)
	if err != nil {
		return err
	}
	s.port.Leaving.Plan = plan
	s.port.Receipt.Pack, s.port.Receipt.PackWhy, s.port.Receipt.Jurisdiction = plan.Pack, plan.PackWhy, plan.Jurisdiction
	s.port.Receipt.Carrier = s.port.Order.Carrier
	if plan.Refused != nil {
		s.worry = "no rules are known for these numbers, so nothing lawful can be answered: call the recipient"
		return stop{porting.EventRefused, porting.OutcomeRejected, *plan.Refused}
	}
	s.port.Wait(porting.WaitingNobody, plan.LastMoment, lastWordText)
	return s.publish(ctx)
}

const lastWordText = "policy answers: by default approve, at high risk refuse if there is a lawful ground"

// watchRevocation closes the fence as soon as the subscriber stops the port, and then interrupts the story.
func (s *portOut) watchRevocation(ctx workflow.Context) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	// An error here could only be a cancellation, which this context does not know.
	_ = workflow.Await(ctx, func() bool { return s.port.Revocation != nil })
	s.closeFence(ctx)
	s.fenced = true
	s.interrupt()
}

// endEarly undoes what was done. A revocation may come while an answer is under way, and that answer ends the story before the
// ledger knows of it: the gate takes back no approval that the ledger does not know as revoked.
func (s *portOut) endEarly(ctx workflow.Context, cause error) error {
	if s.port.Revocation != nil && !s.fenced && workflow.GetVersion(ctx, changeFenceFirst, workflow.DefaultVersion, 1) > workflow.DefaultVersion {
		ctx, _ := workflow.NewDisconnectedContext(ctx)
		// The context cannot be cancelled, so the wait cannot fail.
		_ = workflow.Await(ctx, func() bool { return s.fenced })
	}
	return s.rollback(ctx, cause)
}

// watchCancellation says why a cancellation in Temporal stops nothing.
func (s *portOut) watchCancellation(ctx workflow.Context) {
	if workflow.Await(ctx, never) != nil {
		ctx, _ = workflow.NewDisconnectedContext(ctx)
		s.callPerson(ctx, "cancelled in Temporal; a port-out goes on, because the recipient's request is not ours to cancel")
	}
}

// considered brings the port to where people can decide. Each step has a share of the time; what does not answer in it is
// left out, and people hear of it.
func (s *portOut) considered(ctx workflow.Context) error {
	for {
		var err error
		switch s.port.Where() {
		case porting.Received:
			err = s.claim(ctx)
		case porting.Screening:
			err = s.screenLeaving(ctx)
		case porting.Notifying:
			err = s.notice(ctx)
		default:
			return s.decide(ctx)
		}
		if err != nil {
			return err
		}
		if s.port.Found.Blocked != nil {
			return s.decide(ctx)
		}
	}
}

// claim takes the numbers in the ledger: one that is still arriving cannot leave.
func (s *portOut) claim(ctx workflow.Context) error {
	receipt, err := within[porting.Receipt](ctx, s, half, porting.StepClaimLeaving, "Claim the numbers", s.leaving(ctx))
	if err != nil {
		return s.leftOut(ctx, err, porting.EventAccepted, "the numbers are not claimed")
	}
	plan := s.port.Receipt
	s.port.Receipt = receipt
	s.port.Receipt.Pack, s.port.Receipt.PackWhy, s.port.Receipt.Jurisdiction = plan.Pack, plan.PackWhy, plan.Jurisdiction
	if receipt.Refused != nil {
		s.port.Found.Blocked = receipt.Refused
		return nil
	}
	return s.keepGoing(ctx, porting.EventAccepted, plan.PackWhy)
}

// screenLeaving checks account, fields, PIN, locks and fraud.
func (s *portOut) screenLeaving(ctx workflow.Context) error {
	found, err := within[porting.Findings](ctx, s, half, porting.StepScreenLeaving, "Check the account, the fields that may be asked for, the PIN, locks and risk", s.leaving(ctx))
	if err != nil {
		return s.leftOut(ctx, err, porting.EventScreened, "the request is not screened")
	}
	s.port.Risk, s.port.Found = found.Risk, found
	if found.Blocked != nil {
		return nil
	}
	if s.lost != "" {
		s.askPeople() // a rescue approves nothing by itself before the last moment
	}
	return s.keepGoing(ctx, porting.EventScreened, strings.Join(found.Notes, "; "))
}

// notice tells the subscriber before anything is decided.
func (s *portOut) notice(ctx workflow.Context) error {
	told, err := within[porting.Noticed](ctx, s, fourFifths, porting.StepNotify, "Tell the subscriber",
		porting.NoticeInput{Leaving: s.leaving(ctx), Event: porting.NoticeRequested})
	if err != nil {
		return s.leftOut(ctx, err, porting.EventNotified, "the subscriber is not told")
	}
	return s.keepGoing(ctx, porting.EventNotified, told.Note)
}

// keepGoing moves on while the answer's clock goes on.
func (s *portOut) keepGoing(ctx workflow.Context, on porting.Event, note string) error {
	s.port.Wait(porting.WaitingNobody, s.port.Leaving.Plan.LastMoment, lastWordText)
	return s.moveWaiting(ctx, on, "portsaga", note)
}

// leftOut goes on without a step that has no answer, and asks for a person instead.
func (s *portOut) leftOut(ctx workflow.Context, cause error, on porting.Event, what string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s.distrust()
	if err := s.keepGoing(ctx, on, what+": no answer in its time"); err != nil {
		return err
	}
	workflow.GetLogger(ctx).Error("step left out", "port", s.port.ID, "error", cause)
	s.callPerson(ctx, what+"; decide on the port, or policy answers at "+day(s.port.Leaving.Plan.LastMoment))
	return nil
}

// distrust takes the decision from the checks: a person decides, or policy at the last moment.
func (s *portOut) distrust() {
	s.askPeople()
	if s.port.Risk == porting.RiskLow {
		s.port.Risk = porting.RiskMedium
	}
}

func (s *portOut) askPeople() {
	policy := s.port.Policy()
	policy.People = max(policy.People, 1)
	s.port.Found.Policy = &policy
}

// decide waits until an answer is due: by the checks at once, by people, or by the subscriber's reply.
func (s *portOut) decide(ctx workflow.Context) error {
	for {
		who := porting.WaitingApprover
		if s.port.Policy().People == 0 {
			who = porting.WaitingCustomer
		}
		s.port.Wait(who, s.port.Leaving.Plan.LastMoment, lastWordText)
		if s.lost != "" {
			s.port.Attention = s.lost
		}
		if err := s.publish(ctx); err != nil {
			return err
		}
		due := func() bool { return s.port.Stage != porting.OnHold && s.port.Standing(s.trueRun) != nil }
		if err := workflow.Await(ctx, func() bool { return due() || s.hasNews() }); err != nil || due() {
			return err
		}
		if err := s.readCarrier(ctx); err != nil {
			return err
		}
		if !s.owesAnswer() {
			return nil // withdrawn, or answered by silence
		}
	}
}

// leaving is the port-out as the gate's steps need it.
func (s *portOut) leaving(ctx workflow.Context) porting.LeavingInput {
	return porting.LeavingInput{
		Port: s.port.ID, Request: s.port.Leaving.Request, Pack: s.port.Receipt.Pack, Carrier: s.port.Receipt.Carrier, Salt: s.port.Receipt.Salt,
		Clock: s.port.Clock, At: s.now(ctx),
	}
}

func (s *portOut) readRequest(ctx workflow.Context) (porting.CarrierStatus, error) {
	return call[porting.CarrierStatus](ctx, s.saga, answerCall, porting.StepReadRequest, "Read the request back from "+s.port.Receipt.Carrier, s.leaving(ctx))
}

// close ends the port in the ledger; it is the last undo, and the last step of a port-out that is done.
func (s *portOut) close(ctx workflow.Context) error {
	return s.persist(ctx, "close the port in the ledger", func() error {
		_, err := callOnce[bool](ctx, undoCall, porting.StepCloseLeaving, "close the port in the ledger: "+string(s.outcome),
			porting.CloseLeavingInput{Leaving: s.leaving(ctx), Outcome: s.outcome, Timeline: s.port.Timeline})
		return err
	})
}

// isCanceled reports whether a step was cut off rather than failed.
func isCanceled(err error) bool {
	return temporal.IsCanceledError(err) || errors.Is(err, workflow.ErrCanceled)
}
