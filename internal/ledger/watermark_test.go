package ledger_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

func openWatermark(t testing.TB, file string) *ledger.Watermark {
	t.Helper()
	w, err := ledger.OpenWatermark(file)
	require.NoError(t, err)
	return w
}

func check(t testing.TB, w *ledger.Watermark, l *ledger.Ledger) ledger.State {
	t.Helper()
	s, err := w.Check(t.Context(), l, noon)
	require.NoError(t, err)
	require.Equal(t, state(t, l), s)
	return s
}

func testWatermark(t *testing.T, dsn newDSN) {
	where, file := dsn(t), filepath.Join(t.TempDir(), "watermark")
	l := open(t, where)
	claim(t, l, "pi-1", "0101")
	require.False(t, check(t, openWatermark(t, file), l).Quarantined(), "the first look has nothing to compare with")
	claim(t, l, "pi-2", "0102")
	w := openWatermark(t, file)
	require.False(t, check(t, w, l).Quarantined())
	require.False(t, check(t, w, l).Quarantined())

	execute(t, where, `UPDATE ledger_state SET changes = 1`)
	now := check(t, w, l)

	require.True(t, now.Quarantined())
	require.Contains(t, now.QuarantineWhy, "has seen 1 changes and had seen 2")
	require.Greater(t, now.Changes, int64(2), "the count never falls below what was seen")
	_, err := l.BeginActivation(t.Context(), "pi-1", 1, "key", noon)
	requireCode(t, err, porting.Refused, "ledger-quarantined")

	lift(t, l)
	require.False(t, check(t, w, l).Quarantined(), "once lifted, it is not raised again for the same restore")
	require.False(t, check(t, openWatermark(t, file), l).Quarantined())
}

func testWatermarkOfAnother(t *testing.T, dsn newDSN) {
	file := filepath.Join(t.TempDir(), "watermark")
	old, next := open(t, dsn(t)), open(t, dsn(t))
	check(t, openWatermark(t, file), old)
	for _, port := range []string{"pi-1", "pi-2"} {
		claim(t, next, port, port)
	}

	w := openWatermark(t, file)
	now := check(t, w, next)

	require.True(t, now.Quarantined(), "an empty ledger forgot every revocation, however far it has come since")
	require.Contains(t, now.QuarantineWhy, "another ledger")
	lift(t, next)
	require.False(t, check(t, w, next).Quarantined())
	require.True(t, check(t, w, old).Quarantined())
}

func testRaceWatermark(t *testing.T, dsn newDSN) {
	handles := twoHandles(t, dsn)
	w := openWatermark(t, filepath.Join(t.TempDir(), "watermark"))
	for round := range rounds(t) {
		port := portIn(fmt.Sprintf("pi-%d", round), fmt.Sprint(round))
		var failed [3]error
		race(
			func() { _, failed[0] = handles[0].Claim(t.Context(), port) },
			func() { _, failed[1] = w.Check(t.Context(), handles[0], noon) },
			func() { _, failed[2] = w.Check(t.Context(), handles[1], noon) },
		)
		require.Equal(t, [3]error{}, failed)
	}
	require.False(t, check(t, w, handles[0]).Quarantined(), "looking while the ledger grows raises no false alarm")
}

// TestRestoredBackup brings back a copy of the file from before a revocation.
func TestRestoredBackup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	live, backup := filepath.Join(dir, "ledger.db"), filepath.Join(dir, "backup.db")
	w := openWatermark(t, filepath.Join(dir, "watermark"))
	use := func(do func(*ledger.Ledger)) {
		l, err := ledger.Open(t.Context(), live)
		require.NoError(t, err)
		do(l)
		check(t, w, l)
		require.NoError(t, l.Close())
	}
	use(func(l *ledger.Ledger) { claim(t, l, "pi-1", "0101") })
	copyFile(t, live, backup)
	use(func(l *ledger.Ledger) { revoke(t, l, "pi-1") })
	copyFile(t, backup, live)
	use(func(l *ledger.Ledger) {
		require.Equal(t, ledger.FenceOpen, fence(t, l, "pi-1").State, "the revocation is forgotten")
	})

	restored := open(t, live)
	_, err := restored.BeginActivation(t.Context(), "pi-1", 1, "key", noon)
	requireCode(t, err, porting.Refused, "ledger-quarantined")

	revoke(t, restored, "pi-1")
	lift(t, restored)
	require.False(t, check(t, w, restored).Quarantined())
	_, err = restored.BeginActivation(t.Context(), "pi-1", 1, "key", noon)
	requireCode(t, err, porting.Refused, "fence-closed")
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, content, 0o600))
}

func TestWatermarkFile(t *testing.T) {
	t.Parallel()
	l := open(t, sqliteFile(t))
	t.Run("private", func(t *testing.T) {
		dir := t.TempDir()
		file := filepath.Join(dir, "watermark")
		check(t, openWatermark(t, file), l)
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Len(t, entries, 1, "no draft stays behind")
	})
	t.Run("damaged", func(t *testing.T) {
		for _, text := range []string{"", "{", "{}", `{"changes":3}`} {
			file := filepath.Join(t.TempDir(), "watermark")
			require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
			_, err := ledger.OpenWatermark(file)
			requireCode(t, err, porting.Failed, "watermark-invalid")
		}
	})
	t.Run("unreadable", func(t *testing.T) {
		_, err := ledger.OpenWatermark(t.TempDir())
		requireCode(t, err, porting.Failed, "watermark-unavailable")
	})
	t.Run("no such folder", func(t *testing.T) {
		w := openWatermark(t, filepath.Join(t.TempDir(), "missing", "watermark"))
		_, err := w.Check(t.Context(), l, noon)
		requireCode(t, err, porting.Failed, "watermark-unavailable")
	})
	t.Run("no ledger", func(t *testing.T) {
		gone, err := ledger.Open(t.Context(), sqliteFile(t))
		require.NoError(t, err)
		require.NoError(t, gone.Close())
		_, err = openWatermark(t, filepath.Join(t.TempDir(), "watermark")).Check(t.Context(), gone, noon)
		requireCode(t, err, porting.Failed, "ledger-unavailable")
	})
}
