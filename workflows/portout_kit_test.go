package workflows_test

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/workflows"
)

// leave is one port-out in a world that behaves well where nothing else is scripted: everything is in order, and the numbers
// move two hours after the approval.
type leave struct {
	name     string
	time     time.Duration     // for the answer; a day when zero
	risk     porting.Risk      // low when empty
	people   int               // who must approve; nobody at low risk
	blocked  porting.Reason    // what the checks find
	claimed  porting.Reason    // why the numbers cannot be claimed
	grounds  []porting.Reason  // that the pack gives the donor; a usual list when nil
	confirm  bool              // the pack asks for the subscriber's yes
	revoke   *bool             // whether the subscriber may stop the port through us; with authority when nil
	down     map[string]down   // steps that do not answer for a while
	withheld []porting.Refusal // by the gate, one a try
	worse    *porting.Findings // what the gate finds when it looks again, once
	knows    *porting.Known    // what the ledger has, and the gate believes alone; nil where it does not look
	idle     bool              // the recipient never activates
	ruleless bool              // no pack is for the numbers
	defiant  bool              // the recipient moves the numbers although we cancelled
	back     porting.Outcome   // how the port-back ends; completed when empty
	backIn   time.Duration     // how long it takes; a day when zero
	script   []leaveBeat
}

// down is a time in which a step finds nobody, counted from the start.
type down struct{ from, until time.Duration }

type leaveBeat struct {
	after time.Duration
	do    func(*leaveWorld)
}

func then(after time.Duration, do func(*leaveWorld)) leaveBeat { return leaveBeat{after, do} }

var usualGrounds = []porting.Reason{porting.PINMismatch, porting.NumberInUse, porting.PortProtected, porting.AuthorizationRevoked}

// leaveWorld is everything outside a port-out, and the record of what happened to it.
type leaveWorld struct {
	t       failer
	env     *testsuite.TestWorkflowEnvironment
	plays   leave
	mu      sync.Mutex
	fence   string // "", open, leaving, closed
	stopped bool   // the ledger knows of a revocation
	carrier porting.CarrierStatus

	answers   []porting.PortOutAnswer // that reached the counterparty
	answerAt  []time.Time
	silence   time.Time // when the counterparty answered by itself
	steps     []string
	notices   []porting.NoticeEvent
	released  time.Time
	movedAt   time.Time
	backs     []porting.Order
	attention bool
	timers    map[string]bool
	refused   []error
}

func (c leave) length() time.Duration {
	if c.time == 0 {
		return day
	}
	return c.time
}

func newLeaveWorld(t failer, c leave) *leaveWorld {
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	w := &leaveWorld{t: t, env: suite.NewTestWorkflowEnvironment(), plays: c, timers: map[string]bool{}}
	w.carrier = porting.CarrierStatus{State: porting.CarrierPending}
	w.env.SetStartTime(start)
	w.env.SetTestTimeout(time.Minute)
	w.env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute})
	w.env.SetOnTimerScheduledListener(func(id string, _ time.Duration) { w.timers[id] = true })
	w.env.SetOnTimerFiredListener(func(id string) { delete(w.timers, id) })
	w.env.SetOnTimerCanceledListener(func(id string) { delete(w.timers, id) })
	w.env.RegisterWorkflowWithOptions(w.portBack, workflow.RegisterOptions{Name: porting.WorkflowPortIn})
	w.env.OnUpsertTypedSearchAttributes(mock.Anything).Return(nil).Run(func(args mock.Arguments) {
		if must, ok := args.Get(0).(temporal.SearchAttributes).GetBool(temporal.NewSearchAttributeKeyBool(porting.AttrNeedsAttention)); ok {
			w.attention = must
		}
	}).Maybe()
	outStep(w, porting.StepClaimLeaving, w.claimLeaving)
	outStep(w, porting.StepScreenLeaving, w.screenLeaving)
	outStep(w, porting.StepNotify, w.notify)
	outStep(w, porting.StepAnswer, w.answer)
	outStep(w, porting.StepReadRequest, func(porting.LeavingInput) porting.CarrierStatus { return w.carrier })
	outStep(w, porting.StepReleaseNumbers, w.release)
	outStep(w, porting.StepCloseLeaving, func(porting.CloseLeavingInput) bool { w.fence = "closed"; return true })
	outStep(w, porting.StepCloseFence, w.closeFence)
	w.env.RegisterActivityWithOptions(w.plan, activity.RegisterOptions{Name: porting.StepPlanAnswer})
	w.env.RegisterActivityWithOptions(w.deadline, activity.RegisterOptions{Name: porting.StepDeadline})
	return w
}

// letGo lives through a port-out. Whatever happened, the laws of a port-out hold.
func letGo(t *testing.T, c leave) *leaveWorld {
	t.Helper()
	w := newLeaveWorld(t, c)
	w.execute()
	w.requireLaws()
	return w
}

