package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

func testCloseFence(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	claim(t, l, "pi-1", "0101")

	revoked := revoke(t, l, "pi-1")

	closed := fenceOf("pi-1")
	closed.State, closed.Epoch, closed.RevokeRequestedAt, closed.RevokedAt = ledger.FenceClosed, 2, noon, noon
	closed.RevokedBy, closed.RevokeReason = "ben@care", porting.AuthorizationRevoked
	require.Equal(t, closed, revoked)
	for epoch := range int64(4) {
		_, err := l.BeginActivation(t.Context(), "pi-1", epoch, "key", noon)
		requireCode(t, err, porting.Refused, "fence-closed")
	}
	again, err := l.CloseFence(t.Context(), "pi-1", "eve", porting.UnauthorisedPort, noon.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, revoked, again, "the first revocation stays")

	_, err = l.Claim(t.Context(), portIn("pi-2", "0101"))
	requireCode(t, err, porting.Refused, "number-in-open-port") // until the rollback is done
	require.NoError(t, l.Release(t.Context(), "pi-1", porting.OutcomeRevoked, noon))
	claim(t, l, "pi-2", "0101")
}

func testCloseFenceFirst(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))

	require.Equal(t, ledger.FenceClosed, revoke(t, l, "pi-1").State)

	_, err := l.Claim(t.Context(), portIn("pi-1", "0101"))
	requireCode(t, err, porting.Refused, "port-revoked")
	_, err = l.BeginActivation(t.Context(), "pi-1", 1, "key", noon)
	requireCode(t, err, porting.Refused, "fence-closed")
	require.NoError(t, l.Release(t.Context(), "pi-1", porting.OutcomeRevoked, noon))
	claim(t, l, "pi-2", "0101")
}

func testCloseFenceTooLate(t *testing.T, dsn newDSN) {
	requested := func(t *testing.T, l *ledger.Ledger) {
		claim(t, l, "pi-1", "0101")
		begin(t, l, "pi-1", "key")
		late := revoke(t, l, "pi-1")
		require.Equal(t, ledger.FenceActivating, late.State)
		require.Equal(t, noon, late.RevokeRequestedAt)
		require.Zero(t, late.RevokedAt)
	}
	t.Run("moved", func(t *testing.T) {
		l := open(t, dsn(t))
		requested(t, l)
		require.NoError(t, l.EndActivation(t.Context(), "pi-1", "key", true, noon))

		active := fence(t, l, "pi-1")
		require.Equal(t, ledger.FenceActive, active.State)
		require.Zero(t, active.RevokedAt)
		require.Equal(t, active, revoke(t, l, "pi-1"))
	})
	t.Run("not moved", func(t *testing.T) {
		l := open(t, dsn(t))
		requested(t, l)
		later := noon.Add(time.Minute)
		require.NoError(t, l.EndActivation(t.Context(), "pi-1", "key", false, later))

		closed := fence(t, l, "pi-1")
		require.Equal(t, ledger.FenceClosed, closed.State)
		require.EqualValues(t, 2, closed.Epoch)
		require.Equal(t, later, closed.RevokedAt)
		_, err := l.BeginActivation(t.Context(), "pi-1", 2, "key", later)
		requireCode(t, err, porting.Refused, "fence-closed")
	})
	t.Run("after the end", func(t *testing.T) {
		l := open(t, dsn(t))
		claim(t, l, "pi-1", "0101")
		require.NoError(t, l.Release(t.Context(), "pi-1", porting.OutcomeCompleted, noon))

		closed := revoke(t, l, "pi-1")
		require.Equal(t, noon, closed.RevokeRequestedAt)
		require.Zero(t, closed.RevokedAt, "the end closed the fence, not the revocation")
	})
}

