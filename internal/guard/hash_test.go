package guard

import (
	"encoding/hex"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
)

// golden are hashes of the PIN 830472 of a number with the token "token", under the pepper "pepper" and with the salt "salt", as
// they were made when their schemes were new. None of them may ever change.
var golden = map[string]string{
	"argon2id/t1/m4096/p1/hmac-sha256/1":  "25023c8dcd8caa843a16206e494b0f0745556d4f8a2ca76d782cccadf8d352d1",
	"argon2id/t2/m19456/p1/hmac-sha256/1": "c2542f3ae036eda4f4db4a5334e48c91c6906361515dde8bdc07ffe1772485fd",
}

func guardOf(t *testing.T, books *ledger.Ledger) (*Guard, Subject) {
	t.Helper()
	v, err := vault.Create(filepath.Join(t.TempDir(), "key"))
	require.NoError(t, err)
	g, err := Open(t.Context(), books, v, Options{}, time.Now())
	require.NoError(t, err)
	g.keys.pepper = []byte("pepper")
	subject := g.Number("", "+12125550123")
	subject.Token = "token"
	return g, subject
}

func newBooks(t *testing.T) *ledger.Ledger {
	t.Helper()
	books, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, books.Close()) })
	return books
}

func keptPIN(t *testing.T, scheme string) ledger.PIN {
	t.Helper()
	hash, err := hex.DecodeString(golden[scheme])
	require.NoError(t, err)
	return ledger.PIN{Scheme: scheme, Salt: []byte("salt"), Hash: hash, SetAt: time.Now().UTC().Truncate(time.Second).Add(-time.Hour), SetBy: "subscriber"}
}

func TestSchemesKeepTheirMeaning(t *testing.T) {
	t.Parallel()
	g, subject := guardOf(t, newBooks(t))
	require.Len(t, golden, len(schemes))
	for name := range schemes {
		fits, err := g.fits(t.Context(), subject, "830472", keptPIN(t, name))
		require.NoError(t, err)
		require.True(t, fits, name)
		fits, err = g.fits(t.Context(), subject, "830473", keptPIN(t, name))
		require.NoError(t, err)
		require.False(t, fits, name)
	}
	_, err := g.fits(t.Context(), subject, "830472", ledger.PIN{Scheme: "argon3"})
	require.Equal(t, "pin-scheme-unknown", porting.CodeOf(err))
	require.Equal(t, present, g.decoy.Scheme, "a number without a PIN takes as long as one with a new PIN")
}

// A PIN of an older scheme is kept in the present one when it is first right, and stays as old as it was.
func TestAnOldPINIsKeptAnew(t *testing.T) {
	t.Parallel()
	books := newBooks(t)
	g, subject := guardOf(t, books)
	old := keptPIN(t, "argon2id/t2/m19456/p1/hmac-sha256/1")
	require.NoError(t, books.SetPIN(t.Context(), subject.Subject, old))
	try := func(pin porting.Secret) (Verdict, ledger.PIN) {
		verdict, found, err := g.check(t.Context(), Attempt{Number: subject, PIN: pin, Source: Source{Kind: FromPortal, ID: "s"}, At: time.Now()})
		require.NoError(t, err)
		return verdict, found
	}

	verdict, found := try("618259")
	require.Equal(t, Wrong, verdict)
	require.Equal(t, old, found)
	verdict, found = try("830472")
	require.Equal(t, OK, verdict)
	require.Equal(t, old, found, "a wrong PIN changes nothing")
	verdict, found = try("830472")
	require.Equal(t, OK, verdict)
	require.Equal(t, present, found.Scheme)
	require.NotEqual(t, old.Salt, found.Salt)
	require.Equal(t, old.SetAt, found.SetAt, "its age counts for unlocks")
	require.Equal(t, old.SetBy, found.SetBy)
	verdict, _ = try("618259")
	require.Equal(t, Wrong, verdict)
	events, err := g.History(t.Context(), subject, 9)
	require.NoError(t, err)
	require.Len(t, events, 3, "it was set, and two failed: to keep it anew is no event")
}