func (w *leaveWorld) execute() {
	w.t.Helper()
	w.env.RegisterDelayedCallback(w.byItself, w.plays.length())
	for _, b := range w.plays.script {
		w.env.RegisterDelayedCallback(func() { b.do(w) }, b.after)
	}
	w.env.ExecuteWorkflow(workflows.PortOut, porting.PortOutInput{ID: "po-test", Request: leavingRequest()})
	require.True(w.t, w.env.IsWorkflowCompleted())
}

func leavingRequest() porting.PortOutRequest {
	return porting.PortOutRequest{
		ID: "WPR-7", Carrier: "simulator", Kind: porting.KindWireless, Numbers: []porting.Number{"+12025550123"},
		Recipient: porting.Party{Name: "Other Mobile", SPID: "OM01"}, Donor: porting.Party{Name: "Acme Voice", SPID: "ACM1"},
		Given: porting.Given{Account: "99887766", Name: "Maria Muster", PINRef: "ref-1"}, ReceivedAt: start,
	}
}

// requireLaws checks what holds for every port-out: it was answered before the counterparty's silence, once; nothing was
// switched off before it worked elsewhere; nothing is left running; nobody's secrets are shown.
func (w *leaveWorld) requireLaws() {
	w.t.Helper()
	s := w.status()
	require.Zero(w.t, w.silence, "the counterparty answered by itself: %v", s.Timeline)
	require.NotEmpty(w.t, s.Outcome, "it ended")
	require.Equal(w.t, "closed", w.fence)
	require.Empty(w.t, w.timers, "timers that nobody needs any more")
	require.NoError(w.t, w.env.GetWorkflowError())
	if !w.released.IsZero() {
		require.False(w.t, w.movedAt.IsZero() || w.released.Before(w.movedAt), "released before the numbers were seen elsewhere")
	}
	approved, others := 0, 0
	for _, a := range w.answers {
		switch a.Kind {
		case porting.AnswerApprove:
			approved++
		case porting.AnswerRefuse:
			others++
			require.Contains(w.t, w.grounds(), a.Reason, "an unlawful refusal")
		}
	}
	require.LessOrEqual(w.t, approved+others, 1, "one answer: %v", w.answers)
	page := w.page()
	require.LessOrEqual(w.t, len(page), 4096)
	for _, hidden := range []string{"2025550", "99887766", "Muster"} {
		require.NotContains(w.t, page, hidden)
	}
}

func (w *leaveWorld) status() porting.Status {
	w.t.Helper()
	var s porting.Status
	value, err := w.env.QueryWorkflow(porting.QueryStatus)
	require.NoError(w.t, err)
	require.NoError(w.t, value.Get(&s))
	return s
}

func (w *leaveWorld) page() string { return (&world{t: w.t, env: w.env}).page() }

func (w *leaveWorld) events() string {
	var events []string
	for _, e := range w.status().Timeline {
		events = append(events, string(e.Event))
	}
	return strings.Join(events, " ")
}

func (w *leaveWorld) requireEnd(outcome porting.Outcome, reason porting.Reason) {
	w.t.Helper()
	s := w.status()
	require.Equal(w.t, outcome, s.Outcome, "%s", w.events())
	require.Equal(w.t, reason, s.Reason)
}

// requireAnswer checks the answer that reached the counterparty.
func (w *leaveWorld) requireAnswer(kind porting.AnswerKind, why porting.Reason, by string) {
	w.t.Helper()
	require.NotEmpty(w.t, w.answers, "%s", w.events())
	require.Equal(w.t, []any{kind, why, by}, []any{w.answers[0].Kind, w.answers[0].Reason, w.answers[0].By})
}

// answeredAfter is how long the counterparty waited for us.
func (w *leaveWorld) answeredAfter() time.Duration { return w.answerAt[0].Sub(start) }

// outStep puts a step under its name: recorded, and away where the script says so.
func outStep[In, Out any](w *leaveWorld, step string, do func(In) Out) {
	w.env.RegisterActivityWithOptions(func(_ context.Context, in In) (Out, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		var nothing Out
		if d, away := w.plays.down[step]; away {
			if now := w.env.Now().Sub(start); now >= d.from && now < d.until {
				return nothing, errors.New("nobody answers")
			}
		}
		w.steps = append(w.steps, step)
		return do(in), nil
	}, activity.RegisterOptions{Name: step})
}

func (w *leaveWorld) grounds() []porting.Reason {
	if w.plays.grounds == nil {
		return usualGrounds
	}
	return w.plays.grounds
}

