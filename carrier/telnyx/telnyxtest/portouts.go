package telnyxtest

import (
	"net/http"
	"net/url"
	"time"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

// PIN is what every counterparty's subscriber gave.
const PIN = porting.Secret("482913")

// portOut is what the simulator does not keep of a port-out.
type portOut struct {
	change  int
	updated time.Time
	reason  string
	code    int
}

// PortOutID is Telnyx's ID of a port-out that a test calls by a name.
func PortOutID(name string) string { return idOf("port-out " + name) }

// SendPortOut has another carrier ask for numbers.
func (f *Fake) SendPortOut(name, scenario string, numbers ...porting.Number) error {
	return f.Sim.SendPortOut(simulator.PortOut{Scenario: scenario, PIN: PIN.Reveal(), Request: porting.PortOutRequest{
		ID: PortOutID(name), Numbers: numbers, Recipient: porting.Party{Name: "Other Mobile", SPID: "OM01"},
		Given: porting.Given{Name: "Iris Quill", PostalCode: "10001"},
	}})
}

// Rejection is the code and the reason with which a port-out was refused.
func (f *Fake) Rejection(name string) (code int, reason string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.outs[PortOutID(name)]
	return o.code, o.reason
}

func (f *Fake) portOutRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /v2/portouts", f.listPortOuts)
	mux.HandleFunc("GET /v2/portouts/{id}", f.onOut(func(w http.ResponseWriter, _ *http.Request, v simulator.PortOutView) {
		write(w, http.StatusOK, object{"data": f.showOut(v)})
	}))
	mux.HandleFunc("PATCH /v2/portouts/{id}/{status}", f.onOut(f.answerOut))
	comments := f.onOut(func(w http.ResponseWriter, r *http.Request, v simulator.PortOutView) {
		f.listComments(w, r, v.Request.ID)
	})
	mux.HandleFunc("GET /v2/portouts/{id}/{part}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("id") != "rejections" {
			comments(w, r)
			return
		}
		r.SetPathValue("id", r.PathValue("part"))
		f.onOut(listRejections)(w, r)
	})
	mux.HandleFunc("POST /v2/portouts/{id}/comments", f.onOut(func(w http.ResponseWriter, r *http.Request, v simulator.PortOutView) {
		f.comment(w, r, v.Request.ID, object{"record_type": "portout", "portout_id": v.Request.ID, "user_id": idOf("us")})
	}))
}

// onOut serves a request about one port-out, as it stands now.
func (f *Fake) onOut(serve func(http.ResponseWriter, *http.Request, simulator.PortOutView)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var view simulator.PortOutView
		if f.simulate(r.Context(), http.MethodGet, "/port-outs/"+r.PathValue("id"), nil, &view) != http.StatusOK {
			refuse(w, http.StatusNotFound, "10005", "Resource not found", "")
			return
		}
		f.lookOut(view)
		serve(w, r, view)
	}
}

// lookOut notes when a port-out changed. An answer has its instant from the simulator, also one that silence gave.
func (f *Fake) lookOut(v simulator.PortOutView) *portOut {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.outs[v.Request.ID]
	if o == nil {
		o = &portOut{}
		f.outs[v.Request.ID] = o
	}
	if o.change != v.Change {
		o.change, o.updated = v.Change, f.stamp()
		f.recordOut(v)
	}
	return o
}

var outStatuses = map[string]string{
	"awaiting-answer": "pending", "authorised": "authorized", "rejected": "rejected-pending", "cancelled": "canceled",
	"withdrawn": "canceled", "ported": "ported",
}

func (f *Fake) showOut(v simulator.PortOutView) object {
	o := f.lookOut(v)
	f.mu.Lock()
	defer f.mu.Unlock()
	updated := o.updated
	if v.Status == "authorised" {
		updated = v.AnsweredAt
	}
	numbers := []string{}
	for _, n := range v.Request.Numbers {
		numbers = append(numbers, n.E164())
	}
	shown := object{
		"id": v.Request.ID, "record_type": "portout", "status": outStatuses[v.Status], "phone_numbers": numbers,
		"carrier_name": v.Request.Recipient.Name, "spid": v.Request.Recipient.SPID, "current_carrier": "telnyx",
		"end_user_name": v.Request.Given.Name, "zip": v.Request.Given.PostalCode, "reason": orNull(o.reason),
		"foc_date":    written(v.Request.ReceivedAt.AddDate(0, 0, 3)),
		"inserted_at": written(v.Request.ReceivedAt), "created_at": written(v.Request.ReceivedAt), "updated_at": written(updated),
	}
	if o.code != 0 {
		shown["rejection_code"] = o.code
	}
	return shown
}

func (f *Fake) listPortOuts(w http.ResponseWriter, r *http.Request) {
	var all struct {
		PortOuts []simulator.PortOutView `json:"port_outs"`
	}
	since := r.URL.Query().Get("filter[inserted_at][gte]")
	f.simulate(r.Context(), http.MethodGet, "/port-outs?since="+url.QueryEscape(since), nil, &all)
	shown := []object{}
	for _, v := range all.PortOuts {
		shown = append([]object{f.showOut(v)}, shown...)
	}
	page(w, r, shown)
}

func listRejections(w http.ResponseWriter, _ *http.Request, _ simulator.PortOutView) {
	write(w, http.StatusOK, object{"data": []object{
		{"code": 1001, "description": "Other", "reason_required": true},
		{"code": 1002, "description": "Invalid PIN", "reason_required": false},
		{"code": 1003, "description": "Account number mismatch", "reason_required": false},
	}})
}

func (f *Fake) answerOut(w http.ResponseWriter, r *http.Request, v simulator.PortOutView) {
	var given struct {
		Reason string `json:"reason"`
		Code   int    `json:"rejection_code"`
	}
	if !read(w, r, &given) {
		return
	}
	answer := object{"kind": porting.AnswerApprove}
	if r.PathValue("status") != "authorized" {
		answer = object{"kind": porting.AnswerRefuse, "reason": porting.OtherReason, "cite": given.Reason}
		if given.Code == 0 || given.Reason == "" {
			refuse(w, http.StatusUnprocessableEntity, "10015", "A rejection needs a code", "/rejection_code")
			return
		}
	}
	if v.Status != "awaiting-answer" {
		refuse(w, http.StatusUnprocessableEntity, "10015", "Port-out was answered", "")
		return
	}
	f.mu.Lock()
	o := f.outs[v.Request.ID]
	o.reason, o.code = given.Reason, given.Code
	f.did("PATCH /portouts/{id}/{status}")
	f.mu.Unlock()
	var now simulator.PortOutView
	switch f.simulate(r.Context(), http.MethodPost, "/port-outs/"+v.Request.ID+"/answer", answer, &now) {
	case gone:
	case http.StatusOK:
		write(w, http.StatusOK, object{"data": f.showOut(now)})
	default:
		refuse(w, http.StatusUnprocessableEntity, "10015", "Port-out was answered", "")
	}
}
