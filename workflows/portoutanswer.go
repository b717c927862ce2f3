package workflows

import (
	"cmp"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

// Shares of the answer's time.
const (
	half       = 0.5
	fourFifths = 0.8
	twentieth  = 0.05
)

// reply answers the counterparty. It comes back only with an answer that the counterparty has, ours or, where we were
// kept from it for too long, its own.
func (s *portOut) reply(ctx workflow.Context) error {
	workflow.GoNamed(ctx, "answer's clock", s.watchClock)
	for {
		if s.owesAnswer() {
			s.weigh(ctx)
		}
		if withdrawn(s.carrier) {
			return s.withdraw()
		}
		due := s.dueAnswer(ctx)
		given, err := s.send(ctx, due)
		if err != nil {
			return err
		}
		if given.Withheld == nil {
			return s.answered(ctx, due, given)
		}
		if err := s.holdBack(ctx, due, given); err != nil {
			return err
		}
	}
}

// owesAnswer reports whether the counterparty still waits, as far as it was read.
func (s *portOut) owesAnswer() bool {
	switch s.carrier.State {
	case "", porting.CarrierPending, porting.CarrierUnknown:
		return true
	}
	return false
}

// watchClock walks along the answer's clock: warnings at half and at four fifths of the time, and the last moment.
func (s *portOut) watchClock(ctx workflow.Context) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	plan := s.port.Leaving.Plan
	for _, m := range []mark{
		{s.share(half), "half of the time for the answer is gone"},
		{s.share(fourFifths), "four fifths of the time for the answer are gone"},
		{plan.LastMoment, "the last moment for an answer of our own"},
		{plan.AnswerBy, "the time for the answer is over, and it is not out"},
	} {
		// The context cannot be cancelled, so the wait cannot fail.
		if out, _ := s.until(ctx, m.at, "Answer to the recipient", s.isAnswered); out {
			return
		}
		s.port.Record(porting.EventWarned, m.at.UTC(), "clock", m.note)
		s.passed = s.passed || !m.at.Before(plan.LastMoment)
		s.show(ctx)
	}
	s.callPerson(ctx, "the answer is late: the recipient may go ahead without us; call it")
}

func (s *portOut) isAnswered() bool {
	return s.port.Leaving.Answer != nil || s.port.Closed() || s.port.Stage == porting.RollingBack
}

// share is an instant of the answer's time.
func (s *portOut) share(of float64) time.Time {
	return s.received.Add(time.Duration(of * float64(s.port.Leaving.Plan.AnswerBy.Sub(s.received))))
}

// weigh finds out what is to be answered. It ends at the last moment, and as soon as the subscriber has revoked.
func (s *portOut) weigh(ctx workflow.Context) {
	ctx, cut := workflow.WithCancel(ctx)
	defer cut()
	workflow.GoNamed(ctx, "last moment", func(ctx workflow.Context) {
		if workflow.Await(ctx, func() bool { return s.passed }) == nil {
			cut()
		}
	})
	err := s.considered(ctx)
	if err == nil || isCanceled(err) || ctx.Err() != nil {
		return
	}
	s.distrust()
	s.callPerson(ctx, "a step failed for good; see the failed activity. Decide on the port, or policy answers at the last moment")
	if s.port.Stage == porting.Deciding {
		_ = workflow.Await(ctx, func() bool { return s.port.Standing(s.trueRun) != nil })
		return
	}
	_ = workflow.Await(ctx, never)
}

// dueAnswer is what is answered now. It ends a hold: the answer cannot wait.
func (s *portOut) dueAnswer(ctx workflow.Context) (due porting.PortOutAnswer) {
	if s.port.Stage == porting.OnHold {
		_ = s.port.Move(porting.EventResumed, s.now(ctx), "policy", "") // legal on hold
	}
	if s.port.Revocation != nil {
		return s.port.RevocationAnswer()
	}
	due, s.worry = s.port.LastWord(s.trueRun)
	s.worry = cmp.Or(s.worry, s.lost)
	return due
}

