package simulator

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

var _ carrier.PortOuts = (*Client)(nil)

// outStates reads the carrier's words about port-outs.
var outStates = map[string]carrier.State{
	wordOutOpen: porting.CarrierPending, wordOutApproved: porting.CarrierConfirmed, wordOutRefused: porting.CarrierRefused,
	wordOutCancel: porting.CarrierCancelPending, wordOutCancelled: porting.CarrierCancelled, wordOutWithdrawn: porting.CarrierCancelled,
	wordOutMoved: porting.CarrierActive,
}

// PortOutRequests lists the requests of counterparties since an instant, with the PINs that came with them.
func (c *Client) PortOutRequests(ctx context.Context, since time.Time) ([]porting.PortOutRequest, error) {
	var list portOutList
	q := call{op: "list port-outs", object: "since " + since.UTC().Format(time.RFC3339), method: http.MethodGet}
	q.path = "/port-outs?since=" + url.QueryEscape(since.UTC().Format(time.RFC3339Nano))
	if err := c.do(ctx, q, &list); err != nil {
		return nil, err
	}
	requests := make([]porting.PortOutRequest, 0, len(list.PortOuts))
	for _, view := range list.PortOuts {
		requests = append(requests, view.Received())
	}
	return requests, nil
}

// Received is the request as it came in, with its PIN.
func (p PortOut) Received() porting.PortOutRequest {
	r := p.Request
	r.Given.PIN = porting.Secret(p.PIN)
	return r
}

// AnswerPortOut answers a counterparty.
func (c *Client) AnswerPortOut(ctx context.Context, id string, a carrier.PortOutAnswer) (carrier.PortOutStatus, error) {
	q := aboutOut("answer port-out", http.MethodPost, id)
	q.path += "/answer"
	q.id, q.body = "port-out/"+id+"/"+string(a.Kind()), answerRequest{a.Kind(), a.Reason(), a.Cite()}
	return c.portOut(ctx, q)
}

// PortOutStatus reads a request back.
func (c *Client) PortOutStatus(ctx context.Context, id string) (carrier.PortOutStatus, error) {
	return c.portOut(ctx, aboutOut("read port-out", http.MethodGet, id))
}

func aboutOut(op, method, id string) call {
	return call{op: op, object: id, method: method, path: "/port-outs/" + url.PathEscape(id)}
}

func (c *Client) portOut(ctx context.Context, q call) (carrier.PortOutStatus, error) {
	var v PortOutView
	if err := c.do(ctx, q, &v); err != nil {
		return carrier.PortOutStatus{}, q.unknownOut(err)
	}
	return v.read(), nil
}

// unknownOut names a request that the carrier does not have as one.
func (q call) unknownOut(err error) error {
	if porting.CodeOf(err) == "carrier-order-unknown" {
		return q.failure(porting.NotFound, "port-out-unknown", "the carrier has no such request", "")
	}
	return err
}

// read is a port-out in the words of a gateway.
func (p PortOutView) read() carrier.PortOutStatus {
	s := carrier.PortOutStatus{
		ID: p.Request.ID, State: carrier.StateUnknown, Version: p.Change, ReceivedAt: p.Request.ReceivedAt, SilenceAt: p.Request.SilenceAt,
		AnsweredAt: p.AnsweredAt, BySilence: p.BySilence, Request: p.Request, Raw: p.Status,
	}
	if state, known := outStates[p.Status]; known {
		s.State = state
	}
	for _, n := range p.Request.Numbers {
		state := carrier.State(porting.CarrierPending)
		if s.State == porting.CarrierActive {
			state = porting.CarrierActive
		}
		s.Numbers = append(s.Numbers, carrier.NumberState{Number: n, State: state})
	}
	return s
}
