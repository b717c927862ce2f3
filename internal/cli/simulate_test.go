package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/simulate"
	"github.com/portsaga/portsaga/porting"
)

const (
	simpleOrder    = "../../examples/orders/us-wireline-simple.yaml"
	nonSimpleOrder = "../../examples/orders/us-wireline-nonsimple.yaml"
	requestFile    = "../../examples/portouts/us-wireless.yaml"
)

func TestSimulateTellsEveryScenario(t *testing.T) {
	t.Parallel()
	for _, s := range simulate.Builtin() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			session := newSession(t)
			require.Equal(t, 0, session.run(t, "portsaga simulate --at 2026-11-24T09:30:00-05:00 --scenario", s.Name, simpleOrder), session.err.String())
			golden(t, filepath.Join("simulate", s.Name+".txt"), session.out.String())
			require.Empty(t, session.err.String())
		})
	}
}

func TestSimulateTellsEveryPortOut(t *testing.T) {
	t.Parallel()
	for _, s := range simulate.BuiltinPortOuts() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			session := newSession(t)
			require.Equal(t, 0, session.run(t, "portsaga simulate --at 2026-11-24T09:30:00-08:00 --scenario", s.Name, requestFile), session.err.String())
			golden(t, filepath.Join("simulate", s.Name+".txt"), session.out.String())
			require.Empty(t, session.err.String())
		})
	}
	s := newSession(t)
	require.Equal(t, 0, s.run(t, "portsaga simulate", requestFile), s.err.String())
	require.Contains(t, s.out.String(), "Scenario port-out-happy", "a request is known by its fields")
}

func TestSimulateAnswersProgramsAsShowDoes(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	require.Equal(t, 0, s.run(t, "portsaga simulate -o json", simpleOrder), s.err.String())
	var status porting.Status
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &status))
	require.Equal(t, porting.OutcomeCompleted, status.Outcome)
	require.Equal(t, now, status.Timeline[0].At, "it arrives at the present")
	require.Empty(t, s.err.String())
}

func TestSimulateEndsWithOneWhereThePortEndedOtherwise(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	for ends, want := range map[string]int{"ends: revoked": 1, "ends: completed": 0, "": 0} {
		file := filepath.Join(t.TempDir(), "ours.yaml")
		require.NoError(t, os.WriteFile(file, []byte("about: x\npeople: [{on: verifying, do: approve, by: ben@approvals}]\n"+ends), 0o600))
		require.Equal(t, want, s.run(t, "portsaga simulate --scenario", file, simpleOrder))
		require.Contains(t, s.out.String(), "ended: completed.\n1 number moved.\n")
		if want == 0 {
			require.Empty(t, s.err.String())
		} else {
			require.Equal(t, "error: simulate port ours: the port should have ended as revoked and ended as completed\n", s.err.String())
		}
	}
}

func TestSimulateRefusesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	require.NoError(t, os.WriteFile(bad, []byte("abuot: x\nends: never\n"), 0o600))
	for _, c := range []struct {
		says string
		args []string
	}{
		{"which order? name its file", nil},
		{"there is no such scenario; choose one of approver-rejects, ", []string{"--scenario", "hapy", simpleOrder}},
		{"error: read scenario bad: abuot: unknown field; known are about, carrier, ends, order, our_record, people, port_out (line 1)\nerror: ", []string{"--scenario", bad, simpleOrder}},
		{"--at is no time", []string{"--at", "noon", simpleOrder}},
		{"no such file or directory", []string{"no-such.yaml"}},
		{"account.btn: ", []string{"../../examples/orders/broken/account-malformed.yaml"}},
	} {
		require.Equal(t, 2, s.run(t, "portsaga simulate", c.args...), c.args)
		require.Contains(t, s.err.String(), c.says)
		require.Empty(t, s.out.String())
	}
}

func TestSimulateSaysWhatAPortStillWaitsFor(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	file := filepath.Join(t.TempDir(), "deaf.yaml")
	require.NoError(t, os.WriteFile(file, []byte("about: x\ncarrier: {steps: []}\nends: revoked\npeople:\n"+
		"  - {on: verifying, do: approve, by: ben@approvals}\n  - {on: submitted, do: revoke, by: carla@care}\n"), 0o600))
	require.Equal(t, 1, s.run(t, "portsaga simulate --scenario", file, simpleOrder))
	require.Contains(t, s.out.String(), " has not ended: it is in rolling-back and waits for the carrier.\n1 number pending.\n")
	require.Equal(t, "error: simulate port deaf: the port should have ended as revoked and is still in rolling-back\n", s.err.String())
}
