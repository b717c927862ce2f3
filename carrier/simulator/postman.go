package simulator

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/sethvargo/go-retry"

	"github.com/portsaga/portsaga/porting"
)

// The postman's patience: ten tries from a fifth of a second to half a minute apart, about two minutes in all.
const (
	firstRetry = 200 * time.Millisecond
	lastRetry  = 30 * time.Second
	retries    = 9
)

// overtakeWithin is how long, in business time, a webhook waits for the next one to overtake it.
const overtakeWithin = time.Hour

// postman delivers webhooks: those of one order one after the other, those of different orders side by side.
type postman struct {
	url       string
	secret    porting.Secret
	clock     porting.Clock
	log       *slog.Logger
	delivered func(id string)
	http      *http.Client

	ctx   context.Context // ends when the carrier closes
	walks sync.WaitGroup

	mu    sync.Mutex
	bags  map[string][]news // by port; a bag that exists is being delivered
	held  map[string]news   // by port: waits to be overtaken
	timer map[string]*time.Timer
}

func newPostman(ctx context.Context, o Options, delivered func(id string)) *postman {
	return &postman{
		url: o.WebhookURL, secret: o.WebhookSecret, clock: o.Clock, log: o.Log, delivered: delivered,
		http: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxConnsPerHost: 16, MaxIdleConnsPerHost: 16}},
		ctx:  ctx, bags: map[string][]news{}, held: map[string]news{}, timer: map[string]*time.Timer{},
	}
}

// send takes webhooks and returns at once.
func (p *postman) send(all []news) {
	if p.url == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range all {
		p.sort(n)
	}
}

// sort puts a webhook into its order's bag, or holds it back until the next one has overtaken it.
func (p *postman) sort(n news) {
	port := n.Order.Port
	before, waits := p.held[port]
	switch {
	case waits:
		p.timer[port].Stop()
		delete(p.timer, port)
		delete(p.held, port)
		p.bag(n)
		p.bag(before)
	case n.how.Reorder:
		p.held[port] = n
		p.timer[port] = time.AfterFunc(p.clock.RealDuration(overtakeWithin), func() { p.release(n) })
	default:
		p.bag(n)
	}
}

// release sends a webhook that nothing has overtaken.
func (p *postman) release(n news) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held[n.Order.Port].ID == n.ID {
		delete(p.timer, n.Order.Port)
		delete(p.held, n.Order.Port)
		p.bag(n)
	}
}

func (p *postman) bag(n news) {
	if p.ctx.Err() != nil {
		return
	}
	port := n.Order.Port
	bag, walking := p.bags[port]
	p.bags[port] = append(bag, n)
	if !walking {
		p.walks.Go(func() { p.walk(port) })
	}
}

// walk delivers an order's bag until it is empty.
func (p *postman) walk(port string) {
	for n, ok := p.take(port); ok; n, ok = p.take(port) {
		if err := p.deliver(n); err != nil {
			p.log.Warn("webhook not delivered", "id", n.ID, "port", port, "error", err)
			continue
		}
		p.delivered(n.ID)
	}
}

func (p *postman) take(port string) (news, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	bag := p.bags[port]
	if len(bag) == 0 || p.ctx.Err() != nil {
		delete(p.bags, port)
		return news{}, false
	}
	p.bags[port] = bag[1:]
	return bag[0], true
}

// deliver posts a webhook and its duplicates, each until it is taken or patience ends.
func (p *postman) deliver(n news) error {
	body, err := json.Marshal(n.Webhook)
	if err != nil {
		return err
	}
	for range 1 + n.how.Duplicates {
		patience := retry.WithMaxRetries(retries, retry.WithCappedDuration(lastRetry, retry.NewExponential(firstRetry)))
		err := retry.Do(p.ctx, patience, func(ctx context.Context) error { return retry.RetryableError(p.post(ctx, body)) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *postman) post(ctx context.Context, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(SignatureHeader, Sign(p.secret, body, time.Now()))
	res, err := p.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(res.Body, MaxWebhook)); err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("the receiver answers %d", res.StatusCode)
	}
	return nil
}

// close waits for the walks, which end with the context.
func (p *postman) close() {
	p.mu.Lock()
	for _, t := range p.timer {
		t.Stop()
	}
	p.mu.Unlock()
	p.walks.Wait()
	p.http.CloseIdleConnections()
}
