package bench

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

// messages are when something was asked of workflows, when that was accepted, and when what it asked for was begun.
type messages struct {
	mu  sync.Mutex
	all map[string]message
}

type message struct{ asked, accepted, begun time.Time }

func (m *messages) change(id string, change func(*message)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all == nil {
		m.all = map[string]message{}
	}
	one := m.all[id]
	change(&one)
	m.all[id] = one
}

func (m *messages) sent(id string, asked, accepted time.Time) {
	m.change(id, func(one *message) { one.asked, one.accepted = asked, accepted })
}

func (m *messages) begun(id string, at time.Time) {
	m.change(id, func(one *message) { one.begun = at })
}

// wayTo is how long the messages to workflows were on their way.
func (m *messages) wayTo(ids []string) (Way, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := make([]message, len(ids))
	for i, id := range ids {
		if found[i] = m.all[id]; found[i].begun.IsZero() {
			return Way{}, &porting.Error{Kind: porting.Failed, Code: "bench-not-begun", Op: "run bench", Object: id, Detail: "what it was asked for was never begun"}
		}
	}
	return wayOf(found), nil
}

const probe = "probe"

// probes are bare workflows that wait for a signal, and then start one activity on another queue.
func (s *stack) probes(run string) (*subject, error) {
	queue := s.options.queue() + "-" + probe
	if err := s.startProbes(queue); err != nil {
		return nil, err
	}
	id := func(i int) string { return fmt.Sprintf("%s-%s-%d", probe, run, i) }
	return &subject{
		name: probe,
		prepare: func(ctx context.Context, i int) error {
			t := s.watch.follow(id(i))
			defer s.watch.forget(t)
			if _, err := s.plain.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: t.id, TaskQueue: queue}, probe, nothing{Port: t.id}); err != nil {
				return err
			}
			return t.await(ctx, porting.MsgRevoke)
		},
		one: func(ctx context.Context, i int) (string, error) {
			t := s.watch.follow(id(i))
			defer s.watch.forget(t)
			asked := time.Now()
			if err := s.plain.SignalWorkflow(ctx, t.id, "", porting.MsgRevoke, nothing{Port: t.id}); err != nil {
				return t.id, err
			}
			s.messages.sent(t.id, asked, time.Now())
			return t.id, t.awaitEnd(ctx)
		},
	}, nil
}

func (s *stack) startProbes(queue string) error {
	r := newRoute(plan{{do: awaitSignal, name: porting.MsgRevoke}, {do: startActivity, of: 1, part: "-gate"}, {do: endActivity, of: 1}})
	waits := sdkworker.New(s.plain, queue, sdkworker.Options{WorkerStopTimeout: time.Second})
	waits.RegisterWorkflowWithOptions(r.run(s.watch.reached), workflow.RegisterOptions{Name: probe})
	acts := sdkworker.New(s.plain, queue+"-gate", sdkworker.Options{WorkerStopTimeout: time.Second, DisableWorkflowWorker: true})
	acts.RegisterActivityWithOptions(func(_ context.Context, in nothing) (nothing, error) {
		s.messages.begun(in.Port, time.Now())
		return in, nil
	}, activity.RegisterOptions{Name: bareStep})
	for _, w := range []sdkworker.Worker{waits, acts} {
		if err := w.Start(); err != nil {
			return fmt.Errorf("start the bare worker: %w", err)
		}
		s.bareWorks = append(s.bareWorks, w)
	}
	return nil
}
