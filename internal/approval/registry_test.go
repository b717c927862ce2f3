package approval

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

func TestRegistryKnowsItsPeople(t *testing.T) {
	t.Parallel()
	d := testDocument()
	r := registryOf(t, d)
	require.Equal(t, 7, r.Version())
	require.Equal(t, Digest(d.Encode()), r.Digest())
	require.Equal(t, audience, r.Audience())
	require.Equal(t, d.Expires, r.Expires())
	require.Equal(t, d, r.Document())

	for _, name := range []string{"ana", "ANA", " ana ", "ana@desk", "Ana@Desk", "ana abel", "ana  abel", "ａｎａ"} {
		id, known := r.Person(name)
		require.True(t, known, name)
		require.Equal(t, "ana", id, name)
	}
	for _, name := range []string{"", "dora", "ana@other"} {
		_, known := r.Person(name)
		require.False(t, known, name)
	}
}

func TestRegistryIsNotChangedThroughItsCopy(t *testing.T) {
	t.Parallel()
	r := registryOf(t, testDocument())
	r.Document().Persons[0].Credentials[0].Key = "another"
	r.Document().Persons[0].Roles[0] = "another"
	require.Equal(t, testDocument(), r.Document())
}

// The clock of whoever issued it may be a little ahead.
func TestRegistryMayBeIssuedWithinTheSkew(t *testing.T) {
	t.Parallel()
	d := testDocument()
	d.Issued = now.Add(Skew)
	require.Equal(t, d.Issued, registryOf(t, d).Document().Issued)
}

