package allinone

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
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
	var playing sync.WaitGroup
	ids := make([]string, len(scenarios))
	for i, sc := range scenarios {
		playing.Go(func() {
			order, err := readDemoOrder()
			if !assert.NoError(t, err) {
				return
			}
			order.Reference = sc.Name
			order.Numbers = []porting.Number{porting.Number(fmt.Sprintf("+121255501%02d", i))}
			var told []string
			d, err := startDemo(ctx, s, sc, order, func(e porting.Entry) { told = append(told, string(e.Event)) })
			if !assert.NoError(t, err, sc.Name) {
				return
			}
			ids[i] = d.id
			status, err := d.play(ctx)
			assert.NoError(t, err, "%s: %v", sc.Name, told)
			assert.Equal(t, sc.Ends, status.Outcome, "%s: %v", sc.Name, told)
		})
	}
	playing.Wait()
	for i, sc := range scenarios {
		h := readHistory(ctx, t, s, ids[i])
		checkBudget(t, sc.Name, h)
		writeGolden(t, sc.Name, h)
	}
}
