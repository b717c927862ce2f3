package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

func state(t testing.TB, l *ledger.Ledger) ledger.State {
	t.Helper()
	s, err := l.State(t.Context())
	require.NoError(t, err)
	return s
}

func quarantine(t testing.TB, l *ledger.Ledger) {
	t.Helper()
	require.NoError(t, l.Quarantine(t.Context(), "restored", noon))
}

func lift(t testing.TB, l *ledger.Ledger) {
	t.Helper()
	require.NoError(t, l.LiftQuarantine(t.Context(), "cho@ops", noon))
}

func testIncarnation(t *testing.T, dsn newDSN) {
	where := dsn(t)
	first := state(t, open(t, where))

	require.NotEmpty(t, first.Incarnation)
	require.Equal(t, ledger.State{Incarnation: first.Incarnation}, first)
	require.Equal(t, first, state(t, open(t, where)), "opening it again changes nothing")
	require.NotEqual(t, first.Incarnation, state(t, open(t, dsn(t))).Incarnation)
}

func testChanges(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	claim(t, l, "pi-held", "0101")
	sent := submissionOf("pi-1", 1, "sha256:aa")

	for _, step := range []struct {
		name  string
		do    func() error
		raise int64
	}{
		{"a claim", func() error { claim(t, l, "pi-1", "0102"); return nil }, 1},
		{"a repeated claim", func() error { claim(t, l, "pi-1", "0102"); return nil }, 0},
		{"a submission", func() error { _, err := l.RecordSubmission(t.Context(), sent); return err }, 1},
		{"a repeated submission", func() error { _, err := l.RecordSubmission(t.Context(), sent); return err }, 0},
		{"an activation", func() error { begin(t, l, "pi-1", "key"); return nil }, 1},
		{"a repeated activation", func() error { begin(t, l, "pi-1", "key"); return nil }, 0},
		{"its end", func() error { return l.EndActivation(t.Context(), "pi-1", "key", true, noon) }, 1},
		{"its repeated end", func() error { return l.EndActivation(t.Context(), "pi-1", "key", true, noon) }, 0},
		{"a revocation", func() error { revoke(t, l, "pi-held"); return nil }, 1},
		{"a repeated revocation", func() error { revoke(t, l, "pi-held"); return nil }, 1},
		{"a release", func() error { return l.Release(t.Context(), "pi-1", porting.OutcomeCompleted, noon) }, 1},
		{"a repeated release", func() error { return l.Release(t.Context(), "pi-1", porting.OutcomeCompleted, noon) }, 0},
		{"a registry", func() error { return l.RegistrySeen(t.Context(), 1, "sha256:aa") }, 1},
		{"the same registry", func() error { return l.RegistrySeen(t.Context(), 1, "sha256:aa") }, 0},
		{"a quarantine", func() error { quarantine(t, l); return nil }, 1},
		{"its end", func() error { lift(t, l); return nil }, 1},
		{"its repeated end", func() error { lift(t, l); return nil }, 0},
	} {
		before := state(t, l).Changes
		require.NoError(t, step.do(), step.name)
		require.Equal(t, before+step.raise, state(t, l).Changes, step.name)
	}

	before := state(t, l).Changes
	_, err := l.Claim(t.Context(), portIn("pi-2", "0101"))
	requireCode(t, err, porting.Refused, "number-in-open-port")
	_, err = l.BeginActivation(t.Context(), "pi-held", 1, "key", noon)
	requireCode(t, err, porting.Refused, "fence-closed")
	require.Equal(t, before, state(t, l).Changes, "what is refused changes nothing")
}

func testQuarantine(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	claim(t, l, "pi-open", "0101")
	claim(t, l, "pi-activating", "0102")
	begin(t, l, "pi-activating", "key")
	later := noon.Add(time.Hour)

	require.NoError(t, l.Quarantine(t.Context(), "restored", noon))
	require.NoError(t, l.Quarantine(t.Context(), "looks odd", later))

	now := state(t, l)
	require.True(t, now.Quarantined())
	require.Equal(t, "restored", now.QuarantineWhy, "the first reason stays")
	require.Equal(t, noon, now.QuarantinedAt)
	for _, port := range []string{"pi-open", "pi-activating", "pi-unknown"} {
		_, err := l.BeginActivation(t.Context(), port, 1, "key", noon)
		requireCode(t, err, porting.Refused, "ledger-quarantined")
		require.ErrorContains(t, err, "restored")
	}
	require.Equal(t, ledger.FenceOpen, fence(t, l, "pi-open").State, "a refused activation changes nothing")

	// All else goes on.
	claim(t, l, "pi-new", "0103")
	require.Equal(t, ledger.FenceClosed, revoke(t, l, "pi-new").State)
	require.NoError(t, l.EndActivation(t.Context(), "pi-activating", "key", true, noon))
	require.NoError(t, l.Release(t.Context(), "pi-activating", porting.OutcomeCompleted, noon))

	require.NoError(t, l.LiftQuarantine(t.Context(), "cho@ops", later))
	require.NoError(t, l.LiftQuarantine(t.Context(), "eve", later.Add(time.Hour)))
	now = state(t, l)
	require.False(t, now.Quarantined())
	require.Equal(t, later, now.LiftedAt)
	require.Equal(t, "cho@ops", now.LiftedBy)
	begin(t, l, "pi-open", "key")

	require.NoError(t, l.Quarantine(t.Context(), "looks odd", later))
	now = state(t, l)
	require.True(t, now.Quarantined())
	require.Equal(t, "looks odd", now.QuarantineWhy)
	require.Empty(t, now.LiftedBy)
}

func testRegistry(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	for _, step := range []struct {
		version int
		digest  string
		ok      bool
	}{
		{3, "sha256:cc", true},
		{3, "sha256:cc", true},
		{3, "sha256:xx", false},
		{2, "sha256:bb", false},
		{4, "sha256:dd", true},
		{3, "sha256:cc", false},
		{4, "sha256:dd", true},
	} {
		err := l.RegistrySeen(t.Context(), step.version, step.digest)
		if step.ok {
			require.NoError(t, err, step)
		} else {
			requireCode(t, err, porting.Refused, "registry-rolled-back")
		}
	}
}

func testOpenPorts(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	for _, port := range []string{"pi-3", "pi-1", "pi-ended", "pi-2", "pi-4"} {
		claim(t, l, port, port)
	}
	require.NoError(t, l.Release(t.Context(), "pi-ended", porting.OutcomeExpired, noon))
	revoke(t, l, "pi-never-claimed")
	revoke(t, l, "pi-4")

	first, err := l.OpenPorts(t.Context(), "", 3)
	require.NoError(t, err)
	require.Equal(t, []ledger.Fence{fenceOf("pi-1"), fenceOf("pi-2"), fenceOf("pi-3")}, first)

	rest, err := l.OpenPorts(t.Context(), "pi-3", 3)
	require.NoError(t, err)
	require.Equal(t, []ledger.Fence{fence(t, l, "pi-4")}, rest, "a revoked port is open until its saga has ended")

	none, err := l.OpenPorts(t.Context(), "pi-4", 3)
	require.NoError(t, err)
	require.Empty(t, none)
}
