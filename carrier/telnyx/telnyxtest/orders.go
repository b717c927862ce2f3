package telnyxtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

// partMark follows a port in the simulator's name of a further part of its order.
const partMark = "~"

// order is one order here. Once it is confirmed the simulator keeps it, and view is how it stood when it was last looked at.
type order struct {
	id, group, reference string
	part                 string // the simulator's name of it
	numbers              []porting.Number
	fast                 bool
	patch                patch
	created, updated     time.Time
	tried                bool // its confirmation came; the simulator knows whether it took it
	view                 simulator.OrderView
	split                *simulator.Reason // of a part that Telnyx split off and cancelled: why
}

// patch is what the adapter has told of an order, as far as it matters here.
type patch struct {
	CustomerReference string `json:"customer_reference"`
	WebhookURL        string `json:"webhook_url"`
	EndUser           object `json:"end_user"`
	Misc              object `json:"misc"`
	Activation        *struct {
		FOC  time.Time `json:"foc_datetime_requested"`
		Type string    `json:"activation_type"`
	} `json:"activation_settings"`
	Documents *struct {
		LOA     string `json:"loa"`
		Invoice string `json:"invoice"`
	} `json:"documents"`
	Messaging *struct {
		Enable bool `json:"enable_messaging"`
	} `json:"messaging"`
}

func (f *Fake) orderRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /v2/porting_orders", f.create)
	mux.HandleFunc("GET /v2/porting_orders", f.list)
	mux.HandleFunc("GET /v2/porting_phone_numbers", f.listNumbers)
	mux.HandleFunc("GET /v2/porting_orders/{id}", f.on(f.show))
	mux.HandleFunc("PATCH /v2/porting_orders/{id}", f.on(f.change))
	mux.HandleFunc("DELETE /v2/porting_orders/{id}", f.on(f.remove))
	mux.HandleFunc("POST /v2/porting_orders/{id}/actions/confirm", f.on(f.confirm))
	mux.HandleFunc("POST /v2/porting_orders/{id}/actions/cancel", f.on(f.cancel))
	mux.HandleFunc("POST /v2/porting_orders/{id}/actions/activate", f.on(f.activate))
	mux.HandleFunc("GET /v2/porting_orders/{id}/activation_jobs", f.on(f.jobs))
	mux.HandleFunc("GET /v2/porting_orders/{id}/allowed_foc_windows", f.on(f.windows))
	mux.HandleFunc("GET /v2/porting_orders/{id}/requirements", f.on(f.requirements))
}

// on serves a request about one order, as it stands now.
func (f *Fake) on(serve func(http.ResponseWriter, *http.Request, *order)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		i := slices.IndexFunc(f.orders, func(o *order) bool { return o.id == r.PathValue("id") })
		if i < 0 {
			f.mu.Unlock()
			refuse(w, http.StatusNotFound, "10005", "Resource not found", "")
			return
		}
		o := f.orders[i]
		f.look(o)
		f.mu.Unlock()
		serve(w, r, o)
	}
}

// look reads an order back from the simulator, and notes when it changed.
func (f *Fake) look(o *order) {
	if !o.tried {
		return
	}
	var now simulator.OrderView
	if f.simulate(f.ctx, http.MethodGet, "/orders/"+o.part, nil, &now) != http.StatusOK || now.Change == o.view.Change {
		return
	}
	o.view, o.updated = now, f.stamp()
	f.splitOff(o)
	f.record(o)
}

// splitOff moves the numbers that the simulator left out of its confirmation into an order of their own, which is cancelled.
func (f *Fake) splitOff(o *order) {
	for _, n := range o.view.Numbers {
		i := slices.Index(o.numbers, n.Number)
		if i < 0 || n.Reason == nil || n.Status != "rejected" || o.view.Status == "rejected" {
			continue
		}
		o.numbers = slices.Delete(slices.Clone(o.numbers), i, i+1)
		f.orders = append(f.orders, &order{
			id: idOf(o.part + n.Number.E164()), group: o.group, reference: o.reference, numbers: []porting.Number{n.Number}, fast: o.fast,
			patch: o.patch, created: o.created, updated: o.updated, split: n.Reason,
		})
	}
}

