package worker

import (
	"context"
	"time"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/workflows"
)

// frontDoor verifies a signed decision before the saga sees it: a bad one is refused by the update's validator and leaves
// no event in the history. Validators do not run on replay, so what a registry or a library says tomorrow changes nothing.
type frontDoor struct {
	interceptor.WorkerInterceptorBase
	registry *approval.Keeper
	now      func() time.Time
}

func (d *frontDoor) InterceptWorkflow(ctx workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &guardedSaga{interceptor.WorkflowInboundInterceptorBase{Next: next}, d}
}

type guardedSaga struct {
	interceptor.WorkflowInboundInterceptorBase
	door *frontDoor
}

func (g *guardedSaga) ValidateUpdate(ctx workflow.Context, in *interceptor.UpdateInput) error {
	if err := g.Next.ValidateUpdate(ctx, in); err != nil || in.Name != porting.MsgDecide || len(in.Args) != 1 {
		return err
	}
	if d, ok := in.Args[0].(porting.Decide); ok && d.Signed() {
		return workflows.Refuse(g.door.check(d, workflow.GetInfo(ctx).WorkflowExecution))
	}
	return nil
}

// check looks at everything that needs no state of the saga.
func (d *frontDoor) check(decide porting.Decide, saga workflow.Execution) error {
	now := d.now()
	registry, err := d.registry.Current(context.Background(), now)
	if err != nil {
		return err
	}
	signed, err := registry.Verify(decide.Statement, decide.Signature, now)
	if err != nil {
		return err
	}
	if signed.Statement.Port != saga.ID || signed.Statement.Run != saga.RunID {
		return &porting.Error{
			Kind: porting.Refused, Code: "statement-differs", Op: "read statement", Object: saga.ID,
			Detail: "it is for another port, or for a run of before a reset", Next: "look at the port again and decide anew",
		}
	}
	return nil
}
