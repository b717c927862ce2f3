package integration

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/portsaga/portsaga/porting"
)

// atOnce is how many ports live at the same time while everything is restarted.
const atOnce = 20

// Every process goes and comes back, one after the other, while ports live through it. None is lost, and the carrier is
// asked for each thing once.
func restartsLoseNothing(t *testing.T, w *town) {
	if !full {
		t.Skip("make integration restarts every process")
	}
	d := w.opensDesk(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var started atomic.Int32
	var over atomic.Bool
	var load errgroup.Group
	for range atOnce {
		load.Go(func() error {
			for !over.Load() {
				n := int(started.Add(1))
				if err := d.lives(ctx, parse(t, "acme", fmt.Sprintf("RESTART-%d", n), 1_000+n)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	await(t, "the load is on", func() bool { return int(started.Load()) > atOnce })
	t.Logf("\n%s", w.restartEverything(t, d))
	over.Store(true)
	require.NoError(t, load.Wait())

	for n := range int(started.Load()) {
		id := porting.PortID(porting.PortIn, "acme", fmt.Sprintf("RESTART-%d", n+1))
		require.NoError(t, d.reaches(ctx, id, porting.Active, porting.Completed))
	}
	effects := w.allEffects(t)
	for n := range int(started.Load()) {
		id := porting.PortID(porting.PortIn, "acme", fmt.Sprintf("RESTART-%d", n+1))
		require.Equal(t, []string{"submitted", "activation-asked"}, asked(effects[id]), id)
	}
	t.Logf("%d ports lived through it, none lost, none sent twice; %d decisions: p50 %s, p99 %s, longest %s", started.Load(),
		len(d.decisions), quantile(d.decisions, 50), quantile(d.decisions, 99), quantile(d.decisions, 100))
}

// restartEverything restarts every process and tells how long each was away. As in any rolling restart, the next one goes when
// work goes on behind the last.
func (w *town) restartEverything(t *testing.T, d *desk) string {
	t.Helper()
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "process\tended after\taway for")
	for _, p := range slices.Backward(w.processes) { // those that others need come last
		began := time.Now()
		require.Zero(t, p.end(t), "%s: %s", p.citizen.name, p.log.tail())
		ended := time.Since(began)
		p.start(t)
		fmt.Fprintf(table, "%s\t%.1f s\t%.1f s\n", p.citizen.name, ended.Seconds(), time.Since(began).Seconds())
		made := d.decided()
		await(t, "decisions are made again after the restart of "+p.citizen.name, func() bool { return d.decided() >= made+atOnce/2 })
	}
	_ = table.Flush() // into memory
	return b.String()
}
