package bench

import (
	"context"
	"fmt"
	"slices"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/workflow"
	"golang.org/x/sync/errgroup"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
)

// bulkOrders are bulk orders, one in each round: as many ports as the round has, approved by a decision for all, or by a signed
// one each, and carried to their end.
func (s *stack) bulkOrders(run string) *subject {
	b := &subject{name: "ours"}
	b.order = func(ctx context.Context, first, n int, ended func()) ([]string, error) {
		orders, ids := make([]porting.Order, n), make([]string, n)
		for i := range orders {
			order, err := s.options.order(run, first+i)
			if err != nil {
				return nil, err
			}
			orders[i], ids[i] = order, porting.PortID(porting.PortIn, order.TenantOrDefault(), order.Reference)
		}
		reference := fmt.Sprintf("BULK-%s-%d", run, first)
		parent := starter.BulkID(orders[0].TenantOrDefault(), reference)
		b.parents = append(b.parents, parent)
		return ids, s.family(ctx, parent, ids, s.portOfOrder(ended), func(ctx context.Context) error {
			_, err := s.ports.StartBulk(ctx, reference, orders, func(porting.BulkStatus) {})
			if err != nil || s.options.Signed {
				return err
			}
			_, err = s.ports.DecideBulk(ctx, parent, decisionOfAll)
			return err
		})
	}
	return b
}

// portOfOrder follows a port of a bulk order to its end.
func (s *stack) portOfOrder(ended func()) func(context.Context, *trip) error {
	return func(ctx context.Context, t *trip) error {
		defer ended()
		if !s.options.Signed {
			return t.awaitEnd(ctx)
		}
		if err := t.await(ctx, string(porting.Verifying)); err != nil {
			return err
		}
		if err := s.approve(ctx, t.id); err != nil {
			return err
		}
		return t.awaitEnd(ctx)
	}
}

// family begins a parent, goes with each of its children, and sees all of them end.
func (s *stack) family(ctx context.Context, parent string, children []string, each func(context.Context, *trip) error, begin func(context.Context) error) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, id := range children {
		t := s.watch.follow(id)
		defer s.watch.forget(t)
		g.Go(func() error { return each(ctx, t) })
	}
	t := s.watch.follow(parent)
	defer s.watch.forget(t)
	g.Go(func() error { return t.awaitEnd(ctx) })
	g.Go(func() error { return begin(ctx) })
	return g.Wait()
}

// bareOrders are bare parents with bare children that follow a route.
func (s *stack) bareOrders(r *route, name, queue, run string) *subject {
	b := &subject{name: name, route: r}
	b.order = func(ctx context.Context, first, n int, ended func()) ([]string, error) {
		p, ids := r.plan(), make([]string, n)
		for i := range ids {
			ids[i] = fmt.Sprintf("%s-%s-%d", name, run, first+i)
		}
		byParent := func(m step) bool { return m.do == awaitSignal && m.name == porting.MsgDecide }
		decide := slices.ContainsFunc(p, byParent)
		messages := slices.DeleteFunc(p.outside(), byParent)
		parent := fmt.Sprintf("%s-order-%s-%d", name, run, first)
		b.parents = append(b.parents, parent)
		child := func(ctx context.Context, t *trip) error {
			defer ended()
			return s.accompany(ctx, t, p, messages)
		}
		return ids, s.family(ctx, parent, ids, child, func(ctx context.Context) error { return s.beginBareOrder(ctx, parent, name, queue, ids, decide) })
	}
	return b
}

// ofOneBatch is how many ports are added to an order at once.
const ofOneBatch = 10

func (s *stack) beginBareOrder(ctx context.Context, id, name, queue string, children []string, decide bool) error {
	if _, err := s.plain.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: id, TaskQueue: queue, StaticSummary: bareStep}, orderOf(name), nothing{Port: id}); err != nil {
		return err
	}
	for added := range slices.Chunk(children, ofOneBatch) {
		last := added[len(added)-1] == children[len(children)-1]
		if err := s.update(ctx, id, porting.UpdateAddPorts, batch{added, last}); err != nil {
			return err
		}
	}
	if !decide {
		return nil
	}
	return s.update(ctx, id, porting.MsgDecide, nothing{Port: id})
}

