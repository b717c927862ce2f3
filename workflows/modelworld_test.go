package workflows_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

// model is a small world of its own: a ledger with its fence, a gate, a carrier that keeps the numbers, and a desk. It
// knows nothing of the saga but what the saga asks of it, and watches that the laws are kept while it is asked.
type model struct {
	*world
	fate    fate
	settled bool // the world behaves well from now on

	events       int
	acknowledged bool            // somebody was told that no activation comes any more
	us, were     map[string]bool // the numbers that are with us, and those that ever were
	onItsWay     bool            // the carrier took an activation and has not answered it
	left, stuck  int             // numbers that the confirmation leaves out, and that do not move with the others
	cancelling   bool            // the carrier was asked to cancel
	closedAs     porting.Outcome // in the ledger, at the end of a rollback
	verified     bool            // closed in the ledger as a port that works
	broken       []string        // laws that were broken on the way
}

func newModel(t failer, f fate) *model {
	m := &model{fate: f, us: map[string]bool{}, were: map[string]bool{}}
	m.world = emptyWorld(t, scenario{clocks: f.clocks, window: f.window, replies: f.steps, order: m.order})
	m.env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute, Interceptors: []interceptor.WorkerInterceptor{&lateTimers{down: f.outages}}})
	m.happened = m.happens
	register(m.world, porting.StepReceive, m.receiveOrder)
	register(m.world, porting.StepScreen, m.screenOrder)
	register(m.world, porting.StepSubmit, m.submitPort)
	register(m.world, porting.StepRead, m.readBack)
	register(m.world, porting.StepActivate, m.activatePort)
	register(m.world, porting.StepCancel, m.cancelPort)
	register(m.world, porting.StepReverse, m.reversePort)
	m.env.RegisterActivityWithOptions(m.closeFenceSoon, activity.RegisterOptions{Name: porting.StepCloseFence})
	register(m.world, porting.StepVerify, m.verifyPort)
	register(m.world, porting.StepClose, m.closePort)
	m.env.RegisterActivityWithOptions(m.computeDeadline, activity.RegisterOptions{Name: porting.StepDeadline})
	m.env.RegisterActivityWithOptions(m.computeWindow, activity.RegisterOptions{Name: porting.StepWindow})
	m.env.RegisterActivityWithOptions(m.planCorrection, activity.RegisterOptions{Name: porting.StepCorrect})
	for _, l := range f.letters {
		m.play([]beat{at(m.up(max(l.at, time.Minute)), l.send)})
	}
	m.play([]beat{at(m.up(f.ends), m.settle)})
	return m
}

func (m *model) order(o *porting.Order) {
	o.Numbers = []porting.Number{"+12025550123", "+12025550124", "+12025550125"}[:m.fate.numbers]
	o.Wishes = porting.Wishes{DueDate: m.fate.wish, AllOrNothing: m.fate.allOrNothing}
}

// settle ends all mischief and revokes the port, so that it comes to an end.
func (m *model) settle(*world) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.settled = true
	m.scenario.replies = nil
	switch state := m.carrier.State; {
	case m.cancelling && state != porting.CarrierActive && state != porting.CarrierReversing && state != porting.CarrierReversed && state != porting.CarrierRefused:
		m.carrierBecomes(porting.CarrierCancelled)
	default:
		m.hint()
	}
	m.env.SignalWorkflow(porting.MsgRevoke, porting.Revoke{By: "zoe@desk"})
}

// law notes a law that is broken while the port runs.
func (m *model) law(kept bool, format string, args ...any) {
	if !kept {
		m.broken = append(m.broken, fmt.Sprintf(format, args...))
	}
}

func (m *model) stage() string { return m.stages[len(m.stages)-1] }

// heldIn is where a port that is on hold stood.
func (m *model) heldIn() string {
	if m.stage() != string(porting.OnHold) {
		return ""
	}
	return m.stages[len(m.stages)-2]
}

// up is the first instant, not before the given one, at which our worker is up.
func (m *model) up(at time.Duration) time.Duration { return whenUp(m.fate.outages, at) }

func whenUp(outages []span, at time.Duration) time.Duration {
	for range outages {
		for _, o := range outages {
			if at >= o.from && at < o.to {
				at = o.to
			}
		}
	}
	return at
}

func (m *model) since() time.Duration { return m.env.Now().Sub(start) }

