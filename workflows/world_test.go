package workflows_test

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/portsaga/portsaga/porting"
)

// reply is how a step answers once. Where it says nothing, the step behaves well.
type reply struct {
	late    time.Duration        // the answer comes so much later; what the step does, it does at once
	err     error                // instead of an answer; nothing is done
	lost    error                // instead of the answer; what the step does, it does
	state   porting.CarrierState // what the carrier makes of the call
	refused *porting.Refusal     // the step's "no"
	then    []beat               // what follows, counted from the call

	meanwhile []act // what reaches the saga together with the answer
}

// times is the same reply to the next n calls.
func times(n int, r reply) []reply {
	replies := make([]reply, n)
	for i := range replies {
		replies[i] = r
	}
	return replies
}

// pack is what the rules say while a test says nothing else.
var pack = map[string]time.Duration{
	"decision": 3 * day, "foc": 2 * day, "foc-patience": day, "correction": 10 * day, "confirmed-grace": 7 * day, "activation": 12 * h,
	"guard": day, "cancel-ack": 4 * h, "reverse": 2 * day, "dispute": 30 * day, "undo-retry": h, "hold": 5 * day, "resubmit": h,
}

func (w *world) register() {
	register(w, porting.StepReceive, w.receiveOrder)
	register(w, porting.StepScreen, w.screenOrder)
	register(w, porting.StepDecision, w.verifyDecision)
	register(w, porting.StepSubmit, w.submitPort)
	register(w, porting.StepRead, w.readCarrier)
	register(w, porting.StepActivate, w.activatePort)
	register(w, porting.StepCancel, w.cancelPort)
	register(w, porting.StepReverse, w.reversePort)
	register(w, porting.StepCloseFence, w.closeFence)
	register(w, porting.StepVerify, w.verifyPort)
	register(w, porting.StepClose, w.closePort)
	w.env.RegisterActivityWithOptions(w.computeDeadline, activity.RegisterOptions{Name: porting.StepDeadline})
	w.env.RegisterActivityWithOptions(w.computeWindow, activity.RegisterOptions{Name: porting.StepWindow})
	w.env.RegisterActivityWithOptions(w.planCorrection, activity.RegisterOptions{Name: porting.StepCorrect})
}

// register puts a step of the world under its name: recorded, scripted, and late where the script says so.
func register[In, Out any](w *world, step string, behave func(In, reply) Out) {
	w.env.RegisterActivityWithOptions(func(ctx context.Context, in In) (Out, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		r := w.nextReply(step)
		w.steps = append(w.steps, label(step, in))
		// From here, and not from the environment's own listener: there a step that is cancelled at once may run last of all.
		w.env.RegisterDelayedCallback(func() { w.happened(step + " started") }, 0)
		if r.err != nil {
			var nothing Out
			return nothing, r.err
		}
		out := behave(in, r)
		for _, do := range r.meanwhile {
			do(w)
		}
		w.play(r.then)
		if r.lost != nil {
			var nothing Out
			return nothing, r.lost
		}
		if r.late == 0 {
			return out, nil
		}
		token := activity.GetInfo(ctx).TaskToken
		w.env.RegisterDelayedCallback(func() { w.complete(token, out, nil) }, r.late)
		return out, activity.ErrResultPending
	}, activity.RegisterOptions{Name: step})
}

func (w *world) complete(token []byte, out any, err error) {
	if err := w.env.CompleteActivity(token, out, err); err != nil {
		panic(err)
	}
}

func label(step string, in any) string {
	if c, ok := in.(porting.CloseInput); ok {
		return step + ":" + string(c.Outcome)
	}
	return step
}

// nextReply is the script's next word on a step, or on the reckoning of a clock.
func (w *world) nextReply(step string) reply {
	replies := w.scenario.replies[step]
	if len(replies) == 0 {
		return reply{}
	}
	w.scenario.replies[step] = replies[1:]
	return replies[0]
}

// play schedules beats from now on.
func (w *world) play(beats []beat) {
	for _, b := range beats {
		w.env.RegisterDelayedCallback(func() {
			for _, do := range b.do {
				w.happened("before a message")
				do(w)
				w.happened("after a message")
			}
		}, b.after)
	}
}

func (w *world) computeDeadline(_ context.Context, in porting.DeadlineInput) (porting.Deadline, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if in.Place == (porting.Place{}) {
		return porting.Deadline{}, temporal.NewNonRetryableApplicationError("the pack's zone depends on the place, and there is none", "region-unknown", nil)
	}
	for _, do := range w.nextReply(in.Clock).meanwhile {
		do(w)
	}
	length, ok := w.scenario.clocks[in.Clock]
	if !ok {
		length = pack[in.Clock]
	}
	expiry := porting.ExpiryEscalate
	switch in.Clock {
	case "decision", "correction", "foc-patience":
		expiry = porting.ExpiryExpire
	case "resubmit":
		expiry = porting.ExpiryProceed
	}
	return porting.Deadline{Clock: in.Clock, Start: in.Start, At: in.Start.Add(length), OnExpiry: expiry}, nil
}

