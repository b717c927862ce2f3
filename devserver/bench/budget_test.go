package bench

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger/pgtest"
)

// What a port may take, on any machine.
const (
	mostEvents     = 96
	mostBytes      = 36 << 10 // of a history, with its payloads sealed
	mostPayload    = 5 << 10  // sealed; that of a signed decision with its proofs is the largest
	mostRoundTrips = 200      // to the database of the ledger and of the keys, with the statements that connections still prepare
)

// off is by how many events a bare workflow may be off on a busy machine, where ports differ from one round to the next.
const off = 10

// within holds a figure to its budget, and tells both to whoever reads the tests as JSON, such as the release report.
func within(t *testing.T, what string, figure, most float64) {
	t.Helper()
	t.Attr(what, fmt.Sprintf("%.0f of %.0f", figure, most))
	require.LessOrEqual(t, figure, most, what)
}

func options(t *testing.T) Options {
	return Options{Kind: KindPortIn, Ports: 4, Rounds: 1, InProgress: 4, Fast: true, Baseline: true, Dir: t.TempDir(), Tell: func(string, int, int) {}}
}

// A port-in stays within its budget, and the bare workflow beside it makes the same commands.
func TestPortIn(t *testing.T) {
	t.Parallel()
	r, err := Run(t.Context(), options(t))
	require.NoError(t, err)
	t.Logf("%+v", r.Ours)
	within(t, "events", r.Ours.Events, mostEvents)
	within(t, "bytes", r.Ours.Bytes, mostBytes)
	within(t, "largest-payload", float64(r.Ours.Largest), mostPayload)
	require.InDelta(t, r.Ours.Events, r.Bare.Events, off, "a message may arrive before it is waited for")
	require.InDelta(t, 76, r.Reference.Events, 0)
	require.Less(t, r.Bare.Bytes, r.Ours.Bytes)
	require.Positive(t, r.Ratio)
	require.Positive(t, r.ReferenceRatio)
	require.Positive(t, r.Ours.EngineDB)
	require.Equal(t, "received", r.Ours.Stages[0].Stage)
	require.Equal(t, "completed", r.Ours.Stages[len(r.Ours.Stages)-1].Stage)
}

// A port-out, approved with a signature, stays within its budget, too.
func TestPortOut(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Kind, o.Signed = KindPortOut, true
	r, err := Run(t.Context(), o)
	require.NoError(t, err)
	t.Logf("%+v", r.Ours)
	within(t, "events", r.Ours.Events, mostEvents)
	within(t, "largest-payload", float64(r.Ours.Largest), mostPayload)
	require.InDelta(t, r.Ours.Events, r.Bare.Events, off, "a message may arrive before it is waited for")
}

// The ports of a bulk order and its bare parent's children make the same commands, and both parents have their part of events.
func TestBulk(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Kind, o.Numbers = KindBulk, 10
	r, err := Run(t.Context(), o)
	require.NoError(t, err)
	t.Logf("%+v", r)
	require.Equal(t, 10, r.Numbers)
	require.InDelta(t, r.Ours.Events, r.Bare.Events, off, "a message may arrive before it is waited for")
	require.Positive(t, r.Ours.ParentEvents)
	require.Positive(t, r.Bare.ParentEvents)
	require.Positive(t, r.Ratio)
	require.Nil(t, r.Reference, "it has no parent")
}

// Every revocation reaches the carrier, and so does every bare signal its activity.
func TestRevoke(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Kind, o.Rate = KindRevoke, 8
	r, err := Run(t.Context(), o)
	require.NoError(t, err)
	t.Logf("%+v", r.Revocations)
	for _, way := range []Way{r.Revocations.Burst, r.Revocations.HalfLoad, r.Revocations.Bare} {
		require.Equal(t, o.Ports, way.Messages)
		require.Positive(t, way.Whole.P50)
		require.GreaterOrEqual(t, way.Whole.P99, way.Whole.P50)
	}
	require.Positive(t, r.WholeLatencyRatio)
	require.Equal(t, "rolling-back", r.Ours.Stages[len(r.Ours.Stages)-1].Stage)
}

func TestIdle(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Kind = KindIdle
	r, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.InDelta(t, r.Ours.Events, r.Bare.Events, 3)
	require.Nil(t, r.Reference)
}

// A port asks the database of the ledger so often and not more: on another machine each time is a trip over the network.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	o := options(t)
	counted := countTrips(t, pgtest.Start(t).New(t))
	o.Ledger = counted.dsn
	s, err := startStack(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.stop()) })
	ports := s.portIns("trips")
	_, err = s.warmUp(t.Context(), ports)
	require.NoError(t, err)
	before := counted.trips.Load()
	_, err = s.measure(t.Context(), ports, 8, func(int) {})
	require.NoError(t, err)
	within(t, "round-trips", float64(counted.trips.Load()-before)/8, mostRoundTrips)
}

// trips counts how often a PostgreSQL server says that it is ready for the next question.
type trips struct {
	dsn   string
	trips atomic.Int64
}

// countTrips stands between a client and a server.
func countTrips(t *testing.T, dsn string) *trips {
	t.Helper()
	at, err := url.Parse(dsn)
	require.NoError(t, err)
	query := at.Query()
	socket := query.Get("host") + "/.s.PGSQL.5432"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	query.Del("host")
	query.Set("sslmode", "disable")
	at.Host, at.RawQuery = listener.Addr().String(), query.Encode()
	c := &trips{dsn: at.String()}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // the test is over
			}
			go c.pass(client, socket)
		}
	}()
	return c
}

// pass carries bytes both ways until either side has enough.
func (c *trips) pass(client net.Conn, socket string) {
	defer client.Close()
	server, err := net.Dial("unix", socket)
	if err != nil {
		return
	}
	defer server.Close()
	go func() { _, _ = io.Copy(server, client); _ = server.Close() }()
	_, _ = io.Copy(client, &readyCounter{from: server, count: &c.trips})
}

// readyCounter reads a server's messages, each a type and a length, and counts those that end an answer.
type readyCounter struct {
	from   io.Reader
	count  *atomic.Int64
	header []byte // of the message that begins
	rest   int    // bytes of the message that is under way
}

func (r *readyCounter) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	for read := p[:n]; len(read) > 0; {
		if r.rest > 0 {
			skip := min(r.rest, len(read))
			r.rest, read = r.rest-skip, read[skip:]
			continue
		}
		r.header, read = append(r.header, read[0]), read[1:]
		if len(r.header) < 5 {
			continue
		}
		if r.header[0] == 'Z' {
			r.count.Add(1)
		}
		r.rest = int(r.header[1])<<24 | int(r.header[2])<<16 | int(r.header[3])<<8 | int(r.header[4]) - 4
		r.header = r.header[:0]
	}
	return n, err
}
