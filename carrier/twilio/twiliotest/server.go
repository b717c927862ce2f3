// Package twiliotest is Twilio's Porting API for tests: a service with its own state that answers as the published
// description says, in front of the simulated carrier, whose scenarios decide what becomes of an order. Like Twilio it
// takes the same order twice if it is sent twice, and moves the numbers by itself at the port date.
package twiliotest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/carrier/twilio"
	"github.com/portsaga/portsaga/porting"
)

// The account that every Server has, how it signs in and with what it signs its news.
const (
	Account = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	Key     = "SKaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	Secret  = porting.Secret("keysecret")
	Token   = porting.Secret("authtoken")
	Mailbox = "loa@ports.example"
)

// Options say how the service is run.
type Options struct {
	Clock       porting.Clock    // business time
	NotPortable []porting.Number // numbers that the portability check denies
	RefuseHeld  bool             // a number that an open order holds is refused, and not portable
	WebhookURL  string           // where news go; none when empty
	PageSize    int              // of the list, whatever larger size is asked for; 100 when zero
	// Wrap is put around the API, to see what comes and goes; nothing is when nil.
	Wrap func(http.Handler) http.Handler
}

// Server is a running service.
type Server struct {
	opts Options
	http *httptest.Server
	sim  *simulator.Server
	desk *simulator.Client

	mu       sync.Mutex
	orders   []*order // in the order in which they came
	chosen   map[string]string
	unsigned map[string]bool
	target   string // of the webhook configuration
	bills    int
}

// Start runs the service until Close, or until ctx ends.
func Start(ctx context.Context, o Options) (*Server, error) {
	s := &Server{opts: o, chosen: map[string]string{}, unsigned: map[string]bool{}, target: o.WebhookURL}
	var api http.Handler = s.routes()
	if o.Wrap != nil {
		api = o.Wrap(api)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /simulator", s.news)
	mux.Handle("/", api)
	s.http = httptest.NewServer(mux)
	sim, err := simulator.Start(ctx, simulator.Options{
		Clock: o.Clock, NotPortable: o.NotPortable, WebhookURL: s.http.URL + "/simulator", WebhookSecret: Secret,
	})
	if err != nil {
		s.http.Close()
		return nil, err
	}
	s.sim, s.desk = sim, &simulator.Client{URL: sim.URL()}
	for name, scenario := range simulator.Builtin() {
		s.Learn(name, scenario)
	}
	return s, nil
}

// Close stops the service.
func (s *Server) Close() error {
	s.http.CloseClientConnections()
	err := s.sim.Close()
	s.http.Close()
	return err
}

// Learn adds a scenario. Its numbers move at the FOC, not when somebody asks; a corrected order is a new one, for which what
// it says of supplements holds.
func (s *Server) Learn(name string, scenario simulator.Scenario) {
	first, corrected := scenario, scenario
	first.Name, corrected.Name = name, name+again
	first.Steps, corrected.Steps = nil, nil
	for _, step := range scenario.Steps {
		if step.On == simulator.ActivationAsked {
			after := step.After
			step.On, step.After, step.AfterFOC = simulator.Confirmed, simulator.Span{}, &after
		}
		first.Steps = append(first.Steps, step)
		if step.On == simulator.Submitted {
			continue
		}
		if step.On == simulator.Supplemented {
			step.On = simulator.Submitted
		}
		corrected.Steps = append(corrected.Steps, step)
	}
	s.sim.Learn(first)
	s.sim.Learn(corrected)
}

// again ends the name of a scenario as it is played for a corrected order.
const again = " again"

// URL is where the service listens.
func (s *Server) URL() string { return s.http.URL }

// Settings are those of a client of this service, who waits a second for an order whose answer was lost.
func (s *Server) Settings(book twilio.Book) twilio.Settings {
	return Settings(s.URL(), s.opts.Clock, book)
}

// Settings are those of a client of the test account at a URL.
func Settings(url string, clock porting.Clock, book twilio.Book) twilio.Settings {
	return twilio.Settings{
		Account: Account, Key: Key, Secret: Secret, Mailbox: Mailbox, Documents: Bill{}, Book: book, Clock: clock, URL: url, Settle: time.Second,
	}
}

// Choose makes the service treat a port, which is yet to be sent, by a scenario.
func (s *Server) Choose(port, scenario string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.chosen[port] = scenario
}

// AwaitSignature makes the LOA of a port wait for its signature until Sign.
func (s *Server) AwaitSignature(port string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsigned[port] = true
}

// Sign signs the LOA of a port.
func (s *Server) Sign(port string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.unsigned, port)
}

