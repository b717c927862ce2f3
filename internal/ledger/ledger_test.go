package ledger_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

func testSecrets(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	ctx := t.Context()
	expires := noon.Add(time.Hour)
	sealed := []byte{0, 1, 0xff, '\''}
	put := func(owner string) string {
		ref, err := l.PutSecret(ctx, owner, sealed, noon, expires)
		require.NoError(t, err)
		return ref
	}
	requireGone := func(ref string, at time.Time) {
		_, err := l.GetSecret(ctx, ref, at)
		requireCode(t, err, porting.NotFound, "secret-gone")
	}
	first, second, other := put("pi-1"), put("pi-1"), put("pi-2")
	require.NotEqual(t, first, second)

	got, err := l.GetSecret(ctx, first, expires.Add(-time.Microsecond))
	require.NoError(t, err)
	require.Equal(t, sealed, got)
	requireGone(first, expires)
	requireGone("sec-unknown", noon)

	require.NoError(t, l.DestroySecrets(ctx, "pi-1"))
	require.NoError(t, l.DestroySecrets(ctx, "pi-1"))
	requireGone(first, noon)
	requireGone(second, noon)
	_, err = l.PutSecret(ctx, "pi-1", sealed, noon, expires)
	requireCode(t, err, porting.Refused, "port-exists")
	_, err = l.GetSecret(ctx, other, noon)
	require.NoError(t, err)

	destroyed, err := l.DestroyExpiredSecrets(ctx, expires.Add(-time.Microsecond))
	require.NoError(t, err)
	require.Zero(t, destroyed)
	destroyed, err = l.DestroyExpiredSecrets(ctx, expires)
	require.NoError(t, err)
	require.EqualValues(t, 1, destroyed)
	requireGone(other, noon)
}

// What the first claim keeps with its port stays, and goes with the port.
func testClaimKeeping(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	keep := func(port, sealed string) ([]byte, error) {
		_, kept, err := l.ClaimKeeping(t.Context(), portIn(port, "0101"), ledger.KeptSecret{
			Ref: "salt-" + port, Owner: port, Sealed: []byte(sealed), At: noon, ExpiresAt: noon.Add(time.Hour),
		})
		return kept, err
	}
	for _, drawn := range []string{"first", "second"} {
		kept, err := keep("pi-1", drawn)
		require.NoError(t, err)
		require.Equal(t, "first", string(kept))
	}
	_, err := keep("pi-2", "third")
	requireCode(t, err, porting.Refused, "number-in-open-port")
	stats, err := l.Stats(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, stats.Secrets, "a claim that fails keeps nothing")

	require.NoError(t, l.DestroySecrets(t.Context(), "pi-1"))
	require.NoError(t, l.Release(t.Context(), "pi-1", porting.OutcomeExpired, noon))
	_, err = keep("pi-1", "fourth")
	requireCode(t, err, porting.Refused, "port-closed")
	stats, err = l.Stats(t.Context())
	require.NoError(t, err)
	require.Zero(t, stats.Secrets, "nor does one of a port that has ended")
}

func testStats(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	require.NoError(t, l.Ping(t.Context()))
	claim(t, l, "pi-1", "0101", "0102")
	claim(t, l, "pi-2", "0103")
	require.NoError(t, l.Release(t.Context(), "pi-2", porting.OutcomeExpired, noon))
	revoke(t, l, "pi-never-claimed")
	_, err := l.PutSecret(t.Context(), "pi-1", []byte("sealed"), noon, noon.Add(time.Hour))
	require.NoError(t, err)

	stats, err := l.Stats(t.Context())

	require.NoError(t, err)
	require.Equal(t, ledger.Stats{OpenPorts: 1, HeldNumbers: 2, Secrets: 1}, stats)
}

func testTimes(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	claim(t, l, "pi-1", "0101")
	inAuckland := time.Date(2026, 4, 5, 2, 30, 0, 123_456_789, time.FixedZone("NZDT", 13*60*60))

	fence, err := l.CloseFence(t.Context(), "pi-1", "ben@care", porting.AuthorizationRevoked, inAuckland)

	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 4, 4, 13, 30, 0, 123_456_000, time.UTC), fence.RevokedAt)
}

func testMissingTime(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	claim(t, l, "pi-1", "0101")

	_, err := l.CloseFence(t.Context(), "pi-1", "ben@care", porting.AuthorizationRevoked, time.Time{})

	require.ErrorContains(t, err, "no time")
	require.Zero(t, fence(t, l, "pi-1").RevokeRequestedAt, "a revocation is acknowledged whole or not at all")
}

func testReopen(t *testing.T, dsn newDSN) {
	where := dsn(t)
	first, err := ledger.Open(t.Context(), where)
	require.NoError(t, err)
	claim(t, first, "pi-1", "0101")
	revoke(t, first, "pi-1")
	require.NoError(t, first.Close())

	second := open(t, where)
	require.Equal(t, ledger.FenceClosed, fence(t, second, "pi-1").State)
	_, err = second.Claim(t.Context(), portIn("pi-2", "0101"))
	requireCode(t, err, porting.Refused, "number-in-open-port")
}

func testNewerSchema(t *testing.T, dsn newDSN) {
	where := dsn(t)
	open(t, where)
	execute(t, where, `INSERT INTO ledger_version (version_id, is_applied) VALUES (9999, TRUE)`)

	_, err := ledger.Open(t.Context(), where)

	requireCode(t, err, porting.Refused, "ledger-newer")
}

