package worker

import (
	"context"
	"log/slog"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"

	"github.com/portsaga/portsaga/carrier/wire"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/telemetry"
)

// recordPatience bounds how long an exchange that is over may take to be written down.
const recordPatience = 5 * time.Second

// recorder writes exchanges into the ledger, under the port whose step made them. One that cannot be written is logged: the
// carrier has answered, and what the answer means must not be lost for the sake of the record.
func recorder(calls *telemetry.Calls, books *ledger.Ledger) func(context.Context, wire.Exchange) {
	return func(ctx context.Context, e wire.Exchange) {
		if calls != nil {
			calls.Seen(ctx, e)
		}
		if books == nil {
			return
		}
		kept := ledger.Exchange{
			Carrier: e.Carrier, At: e.At, Took: e.Took, Method: e.Method, Path: e.Path, Status: e.Status, Failure: e.Failure,
			Request: e.Request, Answer: e.Answer,
		}
		if activity.IsActivity(ctx) {
			info := activity.GetInfo(ctx)
			kept.PortID, kept.Step = info.WorkflowExecution.ID, info.ActivityType.Name
		}
		write(ctx, func(ctx context.Context) error { return books.RecordExchange(ctx, kept) })
	}
}

// write lets something that is over be written down even where its step has no time left.
func write(ctx context.Context, record func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordPatience)
	defer cancel()
	err := record(ctx)
	if err == nil {
		return
	}
	log := slog.Default()
	if activity.IsActivity(ctx) {
		info := activity.GetInfo(ctx)
		log = log.With("port", info.WorkflowExecution.ID, "step", info.ActivityType.Name)
	}
	log.WarnContext(ctx, "what was said with a carrier could not be written down", "error", err)
}

// scribe has the exchanges of a step written down together: with what else the step tells the audit log, or at its end.
type scribe struct {
	interceptor.WorkerInterceptorBase
	books *ledger.Ledger
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (s *scribe) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	i := &scribed{books: s.books}
	i.Next = next
	return i
}

type scribed struct {
	interceptor.ActivityInboundInterceptorBase
	books *ledger.Ledger
}

func (s *scribed) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	ctx = ledger.GatherExchanges(ctx)
	defer write(ctx, s.books.RecordGathered)
	return s.Next.ExecuteActivity(ctx, in)
}