// Effects lists what our requests for a port did, in order.
func (s *Server) Effects(port string) []string {
	var names []string
	for _, e := range s.sim.Effects() {
		if o := s.find(e.Ref.Port); o != nil && o.port == port {
			names = append(names, e.Effect)
		}
	}
	return names
}

// Target is the URL to which the service was last told to post its news.
func (s *Server) Target() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.target
}

func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/Porting/Portability/PhoneNumber/{number}", s.known(s.portability))
	mux.HandleFunc("POST /v1/Porting/PortIn", s.known(s.create))
	mux.HandleFunc("GET /v1/Porting/PortIn/PortInRequests", s.known(s.list))
	mux.HandleFunc("GET /v1/Porting/PortIn/{sid}", s.known(s.fetch))
	mux.HandleFunc("DELETE /v1/Porting/PortIn/{sid}", s.known(s.cancel))
	mux.HandleFunc("POST /v1/Porting/Configuration/Webhook", s.known(s.subscribe))
	mux.HandleFunc("POST /v1/Documents", s.known(s.upload))
	return mux
}

// known serves who signs in, and answers what a handler says.
func (s *Server) known(serve func(*http.Request) (int, any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != Key || password != Secret.Reveal() {
			write(w, http.StatusUnauthorized, fault{20003, "Authenticate", http.StatusUnauthorized})
			return
		}
		status, body, err := serve(r)
		var no fault
		switch {
		case errors.As(err, &no):
			write(w, no.Status, no)
		case porting.KindOf(err) == porting.Refused:
			write(w, http.StatusConflict, fault{20409, "it cannot be done", http.StatusConflict})
		case porting.KindOf(err) == porting.NotFound:
			write(w, http.StatusNotFound, fault{20404, "no such request", http.StatusNotFound})
		case err != nil:
			write(w, http.StatusServiceUnavailable, map[string]string{"message": "unavailable"})
		case body == nil:
			w.WriteHeader(status)
		default:
			write(w, status, body)
		}
	}
}

// fault is an error as Twilio writes it.
type fault struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Status  int    `json:"status"`
}

func (f fault) Error() string { return fmt.Sprintf("%d: %s", f.Code, f.Message) }

func bad(code int, message string) fault { return fault{code, message, http.StatusBadRequest} }

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may be gone; there is nobody to tell
}

func (s *Server) portability(r *http.Request) (int, any, error) {
	number, err := porting.ParseNumber(r.PathValue("number"))
	if err != nil {
		return 0, nil, bad(21211, "no phone number")
	}
	told, err := s.desk.Portability(r.Context(), []porting.Number{number})
	if err != nil {
		return 0, nil, err
	}
	answer := map[string]any{
		"phone_number": number.E164(), "portable": told[0].Portable, "pin_and_account_number_required": false,
		"not_portable_reason": nil, "not_portable_reason_code": nil, "number_type": "LOCAL", "country": "US",
		"url": "https://numbers.twilio.com" + r.URL.Path,
	}
	switch {
	case !told[0].Portable:
		answer["not_portable_reason"], answer["not_portable_reason_code"] = "UNSUPPORTED", 22130
	case s.opts.RefuseHeld && s.held(r.Context(), number):
		answer["portable"], answer["not_portable_reason"], answer["not_portable_reason_code"] = false, "ALREADY_IN_ONE_OF_YOUR_PORTS", 22137
	}
	return http.StatusOK, answer, nil
}

func (s *Server) subscribe(r *http.Request) (int, any, error) {
	var body struct {
		Target string   `json:"port_in_target_url"`
		Filter []string `json:"notifications_of"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || !strings.HasPrefix(body.Target, "http") {
		return 0, nil, bad(20001, "no target")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.target = body.Target
	return http.StatusCreated, map[string]any{
		"port_in_target_url": body.Target, "notifications_of": body.Filter,
		"url": "https://numbers.twilio.com/v1/Porting/Configuration/Webhook",
	}, nil
}

func (s *Server) upload(r *http.Request) (int, any, error) {
	file, _, err := r.FormFile("File")
	if err != nil || r.FormValue("document_type") != "utility_bill" {
		return 0, nil, bad(20001, "no utility bill")
	}
	defer file.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bills++
	return http.StatusCreated, map[string]any{"sid": fmt.Sprintf("RD%032x", s.bills), "mime_type": "application/pdf"}, nil
}
