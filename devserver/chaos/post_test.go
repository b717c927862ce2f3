package chaos

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/devserver/chaos/oracle"
	"github.com/portsaga/portsaga/porting"
)

// Tricks that the post plays on the carrier's news.
const (
	newsTwice     = "news duplicated"
	newsLate      = "news late"
	newsReordered = "news reordered"
)

// post brings the carrier's news to the front door.
type post struct {
	url, door string
	tally     *tally
	carrying  sync.WaitGroup
	ctx       context.Context

	mu     sync.Mutex
	tricks []trick
	forged []oracle.Forged
}

func newPost(t *testing.T, door string, tally *tally) *post {
	t.Helper()
	p := &post{door: door, tally: tally, ctx: t.Context()}
	server := httptest.NewServer(p)
	t.Cleanup(func() {
		server.Close()
		p.carrying.Wait()
	})
	p.url = server.URL
	return p
}

func (p *post) plays(t trick) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tricks = append(p.tricks, t)
}

func (p *post) calm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tricks = nil
}

func (p *post) next() trick {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.tricks) == 0 {
		return trick{}
	}
	first := p.tricks[0]
	p.tricks = p.tricks[1:]
	p.tally.add(first.name)
	return first
}

func (p *post) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	n := news{r.URL.Path, r.Header.Clone(), body}
	played := p.next()
	switch played.name {
	case newsTwice:
		for range 2 {
			p.carrying.Go(func() { p.repeat(n) })
		}
	case newsLate:
		pass(r.Context(), played.pause)
	case newsReordered:
		p.carrying.Go(func() { p.insist(n, played.pause) }) // the carrier believes that it is there, and goes on to the next
		w.WriteHeader(http.StatusNoContent)
		return
	}
	status, err := p.bring(r.Context(), n)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(status)
}

// news is what the carrier says, as it came.
type news struct {
	path   string
	header http.Header
	body   []byte
}

func (p *post) bring(ctx context.Context, n news) (status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, p.door+n.path, bytes.NewReader(n.body))
	if err != nil {
		return 0, err
	}
	request.Header = n.header
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}

// repeat brings news once more; whether they arrive does not count.
func (p *post) repeat(n news) { _, _ = p.bring(p.ctx, n) }

// insist brings news later, until somebody takes them.
func (p *post) insist(n news, after time.Duration) {
	if !pass(p.ctx, after) {
		return
	}
	until(p.ctx, time.Second, func() bool {
		status, err := p.bring(p.ctx, n)
		return err == nil && status < http.StatusInternalServerError
	})
}

// lie tells the door what is not so, signed or not. What is not signed must be refused; it reports whether anybody was there.
func (p *post) lie(ctx context.Context, body []byte, signed bool) bool {
	secret := newsSecret
	if !signed {
		secret = "a guess"
	}
	header := http.Header{"Content-Type": {"application/json"}}
	header.Set(simulator.SignatureHeader, simulator.Sign(porting.Secret(secret), body, time.Now()))
	status, err := p.bring(ctx, news{"/news/simulator", header, body})
	if err != nil {
		return false
	}
	if !signed {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.forged = append(p.forged, oracle.Forged{At: time.Now(), Status: status})
	}
	return true
}