// send has the gate answer, for as long as it takes: the gate asks first what the counterparty has, so that nothing is
// answered twice.
func (s *portOut) send(ctx workflow.Context, due porting.PortOutAnswer) (porting.AnswerGiven, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	if due.Kind == porting.AnswerApprove {
		s.undo.push("take the approval back", s.takeBack)
	}
	for {
		given, err := call[porting.AnswerGiven](ctx, s.saga, answerCall, porting.StepAnswer, "Answer "+s.port.Receipt.Carrier+": "+due.Says(), s.answering(ctx, due))
		if err == nil {
			s.carrier = given.Status
			return given, nil
		}
		if s.port.Attention != cannotAnswer {
			s.callPerson(ctx, cannotAnswer)
		}
		if _, err := s.until(ctx, s.now(ctx).Add(s.pause(ctx)), "Next try to answer", never); err != nil {
			return given, err
		}
	}
}

const cannotAnswer = "the answer cannot be sent; see the failed activity, and call the recipient before its time is over"

// pause is how long the next try to answer waits: the less time is left, the shorter.
func (s *portOut) pause(ctx workflow.Context) time.Duration {
	longest := s.share(twentieth).Sub(s.received)
	left := s.port.Leaving.Plan.AnswerBy.Sub(s.now(ctx))
	if left <= 0 {
		return longest
	}
	return max(min(longest, left/4), longest/100)
}

func (s *portOut) answering(ctx workflow.Context, due porting.PortOutAnswer) porting.AnswerInput {
	return porting.AnswerInput{
		Leaving: s.leaving(ctx), Answer: due, Epoch: s.port.Receipt.Epoch, Risk: s.port.Risk, Findings: s.port.Found, Decisions: s.port.Decisions,
	}
}

// holdBack drops what the gate does not believe: people decide anew, or policy does.
func (s *portOut) holdBack(ctx workflow.Context, due porting.PortOutAnswer, given porting.AnswerGiven) error {
	if given.Fenced {
		// The subscriber's revocation is in the ledger; its message is on the way, or was lost in a reset.
		s.port.RevokeBy("ledger", s.now(ctx))
		return nil
	}
	s.callPerson(ctx, "the gate does not send this answer: "+given.Withheld.Note)
	if given.Known != nil && s.port.Learn(*given.Known, s.now(ctx)) {
		return nil
	}
	if due.Kind == porting.AnswerApprove && !due.Last {
		s.void(given.Run, given.Found)
		s.distrust()
		return nil
	}
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	_, err := s.until(ctx, s.now(ctx).Add(s.pause(ctx)), "Next try to answer", never)
	return err
}

// answered moves on with what the counterparty has now.
func (s *portOut) answered(ctx workflow.Context, due porting.PortOutAnswer, given porting.AnswerGiven) error {
	if withdrawn(given.Status) {
		return s.withdraw()
	}
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	if given.Fenced {
		s.port.RevokeBy("ledger", s.now(ctx)) // a reset lost its message
	}
	if given.Silence.IsZero() {
		due = asGiven(due, given.Status)
	} else if due.Kind == porting.AnswerApprove && s.port.Revocation == nil {
		due = s.wouldHave(ctx, due)
	}
	s.port.Leaving.Answer = &due
	actor, note := due.By, due.Says()+": "+due.Why
	if !given.Silence.IsZero() {
		s.overrun = &due
		actor, note = s.port.Receipt.Carrier, "by its own silence rule, before our answer: "+note
		s.port.Record(porting.EventBreached, given.Silence.UTC(), s.port.Receipt.Carrier, "the recipient did not wait for our answer")
		s.worry = "the recipient let the numbers go by itself before our answer was there"
	}
	if due.Last {
		s.port.DecideByPolicy(due, s.now(ctx))
	}
	s.port.Wait(porting.WaitingCarrier, time.Time{}, "")
	if err := s.moveWaiting(ctx, porting.EventAnswered, actor, note); err != nil {
		return err
	}
	s.callAgain(ctx)
	switch {
	case s.port.Revocation != nil:
		if s.overrun != nil || due.Kind == porting.AnswerApprove {
			s.undo.push("take the approval back", s.takeBack)
		}
		return stop{porting.EventRevoked, porting.OutcomeRevoked, porting.Refusal{Reason: due.Reason, Note: due.Why}}
	case due.Kind == porting.AnswerApprove || s.overrun != nil:
		return nil
	}
	s.tell(ctx, porting.NoticeRefused, due.Reason)
	return stop{porting.EventRefused, porting.OutcomeRejected, porting.Refusal{Reason: due.Reason, Note: due.Why}}
}

