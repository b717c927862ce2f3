package simulator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

var (
	_ carrier.PortOuts = (*Virtual)(nil)
	_ carrier.Switch   = (*Virtual)(nil)
)

// PortOutRequests lists the requests of counterparties since an instant, with the PINs that came with them.
func (v *Virtual) PortOutRequests(ctx context.Context, since time.Time) ([]porting.PortOutRequest, error) {
	q := call{op: "list port-outs", object: "since " + since.UTC().Format(time.RFC3339)}
	if err := ctx.Err(); err != nil {
		return nil, q.unavailable(err)
	}
	views, err := v.portOuts(since)
	if err != nil {
		return nil, q.unavailable(err)
	}
	requests := make([]porting.PortOutRequest, 0, len(views))
	for _, view := range views {
		requests = append(requests, view.Received())
	}
	return requests, nil
}

// AnswerPortOut takes our answer.
func (v *Virtual) AnswerPortOut(ctx context.Context, id string, a carrier.PortOutAnswer) (carrier.PortOutStatus, error) {
	return v.outAnswer(ctx, call{op: "answer port-out", object: id}, opAnswer, &answerRequest{a.Kind(), a.Reason(), a.Cite()})
}

// PortOutStatus shows a request as it stands.
func (v *Virtual) PortOutStatus(ctx context.Context, id string) (carrier.PortOutStatus, error) {
	return v.outAnswer(ctx, call{op: "read port-out", object: id}, opReadOut, nil)
}

// outAnswer performs a request about a port-out and says what a Client would have heard.
func (v *Virtual) outAnswer(ctx context.Context, q call, op string, a *answerRequest) (carrier.PortOutStatus, error) {
	if err := ctx.Err(); err != nil {
		return carrier.PortOutStatus{}, q.unavailable(err)
	}
	requestID := ""
	if a != nil {
		requestID = "port-out/" + q.object + "/" + string(a.Kind)
	}
	view, took, how, err := v.performOut(op, q.object, requestID, a)
	var no *refusal
	switch {
	case errors.As(err, &no) && q.no(*no) != nil:
		return carrier.PortOutStatus{}, q.unknownOut(q.no(*no))
	case err != nil:
		return carrier.PortOutStatus{}, q.unavailable(err)
	case took && how.Hang || v.tooLate(how.Late):
		return carrier.PortOutStatus{}, q.unavailable(fmt.Errorf("no answer within %v", patient.Timeout))
	default:
		return view.read(), nil
	}
}

// SetLine says what our own records have of a number.
func (v *Virtual) SetLine(n porting.Number, l carrier.Line) { v.ours.set(n, &l) }

// Foreign takes a number out of our records.
func (v *Virtual) Foreign(n porting.Number) { v.ours.set(n, nil) }

// Line is our own record of a number.
func (v *Virtual) Line(_ context.Context, number porting.Number) (carrier.Line, error) {
	line, ours := v.ours.line(number)
	if !ours {
		q := call{op: "read line", object: number.String()}
		return carrier.Line{}, q.failure(porting.NotFound, "line-unknown", "no such line is ours", "")
	}
	return line, nil
}

// Release switches numbers off here.
func (v *Virtual) Release(_ context.Context, port string, numbers []porting.Number) error {
	v.ours.release(releaseRequest{Port: port, Numbers: numbers})
	return nil
}
