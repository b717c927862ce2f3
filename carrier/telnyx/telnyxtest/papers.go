package telnyxtest

import (
	"net/http"
	"slices"
	"strconv"
)

type document struct{ id, reference string }

func (f *Fake) paperRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /v2/documents", f.listDocuments)
	mux.HandleFunc("POST /v2/documents", f.upload)
	mux.HandleFunc("GET /v2/porting_orders/{id}/additional_documents", f.on(f.listAttached))
	mux.HandleFunc("POST /v2/porting_orders/{id}/additional_documents", f.on(f.attach))
	mux.HandleFunc("GET /v2/porting_orders/{id}/comments", f.on(func(w http.ResponseWriter, r *http.Request, o *order) { f.listComments(w, r, o.id) }))
	mux.HandleFunc("POST /v2/porting_orders/{id}/comments", f.on(func(w http.ResponseWriter, r *http.Request, o *order) {
		f.comment(w, r, o.id, object{"record_type": "porting_comment", "porting_order_id": o.id, "user_type": "user"})
	}))
}

func (f *Fake) listDocuments(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := []object{}
	for _, d := range f.documents {
		if d.reference == r.URL.Query().Get("filter[customer_reference][eq]") {
			all = append(all, d.view())
		}
	}
	page(w, r, all)
}

func (f *Fake) upload(w http.ResponseWriter, r *http.Request) {
	var sent struct {
		File              []byte `json:"file"`
		Filename          string `json:"filename"`
		CustomerReference string `json:"customer_reference"`
	}
	if !read(w, r, &sent) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	d := document{id: idOf("document " + decimal(len(f.documents))), reference: sent.CustomerReference}
	f.documents = append(f.documents, d)
	f.did("POST /documents")
	write(w, http.StatusOK, object{"data": d.view()})
}

func (d document) view() object {
	return object{"id": d.id, "record_type": "document", "customer_reference": d.reference, "status": "pending"}
}

// met reports whether an order has the documents that it needs.
func (f *Fake) met(o *order) bool {
	d := o.patch.Documents
	return !f.opts.NeedsDocuments || d != nil && d.LOA != "" && d.Invoice != ""
}

func (f *Fake) requirements(w http.ResponseWriter, r *http.Request, o *order) {
	f.mu.Lock()
	defer f.mu.Unlock()
	loa, invoice := "", ""
	if d := o.patch.Documents; d != nil {
		loa, invoice = d.LOA, d.Invoice
	}
	page(w, r, []object{requirement("Letter of Authorization (LOA)", loa), requirement("Latest Invoice", invoice)})
}

func requirement(name, value string) object {
	r := object{
		"record_type": "porting_requirement", "field_type": "document", "requirement_status": "requirement-info-pending",
		"requirement_type": object{"id": idOf(name), "name": name, "type": "document"},
	}
	if value != "" {
		r["field_value"] = value
	}
	return r
}

func (f *Fake) listAttached(w http.ResponseWriter, r *http.Request, o *order) {
	f.mu.Lock()
	defer f.mu.Unlock()
	page(w, r, f.comments["documents of "+o.id])
}

func (f *Fake) attach(w http.ResponseWriter, r *http.Request, o *order) {
	var sent struct {
		Documents []struct {
			ID   string `json:"document_id"`
			Type string `json:"document_type"`
		} `json:"additional_documents"`
	}
	if !read(w, r, &sent) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	added := []object{}
	for _, d := range sent.Documents {
		added = append(added, object{
			"id": idOf(o.id + d.ID), "record_type": "porting_additional_document", "document_id": d.ID, "document_type": d.Type,
			"porting_order_id": o.id, "created_at": written(f.now()), "updated_at": written(f.now()),
		})
	}
	f.comments["documents of "+o.id] = append(f.comments["documents of "+o.id], added...)
	f.did("POST /porting_orders/{id}/additional_documents")
	write(w, http.StatusCreated, object{"data": added})
}

func (f *Fake) listComments(w http.ResponseWriter, r *http.Request, of string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	page(w, r, slices.Clone(f.comments[of]))
}

// comment keeps what was said, with what Telnyx adds to it.
func (f *Fake) comment(w http.ResponseWriter, r *http.Request, of string, with object) {
	var said struct {
		Body string `json:"body"`
	}
	if !read(w, r, &said) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	with["id"], with["body"], with["created_at"] = idOf(of+said.Body), said.Body, written(f.now())
	f.comments[of] = append(f.comments[of], with)
	f.did("POST comment")
	write(w, http.StatusCreated, object{"data": with})
}

func decimal(n int) string { return strconv.Itoa(n) }
