package chaos

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/portsaga/portsaga/devserver/chaos/oracle"
)

// Tricks that the line plays on a request which changes something at the carrier.
const (
	carrierFails = "carrier answers 503"
	carrierHangs = "carrier hangs"
	carrierLoses = "carrier applies, answer lost"
	killsAtOnce  = "killed right after an effect"
)

// line is the way to the carrier: it plays tricks, and remembers every call.
type line struct {
	url, target string
	tally       *tally

	mu     sync.Mutex
	tricks []trick
	spared int // changes since the last trick
	calls  []oracle.Call
}

// mercy is how many changes are let through before the next trick: a carrier that fails most of the time is left alone by the
// gate, and then nothing is tested.
const mercy = 3

// trick is played on the next request that changes something.
type trick struct {
	name  string
	pause time.Duration // of one that takes time
	then  func()        // after the carrier's answer, before anybody hears of it
}

func newLine(t *testing.T, target string, tally *tally) *line {
	t.Helper()
	l := &line{target: target, tally: tally}
	server := httptest.NewServer(l)
	t.Cleanup(server.Close)
	l.url = server.URL
	return l
}

// plays arms a trick, unless some wait already.
func (l *line) plays(t trick) bool {
	const most = 3
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.tricks) >= most {
		return false
	}
	l.tricks = append(l.tricks, t)
	return true
}

// calm forgets the tricks that were not played.
func (l *line) calm() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tricks = nil
}

func (l *line) next(changes bool) trick {
	l.mu.Lock()
	defer l.mu.Unlock()
	if changes {
		l.spared++
	}
	if !changes || len(l.tricks) == 0 || l.spared <= mercy {
		return trick{}
	}
	l.spared = 0
	first := l.tricks[0]
	l.tricks = l.tricks[1:]
	l.tally.add(first.name)
	return first
}

// portOf is the port that a request is about, empty where it is about none.
func portOf(path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	if len(parts) > 1 && (parts[0] == "orders" || parts[0] == "port-outs") {
		return parts[1]
	}
	return ""
}

func (l *line) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	port := portOf(r.URL.Path)
	changes := port != "" && r.Method != http.MethodGet
	index := l.begins(port, changes)
	played := l.next(changes)
	switch played.name {
	case carrierFails:
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case carrierHangs:
		pass(r.Context(), played.pause)
		panic(http.ErrAbortHandler)
	}
	status, body, err := l.forward(r)
	if played.then != nil {
		played.then()
	}
	if err != nil || played.name != "" || r.Context().Err() != nil {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if _, err := w.Write(body); err == nil && status < http.StatusInternalServerError {
		l.answered(index)
	}
}

func (l *line) begins(port string, changes bool) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	if port == "" {
		return -1
	}
	l.calls = append(l.calls, oracle.Call{Port: port, Changes: changes})
	return len(l.calls) - 1
}

func (l *line) answered(index int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if index >= 0 {
		l.calls[index].Answered = true
	}
}

func (l *line) forward(r *http.Request) (status int, body []byte, err error) {
	sent, err := io.ReadAll(r.Body)
	if err != nil {
		return 0, nil, err
	}
	request, err := http.NewRequestWithContext(r.Context(), r.Method, l.target+r.URL.RequestURI(), bytes.NewReader(sent))
	if err != nil {
		return 0, nil, err
	}
	request.Header = r.Header.Clone()
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(answer.Body)
	return answer.StatusCode, body, err
}
