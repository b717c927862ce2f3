package acceptance

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// kills are moments of a port at which its process dies, and how the port ends all the same.
var kills = []struct {
	name     string
	scenario string // of the carrier
	approved bool   // before the kill
	revoked  int    // before the kill, when the carrier has done so much
	done     int    // the kill comes when the carrier has done so much
	stage    string // and the port is in this stage; at once where it is empty
	outcome  string
	effects  []string
}{
	{
		name: "while people decide", scenario: "happy", stage: "verifying",
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
			d := newDesk(t)
			d.liveFast(t, 10_000, longWeekend)
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
			second := d.startDev(t, "--scenario", c.scenario)

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

// TestKilledDevLosesNoneOfManyPorts kills a dev while most of twenty ports are being sent to the carrier.
func TestKilledDevLosesNoneOfManyPorts(t *testing.T) {
	t.Parallel()
	const many = 20
	d := newDesk(t)
	d.liveFast(t, 5_000, longWeekend)
	first := d.startDev(t)
	var orders []string
	for n := range many {
		orders = append(orders, d.order(t, fmt.Sprintf("MANY-%d", n), n))
	}
	for batch := range slices.Chunk(orders, 4) {
		var together []*process
		for _, order := range batch {
			together = append(together, d.start(t, "", "port", "in", "start", "-f", order))
		}
		for _, p := range together {
			require.Zero(t, p.exit())
		}
	}

	d.approveAll(t, func() bool { return len(d.effects(t)) > many/4 })
	first.kill(t)
	before := d.effects(t)
	require.NotEmpty(t, before)
	require.Less(t, len(before), many, "most ports are still to be sent")

	second := d.startDev(t)
	d.approveAll(t, func() bool { return len(ask[[]port](t, d, "port", "list", "--open")) == 0 })
	ended := ask[[]port](t, d, "port", "list", "--stage", "completed")
	require.Len(t, ended, many)
	after := d.effects(t)
	require.Len(t, after, 2*many)
	second.requireOnce(t, before, after)
}

// approveAll approves every port that waits for it, until enough is done.
func (d desk) approveAll(t *testing.T, enough func() bool) {
	t.Helper()
	await(t, every, "all is approved", func() bool {
		for _, p := range ask[[]port](t, d, "port", "list", "--open", "--waiting-on", "approver") {
			if enough() {
				return true
			}
			d.run(t, "decide", p.ID, "--approve", "--by", "ben@approvals") // the list lags behind: the port may have moved on
		}
		return enough()
	})
}
