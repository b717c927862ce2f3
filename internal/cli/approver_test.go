package cli

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"encoding/pem"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/portsaga/portsaga/internal/approval"
)

// keyFile is a key pair in files, as ssh-keygen leaves it.
type keyFile struct {
	private, public string // names of the files
	signer          ssh.Signer
	raw             ed25519.PrivateKey
}

func newKeyFile(t *testing.T, name string) keyFile {
	t.Helper()
	_, raw, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(raw)
	require.NoError(t, err)
	dir := t.TempDir()
	k := keyFile{filepath.Join(dir, name), filepath.Join(dir, name+".pub"), signer, raw}
	block, err := ssh.MarshalPrivateKey(raw, name)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(k.private, pem.EncodeToMemory(block), 0o600))
	require.NoError(t, os.WriteFile(k.public, ssh.MarshalAuthorizedKey(signer.PublicKey()), 0o600))
	return k
}

// lock gives the key a passphrase.
func lock(t *testing.T, k keyFile, passphrase string) {
	t.Helper()
	block, err := ssh.MarshalPrivateKeyWithPassphrase(k.raw, "", []byte(passphrase))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(k.private, pem.EncodeToMemory(block), 0o600))
}

func (k keyFile) fingerprint() string { return ssh.FingerprintSHA256(k.signer.PublicKey()) }

// serveAgent runs an ssh-agent with these keys for one test.
func (s *session) serveAgent(t *testing.T, keys ...keyFile) {
	t.Helper()
	ring := agent.NewKeyring()
	for _, k := range keys {
		require.NoError(t, ring.Add(agent.AddedKey{PrivateKey: k.raw}))
	}
	dir, err := os.MkdirTemp("", "") //nolint:usetesting // a socket's path has at most 108 bytes
	require.NoError(t, err)
	socket := filepath.Join(dir, "agent")
	listener, err := net.Listen("unix", socket)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, listener.Close())
		require.NoError(t, os.RemoveAll(dir))
	})
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = agent.ServeAgent(ring, conn) }() // ends when the program closes its side
		}
	}()
	s.factory.AgentSocket = func() string { return socket }
}

// registrySession is a session whose registry is still to be begun.
func registrySession(t *testing.T) *session {
	t.Helper()
	s := newSession(t)
	s.config.Registry = filepath.Join(s.config.Dir, "registry.json")
	s.config.RegistryRoots = filepath.Join(s.config.Dir, "registry-roots.json")
	s.factory.AgentSocket = func() string { return "" }
	return s
}

// withRegistry begins a registry of two roots with ana of team desk, and puts it in force.
func withRegistry(t *testing.T) (s *session, roots [2]keyFile, ana keyFile) {
	t.Helper()
	s = registrySession(t)
	roots = [2]keyFile{newKeyFile(t, "root1"), newKeyFile(t, "root2")}
	ana = newKeyFile(t, "ana")
	s.must(t, "portsaga approver init --threshold 2 --audience test --root", roots[0].public, "--root", roots[1].public)
	s.must(t, "portsaga approver add --person ana --team desk --name ana@desk --key", ana.public)
	s.signWith(t, roots[:]...)
	return s, roots, ana
}

func (s *session) must(t *testing.T, line string, more ...string) {
	t.Helper()
	require.Equal(t, 0, s.run(t, line, more...), s.err.String())
}

func (s *session) signWith(t *testing.T, keys ...keyFile) {
	t.Helper()
	for _, k := range keys {
		s.must(t, "portsaga approver sign --yes --key", k.private)
	}
}

// code runs a line that fails and returns the error's code.
func (s *session) code(t *testing.T, exit int, line string, more ...string) string {
	t.Helper()
	require.Equal(t, exit, s.run(t, line, append(slices.Clone(more), "-o", "json")...), s.err.String())
	var told struct{ Error errorReport }
	require.NoError(t, json.Unmarshal(s.err.Bytes(), &told), s.err.String())
	return told.Error.Code
}

func (s *session) listed(t *testing.T, line string) registryView {
	t.Helper()
	s.must(t, line+" -o json")
	var view registryView
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &view))
	return view
}

