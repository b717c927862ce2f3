package telnyxtest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/portsaga/portsaga/carrier/simulator"
)

// simulatorNews is where the simulator's webhooks come in, each of which goes out as one of Telnyx's.
const simulatorNews = "/simulator-news"

// event is a piece of news that Telnyx keeps.
type event struct {
	of   string // the order's or the port-out's ID
	out  bool
	at   time.Time
	view object
}

func (f *Fake) eventRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /v2/porting/events", func(w http.ResponseWriter, r *http.Request) { f.listEvents(w, r, false) })
	mux.HandleFunc("GET /v2/portouts/events", func(w http.ResponseWriter, r *http.Request) { f.listEvents(w, r, true) })
	mux.HandleFunc("POST /v2/porting/events/{id}/republish", f.republish)
	mux.HandleFunc("POST /v2/portouts/events/{id}/republish", f.republish)
}

// record keeps the news that an order changed.
func (f *Fake) record(o *order) {
	f.keep(event{of: o.id, at: o.updated}, object{
		"event_type": "porting_order.status_changed", "record_type": "porting_event", "porting_order_id": o.id,
		"payload": object{
			"id": o.id, "customer_reference": o.reference, "support_key": o.supportKey(), "updated_at": written(o.updated),
			"status": object{"value": o.status(), "details": o.details()},
		},
	})
}

// recordOut keeps the news that a port-out changed, with the PIN, which nothing else tells.
func (f *Fake) recordOut(v simulator.PortOutView) {
	f.keep(event{of: v.Request.ID, out: true, at: f.last}, object{
		"event_type": "portout.status_changed", "record_type": "portout_event", "portout_id": v.Request.ID,
		"payload": object{
			"id": v.Request.ID, "attempted_pin": v.PIN, "carrier_name": v.Request.Recipient.Name, "spid": v.Request.Recipient.SPID,
			"status": outStatuses[v.Status], "subscriber_name": v.Request.Given.Name,
		},
	})
}

func (f *Fake) keep(e event, view object) {
	view["id"] = idOf("event " + decimal(len(f.events)))
	view["created_at"], view["updated_at"] = written(e.at), written(e.at)
	view["available_notification_methods"], view["payload_status"] = []string{"webhook"}, "completed"
	e.view = view
	f.events = append(f.events, e)
}

func (f *Fake) listEvents(w http.ResponseWriter, r *http.Request, out bool) {
	since, err := time.Parse(time.RFC3339Nano, r.URL.Query().Get("filter[created_at][gte]"))
	if err != nil {
		since = time.Time{}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	all := []object{}
	for _, e := range slices.Backward(f.events) {
		if e.out == out && !e.at.Before(since) {
			all = append(all, e.view)
		}
	}
	page(w, r, all)
}

func (f *Fake) republish(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	i := slices.IndexFunc(f.events, func(e event) bool { return e.view["id"] == r.PathValue("id") })
	if i < 0 {
		f.mu.Unlock()
		refuse(w, http.StatusNotFound, "10005", "Resource not found", "")
		return
	}
	e := f.events[i]
	f.did("POST republish")
	f.mu.Unlock()
	f.deliver(r, e)
	w.WriteHeader(http.StatusNoContent)
}

// forward makes one of Telnyx's webhooks of one of the simulator's: as often, and in the same order.
func (f *Fake) forward(w http.ResponseWriter, r *http.Request) {
	var news simulator.Webhook
	if !read(w, r, &news) {
		return
	}
	w.WriteHeader(f.deliver(r, f.latest(news)))
}

// latest is the last event of what the simulator's news are about.
func (f *Fake) latest(news simulator.Webhook) event {
	if news.PortOut != nil {
		var view simulator.PortOutView
		f.simulate(f.ctx, http.MethodGet, "/port-outs/"+news.Order.Port, nil, &view)
		f.lookOut(view)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	of := news.Order.Port
	for _, o := range slices.Clone(f.orders) {
		if o.part == news.Order.Port {
			f.look(o)
			of = o.id
		}
	}
	for _, e := range slices.Backward(f.events) {
		if e.of == of {
			return e
		}
	}
	return event{}
}

// deliver sends the webhook of an event, and says how it was taken.
func (f *Fake) deliver(r *http.Request, e event) int {
	if f.opts.WebhookURL == "" || e.view == nil {
		return http.StatusOK
	}
	body, err := json.Marshal(object{"data": e.view, "meta": object{"attempt": 1, "delivered_to": f.opts.WebhookURL}})
	if err != nil {
		return http.StatusInternalServerError
	}
	req, err := http.NewRequestWithContext(r.Context(), http.MethodPost, f.opts.WebhookURL, bytes.NewReader(body))
	if err != nil {
		return http.StatusInternalServerError
	}
	req.Header = f.Sign(body, time.Now())
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return http.StatusBadGateway
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body) // so that the connection is used again
	return res.StatusCode
}

// Latest is the webhook body of the last event of a port's order, in its envelope or without.
func (f *Fake) Latest(port string, nested bool) []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range slices.Backward(f.events) {
		payload, _ := e.view["payload"].(object)
		if reference, _ := payload["customer_reference"].(string); !strings.HasPrefix(reference, port+"/") {
			continue
		}
		var told any = e.view
		if nested {
			told = object{"data": e.view}
		}
		body, err := json.Marshal(told)
		if err == nil {
			return body
		}
	}
	return nil
}
