package sources_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/fraud/sources"
)

// network is a mobile network that answers by path, and keeps what it was asked.
type network struct {
	URL string

	mu      sync.Mutex
	answers map[string]reply
	asked   []question
}

type reply struct {
	status int
	body   string
}

type question struct {
	path    string
	header  http.Header
	body    map[string]any
	rawBody []byte
}

func ok(body string) reply { return reply{http.StatusOK, body} }

func no(status int, code string) reply {
	text, _ := json.Marshal(map[string]any{"status": status, "code": code, "message": "about +12025550123"})
	return reply{status, string(text)}
}

func newNetwork(t *testing.T, answers map[string]reply) *network {
	t.Helper()
	n := &network{answers: answers}
	server := httptest.NewServer(n)
	t.Cleanup(server.Close)
	n.URL = server.URL
	return n
}

func (n *network) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, _ := io.ReadAll(r.Body)
	q := question{path: r.URL.Path, header: r.Header.Clone(), rawBody: text}
	_ = json.Unmarshal(text, &q.body)
	n.mu.Lock()
	n.asked = append(n.asked, q)
	answer, ok := n.answers[r.URL.Path]
	n.mu.Unlock()
	if !ok {
		answer = no(http.StatusNotFound, "NOT_FOUND")
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(answer.status)
	_, _ = io.WriteString(w, answer.body)
}

func (n *network) questions() []question {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.asked
}

// camara asks the network with a two-legged token.
func (n *network) camara() *sources.CAMARA {
	return &sources.CAMARA{Root: n.URL, Tokens: fixedToken{sources.Token{Bearer: "t0k3n"}}}
}

type fixedToken struct{ token sources.Token }

func (f fixedToken) Token(context.Context, string, sources.Subject) (sources.Token, error) {
	return f.token, nil
}

// ask asks one source of several, and returns the evidence.
func ask(t *testing.T, all []sources.Source, name string, s sources.Subject) fraud.Evidence {
	t.Helper()
	for _, source := range all {
		if source.Name == name {
			e, failures := sources.Gather(t.Context(), []sources.Source{source}, s)
			for _, f := range failures {
				require.NotContains(t, f.Err.Error(), "5550123", "an error holds no number")
			}
			return e
		}
	}
	require.Fail(t, "there is no source "+name)
	return fraud.Evidence{}
}

// scopeKeeper gives a token for everything, and remembers the last scope that was asked for.
type scopeKeeper struct{ last string }

func (k *scopeKeeper) Token(_ context.Context, scope string, _ sources.Subject) (sources.Token, error) {
	k.last = scope
	return sources.Token{Bearer: "t0k3n"}, nil
}
