package approval

import (
	"testing"

	"github.com/hiddeco/sshsig"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/portsaga/portsaga/porting"
)

// Counting keys where signers are meant, or signatures where keys are meant, is the mistake that signed metadata makes again
// and again: TUF's implementations in Python, Rust, PHP and Go (GHSA-3633-5h82-39pq), Sigstore's too. These are its forms.

func TestThresholdOfTheRegistry(t *testing.T) {
	t.Parallel()
	root1, root2, root3, stranger := signerNamed("root-1"), signerNamed("root-2"), signerNamed("root-3"), signerNamed("stranger")
	document := testDocument().Encode()
	by := func(s ssh.Signer) string { return armored(t, s, document, sshsig.HashSHA512, RegistryNamespace) }
	otherDocument := armored(t, root2, append(document, '\n'), sshsig.HashSHA512, RegistryNamespace)
	decision := armored(t, root2, document, sshsig.HashSHA512, SSHNamespace)

	for name, c := range map[string]struct {
		signatures []string
		pins       Roots
		code       string
	}{
		"two of three":                    {[]string{by(root1), by(root2)}, testPins, ""},
		"other two of three":              {[]string{by(root3), by(root2)}, testPins, ""},
		"all three and a stranger":        {[]string{by(stranger), by(root1), by(root2), by(root3)}, testPins, ""},
		"two among bad ones":              {[]string{"", "hello", by(root1), otherDocument, by(root3)}, testPins, ""},
		"nobody":                          {nil, testPins, "registry-threshold"},
		"one":                             {[]string{by(root1)}, testPins, "registry-threshold"},
		"strangers":                       {[]string{by(stranger), by(signerNamed("stranger-2"))}, testPins, "registry-threshold"},
		"same signature twice":            {[]string{by(root1), by(root1)}, testPins, "registry-threshold"},
		"same key, two signatures":        {[]string{by(root1), armored(t, root1, document, sshsig.HashSHA256, RegistryNamespace)}, testPins, "registry-threshold"},
		"same key, two armours":           {[]string{by(root1), by(root1) + "\n"}, testPins, "registry-threshold"},
		"of another document":             {[]string{by(root1), otherDocument}, testPins, "registry-threshold"},
		"as a decision":                   {[]string{by(root1), decision}, testPins, "registry-threshold"},
		"threshold 0":                     {nil, Roots{0, testPins.Roots}, "registry-threshold-invalid"},
		"threshold negative":              {nil, Roots{-1, testPins.Roots}, "registry-threshold-invalid"},
		"threshold above keys":            {[]string{by(root1), by(root2), by(root3)}, Roots{4, testPins.Roots}, "registry-threshold-invalid"},
		"empty policy":                    {nil, Roots{}, "registry-threshold-invalid"},
		"threshold of nobody":             {nil, Roots{1, nil}, "registry-threshold-invalid"},
		"duplicate roots":                 {[]string{by(root1)}, Roots{2, []string{line(root1), line(root1)}}, "registry-root-twice"},
		"same key under two IDs":          {[]string{by(root1)}, Roots{2, []string{line(root1) + " ana", line(root1) + " ben"}}, "registry-root-twice"},
		"same key in two encodings":       {[]string{by(root1)}, Roots{2, []string{line(root1), skLine(t, testKey("root-1"), "ssh:")}}, "registry-root-twice"},
		"same hardware, two applications": {nil, Roots{2, []string{skLine(t, testKey("x"), "ssh:"), skLine(t, testKey("x"), "ssh:b")}}, "registry-root-twice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := OpenRegistry(SignedFile{document, c.signatures}.Marshal(), c.pins.Encode(), now)
			require.Equal(t, c.code, porting.CodeOf(err), "%v", err)

			// The same roots in the document, where the pinned ones are content.
			d := testDocument()
			d.Threshold, d.Roots = c.pins.Threshold, c.pins.Roots
			_, err = ParseDocument(d.Encode())
			if c.code == "registry-threshold" {
				c.code = ""
			}
			require.Equal(t, c.code, porting.CodeOf(err), "%v", err)
		})
	}
}

