package chaos

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/devserver/chaos/oracle"
	"github.com/portsaga/portsaga/porting"
)

// The same seed chooses the same ports, and every choice is a port that can be ordered.
func TestChoicesAreTheSeeds(t *testing.T) {
	t.Parallel()
	a, b, other := newChooser(7), newChooser(7), newChooser(8)
	same, out, revoked, numbers := true, 0, 0, map[string]bool{}
	for range 200 {
		c := a.next()
		require.Equal(t, c, b.next())
		same = same && c == other.next()
		numbers[c.Number] = true
		if c.Revoked > 0 {
			revoked++
		}
		if c.Direction == porting.PortOut {
			out++
			continue
		}
		order, err := orderOf(c)
		require.NoError(t, err)
		require.Equal(t, c.ID, porting.PortID(porting.PortIn, order.TenantOrDefault(), order.Reference))
		require.Contains(t, scenarios, c.Scenario)
	}
	require.False(t, same, "another seed, other choices")
	require.NotZero(t, out)
	require.NotZero(t, revoked)
	require.Less(t, len(numbers), 200, "some ports want the number of another")
}

func TestFaultsAreTheSeeds(t *testing.T) {
	t.Parallel()
	h := &house{links: map[string]*link{theGate: nil, theTrust: nil}}
	all, again := h.faults(), h.faults()
	for i := range 300 {
		require.Equal(t, pick(all, i%60).name, pick(again, i%60).name)
	}
}

// Every kind of fault has its turn before any comes twice, also one that could not strike at first.
func TestEveryFaultHasItsTurn(t *testing.T) {
	t.Parallel()
	n := newNemesis(&house{tally: newTally()}, nil)
	tries := 0
	n.due = []fault{
		{name: "shy", strike: func(context.Context, *nemesis, *rand.Rand) bool { tries++; return tries > 2 }},
		{name: "away", away: true, strike: func(context.Context, *nemesis, *rand.Rand) bool { return true }},
	}
	for range atOnce {
		require.True(t, n.enters())
	}
	f, enters := n.first()
	require.True(t, enters)
	require.Equal(t, "shy", f.name)
	n.strike(t.Context(), f, nil)
	_, enters = n.first()
	require.True(t, enters, "it comes again")
	_, enters = n.first()
	require.False(t, enters, "as much is away as may be")
	<-n.room
	f, enters = n.first()
	require.True(t, enters)
	require.Equal(t, "away", f.name)
	n.strike(t.Context(), f, nil)
	require.Equal(t, 1, n.house.tally.of("away"))
	require.Empty(t, n.due)
}

// What a process says in the end is kept, from where it breaks.
func TestLastWords(t *testing.T) {
	t.Parallel()
	require.Equal(t, "b\nc", lastWords("a\nb\nc", 3))
	long := "before\npanic: it fell\n\ngoroutine 1\n" + strings.Repeat("trace\n", 100)
	require.True(t, strings.HasPrefix(lastWords(long, 50), "panic: it fell\n"))
	tally := newTally()
	tally.gaveUp("engine", "panic: it fell\ngoroutine 1")
	_, gone, _ := tally.counts()
	require.Equal(t, []string{"engine: goroutine 1"}, gone)
	require.Equal(t, []string{"engine said:\npanic: it fell\ngoroutine 1"}, tally.lastWords())
}

// A link that is cut lets nothing pass; mended, it lets new connections pass and ends the old ones.
func TestLink(t *testing.T) {
	t.Parallel()
	echo, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer echo.Close()
	go func() {
		for {
			c, err := echo.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c) }()
		}
	}()
	l := newLink(t, echo.Addr().String())
	c := dial(t, l)
	require.Equal(t, "one", c.says("one"))
	require.True(t, l.cut())
	require.False(t, l.cut(), "it is cut already")
	require.Empty(t, c.says("two"), "nothing passes")
	l.mend()
	require.Equal(t, "three", dial(t, l).says("three"))
	require.Empty(t, c.says("four"), "what was cut is gone")
}

type caller struct {
	net.Conn
	in *bufio.Reader
}

func dial(t *testing.T, l *link) caller {
	t.Helper()
	c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.address())
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return caller{c, bufio.NewReader(c)}
}

// says sends a line and returns what comes back soon.
func (c caller) says(text string) string {
	_ = c.SetDeadline(time.Now().Add(300 * time.Millisecond))
	if _, err := fmt.Fprintln(c, text); err != nil {
		return ""
	}
	back, err := c.in.ReadString('\n')
	if err != nil {
		return ""
	}
	return back[:len(back)-1]
}

