package simulate_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/internal/simulate"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// monday is when the order of these tests arrives: ten in the morning in New York.
var monday = time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)

func readOrder(t testing.TB, name string) porting.Order {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "..", "examples", "orders", name+".yaml"))
	require.NoError(t, err)
	defer file.Close()
	order, err := orders.Read(file, orders.Options{Now: monday})
	require.NoError(t, err)
	return order
}

func run(t testing.TB, order porting.Order, s simulate.Scenario) porting.Status {
	t.Helper()
	book, err := rules.Embedded()
	require.NoError(t, err)
	status, err := simulate.Run(t.Context(), book, order, s, monday)
	require.NoError(t, err)
	return status
}

func parse(t testing.TB, lines ...string) simulate.Scenario {
	t.Helper()
	s, err := simulate.Parse("own", []byte(strings.Join(lines, "\n")))
	require.NoError(t, err)
	return s
}

func events(p porting.Status) []porting.Event {
	var all []porting.Event
	for _, e := range p.Timeline {
		all = append(all, e.Event)
	}
	return all
}

func find(t *testing.T, p porting.Status, event porting.Event) porting.Entry {
	t.Helper()
	for _, e := range p.Timeline {
		if e.Event == event {
			return e
		}
	}
	require.Failf(t, "no such entry", "%s in %v", event, events(p))
	return porting.Entry{}
}

// Every scenario ends as it says, whatever the order, and tells the same story every time.
func TestBuiltinScenarios(t *testing.T) {
	t.Parallel()
	for _, s := range simulate.Builtin() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			for _, order := range []string{"us-wireline-simple", "us-wireline-nonsimple", "us-toll-free"} {
				first := run(t, readOrder(t, order), s)
				require.Equal(t, s.Ends, first.Outcome, "%s: %v", order, events(first))
				require.Empty(t, first.DueAt, "nothing is left to wait for")
				require.Equal(t, first, run(t, readOrder(t, order), s))
			}
		})
	}
}

// The clock of the simulation starts when the order arrives, and the gate keeps the FOC by it.
func TestTimeIsVirtual(t *testing.T) {
	t.Parallel()
	p := run(t, readOrder(t, "us-wireline-nonsimple"), parse(t,
		"about: the FOC is four weeks ahead",
		"carrier:",
		"  steps:",
		"    - {on: submitted, after: 90m, then: confirmed, foc: 28d}",
		"    - {on: activation-asked, after: 1m, then: activated}",
		"people:",
		"  - {on: verifying, after: 20h, do: approve, by: ben@approvals}"))
	require.Equal(t, monday, p.Timeline[0].At)
	require.Equal(t, monday.Add(20*time.Hour), find(t, p, porting.EventApproved).At)
	confirmed := monday.Add(20*time.Hour + 90*time.Minute)
	require.Equal(t, confirmed, find(t, p, porting.EventConfirmed).At)
	require.WithinDuration(t, confirmed.AddDate(0, 0, 28), find(t, p, porting.EventActivationStarted).At, 6*time.Hour)
	require.NotContains(t, events(p), porting.EventActivationFailed)
	require.Equal(t, porting.OutcomeCompleted, p.Outcome)
}

// An authorization code goes through the vault as in production, and nowhere else.
func TestACodeIsCheckedAndNotTold(t *testing.T) {
	t.Parallel()
	happy, err := simulate.Find("happy")
	require.NoError(t, err)
	p := run(t, readOrder(t, "us-wireless"), happy)
	require.Contains(t, find(t, p, porting.EventScreened).Note, "authorization code valid")
	text, err := json.Marshal(p)
	require.NoError(t, err)
	require.NotContains(t, string(text), "004217")
}

func TestPeopleSayWhatTheirScenarioSays(t *testing.T) {
	t.Parallel()
	p := run(t, readOrder(t, "us-wireline-simple"), parse(t,
		"about: people talk",
		"carrier: carrier-rejects-then-fix",
		"people:",
		"  - {on: verifying, after: 2h, do: approve, by: ben@approvals}",
		"  - {on: verifying, after: 1h, do: note, by: ana@desk, text: the customer called}",
		"  - {on: exception, after: 1d, do: amend, by: ana@desk, account_number: 4412-78, address: {street: 7 Example Row}}",
		"  - {on: verifying, version: 2, do: reject, by: ben@approvals, reason: SUSPECTED_FRAUD}"))
	require.Equal(t, porting.Entry{At: monday.Add(time.Hour), Stage: porting.Verifying, Event: porting.EventNote, Actor: "ana@desk", Note: "the customer called"},
		find(t, p, porting.EventNote))
	require.Equal(t, monday.Add(2*time.Hour), find(t, p, porting.EventApproved).At)
	require.Equal(t, "ana@desk", find(t, p, porting.EventAmended).Actor)
	require.Equal(t, 2, p.OrderVersion)
	require.Equal(t, porting.OutcomeRejected, p.Outcome)
	require.Equal(t, porting.SuspectedFraud, p.Decisions[1].Reason)
}

