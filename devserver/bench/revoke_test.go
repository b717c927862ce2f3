package bench

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

// What is paced begins whether or not what came before has ended.
func TestPaced(t *testing.T) {
	t.Parallel()
	const n = 5
	last := make(chan struct{})
	require.NoError(t, paced(t.Context(), 1000, n, func(_ context.Context, i int) error {
		if i == n-1 {
			close(last)
		}
		<-last
		return nil
	}))
}

// After a failure nothing else begins.
func TestPacedFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	var begun atomic.Int64
	err := paced(t.Context(), 1000, 1_000_000, func(context.Context, int) error {
		begun.Add(1)
		return broken
	})
	require.ErrorIs(t, err, broken)
	require.Less(t, begun.Load(), int64(1_000_000))
}

func TestWayOfMessages(t *testing.T) {
	t.Parallel()
	asked := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	m := messages{}
	for i, id := range []string{"pi-1", "pi-2", "pi-3"} {
		step := time.Duration(i+1) * time.Millisecond
		m.sent(id, asked, asked.Add(step))
		m.begun(id, asked.Add(3*step))
	}
	way, err := m.wayTo([]string{"pi-1", "pi-2", "pi-3"})
	require.NoError(t, err)
	require.Equal(t, Way{Messages: 3, Accepted: Latency{2, 3}, Begun: Latency{4, 6}, Whole: Latency{6, 9}}, way)

	m.sent("pi-4", asked, asked)
	_, err = m.wayTo([]string{"pi-1", "pi-4"})
	require.Equal(t, "bench-not-begun", porting.CodeOf(err), "a revocation that the carrier never heard of")
}
