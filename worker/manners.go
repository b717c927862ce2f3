package worker

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/wire"
	"github.com/portsaga/portsaga/porting"
)

// manners is how failed steps are told to Temporal: by their stable codes, never by the names of Go types, and tried again
// when the carrier asked for it.
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

func (m *mannered) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	out, err := m.Next.ExecuteActivity(ctx, in)
	return out, told(err)
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