// execute runs statements behind the ledger's back.
func execute(t *testing.T, dsn string, statements ...string) {
	db := openRaw(t, dsn)
	defer db.Close()
	for _, statement := range statements {
		_, err := db.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
}

func openRaw(t *testing.T, dsn string) *sql.DB {
	driver := "sqlite"
	if strings.HasPrefix(dsn, "postgres:") {
		driver = "pgx"
	}
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	return db
}

func TestSQLiteNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plain := filepath.Join(dir, "a ledger? 100%.db")
	for _, dsn := range []string{plain, "file:" + dir + "/uri.db", "file://" + dir + "/uri.db?cache=private"} {
		claim(t, open(t, dsn), "pi-"+dsn, dsn)
	}
	require.FileExists(t, plain)

	uri := open(t, filepath.Join(dir, "uri.db"))
	stats, err := uri.Stats(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 2, stats.OpenPorts, "both URIs and the path name one file")
}

func TestSQLiteFilesArePrivate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, dsn := range []string{filepath.Join(dir, "a ledger? 100%.db"), "file:" + dir + "/uri%20.db?cache=private"} {
		claim(t, open(t, dsn), "pi-1", "0101")
	}
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, files, 6, "two databases, each with its -wal and -shm")
	for _, file := range files {
		info, err := file.Info()
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), file.Name())
	}

	shared := filepath.Join(dir, "shared.db")
	require.NoError(t, os.WriteFile(shared, nil, 0o600))
	require.NoError(t, os.Chmod(shared, 0o640))
	open(t, shared)
	info, err := os.Stat(shared)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode().Perm(), "the mode that somebody gave it stays")

	_, err = ledger.Open(t.Context(), "file:"+dir+"/missing.db?mode=rw")
	requireCode(t, err, porting.Failed, "ledger-unavailable")
	require.NoFileExists(t, filepath.Join(dir, "missing.db"))
}

func TestFaults(t *testing.T) {
	t.Parallel()
	t.Run("no such folder", func(t *testing.T) {
		_, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "missing", "ledger.db"))
		requireCode(t, err, porting.Failed, "ledger-unavailable")
	})
	t.Run("a password in the DSN stays secret", func(t *testing.T) {
		_, err := ledger.Open(t.Context(), "postgres://port:hunter2@127.0.0.1:1/ledger?connect_timeout=1")
		requireCode(t, err, porting.Failed, "ledger-unavailable")
		require.NotContains(t, err.Error(), "hunter2")
	})
	t.Run("cancelled", func(t *testing.T) {
		l := open(t, sqliteFile(t))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := l.Claim(ctx, portIn("pi-1", "0101"))
		require.ErrorIs(t, err, context.Canceled)
		requireCode(t, err, porting.Failed, "ledger-unavailable")
	})
	t.Run("closed", func(t *testing.T) {
		l, err := ledger.Open(t.Context(), sqliteFile(t))
		require.NoError(t, err)
		require.NoError(t, l.Close())
		requireCode(t, l.Ping(t.Context()), porting.Failed, "ledger-unavailable")
	})
}

// testEnd ends a port with all that the ledger knows of it: as a whole, and not while its numbers may move.
func testEnd(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	claim(t, l, "pi-1", "0101")
	ref, err := l.PutSecret(t.Context(), "pi-1", []byte("sealed"), noon, noon.Add(time.Hour))
	require.NoError(t, err)
	require.NoError(t, l.KeepTold(t.Context(), "pi-1", []byte("sealed"), ""))
	begin(t, l, "pi-1", "key")
	ctx := ledger.GatherExchanges(t.Context())
	require.NoError(t, l.RecordExchange(ctx, ledger.Exchange{PortID: "pi-1", At: noon, Method: "GET", Path: "/orders"}))
	end := ledger.End{PortID: "pi-1", Outcome: porting.OutcomeCompleted, At: noon, Timeline: []audit.Leaf{
		{At: noon, Kind: audit.Transition, Port: "pi-1", Ref: "0", Data: audit.TransitionFact{Stage: porting.Completed}},
	}}
	requireCode(t, l.End(ctx, end), porting.Refused, "activation-in-flight")
	_, err = l.GetSecret(t.Context(), ref, noon)
	require.NoError(t, err, "a port that goes on needs its secrets")
	told := func() []audit.Kind {
		var kinds []audit.Kind
		for leaf, err := range l.LeavesBetween(t.Context(), noon, noon.Add(time.Hour), audit.Exchange, audit.Transition, audit.Closed) {
			require.NoError(t, err)
			kinds = append(kinds, leaf.Kind)
		}
		return kinds
	}
	require.Empty(t, told())

	require.NoError(t, l.EndActivation(t.Context(), "pi-1", "key", true, noon))
	before := state(t, l).Changes
	for range 2 {
		require.NoError(t, l.End(ctx, end))
		require.Equal(t, before+1, state(t, l).Changes)
		require.Equal(t, []audit.Kind{audit.Exchange, audit.Transition, audit.Closed}, told(), "once")
	}
	_, err = l.GetSecret(t.Context(), ref, noon)
	requireCode(t, err, porting.NotFound, "secret-gone")
	sealed, _, err := l.Told(t.Context(), "pi-1")
	require.NoError(t, err)
	require.Nil(t, sealed)
	require.Equal(t, porting.OutcomeCompleted, fence(t, l, "pi-1").Outcome)
	claim(t, l, "pi-2", "0101")
}
