package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/porting"
)

// maxTold bounds how many answers of a desk a port has verified: whoever floods it with forged ones fills no history.
const maxTold = 64

// takeDeskAnswer has the word of a carrier without an API verified and written into the desk's book. Then it is a hint like any
// other: the port believes what it reads back from there.
func (s *saga) takeDeskAnswer(ctx workflow.Context, e porting.CarrierEvent) (porting.Answer, error) {
	if s.told++; s.told > maxTold {
		return porting.Answer{}, Refuse(&porting.Error{
			Kind: porting.Refused, Code: "desk-answers-full", Op: "answer desk task", Object: s.port.ID, Detail: "too many answers were sent to this port",
			Next: "write it into the book with `portsaga desk answer`",
		})
	}
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	taken, err := call[porting.DeskTaken](ctx, s, s.onLine(carrierCall), porting.StepDesk, "Write the carrier's answer into the desk's book",
		porting.DeskInput{Port: s.port.ID, Carrier: s.port.Receipt.Carrier, By: e.By, Statement: e.Statement, Signature: e.Signature})
	if err != nil {
		return porting.Answer{}, err
	}
	if taken.Refused != nil {
		return porting.Answer{}, Refuse(taken.Refused)
	}
	s.record(ctx, porting.EventCarrierNews, taken.By, taken.Note())
	answer := s.take(ctx, porting.CarrierEvent{ID: e.ID, By: taken.By, Carrier: s.port.Receipt.Carrier})
	answer.Says = taken.Note()
	return answer, nil
}
