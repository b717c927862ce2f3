package authorizer

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"maps"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"
	"go.temporal.io/server/common/authorization"
)

var now = time.Date(2026, time.January, 12, 15, 0, 0, 0, time.UTC)

func mapper(t *testing.T, keys Keys) *ClaimMapper {
	t.Helper()
	m, err := NewClaimMapper(keys, DevAudience, func() time.Time { return now })
	require.NoError(t, err)
	return m
}

// claims are those of a good token, changed; a nil value takes a claim away.
func claims(change map[string]any) map[string]any {
	all := map[string]any{
		"aud": DevAudience, "sub": "ben", "jti": "t-1", RolesClaim: []string{"approver"},
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	maps.Copy(all, change)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	return all
}

func TestTokens(t *testing.T) {
	t.Parallel()
	issuer := issuerForTests(t, now)
	m := mapper(t, issuer)
	emergency := []string{"break-glass"}
	for _, c := range []struct {
		name   string
		change map[string]any
		roles  Role
		why    string
	}{
		{"good", nil, Approver, ""},
		{"two roles", map[string]any{RolesClaim: []string{"reader", "customer-care"}}, Reader | CustomerCare, ""},
		{"several audiences", map[string]any{"aud": []string{"other", DevAudience}}, Approver, ""},
		{"no roles", map[string]any{RolesClaim: nil}, nobody, ""},
		{"another audience", map[string]any{"aud": "billing"}, nobody, "here and now"},
		{"no audience", map[string]any{"aud": nil}, nobody, "here and now"},
		{"expired", map[string]any{"exp": now.Add(-time.Minute).Unix()}, nobody, "here and now"},
		{"expired a moment ago, by another clock", map[string]any{"exp": now.Add(-skew / 2).Unix()}, Approver, ""},
		{"for ever", map[string]any{"exp": nil}, nobody, "no expiry"},
		{"of tomorrow", map[string]any{"nbf": now.Add(time.Hour).Unix()}, nobody, "here and now"},
		{"issued tomorrow", map[string]any{"iat": now.Add(time.Hour).Unix()}, nobody, "here and now"},
		{"of nobody", map[string]any{"sub": nil}, nobody, "no subject"},
		{"an unknown role", map[string]any{RolesClaim: []string{"approver", "king"}}, nobody, "no role"},
		{"the server's role", map[string]any{RolesClaim: []string{"system"}}, nobody, "no role"},
		{"everybody's role", map[string]any{RolesClaim: []string{"anyone"}}, nobody, "no role"},
		{"roles that are no list", map[string]any{RolesClaim: "approver"}, nobody, "signature"},
		{"an emergency of an hour", map[string]any{RolesClaim: emergency}, BreakGlass, ""},
		{"an emergency of a day", map[string]any{RolesClaim: emergency, "exp": now.Add(24 * time.Hour).Unix()}, nobody, "hour at most"},
		{"the last hour of an emergency of a day", map[string]any{RolesClaim: emergency, "iat": now.Add(-23 * time.Hour).Unix()}, nobody, "hour at most"},
		{"an emergency that was never issued", map[string]any{RolesClaim: emergency, "iat": nil}, nobody, "hour at most"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			token, err := issuer.Sign(claims(c.change))
			require.NoError(t, err)
			got, err := m.GetClaims(&authorization.AuthInfo{AuthToken: "Bearer " + token})
			if c.why != "" {
				require.ErrorContains(t, err, c.why)
				require.NotContains(t, err.Error(), "ben", "an error goes to the log, without the person")
				return
			}
			require.NoError(t, err)
			require.Equal(t, &authorization.Claims{AuthType: "jwt", Subject: "ben", Extensions: Identity{Roles: c.roles, Token: "t-1"}}, got)
			require.Equal(t, c.roles, identityOf(got).Roles)
		})
	}
}

func TestTokensOfOthers(t *testing.T) {
	t.Parallel()
	issuer, other := issuerForTests(t, now), issuerForTests(t, now)
	m := mapper(t, issuer)
	good, err := issuer.Sign(claims(nil))
	require.NoError(t, err)
	theirs, err := other.Sign(claims(nil))
	require.NoError(t, err)
	other.key.KeyID = issuer.key.KeyID
	disguised, err := other.Sign(claims(nil))
	require.NoError(t, err)

	public, err := issuer.EcdsaKey("ES256", issuer.key.KeyID)
	require.NoError(t, err)
	for name, header := range map[string]string{
		"another key":               "Bearer " + theirs,
		"another key with our name": "Bearer " + disguised,
		"no scheme":                 good,
		"another scheme":            "Basic " + good,
		"rubbish":                   "Bearer rubbish",
		"too long":                  "Bearer " + good + string(make([]byte, tokenSize)),
		"no signature":              "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJiZW4ifQ.",
		"signed with the public key as if it were a secret": "Bearer " + hmacOf(t, public, issuer.key.KeyID),
		"by RSA, which this issuer has not":                 "Bearer " + rsaOf(t, issuer.key.KeyID, newRSA(t)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := m.GetClaims(&authorization.AuthInfo{AuthToken: header})
			require.Error(t, err)
		})
	}
	got, err := m.GetClaims(&authorization.AuthInfo{AuthToken: "bearer " + good})
	require.NoError(t, err)
	require.Equal(t, "ben", got.Subject)
}

func hmacOf(t *testing.T, public *ecdsa.PublicKey, kid string) string {
	t.Helper()
	secret, err := public.Bytes()
	require.NoError(t, err)
	return signed(t, jose.HS256, jose.JSONWebKey{Key: secret, KeyID: kid})
}

func newRSA(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	return key
}

func rsaOf(t *testing.T, kid string, key *rsa.PrivateKey) string {
	t.Helper()
	return signed(t, jose.RS256, jose.JSONWebKey{Key: key, KeyID: kid})
}

func signed(t *testing.T, alg jose.SignatureAlgorithm, key jose.JSONWebKey) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, nil)
	require.NoError(t, err)
	token, err := jwt.Signed(signer).Claims(claims(nil)).Serialize()
	require.NoError(t, err)
	return token
}

func TestCallersWithoutAToken(t *testing.T) {
	t.Parallel()
	got, err := mapper(t, issuerForTests(t, now)).GetClaims(&authorization.AuthInfo{})
	require.NoError(t, err)
	require.Zero(t, identityOf(got).Roles)
	require.Zero(t, identityOf(nil).Roles)
}

// Only the mapper of the internal frontend makes claims of the server itself.
func TestTheServerItself(t *testing.T) {
	t.Parallel()
	internal, err := authorization.NewInternalClaimMapper().GetClaims(nil)
	require.NoError(t, err)
	require.Equal(t, system, identityOf(internal).Roles)

	everybody, err := authorization.NewNoopClaimMapper().GetClaims(nil)
	require.NoError(t, err)
	require.Zero(t, identityOf(everybody).Roles, "an administrator of the stock roles is nobody here")
	require.Zero(t, identityOf(&authorization.Claims{AuthType: "jwt", Subject: "internal", System: authorization.RoleAdmin}).Roles)
	require.Zero(t, identityOf(&authorization.Claims{Extensions: Identity{Roles: system | anyone}}).Roles)
}

func TestTheAudienceIsRequired(t *testing.T) {
	t.Parallel()
	_, err := NewClaimMapper(issuerForTests(t, now), "", time.Now)
	require.ErrorContains(t, err, "audience")
}
