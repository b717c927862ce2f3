package worker_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/testsuite"

	"github.com/portsaga/portsaga/internal/serve"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// letter is a carrier's webhook on its way to us.
type letter struct {
	path   string
	header http.Header
	body   []byte
}

// signals takes hints to the one port of a test environment.
type signals struct {
	env  *testsuite.TestWorkflowEnvironment
	port string

	mu    sync.Mutex
	runs  bool
	taken int
}

// begin takes hints from the port's start on.
func (s *signals) begin() {
	s.env.RegisterDelayedCallback(func() { s.set(true) }, 0)
}

func (s *signals) set(runs bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.runs = runs
}

// CarrierEvent implements worker.Hinter.
func (s *signals) CarrierEvent(_ context.Context, id string, e porting.CarrierEvent) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.runs || id != s.port {
		return &porting.Error{Kind: porting.NotFound, Code: "port-unknown", Op: "send carrier-event", Object: id}
	}
	s.taken++
	s.env.SignalWorkflow(porting.MsgCarrierEvent, e)
	return nil
}

func (s *signals) hints() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}

// postman stands between a carrier and our door for news, and treats its webhooks as the network of a story does.
type postman struct {
	url    string
	brings func(context.Context, *postman, letter) // nil brings each as it comes
	day    time.Duration                           // of business time, as it passes

	mu      sync.Mutex
	ours    worker.Neighbours
	file    string // the carriers file, as the door reads it
	ports   worker.Hinter
	closed  bool
	held    *letter
	answers []int // what our door answered, in order
}

// newPostman is a postman, who knows where our door is only later.
func newPostman(t *testing.T, day time.Duration, brings func(context.Context, *postman, letter)) *postman {
	t.Helper()
	p := &postman{brings: brings, day: day}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

// knows tells the postman where our door is.
func (p *postman) knows(n worker.Neighbours, file string, ports worker.Hinter) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ours, p.file, p.ports = n, file, ports
}

// close ends the post: what is still on its way is lost.
func (p *postman) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
}

// ServeHTTP takes a webhook from the carrier.
func (p *postman) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	l := letter{r.URL.RequestURI(), r.Header.Clone(), body}
	if p.brings == nil {
		asItComes(r.Context(), p, l)
	} else {
		p.brings(r.Context(), p, l)
	}
	w.WriteHeader(http.StatusOK)
}

// deliver brings a letter to our door at an instant of the door's clock.
func (p *postman) deliver(ctx context.Context, l letter, at time.Time) {
	p.mu.Lock()
	ours, file, ports, closed := p.ours, p.file, p.ports, p.closed
	p.mu.Unlock()
	if closed || ports == nil {
		return
	}
	quiet := slog.New(slog.DiscardHandler)
	news, err := worker.OpenNews(worker.Settings{CarriersFile: file}, ports, ours.Ledger, quiet)
	if err != nil {
		panic(err) // the door would not have opened
	}
	news.Now = func() time.Time { return at }
	doors, err := serve.Handler(serve.Options{News: news, Log: quiet})
	if err != nil {
		panic(err)
	}
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, l.path, bytes.NewReader(l.body))
	request.Header = l.header
	answer := httptest.NewRecorder()
	doors.ServeHTTP(answer, request)
	ours.NewsReader(forGates(ports)).Look(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers = append(p.answers, answer.Code)
}

// forGates are the ports as a gate tells them, which opens ports for requests where the test does.
func forGates(ports worker.Hinter) worker.NewsPorts {
	if both, opens := ports.(worker.NewsPorts); opens {
		return both
	}
	return opensNone{ports}
}

type opensNone struct{ worker.Hinter }

func (opensNone) StartPortOut(_ context.Context, r porting.PortOutRequest) (porting.Answer, error) {
	return porting.Answer{}, &porting.Error{Kind: porting.Refused, Code: "no-port-outs", Op: "start port-out", Object: r.PortID()}
}

// answered is what our door answered.
func (p *postman) answered() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.answers
}

func asItComes(ctx context.Context, p *postman, l letter) { p.deliver(ctx, l, time.Now()) }

func isLost(context.Context, *postman, letter) {}

func comesThreeTimes(ctx context.Context, p *postman, l letter) {
	for range 3 {
		p.deliver(ctx, l, time.Now())
	}
}

// isOvertaken holds each letter until the next one is there. The last one never comes.
func isOvertaken(ctx context.Context, p *postman, l letter) {
	p.mu.Lock()
	before := p.held
	p.held = &l
	if before != nil {
		p.held = nil
	}
	p.mu.Unlock()
	if before != nil {
		p.deliver(ctx, l, time.Now())
		p.deliver(ctx, *before, time.Now())
	}
}

func comesADayLate(ctx context.Context, p *postman, l letter) {
	ctx = context.WithoutCancel(ctx)
	time.AfterFunc(p.day, func() { p.deliver(ctx, l, time.Now()) })
}

// isForged brings, in the place of each letter, one that says the same with other bytes, under the same signature.
func isForged(ctx context.Context, p *postman, l letter) {
	p.deliver(ctx, letter{l.path, l.header, append(bytes.Clone(l.body), ' ')}, time.Now())
}

// isReplayed brings each letter, and again when a day has passed on our door's clock.
func isReplayed(ctx context.Context, p *postman, l letter) {
	p.deliver(ctx, l, time.Now())
	p.deliver(ctx, l, time.Now().Add(24*time.Hour))
}
