package worker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/wire"
	"github.com/portsaga/portsaga/porting"
)

// manners is how failed steps are told to Temporal: by their stable codes, never by the names of Go types, and tried again
// when the carrier asked for it. What a step panics with is told to nobody: it may hold the whole order.
type manners struct {
	interceptor.WorkerInterceptorBase
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (manners) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	i := &mannered{}
	i.Next = next
	return i
}

type mannered struct {
	interceptor.ActivityInboundInterceptorBase
}

func (m *mannered) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (out any, err error) {
	defer func() {
		if what := recover(); what != nil {
			activity.GetLogger(ctx).Error("a step panicked", "what", harmless(what), "stack", string(debug.Stack()))
			out, err = nil, told(panicked(activity.GetInfo(ctx).ActivityType.Name, what))
		}
	}()
	out, err = m.Next.ExecuteActivity(ctx, in)
	return out, told(err)
}

// panicked is a panic as an error that Temporal tries again.
func panicked(step string, what any) error {
	return &porting.Error{
		Kind: porting.Failed, Code: "step-panicked", Op: "do step", Object: step, Detail: harmless(what), Next: "look for the stack in the worker's log",
	}
}

// harmless says what a panic was about in words that hold nobody's data: those of Go's runtime, and of all others the type.
func harmless(what any) string {
	if err, is := what.(runtime.Error); is {
		return err.Error()
	}
	return fmt.Sprintf("a %T", what)
}

// told is an error of ours as Temporal keeps it; all others stay as they are.
func told(err error) error {
	var ours *porting.Error
	var known *temporal.ApplicationError
	if !errors.As(err, &ours) || errors.As(err, &known) {
		return err
	}
	return temporal.NewApplicationErrorWithOptions(err.Error(), ours.Code, temporal.ApplicationErrorOptions{NextRetryDelay: nextTry(err)})
}

// nextTry is when a step is worth another try, where its carrier said so; zero leaves it to the retry policy. Up to a quarter
// more keeps those that wait for the same carrier from coming back all at once.
func nextTry(err error) time.Duration {
	wait, asked := carrier.RetryAfter(err)
	if down, is := errors.AsType[*wire.DownError](err); is {
		wait, asked = max(wait, down.Wait), true
	}
	if !asked || wait <= 0 {
		return 0
	}
	return wait + rand.N(wait/4+1)
}
