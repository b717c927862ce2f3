package redteam

import (
	"bufio"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

// prompt is a carrier that answers within minutes and moves numbers half an hour later.
const prompt = `
about: The carrier answers within minutes.
steps:
  - {on: submitted, after: 5m, then: confirmed, foc: 30m}
  - {on: supplemented, after: 5m, then: confirmed, foc: 30m}
  - {on: activation-asked, after: 1m, then: activated}
  - {on: cancel-asked, after: 1m, then: cancelled}
  - {on: reversal-asked, after: 1m, then: reversed}
`

// picky is a carrier that wants the first version corrected.
var picky = strings.Replace(prompt, "{on: submitted, after: 5m, then: confirmed, foc: 30m}",
	`{on: submitted, after: 5m, then: rejected, code: ACCOUNT_NUMBER_MISMATCH, text: "Account number does not match our records"}`, 1)

// leisurely is a carrier that gives a date many hours ahead, so that there is time before the activation.
var leisurely = strings.ReplaceAll(prompt, "foc: 30m", "foc: 3h")

// record is a line of the carrier's own journal: the one witness of what moved.
type record struct {
	At      time.Time        `json:"at"` // business time
	Ref     porting.Ref      `json:"ref"`
	Effect  string           `json:"effect"`
	Numbers []porting.Number `json:"numbers"`
}

func readJournal(t testing.TB, file string) []record {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	var all []record
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r record
		require.NoError(t, json.Unmarshal(lines.Bytes(), &r))
		all = append(all, r)
	}
	require.NoError(t, lines.Err())
	return all
}

// line is the way from the gate to the carrier. An attack can hold a kind of call on it, so that a step is surely running.
type line struct {
	url string

	mu   sync.Mutex
	held map[string]*hold // by the last part of a call's path
}

type hold struct {
	came, goOn chan struct{}
	once       sync.Once
}

func newLine(t testing.TB, carrier *simulator.Server) *line {
	t.Helper()
	to, err := url.Parse(carrier.URL())
	require.NoError(t, err)
	l := &line{held: map[string]*hold{}}
	proxy := httputil.NewSingleHostReverseProxy(to)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.waitFor(r)
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		l.releaseAll()
		server.Close()
	})
	l.url = server.URL
	return l
}

func (l *line) waitFor(r *http.Request) {
	l.mu.Lock()
	h := l.held[r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]]
	l.mu.Unlock()
	if h == nil {
		return
	}
	h.once.Do(func() { close(h.came) })
	select {
	case <-h.goOn:
	case <-r.Context().Done():
	}
}

// hold keeps calls of a kind waiting. came is closed when one does; release lets all go on.
func (l *line) hold(kind string) (came <-chan struct{}, release func()) {
	h := &hold{came: make(chan struct{}), goOn: make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held[kind] = h
	return h.came, func() { l.release(kind) }
}

func (l *line) release(kind string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h := l.held[kind]; h != nil {
		close(h.goOn)
		delete(l.held, kind)
	}
}

func (l *line) releaseAll() {
	for _, kind := range []string{"portability", "activate"} {
		l.release(kind)
	}
}
