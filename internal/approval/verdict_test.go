package approval

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/portsaga/portsaga/porting"
)

func serviceKey(t testing.TB, name string) *ServiceKey {
	t.Helper()
	key, err := NewServiceKey(testKey(name))
	require.NoError(t, err)
	return key
}

func testScreening() ScreeningVerdict {
	return ScreeningVerdict{
		Type: ScreeningType, Port: "port-1", OrderVersion: 2, OrderDigest: Digest([]byte("order")), Risk: porting.RiskHigh,
		Notes: []string{"the SIM was changed yesterday"}, Nonce: "nonce-1", At: now,
	}
}

func testDecided() DecisionVerdict {
	return DecisionVerdict{
		Type: DecisionType, Port: "port-1", Run: "run-1", StatementDigest: Digest([]byte("statement")), Person: "ben", Team: "porting",
		Credential: fingerprint(skNamed("ben", userPresent)), Hardware: true, Registry: 7, At: now,
	}
}

func TestVerdictsComeBackAsTheyWent(t *testing.T) {
	t.Parallel()
	r, key := registryOf(t, testDocument()), serviceKey(t, "trust")

	untyped := testScreening()
	untyped.Type = ""
	jws, err := key.Sign(untyped)
	require.NoError(t, err)
	var screened ScreeningVerdict
	require.NoError(t, r.OpenVerdict(jws, &screened, now))
	require.Equal(t, testScreening(), screened)

	jws, err = key.Sign(&ScreeningVerdict{At: now})
	require.NoError(t, err)
	require.NoError(t, r.OpenVerdict(jws, &screened, now))
	require.Equal(t, ScreeningVerdict{Type: ScreeningType, Notes: []string{}, At: now}, screened)

	judged := testScreening()
	judged.Fraud = &Judgement{Evidence: Digest([]byte("evidence")), Policy: "default@1", Digest: Digest([]byte("policy")), Outcome: "clear"}
	jws, err = key.Sign(judged)
	require.NoError(t, err)
	require.NoError(t, r.OpenVerdict(jws, &screened, now))
	require.Nil(t, judged.Fraud.Fired, "what is signed is a copy")
	judged.Fraud.Fired = []string{}
	require.Equal(t, judged, screened)

	jws, err = key.Sign(testDecided())
	require.NoError(t, err)
	var decided DecisionVerdict
	require.NoError(t, r.OpenVerdict(jws, &decided, now))
	require.Equal(t, testDecided(), decided)
}

func TestOnlyVerdictsAreSigned(t *testing.T) {
	t.Parallel()
	key := serviceKey(t, "trust")
	for _, v := range []any{nil, "text", testStatement(), map[string]string{"type": ScreeningType}} {
		_, err := key.Sign(v)
		require.Error(t, err, "%T", v)
	}
	jws, err := key.Sign(testDecided())
	require.NoError(t, err)
	require.Error(t, registryOf(t, testDocument()).OpenVerdict(jws, &map[string]any{}, now))
}

func TestVerdictsAreRefused(t *testing.T) {
	t.Parallel()
	earlier := now.Add(-time.Minute)
	kid := fingerprint(signerNamed("trust"))
	typed := func(typ string) *jose.SignerOptions { return (&jose.SignerOptions{}).WithType(jose.ContentType(typ)) }
	made := func(change func(m map[string]any)) string {
		text, err := json.Marshal(testDecided())
		require.NoError(t, err)
		var m map[string]any
		require.NoError(t, json.Unmarshal(text, &m))
		change(m)
		text, err = json.Marshal(m)
		require.NoError(t, err)
		return whole(t, jwsSigned(t, jose.EdDSA, testKey("trust"), kid, text, typed(VerdictJWS)))
	}
	payload, err := json.Marshal(testDecided())
	require.NoError(t, err)
	by := func(name, kid, typ string) string {
		return whole(t, jwsSigned(t, jose.EdDSA, testKey(name), kid, payload, typed(typ)))
	}
	good := made(func(map[string]any) {})
	credential := func(change func(*Credential)) func(*Document) {
		return func(d *Document) { change(&d.Services[0].Credentials[0]) }
	}

	for name, c := range map[string]struct {
		code     string
		document func(*Document)
		jws      string
	}{
		"good":                         {"", nil, good},
		"by a stranger":                {"verdict-invalid", nil, by("stranger", fingerprint(signerNamed("stranger")), VerdictJWS)},
		"by a stranger in its name":    {"verdict-invalid", nil, by("stranger", kid, VerdictJWS)},
		"by nobody named":              {"verdict-invalid", nil, by("trust", "", VerdictJWS)},
		"by an approver":               {"verdict-invalid", nil, by("ana", fingerprint(signerNamed("ana")), VerdictJWS)},
		"by an approver with the role": {"verdict-invalid", func(d *Document) { d.Persons[0].Roles = []string{RoleVerdict} }, by("ana", fingerprint(signerNamed("ana")), VerdictJWS)},
		"by a service without it":      {"verdict-invalid", nil, by("portal", fingerprint(signerNamed("portal")), VerdictJWS)},
		"by a root":                    {"verdict-invalid", nil, by("root-1", fingerprint(signerNamed("root-1")), VerdictJWS)},
		"as a decision":                {"verdict-invalid", nil, by("trust", kid, DecisionJWS)},
		"as a JWT":                     {"verdict-invalid", nil, by("trust", kid, "JWT")},
		"with a secret of its own":     {"verdict-invalid", nil, whole(t, jwsSigned(t, jose.HS256, []byte(kid), kid, payload, typed(VerdictJWS)))},
		"with something critical":      {"verdict-invalid", nil, whole(t, jwsSigned(t, jose.EdDSA, testKey("trust"), kid, payload, typed(VerdictJWS).WithCritical("exp")))},
		"detached":                     {"verdict-invalid", nil, detached(t, jwsSigned(t, jose.EdDSA, testKey("trust"), kid, payload, typed(VerdictJWS)))},
		"nothing":                      {"verdict-invalid", nil, ""},
		"too long":                     {"verdict-invalid", nil, made(func(m map[string]any) { m["port"] = string(make([]byte, maxVerdict)) })},
		"another type":                 {"verdict-invalid", nil, made(func(m map[string]any) { m["type"] = ScreeningType })},
		"no type":                      {"verdict-invalid", nil, made(func(m map[string]any) { delete(m, "type") })},
		"a field missing":              {"verdict-invalid", nil, made(func(m map[string]any) { delete(m, "hardware") })},
		"a field more":                 {"verdict-invalid", nil, made(func(m map[string]any) { m["admin"] = true })},
		"a field in another case":      {"verdict-invalid", nil, made(func(m map[string]any) { m["Person"] = m["person"]; delete(m, "person") })},
		"key revoked":                  {"credential-revoked", credential(func(c *Credential) { c.RevokedAt = &earlier }), good},
		"key expired":                  {"credential-expired", credential(func(c *Credential) { c.NotAfter = now }), good},
		"key not yet valid":            {"credential-not-yet-valid", credential(func(c *Credential) { c.NotBefore = now.Add(time.Second) }), good},
		"service gone":                 {"verdict-invalid", func(d *Document) { d.Services = nil }, good},
		"role lost":                    {"verdict-invalid", func(d *Document) { d.Services[0].Roles = nil }, good},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := testDocument()
			if c.document != nil {
				c.document(&d)
			}
			var v DecisionVerdict
			err := registryOf(t, d).OpenVerdict(c.jws, &v, now)
			require.Equal(t, c.code, porting.CodeOf(err), "%v", err)
			if err != nil {
				require.Zero(t, v)
			}
		})
	}

	d := testDocument()
	require.Equal(t, "registry-expired", porting.CodeOf(registryOf(t, d).OpenVerdict(good, &DecisionVerdict{}, d.Expires)))
}

