package porting_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/portsaga/portsaga/porting"
)

func demoClock(scale float64) porting.Clock {
	return porting.Clock{Scale: scale, RealStart: start, BusinessStart: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
}

func TestRealClock(t *testing.T) {
	t.Parallel()
	for _, c := range []porting.Clock{{}, {Scale: 1, RealStart: start, BusinessStart: start.Add(time.Hour)}} {
		require.False(t, c.Scaled())
		require.Equal(t, start, c.Business(start))
		require.Equal(t, start, c.Real(start))
		require.Equal(t, time.Hour, c.RealDuration(time.Hour))
	}
}

func TestScaledClock(t *testing.T) {
	t.Parallel()
	c := demoClock(3600)

	require.True(t, c.Scaled())
	require.Equal(t, c.BusinessStart, c.Business(c.RealStart))
	require.Equal(t, c.BusinessStart.Add(24*time.Hour), c.Business(c.RealStart.Add(24*time.Second)))
	require.Equal(t, c.RealStart.Add(24*time.Second), c.Real(c.BusinessStart.Add(24*time.Hour)))
	require.Equal(t, c.RealStart.Add(-time.Second), c.Real(c.BusinessStart.Add(-time.Hour)))
	require.Equal(t, 2*time.Second, c.RealDuration(2*time.Hour))
}

// A business time survives the way to the wall and back, over months, to well under a business second.
func TestClockRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := demoClock(rapid.Float64Range(0.01, 1e6).Draw(t, "scale"))
		if rapid.Bool().Draw(t, "real time") {
			c = porting.Clock{}
		}
		business := start.Add(time.Duration(rapid.Int64Range(-int64(2400*time.Hour), int64(2400*time.Hour)).Draw(t, "business")))
		require.WithinDuration(t, business, c.Business(c.Real(business)), 10*time.Millisecond)

		length := time.Duration(rapid.Int64Range(0, int64(2400*time.Hour)).Draw(t, "length"))
		require.WithinDuration(t, c.Real(business.Add(length)), c.Real(business).Add(c.RealDuration(length)), time.Millisecond)
	})
}

func TestClockTravelsInJSON(t *testing.T) {
	t.Parallel()
	for _, c := range []porting.Clock{{}, demoClock(60)} {
		encoded, err := json.Marshal(c)
		require.NoError(t, err)
		var back porting.Clock
		require.NoError(t, json.Unmarshal(encoded, &back))
		require.Equal(t, c, back)
	}
	encoded, err := json.Marshal(porting.PortInput{ID: "pi-1"})
	require.NoError(t, err)
	require.NotContains(t, string(encoded), "clock", "real time needs no words")
}