func TestARegistryComesIntoForceWithTheLastRoot(t *testing.T) {
	t.Parallel()
	s := registrySession(t)
	roots := [2]keyFile{newKeyFile(t, "root1"), newKeyFile(t, "root2")}
	ana, gate := newKeyFile(t, "ana"), newKeyFile(t, "gate")

	s.must(t, "portsaga approver init --threshold 2 --audience test --root", roots[0].public, "--root", roots[1].public)
	require.Contains(t, s.out.String(), "next: add persons, with portsaga approver add")
	require.Equal(t, "registry-empty", s.code(t, 3, "portsaga approver sign --yes --key", roots[0].private))
	require.Equal(t, "registry-missing", s.code(t, 4, "portsaga approver list"))
	require.Equal(t, "registry-exists", s.code(t, 3, "portsaga approver init --audience x --root", roots[0].public))

	s.must(t, "portsaga approver add --person ana --team desk --name ana@desk --key", ana.public)
	s.must(t, "portsaga approver add --service gate-1 --key", gate.public)
	s.signWith(t, roots[0])
	require.Contains(t, s.out.String(), "version 3 is a draft in ")
	require.Contains(t, s.out.String(), "next: 1 more of the roots must sign it")
	require.NoFileExists(t, s.config.Registry)

	s.signWith(t, roots[1])
	require.Contains(t, s.out.String(), "test, version 3: in force\n")
	require.Regexp(t, `ana +desk +approver +SHA256:\S+ +software +valid until 2027-11-23`, s.out.String())
	require.Regexp(t, `gate-1 +- +verdict +SHA256:`, s.out.String())
	require.NoFileExists(t, s.config.Registry+".draft")

	registry, err := approval.LoadRegistry(s.config.Registry, s.config.RegistryRoots, now)
	require.NoError(t, err)
	id, known := registry.Person("Ana@Desk")
	require.True(t, known)
	require.Equal(t, "ana", id)
	s.must(t, "portsaga approver check")
	require.Contains(t, s.out.String(), "version 3 of test is good until 2027-11-23")
}

func TestEveryChangeIsAVersionThatNobodyHasSigned(t *testing.T) {
	t.Parallel()
	s, roots, ana := withRegistry(t)
	before := s.listed(t, "portsaga approver list")
	require.True(t, before.InForce)
	require.Equal(t, 2, before.Version)

	s.must(t, "portsaga approver revoke --person ana --reason", "laptop lost")
	require.Contains(t, s.out.String(), "- key of ana: "+ana.fingerprint())
	require.Contains(t, s.out.String(), "+ key of ana: "+ana.fingerprint())
	s.signWith(t, roots[0])
	draft := s.listed(t, "portsaga approver list --draft")
	require.False(t, draft.InForce)
	require.Equal(t, []bool{true, false}, []bool{draft.Roots[0].Signed, draft.Roots[1].Signed})

	later := newKeyFile(t, "ana_yubikey")
	s.must(t, "portsaga approver add --person ana --not-after 2027-06-30 --key", later.public)
	draft = s.listed(t, "portsaga approver list --draft")
	require.Equal(t, 4, draft.Version)
	require.False(t, draft.Roots[0].Signed, "a signature is over what was seen")

	still := s.listed(t, "portsaga approver list")
	require.Equal(t, "valid", still.Persons[0].Keys[0].State, "the registry in force stays until the next one is signed")
	require.Equal(t, "a draft waits: portsaga approver list --draft", still.Next)

	s.signWith(t, roots[1], roots[0])
	after := s.listed(t, "portsaga approver list")
	require.Equal(t, 4, after.Version)
	require.Equal(t, "revoked", after.Persons[0].Keys[0].State)
	require.Equal(t, "laptop lost", after.Persons[0].Keys[0].Reason)
	require.Equal(t, "valid", after.Persons[0].Keys[1].State)
	require.Equal(t, time.Date(2027, 7, 1, 0, 0, 0, 0, time.UTC), after.Persons[0].Keys[1].NotAfter)
	require.Equal(t, "approver-unknown", s.code(t, 4, "portsaga approver revoke --reason x --key "+ana.fingerprint()))
}

func TestATamperedRegistryIsRefused(t *testing.T) {
	t.Parallel()
	s, roots, _ := withRegistry(t)
	eve := newKeyFile(t, "eve")
	text, err := os.ReadFile(s.config.Registry)
	require.NoError(t, err)
	signed, err := approval.ParseSignedFile(text)
	require.NoError(t, err)
	signed.Document = []byte(strings.Replace(string(signed.Document), `"desk"`, `"disk"`, 1))
	require.NoError(t, os.WriteFile(s.config.Registry, signed.Marshal(), 0o600))

	for _, line := range []string{"portsaga approver list", "portsaga approver check", "portsaga approver renew"} {
		require.Equal(t, "registry-threshold", s.code(t, 3, line))
	}
	require.Equal(t, "registry-threshold", s.code(t, 3, "portsaga approver add --person eve --team desk --key", eve.public), "nobody builds on it")

	require.NoError(t, os.WriteFile(s.config.Registry, text, 0o600))
	s.must(t, "portsaga approver add --person eve --team fraud --key", eve.public)
	require.Equal(t, "not-a-root", s.code(t, 3, "portsaga approver sign --yes --key", eve.private))

	s.signWith(t, roots[0])
	old, err := os.ReadFile(s.config.Registry + ".draft")
	require.NoError(t, err)
	s.signWith(t, roots[1])
	require.NoError(t, os.WriteFile(s.config.Registry+".draft", old, 0o600))
	require.Equal(t, "registry-rolled-back", s.code(t, 3, "portsaga approver sign --yes --key", roots[1].private))
}

