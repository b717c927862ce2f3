package twiliotest

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

// Bill is a source of documents with one utility bill for every order.
type Bill struct{}

// DocumentSIDs implements twilio.Documents.
func (Bill) DocumentSIDs(context.Context, carrier.Ref, porting.Order) ([]string, error) {
	return []string{"RDaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}, nil
}

// order is a port-in request. What became of it only the simulated carrier knows.
type order struct {
	sid     string
	port    string // in the mark; empty where there is none
	request request
	created time.Time // business time
	change  int       // of the simulated carrier's, when it was last shown
	changed time.Time // when that was first seen
}

// request is the body that creates an order.
type request struct {
	AccountSID string   `json:"account_sid"`
	Documents  []string `json:"documents"`
	Numbers    []struct {
		Number porting.Number `json:"phone_number"`
		PIN    string         `json:"pin"`
	} `json:"phone_numbers"`
	Losing map[string]any `json:"losing_carrier_information"`
	Emails []string       `json:"notification_emails"`
	Target string         `json:"target_port_in_date"`
}

// mark is the reference in the address that stands in an order, as our adapter writes it.
func (q request) mark() (port string, version int) {
	for _, address := range q.Emails {
		local, _, _ := strings.Cut(address, "@")
		_, detail, _ := strings.Cut(local, "+")
		if dot := strings.LastIndex(detail, "."); dot > 0 {
			port = detail[:dot]
			version, _ = strconv.Atoi(detail[dot+1:])
		}
	}
	return port, version
}

// fault is what Twilio finds wrong with an order, nil if nothing is.
func (q request) fault(now time.Time) error {
	email, _ := q.Losing["authorized_representative_email"].(string)
	_, noAddress := mail.ParseAddress(email)
	switch {
	case q.AccountSID != Account:
		return bad(20003, "not this account")
	case len(q.Numbers) == 0 || len(q.Numbers) > 1000:
		return bad(20001, "from one to 1,000 numbers")
	case len(q.Documents) == 0:
		return bad(20001, "a utility bill is required")
	case noAddress != nil:
		return bad(20001, "nobody signs")
	case q.Target != "" && q.Target < now.UTC().AddDate(0, 0, 7).Format(time.DateOnly):
		return bad(20001, "the date is less than seven days ahead")
	}
	return nil
}

func (s *Server) create(r *http.Request) (int, any, error) {
	var q request
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		return 0, nil, bad(20001, "the body is no JSON")
	}
	now := s.now()
	if err := q.fault(now); err != nil {
		return 0, nil, err
	}
	if s.opts.RefuseHeld && s.holds(r.Context(), q) {
		return 0, nil, bad(22137, "a port is under way")
	}
	o, lsr := s.take(q, now)
	if err := s.sim.Choose(o.sid, s.scenarioOf(q)); err != nil {
		return 0, nil, err
	}
	if _, err := s.desk.Submit(r.Context(), lsr); err != nil {
		return 0, nil, err
	}
	view, err := s.view(r.Context(), o)
	return http.StatusAccepted, view, err
}

// take gives an order its name and writes it down.
func (s *Server) take(q request, now time.Time) (*order, carrier.LSR) {
	s.mu.Lock()
	defer s.mu.Unlock()
	port, _ := q.mark()
	o := &order{sid: fmt.Sprintf("KW%032x", len(s.orders)+1), port: port, request: q, created: now}
	s.orders = append(s.orders, o)
	lsr := carrier.LSR{Ref: o.ref(), Order: porting.Order{Reference: o.sid}}
	for _, n := range q.Numbers {
		lsr.Order.Numbers = append(lsr.Order.Numbers, n.Number)
	}
	if date, err := time.Parse(time.DateOnly, q.Target); err == nil {
		lsr.DDD = date.Add(15 * time.Hour)
	}
	return o, lsr
}

func (s *Server) scenarioOf(q request) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	port, version := q.mark()
	name := cmp.Or(s.chosen[port], simulator.DefaultScenario)
	if version > 1 {
		name += again
	}
	return name
}

// holds reports whether an open order has one of a request's numbers.
func (s *Server) holds(ctx context.Context, q request) bool {
	for _, wanted := range q.Numbers {
		if s.held(ctx, wanted.Number) {
			return true
		}
	}
	return false
}

// held reports whether an open order has a number.
func (s *Server) held(ctx context.Context, wanted porting.Number) bool {
	for _, o := range s.all() {
		st, err := s.desk.Status(ctx, o.ref())
		if err != nil || st.State == carrier.StateActive || st.State == carrier.StateCancelled {
			continue
		}
		for _, has := range o.request.Numbers {
			if has.Number == wanted {
				return true
			}
		}
	}
	return false
}

func (s *Server) fetch(r *http.Request) (int, any, error) {
	o, err := s.named(r)
	if err != nil {
		return 0, nil, err
	}
	view, err := s.view(r.Context(), o)
	return http.StatusOK, view, err
}

func (s *Server) cancel(r *http.Request) (int, any, error) {
	o, err := s.named(r)
	if err != nil {
		return 0, nil, err
	}
	_, err = s.desk.Cancel(r.Context(), o.ref(), porting.WithdrawnByCustomer)
	return http.StatusNoContent, nil, err
}