// asGiven is our answer as the counterparty has it: an earlier one may have reached it that this run does not know of, and
// what it has is what happens.
func asGiven(due porting.PortOutAnswer, has porting.CarrierStatus) porting.PortOutAnswer {
	approved := has.State == porting.CarrierConfirmed || isActive(has)
	switch {
	case due.Kind == porting.AnswerRefuse && approved:
		return porting.PortOutAnswer{Kind: porting.AnswerApprove, By: due.By, Why: "it was approved before; now we would say " + string(due.Reason)}
	case due.Kind == porting.AnswerApprove && has.State == porting.CarrierRefused:
		return porting.PortOutAnswer{Kind: porting.AnswerRefuse, Reason: porting.OtherReason, By: due.By, Why: "it was refused before"}
	}
	return due
}

// wouldHave finds out what our answer would have been where the counterparty did not wait for it, and nobody had screened
// the request: numbers that we would not have let go come back.
func (s *portOut) wouldHave(ctx workflow.Context, due porting.PortOutAnswer) porting.PortOutAnswer {
	if s.port.Found.Risk != "" {
		return due
	}
	found, err := callOnce[porting.Findings](ctx, noticeCall, porting.StepScreenLeaving, "Check what our answer would have been", s.leaving(ctx))
	if err != nil {
		return due
	}
	s.port.Risk, s.port.Found = found.Risk, found
	due, s.worry = s.port.LastWord(s.trueRun)
	return due
}

// callAgain calls a person for what still worries after a move.
func (s *portOut) callAgain(ctx workflow.Context) {
	if s.worry != "" {
		s.callPerson(ctx, s.worry)
	}
}

// tell gives a notice that nothing waits for.
func (s *portOut) tell(ctx workflow.Context, event porting.NoticeEvent, why porting.Reason) {
	told, err := callOnce[porting.Noticed](ctx, noticeCall, porting.StepNotify, "Tell the subscriber: "+string(event),
		porting.NoticeInput{Leaving: s.leaving(ctx), Event: event, Reason: why})
	if err != nil {
		told.Note = "not told: " + string(event)
	}
	s.record(ctx, porting.EventNote, "portsaga", told.Note)
}

func withdrawn(c porting.CarrierStatus) bool { return c.State == porting.CarrierCancelled }

func (s *portOut) withdraw() error {
	return stop{porting.EventWithdrawn, porting.OutcomeCancelled, porting.Refusal{Reason: porting.WithdrawnByCustomer, Note: "the recipient took the request back"}}
}

// within runs a step that must not take more than a share of the answer's time.
func within[T any](ctx workflow.Context, s *portOut, share float64, step, summary string, in any) (T, error) {
	left := s.port.Clock.RealDuration(s.share(share).Sub(s.now(ctx)))
	how := func(ctx workflow.Context, summary string) workflow.ActivityOptions {
		o := answerCall(ctx, summary)
		o.ScheduleToCloseTimeout, o.WaitForCancellation = max(left, time.Second), false
		return o
	}
	return callOnce[T](ctx, how, step, summary, in)
}

// answerCall is for the gate workers, under a clock that others have set: tried often, and for as long as it takes.
func answerCall(ctx workflow.Context, summary string) workflow.ActivityOptions {
	o := carrierCall(ctx, summary)
	o.StartToCloseTimeout, o.ScheduleToCloseTimeout = 30*time.Second, 0
	o.RetryPolicy = &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 15 * time.Second}
	return o
}

// noticeCall is for a notice that nothing waits for: tried for an hour.
func noticeCall(ctx workflow.Context, summary string) workflow.ActivityOptions {
	o := carrierCall(ctx, summary)
	o.ScheduleToCloseTimeout = time.Hour
	return o
}
