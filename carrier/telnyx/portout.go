package telnyx

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// portOut is a request of another carrier for numbers that are with us.
type portOut struct {
	ID             string   `json:"id"`
	Status         string   `json:"status"`
	PhoneNumbers   []string `json:"phone_numbers"`
	CarrierName    string   `json:"carrier_name"`
	SPID           string   `json:"spid"`
	CurrentCarrier string   `json:"current_carrier"`
	EndUserName    string   `json:"end_user_name"`
	ServiceAddress string   `json:"service_address"`
	City           string   `json:"city"`
	State          string   `json:"state"`
	ZIP            string   `json:"zip"`
	FOCDate        string   `json:"foc_date"`
	RequestedFOC   string   `json:"requested_foc_date"`
	Reason         string   `json:"reason"`
	InsertedAt     string   `json:"inserted_at"`
	CreatedAt      string   `json:"created_at"`
	UpdatedAt      string   `json:"updated_at"`
}

// portOutAnswer is our answer. Telnyx's guide has the rejection code, which its contract leaves out.
type portOutAnswer struct {
	Reason        string `json:"reason"`
	RejectionCode int    `json:"rejection_code,omitempty"`
}

const (
	statusPending    = "pending"
	statusAuthorized = "authorized"
	statusRejected   = "rejected-pending"

	// approvedByUs is the reason that we give with an approval, by which it is known from one that silence gave.
	approvedByUs = "Authorized by the account holder."
)

// outStates reads Telnyx's words about port-outs. A refusal whose ground Telnyx still looks at is a refusal; if Telnyx does
// not accept the ground, the request is pending again.
var outStates = map[string]carrier.State{
	statusPending:    carrier.StatePending,
	statusAuthorized: carrier.StateConfirmed,
	statusRejected:   porting.CarrierRefused,
	"rejected":       porting.CarrierRefused,
	"canceled":       carrier.StateCancelled,
	"ported":         carrier.StateActive,
}

// PortOutRequests lists the requests since an instant. Their PINs are in the events alone.
func (c *Client) PortOutRequests(ctx context.Context, since time.Time) ([]porting.PortOutRequest, error) {
	from := since.UTC().Format(time.RFC3339Nano)
	q := call{op: "list port-outs", object: "since " + from, method: http.MethodGet, path: "/portouts"}
	q.query = query("filter[inserted_at][gte]", from)
	all, err := list[portOut](ctx, c, q)
	if err != nil {
		return nil, err
	}
	q.path, q.query = "/portouts/events", query("filter[created_at][gte]", from, "filter[event_type]", "portout.status_changed")
	events, err := list[news](ctx, c, q)
	if err != nil {
		return nil, err
	}
	pins := map[string]string{}
	for _, e := range events {
		pins[e.portOut()] = cmp.Or(e.Payload.AttemptedPIN, pins[e.portOut()])
	}
	requests := []porting.PortOutRequest{}
	for _, p := range all {
		r := p.request()
		r.Given.PIN = porting.Secret(pins[p.ID])
		requests = append(requests, r)
	}
	slices.SortFunc(requests, func(a, b porting.PortOutRequest) int {
		return cmp.Or(a.ReceivedAt.Compare(b.ReceivedAt), strings.Compare(a.ID, b.ID))
	})
	return requests, nil
}

// PortOutStatus reads a request back.
func (c *Client) PortOutStatus(ctx context.Context, id string) (carrier.PortOutStatus, error) {
	p, err := c.portOut(ctx, "read port-out", id)
	if err != nil {
		return carrier.PortOutStatus{}, err
	}
	return p.status(), nil
}

func (c *Client) portOut(ctx context.Context, op, id string) (portOut, error) {
	var p portOut
	return p, c.do(ctx, aboutPortOut(op, id, http.MethodGet, ""), &p)
}

func aboutPortOut(op, id, method, rest string) call {
	return call{op: op, object: id, method: method, path: "/portouts/" + url.PathEscape(id) + rest, noSuch: "port-out-unknown"}
}

