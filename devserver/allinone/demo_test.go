package allinone

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/simulate"
	"github.com/portsaga/portsaga/porting"
)

// Every scenario of the demo ends as it says, all of them side by side on one stack.
func TestScenarios(t *testing.T) {
	s, err := Start(t.Context(), Options{Dir: t.TempDir(), Clock: demoClock, Fast: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()

	scenarios := simulate.Builtin()
	played := make([]result, len(scenarios))
	var playing sync.WaitGroup
	for i, sc := range scenarios {
		playing.Go(func() { played[i] = playScenario(ctx, s, sc, porting.Number(fmt.Sprintf("+121255501%02d", i))) })
	}
	playing.Wait()
	for i, sc := range scenarios {
		require.NoError(t, played[i].err, "%s: %v", sc.Name, played[i].told)
		require.Equal(t, sc.Ends, played[i].outcome, "%s: %v", sc.Name, played[i].told)
		h := readHistory(ctx, t, s, played[i].id)
		checkBudget(t, sc.Name, h)
		writeGolden(t, sc.Name, h)
	}
}

// result is a scenario that was played.
type result struct {
	id      string
	outcome porting.Outcome
	told    []porting.Event
	err     error
}

func playScenario(ctx context.Context, s *Stack, sc simulate.Scenario, number porting.Number) (r result) {
	order, err := readDemoOrder()
	if err != nil {
		return result{err: err}
	}
	order.Reference, order.Numbers = sc.Name, []porting.Number{number}
	d, err := startDemo(ctx, s, sc, order, func(e porting.Entry) { r.told = append(r.told, e.Event) })
	if err != nil {
		return result{err: err}
	}
	status, err := d.play(ctx)
	r.id, r.outcome, r.err = d.id, status.Outcome, err
	return r
}
