package rules

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A day of its own goes before the range that it is in, in whatever order a map gives them.
func TestADayGoesBeforeItsRange(t *testing.T) {
	t.Parallel()
	for range 50 {
		week, err := parseWeek(map[string]string{"mon-fri": "09:00-18:00", "fri": "09:00-12:30", "sat": "10:00-11:00"})
		require.NoError(t, err)
		office := hours{9 * 60, 18 * 60}
		require.Equal(t, [7]hours{{}, office, office, office, office, {9 * 60, 12*60 + 30}, {10 * 60, 11 * 60}}, week)
	}
}

func TestAKeyBelongsToFrenchNumbersOnly(t *testing.T) {
	t.Parallel()
	const rio = "01PEROY4P4TR"
	require.True(t, rioBelongs(rio, "+33612345678"))
	require.False(t, rioBelongs(rio, "+44612345678"))
	require.False(t, rioBelongs(rio[:4], "+33612345678"))
	require.False(t, rioBelongs(rio+"R", "+33612345678"))
}
