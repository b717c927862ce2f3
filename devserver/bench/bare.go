package bench

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/workflows"
)

// Names of what the bare workflow is made of.
const (
	bareStep   = "BareStep"
	bareDetail = "> **Waiting**, whoever reads this"
)

var attributeTypes = workflows.SearchAttributes()

// nothing is all that a bare step says and hears.
type nothing struct {
	Port string `json:"port"`
	Told int    `json:"told,omitempty"` // how often a child has told its parent something
}

func doNothing(_ context.Context, in nothing) (nothing, error) { return in, nil }

// bare walks through a plan. It says where it is when it waits for a message, so that it can be sent one.
type bare struct {
	plan     plan
	reached  func(id, place string)
	queue    string
	accepted map[string]int // updates by name
	ended    map[string]int
	running  map[int64]workflow.Future
	stop     map[int64]workflow.CancelFunc
	names    map[int64]string // of updates, by the event that accepted them
	changes  int
	told     int
	telling  workflow.Future // the last message to its parent
}

// run is the workflow. It looks its plan up when it begins: the plan changes between rounds, and never in one.
func (p *route) run(reached func(id, place string)) func(workflow.Context, nothing) (nothing, error) {
	return func(ctx workflow.Context, in nothing) (nothing, error) {
		b := &bare{
			plan: p.plan(), reached: reached, queue: workflow.GetInfo(ctx).TaskQueueName, accepted: map[string]int{}, ended: map[string]int{},
			running: map[int64]workflow.Future{}, stop: map[int64]workflow.CancelFunc{}, names: map[int64]string{},
		}
		if err := b.listen(ctx); err != nil {
			return in, err
		}
		return in, b.walk(ctx, in)
	}
}

// listen opens the updates of the plan: each ends when the plan says so.
func (b *bare) listen(ctx workflow.Context) error {
	for _, name := range b.plan.messages(awaitUpdate) {
		err := workflow.SetUpdateHandler(ctx, name, func(ctx workflow.Context, in nothing) (nothing, error) {
			b.accepted[name]++
			turn := b.accepted[name]
			return in, workflow.Await(ctx, func() bool { return b.ended[name] >= turn })
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *bare) walk(ctx workflow.Context, in nothing) error {
	for _, s := range b.plan {
		if err := b.take(ctx, s, in); err != nil {
			return err
		}
	}
	if b.telling != nil {
		if err := b.telling.Get(ctx, nil); err != nil {
			return err
		}
	}
	return workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}

func (b *bare) take(ctx workflow.Context, s step, in nothing) error {
	switch s.do {
	case runLocal:
		ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{Summary: bareStep, StartToCloseTimeout: time.Minute})
		return workflow.ExecuteLocalActivity(ctx, bareStep, in).Get(ctx, nil)
	case startActivity:
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			TaskQueue: b.queue + s.part, Summary: bareStep, StartToCloseTimeout: time.Minute, WaitForCancellation: true,
			RetryPolicy: &temporal.RetryPolicy{InitialInterval: time.Second},
		})
		b.running[s.of] = workflow.ExecuteActivity(ctx, bareStep, in)
	case startTimer:
		timed, stop := workflow.WithCancel(ctx)
		b.running[s.of], b.stop[s.of] = workflow.NewTimerWithOptions(timed, s.after, workflow.TimerOptions{Summary: bareStep}), stop
	case endActivity, endTimer:
		return b.running[s.of].Get(ctx, nil)
	case cancelTimer:
		b.stop[s.of]()
	case upsert:
		return b.upsert(ctx, s.keys)
	case awaitSignal:
		b.tell(ctx, s.name)
		workflow.GetSignalChannel(ctx, s.name).Receive(ctx, nil)
	case awaitUpdate:
		b.tell(ctx, s.name)
		b.names[s.of] = s.name
		turn := 0
		for _, name := range b.names {
			if name == s.name {
				turn++
			}
		}
		return workflow.Await(ctx, func() bool { return b.accepted[s.name] >= turn })
	case endUpdate:
		b.ended[b.names[s.of]]++
	case tellParent:
		b.told++
		b.telling = workflow.SignalExternalWorkflow(ctx, workflow.GetInfo(ctx).ParentWorkflowExecution.ID, "", porting.MsgProgress, nothing{in.Port, b.told})
	}
	return nil
}

func (b *bare) tell(ctx workflow.Context, place string) {
	if !workflow.IsReplaying(ctx) {
		b.reached(workflow.GetInfo(ctx).WorkflowExecution.ID, place)
	}
}

// upsert sets attributes to values that they had not, and writes the details page, as a port's every move does.
func (b *bare) upsert(ctx workflow.Context, keys []string) error {
	b.changes++
	workflow.SetCurrentDetails(ctx, bareDetail)
	var updates []temporal.SearchAttributeUpdate
	for _, key := range keys {
		updates = append(updates, b.value(ctx, key))
	}
	return workflow.UpsertTypedSearchAttributes(ctx, updates...)
}

func (b *bare) value(ctx workflow.Context, key string) temporal.SearchAttributeUpdate {
	switch attributeTypes[key] {
	case enums.INDEXED_VALUE_TYPE_BOOL:
		return temporal.NewSearchAttributeKeyBool(key).ValueSet(b.changes%2 == 0)
	case enums.INDEXED_VALUE_TYPE_INT:
		return temporal.NewSearchAttributeKeyInt64(key).ValueSet(int64(b.changes))
	case enums.INDEXED_VALUE_TYPE_DATETIME:
		return temporal.NewSearchAttributeKeyTime(key).ValueSet(workflow.Now(ctx).Add(time.Hour).UTC())
	case enums.INDEXED_VALUE_TYPE_KEYWORD_LIST:
		return temporal.NewSearchAttributeKeyKeywordList(key).ValueSet([]string{fmt.Sprint("bare-", b.changes)})
	default:
		return temporal.NewSearchAttributeKeyKeyword(key).ValueSet(fmt.Sprint("bare-", b.changes))
	}
}

// startBare runs workers of a route, one on each queue that a port's steps are spread over.
func (s *stack) startBare(r *route, queue, name string) error {
	parts := map[string]bool{"": true}
	for _, step := range r.plan() {
		parts[step.part] = true
	}
	for part := range parts {
		w := sdkworker.New(s.plain, queue+part, sdkworker.Options{WorkerStopTimeout: time.Second, DisableWorkflowWorker: part != ""})
		w.RegisterActivityWithOptions(doNothing, activity.RegisterOptions{Name: bareStep})
		if part == "" {
			w.RegisterWorkflowWithOptions(r.run(s.watch.reached), workflow.RegisterOptions{Name: name})
			w.RegisterWorkflowWithOptions(raise(name), workflow.RegisterOptions{Name: orderOf(name)})
		}
		if err := w.Start(); err != nil {
			return fmt.Errorf("start the bare worker: %w", err)
		}
		s.bareWorks = append(s.bareWorks, w)
	}
	return nil
}