func (w *leaveWorld) plan(context.Context, porting.AnswerPlanInput) (porting.AnswerPlan, error) {
	if w.plays.ruleless {
		return porting.AnswerPlan{Refused: &porting.Refusal{Reason: porting.OrderInvalid, Note: "no rules for this country"}}, nil
	}
	by := start.Add(w.plays.length())
	plan := porting.AnswerPlan{
		Pack: "us-wireless@2026.1", PackWhy: "wireless in the US", Jurisdiction: "us-wireless", AnswerBy: by, LastMoment: by.Add(-w.plays.length() / 10),
		Grounds: w.grounds(), Confirm: w.plays.confirm, OnNoReply: "stop",
		Revocation: porting.RevocationRule{Allowed: true, Evidence: "authority after the request", Why: "DA 14-842"},
	}
	if w.plays.revoke != nil {
		plan.Revocation = porting.RevocationRule{Allowed: *w.plays.revoke, Why: "ARCEP 2009-0239"}
	}
	return plan, nil
}

func (w *leaveWorld) deadline(_ context.Context, in porting.DeadlineInput) (porting.Deadline, error) {
	length := map[string]time.Duration{"port": 2 * day, "confirmed-grace": 30 * day}
	maps.Copy(length, map[string]time.Duration{"guard": pack["guard"], "reverse": pack["reverse"], "dispute": pack["dispute"], "cancel-ack": pack["cancel-ack"], "undo-retry": pack["undo-retry"]})
	return porting.Deadline{Clock: in.Clock, Start: in.Start, At: in.Start.Add(length[in.Clock]), OnExpiry: porting.ExpiryEscalate}, nil
}

func (w *leaveWorld) claimLeaving(porting.LeavingInput) porting.Receipt {
	r := porting.Receipt{Carrier: "simulator", Tokens: []string{"t-1"}, Epoch: 1, Approvals: 1}
	if w.plays.claimed != "" {
		r.Refused = &porting.Refusal{Reason: w.plays.claimed, Note: "the number is still arriving"}
		return r
	}
	if w.fence == "" {
		w.fence = "open"
	}
	return r
}

func (w *leaveWorld) screenLeaving(porting.LeavingInput) porting.Findings {
	f := porting.Findings{Risk: porting.RiskLow, Notes: []string{"account fits"}, Policy: &porting.Policy{People: w.plays.people}}
	if w.plays.risk != "" {
		f.Risk = w.plays.risk
	}
	if w.plays.blocked != "" {
		f.Blocked = &porting.Refusal{Reason: w.plays.blocked, Note: "the PIN is wrong (47 CFR 52.36)"}
	}
	return f
}

func (w *leaveWorld) notify(in porting.NoticeInput) porting.Noticed {
	w.notices = append(w.notices, in.Event)
	return porting.Noticed{Told: true, Note: "told by 2 channels"}
}

// answer is the gate: it asks what the counterparty has, wins the fence for an approval, and sends.
func (w *leaveWorld) answer(in porting.AnswerInput) porting.AnswerGiven {
	switch {
	case in.Answer.Kind == porting.AnswerCancel && !w.stopped:
		return porting.AnswerGiven{Status: w.carrier, Withheld: &porting.Refusal{Reason: porting.AuthorizationRevoked, Note: "no revocation is in the ledger"}}
	case w.carrier.State == porting.CarrierConfirmed && in.Answer.Kind == porting.AnswerCancel:
	case w.carrier.State != porting.CarrierPending:
		return porting.AnswerGiven{Status: w.carrier, Silence: w.silence, Fenced: w.stopped && w.carrier.State == porting.CarrierConfirmed}
	case in.Answer.Kind == porting.AnswerApprove && w.fence == "closed":
		return porting.AnswerGiven{Status: w.carrier, Fenced: true, Withheld: &porting.Refusal{Reason: porting.AuthorizationRevoked, Note: "revoked"}}
	}
	if k := w.plays.knows; k != nil && in.Answer.Kind == porting.AnswerApprove {
		plan, _ := w.plan(context.Background(), porting.AnswerPlanInput{}) // it never fails
		if no := plan.Forbids(in.Answer, *k); no != nil {
			return porting.AnswerGiven{Status: w.carrier, Withheld: no, Known: k}
		}
	}
	if found := w.plays.worse; found != nil && in.Answer.Kind == porting.AnswerApprove && !in.Answer.Last {
		w.plays.worse = nil
		return porting.AnswerGiven{Status: w.carrier, Withheld: &porting.Refusal{Reason: porting.RiskRose, Note: "the contact changed"}, Found: found}
	}
	if len(w.plays.withheld) > 0 && in.Answer.Kind == porting.AnswerApprove && !in.Answer.Last {
		no := w.plays.withheld[0]
		w.plays.withheld = w.plays.withheld[1:]
		return porting.AnswerGiven{Status: w.carrier, Withheld: &no}
	}
	w.answers, w.answerAt = append(w.answers, in.Answer), append(w.answerAt, w.env.Now())
	switch in.Answer.Kind {
	case porting.AnswerApprove:
		w.fence = "leaving"
		w.carrierIs(porting.CarrierConfirmed)
		if !w.plays.idle {
			w.env.RegisterDelayedCallback(func() { w.becomes(porting.CarrierActive) }, 2*h)
		}
	case porting.AnswerRefuse:
		w.carrierIs(porting.CarrierRefused)
	case porting.AnswerCancel:
		w.carrierIs(porting.CarrierCancelPending)
		after := porting.CarrierCancelled
		if w.plays.defiant {
			after = porting.CarrierActive
		}
		w.env.RegisterDelayedCallback(func() { w.becomes(after) }, h)
	}
	return porting.AnswerGiven{Status: w.carrier}
}

