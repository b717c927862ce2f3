package simulator

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// monday is when every order of these tests is sent; its desired due date is that Friday.
var (
	monday = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	friday = monday.AddDate(0, 0, 4)
)

const hour = time.Hour

// asked is a request to the carrier, so long after the order was sent.
type asked struct {
	after time.Duration
	op    string
}

// tale drives one order of two numbers through a scenario without a clock, and notes every change: when, and the carrier's
// words. A refused request is noted with its code.
func tale(t *testing.T, scenario string, requests ...asked) []string {
	t.Helper()
	b := newBook(Builtin(), func(string) string { return scenario })
	var told []string
	version := 0
	ask := func(after time.Duration, op string) {
		q := request{op: op, port: "p", id: op, order: OrderRequest{Numbers: []porting.Number{"+12125550123", "+12125550124"}, DDD: friday}}
		if op == opSubmit {
			version++
			q.version = version
		}
		_, err := b.do(q, monday.Add(after))
		if err != nil {
			var no *refusal
			require.ErrorAs(t, err, &no)
			told = append(told, fmt.Sprintf("%v %s", after, no.Code))
			return
		}
		told = append(told, fmt.Sprintf("%v %s", after, words(b.orders["p"].view())))
	}
	pass := func(until time.Time) {
		for due, waits := b.next("p"); waits && !due.After(until); due, waits = b.next("p") {
			before := b.orders["p"].changes
			require.NoError(t, b.run("p", due))
			if b.orders["p"].changes > before {
				told = append(told, fmt.Sprintf("%v %s", due.Sub(monday), words(b.orders["p"].view())))
			}
		}
	}
	ask(0, opSubmit)
	for _, r := range requests {
		pass(monday.Add(r.after))
		ask(r.after, r.op)
	}
	pass(monday.AddDate(1, 0, 0))
	return told
}

// words are what the carrier says of an order: its own standing, and whatever stands elsewhere.
func words(v OrderView) string {
	said := v.Status
	for i, n := range v.Numbers {
		if n.Status != v.Status {
			said += fmt.Sprintf(", %d %s for %s", i+1, n.Status, n.Reason.Code)
		}
	}
	if v.Messaging != "" {
		said += ", messaging " + v.Messaging
	}
	return said
}

