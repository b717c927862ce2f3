package simulate

import (
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// watcher calls look whenever the saga shows the world a change of its port.
type watcher struct {
	interceptor.WorkerInterceptorBase
	look func()
}

// InterceptWorkflow puts the watcher between the saga and the world.
func (w *watcher) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &watchedSaga{interceptor.WorkflowInboundInterceptorBase{Next: next}, w.look}
}

type watchedSaga struct {
	interceptor.WorkflowInboundInterceptorBase
	look func()
}

// Init wraps what the saga calls.
func (s *watchedSaga) Init(out interceptor.WorkflowOutboundInterceptor) error {
	return s.Next.Init(&watchedCalls{interceptor.WorkflowOutboundInterceptorBase{Next: out}, s.look})
}

type watchedCalls struct {
	interceptor.WorkflowOutboundInterceptorBase
	look func()
}

// UpsertTypedSearchAttributes is how a saga shows a change.
func (c *watchedCalls) UpsertTypedSearchAttributes(ctx workflow.Context, updates ...temporal.SearchAttributeUpdate) error {
	err := c.Next.UpsertTypedSearchAttributes(ctx, updates...)
	c.look()
	return err
}