// orderOf is the name of the parent of bare workflows.
func orderOf(name string) string { return name + "-order" }

// batch are children that a bare parent is to start.
type batch struct {
	Ports []string `json:"ports"`
	Last  bool     `json:"last"`
}

// brood is a bare parent on its way. It has the bounds of a real one.
type brood struct {
	child              string // name of the workflow
	waiting            []string
	starting, untold   map[string]bool
	open               int
	complete, approved bool
}

const (
	mostStarting = 20
	mostWaiting  = 40
)

// raise is the bare parent: it starts children, hears how far they are, and passes a decision on to each. It goes on in no new run.
func raise(child string) func(workflow.Context, nothing) (nothing, error) {
	return func(ctx workflow.Context, in nothing) (nothing, error) {
		b := &brood{child: child, starting: map[string]bool{}, untold: map[string]bool{}}
		if err := b.listen(ctx); err != nil {
			return in, err
		}
		for !b.over() {
			workflow.SetCurrentDetails(ctx, bareDetail)
			if err := workflow.Await(ctx, func() bool { return b.over() || b.mayStart() || b.mayTell() }); err != nil {
				return in, err
			}
			if err := b.tell(ctx); err != nil {
				return in, err
			}
			if err := b.start(ctx); err != nil {
				return in, err
			}
		}
		return in, workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
	}
}

func (b *brood) over() bool { return b.complete && b.open == 0 && len(b.waiting) == 0 }

func (b *brood) mayStart() bool { return len(b.waiting) > 0 && len(b.starting) < mostStarting }

func (b *brood) mayTell() bool { return b.approved && len(b.untold) > 0 }

func (b *brood) listen(ctx workflow.Context) error {
	workflow.GoNamed(ctx, "progress", func(ctx workflow.Context) {
		for {
			var heard nothing
			workflow.GetSignalChannel(ctx, porting.MsgProgress).Receive(ctx, &heard)
			if heard.Told == 1 {
				delete(b.starting, heard.Port)
				b.untold[heard.Port] = true
			}
		}
	})
	err := workflow.SetUpdateHandler(ctx, porting.UpdateAddPorts, func(ctx workflow.Context, in batch) (nothing, error) {
		b.waiting, b.complete = append(b.waiting, in.Ports...), in.Last
		return nothing{}, workflow.Await(ctx, func() bool { return len(b.waiting) < mostWaiting })
	})
	if err != nil {
		return err
	}
	return workflow.SetUpdateHandler(ctx, porting.MsgDecide, func(_ workflow.Context, in nothing) (nothing, error) {
		b.approved = true
		return in, nil
	})
}

// start starts the children that there is room for, and waits until they run.
func (b *brood) start(ctx workflow.Context) error {
	var started []workflow.ChildWorkflowFuture
	for b.mayStart() {
		id := b.waiting[0]
		b.waiting = b.waiting[1:]
		b.starting[id] = true
		b.open++
		ctx := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: id, StaticSummary: bareStep})
		child := workflow.ExecuteChildWorkflow(ctx, b.child, nothing{Port: id})
		started = append(started, child)
		workflow.GoNamed(ctx, id, func(ctx workflow.Context) {
			_ = child.Get(ctx, nil) // whoever drives it sees how it ended
			b.open--
		})
	}
	for _, child := range started {
		if err := child.GetChildWorkflowExecution().Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

// tell passes the decision on to all that wait for it.
func (b *brood) tell(ctx workflow.Context) error {
	if !b.approved {
		return nil
	}
	var sent []workflow.Future
	for _, id := range workflow.DeterministicKeys(b.untold) {
		sent = append(sent, workflow.SignalExternalWorkflow(ctx, id, "", porting.MsgDecide, nothing{Port: id}))
	}
	clear(b.untold)
	for _, s := range sent {
		if err := s.Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}
