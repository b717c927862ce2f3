package approval

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/portsaga/portsaga/porting"
)

func TestRegistrySaysWhoDecided(t *testing.T) {
	t.Parallel()
	r := registryOf(t, testDocument())
	statement := encoded(t, testStatement())
	for name, c := range map[string]struct {
		signature string
		want      Approved
	}{
		"a key": {
			sshSigned(t, signerNamed("ana-2"), statement),
			Approved{testStatement(), "ana", "fraud", fingerprint(signerNamed("ana-2")), false, 7},
		},
		"a key in hardware": {
			sshSigned(t, skNamed("ben", userPresent), statement),
			Approved{testStatement(), "ben", "porting", fingerprint(skNamed("ben", userPresent)), true, 7},
		},
		"JWS": {
			detached(t, jwsSigned(t, jose.EdDSA, testKey("ana"), "", statement, decisionType())),
			Approved{testStatement(), "ana", "fraud", fingerprint(signerNamed("ana")), false, 7},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			approved, err := r.Verify(statement, c.signature, now)
			require.NoError(t, err)
			require.Equal(t, c.want, approved)
		})
	}
}

func TestRegistryRefusesDecisions(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	statement := testStatement()
	changed := func(change func(*porting.Statement)) porting.Statement {
		s := testStatement()
		change(&s)
		return s
	}
	ana := signerNamed("ana")
	key := func(change func(*Credential)) func(*Document) {
		return func(d *Document) { change(&d.Persons[0].Credentials[0]) }
	}
	earlier := now.Add(-minute)

	for name, c := range map[string]struct {
		code      string
		document  func(*Document)
		statement porting.Statement
		signer    ssh.Signer
		at        time.Time
	}{
		"good":                         {"", nil, statement, ana, now},
		"in the last second":           {"", nil, statement, ana, statement.ExpiresAt.Add(-time.Second)},
		"clocks apart":                 {"", nil, statement, ana, now.Add(-Skew)},
		"another key of hers revoked":  {"", func(d *Document) { d.Persons[0].Credentials[1].RevokedAt = &earlier }, statement, ana, now},
		"to be revoked later":          {"", key(func(c *Credential) { c.RevokedAt = new(now.Add(minute)) }), statement, ana, now},
		"nobody's key":                 {"signer-unknown", nil, statement, signerNamed("stranger"), now},
		"a root's key":                 {"signer-unknown", nil, statement, signerNamed("root-1"), now},
		"revoked":                      {"credential-revoked", key(func(c *Credential) { c.RevokedAt = &earlier }), statement, ana, now},
		"revoked this instant":         {"credential-revoked", key(func(c *Credential) { c.RevokedAt = &now }), statement, ana, now},
		"revoked and expired":          {"credential-revoked", key(func(c *Credential) { c.RevokedAt, c.NotAfter = &earlier, earlier }), statement, ana, now},
		"key expired":                  {"credential-expired", key(func(c *Credential) { c.NotAfter = now }), statement, ana, now},
		"key not yet valid":            {"credential-not-yet-valid", key(func(c *Credential) { c.NotBefore = now.Add(minute) }), statement, ana, now},
		"no approver":                  {"not-an-approver", nil, statement, signerNamed("cleo"), now},
		"a role in another case":       {"not-an-approver", func(d *Document) { d.Persons[0].Roles = []string{"Approver"} }, statement, ana, now},
		"a service that calls itself":  {"not-an-approver", nil, statement, signerNamed("portal"), now},
		"the worker that verifies":     {"not-an-approver", nil, statement, signerNamed("trust"), now},
		"another deployment":           {"statement-audience", nil, changed(func(s *porting.Statement) { s.Audience = "staging" }), ana, now},
		"no deployment":                {"statement-audience", nil, changed(func(s *porting.Statement) { s.Audience = "" }), ana, now},
		"another deployment's list":    {"statement-audience", func(d *Document) { d.Audience = "staging" }, statement, ana, now},
		"too late":                     {"statement-expired", nil, statement, ana, statement.ExpiresAt},
		"too early":                    {"statement-not-yet-valid", nil, statement, ana, now.Add(-Skew - time.Second)},
		"after the registry's end":     {"registry-expired", func(d *Document) { d.Expires = now.Add(minute) }, statement, ana, now.Add(minute)},
		"no statement":                 {"statement-malformed", nil, changed(func(s *porting.Statement) { s.Type = "portsaga/decided/v1" }), ana, now},
		"an approval with a reason":    {"statement-malformed", nil, changed(func(s *porting.Statement) { s.Reason = porting.Declined }), ana, now},
		"nothing is read of strangers": {"signer-unknown", nil, changed(func(s *porting.Statement) { s.Type = "" }), signerNamed("stranger"), now},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := testDocument()
			if c.document != nil {
				c.document(&d)
			}
			text, err := json.Marshal(c.statement)
			require.NoError(t, err)
			approved, err := registryOf(t, d).Verify(text, sshSigned(t, c.signer, text), c.at)
			require.Equal(t, c.code, porting.CodeOf(err), "%v", err)
			if err != nil {
				require.Equal(t, porting.Refused, porting.KindOf(err))
				require.Zero(t, approved)
			}
		})
	}
}