func TestVerdictIsNeverReadAsAnother(t *testing.T) {
	t.Parallel()
	r, key := registryOf(t, testDocument()), serviceKey(t, "trust")
	screening, err := key.Sign(testScreening())
	require.NoError(t, err)
	decided, err := key.Sign(testDecided())
	require.NoError(t, err)
	require.Equal(t, badVerdict(), r.OpenVerdict(screening, &DecisionVerdict{}, now))
	require.Equal(t, badVerdict(), r.OpenVerdict(decided, &ScreeningVerdict{}, now))
}

// Either fault alone is enough: another type with the same fields, or a field more with the right type.
func TestScreeningVerdictsAreReadStrictly(t *testing.T) {
	t.Parallel()
	r := registryOf(t, testDocument())
	payload, err := json.Marshal(testScreening())
	require.NoError(t, err)
	open := func(payload []byte) error {
		typ := (&jose.SignerOptions{}).WithType(jose.ContentType(VerdictJWS))
		return r.OpenVerdict(whole(t, jwsSigned(t, jose.EdDSA, testKey("trust"), fingerprint(signerNamed("trust")), payload, typ)), &ScreeningVerdict{}, now)
	}
	require.NoError(t, open(payload))
	require.Equal(t, badVerdict(), open(bytes.Replace(payload, []byte(ScreeningType), []byte("another"), 1)))
	require.Equal(t, badVerdict(), open(bytes.Replace(payload, []byte("{"), []byte(`{"more":1,`), 1)))
}

func TestServiceKeyFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string, private any, passphrase string, mode os.FileMode) string {
		var block *pem.Block
		var err error
		if passphrase == "" {
			block, err = ssh.MarshalPrivateKey(private, "trust")
		} else {
			block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "trust", []byte(passphrase))
		}
		require.NoError(t, err)
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
		require.NoError(t, os.Chmod(file, mode))
		return file
	}
	text := filepath.Join(dir, "text")
	require.NoError(t, os.WriteFile(text, []byte("hello"), 0o600))

	for name, c := range map[string]struct{ file, code string }{
		"good":                {write("good", testKey("trust"), "", 0o600), ""},
		"for reading only":    {write("read", testKey("trust"), "", 0o400), ""},
		"readable by a group": {write("group", testKey("trust"), "", 0o640), "service-key-exposed"},
		"readable by all":     {write("all", testKey("trust"), "", 0o604), "service-key-exposed"},
		"encrypted":           {write("encrypted", testKey("trust"), "open", 0o600), "service-key-encrypted"},
		"of another kind":     {write("ecdsa", ecdsaKey(), "", 0o600), "service-key-invalid"},
		"text":                {text, "service-key-invalid"},
		"a folder":            {dir, "service-key-exposed"},
		"no file":             {filepath.Join(dir, "none"), "file-unreadable"},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := LoadServiceKey(c.file)
			require.Equal(t, c.code, porting.CodeOf(err), "%v", err)
			if err == nil {
				require.Equal(t, line(signerNamed("trust")), key.Key().String())
			}
		})
	}
}

func TestServiceKeyIsNotPrinted(t *testing.T) {
	t.Parallel()
	key := serviceKey(t, "trust")
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		require.Equal(t, "[service key]", fmt.Sprintf(format, key))
		require.Equal(t, "[service key]", fmt.Sprintf(format, *key))
	}
}
