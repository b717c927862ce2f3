package telnyxtest

import (
	"net/http"
	"time"

	"github.com/portsaga/portsaga/carrier/simulator"
)

// gone is what the simulator's answer is when the request ended first: a scenario let it hang.
const gone = 0

// confirm hands an order to the simulator: a draft as its first version, a corrected one as the next.
func (f *Fake) confirm(w http.ResponseWriter, r *http.Request, o *order) {
	f.mu.Lock()
	ready := o.status() == "draft" && f.met(o) || o.status() == "exception"
	if !ready {
		f.mu.Unlock()
		refuse(w, http.StatusUnprocessableEntity, "10015", "Order cannot be submitted", "")
		return
	}
	version := o.view.Version + 1
	request := simulator.OrderRequest{Reference: o.group, Numbers: o.numbers}
	if name := o.group + "/" + o.numbers[0].E164(); f.chosen[name] {
		request.Reference = name
	}
	if o.patch.Activation != nil {
		request.DDD = o.patch.Activation.FOC
	}
	o.tried = true
	f.did("POST /porting_orders/{id}/actions/confirm")
	f.mu.Unlock()

	status := f.simulate(r.Context(), http.MethodPut, "/orders/"+o.part+"/"+decimal(version), request, &simulator.OrderView{})
	f.afterwards(w, status, o, "Order cannot be submitted")
}

func (f *Fake) cancel(w http.ResponseWriter, r *http.Request, o *order) {
	f.mu.Lock()
	sent := o.tried && o.split == nil
	f.mu.Unlock()
	if !sent {
		refuse(w, http.StatusUnprocessableEntity, "10015", "Order cannot be cancelled", "")
		return
	}
	status := f.simulate(r.Context(), http.MethodPost, "/orders/"+o.part+"/cancel", object{}, &simulator.OrderView{})
	f.afterwards(w, status, o, "Order cannot be cancelled")
}

// afterwards answers with the order as the simulator has it now.
func (f *Fake) afterwards(w http.ResponseWriter, status int, o *order, no string) {
	switch status {
	case gone:
	case http.StatusOK:
		f.mu.Lock()
		defer f.mu.Unlock()
		f.look(o)
		write(w, http.StatusOK, object{"data": f.show1(o)})
	default:
		refuse(w, http.StatusUnprocessableEntity, "10015", no, "")
	}
}

func (f *Fake) activate(w http.ResponseWriter, r *http.Request, o *order) {
	if !o.fast || o.split != nil {
		refuse(w, http.StatusUnprocessableEntity, "10015", "Order is not FastPort eligible", "")
		return
	}
	switch status := f.simulate(r.Context(), http.MethodPost, "/orders/"+o.part+"/activate", nil, &simulator.OrderView{}); status {
	case gone:
	case http.StatusOK:
		f.mu.Lock()
		defer f.mu.Unlock()
		f.look(o)
		write(w, http.StatusAccepted, object{"data": f.job(o)})
	default:
		refuse(w, http.StatusUnprocessableEntity, "10015", "Outside of the activation window", "")
	}
}

// jobs lists the activation of an order, which begins to exist with its FOC.
func (f *Fake) jobs(w http.ResponseWriter, r *http.Request, o *order) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := []object{}
	if !o.view.FOC.IsZero() {
		all = append(all, f.job(o))
	}
	page(w, r, all)
}

func (f *Fake) job(o *order) object {
	status := "created"
	switch o.view.Status {
	case "activating":
		status = "in-process"
	case "active":
		status = "completed"
	}
	end := o.view.FOC.Add(14 * time.Hour)
	return object{
		"id": idOf(o.part + "/job"), "record_type": "porting_activation_job", "status": status, "activation_type": "on-demand",
		"activate_at": written(end), "created_at": written(o.updated), "updated_at": written(o.updated),
		"activation_windows": []object{{"start_at": written(o.view.FOC), "end_at": written(end)}},
	}
}

// windows are those of the next three months: every day from midnight on, for sixteen hours.
func (f *Fake) windows(w http.ResponseWriter, _ *http.Request, _ *order) {
	day := f.now().Truncate(24 * time.Hour)
	all := []object{}
	for range 90 {
		day = day.AddDate(0, 0, 1)
		all = append(all, object{"record_type": "porting_order", "started_at": written(day), "ended_at": written(day.Add(16 * time.Hour))})
	}
	write(w, http.StatusOK, object{"data": all})
}