const opAnswer = "answer port-out"

// AnswerPortOut answers a request that waits for it. Telnyx takes no approval back by API: its people are asked in a comment.
func (c *Client) AnswerPortOut(ctx context.Context, id string, a carrier.PortOutAnswer) (carrier.PortOutStatus, error) {
	p, err := c.portOut(ctx, opAnswer, id)
	if err != nil {
		return carrier.PortOutStatus{}, err
	}
	switch now := p.status(); {
	case a.Kind() == "":
		return carrier.PortOutStatus{}, aboutPortOut(opAnswer, id, "", "").refused("there is no answer in this answer")
	case gave(a.Kind(), now.State):
		return now, nil
	case p.Status == statusAuthorized && a.Kind() == porting.AnswerCancel:
		return carrier.PortOutStatus{}, c.askToStop(ctx, id, a)
	case p.Status != statusPending:
		return carrier.PortOutStatus{}, aboutPortOut(opAnswer, id, "", "").failure(
			porting.Refused, "port-out-answered", "the request is "+p.Status, "read it back")
	}
	q, err := c.answering(ctx, id, a)
	if err != nil {
		return carrier.PortOutStatus{}, err
	}
	var answered portOut
	if err := c.do(ctx, q, &answered); err != nil {
		return carrier.PortOutStatus{}, err
	}
	return c.PortOutStatus(ctx, id)
}

// gave reports whether an answer was given before.
func gave(kind porting.AnswerKind, now carrier.State) bool {
	switch kind {
	case porting.AnswerApprove:
		return now == carrier.StateConfirmed || now == carrier.StateActive
	case porting.AnswerRefuse:
		return now == porting.CarrierRefused
	default:
		return now == porting.CarrierRefused || now == carrier.StateCancelled
	}
}

// answering is the request that brings an answer.
func (c *Client) answering(ctx context.Context, id string, a carrier.PortOutAnswer) (call, error) {
	if a.Kind() == porting.AnswerApprove {
		q := aboutPortOut(opAnswer, id, http.MethodPatch, "/"+statusAuthorized)
		q.body = portOutAnswer{Reason: approvedByUs}
		return q, nil
	}
	code, err := c.rejectionCode(ctx, id, a.Reason())
	q := aboutPortOut(opAnswer, id, http.MethodPatch, "/"+statusRejected)
	q.body = portOutAnswer{Reason: ground(a), RejectionCode: code}
	return q, err
}

// ground is why we refuse, in words for Telnyx's people.
func ground(a carrier.PortOutAnswer) string {
	return fmt.Sprintf("%s (%s)", a.Reason(), cmp.Or(a.Cite(), "by the account holder"))
}

func (c *Client) askToStop(ctx context.Context, id string, a carrier.PortOutAnswer) error {
	q := aboutPortOut(opAnswer, id, http.MethodGet, "/comments")
	if err := c.sayOnce(ctx, q, "Please stop this port-out: "+ground(a)+"."); err != nil {
		return err
	}
	no := q.refused("Telnyx takes no approval back by API; its people were asked in a comment")
	no.Next = "call Telnyx"
	return no
}

// rejection is a code that Telnyx takes for one port-out.
type rejection struct {
	Code        int    `json:"code"`
	Description string `json:"description"`
}

// otherRejection is Telnyx's code for every ground that has none of its own; its reason says which.
const otherRejection = 1001

// rejectionWords find the code of a ground by Telnyx's description of it: which codes there are depends on the port-out.
var rejectionWords = map[porting.Reason][]string{
	porting.PINMismatch:           {"pin", "passcode"},
	porting.PINRequired:           {"pin", "passcode"},
	porting.PINExpired:            {"pin", "passcode"},
	porting.AccountNumberMismatch: {"account number", "account"},
	porting.AccountNumberRequired: {"account number", "account"},
	porting.ZIPMismatch:           {"zip", "postal"},
	porting.NameMismatch:          {"name"},
	porting.AddressMismatch:       {"address"},
	porting.NumberNotFound:        {"number not found", "not active"},
	porting.NumberInactive:        {"inactive", "not active", "disconnected"},
	porting.DuplicateRequest:      {"duplicate", "pending order"},
	porting.PortProtected:         {"lock", "protect"},
}