// Everything that a registry is refused for, although enough roots signed it.
func TestRegistryRefusesAtLoad(t *testing.T) {
	t.Parallel()
	again := func(s string) Credential {
		return Credential{Key: s, NotBefore: now, NotAfter: now.AddDate(1, 0, 0)}
	}
	ana := line(signerNamed("ana"))
	dora := func(credentials ...Credential) Person {
		return Person{ID: "dora", Names: []string{}, Team: "desk", Roles: []string{RoleApprover}, Credentials: credentials}
	}
	theirs := again(line(signerNamed("dora")))

	for name, c := range map[string]struct {
		code   string
		change func(*Document)
	}{
		"version 0":              {"registry-version-invalid", func(d *Document) { d.Version = 0 }},
		"a negative version":     {"registry-version-invalid", func(d *Document) { d.Version = -1 }},
		"no audience":            {"registry-audience-missing", func(d *Document) { d.Audience = "" }},
		"expired":                {"registry-expired", func(d *Document) { d.Issued, d.Expires = now.Add(-time.Hour), now }},
		"issued later":           {"registry-not-yet-valid", func(d *Document) { d.Issued = now.Add(Skew + time.Second) }},
		"expires before issued":  {"registry-dates-invalid", func(d *Document) { d.Expires = d.Issued }},
		"nobody":                 {"registry-empty", func(d *Document) { d.Persons = nil }},
		"nobody with keys":       {"registry-no-credentials", func(d *Document) { d.Persons[0].Credentials = nil }},
		"a service without keys": {"registry-no-credentials", func(d *Document) { d.Services[0].Credentials = nil }},

		"a person twice":             {"registry-person-twice", func(d *Document) { d.Persons = append(d.Persons, d.Persons[0]) }},
		"a person twice, other keys": {"registry-person-twice", func(d *Document) { p := dora(theirs); p.ID, p.Team = "Ana", "fraud"; d.Persons = append(d.Persons, p) }},
		"a person in two teams":      {"registry-person-in-two-teams", func(d *Document) { p := dora(theirs); p.ID = "ana"; d.Persons = append(d.Persons, p) }},
		"another's name":             {"registry-name-twice", func(d *Document) { d.Persons[2].Names = []string{"ana@desk"} }},
		"another's name in capitals": {"registry-name-twice", func(d *Document) { d.Persons[2].Names = []string{"ANA@desk"} }},
		"another's ID as name":       {"registry-name-twice", func(d *Document) { d.Persons[2].Names = []string{"ben"} }},
		"another's name as ID":       {"registry-name-twice", func(d *Document) { d.Persons[2].ID = "ana@desk" }},
		"a person's name, a service": {"registry-name-twice", func(d *Document) { d.Services[0].ID = "ben" }},
		"no ID":                      {"registry-name-invalid", func(d *Document) { d.Persons[0].ID = "" }},
		"an empty name":              {"registry-name-invalid", func(d *Document) { d.Persons[0].Names = []string{" "} }},
		"no team":                    {"registry-team-invalid", func(d *Document) { d.Persons[0].Team = "" }},
		"a team in two spellings":    {"registry-team-invalid", func(d *Document) { d.Persons[2].Team = "Porting" }},

		"a key of two persons":         {"registry-key-twice", func(d *Document) { d.Persons = append(d.Persons, dora(again(ana))) }},
		"a key twice with one person":  {"registry-key-twice", func(d *Document) { d.Persons[0].Credentials = append(d.Persons[0].Credentials, again(ana)) }},
		"a key with another comment":   {"registry-key-twice", func(d *Document) { d.Persons = append(d.Persons, dora(again(ana+" dora@laptop"))) }},
		"a key with more space":        {"registry-key-twice", func(d *Document) { d.Persons = append(d.Persons, dora(again(strings.Replace(ana, " ", "\t ", 1)))) }},
		"a key wrapped as hardware":    {"registry-key-twice", func(d *Document) { d.Persons = append(d.Persons, dora(again(skLine(t, testKey("ana"), "ssh:")))) }},
		"hardware of two applications": {"registry-key-twice", func(d *Document) { d.Persons = append(d.Persons, dora(again(skLine(t, testKey("ben"), "ssh:other")))) }},
		"a key of a service":           {"registry-key-twice", func(d *Document) { d.Persons = append(d.Persons, dora(d.Services[0].Credentials[0])) }},
		"a revoked key come back": {"registry-key-twice", func(d *Document) {
			d.Persons[0].Credentials[0].RevokedAt = &now
			d.Persons = append(d.Persons, dora(again(ana)))
		}},
		"a root who decides": {"registry-key-twice", func(d *Document) { d.Persons = append(d.Persons, dora(again(line(signerNamed("root-3"))))) }},
		"a root that left and decides": {"registry-key-twice", func(d *Document) {
			d.Roots = d.Roots[:2]
			d.Persons = append(d.Persons, dora(again(line(signerNamed("root-3")))))
		}},

		"a key with options":    {"key-malformed", func(d *Document) { d.Persons = append(d.Persons, dora(again("no-touch-required "+ana))) }},
		"no key":                {"key-malformed", func(d *Document) { d.Persons = append(d.Persons, dora(again(""))) }},
		"a key of 2048 bits":    {"key-too-short", func(d *Document) { d.Persons = append(d.Persons, dora(again(rsa2048(t)))) }},
		"a key on P-384":        {"key-type-unknown", func(d *Document) { d.Persons = append(d.Persons, dora(again(ecdsa384(t)))) }},
		"a key of small order":  {"key-weak", func(d *Document) { d.Persons = append(d.Persons, dora(again(weakKey(t, 0)))) }},
		"a key that never is":   {"registry-dates-invalid", func(d *Document) { d.Persons[0].Credentials[0].NotAfter = d.Persons[0].Credentials[0].NotBefore }},
		"a key without dates":   {"registry-dates-invalid", func(d *Document) { d.Persons[0].Credentials[0] = Credential{Key: ana} }},
		"a root of small order": {"key-weak", func(d *Document) { d.Roots[2] = weakKey(t, 0) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := testDocument()
			c.change(&d)
			_, err := OpenRegistry(signed(t, d.Encode(), signerNamed("root-1"), signerNamed("root-2")), testPins.Encode(), now)
			require.Equal(t, c.code, porting.CodeOf(err), "%v", err)
			require.Equal(t, porting.Refused, porting.KindOf(err))
		})
	}
}