func (f *Fake) create(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		PhoneNumbers   []porting.Number `json:"phone_numbers"`
		GroupReference string           `json:"customer_group_reference"`
	}
	if !read(w, r, &asked) {
		return
	}
	if slices.ContainsFunc(asked.PhoneNumbers, func(n porting.Number) bool { return slices.Contains(f.opts.NotPortable, n) }) {
		refuse(w, http.StatusUnprocessableEntity, "10015", "Not portable", "/phone_numbers")
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.did("POST /porting_orders")
	drafts := []object{}
	for _, numbers := range f.parts(asked.PhoneNumbers) {
		o := f.draft(asked.GroupReference, numbers)
		f.orders = append(f.orders, o)
		drafts = append(drafts, f.show1(o))
	}
	write(w, http.StatusCreated, object{"data": drafts})
}

func (f *Fake) parts(numbers []porting.Number) [][]porting.Number {
	if f.opts.SplitBy == nil {
		return [][]porting.Number{numbers}
	}
	by := map[string][]porting.Number{}
	for _, n := range numbers {
		by[f.opts.SplitBy(n)] = append(by[f.opts.SplitBy(n)], n)
	}
	var parts [][]porting.Number
	for _, name := range slices.Sorted(maps.Keys(by)) {
		parts = append(parts, by[name])
	}
	return parts
}

// Draft makes a draft, as a request does whose answer nobody waited for.
func (f *Fake) Draft(group string, numbers ...porting.Number) error {
	body, err := json.Marshal(object{"phone_numbers": numbers, "customer_group_reference": group})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(f.ctx, http.MethodPost, f.URL()+"/porting_orders", bytes.NewReader(body))
	if err != nil {
		return err
	}
	f.create(httptest.NewRecorder(), r)
	return nil
}

func (f *Fake) draft(group string, numbers []porting.Number) *order {
	part := group
	if n := len(f.orders); slices.ContainsFunc(f.orders, func(o *order) bool { return o.group == group }) {
		part = fmt.Sprintf("%s%s%d", group, partMark, n)
	}
	at := f.stamp()
	fast := f.opts.Scheduled == nil || !slices.ContainsFunc(numbers, f.opts.Scheduled)
	return &order{id: idOf(part), group: group, part: part, numbers: numbers, fast: fast, created: at, updated: at}
}

func (f *Fake) list(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	q := r.URL.Query()
	for _, o := range slices.Clone(f.orders) {
		f.look(o)
	}
	shown := []object{}
	for _, o := range f.orders {
		if wanted := q.Get("filter[customer_group_reference]"); wanted != "" && wanted != o.group {
			continue
		}
		view := f.show1(o)
		if q.Get("include_phone_numbers") == "false" {
			delete(view, "phone_numbers")
		}
		shown = append(shown, view)
	}
	if q.Get("sort[value]") != "created_at" {
		slices.Reverse(shown)
	}
	page(w, r, shown)
}

func (f *Fake) listNumbers(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := []object{}
	for _, o := range f.orders {
		if wanted := r.URL.Query().Get("filter[porting_order_id]"); wanted == "" || wanted == o.id {
			all = append(all, o.phoneNumbers()...)
		}
	}
	page(w, r, all)
}

func (f *Fake) show(w http.ResponseWriter, _ *http.Request, o *order) {
	f.mu.Lock()
	defer f.mu.Unlock()
	write(w, http.StatusOK, object{"data": f.show1(o)})
}

func (f *Fake) change(w http.ResponseWriter, r *http.Request, o *order) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if slices.Contains([]string{"ported", "cancelled", "cancel-pending"}, o.status()) {
		refuse(w, http.StatusUnprocessableEntity, "10015", "Order cannot be changed", "")
		return
	}
	given := o.patch
	given.CustomerReference = ""
	if !read(w, r, &given) {
		return
	}
	if given.Activation != nil && given.Activation.Type == "on-demand" && !o.fast {
		refuse(w, http.StatusUnprocessableEntity, "10015", "Order is not FastPort eligible", "/activation_settings/activation_type")
		return
	}
	if given.CustomerReference != "" {
		o.reference = given.CustomerReference
	}
	o.patch, o.updated = given, f.stamp()
	f.did("PATCH /porting_orders/{id}")
	write(w, http.StatusOK, object{"data": f.show1(o)})
}