// next takes the next element of a list; where it has run out, or the world has settled, there is none.
func next[V any](m *model, from *[]V) (v V, ok bool) {
	if m.settled || len(*from) == 0 {
		return v, false
	}
	v, *from = (*from)[0], (*from)[1:]
	return v, true
}

// happens counts the events, and lets the world answer them.
func (m *model) happens(event string) {
	m.events++
	if stroke, ok := m.fate.strokes[m.events]; ok {
		stroke(m.world)
	}
	m.deskSees(event)
}

// deskSees lets people act when the port comes to their desk.
func (m *model) deskSees(event string) {
	turns, ours := m.fate.desk[event]
	if !ours {
		return
	}
	does := turn{does: map[string]string{"verifying": "approve", "exception": "amend", "on-hold": "resume"}[event], after: h}
	if len(turns) > 0 {
		does, m.fate.desk[event] = turns[0], turns[1:]
	}
	acts := map[string][]act{
		"approve": {approve, signal(porting.MsgDecide, porting.Decide{Decision: porting.Approve, By: "ben@desk"})},
		"reject":  {reject}, "amend": {amend}, "resume": {resume},
	}
	m.play([]beat{at(m.up(m.since()+does.after)-m.since(), acts[does.does]...)})
}

// carrierBecomes is the carrier's truth from now on; its news go out as the fate has it.
func (m *model) carrierBecomes(state porting.CarrierState) {
	m.carrierIs(m.carrier.Ref, state)
	numbers := m.numbersAsked()
	switch state {
	case porting.CarrierActive:
		for _, n := range numbers[m.left+m.stuck:] {
			m.us[n.String()], m.were[n.String()] = true, true
		}
	case porting.CarrierReversed:
		m.us = map[string]bool{}
	}
	m.carrier.Numbers = nil
	for i, n := range numbers[:m.left+m.stuck] {
		if i < m.left || state == porting.CarrierActive {
			m.carrier.Numbers = append(m.carrier.Numbers, says(n, porting.CarrierRejected, porting.NumberInactive))
		}
	}
	m.announce()
}

func (m *model) numbersAsked() []porting.Number {
	var o porting.Order
	m.order(&o)
	return o.Numbers
}

func (m *model) announce() {
	copies, ok := next(m, &m.fate.hints)
	if !ok {
		copies = hints{0}
	}
	for _, late := range copies {
		m.play([]beat{at(m.up(m.since()+late)-m.since(), pokeAgain)})
	}
}

// later changes the carrier's truth after a while, if it is still one of the given.
func (m *model) later(after time.Duration, while []porting.CarrierState, change func()) {
	version := m.carrier.Ref.Version
	m.play([]beat{at(after, func(*world) {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.carrier.Ref.Version == version && slices.Contains(while, m.carrier.State) {
			change()
		}
	})})
}

// said is what the carrier answers: the truth, in words that may be new to us.
func (m *model) said() porting.CarrierStatus {
	status := m.carrier
	if status.State == "" {
		status.State = porting.CarrierNothing
	}
	now := m.since()
	if !m.settled && slices.ContainsFunc(m.fate.mumbles, func(s span) bool { return now >= s.from && now < s.to }) {
		status.State, status.Raw = porting.CarrierUnknown, "PENDING_FIZZ"
	}
	return status
}

func (m *model) planCorrection(_ context.Context, in porting.CorrectionInput) (porting.Correction, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	plan, _ := next(m, &m.fate.plans)
	plan.Exhausted = m.fate.versions > 0 && in.Version >= m.fate.versions
	return plan, nil
}

// lateTimers lets timers that are due while our worker is down fire when it is up again.
type lateTimers struct {
	interceptor.WorkerInterceptorBase
	down []span
}

func (l *lateTimers) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &lateInbound{WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}, down: l.down}
}

type lateInbound struct {
	interceptor.WorkflowInboundInterceptorBase
	down []span
}

func (l *lateInbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	return l.Next.Init(&lateOutbound{WorkflowOutboundInterceptorBase: interceptor.WorkflowOutboundInterceptorBase{Next: next}, down: l.down})
}

type lateOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
	down []span
}

func (l *lateOutbound) NewTimerWithOptions(ctx workflow.Context, d time.Duration, options workflow.TimerOptions) workflow.Future {
	now := workflow.Now(ctx).Sub(start)
	return l.Next.NewTimerWithOptions(ctx, whenUp(l.down, now+d)-now, options)
}
