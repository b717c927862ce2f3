package bench

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"
)

// subject is something whose speed is measured: ports of ours, bare workflows, reference workflows.
type subject struct {
	name    string
	prepare func(ctx context.Context, i int) error                  // what must be there before one is measured; nothing when nil
	one     func(ctx context.Context, i int) (id string, err error) // carries one as far as is measured; i is its number
	// order carries n through together, where they belong to one order.
	order   func(ctx context.Context, first, n int, ended func()) (ids []string, err error)
	parents []string // of orders
	route   *route   // of a bare workflow
	follows bool     // it does what our ports did in the last round
	stays   bool     // it stays open afterwards
	done    int      // how many there were
	ids     []string // of those that were measured
}

// round is one measured stretch of a subject.
type round struct {
	ids     []string
	elapsed time.Duration
	worker  time.Duration // processor time of this process
	engine  time.Duration // and of the engine's
	server  time.Duration // and of the databases' servers
	stored  stored
	memory  memory // that was not there before
}

func (r round) rate() float64 { return float64(len(r.ids)) / r.elapsed.Seconds() }

// measure carries n through, so many at once as the options say.
func (s *stack) measure(ctx context.Context, b *subject, n int, tell func(done int)) (r round, err error) {
	if err := s.prepare(ctx, b, n); err != nil {
		return r, err
	}
	was, err := s.memoryOf(b)
	if err != nil {
		return r, err
	}
	before, err := s.reading(ctx)
	if err != nil {
		return r, err
	}
	var ended atomic.Int64
	started := time.Now()
	r.ids, err = s.carry(ctx, b, n, func() { tell(int(ended.Add(1))) })
	r.elapsed = time.Since(started)
	b.done += n
	if err != nil {
		return r, fmt.Errorf("%s: %w", b.name, err)
	}
	after, err := s.reading(ctx)
	if err != nil {
		return r, err
	}
	r.worker, r.engine, r.server = after.worker.CPU-before.worker.CPU, after.engine.CPU-before.engine.CPU, after.server-before.server
	r.stored = after.stored.less(before.stored)
	is, err := s.memoryOf(b)
	r.memory = is.less(was)
	return r, err
}

// prepare has the next n ready.
func (s *stack) prepare(ctx context.Context, b *subject, n int) error {
	if b.prepare == nil {
		return nil
	}
	if err := s.atOnce(ctx, n, func(ctx context.Context, i int) error { return b.prepare(ctx, b.done+i) }); err != nil {
		return fmt.Errorf("prepare %s: %w", b.name, err)
	}
	return nil
}

// carry carries n through, and returns their IDs.
func (s *stack) carry(ctx context.Context, b *subject, n int, ended func()) ([]string, error) {
	if b.order != nil {
		return b.order(ctx, b.done, n, ended)
	}
	ids := make([]string, n)
	return ids, s.atOnce(ctx, n, func(ctx context.Context, i int) (err error) {
		ids[i], err = b.one(ctx, b.done+i)
		ended()
		return err
	})
}

// atOnce does something n times, so many at once as the options say.
func (s *stack) atOnce(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(s.options.InProgress)
	for i := range n {
		g.Go(func() error { return do(ctx, i) })
	}
	return g.Wait()
}

// memory is what both processes have.
type memory struct{ worker, engine int64 }

func (m memory) less(was memory) memory { return memory{m.worker - was.worker, m.engine - was.engine} }

// memoryOf is what is kept for a subject that stays open, without what could be given back; of others it says nothing.
func (s *stack) memoryOf(b *subject) (m memory, err error) {
	if !b.stays || s.child == nil {
		return m, nil
	}
	engine, err := s.child.kept()
	debug.FreeOSMemory()
	return memory{residentMemory(), engine.RSS}, err
}

// reading is what has been used so far.
type reading struct {
	worker, engine usage
	server         time.Duration // processor time of the databases' servers
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
	if r.server, err = s.options.databaseCPU(ctx); err != nil {
		return r, err
	}
	r.worker = usedByMe()
	return r, nil
}

// bareOnes are workflows that make the commands of a plan. What a port is told they are told.
func (s *stack) bareOnes(r *route, name, queue, run string) *subject {
	return &subject{name: name, route: r, stays: r.plan().stays(), one: func(ctx context.Context, i int) (string, error) {
		id, p := fmt.Sprintf("%s-%s-%d", name, run, i), r.plan()
		t := s.watch.follow(id)
		defer s.watch.forget(t)
		begun, err := s.begin(ctx, p, client.StartWorkflowOptions{
			ID: id, TaskQueue: queue, StaticSummary: bareStep, StaticDetails: bareDetail,
		}, name)
		if err != nil {
			return id, err
		}
		return id, s.accompany(ctx, t, p, p.outside()[begun:])
	}}
}

// accompany sends a bare workflow the messages that it waits for, and sees it end, if it is to.
func (s *stack) accompany(ctx context.Context, t *trip, p plan, messages plan) error {
	for _, m := range messages {
		if err := t.await(ctx, m.name); err != nil {
			return err
		}
		if p.waitsAt(m) {
			return nil
		}
		if err := s.send(ctx, t.id, m); err != nil {
			return err
		}
	}
	return t.awaitEnd(ctx)
}

// stays reports whether the plan ends in a wait.
func (p plan) stays() bool { return p[len(p)-1].do == awaitSignal }

// waitsAt reports whether nobody sends a message that a plan waits for: it is the plan's last step.
func (p plan) waitsAt(m step) bool {
	return p.stays() && p[len(p)-1].name == m.name
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
		return s.update(ctx, id, m.name, in)
	}
	select {
	case <-time.After(s.options.pause()):
		return s.plain.SignalWorkflow(ctx, id, "", m.name, in)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// update sends a bare workflow an update, and waits for its end.
func (s *stack) update(ctx context.Context, id, name string, in any) error {
	handle, err := s.plain.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: id, UpdateName: name, Args: []any{in}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return err
	}
	return handle.Get(ctx, nil)
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
