package integration

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// result is what a run of the program leaves.
type result struct {
	code           int
	stdout, stderr string
}

// tries runs the program to its end.
func (c *citizen) tries(t *testing.T, args ...string) result {
	t.Helper()
	cmd := c.command(t.Context(), c.town.portsaga, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); !exited {
		require.NoError(t, err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// do runs the program, which must succeed.
func (c *citizen) do(t *testing.T, args ...string) string {
	t.Helper()
	r := c.tries(t, args...)
	require.Zero(t, r.code, "%s: portsaga %s\n%s", c.name, strings.Join(args, " "), r.stderr)
	return r.stdout
}

// port is what these tests read of a port's JSON.
type port struct {
	ID        string
	Stage     string
	Outcome   string
	Reason    string
	WaitingOn string `json:"waiting_on"`
	Numbers   []struct{ Number, Status string }
	Timeline  []struct{ Stage, Event, Actor, Note string }
	Leaving   *struct{ Answer *struct{ Kind string } }
}

// asks runs a command that must succeed and reads the one JSON value that it prints.
func asks[T any](t *testing.T, c *citizen, args ...string) T {
	t.Helper()
	var value T
	printed := c.do(t, append(args, "-o", "json")...)
	require.NoError(t, json.Unmarshal([]byte(printed), &value), printed)
	return value
}

// starts orders a port and returns its ID.
func (c *citizen) starts(t *testing.T, order string) string {
	t.Helper()
	return asks[port](t, c, "port", "in", "start", "-f", order).ID
}

// sees looks at a port until it is as wanted, and returns it.
func (c *citizen) sees(t *testing.T, id, what string, wanted func(port) bool) port {
	t.Helper()
	var p port
	await(t, id+" "+what, func() bool {
		p = asks[port](t, c, "port", "show", id)
		return wanted(p)
	})
	return p
}

func (c *citizen) seesStage(t *testing.T, id, stage string) port {
	t.Helper()
	return c.sees(t, id, "is "+stage, func(p port) bool { return p.Stage == stage })
}

// events are what happened, in order.
func (p port) events() []string {
	var events []string
	for _, e := range p.Timeline {
		events = append(events, e.Event)
	}
	return events
}
