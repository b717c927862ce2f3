package integration

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

// TestTown raises the town once and shows everything in it, one thing after the other.
func TestTown(t *testing.T) {
	began := time.Now()
	w := raise(t)
	t.Logf("up after %.1f s\n%s", time.Since(began).Seconds(), w.census())
	for _, shown := range []struct {
		name string
		show func(*testing.T, *town)
	}{
		{"a port is ordered, approved, confirmed and activated", portIsActivated},
		{"a port is revoked before its date", portIsRevoked},
		{"a port-out is answered", portOutIsAnswered},
		{"secrets are read by their owners alone", secretsStay},
		{"callers prove who they are", callersProve},
		{"the port is completed when its guard is over", portIsCompleted},
		{"every process is restarted under load", restartsLoseNothing},
		{"two tenants share the cluster", tenantsShare},
	} {
		if !t.Run(shown.name, func(t *testing.T) { shown.show(t, w) }) {
			return // what comes later would fail for the same reason
		}
	}
}

// steps measures how long each step of a story took.
type steps struct {
	last  time.Time
	lines strings.Builder
}

func begin() *steps { return &steps{last: time.Now()} }

func (s *steps) done(step string) {
	now := time.Now()
	fmt.Fprintf(&s.lines, "%s\t%.1f s\n", step, now.Sub(s.last).Seconds())
	s.last = now
}

func (s *steps) String() string {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "\n", s.lines.String())
	_ = table.Flush() // into memory
	return b.String()
}

// mainJob is the port that everything else happens beside: its subscriber has a minute after the activation.
const mainJob = "MAIN-1"

func portIsActivated(t *testing.T, w *town) {
	took := begin()
	id := w.ana.starts(t, w.ana.writesOrder("acme", mainJob, 100))
	took.done("order")
	w.ana.sees(t, id, "waits for a decision", func(p port) bool { return p.WaitingOn == "approver" })
	took.done("screened")
	w.ben.do(t, "decide", id, "--approve", "--yes")
	took.done("ben approves")
	require.Equal(t, "verifying", asks[port](t, w.ana, "port", "show", id).Stage, "one of two teams is not enough")
	w.fay.do(t, "decide", id, "--approve", "--yes")
	took.done("fay approves")
	w.ana.sees(t, id, "has a date", func(p port) bool { return has(p.events(), "foc-received") })
	took.done("FOC")
	p := w.ana.seesStage(t, id, "active")
	took.done("active")
	t.Log(took)
	require.Equal(t, "moved", p.Numbers[0].Status)
	require.Equal(t, []string{"submitted", "activation-asked"}, asked(w.effects(t, id)))
}

func portIsCompleted(t *testing.T, w *town) {
	if !full {
		t.Skip("the shortest guard that rules can name is a minute: make integration waits for it")
	}
	p := w.ana.seesStage(t, porting.PortID(porting.PortIn, "acme", mainJob), "completed")
	require.Equal(t, "completed", p.Outcome)
}

func portIsRevoked(t *testing.T, w *town) {
	took := begin()
	w.tellCarrier(t, "REVOKE-1", "distant")
	id := w.ana.starts(t, w.ana.writesOrder("acme", "REVOKE-1", 101))
	w.approve(t, id)
	w.ana.seesStage(t, id, "confirmed")
	took.done("confirmed for a date in ten days")
	w.carla.do(t, "port", "revoke", id, "--by", "carla@care")
	took.done("revoked")
	p := w.ana.sees(t, id, "has ended", func(p port) bool { return p.Outcome != "" })
	took.done("the carrier has cancelled")
	t.Log(took)

	require.Equal(t, "revoked", p.Outcome)
	require.Equal(t, []string{"submitted", "cancel-asked"}, asked(w.effects(t, id)))
}

func portOutIsAnswered(t *testing.T, w *town) {
	took := begin()
	request := simulator.PortOut{Scenario: "happy", PIN: "482913", Request: porting.PortOutRequest{
		ID: "FR-1", Kind: porting.KindWireless, Country: "FR", Carrier: "simulator", Numbers: []porting.Number{"+33639980101"},
		Recipient: porting.Party{Name: "Mobile Example", SPID: "ME"}, Donor: porting.Party{Name: "Acme Mobile", SPID: "AC"},
	}}
	w.post(t, "/port-outs", request)
	id := request.Request.PortID()
	await(t, "the request opens a port", func() bool { return w.ana.tries(t, "port", "show", id).code == 0 })
	took.done("a counterparty asks, by webhook")
	p := w.ana.seesStage(t, id, "answered")
	took.done("answered")
	t.Log(took)
	require.Equal(t, "approve", p.Leaving.Answer.Kind)
}

// approve lets both teams approve a port as soon as it waits for them.
func (w *town) approve(t *testing.T, id string) {
	t.Helper()
	w.ana.sees(t, id, "waits for a decision", func(p port) bool { return p.WaitingOn == "approver" })
	for _, person := range []*citizen{w.ben, w.fay} {
		person.do(t, "decide", id, "--approve", "--yes")
	}
}

// tellCarrier has the carrier treat an order by a scenario.
func (w *town) tellCarrier(t *testing.T, reference, scenario string) {
	t.Helper()
	w.post(t, "/scenarios", map[string]string{"reference": reference, "scenario": scenario})
}

func (w *town) post(t *testing.T, path string, body any) {
	t.Helper()
	text, err := json.Marshal(body)
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+w.address("carrier")+path, bytes.NewReader(text))
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode)
}

// effects are what happened to a port at the carrier, as its own journal has it, without its answers to orders.
func (w *town) effects(t *testing.T, id string) []string {
	t.Helper()
	return w.allEffects(t)[id]
}

// allEffects are the carrier's journal by port.
func (w *town) allEffects(t *testing.T) map[string][]string {
	t.Helper()
	journal, err := os.ReadFile(w.carrier.path("carrier.jsonl"))
	require.NoError(t, err)
	effects := map[string][]string{}
	for line := range bytes.Lines(journal) {
		var l struct {
			Ref    struct{ Port string }
			Effect string
		}
		require.NoError(t, json.Unmarshal(line, &l))
		effects[l.Ref.Port] = append(effects[l.Ref.Port], l.Effect)
	}
	return effects
}
