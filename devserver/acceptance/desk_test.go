package acceptance

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var answerShape = object(map[string]shape{"id": said, "accepted": oneOf(true), "stage": said, "says": said})

func TestOrderIsStartedOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.startDev(t)
	order := d.order(t, "ONCE-1", 23)

	first := d.do(t, "port", "in", "start", "-f", order, "-o", "json")
	requireShape(t, answerShape, first.stdout)
	var started answer
	read(t, first.stdout, &started)

	again := d.run(t, "port", "in", "start", "-f", order)
	require.Equal(t, 3, again.code)
	requireErrorLine(t, again)
	require.Contains(t, again.stderr, started.ID)

	for range 2 {
		require.Equal(t, started.ID, ask[answer](t, d, "port", "in", "start", "-f", order, "--if-not-exists").ID)
	}
	text, err := os.ReadFile(order)
	require.NoError(t, err)
	piped := d.runWith(t, string(text), "port", "in", "start", "-f", "-", "--if-not-exists", "-o", "json")
	require.Zero(t, piped.code, piped.stderr)
	require.Contains(t, piped.stdout, started.ID)
	require.Equal(t, []string{"received", "accepted", "screened"},
		d.awaitPort(t, started.ID, "waits for a decision", func(p port) bool { return p.Stage == "verifying" }).events())
}

func TestPortsAreFound(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	running := d.startDev(t)
	id := d.startPort(t, d.order(t, "FIND-1", 23))
	other := d.startPort(t, d.order(t, "FIND-2", 24))
	await(t, every, "both ports are listed", func() bool {
		return len(ask[[]port](t, d, "port", "list", "--open", "--waiting-on", "approver")) == 2
	})

	for _, c := range []struct {
		filter string
		found  []string
	}{
		{"", []string{id, other}},
		{"--open", []string{id, other}},
		{"--stage verifying", []string{id, other}},
		{"--stage completed", nil},
		{"--waiting-on carrier", nil},
		{"--jurisdiction us-wireline-simple --carrier simulator --tenant default", []string{id, other}},
		{"--tenant nobody", nil},
		{"--needs-attention", nil},
		{"--limit 1", []string{other}},
		{"--number " + fiction(23), []string{id}},
		{"--number " + fiction(24) + " --stage verifying", []string{other}},
		{"--number " + fiction(25), nil},
	} {
		var found []string
		for _, p := range ask[[]port](t, d, strings.Fields("port list "+c.filter)...) {
			found = append(found, p.ID)
		}
		require.ElementsMatch(t, c.found, found, c.filter)
	}
	requireShape(t, list(object(map[string]shape{"id": said, "direction": oneOf("port-in"), "stage": oneOf("verifying"), "state": oneOf("open"),
		"waiting_on": oneOf("approver"), "due_at": instant, "jurisdiction": said, "carrier": oneOf("simulator"), "tenant": oneOf("default"), "risk": said})),
		d.do(t, "port", "list", "-o", "json").stdout)
	require.Equal(t, "[]\n", d.do(t, "port", "list", "--stage", "completed", "-o", "json").stdout)

	for _, v := range ask[[]struct{ Name, Query, URL string }](t, d, "views") {
		require.True(t, strings.HasPrefix(v.URL, running.ui), v.URL)
		require.Equal(t, http.StatusOK, get(t, v.URL).code, v.Name)
		want := 0
		if v.Name == "Awaiting approval" {
			want = 2
		}
		require.Len(t, ask[[]port](t, d, "port", "list", "--query", v.Query), want, v.Name)
	}
}