// The line plays each trick once, on requests that change something, and remembers who was given an answer.
func TestLine(t *testing.T) {
	t.Parallel()
	var done atomic.Int32
	carrier := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { done.Add(1) }))
	defer carrier.Close()
	l := newLine(t, carrier.URL, newTally())
	ask := func(method string) int {
		request, err := http.NewRequestWithContext(t.Context(), method, l.url+"/orders/p/1", http.NoBody)
		require.NoError(t, err)
		answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
		if err != nil {
			return 0
		}
		require.NoError(t, answer.Body.Close())
		return answer.StatusCode
	}
	killed := false
	l.spared = mercy
	for _, played := range []trick{{name: carrierFails}, {name: carrierHangs}, {name: carrierLoses}} {
		require.True(t, l.plays(played))
	}
	require.False(t, l.plays(trick{name: carrierFails}), "enough wait already")
	require.Equal(t, http.StatusOK, ask(http.MethodGet), "a look is let alone")
	require.Equal(t, http.StatusServiceUnavailable, ask(http.MethodPost))
	require.EqualValues(t, 1, done.Load(), "it was not done")
	for range mercy {
		require.Equal(t, http.StatusOK, ask(http.MethodPost), "most are spared")
	}
	require.Zero(t, ask(http.MethodPost))
	require.EqualValues(t, 1+mercy, done.Load(), "what hung was not done")
	l.spared = mercy
	require.Zero(t, ask(http.MethodDelete))
	require.EqualValues(t, 2+mercy, done.Load(), "it was done, and nobody was told")
	l.spared = mercy
	require.True(t, l.plays(trick{name: killsAtOnce, then: func() { killed = true }}))
	require.Zero(t, ask(http.MethodDelete))
	require.True(t, killed)
	var answered []bool
	for _, c := range l.calls {
		answered = append(answered, c.Answered)
	}
	require.Equal(t, []bool{true, false, true, true, true, false, false, false}, answered)
	_, _, faults := l.tally.counts()
	require.Equal(t, 4, faults)
}

// News come twice, late, or after they were believed to be there; forged ones are remembered with their answer.
func TestPost(t *testing.T) {
	t.Parallel()
	came := make(chan string, 10)
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			came <- string(body)
		}
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer door.Close()
	p := newPost(t, door.URL, newTally())
	p.serve(t, "once")
	require.Equal(t, "once", <-came)
	p.plays(trick{name: newsTwice})
	status, err := p.bring(t.Context(), news{"", http.Header{}, []byte("straight")})
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, status)
	require.Equal(t, "straight", <-came)
	p.serve(t, "thrice")
	for range 3 {
		require.Equal(t, "thrice", <-came)
	}
	p.plays(trick{name: newsReordered})
	p.serve(t, "later")
	require.Equal(t, "later", <-came)
	require.True(t, p.lie(t.Context(), []byte("a lie"), false))
	require.True(t, p.lie(t.Context(), []byte("a signed lie"), true))
	require.Len(t, p.forged, 1)
	require.Equal(t, http.StatusUnauthorized, p.forged[0].Status)
}

func (p *post) serve(t *testing.T, text string) {
	t.Helper()
	_, err := (&post{door: p.url}).bring(t.Context(), news{"/", http.Header{}, []byte(text)})
	require.NoError(t, err)
}

func TestUntilAndPass(t *testing.T) {
	t.Parallel()
	n := 0
	require.True(t, until(t.Context(), time.Millisecond, func() bool { n++; return n == 3 }))
	over, cancel := context.WithCancel(t.Context())
	cancel()
	require.False(t, until(over, time.Hour, func() bool { return false }))
	require.False(t, pass(over, time.Hour))
	require.True(t, pass(t.Context(), time.Millisecond))
	r := rand.New(rand.NewPCG(1, 1))
	for range 100 {
		d := between(r, time.Second, 2*time.Second)
		require.True(t, d >= time.Second && d < 2*time.Second)
	}
}

// The report says how many of what, and how each law came out.
func TestReport(t *testing.T) {
	t.Parallel()
	r := report{Tier: "3m", Seed: 7, Ledger: "SQLite", Ports: 2, Gone: []string{"trust: it fell"}, Findings: oracle.Judge(oracle.Record{Log: []string{"leaf 7 is gone"}})}
	r.Findings[0].Breaches = []string{"pi-1: something"}
	r.Stories = storiesOf([]oracle.Port{
		{ID: "pi-1", Direction: porting.PortIn, Stage: porting.Submitted, Timeline: []porting.Entry{{Event: porting.EventSubmitted, Stage: porting.Submitted}}},
		{ID: "pi-2", Direction: porting.PortIn, Outcome: porting.OutcomeCompleted},
	}, breached(r.Findings), []oracle.Effect{{Port: "pi-1", Name: "confirmed", Version: 1}})
	text := r.String()
	for _, said := range []string{"seed 7", "trust: it fell", "the audit log is whole", "pi-1: submitted", string(porting.EventSubmitted), "at the carrier: confirmed, version 1"} {
		require.Contains(t, text, said)
	}
	require.NotContains(t, text, "pi-2")
	require.Regexp(t, `the audit log is whole +1\n`, text)
	require.Regexp(t, `one effect per step +0\n`, text)
}
