package workflows

import (
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

// openChannels opens every message as a signal and as an update, and the query, before the first step: the Web UI lists
// what is open, and nothing that is sent is lost.
func (s *saga) openChannels(ctx workflow.Context) {
	listen[porting.Decide](ctx, s, porting.MsgDecide)
	listen[porting.Revoke](ctx, s, porting.MsgRevoke)
	listen[porting.Amend](ctx, s, porting.MsgAmend)
	listen[porting.Hold](ctx, s, porting.MsgHold)
	listen[porting.Resume](ctx, s, porting.MsgResume)
	listen[porting.Extend](ctx, s, porting.MsgExtend)
	listen[porting.Reassign](ctx, s, porting.MsgReassign)
	listen[porting.Note](ctx, s, porting.MsgNote)
	listen[porting.CustomerReply](ctx, s, porting.MsgCustomerReply)
	listen[porting.CarrierEvent](ctx, s, porting.MsgCarrierEvent)
	must(workflow.SetUpdateHandlerWithOptions(ctx, porting.UpdateReceive, s.answerReceived,
		workflow.UpdateHandlerOptions{Description: "Wait until the order is accepted or refused"}))
	run := workflow.GetInfo(ctx).WorkflowExecution.RunID // a query's answer is not history
	must(workflow.SetQueryHandlerWithOptions(ctx, porting.QueryStatus, func() (porting.Status, error) { return s.port.StatusFor(run), nil },
		workflow.QueryHandlerOptions{Description: "The port as `port show` prints it"}))
}

// listen opens one message. Signals and updates meet in hear.
func listen[M any](ctx workflow.Context, s *saga, name string) {
	doc := porting.DocIn(s.port.Direction, name)
	description := doc.Description + ", e.g. " + doc.Example
	channel := workflow.GetSignalChannelWithOptions(ctx, name, workflow.SignalChannelOptions{Description: description})
	workflow.GoNamed(ctx, name+" signals", func(ctx workflow.Context) {
		for {
			var m M
			channel.Receive(ctx, &m)
			s.hearSignal(ctx, m)
		}
	})
	must(workflow.SetUpdateHandlerWithOptions(ctx, name,
		func(ctx workflow.Context, m M) (porting.Answer, error) { return s.hear(ctx, m) },
		workflow.UpdateHandlerOptions{
			Description: description,
			Validator:   func(_ workflow.Context, m M) error { return Refuse(s.port.Check(m)) },
		}))
}

// hear takes a message that Check has accepted. A revocation is answered when the fence is closed, not before.
func (s *saga) hear(ctx workflow.Context, msg any) (porting.Answer, error) {
	if answer, signed, err := s.hearSigned(ctx, msg); signed {
		return answer, err
	}
	answer := s.take(ctx, msg)
	if !revokes(msg) || s.port.Revocation == nil { // a no to a port-out is weighed; it closes no fence by itself
		return answer, nil
	}
	ctx, _ = workflow.NewDisconnectedContext(ctx) // who revokes is answered also while Temporal cancels the port
	err := workflow.Await(ctx, func() bool { return s.sealed || s.port.Closed() })
	answer.Stage, answer.Outcome, answer.Says = s.port.Stage, s.port.Outcome, s.revocationAnswer()
	return answer, err
}

// revokes reports whether a message withdraws the authorization of a port-in.
func revokes(msg any) bool {
	switch m := msg.(type) {
	case porting.Revoke:
		return true
	case porting.CustomerReply:
		return m.Reply == porting.ReplyNo
	}
	return false
}

func (s *saga) revocationAnswer() string {
	switch {
	case !s.sealed:
		return "the port has ended: " + string(s.port.Outcome)
	case s.tooLate:
		return "revoked too late to stop the activation: the numbers are ported back if they move"
	default:
		return "revoked: no activation from now on; the port is rolled back"
	}
}

// hearSignal takes a signal. Nobody hears a refusal of a signal, so it goes into the timeline.
func (s *saga) hearSignal(ctx workflow.Context, msg any) {
	if err := s.port.Check(msg); err != nil {
		s.ignore(ctx, err)
		return
	}
	s.judging++
	defer func() { s.judging-- }()
	_, signed, err := s.hearSigned(ctx, msg)
	switch {
	case err != nil:
		s.ignore(ctx, err)
	case !signed:
		s.take(ctx, msg)
	}
}

// hearSigned takes a message that carries what somebody signed, if it is one. Others verify it: that is never workflow code's own
// work.
func (s *saga) hearSigned(ctx workflow.Context, msg any) (answer porting.Answer, signed bool, err error) {
	switch m := msg.(type) {
	case porting.Decide:
		if signed = m.Signed(); signed {
			answer, err = s.judge(ctx, m)
		}
	case porting.CarrierEvent:
		if signed = m.Answers(); signed {
			answer, err = s.takeDeskAnswer(ctx, m)
		}
	}
	return answer, signed, err
}

// maxIgnored bounds what refused signals may write: whoever floods a port fills neither its timeline nor its page.
const maxIgnored = 50

func (s *saga) ignore(ctx workflow.Context, why error) {
	s.ignored++
	if s.ignored > maxIgnored {
		return
	}
	s.record(ctx, porting.EventIgnored, "portsaga", why.Error())
}

// take folds a message into the port and shows what it changed.
func (s *saga) take(ctx workflow.Context, msg any) porting.Answer {
	before := s.port.Stage
	answer := s.port.Receive(msg, s.now(ctx))
	if s.port.Stage == before {
		s.render(ctx)
	} else if err := s.publish(ctx); err != nil {
		workflow.GetLogger(ctx).Error("publishing failed", "port", s.port.ID, "error", err)
	}
	return answer
}

// answerReceived answers the one who started the port.
func (s *saga) answerReceived(ctx workflow.Context) (porting.Answer, error) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	err := workflow.Await(ctx, func() bool { return s.port.Stage != porting.Received || s.port.Closed() })
	answer := porting.Answer{ID: s.port.ID, Stage: s.port.Stage, Outcome: s.port.Outcome}
	switch receipt := s.port.Receipt; {
	case receipt.Refused != nil:
		answer.Reason, answer.Says = receipt.Refused.Reason, receipt.Refused.Note
	case receipt.Pack == "":
		answer.Reason, answer.Says = s.reason, "the port was stopped before its order was taken"
	default:
		answer.Accepted, answer.Says = true, receipt.PackWhy
	}
	return answer, err
}