// New roots need the consent of the old ones, and must show that they hold their keys.
func TestRootsChangeWithTheConsentOfBoth(t *testing.T) {
	t.Parallel()
	old1, old2, new1, new2 := signerNamed("root-1"), signerNamed("root-2"), signerNamed("new-1"), signerNamed("new-2")
	d := testDocument()
	d.Roots, d.Threshold = []string{line(new1), line(new2)}, 2
	changed := Roots{2, d.Roots}
	for name, c := range map[string]struct {
		signers []ssh.Signer
		pins    Roots
		good    bool
	}{
		"only the old":             {[]ssh.Signer{old1, old2}, testPins, false},
		"only the new":             {[]ssh.Signer{new1, new2}, testPins, false},
		"one of each":              {[]ssh.Signer{old1, new1}, testPins, false},
		"the old and one new":      {[]ssh.Signer{old1, old2, new1}, testPins, false},
		"both":                     {[]ssh.Signer{old1, old2, new1, new2}, testPins, true},
		"both, the new pinned":     {[]ssh.Signer{old1, old2, new1, new2}, changed, true},
		"the new, once pinned":     {[]ssh.Signer{new1, new2}, changed, true},
		"the old, once new pinned": {[]ssh.Signer{old1, old2}, changed, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := OpenRegistry(signed(t, d.Encode(), c.signers...), c.pins.Encode(), now)
			if c.good {
				require.NoError(t, err)
				return
			}
			require.Equal(t, "registry-threshold", porting.CodeOf(err))
		})
	}
}

// The same mistakes where persons are counted.
func TestThresholdOfPersons(t *testing.T) {
	t.Parallel()
	d := testDocument()
	d.Persons = append(d.Persons, Person{
		ID: "dora", Names: []string{}, Team: "porting", Roles: []string{RoleApprover},
		Credentials: []Credential{{Key: line(signerNamed("dora")), NotBefore: now, NotAfter: now.AddDate(1, 0, 0)}},
	})
	r := registryOf(t, d)
	ana, ana2, ben, dora := signerNamed("ana"), signerNamed("ana-2"), skNamed("ben", userPresent), signerNamed("dora")
	two := porting.Policy{People: 2}
	teams := porting.Policy{People: 2, Teams: 2, Hardware: 1}
	facts := porting.Facts{Version: 2, Submitter: "", Run: "run-1"}

	for name, c := range map[string]struct {
		policy  porting.Policy
		facts   porting.Facts
		signers []ssh.Signer
		ruling  porting.Ruling
	}{
		"two persons":                  {two, facts, []ssh.Signer{ana, ben}, porting.RulingApproved},
		"nobody":                       {two, facts, nil, porting.RulingWaiting},
		"same signature twice":         {two, facts, []ssh.Signer{ana, ana}, porting.RulingWaiting},
		"one person two keys":          {two, facts, []ssh.Signer{ana, ana2}, porting.RulingWaiting},
		"the submitter, a second":      {two, porting.Facts{Version: 2, Submitter: "ana", Run: "run-1"}, []ssh.Signer{ana, ben}, porting.RulingWaiting},
		"the submitter's second key":   {two, porting.Facts{Version: 2, Submitter: "ana", Run: "run-1"}, []ssh.Signer{ana2, ben}, porting.RulingWaiting},
		"another run":                  {two, porting.Facts{Version: 2, Run: "run-2"}, []ssh.Signer{ana, ben}, porting.RulingWaiting},
		"another version":              {two, porting.Facts{Version: 3, Run: "run-1"}, []ssh.Signer{ana, ben}, porting.RulingWaiting},
		"two teams, one with hardware": {teams, facts, []ssh.Signer{ana, ben}, porting.RulingApproved},
		"one team":                     {teams, facts, []ssh.Signer{dora, ben}, porting.RulingWaiting},
		"no hardware":                  {teams, facts, []ssh.Signer{dora, ana}, porting.RulingWaiting},
		"threshold above persons":      {porting.Policy{People: 4}, facts, []ssh.Signer{ana, ana2, ben, dora}, porting.RulingWaiting},
		"minimal policy of 0":          {porting.MinimalPolicy(0), facts, nil, porting.RulingWaiting},
		"minimal policy, negative":     {porting.MinimalPolicy(-1), facts, nil, porting.RulingWaiting},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var decisions []porting.Decision
			for _, signer := range c.signers {
				decisions = append(decisions, decided(t, r, signer, testStatement()))
			}
			ruling, _ := c.policy.Decide(c.facts, decisions)
			require.Equal(t, c.ruling, ruling)
		})
	}

	reject := decided(t, r, dora, testChallenge().Statement(porting.Reject, porting.Declined, now, porting.StatementLife))
	approvals := []porting.Decision{decided(t, r, ana, testStatement()), decided(t, r, ben, testStatement()), reject}
	ruling, _ := two.Decide(facts, approvals)
	require.Equal(t, porting.RulingDeclined, ruling, "one reject stops")
}

// decided is a verified decision as a saga keeps it.
func decided(t testing.TB, r *Registry, signer ssh.Signer, s porting.Statement) porting.Decision {
	t.Helper()
	text := encoded(t, s)
	a, err := r.Verify(text, sshSigned(t, signer, text), now)
	require.NoError(t, err)
	return porting.Decision{
		Decision: a.Statement.Decision, By: a.Person, OrderVersion: a.Statement.OrderVersion, Run: a.Statement.Run, Signed: true,
		Team: a.Team, Credential: a.Credential, Hardware: a.Hardware, Registry: a.Registry,
	}
}