func testActivationRefused(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	for _, c := range []struct {
		name  string
		epoch int64
		setUp func(port string)
		kind  porting.Kind
		code  string
	}{
		{"never claimed", 1, func(string) {}, porting.NotFound, "port-unknown"},
		{"another epoch", 2, func(port string) { claim(t, l, port, port) }, porting.Refused, "fence-epoch"},
		{"another activation", 1, func(port string) {
			claim(t, l, port, port)
			begin(t, l, port, "first")
		}, porting.Refused, "fence-taken"},
		{"active", 1, func(port string) {
			claim(t, l, port, port)
			begin(t, l, port, "first")
			require.NoError(t, l.EndActivation(t.Context(), port, "first", true, noon))
		}, porting.Refused, "fence-taken"},
		{"ended", 2, func(port string) {
			claim(t, l, port, port)
			require.NoError(t, l.Release(t.Context(), port, porting.OutcomeExpired, noon))
		}, porting.Refused, "fence-closed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.setUp(c.name)
			_, err := l.BeginActivation(t.Context(), c.name, c.epoch, "key", noon)
			requireCode(t, err, c.kind, c.code)
		})
	}
}

func testEndActivation(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	ctx := t.Context()
	claim(t, l, "pi-1", "0101")
	requireCode(t, l.EndActivation(ctx, "pi-1", "first", true, noon), porting.Refused, "fence-taken")
	requireCode(t, l.EndActivation(ctx, "pi-unknown", "first", true, noon), porting.NotFound, "port-unknown")

	begin(t, l, "pi-1", "first")
	begin(t, l, "pi-1", "first")
	requireCode(t, l.EndActivation(ctx, "pi-1", "second", true, noon), porting.Refused, "fence-taken")
	require.NoError(t, l.EndActivation(ctx, "pi-1", "first", false, noon))
	require.NoError(t, l.EndActivation(ctx, "pi-1", "first", false, noon))
	requireCode(t, l.EndActivation(ctx, "pi-1", "first", true, noon), porting.Refused, "activation-ended")
	require.Equal(t, ledger.FenceOpen, fence(t, l, "pi-1").State)

	later := noon.Add(time.Hour)
	won, err := l.BeginActivation(ctx, "pi-1", 1, "second", later)
	require.NoError(t, err)
	activating := fenceOf("pi-1")
	activating.State, activating.ActivationKey, activating.ActivatingAt = ledger.FenceActivating, "second", later
	require.Equal(t, activating, won)
	require.NoError(t, l.EndActivation(ctx, "pi-1", "second", true, later))
	require.NoError(t, l.EndActivation(ctx, "pi-1", "second", true, later.Add(time.Hour)))
	requireCode(t, l.EndActivation(ctx, "pi-1", "second", false, later), porting.Refused, "activation-ended")

	active, err := l.BeginActivation(ctx, "pi-1", 1, "second", later)
	require.NoError(t, err, "a repeated activation learns that it is done")
	require.Equal(t, ledger.FenceActive, active.State)
	require.Equal(t, later, active.ActivatedAt)
}

// Every step at the fence leaves one leaf in the log, and a step that is taken again leaves none.
func testFenceLeaves(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	ctx := t.Context()
	for range 2 {
		claim(t, l, "pi-1", "0101")
		begin(t, l, "pi-1", "first")
	}
	for range 2 {
		require.NoError(t, l.EndActivation(ctx, "pi-1", "first", false, noon))
	}
	for range 2 {
		begin(t, l, "pi-1", "second")
		revoke(t, l, "pi-1")
	}
	for range 2 {
		require.NoError(t, l.EndActivation(ctx, "pi-1", "second", true, noon))
	}
	for range 2 {
		require.NoError(t, l.Release(ctx, "pi-1", porting.OutcomeCompleted, noon))
	}

	leaves, err := l.LeavesOf(ctx, "pi-1")
	require.NoError(t, err)
	var kinds []audit.Kind
	for _, leaf := range leaves {
		kinds = append(kinds, leaf.Kind)
	}
	require.Equal(t, []audit.Kind{
		audit.Claimed, audit.ActivationBegun, audit.ActivationEnded, audit.ActivationBegun, audit.Revocation, audit.ActivationEnded, audit.Closed,
	}, kinds)
}
