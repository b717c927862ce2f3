package bench

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// Every number is written once, and is for fiction; there are enough for tens of thousands of ports.
func TestNumbers(t *testing.T) {
	t.Parallel()
	codes, err := areaCodes()
	require.NoError(t, err)
	require.Greater(t, len(codes), 250)
	seen := map[porting.Number]bool{}
	const each = 20
	ports := ofOneCode / each * len(codes)
	for i := range ports {
		numbers, err := numbersAt(i, each)
		require.NoError(t, err)
		require.Len(t, numbers, each)
		for _, n := range numbers {
			require.False(t, seen[n])
			require.Regexp(t, `^\+1\d{3}55501\d{2}$`, n.E164())
			require.Equal(t, numbers[0].E164()[:5], n.E164()[:5], "a port has the numbers of one area")
			seen[n] = true
		}
	}
	_, err = numbersAt(ports, each)
	require.Equal(t, "bench-too-large", porting.CodeOf(err))
}

// The bench's desk has the clocks of the real one, in their order of units and ends; only their lengths are its own.
func TestDeskOfBench(t *testing.T) {
	t.Parallel()
	ours, err := rules.LoadDir("rules")
	require.NoError(t, err)
	desk, err := rules.Embedded()
	require.NoError(t, err)
	for _, pack := range desk.List() {
		other, err := ours.Pack(pack.Ref())
		require.NoError(t, err)
		for name, clock := range pack.Rules.Clocks {
			require.Equal(t, clock.Start, other.Rules.Clocks[name].Start, name)
			require.Equal(t, clock.OnExpiry, other.Rules.Clocks[name].OnExpiry, name)
		}
	}
}
