package wire

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestBreaker(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	b := NewBreaker(func() time.Time { return now })
	allowed := func() bool { _, ok := b.allow(); return ok }

	for range openAfter - 1 {
		b.failed(0)
	}
	require.True(t, allowed(), "four failures may happen to anybody")
	b.worked()
	for range openAfter - 1 {
		b.failed(0)
	}
	require.True(t, allowed(), "they must come in a row")

	b.failed(0)
	wait, ok := b.allow()
	require.False(t, ok)
	require.Equal(t, firstRest, wait)
	require.Equal(t, State{Open: true, Until: now.Add(firstRest), Failures: openAfter}, b.State())

	now = now.Add(firstRest)
	require.True(t, allowed(), "one call is let through to see")
	require.False(t, allowed(), "and only one")
	b.failed(0)
	now = now.Add(firstRest)
	require.False(t, allowed(), "the rest doubles")
	now = now.Add(firstRest)
	require.True(t, allowed())
	now = now.Add(probeTime)
	require.True(t, allowed(), "a probe that never told its end counts for nothing")
	b.worked()
	require.True(t, allowed())
	require.Equal(t, State{}, b.State())
}

func TestBreakerRestIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	b := NewBreaker(func() time.Time { return now })
	for range 40 {
		b.failed(0)
	}
	require.Equal(t, now.Add(longRest), b.State().Until)
}

func TestBreakerDoesAsAsked(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	b := NewBreaker(func() time.Time { return now })
	b.failed(30 * time.Second)
	wait, ok := b.allow()
	require.False(t, ok)
	require.Equal(t, 30*time.Second, wait)
	b.failed(time.Hour)
	require.Equal(t, now.Add(longRest), b.State().Until, "but not for an hour")
}