// A port that waits for what never comes is left as it stands.
func TestAPortThatNeverEnds(t *testing.T) {
	t.Parallel()
	p := run(t, readOrder(t, "us-wireline-simple"), parse(t,
		"about: the carrier does not even answer a cancel",
		"carrier: {steps: []}",
		"people:",
		"  - {on: verifying, do: approve, by: ben@approvals}",
		"  - {on: submitted, do: revoke, by: carla@care}"))
	require.Empty(t, p.Outcome)
	require.Equal(t, porting.RollingBack, p.Stage)
	require.True(t, p.NeedsAttention)
}

func TestAnOrderThatTheRulesRefuse(t *testing.T) {
	t.Parallel()
	order := readOrder(t, "us-wireline-simple")
	order.Country = "CA"
	happy, err := simulate.Find("happy")
	require.NoError(t, err)
	p := run(t, order, happy)
	require.Equal(t, porting.OutcomeRejected, p.Outcome)
	require.Contains(t, events(p), porting.EventRefused)
}

// The example in the documentation is a scenario that ends as it says.
func TestTheDocumentedExample(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "scenarios.md"))
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(page), "```yaml\n")
	require.True(t, found)
	example, _, _ := strings.Cut(rest, "```")
	s := parse(t, example)
	require.NotEmpty(t, s.Ends)
	require.Equal(t, s.Ends, run(t, readOrder(t, "us-wireline-simple"), s).Outcome)
	for _, s := range slices.Concat(simulate.Builtin(), simulate.BuiltinPortOuts()) {
		require.Contains(t, string(page), "| `"+s.Name+"` | "+s.About+" |")
	}
}

// What became of each number, and whether people must look, in the scenarios in which one of two stays behind.
func TestEveryNumberTellsItsOwnEnd(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][2]porting.NumberStatus{
		"partial":                    {{Status: porting.NumberMoved}, {Status: porting.NumberNotMoved, Reason: porting.NetworkNotReady}},
		"partial-all-or-nothing":     {{Status: porting.NumberMovedBack, Reason: porting.NetworkNotReady}, {Status: porting.NumberNotMoved, Reason: porting.NetworkNotReady}},
		"partial-foc":                {{Status: porting.NumberMoved}, {Status: porting.NumberNotMoved, Reason: porting.NumberInactive}},
		"partial-foc-all-or-nothing": {{Status: porting.NumberNotMoved, Reason: porting.NumberInactive}, {Status: porting.NumberNotMoved, Reason: porting.NumberInactive}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := simulate.Find(name)
			require.NoError(t, err)
			p := run(t, readOrder(t, "us-wireline-simple"), s)
			require.Len(t, p.Numbers, 2)
			for i, n := range p.Numbers {
				n.Number = ""
				require.Equal(t, want[i], n)
			}
			require.Equal(t, p.Outcome == porting.OutcomePartial, p.NeedsAttention)
		})
	}
}

// The table of revocations names scenarios that revoke, and end as it says.
func TestTheDocumentedRevocations(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "scenarios.md"))
	require.NoError(t, err)
	rows := regexp.MustCompile("(?m)^\\| .+ \\| `([a-z-]+)` \\| ([a-z]+) \\|$").FindAllStringSubmatch(string(page), -1)
	require.NotEmpty(t, rows)
	for _, row := range rows {
		s, err := simulate.Find(row[1])
		require.NoError(t, err)
		require.Equal(t, porting.Outcome(row[2]), s.Ends, s.Name)
		require.Contains(t, events(run(t, readOrder(t, "us-wireline-simple"), s)), porting.EventRevoked, s.Name)
	}
}

func BenchmarkRun(b *testing.B) {
	order := readOrder(b, "us-wireline-nonsimple")
	for _, name := range []string{"happy", "carrier-silent", "cancel-locked"} {
		s, err := simulate.Find(name)
		require.NoError(b, err)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				run(b, order, s)
			}
		})
	}
}
