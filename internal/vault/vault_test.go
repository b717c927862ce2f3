package vault

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/portsaga/portsaga/porting"
)

const (
	number  = porting.Number("+12125550123")
	another = porting.Number("+12125550124")
)

func newVault(t testing.TB) *Vault {
	t.Helper()
	v, err := Create(t.TempDir())
	require.NoError(t, err)
	return v
}

// fixedVault has a known key, so that what is stored in ledgers and histories can be compared over releases.
func fixedVault(t testing.TB) *Vault {
	t.Helper()
	v, err := fromRoot(bytes.Repeat([]byte{7}, keySize))
	require.NoError(t, err)
	return v
}

func TestTokensStayTheSameOverReleases(t *testing.T) {
	t.Parallel()
	v := fixedVault(t)
	require.Equal(t, "Ov7l-LkbOSVh3G07qdLwsdbinfhBhPZQRuXY2-Uxlh0", v.LockToken(number))
	require.Equal(t, "AcjU0djl9i3aeMR_MrY_2Q", v.SearchToken("acme", number))

	sealed, err := base64.StdEncoding.DecodeString("AWpXrPig6c1ici+FcsBie127QC4BB3VPgEcTG/JyFPqR")
	require.NoError(t, err)
	secret, err := v.Open("pi-1", sealed)
	require.NoError(t, err)
	require.Equal(t, "4711", secret.Reveal())
}

func TestTokensTellApart(t *testing.T) {
	t.Parallel()
	v, other := newVault(t), newVault(t)

	requireDistinct(t, v.LockToken(number), v.LockToken(another), other.LockToken(number))
	requireDistinct(t, v.SearchToken("a", number), v.SearchToken("b", number), v.SearchToken("a", another),
		other.SearchToken("a", number), v.LockToken(number))

	require.Regexp(t, `^[A-Za-z0-9_-]{43}$`, v.LockToken(number))
	require.Regexp(t, `^[A-Za-z0-9_-]{22}$`, v.SearchToken("a", number))
}

func requireDistinct(t *testing.T, values ...string) {
	t.Helper()
	seen := map[string]bool{}
	for _, v := range values {
		require.False(t, seen[v], "%s is there twice", v)
		seen[v] = true
	}
}

func TestSealOpensWhereItWasSealed(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	rapid.Check(t, func(t *rapid.T) {
		place, secret := rapid.String().Draw(t, "place"), porting.Secret(rapid.String().Draw(t, "secret"))
		sealed := v.Seal(place, secret)

		opened, err := v.Open(place, sealed)
		require.NoError(t, err)
		require.Equal(t, secret.Reveal(), opened.Reveal())
		require.NotEqual(t, sealed, v.Seal(place, secret), "equal secrets do not look equal")

		_, err = v.Open(place+"x", sealed)
		requireBroken(t, err)

		at := rapid.IntRange(0, len(sealed)-1).Draw(t, "at")
		changed := bytes.Clone(sealed)
		changed[at] ^= byte(rapid.IntRange(1, 255).Draw(t, "bits"))
		_, err = v.Open(place, changed)
		requireBroken(t, err)
		_, err = v.Open(place, sealed[:at])
		requireBroken(t, err)
	})
}

func TestSealNeedsItsKey(t *testing.T) {
	t.Parallel()
	sealed := newVault(t).Seal("pi-1", "4711")
	require.NotContains(t, string(sealed), "4711")

	_, err := newVault(t).Open("pi-1", sealed)

	requireBroken(t, err)
	require.NotContains(t, err.Error(), "4711")
}

func requireBroken(t require.TestingT, err error) {
	require.Equal(t, "seal-broken", porting.CodeOf(err))
}

func TestVaultPrintsNoKeys(t *testing.T) {
	t.Parallel()
	v := fixedVault(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		require.Equal(t, "[vault]", fmt.Sprintf(verb, v))
		require.Equal(t, "[vault]", fmt.Sprintf(verb, *v))
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("opened", "vault", v)
	require.Contains(t, log.String(), "vault=[vault]")
	log.Reset()
	slog.New(slog.NewJSONHandler(&log, nil)).Info("opened", "vault", v)
	require.Contains(t, log.String(), `"vault":{}`)
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, FileName)

	_, err := Load(dir)
	require.Equal(t, "vault-key-missing", porting.CodeOf(err), "a folder without a key")
	require.Equal(t, porting.NotFound, porting.KindOf(err))

	created, err := Create(dir)
	require.NoError(t, err)
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1, "no draft is left")

	for _, path := range []string{dir, file} {
		loaded, err := Load(path)
		require.NoError(t, err)
		require.Equal(t, created.LockToken(number), loaded.LockToken(number))
	}
	_, err = Create(dir)
	require.Equal(t, "vault-key-exists", porting.CodeOf(err))
	again, err := LoadOrCreate(file)
	require.NoError(t, err)
	require.Equal(t, created.LockToken(number), again.LockToken(number), "the key that is there stays")
}

func TestBadKeyFile(t *testing.T) {
	t.Parallel()
	good := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, keySize))
	for _, c := range []struct {
		name, text string
		mode       os.FileMode
		code       string
	}{
		{"readable by the group", good, 0o640, "vault-key-exposed"},
		{"readable by all", good, 0o604, "vault-key-exposed"},
		{"writable by the group", good, 0o620, "vault-key-exposed"},
		{"empty", "", 0o600, "vault-key-invalid"},
		{"too short", good[:24], 0o600, "vault-key-invalid"},
		{"too long", good[:40] + good, 0o600, "vault-key-invalid"},
		{"not base64", "hunter2 " + good, 0o600, "vault-key-invalid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "key")
			require.NoError(t, os.WriteFile(file, []byte(c.text), 0o600))
			require.NoError(t, os.Chmod(file, c.mode))

			for _, open := range []func(string) (*Vault, error){Load, LoadOrCreate} {
				_, err := open(file)
				require.Equal(t, c.code, porting.CodeOf(err))
				require.NotContains(t, err.Error(), good[:8])
			}
			after, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, c.text, string(after), "a bad key is never replaced")
		})
	}
	t.Run("read-only for its owner is fine", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "key")
		require.NoError(t, os.WriteFile(file, []byte(good), 0o400))
		_, err := Load(file)
		require.NoError(t, err)
	})
	t.Run("no such folder", func(t *testing.T) {
		t.Parallel()
		_, err := LoadOrCreate(filepath.Join(t.TempDir(), "missing", "key"))
		require.Equal(t, "vault-key-unreadable", porting.CodeOf(err))
	})
}

func TestProcessesThatMeetAgreeOnOneKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var tokens [8]string
	var done sync.WaitGroup
	for i := range tokens {
		done.Go(func() {
			v, err := LoadOrCreate(dir)
			if err == nil {
				tokens[i] = v.LockToken(number)
			}
		})
	}
	done.Wait()
	for _, token := range tokens {
		require.NotEmpty(t, token)
		require.Equal(t, tokens[0], token)
	}
}
