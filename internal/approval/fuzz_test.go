package approval

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/hiddeco/sshsig"
	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

// Whatever is read as a statement is written again as the same statement, and says nothing that none may say.
func FuzzParseStatement(f *testing.F) {
	good := string(encoded(f, testStatement()))
	f.Add([]byte(good))
	f.Add([]byte(strings.Replace(good, "{", `{"decision":"reject",`, 1)))
	f.Add([]byte(strings.Replace(good, `"decision"`, `"Decision"`, 1)))
	f.Add([]byte(strings.Replace(good, "port-1", `\ud800`, 1)))
	f.Add(encoded(f, testChallenge().Statement(porting.Reject, porting.SuspectedFraud, now, porting.MaxStatementLife)))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := ParseStatement(text)
		if err != nil {
			require.Equal(t, "statement-malformed", porting.CodeOf(err))
			require.Zero(t, s)
			return
		}
		again, err := Encode(s)
		require.NoError(t, err)
		require.JSONEq(t, string(text), string(again))
		read, err := ParseStatement(again)
		require.NoError(t, err)
		require.True(t, s.IssuedAt.Equal(read.IssuedAt) && s.ExpiresAt.Equal(read.ExpiresAt))
		read.IssuedAt, read.ExpiresAt = s.IssuedAt, s.ExpiresAt
		require.Equal(t, s, read)
		require.LessOrEqual(t, s.ExpiresAt.Sub(s.IssuedAt), porting.MaxStatementLife)
	})
}

// Ana, Ben and a service signed two statements here, and nothing else. No other bytes verify, whatever comes with them.
func FuzzSignature(f *testing.F) {
	approve := encoded(f, testStatement())
	reject := encoded(f, testChallenge().Statement(porting.Reject, porting.Declined, now, porting.StatementLife))
	ana, ben, portal := signerNamed("ana"), skNamed("ben", userPresent), signerNamed("portal")
	keys := NewKeySet(keyOf(ana), keyOf(ben), keyOf(portal))

	f.Add(approve, sshSigned(f, ana, approve))
	f.Add(reject, sshSigned(f, ben, reject))
	f.Add(approve, armored(f, ana, approve, sshsig.HashSHA256, SSHNamespace))
	f.Add(reject, armored(f, ana, reject, sshsig.HashSHA512, RegistryNamespace))
	f.Add(reject, sshSigned(f, ana, approve))
	f.Add(approve, armored(f, skNamed("ben", 0), approve, sshsig.HashSHA512, SSHNamespace))
	f.Add(approve, detached(f, jwsSigned(f, jose.EdDSA, testKey("portal"), fingerprint(portal), approve, decisionType())))
	f.Add(reject, detached(f, jwsSigned(f, jose.EdDSA, testKey("portal"), "", approve, decisionType())))
	f.Fuzz(func(t *testing.T, statement []byte, signature string) {
		key, err := Verify(statement, signature, keys)
		if err != nil {
			require.Contains(t, []string{"signature-invalid", "signer-unknown"}, porting.CodeOf(err))
			return
		}
		require.Contains(t, keys, key.Fingerprint())
		require.True(t, bytes.Equal(statement, approve) || bytes.Equal(statement, reject), "nobody signed %q", statement)
		require.Equal(t, key.Fingerprint() == fingerprint(ben), key.Hardware())
	})
}

// No file is a registry but one whose document two roots signed; and whoever is read from a document is there once.
func FuzzRegistry(f *testing.F) {
	document := testDocument().Encode()
	two := signed(f, document, signerNamed("root-1"), signerNamed("root-2"))
	f.Add(two, document)
	f.Add(signed(f, document, signerNamed("root-1")), bytes.Replace(document, []byte(`"threshold": 2`), []byte(`"threshold": 0`), 1))
	f.Add(signed(f, document, signerNamed("root-1"), signerNamed("stranger")), bytes.Replace(document, []byte("ben@desk"), []byte("ANA@desk"), 1))
	f.Add([]byte(`{"document":"","signatures":[]}`), []byte(`{}`))
	f.Fuzz(func(t *testing.T, file, text []byte) {
		if r, err := OpenRegistry(file, testPins.Encode(), now); err == nil {
			require.Equal(t, Digest(document), r.Digest())
		} else {
			require.Nil(t, r)
			require.NotEmpty(t, porting.CodeOf(err))
		}

		d, err := ParseDocument(text)
		if err != nil {
			require.NotEmpty(t, porting.CodeOf(err))
			return
		}
		require.JSONEq(t, string(text), string(d.Encode()))
		require.GreaterOrEqual(t, d.Threshold, 1)
		require.GreaterOrEqual(t, len(d.Roots), d.Threshold)
		var points []string
		for _, key := range keysOf(t, d) {
			points = append(points, key.point)
		}
		slices.Sort(points)
		require.Len(t, slices.Compact(slices.Clone(points)), len(points), "a key is there twice")
	})
}

// keysOf are all keys of a document, however often they are there.
func keysOf(t testing.TB, d Document) []Key {
	t.Helper()
	lines := slices.Clone(d.Roots)
	for _, p := range d.Persons {
		for _, c := range p.Credentials {
			lines = append(lines, c.Key)
		}
	}
	for _, s := range d.Services {
		for _, c := range s.Credentials {
			lines = append(lines, c.Key)
		}
	}
	var keys []Key
	for _, l := range lines {
		key, err := ParseKey(l)
		require.NoError(t, err)
		keys = append(keys, key)
	}
	return keys
}

// No text opens as a verdict but the two that the worker signed, and each only as itself.
func FuzzVerdict(f *testing.F) {
	r, key := registryOf(f, testDocument()), serviceKey(f, "trust")
	screening, err := key.Sign(testScreening())
	require.NoError(f, err)
	decided, err := key.Sign(testDecided())
	require.NoError(f, err)
	payload, err := json.Marshal(testDecided())
	require.NoError(f, err)
	stranger := jwsSigned(f, jose.EdDSA, testKey("stranger"), key.Key().Fingerprint(), payload, (&jose.SignerOptions{}).WithType(VerdictJWS))

	f.Add(screening)
	f.Add(decided)
	f.Add(whole(f, stranger))
	f.Add(strings.Join([]string{strings.Split(screening, ".")[0], strings.Split(decided, ".")[1], strings.Split(screening, ".")[2]}, "."))
	f.Fuzz(func(t *testing.T, jws string) {
		var s ScreeningVerdict
		var d DecisionVerdict
		asScreening, asDecision := r.OpenVerdict(jws, &s, now), r.OpenVerdict(jws, &d, now)
		if asScreening == nil {
			require.Equal(t, testScreening(), s)
		} else {
			require.Equal(t, badVerdict(), asScreening)
		}
		if asDecision == nil {
			require.Equal(t, testDecided(), d)
		} else {
			require.Equal(t, badVerdict(), asDecision)
		}
		require.False(t, asScreening == nil && asDecision == nil)
	})
}