func TestPeopleSpeakToAPort(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.startDev(t)
	id := d.startPort(t, d.order(t, "TALK-1", 23))
	d.awaitPort(t, id, "waits for a decision", func(p port) bool { return p.Stage == "verifying" })
	requireShape(t, portShape, d.do(t, "port", "show", id, "-o", "json").stdout)

	d.do(t, "port", "note", id, "called the donor", "--by", "ana@desk")
	for name, no := range map[string][]string{
		"the submitter decides":           {"decide", id, "--approve", "--by", "ana@desk"},
		"a decision on another version":   {"decide", id, "--approve", "--by", "ben@approvals", "--order-version", "2"},
		"a correction of what is correct": {"port", "amend", id, "--account", "4412-78", "--by", "ana@desk"},
	} {
		r := d.run(t, no...)
		require.Equal(t, 3, r.code, name)
		requireErrorLine(t, r)
	}
	for name, wrong := range map[string][]string{
		"no decision":       {"decide", id, "--by", "ben@approvals"},
		"both decisions":    {"decide", id, "--approve", "--reject", "--by", "ben@approvals"},
		"no such reason":    {"port", "revoke", id, "--reason", "BECAUSE"},
		"nothing to note":   {"port", "note", id, "", "--by", "ana@desk"},
		"nothing to amend":  {"port", "amend", id},
		"no such command":   {"port", "shove", id},
		"no such flag":      {"port", "show", id, "--loudly"},
		"no such format":    {"port", "show", id, "-o", "yaml"},
		"which port":        {"port", "show"},
		"a number in words": {"port", "list", "--number", "five"},
	} {
		r := d.run(t, wrong...)
		require.Equal(t, 2, r.code, name)
		requireErrorLine(t, r)
	}

	r := d.do(t, "decide", id, "--reject", "--reason", "SUSPECTED_FRAUD", "--by", "ben@approvals", "-o", "json")
	requireShape(t, answerShape, r.stdout)
	p := d.awaitEnd(t, id)
	require.Equal(t, "rejected", p.Outcome)
	require.Equal(t, "DECLINED", p.Reason)
	require.Equal(t, []string{"received", "accepted", "screened", "note", "decision", "declined", "undone", "rolled-back"}, p.events())
	require.Empty(t, d.effects(t), "the carrier heard nothing")

	for _, late := range [][]string{
		{"port", "note", id, "too late", "--by", "ana@desk"},
		{"decide", id, "--approve", "--by", "ben@approvals"},
		{"port", "revoke", id, "--by", "carla@care"},
	} {
		r := d.run(t, late...)
		require.Equal(t, 3, r.code, late)
		requireErrorLine(t, r)
	}
}

func TestPortIsWatchedToItsEnd(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.startDev(t)
	order := d.order(t, "WATCH-1", 23)
	id := d.startPort(t, order)
	watch := d.start(t, "", "port", "watch", id)
	lines := d.start(t, "", "port", "watch", id, "-o", "json")
	waiting := d.start(t, "", "port", "in", "start", "-f", d.order(t, "WATCH-2", 24), "--wait")
	watch.says(t, "screened")
	lines.says(t, "screened")
	waiting.says(t, "screened")

	d.do(t, "port", "revoke", id, "--by", "carla@care")
	require.Zero(t, watch.exit(), "the port has ended, however it ended")
	require.Empty(t, watch.stderr.String())
	printed := watch.stdout.String()
	require.NotContains(t, printed, "\x1b", "plain lines in a pipe")
	requireInOrder(t, printed, "received", "accepted", "screened", "revoked", "undone", "rolled-back", "\nEnded: revoked (AUTHORIZATION_REVOKED)\n")
	for line := range strings.Lines(strings.TrimSuffix(printed, "Ended: revoked (AUTHORIZATION_REVOKED)\n")) {
		require.Regexp(t, `^\d{4}-\d\d-\d\d \d\d:\d\dZ  \S+ +\S+ +\S`, line)
	}

	require.Zero(t, lines.exit())
	entries := strings.Split(strings.TrimSuffix(lines.stdout.String(), "\n"), "\n")
	last := len(entries) - 1
	require.Len(t, d.show(t, id).Timeline, last)
	for _, e := range entries[:last] {
		requireShape(t, object(map[string]shape{"at": instant, "stage": said, "event": said, "actor": said}), e)
	}
	requireShape(t, portShape, entries[last])

	await(t, every, "the other port is listed", func() bool { return len(ask[[]port](t, d, "port", "list", "--number", fiction(24))) == 1 })
	d.do(t, "port", "revoke", ask[[]port](t, d, "port", "list", "--number", fiction(24))[0].ID, "--by", "carla@care")
	require.Equal(t, 3, waiting.exit(), "the numbers did not move")
	require.Contains(t, waiting.stderr.String(), "Ended: revoked")
}