func (s *Server) list(r *http.Request) (int, any, error) {
	asked := r.URL.Query()
	size, err := strconv.Atoi(cmp.Or(asked.Get("Size"), "20"))
	if err != nil || size < 1 || size > 100 {
		return 0, nil, bad(20001, "no size of a page")
	}
	size = min(size, cmp.Or(s.opts.PageSize, size))
	rows, next := []any{}, any(nil)
	started := asked.Get("Token") == ""
	for _, o := range s.all() {
		started = started || o.sid == asked.Get("Token")
		st, err := s.desk.Status(r.Context(), o.ref())
		if porting.CodeOf(err) == "carrier-order-unknown" || !started || o.created.Format(time.DateOnly) <= asked.Get("CreatedAfter") {
			continue
		}
		if err != nil {
			return 0, nil, err
		}
		if len(rows) == size {
			next = o.sid
			break
		}
		rows = append(rows, map[string]any{
			"port_in_request_sid": o.sid, "port_in_request_status": s.word(o, st), "phone_numbers_requested": len(o.request.Numbers),
			"phone_numbers_ported": 0, "status_last_updated_timestamp": o.created.Format(time.DateOnly), "suggested_action": nil,
		})
	}
	return http.StatusOK, map[string]any{"port_in_requests": rows, "meta": map[string]any{"next_token": next, "previous_token": nil}}, nil
}

// view is an order as Twilio shows it.
func (s *Server) view(ctx context.Context, o *order) (map[string]any, error) {
	st, err := s.desk.Status(ctx, o.ref())
	if err != nil {
		return nil, err
	}
	changed := s.stamp(o, st.Version)
	told := []any{}
	for i, n := range st.Numbers {
		number := map[string]any{
			"phone_number": n.Number.E164(), "number_type": "LOCAL", "portable": true, "rejection_reason": nil, "rejection_reason_code": nil,
			"port_in_phone_number_sid": "PU" + o.sid[2:30] + fmt.Sprintf("%04x", i), "port_in_phone_number_status": s.numberWord(o, st, n),
			"status_last_time_updated_timestamp": changed.UTC().Format(time.RFC3339), "port_date": nil,
		}
		if reason := reasonOf(st, n); reason != "" {
			number["rejection_reason"], number["rejection_reason_code"] = reason, "1"
		}
		if !st.FOC.IsZero() && (n.State == carrier.StateConfirmed || n.State == carrier.StateActive) {
			number["port_date"] = st.FOC.UTC().Format(time.RFC3339)
		}
		told = append(told, number)
	}
	return map[string]any{
		"port_in_request_sid": o.sid, "account_sid": Account, "url": "https://numbers.twilio.com/v1/Porting/PortIn/" + o.sid,
		"notification_emails": o.request.Emails, "documents": o.request.Documents, "losing_carrier_information": o.request.Losing,
		"port_in_request_status": s.word(o, st), "date_created": o.created.UTC().Format(time.RFC3339), "support_ticket_id": 4711,
		"phone_numbers": told, "order_cancellation_reason": nil, "signature_request_url": nil,
	}, nil
}

// stamp is when an order last changed, as far as anybody saw.
func (s *Server) stamp(o *order, change int) time.Time {
	now := s.now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if change > o.change {
		o.change, o.changed = change, now
	}
	return o.changed
}

// words are Twilio's for where an order, and a number of it, stands.
var words = map[carrier.State][2]string{
	carrier.StatePending:       {"In Progress", "port_submitted"},
	carrier.StateRejected:      {"Action Required", "port_rejected"},
	carrier.StateConfirmed:     {"In Progress", "port_pending"},
	carrier.StateActive:        {"Completed", "completed"},
	carrier.StateCancelPending: {"In Progress", "canceling"},
	carrier.StateCancelled:     {"Canceled", "canceled"},
}

func (s *Server) word(o *order, st carrier.Status) string {
	if st.State == carrier.StatePending && s.waits(o.port) {
		return "Waiting for Signature"
	}
	return words[st.State][0]
}

func (s *Server) numberWord(o *order, st carrier.Status, n carrier.NumberState) string {
	switch {
	case n.State == carrier.StatePending && s.waits(o.port):
		return "waiting_for_signature"
	case st.State == carrier.StateActive && n.State != carrier.StateActive:
		return "canceled" // a request is completed when none of its numbers may still move
	}
	return words[n.State][1]
}

func (s *Server) waits(port string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unsigned[port]
}

// reasonOf is why a number is rejected, as Twilio names it.
func reasonOf(st carrier.Status, n carrier.NumberState) string {
	reason := n.Reason
	if n.State == carrier.StateRejected && reason == "" && len(st.Reasons) > 0 {
		reason = st.Reasons[0].Reason
	}
	switch reason {
	case "":
		return ""
	case porting.AccountNumberMismatch:
		return "INVALID_ACCOUNT_NUMBER"
	case porting.NumberInactive:
		return "PHONE_NUMBER_INACTIVE_OR_DISCONNECTED"
	default:
		return "CONTACT_SUPPORT_REQUIRED"
	}
}

func (o *order) ref() carrier.Ref { return carrier.Ref{Port: o.sid, Version: 1} }

func (s *Server) now() time.Time { return s.opts.Clock.Business(time.Now()) }

func (s *Server) all() []*order {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.orders)
}

func (s *Server) find(sid string) *order {
	all := s.all()
	if i := slices.IndexFunc(all, func(o *order) bool { return o.sid == sid }); i >= 0 {
		return all[i]
	}
	return nil
}

func (s *Server) named(r *http.Request) (*order, error) {
	if o := s.find(r.PathValue("sid")); o != nil {
		return o, nil
	}
	return nil, fault{20404, "no such request", http.StatusNotFound}
}
