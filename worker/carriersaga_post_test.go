package worker_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// letter is a carrier's webhook on its way to us.
type letter struct {
	path   string
	header http.Header
	body   []byte
}

// postman stands between a carrier and our door for news, and treats its webhooks as the network of a story does.
type postman struct {
	url    string
	brings func(context.Context, *postman, letter) // nil brings each as it comes
	day    time.Duration                           // of business time, as it passes

	mu      sync.Mutex
	ours    worker.Neighbours
	ports   *carrierSaga
	closed  bool
	held    *letter
	answers []int // what our door answered, in order
	hints   int   // that reached the saga
}

func (p *postman) opens(n worker.Neighbours, s *carrierSaga) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ours, p.ports = n, s
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
	ours, closed := p.ours, p.closed
	p.mu.Unlock()
	if closed {
		return
	}
	doors := http.NewServeMux()
	doors.Handle("POST /news/{carrier}", ours.News(p, func() time.Time { return at }, slog.New(slog.DiscardHandler)))
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, l.path, bytes.NewReader(l.body))
	request.Header = l.header
	answer := httptest.NewRecorder()
	doors.ServeHTTP(answer, request)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers = append(p.answers, answer.Code)
}

// CarrierEvent implements worker.Hinter.
func (p *postman) CarrierEvent(_ context.Context, id string, e porting.CarrierEvent) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || id != p.ports.port {
		return &porting.Error{Kind: porting.NotFound, Code: "port-unknown", Op: "send carrier-event", Object: id}
	}
	p.hints++
	p.ports.env.SignalWorkflow(porting.MsgCarrierEvent, e)
	return nil
}

// seen is what our door answered, and how many hints came through it.
func (p *postman) seen() (answers []int, hints int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.answers, p.hints
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
