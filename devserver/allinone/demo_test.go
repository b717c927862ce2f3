package allinone

import (
	"context"
	"fmt"
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
