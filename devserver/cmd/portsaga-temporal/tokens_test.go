package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/devserver/authorizer"
)

func makeTokens(t *testing.T, args ...string) error {
	t.Helper()
	cmd := newCommand()
	cmd.SetArgs(append([]string{"tokens"}, args...))
	cmd.SetOut(&bytes.Buffer{})
	return cmd.ExecuteContext(t.Context())
}

func TestTokens(t *testing.T) {
	t.Parallel()
	keys, dir := t.TempDir(), t.TempDir()
	require.NoError(t, makeTokens(t, "--keys", keys, "--dir", dir, "--audience", "prod", "gate=gate-worker,webhook", "trust=trust-worker"))

	issuer, err := authorizer.OpenIssuer(keys, time.Now)
	require.NoError(t, err)
	published, err := os.ReadFile(filepath.Join(dir, "server", "jwks.json"))
	require.NoError(t, err)
	public, err := issuer.KeySet()
	require.NoError(t, err)
	require.JSONEq(t, string(public), string(published))

	text, err := os.ReadFile(filepath.Join(dir, "gate", "token"))
	require.NoError(t, err)
	token, err := jwt.ParseSigned(string(text), []jose.SignatureAlgorithm{jose.ES256})
	require.NoError(t, err)
	var claims struct {
		jwt.Claims
		Roles []string `json:"portsaga_roles"`
	}
	require.NoError(t, token.UnsafeClaimsWithoutVerification(&claims))
	require.Equal(t, jwt.Audience{"prod"}, claims.Audience)
	require.Equal(t, "gate", claims.Subject)
	require.ElementsMatch(t, []string{"gate-worker", "webhook"}, claims.Roles)
	require.WithinDuration(t, time.Now().Add(24*time.Hour), claims.Expiry.Time(), time.Minute)
}

func TestTokensRefused(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"no role":            {"--audience", "prod", "gate"},
		"an unknown role":    {"--audience", "prod", "gate=king"},
		"a name with a path": {"--audience", "prod", "../gate=gate-worker"},
		"no audience":        {"--audience", "", "gate=gate-worker"},
		"nobody":             {"--audience", "prod"},
		"no key":             {"--audience", "prod", "--keys", "", "gate=gate-worker"},
	} {
		dir := t.TempDir()
		require.Error(t, makeTokens(t, append([]string{"--keys", t.TempDir(), "--dir", dir}, args...)...), name)
		written, err := os.ReadDir(dir)
		require.NoError(t, err)
		require.Empty(t, written, name)
	}
}

func TestTokensAreChecked(t *testing.T) {
	t.Parallel()
	keys, dir := filepath.Join(t.TempDir(), "made"), t.TempDir()
	check := func() error { return makeTokens(t, "--check", "--dir", dir) }
	require.Error(t, check(), "nothing has been made")

	require.NoError(t, makeTokens(t, "--keys", keys, "--dir", dir, "--audience", "prod", "gate=gate-worker", "trust=trust-worker"))
	require.NoError(t, check())
	require.ErrorIs(t, checkTokens(dir, time.Now().Add(25*time.Hour)), jwt.ErrExpired)

	gate, trust := filepath.Join(dir, "gate", "token"), filepath.Join(dir, "trust", "token")
	good, err := os.ReadFile(gate)
	require.NoError(t, err)
	for name, bad := range map[string][]byte{"empty": nil, "cut": good[:len(good)-9]} {
		require.NoError(t, os.WriteFile(gate, bad, 0o600))
		require.ErrorContains(t, check(), gate, name)
	}

	require.NoError(t, makeTokens(t, "--keys", t.TempDir(), "--dir", dir, "--audience", "prod", "gate=gate-worker"))
	require.ErrorContains(t, check(), trust+": the public keys do not prove it", "it was signed with a key of before")
	require.NoError(t, os.RemoveAll(filepath.Dir(trust)))
	require.NoError(t, check())
	require.NoError(t, os.RemoveAll(filepath.Dir(gate)))
	require.ErrorContains(t, check(), "there is no token")
}