func TestScenarios(t *testing.T) {
	t.Parallel()
	foc := friday.Sub(monday)
	for _, c := range []struct {
		scenario string
		requests []asked
		want     []string
	}{
		{"happy", []asked{{foc, opActivate}, {foc + 2*hour, opReverse}}, []string{
			"0s received", "2h0m0s foc", "96h0m0s activating", "96h1m0s active", "98h0m0s reverse-requested", "104h0m0s reversed",
		}},
		{"happy", []asked{{foc - hour, opActivate}, {foc, opReverse}}, []string{
			"0s received", "2h0m0s foc", "95h0m0s refused", "96h0m0s refused",
		}},
		{"happy", []asked{{hour, opCancel}}, []string{"0s received", "1h0m0s cancel-requested", "3h0m0s cancelled"}},
		{"carrier-rejects-then-fix", []asked{{5 * hour, opSubmit}}, []string{
			"0s received", "3h0m0s rejected", "5h0m0s received", "7h0m0s foc",
		}},
		{"carrier-rejects-then-fix", []asked{{hour, opSubmit}}, []string{"0s received", "1h0m0s received", "3h0m0s foc"}},
		{"carrier-silent", []asked{{300 * hour, opCancel}}, []string{
			"0s received", "300h0m0s cancel-requested", "302h0m0s cancelled",
		}},
		{"foc-slips", nil, []string{"0s received", "2h0m0s foc", "6h0m0s jeopardy", "8h0m0s foc"}},
		{"ports-although-cancelled", []asked{{4 * hour, opCancel}, {30 * hour, opReverse}}, []string{
			"0s received", "2h0m0s foc", "4h0m0s cancel-requested", "24h0m0s active", "30h0m0s reverse-requested", "36h0m0s reversed",
		}},
		{"ports-after-cancelled", []asked{{4 * hour, opCancel}}, []string{
			"0s received", "2h0m0s foc", "4h0m0s cancel-requested", "6h0m0s cancelled", "30h0m0s active",
		}},
		{"answers-late", nil, []string{"0s received", "240h0m0s foc"}},
		{"answers-late", []asked{{200 * hour, opCancel}}, []string{
			"0s received", "200h0m0s cancel-requested", "224h0m0s cancelled",
		}},
		{"times-out-after-applying", []asked{{foc, opActivate}}, []string{
			"0s received", "2h0m0s foc", "96h0m0s activating", "96h1m0s active",
		}},
		{"refuses-cancel", []asked{{hour, opCancel}, {3 * hour, opCancel}}, []string{
			"0s received", "1h0m0s cancel-locked", "2h0m0s foc", "3h0m0s cancel-locked", "120h0m0s active",
		}},
		{"refuses-cancel", []asked{{foc, opActivate}}, []string{
			"0s received", "2h0m0s foc", "96h0m0s activating", "96h1m0s active",
		}},
		{"cancel-locked", []asked{{foc - 49*hour, opCancel}}, []string{
			"0s received", "2h0m0s foc", "47h0m0s cancel-requested", "49h0m0s cancelled",
		}},
		{"cancel-locked", []asked{{foc - 48*hour, opCancel}}, []string{
			"0s received", "2h0m0s foc", "48h0m0s cancel-locked", "120h0m0s active",
		}},
		{"bad-webhooks", nil, []string{"0s received", "2h0m0s foc"}},
		{"lost-webhooks", nil, []string{"0s received", "2h0m0s foc"}},
		{"revoke-before-submit", nil, []string{"0s received", "4h0m0s foc"}},
		{"revoke-after-submit", []asked{{71 * hour, opCancel}}, []string{
			"0s received", "71h0m0s cancel-requested", "73h0m0s cancelled",
		}},
		{"revoke-after-foc", []asked{{foc, opCancel}}, []string{
			"0s received", "4h0m0s foc", "96h0m0s cancel-requested", "98h0m0s cancelled",
		}},
		{"revoke-after-activation", []asked{{foc, opActivate}, {foc + hour, opCancel}, {foc + hour, opReverse}}, []string{
			"0s received", "4h0m0s foc", "96h0m0s activating", "96h1m0s active", "97h0m0s cancel-locked",
			"97h0m0s reverse-requested", "103h0m0s reversed",
		}},
		{"partial", []asked{{foc, opActivate}, {foc + hour, opReverse}}, []string{
			"0s received", "2h0m0s foc", "96h0m0s activating", "96h1m0s active, 2 failed for SP_NETWORK_NOT_READY",
			"97h0m0s reverse-requested, 2 failed for SP_NETWORK_NOT_READY", "103h0m0s reversed, 2 failed for SP_NETWORK_NOT_READY",
		}},
		{"partial-foc", []asked{{foc, opActivate}}, []string{
			"0s received", "2h0m0s foc, 2 rejected for TN_INACTIVE", "96h0m0s activating, 2 rejected for TN_INACTIVE",
			"96h1m0s active, 2 rejected for TN_INACTIVE",
		}},
		{"partial-foc", []asked{{5 * hour, opSubmit}}, []string{
			"0s received", "2h0m0s foc, 2 rejected for TN_INACTIVE", "5h0m0s received", "7h0m0s foc",
		}},
		{"messaging-late", []asked{{foc, opActivate}}, []string{
			"0s received, messaging waiting", "2h0m0s foc, messaging waiting", "96h0m0s activating, messaging waiting",
			"96h1m0s active, messaging waiting", "102h1m0s active, messaging active",
		}},
		{"messaging-late", []asked{{foc, opActivate}, {foc + hour, opReverse}}, []string{
			"0s received, messaging waiting", "2h0m0s foc, messaging waiting", "96h0m0s activating, messaging waiting",
			"96h1m0s active, messaging waiting", "97h0m0s reverse-requested, messaging reverse-requested", "103h0m0s reversed, messaging reversed",
		}},
		{"messaging-stuck", []asked{{foc, opActivate}}, []string{
			"0s received, messaging waiting", "2h0m0s foc, messaging waiting", "96h0m0s activating, messaging waiting",
			"96h1m0s active, messaging waiting", "1536h1m0s active, messaging active",
		}},
		{"messaging-late", []asked{{hour, opCancel}}, []string{
			"0s received, messaging waiting", "1h0m0s cancel-requested, messaging waiting", "3h0m0s cancelled, messaging cancelled",
		}},
	} {
		t.Run(c.scenario, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, tale(t, c.scenario, c.requests...))
		})
	}
}

