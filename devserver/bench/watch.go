package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

// watcher sees from inside the worker where workflows are, so that whoever drives them need not ask the engine: questions
// would be work that no bare workflow has.
type watcher struct {
	interceptor.WorkerInterceptorBase
	interceptor.ClientInterceptorBase
	mu    sync.Mutex
	trips map[string]*trip
	moved func() // somebody reached a place; nobody asks when nil
}

func newWatcher() *watcher { return &watcher{trips: map[string]*trip{}} }

// trip is one workflow on its way.
type trip struct {
	id     string
	places chan string // stages of a port, messages that a bare workflow waits for
	ended  chan error  // once, when its function returned
}

// placesAhead is more places than a workflow reaches.
const placesAhead = 256

func (w *watcher) follow(id string) *trip {
	t := &trip{id: id, places: make(chan string, placesAhead), ended: make(chan error, 1)}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trips[id] = t
	return t
}

func (w *watcher) forget(t *trip) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.trips, t.id)
}

func (w *watcher) trip(id string) *trip {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.trips[id]
}

// reached says that a workflow is somewhere.
func (w *watcher) reached(id, place string) {
	if t := w.trip(id); t != nil {
		w.say()
		select {
		case t.places <- place:
		default: // it goes round in circles; its driver has seen enough
		}
	}
}

// onMove has a function called whenever a workflow that is followed reaches a place.
func (w *watcher) onMove(do func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.moved = do
}

func (w *watcher) say() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.moved != nil {
		w.moved()
	}
}

func (w *watcher) end(id string, err error) {
	if t := w.trip(id); t != nil {
		select {
		case t.ended <- err:
		default: // told already, by an earlier try of the same task
		}
	}
}

// await returns when the workflow is at a place, or has ended with an error that says so.
func (t *trip) await(ctx context.Context, place string) error {
	for {
		select {
		case at := <-t.places:
			if at == place {
				return nil
			}
		case err := <-t.ended:
			t.ended <- err
			return cmp.Or(err, endedBefore(t.id, place))
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (t *trip) awaitEnd(ctx context.Context) error {
	select {
	case err := <-t.ended:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func endedBefore(id, place string) error {
	return &porting.Error{Kind: porting.Failed, Code: "bench-ended-early", Op: "run bench", Object: id, Detail: "it ended before " + place}
}

// InterceptWorkflow implements interceptor.WorkerInterceptor.
func (w *watcher) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &watched{interceptor.WorkflowInboundInterceptorBase{Next: next}, w}
}

type watched struct {
	interceptor.WorkflowInboundInterceptorBase
	by *watcher
}

func (w *watched) Init(out interceptor.WorkflowOutboundInterceptor) error {
	return w.Next.Init(&watchedOut{interceptor.WorkflowOutboundInterceptorBase{Next: out}, w.by})
}

func (w *watched) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	out, err := w.Next.ExecuteWorkflow(ctx, in)
	if workflow.IsContinueAsNewError(err) {
		return out, err
	}
	w.by.end(workflow.GetInfo(ctx).WorkflowExecution.ID, errors.Join(err, notMoved(out)))
	return out, err
}

// notMoved is the error of a port that ended otherwise than a bench wants it to.
func notMoved(out any) error {
	status, is := out.(porting.Status)
	if !is || status.Outcome == porting.OutcomeCompleted || status.Outcome == porting.OutcomeRevoked {
		return nil
	}
	return &porting.Error{
		Kind: porting.Failed, Code: "bench-port-not-moved", Op: "run bench", Object: status.ID,
		Detail: fmt.Sprintf("it ended as %s: %s, %s", status.Outcome, status.Reason, lastNote(status.Timeline)),
	}
}

func lastNote(timeline []porting.Entry) string {
	if len(timeline) == 0 {
		return "nothing happened"
	}
	return timeline[len(timeline)-1].Note
}

type watchedOut struct {
	interceptor.WorkflowOutboundInterceptorBase
	by *watcher
}

var keyStage = temporal.NewSearchAttributeKeyKeyword(porting.AttrStage)

func (w *watchedOut) UpsertTypedSearchAttributes(ctx workflow.Context, updates ...temporal.SearchAttributeUpdate) error {
	stage, has := temporal.NewSearchAttributes(updates...).GetKeyword(keyStage)
	if has && !workflow.IsReplaying(ctx) {
		w.by.reached(workflow.GetInfo(ctx).WorkflowExecution.ID, stage)
	}
	return w.Next.UpsertTypedSearchAttributes(ctx, updates...)
}