func (w *world) receiveOrder(_ porting.ReceiveInput, r reply) porting.Receipt {
	if r.refused == nil {
		w.fence = "open"
	}
	return porting.Receipt{
		Pack: "us-wireline@2026.1", PackWhy: "wireline in the US", Jurisdiction: "US", Carrier: "simulator",
		Tokens: []string{"t-1", "t-2"}, Epoch: 1, Refused: r.refused, Signed: w.scenario.signed, Line: w.scenario.line,
	}
}

// verifyDecision is the trust worker. A statement of this world is the name of its signer.
func (w *world) verifyDecision(in porting.DecisionInput, r reply) porting.Judged {
	if r.refused != nil {
		return porting.Judged{Refused: r.refused}
	}
	return porting.Judged{ID: in.Decide.ID, Decision: porting.Decision{
		ID: in.Decide.ID, Decision: in.Decide.Decision, By: string(in.Decide.Statement), At: in.At, Stage: in.Challenge.Stage, OrderVersion: in.Challenge.OrderVersion,
		Signed: true, Run: w.run, Proof: &porting.Proof{Statement: in.Decide.Statement, Signature: in.Decide.Signature, Verdict: "verdict"},
	}}
}

func (w *world) screenOrder(_ porting.ScreenInput, r reply) porting.Findings {
	return porting.Findings{Risk: porting.RiskMedium, Notes: []string{"portable", "first port of this subscriber"}, Policy: w.scenario.policy, Blocked: r.refused}
}

func (w *world) submitPort(in porting.SubmitInput, r reply) porting.SubmitAnswer {
	if r.refused != nil {
		return porting.SubmitAnswer{Withheld: r.refused, Run: w.run}
	}
	w.decided = in.Decisions
	w.sent = append(w.sent, in.Order)
	w.carrierIs(in.Ref, orElse(r.state, porting.CarrierPending))
	if w.carrier.State == porting.CarrierPending && !w.scenario.silent {
		w.play([]beat{at(3*h, confirms(4*day))})
	}
	return porting.SubmitAnswer{CarrierStatus: w.carrier}
}

func (w *world) readCarrier(in porting.CarrierInput, r reply) porting.CarrierStatus {
	w.carrierIs(in.Ref, orElse(r.state, w.carrier.State))
	return w.carrier
}

// activatePort is the gate: it wins the fence and keeps it until it knows what became of the activation.
func (w *world) activatePort(in porting.ActivateInput, r reply) porting.Activation {
	w.gate = append(w.gate, in)
	if w.fence == "closed" || w.revoked && w.carrier.State == porting.CarrierConfirmed {
		w.fence = "closed"
		return porting.Activation{
			Status: w.carrier, Fenced: true,
			Refused: &porting.Refusal{Reason: porting.AuthorizationRevoked, Note: "the fence is closed"},
		}
	}
	if r.refused != nil {
		w.giveBack()
		return porting.Activation{Status: w.carrier, Refused: r.refused, Run: w.run}
	}
	w.fence = "activating"
	if w.carrier.State == porting.CarrierConfirmed {
		w.carrierIs(in.Ref, orElse(r.state, porting.CarrierActive))
	}
	if w.carrier.State == porting.CarrierActive {
		w.fence = "active"
	}
	return porting.Activation{Status: w.carrier}
}

// giveBack opens the fence again, or closes it for a revocation that came meanwhile.
func (w *world) giveBack() {
	w.fence = "open"
	if w.revoked {
		w.fence = "closed"
	}
}

func (w *world) cancelPort(in porting.CarrierInput, r reply) porting.CarrierStatus {
	w.reasons = append(w.reasons, in.Reason)
	switch now := w.carrier.State; now {
	case "", porting.CarrierNothing:
		w.carrierIs(in.Ref, porting.CarrierNothing)
	case porting.CarrierActive, porting.CarrierReversing, porting.CarrierReversed, porting.CarrierCancelled:
	default:
		w.carrierIs(in.Ref, orElse(r.state, porting.CarrierCancelled))
	}
	return w.carrier
}

func (w *world) reversePort(in porting.CarrierInput, r reply) porting.CarrierStatus {
	w.reasons = append(w.reasons, in.Reason)
	w.carrierIs(in.Ref, orElse(r.state, porting.CarrierReversing))
	if r.state == "" {
		w.play([]beat{at(3*h, becomes(porting.CarrierReversed))})
	}
	return w.carrier
}

func (w *world) closeFence(in porting.FenceInput, _ reply) porting.FenceClosed {
	w.reasons = append(w.reasons, in.Reason)
	w.revoked = true
	if w.fence == "" || w.fence == "open" {
		w.fence = "closed"
	}
	return porting.FenceClosed{TooLate: w.fence != "closed"}
}