func (w *leaveWorld) release(porting.ReleaseInput) porting.Released {
	w.released = w.env.Now()
	return porting.Released{Status: w.carrier}
}

func (w *leaveWorld) closeFence(porting.FenceInput) porting.FenceClosed {
	w.stopped = true
	if w.fence == "leaving" {
		return porting.FenceClosed{TooLate: true}
	}
	w.fence = "closed"
	return porting.FenceClosed{}
}

// portBack is the port-in that brings the numbers back.
func (w *leaveWorld) portBack(ctx workflow.Context, in porting.PortInput) (porting.Status, error) {
	w.backs = append(w.backs, in.Order)
	outcome := w.plays.back
	if outcome == "" {
		outcome = porting.OutcomeCompleted
	}
	err := workflow.Sleep(ctx, cmp.Or(w.plays.backIn, day))
	return porting.Status{ID: in.ID, Outcome: outcome}, err
}

// carrierIs is the counterparty's truth from now on.
func (w *leaveWorld) carrierIs(state porting.CarrierState) {
	w.carrier.State = state
	w.carrier.Version++
	if state == porting.CarrierActive {
		w.movedAt = w.env.Now()
	}
}

// becomes changes the request at the counterparty, which then gives a hint. What was cancelled or refused stays so, and
// numbers that moved are not withdrawn any more.
func (w *leaveWorld) becomes(state porting.CarrierState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if state == porting.CarrierActive && w.carrier.State != porting.CarrierConfirmed && !w.plays.defiant {
		return
	}
	if moved := w.carrier.State == porting.CarrierActive; state == porting.CarrierCancelled && (moved || w.carrier.State == porting.CarrierRefused) {
		return
	}
	w.carrierIs(state)
	w.env.SignalWorkflow(porting.MsgCarrierEvent, porting.CarrierEvent{By: "webhook", Carrier: "simulator"})
}

// byItself is the counterparty's silence rule: the danger to beat.
func (w *leaveWorld) byItself() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.carrier.State != porting.CarrierPending {
		return
	}
	w.silence = w.env.Now()
	w.carrierIs(porting.CarrierConfirmed)
	w.env.RegisterDelayedCallback(func() { w.becomes(porting.CarrierActive) }, 2*h)
}

func sends(name string, msg any) func(*leaveWorld) {
	return func(w *leaveWorld) { w.env.SignalWorkflow(name, msg) }
}

// asks sends a message as the command line does, and keeps the refusal.
func asks(name string, msg any) func(*leaveWorld) {
	return func(w *leaveWorld) {
		w.env.UpdateWorkflow(name, "", &testsuite.TestUpdateCallback{
			OnAccept: func() {}, OnComplete: func(any, error) {},
			OnReject: func(err error) { w.refused = append(w.refused, err) },
		}, msg)
	}
}

var (
	sayNo      = sends(porting.MsgCustomerReply, porting.CustomerReply{By: "subscriber", Reply: porting.ReplyNo, Channel: "link"})
	sayYes     = sends(porting.MsgCustomerReply, porting.CustomerReply{By: "subscriber", Reply: porting.ReplyYes, Channel: "sms"})
	stopIt     = sends(porting.MsgRevoke, porting.Revoke{By: "ben@care", AuthorityAt: start.Add(30 * time.Minute)})
	dispute    = sends(porting.MsgDispute, porting.Dispute{By: "ben@care"})
	holdIt     = sends(porting.MsgHold, porting.Hold{By: "ana@desk"})
	resumeIt   = sends(porting.MsgResume, porting.Resume{By: "ana@desk"})
	approveIt  = sends(porting.MsgDecide, porting.Decide{By: "ana@desk", Decision: porting.Approve})
	withdrawIt = func(w *leaveWorld) { w.becomes(porting.CarrierCancelled) }
	cancelIt   = func(w *leaveWorld) { w.env.CancelWorkflow() }
)

func rejectIt(why porting.Reason) func(*leaveWorld) {
	return sends(porting.MsgDecide, porting.Decide{By: "ana@desk", Decision: porting.Reject, Reason: why})
}