func TestRegistryFileIsStrict(t *testing.T) {
	t.Parallel()
	roots := testPins.Encode()
	document := string(testDocument().Encode())
	sign := func(document string) []byte {
		return signed(t, []byte(document), signerNamed("root-1"), signerNamed("root-2"))
	}
	good := string(sign(document))
	for name, c := range map[string]struct {
		file, roots []byte
		code        string
	}{
		"no file":                     {nil, roots, "registry-malformed"},
		"text":                        {[]byte("hello"), roots, "registry-malformed"},
		"too long a file":             {[]byte(good + strings.Repeat(" ", maxRegistry)), roots, "registry-malformed"},
		"too many signatures":         {SignedFile{[]byte(document), make([]string, maxSignatures+1)}.Marshal(), roots, "registry-malformed"},
		"two documents":               {[]byte(strings.Replace(good, "{", `{"document":"",`, 1)), roots, "registry-malformed"},
		"an unknown field":            {[]byte(strings.Replace(good, "{", `{"version":8,`, 1)), roots, "registry-malformed"},
		"a document not in base64":    {[]byte(`{"document":"!","signatures":[]}`), roots, "registry-malformed"},
		"an unknown field inside":     {sign(strings.Replace(document, "{", `{"admin":true,`, 1)), roots, "registry-malformed"},
		"two versions inside":         {sign(strings.Replace(document, "{", `{"version":9,`, 1)), roots, "registry-malformed"},
		"another case inside":         {sign(strings.Replace(document, `"threshold"`, `"Threshold"`, 1)), roots, "registry-malformed"},
		"no threshold inside":         {sign(strings.Replace(document, `"threshold": 2,`, "", 1)), roots, "registry-malformed"},
		"a revocation of null inside": {sign(strings.Replace(document, `"not_after"`, `"revoked_at": null, "not_after"`, 1)), roots, "registry-malformed"},
		"no roots":                    {[]byte(good), nil, "roots-malformed"},
		"roots with more":             {[]byte(good), []byte(strings.Replace(string(roots), "{", `{"x":1,`, 1)), "roots-malformed"},
		"roots without threshold":     {[]byte(good), []byte(`{"roots":[]}`), "roots-malformed"},
		"roots that are no keys":      {[]byte(good), Roots{1, []string{"hello"}}.Encode(), "key-malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := OpenRegistry(c.file, c.roots, now)
			require.Equal(t, c.code, porting.CodeOf(err), "%v", err)
		})
	}
	_, err := OpenRegistry([]byte(good), roots, now)
	require.NoError(t, err)
}

// Until enough roots are seen to have signed it, nobody reads the document.
func TestDocumentIsReadOnlyOnceSigned(t *testing.T) {
	t.Parallel()
	_, err := OpenRegistry(signed(t, []byte("no JSON at all"), signerNamed("root-1")), testPins.Encode(), now)
	require.Equal(t, "registry-threshold", porting.CodeOf(err))

	file := signed(t, testDocument().Encode(), signerNamed("root-1"), signerNamed("root-2"))
	later := testDocument()
	later.Version++
	was, is := base64.StdEncoding.EncodeToString(testDocument().Encode()), base64.StdEncoding.EncodeToString(later.Encode())
	_, err = OpenRegistry([]byte(strings.Replace(string(file), was, is, 1)), testPins.Encode(), now)
	require.Equal(t, "registry-threshold", porting.CodeOf(err))
}

func TestDocumentsAreWrittenAndReadByPeople(t *testing.T) {
	t.Parallel()
	d := testDocument()
	read, err := ParseDocument(d.Encode())
	require.NoError(t, err)
	require.Equal(t, d, read)

	next := read.Next(now, now.AddDate(0, 6, 0))
	require.Equal(t, d.Version+1, next.Version)
	next.Persons[0].Credentials[0].RevokedAt, next.Persons[0].Credentials[0].Reason = &now, "lost"
	require.Equal(t, d, read, "the next version is a copy")
	read, err = ParseDocument(next.Encode())
	require.NoError(t, err)
	require.Equal(t, next, read)

	_, err = ParseDocument(NewDocument(audience, testPins.Roots, 2, now, now.AddDate(1, 0, 0)).Encode())
	require.Equal(t, "registry-empty", porting.CodeOf(err))
}

func TestWhoHasNotSignedYet(t *testing.T) {
	t.Parallel()
	f := SignedFile{Document: testDocument().Encode()}
	missing, err := f.Missing(testPins.Roots)
	require.NoError(t, err)
	require.Equal(t, testPins.Roots, missing)

	require.NoError(t, f.Sign(signerNamed("root-2")))
	require.NoError(t, f.Sign(signerNamed("root-2")))
	require.Len(t, f.Signatures, 1, "a second signature by the same root changes nothing")
	missing, err = f.Missing(testPins.Roots)
	require.NoError(t, err)
	require.Equal(t, []string{testPins.Roots[0], testPins.Roots[2]}, missing)

	again, err := ParseSignedFile(f.Marshal())
	require.NoError(t, err)
	require.Equal(t, f, again)

	err = f.Add(sshSigned(t, signerNamed("root-1"), f.Document))
	require.Equal(t, "signature-invalid", porting.CodeOf(err), "signed as a decision")
	_, err = f.Missing([]string{"hello"})
	require.Equal(t, "key-malformed", porting.CodeOf(err))
}