// verifyPort closes the port if the carrier shows the numbers as active.
func (w *world) verifyPort(_ porting.VerifyInput, r reply) porting.Verification {
	seen := porting.Verification{Status: w.carrier}
	seen.Status.State = orElse(r.state, w.carrier.State)
	active := seen.Status.State == porting.CarrierActive
	seen.Revoked, seen.Closed = active && w.revoked, active && !w.revoked
	if seen.Closed {
		w.fence = "closed"
	}
	return seen
}

func (w *world) closePort(in porting.CloseInput, _ reply) bool {
	if in.Unsent && w.scenario.resent {
		return false
	}
	w.fence = "closed"
	return true
}

// computeWindow is the pack's: numbers change hands at any time, but in a scenario with a window only that long after the FOC.
func (w *world) computeWindow(_ context.Context, in porting.WindowInput) (time.Time, error) {
	return in.After.Add(w.scenario.window), nil
}

func (w *world) planCorrection(_ context.Context, in porting.CorrectionInput) (porting.Correction, error) {
	plan := w.scenario.plan
	plan.Exhausted = w.scenario.tries > 0 && in.Version >= w.scenario.tries
	return plan, nil
}

// carrierIs is the carrier's truth from now on.
func (w *world) carrierIs(ref porting.Ref, state porting.CarrierState) {
	w.carrier.Ref, w.carrier.State, w.carrier.Reasons = ref, state, nil
	w.carrier.Version++
	w.moved = w.moved || state == porting.CarrierActive
	switch state {
	case porting.CarrierConfirmed:
		if w.carrier.FOC.IsZero() {
			w.carrier.FOC = w.now().Add(4 * day)
		}
	case porting.CarrierRejected, porting.CarrierRefused:
		w.carrier.Reasons = []porting.Rejection{{Code: "8A", Text: "account number does not match", Reason: porting.AccountNumberMismatch}}
	case porting.CarrierUnknown:
		w.carrier.Raw = "PENDING_FIZZ"
	}
}

func orElse(state, otherwise porting.CarrierState) porting.CarrierState {
	if state == "" {
		return otherwise
	}
	return state
}

// becomes changes the order at the carrier, which then gives a hint.
func becomes(state porting.CarrierState) act {
	return func(w *world) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.carrierIs(w.carrier.Ref, state)
		w.hint()
	}
}

// tells is what the carrier says of single numbers from now on.
func tells(numbers ...porting.NumberState) act {
	return func(w *world) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.carrier.Numbers = numbers
	}
}

// confirms is a FOC for a date so far from now.
func confirms(in time.Duration) act {
	return func(w *world) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.carrierIs(w.carrier.Ref, porting.CarrierConfirmed)
		w.carrier.FOC = w.now().Add(in)
		w.hint()
	}
}

func (w *world) now() time.Time { return w.scenario.clock.Business(w.env.Now()).UTC() }

func (w *world) hint() {
	if !w.scenario.deaf {
		w.env.SignalWorkflow(porting.MsgCarrierEvent, porting.CarrierEvent{By: "webhook", Carrier: "simulator"})
	}
}

// signal sends a message as the Web UI's dialog does.
func signal(name string, msg any) act {
	return func(w *world) { w.env.SignalWorkflow(name, msg) }
}

// inPassing sends a signal that the saga does not wake up for: it meets it together with whatever comes next.
func inPassing(name string, msg any) act {
	return func(w *world) { w.env.SignalWorkflowSkippingWorkflowTask(name, msg) }
}

// answer is what the sender of an update learned.
type answer struct {
	update   string
	accepted bool
	steps    int // how many steps had been asked when the answer came
	at       time.Time
	says     porting.Answer
	err      error
}

// update sends a message as the command line does.
func update(name string, msgs ...any) act {
	return func(w *world) {
		a := answer{update: name}
		note := func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			a.steps, a.at = len(w.steps), w.env.Now().UTC()
			w.answers = append(w.answers, a)
		}
		w.env.UpdateWorkflow(name, "", &testsuite.TestUpdateCallback{
			OnAccept: func() { a.accepted = true },
			OnReject: func(err error) { a.err = err; note() },
			OnComplete: func(result any, err error) {
				a.err = err
				a.says, _ = result.(porting.Answer)
				note()
			},
		}, msgs...)
	}
}

func cancelInTemporal(w *world) { w.env.CancelWorkflow() }

// lookAt keeps the details page under a name.
func lookAt(name string) act {
	return func(w *world) {
		if w.pages == nil {
			w.pages = map[string]string{}
		}
		w.pages[name] = w.page()
	}
}

var (
	approve   = signal(porting.MsgDecide, porting.Decide{Decision: porting.Approve, By: "ana@desk"})
	reject    = signal(porting.MsgDecide, porting.Decide{Decision: porting.Reject, By: "ben@desk", Reason: porting.SuspectedFraud})
	revoke    = signal(porting.MsgRevoke, porting.Revoke{By: "ben@care"})
	amend     = signal(porting.MsgAmend, porting.Amend{By: "ana@desk", AccountNumber: "4412-77"})
	pokeAgain = signal(porting.MsgCarrierEvent, porting.CarrierEvent{By: "webhook"})
)
