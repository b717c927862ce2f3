package allinone

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/portsaga/portsaga/internal/simulate"
	"github.com/portsaga/portsaga/porting"
)

// sideBySide is how many scenarios play at once: more would be late for their scaled clocks on a slow machine.
const sideBySide = 5

// numbersEach keeps apart the numbers of scenarios that need more than one.
const numbersEach = 3

// Every scenario of the demo ends as it says, and a simple port stays within its budget of history.
func TestScenarios(t *testing.T) {
	s, err := Start(t.Context(), Options{Dir: t.TempDir(), Clock: demoClock, Fast: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()

	simple, err := simulate.Find("happy")
	require.NoError(t, err)
	alone := playScenario(ctx, s, simple, "alone", "+12125550199")
	require.NoError(t, alone.err, "%v", alone.told)
	checkBudget(t, sealedHistory(ctx, t, s, alone.id))

	scenarios := simulate.Builtin()
	played := make([]result, len(scenarios))
	var playing errgroup.Group
	playing.SetLimit(sideBySide)
	for i, sc := range scenarios {
		playing.Go(func() error {
			played[i] = playScenario(ctx, s, sc, sc.Name, porting.Number(fmt.Sprintf("+12125550%d", 100+numbersEach*i)))
			return nil
		})
	}
	require.NoError(t, playing.Wait())
	for i, sc := range scenarios {
		require.NoError(t, played[i].err, "%s: %v", sc.Name, played[i].told)
		require.Equal(t, sc.Ends, played[i].outcome, "%s: %v", sc.Name, played[i].told)
		writeGolden(t, sc.Name, readHistory(ctx, t, s, played[i].id))
	}
}

// result is a scenario that was played.
type result struct {
	id      string
	outcome porting.Outcome
	told    []porting.Event
	err     error
}

func playScenario(ctx context.Context, s *Stack, sc simulate.Scenario, reference string, number porting.Number) (r result) {
	order, err := readDemoOrder()
	if err != nil {
		return result{err: err}
	}
	order.Reference, order.Numbers = reference, []porting.Number{number}
	d, err := startDemo(ctx, s, sc, order, func(e porting.Entry) { r.told = append(r.told, e.Event) })
	if err != nil {
		return result{err: err}
	}
	status, err := d.play(ctx)
	r.id, r.outcome, r.err = d.id, status.Outcome, err
	return r
}

// otherEnds are port-outs that end as none of the built-in ones does.
var otherEnds = map[string]string{
	"port-out-withdrawn": "about: x\nport_out: {silence: 24h, withdraws: 1h}\nour_record: {moved: 3d}\nends: cancelled",
	"port-out-revoked": "about: x\nport_out: {silence: 24h, activates: 1d, cancel_after: 1h}\nends: revoked\n" +
		"people: [{on: answered, after: 30m, do: reply, by: subscriber, reply: 'no'}]",
	"port-out-ignores-cancel": "about: x\nport_out: {silence: 24h, activates: 1d, cancel_after: 1h, cancel: ignore}\nends: reversed\n" +
		"people: [{on: answered, after: 30m, do: reply, by: subscriber, reply: 'no'}, {port: back, on: verifying, do: approve, by: ben@approvals}]",
	"port-out-disputed": "about: x\nport_out: {silence: 24h, activates: 2h}\nends: disputed\n" +
		"people: [{on: releasing, after: 1h, do: dispute, by: carla@care}, {port: back, on: verifying, do: reject, by: ben@approvals}]",
	"port-out-breached": "about: x\nport_out: {silence: 2h, activates: 2h, answer: {fail: 1000000}}\nour_record: {locked: true}\nends: reversed\n" +
		"people: [{port: back, on: verifying, do: approve, by: ben@approvals}]",
	"port-out-on-hold": "about: x\nport_out: {silence: 24h, activates: 2h}\nour_record: {moved: 3d}\nends: completed\n" +
		"people: [{on: deciding, after: 30m, do: hold, by: ana@desk}, {on: on-hold, after: 30m, do: resume, by: ana@desk}, {on: deciding, after: 90m, do: approve, by: ben@approvals}]",
}

// takesMinutes keeps a test that waits for most of its time out of CI's short tier.
func takesMinutes(t *testing.T) {
	t.Helper()
	if os.Getenv("PORTSAGA_TIER") == "short" {
		t.Skip("it waits for minutes; make test runs it")
	}
}

// Every scenario of a port-out ends on the real engine as it says.
func TestPortOutScenarios(t *testing.T) {
	takesMinutes(t)
	s, err := Start(t.Context(), Options{Dir: t.TempDir(), Clock: demoClockOut, Fast: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()

	scenarios := simulate.BuiltinPortOuts()
	for _, name := range slices.Sorted(maps.Keys(otherEnds)) {
		sc, err := simulate.Parse(name, []byte(otherEnds[name]))
		require.NoError(t, err)
		scenarios = append(scenarios, sc)
	}
	played := make([]result, len(scenarios))
	var playing errgroup.Group
	playing.SetLimit(sideBySide)
	for i, sc := range scenarios {
		playing.Go(func() error {
			played[i] = playPortOut(ctx, s, sc, porting.Number(fmt.Sprintf("+12125550%d", 160+i)))
			return nil
		})
	}
	require.NoError(t, playing.Wait())
	for i, sc := range scenarios {
		require.NoError(t, played[i].err, "%s: %v", sc.Name, played[i].told)
		require.Equal(t, sc.Ends, played[i].outcome, "%s: %v", sc.Name, played[i].told)
		breached := slices.Contains(played[i].told, porting.EventBreached)
		require.Equal(t, sc.Name == "port-out-breached", breached, sc.Name)
		writeGolden(t, sc.Name, readHistory(ctx, t, s, played[i].id))
	}
}

// An approval that the recipient never uses lapses after a month.
func TestAPortOutThatLapses(t *testing.T) {
	takesMinutes(t)
	const monthInHalfAMinute = 100_000
	clock := func(now time.Time) porting.Clock { return demoClockAt(now, monthInHalfAMinute) }
	s, err := Start(t.Context(), Options{Dir: t.TempDir(), Clock: clock, Fast: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	sc, err := simulate.Parse("port-out-expired", []byte("about: x\nport_out: {never_activates: true}\nends: expired"))
	require.NoError(t, err)
	played := playPortOut(t.Context(), s, sc, "+12125550159")
	require.NoError(t, played.err)
	require.Equal(t, sc.Ends, played.outcome, "%v", played.told)
	writeGolden(t, sc.Name, readHistory(t.Context(), t, s, played.id))
}

func playPortOut(ctx context.Context, s *Stack, sc simulate.Scenario, number porting.Number) (r result) {
	request, err := readDemoRequest()
	if err != nil {
		return result{err: err}
	}
	request.ID, request.Numbers = sc.Name, []porting.Number{number}
	d, err := startDemoOut(ctx, s, sc, request, func(e porting.Entry) { r.told = append(r.told, e.Event) })
	if err != nil {
		return result{err: err}
	}
	status, err := d.play(ctx)
	r.id, r.outcome, r.err = d.id, status.Outcome, err
	return r
}
