package bench

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/portsaga/portsaga/porting"
)

// carrierPause is how long the simulated carrier takes; the messages to a bare workflow take as long.
const carrierPause = 20 * time.Minute / 3600

// subject is something whose speed is measured: ports of ours, bare workflows, reference workflows.
type subject struct {
	name string
	one  func(ctx context.Context, i int) (id string, err error) // carries one from its start to its end; i is its number
	done int                                                     // how many there were
}

// round is one measured stretch of a subject.
type round struct {
	ids     []string
	elapsed time.Duration
	worker  time.Duration // processor time of this process
	engine  time.Duration // and of the engine's
	stored  stored
}

func (r round) rate() float64 { return float64(len(r.ids)) / r.elapsed.Seconds() }

// measure carries n through, so many at once as the options say.
func (s *stack) measure(ctx context.Context, b *subject, n int, tell func(done int)) (r round, err error) {
	before, err := s.reading(ctx)
	if err != nil {
		return r, err
	}
	r.ids = make([]string, n)
	var ended atomic.Int64
	started := time.Now()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(s.options.InProgress)
	for i := range n {
		g.Go(func() (err error) {
			r.ids[i], err = b.one(ctx, b.done+i)
			tell(int(ended.Add(1)))
			return err
		})
	}
	err = g.Wait()
	r.elapsed = time.Since(started)
	b.done += n
	if err != nil {
		return r, fmt.Errorf("%s: %w", b.name, err)
	}
	after, err := s.reading(context.WithoutCancel(ctx))
	r.worker, r.engine = after.worker.CPU-before.worker.CPU, after.engine.CPU-before.engine.CPU
	r.stored = after.stored.less(before.stored)
	return r, err
}

// reading is what has been used so far.
type reading struct {
	worker, engine usage
	stored         stored
}

func (s *stack) reading(ctx context.Context) (r reading, err error) {
	if r.stored, err = s.options.stored(ctx); err != nil {
		return r, err
	}
	if s.child != nil {
		if r.engine, err = s.child.used(); err != nil {
			return r, err
		}
	}
	r.worker = usedByMe()
	return r, nil
}

// portIns are port-ins from their order to their end: approved as soon as they can be, confirmed and activated by a carrier
// that takes little time.
func (s *stack) portIns(run string) *subject {
	return &subject{name: "ours", one: func(ctx context.Context, i int) (string, error) {
		order, err := s.options.order(run, i)
		if err != nil {
			return "", err
		}
		id := porting.PortID(porting.PortIn, order.TenantOrDefault(), order.Reference)
		t := s.watch.follow(id)
		defer s.watch.forget(t)
		if err := s.startAndApprove(ctx, order, t); err != nil {
			return id, err
		}
		return id, t.awaitEnd(ctx)
	}}
}

func (s *stack) startAndApprove(ctx context.Context, order porting.Order, t *trip) error {
	if _, err := s.ports.Start(ctx, order); err != nil {
		return err
	}
	if err := t.await(ctx, string(porting.Verifying)); err != nil {
		return err
	}
	_, err := s.ports.Decide(ctx, t.id, porting.Decide{ID: "approve", Decision: porting.Approve, By: "ben@approvals"})
	return err
}

// bareOnes are workflows that make the commands of a plan. What a port is told they are told.
func (s *stack) bareOnes(p plan, name, queue, run string) *subject {
	return &subject{name: name, one: func(ctx context.Context, i int) (string, error) {
		id := fmt.Sprintf("%s-%s-%d", name, run, i)
		t := s.watch.follow(id)
		defer s.watch.forget(t)
		begun, err := s.begin(ctx, p, client.StartWorkflowOptions{
			ID: id, TaskQueue: queue, StaticSummary: bareStep, StaticDetails: bareDetail,
		}, name)
		if err != nil {
			return id, err
		}
		for _, m := range p.outside()[begun:] {
			if err := t.await(ctx, m.name); err != nil {
				return id, err
			}
			if err := s.send(ctx, id, m); err != nil {
				return id, err
			}
		}
		return id, t.awaitEnd(ctx)
	}}
}

// begin starts a bare workflow, with its first update if the plan begins with one, and returns how many messages it has had.
func (s *stack) begin(ctx context.Context, p plan, o client.StartWorkflowOptions, name string) (int, error) {
	in := nothing{Port: o.ID}
	messages := p.outside()
	if len(messages) == 0 || messages[0].do != awaitUpdate {
		_, err := s.plain.ExecuteWorkflow(ctx, o, name, in)
		return 0, err
	}
	o.WorkflowIDConflictPolicy = failIfThere
	handle, err := s.plain.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: s.plain.NewWithStartWorkflowOperation(o, name, in),
		UpdateOptions: client.UpdateWorkflowOptions{
			WorkflowID: o.ID, UpdateName: messages[0].name, Args: []any{in}, WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	if err != nil {
		return 0, err
	}
	return 1, handle.Get(ctx, nil)
}

// send sends what the plan waits for: an update as people do, at once, and a signal as a carrier does.
func (s *stack) send(ctx context.Context, id string, m step) error {
	in := nothing{Port: id}
	if m.do == awaitUpdate {
		handle, err := s.plain.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
			WorkflowID: id, UpdateName: m.name, Args: []any{in}, WaitForStage: client.WorkflowUpdateStageCompleted,
		})
		if err != nil {
			return err
		}
		return handle.Get(ctx, nil)
	}
	select {
	case <-time.After(carrierPause):
		return s.plain.SignalWorkflow(ctx, id, "", m.name, in)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// outside are the messages of a plan, in their order.
func (p plan) outside() plan {
	var messages plan
	for _, s := range p {
		if s.do == awaitSignal || s.do == awaitUpdate {
			messages = append(messages, s)
		}
	}
	return messages
}
