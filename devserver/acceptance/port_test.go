package acceptance

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// port is what these tests read of a port's JSON.
type port struct {
	ID           string
	Stage        string
	State        string // in lists only
	Outcome      string
	Reason       string
	WaitingOn    string     `json:"waiting_on"`
	DueAt        *time.Time `json:"due_at"`
	Numbers      []struct{ Number, Status, Reason string }
	Timeline     []struct{ Stage, Event, Actor, Note string }
	OrderVersion int `json:"order_version"`
}

// events are the events of the timeline, in order.
func (p port) events() []string {
	var events []string
	for _, e := range p.Timeline {
		events = append(events, e.Event)
	}
	return events
}

// undone are the compensations of the timeline, in order.
func (p port) undone() []string {
	var undone []string
	for _, e := range p.Timeline {
		if e.Event == "undone" {
			undone = append(undone, e.Note)
		}
	}
	return undone
}

// answer is what a message to a port is answered with.
type answer struct {
	ID       string
	Accepted bool
	Stage    string
	Outcome  string
	Says     string
}

// read decodes the one JSON value that a program printed: more or less than one is wrong.
func read(t *testing.T, text string, into any) {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	require.NoError(t, d.Decode(into), "not JSON: %s", text)
	_, err := d.Token()
	require.ErrorIs(t, err, io.EOF, "more than one JSON value: %s", text)
}

// ask runs a command that must succeed and reads its JSON.
func ask[T any](t *testing.T, d desk, args ...string) T {
	t.Helper()
	r := d.do(t, append(args, "-o", "json")...)
	require.Empty(t, r.stderr)
	var value T
	read(t, r.stdout, &value)
	return value
}

// startPort starts a port and returns its ID.
func (d desk) startPort(t *testing.T, order string) string {
	t.Helper()
	a := ask[answer](t, d, "port", "in", "start", "-f", order)
	require.True(t, a.Accepted)
	return a.ID
}

// approve approves a port as soon as it waits for that.
func (d desk) approve(t *testing.T, id string) {
	t.Helper()
	d.awaitPort(t, id, "waits for a decision", func(p port) bool { return p.Stage == "verifying" })
	require.True(t, ask[answer](t, d, "decide", id, "--approve", "--by", "ben@approvals").Accepted)
}

func (d desk) show(t *testing.T, id string) port {
	t.Helper()
	return ask[port](t, d, "port", "show", id)
}

// awaitPort looks at a port until it is as wanted, and returns it.
func (d desk) awaitPort(t *testing.T, id, what string, wanted func(port) bool) port {
	t.Helper()
	var p port
	await(t, every, id+" "+what, func() bool {
		p = d.show(t, id)
		return wanted(p)
	})
	return p
}

// awaitEnd returns the port when it has ended.
func (d desk) awaitEnd(t *testing.T, id string) port {
	t.Helper()
	d.do(t, "port", "watch", id)
	return d.show(t, id)
}