func TestRootsChangeWithTheConsentOfBoth(t *testing.T) {
	t.Parallel()
	s, roots, _ := withRegistry(t)
	fresh := newKeyFile(t, "root3")

	s.must(t, "portsaga approver roots --remove "+roots[0].fingerprint()+" --add", fresh.public)
	s.signWith(t, fresh, roots[1])
	require.Contains(t, s.out.String(), "next: 1 more of the pinned roots and 0 more of the new ones must sign it")
	s.must(t, "portsaga approver list --draft")
	require.Contains(t, s.out.String(), fresh.fingerprint()+"  software  has signed, is new")
	require.Contains(t, s.out.String(), roots[0].fingerprint()+"  software  has not signed, goes")

	s.signWith(t, roots[0])
	pinned, err := os.ReadFile(s.config.RegistryRoots)
	require.NoError(t, err)
	require.Contains(t, string(pinned), strings.Fields(string(ssh.MarshalAuthorizedKey(fresh.signer.PublicKey())))[1])

	s.must(t, "portsaga approver roots --threshold 1")
	require.Equal(t, "not-a-root", s.code(t, 3, "portsaga approver sign --yes --key", roots[0].private), "it has gone")
	require.Equal(t, "root-unknown", s.code(t, 4, "portsaga approver roots --remove "+roots[0].fingerprint()))
	require.Equal(t, "registry-threshold-invalid", s.code(t, 3, "portsaga approver roots --threshold 3"))
}

func TestARootOnAnotherMachine(t *testing.T) {
	t.Parallel()
	s, roots, _ := withRegistry(t)
	s.must(t, "portsaga approver renew --valid-days 30")
	document := filepath.Join(s.config.Dir, "document")
	s.must(t, "portsaga approver sign --document-out", document)
	require.Contains(t, s.out.String(), "ssh-keygen -Y sign -n portsaga.registry.v1 -f KEY "+document)

	text, err := os.ReadFile(document)
	require.NoError(t, err)
	for i, signer := range []ssh.Signer{roots[0].signer, roots[1].signer, newKeyFile(t, "eve").signer} {
		signature, err := approval.SignRegistry(signer, text)
		require.NoError(t, err)
		file := document + ".sig"
		require.NoError(t, os.WriteFile(file, []byte(signature), 0o600))
		if i == 2 {
			s.must(t, "portsaga approver renew")
			require.Equal(t, "signature-invalid", s.code(t, 3, "portsaga approver sign --signature", file), "it is over another version")
			break
		}
		s.must(t, "portsaga approver sign --signature", file)
	}
	view := s.listed(t, "portsaga approver list")
	require.Equal(t, 3, view.Version)
	require.Equal(t, now.AddDate(0, 0, 30), view.Expires)
}

func TestAnExpiredRegistryIsRenewed(t *testing.T) {
	t.Parallel()
	s, roots, _ := withRegistry(t)
	s.factory.Now = func() time.Time { return now.AddDate(2, 0, 0) }
	require.Equal(t, "registry-expired", s.code(t, 3, "portsaga approver check"))
	s.must(t, "portsaga approver list")
	require.Contains(t, s.out.String(), "version 2: expired\n")
	require.Contains(t, s.out.String(), "next     it has expired: portsaga approver renew")

	s.must(t, "portsaga approver renew")
	s.signWith(t, roots[:]...)
	s.must(t, "portsaga approver check")
}

