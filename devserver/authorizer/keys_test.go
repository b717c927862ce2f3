package authorizer

import (
	"crypto/rsa"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
)

// sources writes a key set to a file and names it as the server's settings do.
func sources(t *testing.T, set []byte) config.Authorization {
	t.Helper()
	file := filepath.Join(t.TempDir(), "keys.json")
	require.NoError(t, os.WriteFile(file, set, 0o600))
	return config.Authorization{JWTKeyProvider: config.JWTKeyProvider{KeySourceURIs: []string{"file://" + file}}}
}

func TestKeySetsOfTheServersSettings(t *testing.T) {
	t.Parallel()
	issuer, private := issuerForTests(t, now), newRSA(t)
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{issuer.key.Public(), {Key: &private.PublicKey, KeyID: "r"}}})
	require.NoError(t, err)
	keys, err := OpenKeys(sources(t, set), log.NewNoopLogger())
	require.NoError(t, err)
	m := mapper(t, keys)

	token, err := issuer.Token("ben", Approver, time.Hour)
	require.NoError(t, err)
	for _, token := range []string{token, rsaOf(t, "r", private)} {
		got, err := m.GetClaims(&authorization.AuthInfo{AuthToken: "Bearer " + token})
		require.NoError(t, err)
		require.Equal(t, Approver, identityOf(got).Roles)
	}
	_, err = m.GetClaims(&authorization.AuthInfo{AuthToken: "Bearer " + rsaOf(t, "r", newRSA(t))})
	require.Error(t, err)
}

func TestKeySetsThatAreRefused(t *testing.T) {
	t.Parallel()
	issuer := issuerForTests(t, now)
	marshal := func(v any) []byte {
		text, err := json.Marshal(v)
		require.NoError(t, err)
		return text
	}
	for name, set := range map[string][]byte{
		"empty":           []byte(`{"keys":[]}`),
		"not JSON":        []byte(`keys`),
		"a private key":   marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{issuer.key}}),
		"a shared secret": marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: []byte("secret"), KeyID: "s"}}}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := OpenKeys(sources(t, set), log.NewNoopLogger())
			require.Error(t, err)
		})
	}
	for name, uris := range map[string][]string{
		"none": nil, "blank": {" "}, "over plain HTTP": {"http://issuer.example/keys"}, "a file that is not there": {"file:///nowhere/keys.json"}, "a word": {"keys"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := OpenKeys(config.Authorization{JWTKeyProvider: config.JWTKeyProvider{KeySourceURIs: uris}}, log.NewNoopLogger())
			require.Error(t, err)
		})
	}
}

func TestTaskKeyIsKept(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "task-key")
	first, err := OpenTaskKey(file)
	require.NoError(t, err)
	require.Len(t, first, keySize)
	again, err := OpenTaskKey(file)
	require.NoError(t, err)
	require.Equal(t, first, again)
	requireOwnerAlone(t, file)

	require.NoError(t, os.WriteFile(file, []byte("abcd"), 0o600))
	_, err = OpenTaskKey(file)
	require.ErrorContains(t, err, "hexadecimal")
}

func TestIssuerIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.False(t, HasIssuer(dir))
	first, err := OpenIssuer(dir, func() time.Time { return now })
	require.NoError(t, err)
	require.True(t, HasIssuer(dir))
	again, err := OpenIssuer(dir, func() time.Time { return now })
	require.NoError(t, err)
	requireOwnerAlone(t, filepath.Join(dir, keyFile))

	token, err := again.Token("ben", Reader, time.Hour)
	require.NoError(t, err)
	got, err := mapper(t, first).GetClaims(&authorization.AuthInfo{AuthToken: "Bearer " + token})
	require.NoError(t, err)
	require.Equal(t, Reader, identityOf(got).Roles)

	require.NoError(t, os.WriteFile(filepath.Join(dir, keyFile), []byte("{}"), 0o600))
	_, err = OpenIssuer(dir, time.Now)
	require.Error(t, err)
}

func requireOwnerAlone(t *testing.T, file string) {
	t.Helper()
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
}

// A client's token is renewed before it runs out, and not with every call.
func TestHeadersRenewTheirToken(t *testing.T) {
	t.Parallel()
	at := now
	issuer, err := NewIssuer(func() time.Time { return at })
	require.NoError(t, err)
	h := issuer.Headers("worker", WorkflowWorker)
	header := func() string {
		headers, err := h.GetHeaders(t.Context())
		require.NoError(t, err)
		return headers["authorization"]
	}
	first := header()
	at = at.Add(tokenLife / 2)
	require.Equal(t, first, header())
	at = at.Add(tokenLife / 3)
	require.NotEqual(t, first, header())
}

func TestIssuerHasOnlyItsOwnKey(t *testing.T) {
	t.Parallel()
	var none *rsa.PublicKey
	got, err := issuerForTests(t, now).RsaKey("RS256", "r")
	require.Error(t, err)
	require.Equal(t, none, got)
}

func TestWhatAPolicyNeeds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]Config{
		"no namespace": {TaskQueue: queue, TaskKey: taskKey},
		"no queue":     {Namespace: ours, TaskKey: taskKey},
		"no key":       {Namespace: ours, TaskQueue: queue},
		"a short key":  {Namespace: ours, TaskQueue: queue, TaskKey: taskKey[1:]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := New(c)
			require.Error(t, err)
		})
	}
}
