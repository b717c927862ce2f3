package approval

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/portsaga/portsaga/porting"
)

// now is when everything in these tests happens.
var now = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

const audience = "prod-eu1"

// testKey is an Ed25519 key that is the same in every run.
func testKey(name string) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(name + strings.Repeat(".", ed25519.SeedSize-len(name))))
}

func signerOf(private crypto.Signer) ssh.Signer { return must(ssh.NewSignerFromSigner(private)) }

func signerNamed(name string) ssh.Signer { return signerOf(testKey(name)) }

// line is a key as authorized_keys holds it.
func line(s ssh.Signer) string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(s.PublicKey())))
}

func fingerprint(s ssh.Signer) string { return ssh.FingerprintSHA256(s.PublicKey()) }

func keyOf(s ssh.Signer) Key { return must(newKey(s.PublicKey())) }

// Keys that take long to make are made once.
var (
	rsaKey   = sync.OnceValue(func() *rsa.PrivateKey { return must(rsa.GenerateKey(rand.Reader, MinRSA)) })
	ecdsaKey = sync.OnceValue(func() *ecdsa.PrivateKey { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
)

// The people of these tests. Ana has two keys, Ben signs with hardware, Cleo may look and not decide.
func testDocument() Document {
	key := func(s ssh.Signer) Credential {
		return Credential{Key: line(s), NotBefore: now.AddDate(0, -1, 0), NotAfter: now.AddDate(1, 0, 0)}
	}
	d := NewDocument(audience, []string{line(signerNamed("root-1")), line(signerNamed("root-2")), line(signerNamed("root-3"))}, 2,
		now.Add(-time.Hour), now.AddDate(0, 3, 0))
	d.Version = 7
	d.Persons = []Person{
		{
			ID: "ana", Names: []string{"ana@desk", "Ana Abel"}, Team: "fraud", Roles: []string{RoleApprover},
			Credentials: []Credential{key(signerNamed("ana")), key(signerNamed("ana-2"))},
		},
		{ID: "ben", Names: []string{"ben@desk"}, Team: "porting", Roles: []string{RoleApprover}, Credentials: []Credential{key(skNamed("ben", userPresent))}},
		{ID: "cleo", Names: []string{}, Team: "porting", Roles: []string{"auditor"}, Credentials: []Credential{key(signerNamed("cleo"))}},
	}
	d.Services = []Service{
		{ID: "trust-1", Roles: []string{RoleVerdict}, Credentials: []Credential{key(signerNamed("trust"))}},
		{ID: "portal", Roles: []string{RoleApprover}, Credentials: []Credential{key(signerNamed("portal"))}},
	}
	return d
}

var testPins = Roots{2, []string{line(signerNamed("root-1")), line(signerNamed("root-2")), line(signerNamed("root-3"))}}

// signed is a registry file that these roots signed.
func signed(t testing.TB, document []byte, roots ...ssh.Signer) []byte {
	t.Helper()
	f := SignedFile{Document: document}
	for _, root := range roots {
		require.NoError(t, f.Sign(root))
	}
	return f.Marshal()
}

// registryOf opens a document that two of three roots signed.
func registryOf(t testing.TB, d Document) *Registry {
	t.Helper()
	r, err := OpenRegistry(signed(t, d.Encode(), signerNamed("root-1"), signerNamed("root-2")), testPins.Encode(), now)
	require.NoError(t, err)
	return r
}

// testChallenge is what a port asks.
func testChallenge() porting.Challenge {
	return porting.Challenge{
		Audience: audience, Port: "port-1", Run: "run-1", Epoch: 3, Stage: porting.Verifying, OrderVersion: 2,
		OrderDigest: Digest([]byte("order")), Shown: porting.Shown{Numbers: []string{}, Findings: []string{}, Risk: porting.RiskHigh},
		Policy: porting.Policy{People: 2, Teams: 2, Hardware: 1}.Ref("us@1"), Nonce: "nonce-1",
	}
}

func testStatement() porting.Statement {
	return testChallenge().Statement(porting.Approve, "", now, porting.StatementLife)
}

func encoded(t testing.TB, s porting.Statement) []byte {
	t.Helper()
	text, err := Encode(s)
	require.NoError(t, err)
	return text
}

func sshSigned(t testing.TB, s ssh.Signer, statement []byte) string {
	t.Helper()
	signature, err := SignWithSigner(s, statement)
	require.NoError(t, err)
	return signature
}

// jwsSigned is a compact JWS over the payload: detached for decisions, whole for verdicts.
func jwsSigned(t testing.TB, alg jose.SignatureAlgorithm, private any, kid string, payload []byte, options *jose.SignerOptions) *jose.JSONWebSignature {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: private, KeyID: kid}}, options)
	require.NoError(t, err)
	signature, err := signer.Sign(payload)
	require.NoError(t, err)
	return signature
}

func detached(t testing.TB, signature *jose.JSONWebSignature) string {
	t.Helper()
	compact, err := signature.DetachedCompactSerialize()
	require.NoError(t, err)
	return compact
}

func decisionType() *jose.SignerOptions { return (&jose.SignerOptions{}).WithType(DecisionJWS) }