func (f *Fake) remove(w http.ResponseWriter, _ *http.Request, o *order) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o.status() != "draft" {
		refuse(w, http.StatusUnprocessableEntity, "10015", "Order is no draft", "")
		return
	}
	f.orders = slices.DeleteFunc(f.orders, func(other *order) bool { return other == o })
	f.did("DELETE /porting_orders/{id}")
	w.WriteHeader(http.StatusNoContent)
}

// status is Telnyx's word for where an order stands.
func (o *order) status() string {
	if o.split != nil {
		return "cancelled"
	}
	switch o.view.Status {
	case "":
		return "draft"
	case "received":
		return "submitted"
	case "rejected":
		return "exception"
	case "active":
		return "ported"
	case "cancel-requested":
		return "cancel-pending"
	case "cancelled":
		return "cancelled"
	default:
		return "foc-date-confirmed"
	}
}

// details are the exceptions of an order.
func (o *order) details() []object {
	reasons := o.view.Reasons
	if o.split != nil {
		reasons = []simulator.Reason{*o.split}
	}
	all := []object{}
	for _, r := range reasons {
		all = append(all, object{"code": exceptionOf(r.Code), "description": r.Text})
	}
	return all
}

// exceptionOf is Telnyx's code for one of the simulator's.
func exceptionOf(code string) string {
	if code == "TN_INACTIVE" {
		return "PHONE_NUMBER_MISMATCH"
	}
	if code == "ACCOUNT_NUMBER_MISMATCH" {
		return code
	}
	return "OTHER"
}

// show1 is an order as Telnyx shows it.
func (f *Fake) show1(o *order) object {
	var requested time.Time
	if o.patch.Activation != nil {
		requested = o.patch.Activation.FOC
	}
	docs := object{"loa": nil, "invoice": nil}
	if d := o.patch.Documents; d != nil {
		docs = object{"loa": orNull(d.LOA), "invoice": orNull(d.Invoice)}
	}
	return object{
		"id": o.id, "record_type": "porting_order", "customer_reference": orNull(o.reference), "customer_group_reference": orNull(o.group),
		"status":     object{"value": o.status(), "details": o.details()},
		"created_at": written(o.created), "updated_at": written(o.updated), "support_key": o.supportKey(),
		"activation_settings": object{
			"activation_status": nil, "fast_port_eligible": o.fast, "foc_datetime_actual": written(o.view.FOC), "foc_datetime_requested": written(requested),
		},
		"documents": docs, "end_user": endUser(o.patch.EndUser), "messaging": o.messaging(), "misc": o.patch.Misc,
		"requirements": []object{}, "requirements_met": f.met(o), "additional_steps": []string{},
		"phone_number_type": "local", "phone_numbers": firstFifty(o.phoneNumbers()), "porting_phone_numbers_count": len(o.numbers),
		"webhook_url": orNull(o.patch.WebhookURL),
	}
}

// endUser is whom the order is about, of whom a draft may not tell yet.
func endUser(told object) object {
	if told == nil {
		return object{"admin": object{}, "location": object{}}
	}
	return told
}

func (o *order) supportKey() any {
	if o.status() == "draft" {
		return nil
	}
	return "sr_" + strings.ReplaceAll(o.id, "-", "")[:6]
}

func firstFifty(numbers []object) []object { return numbers[:min(50, len(numbers))] }

// phoneNumbers are the numbers of an order as Telnyx shows them.
func (o *order) phoneNumbers() []object {
	all := []object{}
	for _, n := range o.numbers {
		at := "Pending"
		if o.status() == "ported" {
			at = "Active"
			if slices.ContainsFunc(o.view.Numbers, func(v simulator.NumberView) bool { return v.Number == n && v.Status == "failed" }) {
				at = "Failed"
			}
		}
		all = append(all, object{
			"phone_number": n.E164(), "phone_number_type": "local", "porting_order_id": o.id, "porting_order_status": o.status(),
			"portability_status": "confirmed", "activation_status": at, "record_type": "porting_phone_number", "requirements_status": "approved",
		})
	}
	return all
}

// messaging is where SMS and MMS stand.
func (o *order) messaging() object {
	words := map[string]string{"": "not_applicable", "waiting": "pending", "active": "ported", "cancelled": "canceled"}
	status := words[o.view.Messaging]
	return object{
		"messaging_capable": true, "enable_messaging": o.patch.Messaging != nil && o.patch.Messaging.Enable,
		"messaging_port_status": status, "messaging_port_completed": status == "ported",
	}
}
