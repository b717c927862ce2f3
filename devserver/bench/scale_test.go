package bench

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger/pgtest"
	"github.com/portsaga/portsaga/porting"
)

// Ports are measured beside fleets that grow, and the next bench finds the fleet and goes on from there.
func TestBesideFleets(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Ports, o.Open = 2, []int{6, 3}
	r, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, []int{3, 6}, []int{r.Fleets[0].Open, r.Fleets[1].Open})
	require.InDelta(t, 1, r.Fleets[0].ToFirst, 0)
	require.Positive(t, r.Fleets[1].ToFirst)
	require.Positive(t, r.Fleets[1].BareFirst)
	require.Greater(t, r.Fleets[1].EngineDB, r.Fleets[0].EngineDB)
	first, err := o.kept()
	require.NoError(t, err)
	require.Equal(t, 6, first.Open)

	o.Kind, o.Open, o.Rounds = KindStart, []int{6}, 1
	r, err = Run(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, []int{0, 6}, []int{r.Starts[0].Open, r.Starts[1].Open})
	for _, s := range r.Starts {
		require.Positive(t, s.Ready)
		require.Positive(t, s.Killed)
		require.Greater(t, s.FirstTask, s.Ready)
		require.Equal(t, o.InProgress, s.Recovery.Ports)
		require.Greater(t, s.Recovery.Moved, s.Recovery.Ready)
		require.GreaterOrEqual(t, s.Recovery.Ended, s.Recovery.Moved)
	}
	next, err := o.kept()
	require.NoError(t, err)
	require.Equal(t, first.Open, next.Open)
	require.Equal(t, first.Done+o.InProgress, next.Done, "no number is measured twice")
}

// Engine and ledger on PostgreSQL, and what their servers use.
func TestOnPostgreSQL(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	o := options(t)
	o.Ports, o.Database, o.Ledger = 2, server.Absent(t), server.New(t)
	r, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, []string{"PostgreSQL", "PostgreSQL"}, []string{r.Engine, r.Ledger})
	require.Positive(t, r.Ours.ServerCPU)
	require.Positive(t, r.Ours.EngineCPU)
	require.Positive(t, r.Ours.EngineDB)
	require.Positive(t, r.CPURatio)
}

// A fleet has numbers of its own, of which no two are the same.
func TestStandingNumbers(t *testing.T) {
	t.Parallel()
	seen := map[porting.Number]bool{}
	for i := range 60_000 {
		n, err := standingNumber(i)
		require.NoError(t, err)
		if seen[n] || !standing.MatchString(n.E164()) {
			t.Fatal(i, n)
		}
		seen[n] = true
	}
	_, err := standingNumber(1_000_000)
	require.Equal(t, "bench-too-large", porting.CodeOf(err))
}

var standing = regexp.MustCompile(`^\+1\d{3}5550(1[5-9]|[2-9]\d)\d$`)
