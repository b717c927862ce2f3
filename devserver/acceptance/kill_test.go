package acceptance

import (
	"cmp"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"golang.org/x/sync/errgroup"

	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/sealing"
	"github.com/portsaga/portsaga/starter"
)

// kills are moments of a port at which its process dies, and how the port ends all the same.
var kills = []struct {
	name     string
	scenario string // of the carrier
	scale    int    // of the clock; 10,000 when zero
	approved bool   // before the kill
	revoked  int    // before the kill, when the carrier has done so much
	done     int    // the kill comes when the carrier has done so much
	stage    string // and the port is in this stage; at once where it is empty
	outcome  string
	effects  []string
}{
	{
		name: "while people decide", scenario: "happy", scale: 4_000, stage: "verifying",
		outcome: "completed", effects: []string{"submitted", "activation-asked"},
	},
	{
		name: "while the carrier thinks about the LSR", scenario: "revoke-after-submit", approved: true, done: 1, stage: "submitted",
		outcome: "completed", effects: []string{"submitted", "activation-asked"},
	},
	{
		name: "while the activation is in flight", scenario: "times-out-after-applying", approved: true, done: 2,
		outcome: "completed", effects: []string{"submitted", "activation-asked"},
	},
	{
		name: "while the numbers are under guard", scenario: "happy", approved: true, done: 2, stage: "active",
		outcome: "completed", effects: []string{"submitted", "activation-asked"},
	},
	{
		name: "while the carrier cancels", scenario: "ports-although-cancelled", approved: true, revoked: 1, done: 2, stage: "rolling-back",
		outcome: "reversed", effects: []string{"submitted", "cancel-asked", "reversal-asked"},
	},
	{
		name: "while the numbers go back", scenario: "happy", approved: true, revoked: 2, done: 3, stage: "rolling-back",
		outcome: "reversed", effects: []string{"submitted", "activation-asked", "reversal-asked"},
	},
}

func TestKilledDevGoesOn(t *testing.T) {
	t.Parallel()
	for _, c := range kills {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t).fast(cmp.Or(c.scale, 10_000), longWeekend)
			first := d.startDev(t, "--scenario", c.scenario)
			id := d.startPort(t, d.order(t, "KILL-1", 23))
			if c.approved {
				d.approve(t, id)
			}
			if c.revoked > 0 {
				d.awaitEffects(t, c.revoked)
				d.do(t, "port", "revoke", id, "--by", "carla@care")
			}
			d.awaitEffects(t, c.done)
			if c.stage != "" {
				d.awaitPort(t, id, "is "+c.stage, func(p port) bool { return p.Stage == c.stage })
			}

			first.kill(t)
			before := d.effects(t)
			second := d.restartDev(t, "--scenario", c.scenario)

			if !c.approved {
				d.approve(t, id)
			}
			require.Equal(t, c.outcome, d.awaitEnd(t, id).Outcome)
			after := d.effects(t)
			require.Equal(t, c.effects, names(after))
			second.requireOnce(t, before, after)
			require.Zero(t, second.interrupt(t))
		})
	}
}

// awaitEffects waits until the carrier has done so much.
func (d desk) awaitEffects(t *testing.T, n int) {
	t.Helper()
	await(t, often, fmt.Sprintf("%d effects at the carrier", n), func() bool { return len(d.effects(t)) >= n })
}

func names(effects []effect) []string {
	var names []string
	for _, e := range effects {
		names = append(names, e.What)
	}
	return names
}

// TestKilledDevLosesNoneOfManyPorts kills a dev while a service has twenty ports sent to the carrier.
func TestKilledDevLosesNoneOfManyPorts(t *testing.T) {
	t.Parallel()
	const many = 20
	d := newDesk(t).fast(4_000, longWeekend)
	first := d.startDev(t)
	ports := d.service(t)
	var sending errgroup.Group
	for n := range many {
		sending.Go(func() error {
			order, err := orders.Read(strings.NewReader(orderText(fmt.Sprintf("MANY-%d", n), n)), orders.Options{Now: longWeekend})
			if err == nil {
				_, err = ports.Start(t.Context(), order)
			}
			return err
		})
	}
	require.NoError(t, sending.Wait())

	approveAll(t, ports, func() bool { return len(d.effects(t)) > many/4 })
	first.kill(t)
	before := d.effects(t)
	require.NotEmpty(t, before)
	require.Less(t, len(before), 2*many, "there is something left to do")

	second := d.restartDev(t)
	ports = d.service(t)
	approveAll(t, ports, func() bool { return len(listed(t, ports, starter.Filter{OpenOnly: true})) == 0 })
	require.Len(t, listed(t, ports, starter.Filter{Stage: porting.Completed}), many)
	after := d.effects(t)
	require.Len(t, after, 2*many)
	second.requireOnce(t, before, after)
}

// service is a program of somebody else that uses the Go client on the running dev.
func (d desk) service(t *testing.T) *starter.Client {
	t.Helper()
	dev, found, err := config.ReadDevState(d.dir())
	require.NoError(t, err)
	require.True(t, found)
	options := client.Options{
		HostPort: dev.Address, Namespace: dev.Namespace,
		Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	}
	keys, err := sealing.Seal(&options, sealing.Keys{Store: filepath.Join(d.dir(), "keys.db"), TenantKeys: filepath.Join(d.dir(), "tenant-keys")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, keys.Close()) })
	c, err := client.DialContext(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return starter.New(c, starter.Options{Clock: dev.Clock, Patience: time.Minute})
}

func listed(t *testing.T, ports *starter.Client, f starter.Filter) []starter.Summary {
	t.Helper()
	found, err := ports.List(t.Context(), f)
	require.NoError(t, err)
	return found
}

// approveAll approves every port that waits for it, until enough is done.
func approveAll(t *testing.T, ports *starter.Client, enough func() bool) {
	t.Helper()
	await(t, every, "all is approved", func() bool {
		for _, p := range listed(t, ports, starter.Filter{OpenOnly: true, WaitingOn: porting.WaitingApprover}) {
			if enough() {
				return true
			}
			_, err := ports.Decide(t.Context(), p.ID, porting.Decide{ID: "approve", Decision: porting.Approve, By: "ben@approvals"})
			if porting.KindOf(err) != porting.Refused { // the list lags behind: the port may have moved on
				require.NoError(t, err)
			}
		}
		return enough()
	})
}
