package approval

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
)

func TestServicesSignWithJWS(t *testing.T) {
	t.Parallel()
	statement := encoded(t, testStatement())
	ana, desk := signerNamed("ana"), signerOf(ecdsaKey())
	keys := NewKeySet(keyOf(ana), keyOf(desk), keyOf(signerNamed("ben")), keyOf(skNamed("cleo", userPresent)))
	for name, c := range map[string]struct{ compact, signer string }{
		"EdDSA, named":   {detached(t, jwsSigned(t, jose.EdDSA, testKey("ana"), fingerprint(ana), statement, decisionType())), fingerprint(ana)},
		"EdDSA, unnamed": {detached(t, jwsSigned(t, jose.EdDSA, testKey("ana"), "", statement, decisionType())), fingerprint(ana)},
		"ES256, named":   {detached(t, jwsSigned(t, jose.ES256, ecdsaKey(), fingerprint(desk), statement, decisionType())), fingerprint(desk)},
		"ES256, unnamed": {detached(t, jwsSigned(t, jose.ES256, ecdsaKey(), "", statement, decisionType())), fingerprint(desk)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			key, err := Verify(statement, c.compact, keys)
			require.NoError(t, err)
			require.Equal(t, c.signer, key.Fingerprint())
		})
	}
}

func TestBadJWSAreRefusedAlike(t *testing.T) {
	t.Parallel()
	statement := encoded(t, testStatement())
	ana := testKey("ana")
	kid := fingerprint(signerNamed("ana"))
	sign := func(kid string, options *jose.SignerOptions) *jose.JSONWebSignature {
		return jwsSigned(t, jose.EdDSA, ana, kid, statement, options)
	}
	good := detached(t, sign(kid, decisionType()))
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)

	for name, compact := range map[string]string{
		"whole, not detached":     whole(t, sign(kid, decisionType())),
		"JSON, not compact":       sign(kid, decisionType()).FullSerialize(),
		"no type":                 detached(t, sign(kid, nil)),
		"a verdict's type":        detached(t, sign(kid, (&jose.SignerOptions{}).WithType(VerdictJWS))),
		"JWT":                     detached(t, sign(kid, (&jose.SignerOptions{}).WithType("JWT"))),
		"payload not in base64":   detached(t, sign(kid, decisionType().WithBase64(false))),
		"b64 said to be true":     handMade(t, `{"alg":"EdDSA","b64":true,"crit":["b64"],"kid":"`+kid+`","typ":"`+DecisionJWS+`"}`, statement),
		"something critical":      detached(t, sign(kid, decisionType().WithCritical("exp"))),
		"a key of its own":        detached(t, sign(kid, withJWK(t))),
		"a header of its own":     detached(t, sign(kid, decisionType().WithHeader("cty", "json"))),
		"another's name":          detached(t, sign(fingerprint(signerNamed("ben")), decisionType())),
		"nobody's name":           detached(t, sign("SHA256:nobody", decisionType())),
		"a stranger, unnamed":     detached(t, jwsSigned(t, jose.EdDSA, testKey("stranger"), "", statement, decisionType())),
		"a stranger in her name":  detached(t, jwsSigned(t, jose.EdDSA, testKey("stranger"), kid, statement, decisionType())),
		"HMAC with a public key":  detached(t, jwsSigned(t, jose.HS256, []byte(line(signerNamed("ana"))), kid, statement, decisionType())),
		"RSA":                     detached(t, jwsSigned(t, jose.RS256, rsaKey(), kid, statement, decisionType())),
		"P-384":                   detached(t, jwsSigned(t, jose.ES384, p384, kid, statement, decisionType())),
		"a hardware key's point":  detached(t, jwsSigned(t, jose.EdDSA, testKey("cleo"), "", statement, decisionType())),
		"alg none":                handMade(t, `{"alg":"none","kid":"`+kid+`","typ":"`+DecisionJWS+`"}`, statement),
		"alg none, no signature":  withHeader("..", `{"alg":"none","kid":"`+kid+`","typ":"`+DecisionJWS+`"}`),
		"another algorithm":       handMade(t, `{"alg":"ES256","kid":"`+kid+`","typ":"`+DecisionJWS+`"}`, statement),
		"two algorithms":          handMade(t, `{"alg":"EdDSA","alg":"EdDSA","kid":"`+kid+`","typ":"`+DecisionJWS+`"}`, statement),
		"a header in other bytes": withHeader(good, `{"alg":"EdDSA","kid":"`+kid+`","typ":"`+DecisionJWS+`"} `),
		"a type in another case":  handMade(t, `{"alg":"EdDSA","kid":"`+kid+`","Typ":"`+DecisionJWS+`"}`, statement),
		"no header":               good[strings.Index(good, "."):],
		"no signature":            good[:strings.LastIndex(good, ".")+1],
		"two parts":               strings.Replace(good, "..", ".", 1),
		"four parts":              good + ".",
		"text":                    "hello",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			keys := NewKeySet(keyOf(signerNamed("ana")), keyOf(signerNamed("ben")), keyOf(skNamed("cleo", userPresent)), keyOf(signerOf(rsaKey())))
			_, err := Verify(statement, compact, keys)
			require.Equal(t, badSignature(), err)
		})
	}

	keys := NewKeySet(keyOf(signerNamed("ana")))
	_, err = Verify(statement, handMade(t, `{"alg":"EdDSA","kid":"`+kid+`","typ":"`+DecisionJWS+`"}`, statement), keys)
	require.NoError(t, err, "a header made by hand is as good")
	_, err = Verify(append(statement, ' '), good, keys)
	require.Equal(t, badSignature(), err)
}

func whole(t testing.TB, signature *jose.JSONWebSignature) string {
	t.Helper()
	compact, err := signature.CompactSerialize()
	require.NoError(t, err)
	return compact
}

func withJWK(t testing.TB) *jose.SignerOptions {
	t.Helper()
	options := decisionType()
	options.EmbedJWK = true
	return options.WithHeader("jwk", jose.JSONWebKey{Key: testKey("ana").Public()})
}

// handMade is a detached JWS with a good Ed25519 signature under a header that no library writes.
func handMade(t testing.TB, header string, payload []byte) string {
	t.Helper()
	head := base64.RawURLEncoding.EncodeToString([]byte(header))
	signature := ed25519.Sign(testKey("ana"), []byte(head+"."+base64.RawURLEncoding.EncodeToString(payload)))
	return head + ".." + base64.RawURLEncoding.EncodeToString(signature)
}

func withHeader(compact, header string) string {
	_, rest, _ := strings.Cut(compact, ".")
	return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + rest
}