// Whatever of a statement is changed, the old signature is not over it; and a new one is not over an answer to the port.
func TestEveryFieldIsBound(t *testing.T) {
	t.Parallel()
	r := registryOf(t, testDocument())
	ana := signerNamed("ana")
	good := encoded(t, testStatement())
	signature := sshSigned(t, ana, good)
	compact := detached(t, jwsSigned(t, jose.EdDSA, testKey("ana"), "", good, decisionType()))

	// These are the approver's to choose.
	chosen := map[string]bool{"Decision": true, "Reason": true, "IssuedAt": true, "ExpiresAt": true}

	for i := range reflect.TypeFor[porting.Statement]().NumField() {
		field := reflect.TypeFor[porting.Statement]().Field(i).Name
		t.Run(field, func(t *testing.T) {
			t.Parallel()
			s := testStatement()
			mutate(t, reflect.ValueOf(&s).Elem().Field(i))
			text, err := json.Marshal(s)
			require.NoError(t, err)
			require.NotEqual(t, good, text)
			for _, old := range []string{signature, compact} {
				_, err := r.Verify(text, old, now)
				require.Equal(t, "signature-invalid", porting.CodeOf(err))
			}
			if !chosen[field] {
				require.Equal(t, "statement-differs", porting.CodeOf(s.Answers(testChallenge())))
			}
		})
	}
}

// Not one bit of what was signed may change.
func TestEveryBitIsBound(t *testing.T) {
	t.Parallel()
	keys := NewKeySet(keyOf(signerNamed("ana")))
	good := encoded(t, testStatement())
	signature := sshSigned(t, signerNamed("ana"), good)
	for i := range good {
		text := bytes.Clone(good)
		text[i] ^= 1 << (i % 8)
		_, err := Verify(text, signature, keys)
		require.Equal(t, badSignature(), err, "byte %d", i)
	}
}

func TestRecheckJudgesTheStatementThenAndTheKeyNow(t *testing.T) {
	t.Parallel()
	statement := testStatement()
	text := encoded(t, statement)
	signature := sshSigned(t, signerNamed("ana"), text)
	seen, weekLater := now.Add(time.Minute), now.AddDate(0, 0, 7)
	key := func(change func(*Credential)) func(*Document) {
		return func(d *Document) { change(&d.Persons[0].Credentials[0]) }
	}
	for name, c := range map[string]struct {
		code     string
		document func(*Document)
		seenAt   time.Time
	}{
		"seen in time":              {"", func(*Document) {}, seen},
		"a new version":             {"", func(d *Document) { d.Version++ }, seen},
		"seen too late":             {"statement-expired", func(*Document) {}, statement.ExpiresAt},
		"seen before it was issued": {"statement-not-yet-valid", func(*Document) {}, now.Add(-time.Hour)},
		"revoked before":            {"credential-revoked", key(func(c *Credential) { c.RevokedAt = new(now.Add(-time.Hour)) }), seen},
		"revoked since":             {"credential-revoked", key(func(c *Credential) { c.RevokedAt = new(seen.Add(time.Hour)) }), seen},
		"key expired since":         {"credential-expired", key(func(c *Credential) { c.NotAfter = seen.Add(time.Hour) }), seen},
		"person gone since":         {"signer-unknown", func(d *Document) { d.Persons = d.Persons[1:] }, seen},
		"role lost since":           {"not-an-approver", func(d *Document) { d.Persons[0].Roles = []string{} }, seen},
		"registry expired since":    {"registry-expired", func(d *Document) { d.Expires = weekLater }, seen},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := testDocument()
			c.document(&d)
			approved, err := registryOf(t, d).Recheck(text, signature, c.seenAt, weekLater)
			require.Equal(t, c.code, porting.CodeOf(err), "%v", err)
			if err == nil {
				require.Equal(t, "ana", approved.Person)
				require.Equal(t, d.Version, approved.Registry)
			}
		})
	}
}

// mutate gives a field of a statement another value.
func mutate(t testing.TB, field reflect.Value) {
	t.Helper()
	switch value := field.Addr().Interface().(type) {
	case *time.Time:
		*value = value.Add(time.Second)
	default:
		switch field.Kind() {
		case reflect.String:
			field.SetString(field.String() + "x")
		case reflect.Int, reflect.Int64:
			field.SetInt(field.Int() + 1)
		default:
			t.Fatalf("a field of kind %s", field.Kind())
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	r := registryOf(b, testDocument())
	text := encoded(b, testStatement())
	signature := sshSigned(b, signerNamed("ana"), text)
	for b.Loop() {
		if _, err := r.Verify(text, signature, now); err != nil {
			b.Fatal(err)
		}
	}
}
