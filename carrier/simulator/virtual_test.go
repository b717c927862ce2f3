package simulator_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/gatewaytest"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

// The carrier in virtual time is a gateway like any other; here its world is a fast clock.
func TestVirtualConformance(t *testing.T) {
	t.Parallel()
	gatewaytest.Run(t, func(t *testing.T) gatewaytest.Subject {
		clock := fast()
		world := simulator.World{
			Now:   func() time.Time { return clock.Business(time.Now()) },
			After: func(wait time.Duration, then func()) { time.AfterFunc(clock.RealDuration(wait), then) },
			Tell:  func(simulator.Webhook) {},
		}
		v, down := simulator.NewVirtual(world), simulator.NewVirtual(world)
		const often = 1000
		down.Learn(simulator.Scenario{Name: "down", Answers: map[string]simulator.Answer{
			"submit": {Fail: often}, "status": {Fail: often}, "cancel": {Fail: often}, "activate": {Fail: often}, "reverse": {Fail: often},
		}})
		require.NoError(t, down.Choose("down", "down"))
		return gatewaytest.Subject{
			Gateway: v, Clock: clock, Down: down,
			Choose: func(t *testing.T, port, scenario string) { require.NoError(t, v.Choose(port, scenario)) },
			Effects: func(_ *testing.T, port string) []string {
				var names []string
				for _, e := range v.Effects() {
					if e.Ref.Port == port {
						names = append(names, e.Effect)
					}
				}
				return names
			},
		}
	})
}

// slowWorld is a world whose time only passes when the test says so.
type slowWorld struct {
	now   time.Time
	plans []plan
	heard []string
}

type plan struct {
	at   time.Time
	then func()
}

func (w *slowWorld) open() *simulator.Virtual {
	return simulator.NewVirtual(simulator.World{
		Now:   func() time.Time { return w.now },
		After: func(wait time.Duration, then func()) { w.plans = append(w.plans, plan{w.now.Add(wait), then}) },
		Tell:  func(n simulator.Webhook) { w.heard = append(w.heard, n.Type+" as "+n.Status) },
	})
}

// pass lets time pass, and everything happen that was planned for it.
func (w *slowWorld) pass(d time.Duration) {
	until := w.now.Add(d)
	for {
		slices.SortStableFunc(w.plans, func(a, b plan) int { return a.at.Compare(b.at) })
		if len(w.plans) == 0 || w.plans[0].at.After(until) {
			w.now = until
			return
		}
		next := w.plans[0]
		w.plans, w.now = w.plans[1:], next.at
		next.then()
	}
}

func TestVirtualNewsComeAsTheScenarioSays(t *testing.T) {
	t.Parallel()
	steps := []simulator.Step{
		{On: "submitted", After: span(t, "2h"), Then: "confirmed"},
		{On: "confirmed", After: span(t, "30m"), Then: "jeopardised"},
	}
	for name, c := range map[string]struct {
		how  simulator.Webhooks
		want []string
	}{
		"plainly":    {simulator.Webhooks{}, []string{"order.confirmed as foc", "order.jeopardised as jeopardy"}},
		"twice":      {simulator.Webhooks{Duplicates: 1}, []string{"order.confirmed as foc", "order.confirmed as foc", "order.jeopardised as jeopardy", "order.jeopardised as jeopardy"}},
		"never":      {simulator.Webhooks{Drop: true}, nil},
		"in reverse": {simulator.Webhooks{Reorder: true}, []string{"order.jeopardised as jeopardy", "order.confirmed as foc"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &slowWorld{now: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
			v := w.open()
			v.Learn(simulator.Scenario{Name: "own", Steps: steps, Webhooks: c.how})
			require.NoError(t, v.Choose("p", "own"))
			_, err := v.Submit(t.Context(), lsr("p"))
			require.NoError(t, err)
			w.pass(2*time.Hour - time.Second)
			require.Empty(t, w.heard)
			w.pass(time.Hour)
			require.Equal(t, c.want, w.heard)
		})
	}
}

func TestVirtualNewsThatNothingOvertakesComeAfterAnHour(t *testing.T) {
	t.Parallel()
	w := &slowWorld{now: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
	v := w.open()
	require.NoError(t, v.Choose("p", "bad-webhooks"))
	_, err := v.Submit(t.Context(), lsr("p"))
	require.NoError(t, err)
	w.pass(3*time.Hour - time.Second)
	require.Empty(t, w.heard)
	w.pass(time.Second)
	require.Len(t, w.heard, 3)
}

// An answer that a Client would not have waited for is lost; what was asked is done all the same.
func TestVirtualLosesLateAnswers(t *testing.T) {
	t.Parallel()
	for late, lost := range map[string]bool{"10s": false, "45s": true} {
		w := &slowWorld{now: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
		v := w.open()
		v.Learn(simulator.Scenario{Name: "slow", Answers: map[string]simulator.Answer{"submit": {Late: span(t, late)}}})
		require.NoError(t, v.Choose("p", "slow"))
		_, err := v.Submit(t.Context(), lsr("p"))
		if lost {
			require.Equal(t, "carrier-unavailable", porting.CodeOf(err))
		} else {
			require.NoError(t, err)
		}
		status, err := v.Status(t.Context(), lsr("p").Ref)
		require.NoError(t, err)
		require.Equal(t, carrier.StatePending, status.State)
	}
}

func span(t *testing.T, written string) simulator.Span {
	t.Helper()
	var s simulator.Span
	require.NoError(t, s.UnmarshalText([]byte(written)))
	return s
}
