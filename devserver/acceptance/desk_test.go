package acceptance

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDesk has several people at one dev, each with numbers of their own.
func TestDesk(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.startDev(t)
	for name, test := range map[string]func(*testing.T, desk){
		"an order is started once":                orderIsStartedOnce,
		"a number is in one open port":            numberIsInOneOpenPort,
		"people speak to a port":                  peopleSpeakToAPort,
		"a port is watched to its end":            portIsWatchedToItsEnd,
		"a port that does not exist":              portDoesNotExist,
		"bootstrap may be repeated":               bootstrapMayBeRepeated,
		"the program is an extension of temporal": programIsAnExtensionOfTemporal,
		"a directory holds one dev":               directoryHoldsOneDev,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, d)
		})
	}
}

var answerShape = object(map[string]shape{"id": said, "accepted": oneOf(true), "stage": said, "says": said})

func orderIsStartedOnce(t *testing.T, d desk) {
	order := d.order(t, "ONCE-1", 1)

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

func peopleSpeakToAPort(t *testing.T, d desk) {
	id := d.startPort(t, d.order(t, "TALK-1", 2))
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
	for _, e := range d.effects(t) {
		require.NotEqual(t, id, e.Port, "the carrier heard nothing")
	}

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

func portIsWatchedToItsEnd(t *testing.T, d desk) {
	order := d.order(t, "WATCH-1", 3)
	id := d.startPort(t, order)
	watch := d.start(t, "", "port", "watch", id)
	lines := d.start(t, "", "port", "watch", id, "-o", "json")
	waiting := d.start(t, "", "port", "in", "start", "-f", d.order(t, "WATCH-2", 4), "--wait")
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

	await(t, every, "the other port is listed", func() bool { return len(ask[[]port](t, d, "port", "list", "--number", fiction(4))) == 1 })
	d.do(t, "port", "revoke", ask[[]port](t, d, "port", "list", "--number", fiction(4))[0].ID, "--by", "carla@care")
	require.Equal(t, 3, waiting.exit(), "the numbers did not move")
	require.Contains(t, waiting.stderr.String(), "Ended: revoked")
}