// drain takes what arrived in the last moment, so that every message is in the timeline, and lets every answer go out.
func (s *saga) drain(ctx workflow.Context) {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	drained := false
	// The newest coroutine runs last: by then every loop of signals has emptied its channel.
	workflow.GoNamed(ctx, "drain", func(workflow.Context) { drained = true })
	// The context cannot be cancelled, so the await cannot fail.
	_ = workflow.Await(ctx, func() bool { return drained && s.judging == 0 && workflow.AllHandlersFinished(ctx) })
	if s.reporting != nil {
		// A message that is under way when the workflow ends would not be sent; a parent that is gone is not missed.
		_ = s.reporting.Get(ctx, nil)
	}
}

// Refuse carries a refusal to the sender: its code as the type, the rest as details.
func Refuse(err error) error {
	if err == nil {
		return nil
	}
	var refusal *porting.Error
	if !errors.As(err, &refusal) {
		return err
	}
	return temporal.NewApplicationErrorWithOptions(refusal.Error(), refusal.Code, temporal.ApplicationErrorOptions{
		NonRetryable: true, Details: []any{refusal}, Category: temporal.ApplicationErrorCategoryBenign,
	})
}

// must stops the workflow task where a handler cannot be registered: that is a defect of the build, not of the port.
func must(err error) {
	if err != nil {
		panic(err)
	}
}
