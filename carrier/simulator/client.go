package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// Client speaks to a simulated carrier. Its URL is all that it needs.
type Client struct {
	URL        string
	HTTP       *http.Client                           // nil waits thirty seconds for an answer
	CancelLock time.Duration                          // announced in Capabilities; each scenario keeps its own
	Map        func(code, text string) porting.Reason // reads the carrier's codes; nil is KnownReason
}

var (
	_ carrier.Gateway = (*Client)(nil)
	_ carrier.Lister  = (*Client)(nil)
)

// patient is the HTTP client of those who bring none.
var patient = &http.Client{Timeout: 30 * time.Second}

// maxAnswer lets an order of maxNumbers through, in bytes.
const maxAnswer = 4 << 20

// Capabilities says that the simulator can do everything. What it does in silence is its scenarios' to say.
func (c *Client) Capabilities() carrier.Capabilities {
	return carrier.Capabilities{
		Name: "simulator", MaxNumbers: maxNumbers, Supplement: true, Reverse: true, OnDemand: true, PerNumber: true,
		Messaging: true, PortOut: true, CancelLock: c.CancelLock,
	}
}

// Portability asks about numbers, and answers in their order.
func (c *Client) Portability(ctx context.Context, numbers []porting.Number) ([]carrier.Portability, error) {
	var view portabilityView
	q := call{
		op: "check portability", object: fmt.Sprintf("%d numbers", len(numbers)), method: http.MethodPost,
		path: "/portability", body: portabilityRequest{numbers},
	}
	if err := c.do(ctx, q, &view); err != nil {
		return nil, err
	}
	return c.portability(view), nil
}

func (c *Client) portability(view portabilityView) []carrier.Portability {
	answers := make([]carrier.Portability, 0, len(view.Results))
	for _, r := range view.Results {
		p := carrier.Portability{Number: r.Number, Portable: r.Portable}
		if !r.Portable {
			p.Reason = c.reason(r.Code, "")
		}
		answers = append(answers, p)
	}
	return answers
}

// Submit sends an order, or supplements it.
func (c *Client) Submit(ctx context.Context, lsr carrier.LSR) (carrier.Status, error) {
	q := about("submit order", http.MethodPut, lsr.Ref)
	q.path += fmt.Sprintf("/%d", lsr.Ref.Version)
	q.id, q.body = keyOf(lsr.Ref, opSubmit), orderRequest(lsr)
	return c.order(ctx, q)
}

// Status reads the order as it stands. The carrier keeps one order a port: Status.Ref says which version it has, which is
// lower than the one asked for when that one never arrived.
func (c *Client) Status(ctx context.Context, ref carrier.Ref) (carrier.Status, error) {
	return c.order(ctx, about("read order", http.MethodGet, ref))
}

// Cancel asks for the cancel.
func (c *Client) Cancel(ctx context.Context, ref carrier.Ref, why porting.Reason) (carrier.Status, error) {
	q := about("cancel order", http.MethodPost, ref)
	q.path += "/" + opCancel
	q.id, q.body = keyOf(ref, opCancel), reasonRequest{string(why)}
	return c.order(ctx, q)
}

// Activate asks the carrier to move the numbers; they have moved when Status says active.
func (c *Client) Activate(ctx context.Context, ref carrier.Ref) (carrier.Status, error) {
	q := about("activate order", http.MethodPost, ref)
	q.path += "/" + opActivate
	q.id = keyOf(ref, opActivate)
	return c.order(ctx, q)
}

// Reverse orders the port back to the donor.
func (c *Client) Reverse(ctx context.Context, ref carrier.Ref, why porting.Reason) (carrier.Status, error) {
	q := about("reverse order", http.MethodPost, ref)
	q.path += "/" + opReverse
	q.id, q.body = keyOf(ref, opReverse), reasonRequest{string(why)}
	return c.order(ctx, q)
}

// Orders lists the open orders that the carrier first took at or after an instant of business time.
func (c *Client) Orders(ctx context.Context, since time.Time) ([]carrier.Ref, error) {
	var view orderList
	q := call{op: "list orders", object: "since " + since.UTC().Format(time.RFC3339), method: http.MethodGet}
	q.path = "/orders?since=" + url.QueryEscape(since.UTC().Format(time.RFC3339Nano))
	if err := c.do(ctx, q, &view); err != nil {
		return nil, err
	}
	return view.Orders, nil
}

// keyOf is our key of a request: port, version and step.
func keyOf(ref carrier.Ref, step string) string { return ref.String() + "/" + step }

func orderRequest(lsr carrier.LSR) OrderRequest {
	o := lsr.Order
	return OrderRequest{
		Reference: o.Reference, Kind: o.Kind, Numbers: o.Numbers, DDD: lsr.DDD, Donor: o.Donor,
		Recipient: o.Recipient, Subscriber: o.Subscriber, Account: o.Account,
		Authorization: AuthorizationView{
			Kind: o.Authorization.Kind, Code: lsr.Code.Reveal(),
			SignedAt: o.Authorization.SignedAt, SignedBy: o.Authorization.SignedBy,
		},
	}
}

// call is one request to the carrier.
type call struct {
	op, object   string
	method, path string
	id           string
	body         any
}