func TestWhatNoRegistryHolds(t *testing.T) {
	t.Parallel()
	s, roots, ana := withRegistry(t)
	other := newKeyFile(t, "other")
	for want, args := range map[string][]string{
		"registry-key-twice":           {"--person", "ben", "--team", "desk", "--key", ana.public},
		"registry-person-in-two-teams": {"--person", "ana", "--team", "fraud", "--key", other.public},
		"registry-team-invalid":        {"--person", "ben", "--key", other.public},
		"registry-name-twice":          {"--person", "ben", "--team", "desk", "--name", "ANA@desk", "--key", other.public},
		"key-malformed":                {"--person", "ben", "--team", "desk", "--key", other.private},
	} {
		require.Equal(t, want, s.code(t, 3, "portsaga approver add", args...))
	}
	require.Equal(t, "registry-key-twice", s.code(t, 3, "portsaga approver add --person ben --team desk --key", roots[0].public), "a root decides who approves, and approves nothing")
	require.NoFileExists(t, s.config.Registry+".draft", "nothing of it was drafted")
	require.Equal(t, "draft-missing", s.code(t, 4, "portsaga approver sign --yes --key", roots[0].private))
}

func TestApproverUsage(t *testing.T) {
	t.Parallel()
	s := registrySession(t)
	for line, says := range map[string]string{
		"portsaga approver init --audience x":                         "whose keys are the roots?",
		"portsaga approver init --root x":                             "for which deployment?",
		"portsaga approver init --root x --audience x --valid-days 0": "--valid-days is at least 1",
		"portsaga approver init --root missing --audience x":          "no such file or directory",
		"portsaga approver add --key x":                               "say either --person or --service",
		"portsaga approver add --person a --service b --key x":        "say either --person or --service",
		"portsaga approver add --service a --team t --key x":          "--team and --name go with --person",
		"portsaga approver add --person a":                            "with which key?",
		"portsaga approver revoke --person a":                         "why? say so with --reason",
		"portsaga approver revoke --person a --key b --reason c":      "say one of --person, --service and --key",
		"portsaga approver roots":                                     "say what to change",
		"portsaga approver renew --valid-days 0":                      "--valid-days is at least 1",
		"portsaga approver sign --key a --signature b":                "none of the others can be",
	} {
		require.Equal(t, 2, s.run(t, line), line)
		require.Contains(t, s.err.String(), says, line)
	}
}

func TestRootsAreAskedOnTheirTerminal(t *testing.T) {
	t.Parallel()
	s, roots, _ := withRegistry(t)
	s.must(t, "portsaga approver renew")
	s.serveAgent(t, roots[0])
	require.Equal(t, "confirmation-missing", s.codeAfterSheet(t, 2, "portsaga approver sign"))

	s.factory.Streams.Terminal = true
	s.factory.Streams.In = strings.NewReader("n\n")
	require.Equal(t, 3, s.run(t, "portsaga approver sign --key agent"))
	require.Contains(t, s.err.String(), "version 3 of the registry of test, until 2027-11-23 15:00Z:\n")

	s.factory.Streams.In = strings.NewReader("y\n")
	s.must(t, "portsaga approver sign --key agent")
	require.Contains(t, s.out.String(), "next: 1 more of the roots must sign it")
}

func TestPinnedRootsMayHaveComments(t *testing.T) {
	t.Parallel()
	s, roots, _ := withRegistry(t)
	var lines []string
	for _, root := range []keyFile{roots[1], roots[0]} {
		lines = append(lines, strings.TrimSpace(string(ssh.MarshalAuthorizedKey(root.signer.PublicKey())))+" somebody")
	}
	written := approval.Roots{Threshold: 2, Roots: lines}.Encode()
	require.NoError(t, os.WriteFile(s.config.RegistryRoots, written, 0o600))

	s.must(t, "portsaga approver renew")
	s.signWith(t, roots[0])
	require.Contains(t, s.out.String(), "next: 1 more of the roots must sign it")
	require.Len(t, s.listed(t, "portsaga approver list --draft").Roots, 2)
	s.signWith(t, roots[1])

	kept, err := os.ReadFile(s.config.RegistryRoots)
	require.NoError(t, err)
	require.Equal(t, string(written), string(kept), "what did not change is left alone")
}

func TestADraftThatCannotBeRead(t *testing.T) {
	t.Parallel()
	s, _, _ := withRegistry(t)
	draft := s.config.Registry + ".draft"
	for _, text := range []string{"", "{}", string(approval.SignedFile{Document: []byte("no")}.Marshal())} {
		require.NoError(t, os.WriteFile(draft, []byte(text), 0o600))
		for _, line := range []string{"portsaga approver sign --yes", "portsaga approver renew", "portsaga approver list --draft"} {
			require.Equal(t, "registry-malformed", s.code(t, 3, line))
		}
	}
	s.must(t, "portsaga approver list")
}