func TestEveryScenarioSaysWhatItIs(t *testing.T) {
	t.Parallel()
	require.Len(t, Builtin(), 20, "a new scenario needs its tale above")
	for name, s := range Builtin() {
		require.Equal(t, name, s.Name)
		require.NotEmpty(t, s.About, name)
	}
}

func TestFOCOfAConfirmation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		step Step
		ddd  time.Time
		want time.Time
	}{
		{"desired due date", Step{}, friday, friday},
		{"no desired due date", Step{}, time.Time{}, monday.AddDate(0, 0, 3)},
		{"desired due date is past", Step{}, monday.Add(-hour), monday.AddDate(0, 0, 3)},
		{"the scenario's own", Step{FOC: &Span{BusinessDays: 10}}, friday, monday.AddDate(0, 0, 14)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, c.step.focFor(&order{ddd: c.ddd}, monday))
		})
	}
}

func TestNumbersAreLeftOutByTheirEnding(t *testing.T) {
	t.Parallel()
	own, err := ParseScenario("own", []byte(`
steps:
  - {on: submitted, then: confirmed, except: [{ending: 0124, code: TN_INACTIVE}, {position: 9, code: OTHER}]}
  - {on: confirmed, after: 1h, then: activated, except: [{ending: 24, code: OTHER}, {position: 3, code: PORT_PROTECTED, text: Locked}]}
`))
	require.NoError(t, err)
	b := newBook(map[string]Scenario{"own": own}, func(string) string { return "own" })
	numbers := []porting.Number{"+12125550123", "+12125550124", "+12125550125"}
	_, err = b.do(request{op: opSubmit, port: "p", version: 1, order: OrderRequest{Numbers: numbers}}, monday)
	require.NoError(t, err)
	require.NoError(t, b.run("p", monday.Add(2*hour)))
	require.Equal(t, []NumberView{
		{Number: numbers[0], Status: wordActive},
		{Number: numbers[1], Status: wordRejected, Reason: &Reason{Code: "TN_INACTIVE"}},
		{Number: numbers[2], Status: wordFailed, Reason: &Reason{Code: "PORT_PROTECTED", Text: "Locked"}},
	}, b.orders["p"].view().Numbers)
}

func TestOpenOrders(t *testing.T) {
	t.Parallel()
	b := newBook(Builtin(), func(string) string { return "happy" })
	send := func(port string, version int, after time.Duration) {
		_, err := b.do(request{op: opSubmit, port: port, version: version, order: OrderRequest{DDD: friday}}, monday.Add(after))
		require.NoError(t, err)
	}
	send("late", 1, 5*hour)
	send("b", 1, hour)
	send("a", 1, hour)
	send("first", 1, 0)
	send("first", 2, 6*hour)
	send("cancelled", 1, 0)
	_, err := b.do(request{op: opCancel, port: "cancelled"}, monday.Add(hour))
	require.NoError(t, err)
	require.Contains(t, b.open(time.Time{}), carrier.Ref{Port: "cancelled", Version: 1}, "the cancel is not acknowledged yet")
	require.NoError(t, b.run("cancelled", friday))
	require.Equal(t, []carrier.Ref{{Port: "first", Version: 2}, {Port: "a", Version: 1}, {Port: "b", Version: 1}, {Port: "late", Version: 1}}, b.open(time.Time{}))
	require.Equal(t, []carrier.Ref{{Port: "late", Version: 1}}, b.open(monday.Add(2*hour)))
	require.Empty(t, b.open(friday))
}

func TestFOCSlipsOverTheWeekend(t *testing.T) {
	t.Parallel()
	b := newBook(Builtin(), func(string) string { return "foc-slips" })
	_, err := b.do(request{op: opSubmit, port: "p", version: 1, order: OrderRequest{DDD: friday}}, monday)
	require.NoError(t, err)
	require.NoError(t, b.run("p", monday.AddDate(0, 0, 1)))
	require.Equal(t, friday.AddDate(0, 0, 5), b.orders["p"].foc, "three business days after Friday is Wednesday")
}

