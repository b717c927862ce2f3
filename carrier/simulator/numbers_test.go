package simulator_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

func TestNumbersThatStayBehindSurviveARestart(t *testing.T) {
	t.Parallel()
	o := simulator.Options{Clock: fast(), StateFile: filepath.Join(t.TempDir(), "carrier.jsonl"), Scenario: "partial-foc"}
	before, err := simulator.Start(t.Context(), o)
	require.NoError(t, err)
	order := lsr("p")
	order.Order.Numbers = []porting.Number{"+12125550123", "+12125550124"}
	c := &simulator.Client{URL: before.URL()}
	_, err = c.Submit(t.Context(), order)
	require.NoError(t, err)
	awaitState(t, c, order.Ref, carrier.StateConfirmed)
	told, err := c.Status(t.Context(), order.Ref)
	require.NoError(t, err)
	require.Equal(t, []carrier.NumberState{
		{Number: "+12125550123", State: carrier.StateConfirmed},
		{Number: "+12125550124", State: carrier.StateRejected, Reason: porting.NumberInactive},
	}, told.Numbers)
	require.NoError(t, before.Close())

	after, err := (&simulator.Client{URL: start(t, o).URL()}).Status(t.Context(), order.Ref)
	require.NoError(t, err)
	require.Equal(t, told, after)
}

// Messaging follows the voice, and the carrier tells of it like of any change.
func TestMessagingFollowsTheVoice(t *testing.T) {
	t.Parallel()
	w := &slowWorld{now: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
	v := w.open()
	require.NoError(t, v.Choose("p", "messaging-late"))
	order := lsr("p")
	order.DDD = w.now.AddDate(0, 0, 1)
	_, err := v.Submit(t.Context(), order)
	require.NoError(t, err)
	w.pass(24 * time.Hour)
	_, err = v.Activate(t.Context(), order.Ref)
	require.NoError(t, err)

	for _, c := range []struct {
		pass      time.Duration
		state     carrier.State
		messaging carrier.State
		version   int
	}{
		{0, carrier.StateConfirmed, carrier.StatePending, 3},
		{time.Minute, carrier.StateActive, carrier.StatePending, 4},
		{6*time.Hour - time.Second, carrier.StateActive, carrier.StatePending, 4},
		{time.Second, carrier.StateActive, carrier.StateActive, 5},
	} {
		w.pass(c.pass)
		st, err := v.Status(t.Context(), order.Ref)
		require.NoError(t, err)
		require.Equal(t, []any{c.state, c.messaging, c.version}, []any{st.State, st.Messaging, st.Version})
	}
	require.Equal(t, []string{"order.confirmed as foc", "order.activated as active", "order.messaging-activated as active"}, w.heard)
}
