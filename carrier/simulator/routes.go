package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/portsaga/portsaga/porting"
)

const (
	maxNumbers = 20_000  // of one order
	maxBody    = 4 << 20 // lets them through, in bytes
)

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /portability", s.portability)
	mux.HandleFunc("PUT /orders/{port}/{version}", s.order(opSubmit, readOrder))
	mux.HandleFunc("GET /orders/{port}", s.order(opStatus, readNothing))
	mux.HandleFunc("GET /orders", s.openOrders)
	mux.HandleFunc("POST /orders/{port}/cancel", s.order(opCancel, readReason))
	mux.HandleFunc("POST /orders/{port}/activate", s.order(opActivate, readNothing))
	mux.HandleFunc("POST /orders/{port}/reverse", s.order(opReverse, readReason))
	mux.HandleFunc("POST /scenarios", s.chooseScenario)
	s.portOutRoutes(mux)
	s.switchRoutes(mux)
	mux.HandleFunc("GET /effects", func(w http.ResponseWriter, _ *http.Request) { write(w, http.StatusOK, s.Effects()) })
	mux.HandleFunc("GET /requests", func(w http.ResponseWriter, _ *http.Request) { write(w, http.StatusOK, s.Requests()) })
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		write(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	return http.MaxBytesHandler(mux, maxBody)
}

// order serves one operation on an order: read it, do it, answer as the scenario wants.
func (s *Server) order(op string, read func(*http.Request, *request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := request{op: op, port: r.PathValue("port"), id: r.Header.Get(requestIDHeader)}
		if err := read(r, &q); err != nil {
			fail(w, err)
			return
		}
		view, took, how, err := s.perform(q)
		if err != nil {
			fail(w, err)
			return
		}
		if took && how.Hang {
			<-r.Context().Done()
			return
		}
		if !s.dawdle(r, how.Late) {
			return
		}
		write(w, http.StatusOK, view)
	}
}

// dawdle waits before a late answer. It is false when there is nobody left to answer.
func (s *Server) dawdle(r *http.Request, late Span) bool {
	now := s.now()
	wait := time.NewTimer(s.opts.Clock.RealDuration(late.From(now).Sub(now)))
	defer wait.Stop()
	select {
	case <-r.Context().Done():
		return false
	case <-wait.C:
		return true
	}
}

func readNothing(*http.Request, *request) error { return nil }

func readReason(r *http.Request, q *request) error {
	var body reasonRequest
	err := readBody(r, &body)
	q.reason = body.Reason
	return err
}

func readOrder(r *http.Request, q *request) error {
	var err error
	if q.version, err = strconv.Atoi(r.PathValue("version")); err != nil || q.version < 1 {
		return &refusal{codeInvalid, "a version is 1 or more"}
	}
	if err := readBody(r, &q.order); err != nil {
		return err
	}
	return checkNumbers(q.order.Numbers)
}

func checkNumbers(numbers []porting.Number) error {
	if len(numbers) == 0 {
		return &refusal{codeInvalid, "no numbers"}
	}
	if len(numbers) > maxNumbers {
		return &refusal{codeInvalid, fmt.Sprintf("more than %d numbers", maxNumbers)}
	}
	for _, n := range numbers {
		if _, err := porting.ParseNumber(n.E164()); err != nil {
			return &refusal{codeInvalid, err.Error()}
		}
	}
	return nil
}

func (s *Server) portability(w http.ResponseWriter, r *http.Request) {
	var q portabilityRequest
	if err := errors.Join(readBody(r, &q), checkNumbers(q.Numbers)); err != nil {
		fail(w, err)
		return
	}
	write(w, http.StatusOK, s.check(q.Numbers))
}

func (s *Server) openOrders(w http.ResponseWriter, r *http.Request) {
	since, err := time.Parse(time.RFC3339Nano, r.URL.Query().Get("since"))
	if err != nil {
		fail(w, &refusal{codeInvalid, "since is no instant"})
		return
	}
	view, err := s.list(since)
	if err != nil {
		fail(w, err)
		return
	}
	write(w, http.StatusOK, view)
}

func (s *Server) chooseScenario(w http.ResponseWriter, r *http.Request) {
	var c scenarioChoice
	err := readBody(r, &c)
	if err == nil {
		err = s.Choose(c.Reference, c.Scenario)
	}
	if err != nil {
		fail(w, err)
		return
	}
	write(w, http.StatusOK, c)
}

func readBody(r *http.Request, into any) error {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		return &refusal{codeInvalid, "the body is not what this request takes"}
	}
	return nil
}

// statusOf is the HTTP status of each of the carrier's codes.
var statusOf = map[string]int{
	codeUnknown: http.StatusNotFound, codeLocked: http.StatusConflict, codeRefused: http.StatusConflict,
	codeInvalid: http.StatusBadRequest, codeAnswered: http.StatusConflict, codeDown: http.StatusServiceUnavailable,
}

func fail(w http.ResponseWriter, err error) {
	var no *refusal
	if !errors.As(err, &no) {
		write(w, http.StatusInternalServerError, refusal{codeDown, "the carrier cannot write its state"})
		return
	}
	write(w, statusOf[no.Code], no)
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone; there is nobody to tell
}
