package activities

import (
	"context"
	"errors"

	"go.temporal.io/sdk/activity"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// TakeDeskAnswer verifies what a person signed that a carrier without an API answered, and writes it into the desk's book. An
// answer that does not count is told, and not tried again.
func (a *Activities) TakeDeskAnswer(ctx context.Context, in porting.DeskInput) (porting.DeskTaken, error) {
	in.Port = activity.GetInfo(ctx).WorkflowExecution.ID
	desk, worked := a.Carriers[in.Carrier].(carrier.Desk)
	if !worked {
		return porting.DeskTaken{Refused: &porting.Error{
			Kind: porting.Refused, Code: "no-desk-here", Op: "answer desk task", Object: in.Port,
			Detail: "the carrier of this port answers by itself", Next: "send a carrier-event without a statement, and the port reads it back",
		}}, nil
	}
	taken, err := desk.TakeAnswer(ctx, in)
	if no, told := errors.AsType[*porting.Error](err); told && no.Kind != porting.Failed {
		return porting.DeskTaken{Refused: no}, nil
	}
	return taken, err
}
