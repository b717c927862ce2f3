package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

// verify waits for people. Nobody's silence approves a port.
func (s *saga) verify(ctx workflow.Context) error {
	if err := s.awaitRuling(ctx, "Decision of an approver"); err != nil {
		return err
	}
	return s.move(ctx, porting.EventApproved, s.lastDecider(), fmt.Sprintf("order version %d", s.port.Order.Version))
}

// awaitRuling waits until the policy approves. A reject ends the port, and so does the clock.
func (s *saga) awaitRuling(ctx workflow.Context, summary string) error {
	decided, err := s.untilPeople(ctx, summary, func() bool { return s.ruling() != porting.RulingWaiting })
	if err != nil {
		return err
	}
	if !decided {
		return stop{porting.EventExpired, porting.OutcomeExpired, porting.Refusal{Reason: porting.NoDecision, Note: "nobody decided in time"}}
	}
	if s.ruling() == porting.RulingDeclined {
		return stop{porting.EventDeclined, porting.OutcomeRejected, porting.Refusal{Reason: porting.Declined, Note: "an approver rejected the order"}}
	}
	return nil
}

func (s *saga) ruling() porting.Ruling {
	ruling, _ := s.port.Ruling(s.trueRun)
	return ruling
}

func (s *saga) lastDecider() string {
	if n := len(s.port.Decisions); n > 0 {
		return s.port.Decisions[n-1].By
	}
	return "policy"
}

// verifyAgain asks people once more, because the gate does not accept the decisions that there are: after a Reset they
// belong to another run, a key was revoked meanwhile, or fresh evidence is worse than what they decided on.
func (s *saga) verifyAgain(ctx workflow.Context, withheld porting.SubmitAnswer) error {
	s.void(withheld.Run, withheld.Found)
	if err := s.moveAndWait(ctx, porting.EventApprovalVoid, "gate", withheld.Withheld.Note, porting.WaitingApprover, clockDecision); err != nil {
		return err
	}
	s.callPerson(ctx, withheld.Withheld.Note+"; the order must be approved again")
	if err := s.verify(ctx); err != nil {
		return err
	}
	return s.submit(ctx)
}

// reapprove asks people once more for an order that is confirmed already, before the gate is asked again.
func (s *saga) reapprove(ctx workflow.Context, refused porting.Activation) error {
	s.void(refused.Run, refused.Found)
	s.port.Reapproval = true
	defer func() { s.port.Reapproval = false }()
	d, err := s.deadline(ctx, clockDecision)
	if err != nil {
		return err
	}
	s.wait(ctx, porting.WaitingApprover, d)
	s.callPerson(ctx, refused.Refused.Note+"; the port must be approved again before it is activated")
	return s.awaitRuling(ctx, "Decision of an approver, again")
}

// void drops the decisions that the gate does not accept. From now on only those of the run that the gate named count, and
// what it found is what people decide on.
func (s *saga) void(run string, found *porting.Findings) {
	s.trueRun = run
	s.port.Decisions = nil
	if found != nil {
		s.port.Found, s.port.Risk = *found, found.Risk
	}
	atLeastOne := s.port.Policy()
	atLeastOne.People = max(atLeastOne.People, 1) // the gate said no: nothing goes on without a person
	s.port.Found.Policy = &atLeastOne
}

// maxJudged bounds how many decisions a port has verified: whoever floods it with forged ones fills no history.
const maxJudged = 64

// judge has a signed decision verified and takes it if it counts. That is never workflow code's own work: a registry or a
// library of tomorrow must not change what a replay finds.
func (s *saga) judge(ctx workflow.Context, d porting.Decide) (porting.Answer, error) {
	if s.judged++; s.judged > maxJudged {
		return porting.Answer{}, Refuse(s.port.Void(porting.Refusal{Reason: porting.ApprovalVoid, Note: "too many decisions were sent"}))
	}
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	challenge := s.port.Challenge("") // the trust worker knows the run itself
	judged, err := call[porting.Judged](ctx, s, ownStep, porting.StepDecision, "Verify a signed decision",
		porting.DecisionInput{Decide: d, Challenge: challenge, Submitter: s.port.Order.SubmittedBy, At: s.now(ctx)})
	if err != nil {
		return porting.Answer{}, err
	}
	if judged.Refused != nil {
		return porting.Answer{}, Refuse(s.port.Void(*judged.Refused))
	}
	if err := s.port.Check(judged); err != nil {
		return porting.Answer{}, Refuse(err)
	}
	return s.take(ctx, judged), nil
}