func TestAPortingAtTheFOCMovesWithIt(t *testing.T) {
	t.Parallel()
	late, err := ParseScenario("late", []byte(`
steps:
  - {on: submitted, after: 2h, then: confirmed}
  - {on: confirmed, after: 1d, then: foc-changed, by: 1bd}
  - {on: confirmed, after_foc: 1h, then: activated}
`))
	require.NoError(t, err)
	b := newBook(map[string]Scenario{"late": late}, func(string) string { return "late" })
	_, err = b.do(request{op: opSubmit, port: "p", version: 1, order: OrderRequest{DDD: friday}}, monday)
	require.NoError(t, err)
	require.NoError(t, b.run("p", friday.AddDate(0, 0, 1)))
	require.Equal(t, wordFOC, b.orders["p"].word)
	due, waits := b.next("p")
	require.True(t, waits)
	require.Equal(t, friday.AddDate(0, 0, 3).Add(hour), due)
}

func TestBadScenarios(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, says string }{
		{"empty", ``, "EOF"},
		{"unknown field", `colour: red`, "colour"},
		{"unknown event", `steps: [{on: lunch, then: confirmed}]`, "lunch"},
		{"not the carrier's to do", `steps: [{on: submitted, then: cancel-asked}]`, "cancel-asked"},
		{"rejection without code", `steps: [{on: submitted, then: rejected}]`, "needs a code"},
		{"slip without length", `steps: [{on: confirmed, then: foc-changed}]`, "by:"},
		{"FOC before there is one", `steps: [{on: submitted, after_foc: 1h, then: activated}]`, "after_foc"},
		{"two moments", `steps: [{on: confirmed, after: 1h, after_foc: 1h, then: activated}]`, "exclude"},
		{"bad span", `steps: [{on: submitted, after: soon, then: confirmed}]`, "soon"},
		{"negative span", `steps: [{on: submitted, after: -1h, then: confirmed}]`, "-1h"},
		{"endless span", `steps: [{on: submitted, after: 99999999999bd, then: confirmed}]`, "99999999999bd"},
		{"exception of what leaves nothing out", `steps: [{on: submitted, then: rejected, code: X, except: [{position: 1, code: X}]}]`, "confirmed or activated"},
		{"exception of no number", `steps: [{on: submitted, then: confirmed, except: [{code: X}]}]`, "position from 1"},
		{"exception of a negative position", `steps: [{on: submitted, then: confirmed, except: [{position: -1, ending: 01, code: X}]}]`, "position from 1"},
		{"exception of two ways to say it", `steps: [{on: submitted, then: confirmed, except: [{position: 1, ending: 01, code: X}]}]`, "position from 1"},
		{"exception with letters", `steps: [{on: submitted, then: confirmed, except: [{ending: 01a, code: X}]}]`, "digits"},
		{"exception without code", `steps: [{on: submitted, then: activated, except: [{ending: 01}]}]`, "needs a code"},
		{"unknown operation", `answers: {dance: {fail: 1}}`, "dance"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseScenario("bad", []byte(c.text))
			require.ErrorContains(t, err, c.says)
			require.Equal(t, "scenario-invalid", porting.CodeOf(err))
			require.Equal(t, porting.Invalid, porting.KindOf(err))
		})
	}
}

func TestLoadScenariosFromADirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "mine.yaml"), []byte(`about: Mine.`), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "happy.yaml"), []byte(`about: Happier.`), 0o600))
	all, err := LoadScenarios(dir)
	require.NoError(t, err)
	require.Equal(t, "Mine.", all["mine"].About)
	require.Equal(t, "Happier.", all["happy"].About)
	require.Subset(t, slices.Collect(maps.Keys(all)), slices.Collect(maps.Keys(Builtin())))

	require.NoError(t, os.WriteFile(filepath.Join(dir, "bad.yaml"), []byte(`steps: 3`), 0o600))
	_, err = LoadScenarios(dir)
	require.ErrorContains(t, err, "bad")
}
