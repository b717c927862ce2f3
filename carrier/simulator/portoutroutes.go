package simulator

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// answerRequest is the body of our answer.
type answerRequest struct {
	Kind   porting.AnswerKind `json:"kind"`
	Reason porting.Reason     `json:"reason,omitempty"`
	Cite   string             `json:"cite,omitempty"`
}

type portOutList struct {
	PortOuts []PortOutView `json:"port_outs"`
}

// Operations on port-outs, as they are counted.
const (
	opAnswer     = "answer-port-out"
	opReadOut    = "read-port-out"
	opListOuts   = "list-port-outs"
	codeAnswered = "port-out-answered"
)

func (s *Server) portOutRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /port-outs", s.sendPortOut)
	mux.HandleFunc("GET /port-outs", s.listPortOuts)
	mux.HandleFunc("GET /port-outs/{id}", s.readPortOut)
	mux.HandleFunc("POST /port-outs/{id}/answer", s.answerPortOut)
}

// sendPortOut has a counterparty ask us for numbers.
func (s *Server) sendPortOut(w http.ResponseWriter, r *http.Request) {
	var p PortOut
	err := readBody(r, &p)
	if err == nil {
		err = s.SendPortOut(p)
	}
	if err != nil {
		fail(w, err)
		return
	}
	write(w, http.StatusOK, p)
}

func (s *Server) listPortOuts(w http.ResponseWriter, r *http.Request) {
	since, err := time.Parse(time.RFC3339Nano, r.URL.Query().Get("since"))
	if err != nil {
		fail(w, &refusal{codeInvalid, "since is no instant"})
		return
	}
	views, err := s.portOuts(since)
	if err != nil {
		fail(w, err)
		return
	}
	write(w, http.StatusOK, portOutList{views})
}

func (s *Server) readPortOut(w http.ResponseWriter, r *http.Request) {
	view, _, _, err := s.performOut(opReadOut, r.PathValue("id"), "", nil)
	if err != nil {
		fail(w, err)
		return
	}
	write(w, http.StatusOK, view)
}

func (s *Server) answerPortOut(w http.ResponseWriter, r *http.Request) {
	var a answerRequest
	if err := readBody(r, &a); err != nil {
		fail(w, err)
		return
	}
	view, took, how, err := s.performOut(opAnswer, r.PathValue("id"), r.Header.Get(requestIDHeader), &a)
	if err != nil {
		fail(w, err)
		return
	}
	if took && how.Hang {
		<-r.Context().Done()
		return
	}
	if s.dawdle(r, how.Late) {
		write(w, http.StatusOK, view)
	}
}

// LearnPortOut adds a port-out scenario, or replaces the one of its name.
func (d *desk) LearnPortOut(s PortOutScenario) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.book.outScenarios[s.Name] = s
}

// SendPortOut has a counterparty ask us for numbers. A request that is sent twice is one.
func (d *desk) SendPortOut(p PortOut) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := d.book.send(p, d.now())
	d.follow(outKey(p.Request.ID))
	return err
}

// performOut does one request about a port-out; a is nil for one that only reads.
func (d *desk) performOut(op, id, requestID string, a *answerRequest) (view PortOutView, took bool, how Answer, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.counts[op]++
	key := outKey(id)
	o := d.book.outs[key]
	if o == nil {
		return view, false, how, &refusal{codeUnknown, "no port-out " + id}
	}
	if a != nil {
		how = d.book.outScenarios[o.Scenario].Answer
	}
	if d.fails(request{op: op, port: key}, how.Fail) {
		return view, false, how, &refusal{codeDown, "try again later"}
	}
	now := d.now()
	if err := d.book.runOut(o, now); err != nil {
		return view, false, how, err
	}
	if a != nil {
		took, err = d.book.answer(o, *a, requestID, now)
	}
	d.follow(key)
	return o.view(), took, how, err
}

// portOuts lists the port-outs, each as it stands now.
func (d *desk) portOuts(since time.Time) ([]PortOutView, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.counts[opListOuts]++
	now := d.now()
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(d.book.outs)) {
		errs = append(errs, d.book.runOut(d.book.outs[key], now))
		d.follow(key)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("list port-outs: %w", err)
	}
	return d.book.sentSince(since), nil
}
