package acceptance

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	undoPort   = "port the numbers back"
	undoSubmit = "cancel the order at the carrier"
	undoClaim  = "release the numbers and destroy the secrets"
)

// demos are the scenarios with the outcome and the rollback that the stage reached demands.
var demos = []struct {
	scenario, outcome, reason, numbers string
	undone                             []string
}{
	{"happy", "completed", "", "moved", nil},
	{"revoke-before-submit", "revoked", "AUTHORIZATION_REVOKED", "not-moved", []string{undoClaim}},
	{"revoke-after-submit", "revoked", "AUTHORIZATION_REVOKED", "not-moved", []string{undoSubmit, undoClaim}},
	{"revoke-after-foc", "revoked", "AUTHORIZATION_REVOKED", "not-moved", []string{undoSubmit, undoClaim}},
	{"revoke-after-activation", "reversed", "UNAUTHORISED_PORT", "moved-back", []string{undoPort, undoSubmit, undoClaim}},
	{"carrier-rejects-then-fix", "completed", "", "moved", nil},
	{"carrier-silent", "expired", "CARRIER_SILENT", "not-moved", []string{undoSubmit, undoClaim}},
}

func TestDemoEndsEachScenarioAsTheStageDemands(t *testing.T) {
	t.Parallel()
	seats := make(chan struct{}, 3) // each demo brings a server of its own
	for _, c := range demos {
		t.Run(c.scenario, func(t *testing.T) {
			t.Parallel()
			seats <- struct{}{}
			defer func() { <-seats }()

			demo := newDesk(t).startServer(t, "demo", "--scenario", c.scenario, "-o", "json")

			require.Zero(t, demo.exit())
			requireShape(t, portShape, demo.stdout.String())
			var p port
			read(t, demo.stdout.String(), &p)
			require.Equal(t, c.outcome, p.Outcome)
			require.Equal(t, c.reason, p.Reason)
			require.Equal(t, c.undone, p.undone())
			require.Len(t, p.Numbers, 12)
			for _, n := range p.Numbers {
				require.Equal(t, c.numbers, n.Status, n.Number)
			}
		})
	}
}

var demoLink = regexp.MustCompile(`Web UI: (http://127\.0\.0\.1:\d+/namespaces/portsaga/workflows/pi-[a-z0-9]+)\n`)

func TestDemoTellsItsStoryAndStaysUp(t *testing.T) {
	t.Parallel()
	d := newDesk(t)

	demo := d.startServer(t, "demo", "--keep")
	demo.says(t, "Everything keeps running; press Ctrl-C to stop.")

	story := demo.stdout.String()
	requireInOrder(t, story, "received", "accepted", "screened", "decision: approve", "approved", "submitted: LSR", "foc-received", "activation-started",
		"activated", "verified", "ended: completed.", "12 numbers moved.")
	require.NotContains(t, story, "\x1b", "no colours in a pipe")
	page := get(t, find(t, demoLink, story))
	require.Equal(t, http.StatusOK, page.code)
	require.Contains(t, page.kind, "text/html")
	require.Contains(t, page.body, "<html")

	require.Zero(t, demo.interrupt(t))
	require.Empty(t, demo.stderr.String())
	left, err := os.ReadDir(d.tmp())
	require.NoError(t, err)
	require.Empty(t, left, "the demo takes its files away")
}

func TestDemoRefusesAnUnknownScenario(t *testing.T) {
	t.Parallel()
	r := newDesk(t).run(t, "demo", "--scenario", "carrier-on-fire")
	require.Equal(t, 2, r.code)
	requireErrorLine(t, r)
	require.Contains(t, r.stderr, "revoke-after-foc")
}

// requireInOrder sees that each text comes behind the one before.
func requireInOrder(t *testing.T, story string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		_, rest, found := strings.Cut(story, text)
		require.True(t, found, "%q in what is left: %s", text, story)
		story = rest
	}
}
