package workflows_test

import (
	"flag"
	"maps"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/portsaga/portsaga/porting"
)

// modelPorts is how many ports the model test lives through: a quick look by default, and as many as
// PORTSAGA_MODEL_PORTS says.
func modelPorts(t *testing.T) int {
	t.Helper()
	asked := os.Getenv("PORTSAGA_MODEL_PORTS")
	if asked == "" {
		return 500
	}
	ports, err := strconv.Atoi(asked)
	require.NoError(t, err, "PORTSAGA_MODEL_PORTS is a number of ports")
	return ports
}

// Whatever carriers, people, our own steps and Temporal do, in whatever order: a port ends, and the laws of the house hold.
// A failure prints its seed and is kept under testdata/rapid, from where it is run again from then on.
func TestModel(t *testing.T) {
	ports := modelPorts(t)
	require.NoError(t, flag.Set("rapid.checks", strconv.Itoa(ports)))
	outcomes := map[porting.Outcome]int{}
	rapid.Check(t, func(rt *rapid.T) {
		m := newModel(rt, drawFate(rt))
		m.execute()
		m.requireLaws()
		outcomes[m.status().Outcome]++
	})
	t.Logf("%d ports: %v", ports, outcomes)
	if ports < 500 {
		return
	}
	for _, o := range porting.Outcomes {
		require.NotZero(t, outcomes[o], "no port ended as %s: the schedules are not what they should be", o)
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