func (c *Client) rejectionCode(ctx context.Context, id string, why porting.Reason) (int, error) {
	q := call{op: opAnswer, object: id, method: http.MethodGet, path: "/portouts/rejections/" + url.PathEscape(id), noSuch: "port-out-unknown"}
	var eligible []rejection
	if err := c.do(ctx, q, &eligible); err != nil {
		return 0, err
	}
	for _, word := range rejectionWords[why] {
		for _, r := range eligible {
			if strings.Contains(strings.ToLower(r.Description), word) {
				return r.Code, nil
			}
		}
	}
	if slices.ContainsFunc(eligible, func(r rejection) bool { return r.Code == otherRejection }) {
		return otherRejection, nil
	}
	return 0, q.refused("Telnyx has no rejection code for " + string(why))
}

// request is what the other carrier asks.
func (p portOut) request() porting.PortOutRequest {
	received := instant(cmp.Or(p.InsertedAt, p.CreatedAt))
	r := porting.PortOutRequest{
		ID: p.ID, Recipient: porting.Party{Name: p.CarrierName, SPID: p.SPID}, Donor: porting.Party{Name: p.CurrentCarrier},
		Given: porting.Given{
			PostalCode: p.ZIP, Name: p.EndUserName,
			Address: porting.Address{Street: p.ServiceAddress, City: p.City, Region: p.State, PostalCode: p.ZIP},
		},
		DueDate: dateOf(cmp.Or(p.FOCDate, p.RequestedFOC)), ReceivedAt: received,
	}
	if !received.IsZero() {
		r.SilenceAt = received.Add(releases)
	}
	for _, n := range p.PhoneNumbers {
		r.Numbers = append(r.Numbers, number(n))
	}
	r.Kind = kindOf(r.Numbers)
	return r
}

// northAmerican and tollFree are numbers; those of the second kind tell by themselves what they are.
var (
	northAmerican = regexp.MustCompile(`^\+1`)
	tollFree      = regexp.MustCompile(`^\+18(00|33|44|55|66|77|88)`)
)

// kindOf is wireline where the numbers do not tell it: Telnyx passes on local service requests, which are for wirelines, and
// does not name the kind.
func kindOf(numbers []porting.Number) string {
	if len(numbers) == 0 || !northAmerican.MatchString(numbers[0].E164()) || tollFree.MatchString(numbers[0].E164()) {
		return ""
	}
	return porting.KindWireline
}

// dateOf is the day of an instant as it is written.
func dateOf(s string) string {
	day, _, _ := strings.Cut(s, "T")
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return ""
	}
	return day
}

// status is where a request stands. What Telnyx authorised after a day, without a reason of ours, silence authorised.
func (p portOut) status() carrier.PortOutStatus {
	state, known := outStates[p.Status]
	if !known {
		state = carrier.StateUnknown
	}
	r, changed := p.request(), instant(p.UpdatedAt)
	s := carrier.PortOutStatus{
		ID: p.ID, State: state, Version: count(changed), ReceivedAt: r.ReceivedAt, SilenceAt: r.SilenceAt, Request: r, Raw: p.Status,
	}
	if state != carrier.StatePending && known {
		s.AnsweredAt = changed
		s.BySilence = state == carrier.StateConfirmed && p.Reason != approvedByUs && !changed.Before(r.SilenceAt)
	}
	for _, n := range r.Numbers {
		moved := carrier.NumberState{Number: n, State: carrier.StatePending}
		if state == carrier.StateActive {
			moved.State = carrier.StateActive
		}
		s.Numbers = append(s.Numbers, moved)
	}
	return s
}
