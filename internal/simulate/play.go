package simulate

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

// standstill is a scale at which business time does not pass while a step runs.
const standstill = 1e-12

// now is a clock for a gate, whose own one shows the simulated time.
func (w *world) now() porting.Clock {
	return porting.Clock{Scale: standstill, RealStart: time.Now(), BusinessStart: w.env.Now()}
}

// playGate lets the steps that look at the gate's own clock see the simulated time.
func (w *world) playGate() {
	for name, step := range map[string]any{
		porting.StepActivate: func(ctx context.Context, in porting.ActivateInput) (porting.Activation, error) {
			in.Clock = w.now()
			return w.steps.ActivatePort(ctx, in)
		},
		porting.StepAnswer: func(ctx context.Context, in porting.AnswerInput) (porting.AnswerGiven, error) {
			in.Leaving.Clock = w.now()
			return w.steps.AnswerPortOut(ctx, in)
		},
		porting.StepCloseLeaving: func(ctx context.Context, in porting.CloseLeavingInput) (bool, error) {
			in.Leaving.Clock = w.now()
			return w.steps.ClosePortOut(ctx, in)
		},
	} {
		w.env.RegisterActivityWithOptions(step, activity.RegisterOptions{Name: name, DisableAlreadyRegisteredCheck: true})
	}
}

// tell brings the carrier's news to the saga that they are about, as a hint. A request of a counterparty is no news to the
// saga that it opens.
func (w *world) tell(news simulator.Webhook) {
	hint := porting.CarrierEvent{ID: news.ID, By: "webhook", Carrier: "simulator", Hint: news.Type}
	switch {
	case news.Type == simulator.PortOutSent:
	case w.portBack != "" && news.Order.Port == w.portBack:
		_ = w.env.SignalWorkflowByID(w.portBack, porting.MsgCarrierEvent, hint) // one that has ended needs none
	default:
		w.env.SignalWorkflow(porting.MsgCarrierEvent, hint)
	}
}

// look lets people see the port, and the one that brings its numbers back, and act when their moment comes.
func (w *world) look() {
	status, err := w.status()
	if err != nil {
		return // the port is not received yet
	}
	w.play(w.script.Follow(status), func(m Moment) { w.env.SignalWorkflow(m.Message, m.Body) })
	if status.Leaving == nil || status.Leaving.PortBack == "" {
		return
	}
	w.portBack = status.Leaving.PortBack
	value, err := w.env.QueryWorkflowByID(w.portBack, porting.QueryStatus)
	if err == nil {
		err = value.Get(&status)
	}
	if err != nil {
		return // it is not started yet
	}
	w.play(w.back.Follow(status), func(m Moment) {
		_ = w.env.SignalWorkflowByID(w.portBack, m.Message, m.Body) // people do not know that it has ended
	})
}

// play does what people do, each in its moment.
func (w *world) play(moments []Moment, do func(Moment)) {
	for _, m := range moments {
		if wait := m.At.Sub(w.env.Now()); wait > 0 {
			w.env.RegisterDelayedCallback(func() { do(m) }, wait)
		} else {
			do(m)
		}
	}
}

func (w *world) status() (status porting.Status, err error) {
	value, err := w.env.QueryWorkflow(porting.QueryStatus)
	if err == nil {
		err = value.Get(&status)
	}
	return status, err
}