func about(op, method string, ref carrier.Ref) call {
	return call{op: op, object: ref.String(), method: method, path: "/orders/" + url.PathEscape(ref.Port)}
}

func (c *Client) order(ctx context.Context, q call) (carrier.Status, error) {
	var view OrderView
	if err := c.do(ctx, q, &view); err != nil {
		return carrier.Status{}, err
	}
	return c.status(view), nil
}

// do sends a request and reads its answer. Whatever is not the carrier's own yes or no is an unknown outcome.
func (c *Client) do(ctx context.Context, q call, into any) error {
	answer, status, err := c.send(ctx, q)
	if err != nil {
		return q.unavailable(err)
	}
	if status/100 != 2 {
		return q.refused(status, answer)
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return q.unavailable(errors.New("the answer is no JSON"))
	}
	return nil
}

func (c *Client) send(ctx context.Context, q call) (answer []byte, status int, err error) {
	req, err := q.request(ctx, c.URL)
	if err != nil {
		return nil, 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	if q.id != "" {
		req.Header.Set(requestIDHeader, q.id)
	}
	res, err := c.http().Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	return answer, res.StatusCode, err
}

func (q call) request(ctx context.Context, base string) (*http.Request, error) {
	if q.body == nil {
		return http.NewRequestWithContext(ctx, q.method, base+q.path, nil)
	}
	body, err := json.Marshal(q.body)
	if err != nil {
		return nil, err
	}
	return http.NewRequestWithContext(ctx, q.method, base+q.path, bytes.NewReader(body))
}

func (c *Client) http() *http.Client {
	if c.HTTP == nil {
		return patient
	}
	return c.HTTP
}

// refused turns the carrier's no into ours. An error that does not bear the carrier's code may come from anything between us.
func (q call) refused(status int, answer []byte) error {
	var no refusal
	if json.Unmarshal(answer, &no) == nil {
		if err := q.no(no); err != nil {
			return err
		}
	}
	return q.unavailable(fmt.Errorf("HTTP status %d", status))
}

// no is a refusal with one of the carrier's codes as ours, nil for every other. The carrier's own words are left out: they may
// name people, and errors are logged.
func (q call) no(no refusal) error {
	switch no.Code {
	case codeUnknown:
		return q.failure(porting.NotFound, "carrier-order-unknown", "the carrier has no such order", "")
	case codeLocked:
		return q.failure(porting.Refused, "carrier-cancel-locked", "the carrier does not cancel any more", "call the carrier, and prepare the reversal")
	case codeAnswered:
		return q.failure(porting.Refused, "port-out-answered", "the counterparty has another answer", "read it back")
	case codeRefused, codeInvalid:
		return q.failure(porting.Refused, "carrier-refused", "the carrier says no", "")
	default:
		return nil
	}
}

func (q call) unavailable(cause error) error {
	if fault, ok := errors.AsType[*url.Error](cause); ok {
		cause = fault.Err
	}
	e := q.failure(porting.Failed, "carrier-unavailable", "the outcome is unknown: "+cause.Error(), "read the order before sending again")
	e.Err = cause
	return e
}

func (q call) failure(kind porting.Kind, code, detail, next string) *porting.Error {
	return &porting.Error{Kind: kind, Code: code, Op: q.op, Object: q.object, Detail: detail, Next: next}
}

// states reads the carrier's words.
var states = map[string]carrier.State{
	wordReceived:         carrier.StatePending,
	wordRejected:         carrier.StateRejected,
	wordFOC:              carrier.StateConfirmed,
	wordJeopardy:         carrier.StateConfirmed,
	wordActivating:       carrier.StateConfirmed,
	wordActive:           carrier.StateActive,
	wordCancelRequested:  carrier.StateCancelPending,
	wordCancelled:        carrier.StateCancelled,
	wordReverseRequested: carrier.StateReversing,
	wordReversed:         carrier.StateReversed,
	wordFailed:           carrier.StateRejected,
	wordWaiting:          carrier.StatePending,
}

func stateOf(word string) carrier.State {
	if state, known := states[word]; known {
		return state
	}
	return carrier.StateUnknown
}

func (c *Client) status(v OrderView) carrier.Status {
	s := carrier.Status{
		Ref: carrier.Ref{Port: v.Port, Version: v.Version}, State: stateOf(v.Status), FOC: v.FOC,
		Version: v.Change, Raw: v.Status,
	}
	for _, r := range v.Reasons {
		s.Reasons = append(s.Reasons, carrier.Rejection{Code: r.Code, Text: r.Text, Reason: c.reason(r.Code, r.Text)})
	}
	for _, n := range v.Numbers {
		s.Numbers = append(s.Numbers, c.number(n))
	}
	if v.Messaging != "" {
		s.Messaging = stateOf(v.Messaging)
	}
	return s
}

func (c *Client) number(v NumberView) carrier.NumberState {
	n := carrier.NumberState{Number: v.Number, State: stateOf(v.Status)}
	if v.Reason != nil {
		n.Reason = c.reason(v.Reason.Code, v.Reason.Text)
	}
	return n
}

func (c *Client) reason(code, text string) porting.Reason {
	if c.Map == nil {
		return KnownReason(code, text)
	}
	return c.Map(code, text)
}
