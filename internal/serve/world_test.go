package serve_test

import (
	"context"
	"errors"
	"html"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/link"
	"github.com/portsaga/portsaga/internal/serve"
	"github.com/portsaga/portsaga/porting"
)

var noon = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

var errEngine = errors.New("the engine is down")

// sagas hear revocations, from links and from services, and remember how the fence stood then.
type sagas struct {
	books *ledger.Ledger

	mu     sync.Mutex
	err    error
	heard  []porting.Revoke
	fences []ledger.FenceState
}

func (s *sagas) Tell(ctx context.Context, port string, r porting.Revoke) error {
	_, err := s.Revoke(ctx, port, r)
	return err
}

func (s *sagas) Revoke(ctx context.Context, port string, r porting.Revoke) (porting.Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fence, err := s.books.Fence(ctx, port)
	if err != nil {
		return porting.Answer{}, &porting.Error{Kind: porting.NotFound, Code: "port-not-found", Op: "revoke port", Object: port, Detail: "there is no such port"}
	}
	s.heard, s.fences = append(s.heard, r), append(s.fences, fence.State)
	return porting.Answer{ID: port, Accepted: true, Stage: porting.RollingBack, Says: "stopping"}, s.err
}

// world is the door before a real ledger with two ports: pi-1 of acme and pi-2 of other.
type world struct {
	books   *ledger.Ledger
	sagas   *sagas
	handler http.Handler
	now     time.Time
	token   string // of the service of all tenants
	acme    string // of the service of acme
}

func newWorld(t *testing.T, change ...func(*serve.Options)) *world {
	t.Helper()
	books, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = books.Close() })
	for port, tenant := range map[string]string{"pi-1": "acme", "pi-2": "other"} {
		_, err = books.Claim(t.Context(), ledger.Claim{
			PortID: port, Direction: porting.PortIn, Tenant: tenant, Reference: port, Run: "run", At: noon,
			Numbers: []ledger.NumberClaim{{Token: port, Masked: "+1…0123"}},
		})
		require.NoError(t, err)
	}
	w := &world{books: books, sagas: &sagas{books: books}, now: noon}
	all, token := serve.NewService("billing", "")
	acme, acmeToken := serve.NewService("acme-crm", "acme")
	w.token, w.acme = token, acmeToken
	now := func() time.Time { return w.now }
	o := serve.Options{
		Desk:   &link.Desk{Books: books, Ports: w.sagas, Now: now, Log: slog.New(slog.DiscardHandler)},
		Fences: books, Ports: w.sagas, Services: []serve.Service{all, acme}, Now: now, Health: books.Ping, Help: "Call 0800 000.",
		Log: slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&o)
	}
	w.handler, err = serve.Handler(o)
	require.NoError(t, err)
	return w
}

// give is the token of a new link that stops a port.
func (w *world) give(t *testing.T, port string) string {
	t.Helper()
	token, kept := link.New(port, "nt-1", noon, time.Hour)
	require.NoError(t, w.books.NewLink(t.Context(), kept))
	return string(token)
}

func (w *world) do(r *http.Request) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	w.handler.ServeHTTP(answer, r)
	return answer
}

func (w *world) get(t *testing.T, path string) *httptest.ResponseRecorder {
	t.Helper()
	return w.do(httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
}

func (w *world) press(t *testing.T, token string) *httptest.ResponseRecorder {
	t.Helper()
	return w.do(form(t, token))
}

func form(t *testing.T, token string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/stop/?lang=en", strings.NewReader(url.Values{"token": {token}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// revoke asks as a service does.
func (w *world) revoke(t *testing.T, port, token, body string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/ports/"+port+"/revoke", strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return w.do(r)
}

func (w *world) fence(t *testing.T, port string) ledger.FenceState {
	t.Helper()
	f, err := w.books.Fence(t.Context(), port)
	require.NoError(t, err)
	return f.State
}

func (w *world) requireOpen(t *testing.T) {
	t.Helper()
	require.Equal(t, ledger.FenceOpen, w.fence(t, "pi-1"))
	require.Equal(t, ledger.FenceOpen, w.fence(t, "pi-2"))
	require.Empty(t, w.sagas.heard)
}

// text is an answer's body as people read it.
func text(_ *testing.T, answer *httptest.ResponseRecorder) string {
	return html.UnescapeString(answer.Body.String())
}
