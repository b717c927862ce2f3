package cli

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/approval/approvaltest"
	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
)

// guarded is a session with a ledger, a key and a desk of approvers, at the desk's time.
type guarded struct {
	*session
	desk *approvaltest.Desk
	now  time.Time
}

func newGuarded(t *testing.T) *guarded {
	t.Helper()
	g := &guarded{session: newSession(t), desk: approvaltest.NewDesk(t), now: time.Now()}
	g.books(t)
	_, err := vault.Create(g.config.KeyFile)
	require.NoError(t, err)
	g.config.Registry, g.config.RegistryRoots = g.desk.Registry, g.desk.Roots
	g.config.Protection = filepath.Join(g.config.Dir, "protection.yaml")
	g.factory.Now = func() time.Time { return g.now }
	g.factory.AgentSocket = func() string { return "" }
	return g
}

// runs runs a command that ends well.
func (g *guarded) runs(t *testing.T, line string, more ...string) {
	t.Helper()
	require.Equal(t, 0, g.run(t, line, more...), g.err.String())
}

// runsWith gives a command its stdin.
func (g *guarded) runsWith(t *testing.T, stdin, line string) int {
	t.Helper()
	g.factory.Streams.In = strings.NewReader(stdin)
	return g.run(t, line)
}

func (g *guarded) protection(t *testing.T, target string) (p struct {
	guard.Status
	History []ledger.GuardEvent `json:"history"`
},
) {
	t.Helper()
	g.runs(t, "portsaga number status --history 9 -o json "+target)
	require.NoError(t, json.Unmarshal(g.out.Bytes(), &p))
	return p
}

func TestNumberLock(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	require.False(t, g.protection(t, "+12125550123").Locked)
	g.runs(t, "portsaga number lock +12125550123 --by cleo@care --reason", "asked by the subscriber")
	require.Contains(t, g.out.String(), "held since")
	require.NotContains(t, g.out.String(), "2125550123")
	p := g.protection(t, "+12125550123")
	require.True(t, p.Locked)
	require.Equal(t, "cleo@care", p.Lock.LockedBy)
	require.Equal(t, "asked by the subscriber", p.Lock.Reason)
	require.Equal(t, ledger.EventLocked, p.History[0].Kind)
}

func TestNumberLockOfAnAccount(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	g.runs(t, "portsaga number assign +12125550123 --account ACC-1001")
	g.runs(t, "portsaga number lock --account acc1001")
	p := g.protection(t, "+12125550123")
	require.True(t, p.Locked)
	require.Nil(t, p.Lock)
	require.Equal(t, "…1001", p.Account.Masked)
	require.Equal(t, 3, g.run(t, "portsaga number assign +12125550123 --account MINE"))
	require.Contains(t, g.err.String(), "its account is locked")
	require.False(t, g.protection(t, "--account ACC-1001 --tenant acme").Locked, "another tenant's account is another one")
}

func TestNumberUnlockWithAKey(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	g.runs(t, "portsaga number lock +12125550123")
	require.Equal(t, 2, g.run(t, "portsaga number unlock +12125550123 --by cleo@care --key "+g.desk.KeyFile("ben")), "nobody was asked")
	require.Equal(t, 3, g.run(t, "portsaga number unlock +12125550123 --by ben@desk --yes --key "+g.desk.KeyFile("ben")))
	require.Contains(t, g.err.String(), "0 of 1 persons signed, without whoever asks")
	g.runs(t, "portsaga number unlock +12125550123 --by cleo@care --yes --key "+g.desk.KeyFile("ben"))
	require.Contains(t, g.out.String(), "as cleo@care asked, unless it is cancelled")
	require.True(t, g.protection(t, "+12125550123").Locked, "for the cool-off")

	g.runs(t, "portsaga number unlock +12125550123 --cancel")
	require.True(t, g.protection(t, "+12125550123").Lock.UnlockDueAt.IsZero())
	require.Equal(t, 3, g.run(t, "portsaga number unlock +12125550123 --cancel"))

	g.runs(t, "portsaga number unlock +12125550123 --by cleo@care --yes --key "+g.desk.KeyFile("fay"))
	g.now = g.now.Add(24 * time.Hour)
	require.False(t, g.protection(t, "+12125550123").Locked)
	require.Equal(t, 3, g.run(t, "portsaga number unlock +12125550123 --yes --key "+g.desk.KeyFile("fay")))
	require.Contains(t, g.err.String(), "it has no lock of its own")
}

// Two persons sign on machines of their own, as the deployment's policy asks.
func TestNumberUnlockWithSignatures(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	require.NoError(t, os.WriteFile(g.config.Protection, []byte("default: {approvals: 2}"), 0o600))
	g.runs(t, "portsaga number lock --account ACC-1001")
	var signatures []string
	for _, person := range []string{"ben", "fay"} {
		file := filepath.Join(t.TempDir(), "unlock.json")
		g.runs(t, "portsaga number unlock --account ACC-1001 --statement-out "+file)
		require.Contains(t, g.out.String(), "ssh-keygen -Y sign -n portsaga.decision.v1")
		statement, err := os.ReadFile(file)
		require.NoError(t, err)
		signature, err := approval.SignWithSigner(g.desk.Key(person), statement)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file+".sig", []byte(signature), 0o600))
		signatures = append(signatures, "--signature", file+".sig")
	}
	require.Equal(t, 3, g.run(t, "portsaga number unlock --account ACC-1001 --by cleo@care", signatures[:2]...))
	require.Contains(t, g.err.String(), "1 of 2 persons")
	g.runs(t, "portsaga number unlock --account ACC-1001 --by cleo@care", signatures...)
	require.False(t, g.protection(t, "--account ACC-1001").Lock.UnlockDueAt.IsZero())
}

func TestNumberPIN(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	require.Equal(t, 3, g.runsWith(t, "830472\n", "portsaga number pin check +12125550123 -o json"))
	require.JSONEq(t, `{"verdict": "none"}`, g.out.String())
	require.Empty(t, g.err.String())

	require.Equal(t, 3, g.runsWith(t, "123456\n", "portsaga number pin set +12125550123"))
	require.NotContains(t, g.err.String(), "123456")
	require.Equal(t, 2, g.runsWith(t, "", "portsaga number pin set +12125550123"))
	require.Equal(t, 0, g.runsWith(t, "830472", "portsaga number pin set +12125550123"), g.err.String())
	require.Contains(t, g.out.String(), "port-out PIN  set ")
	require.Equal(t, 0, g.runsWith(t, "830472\r\n", "portsaga number pin check +12125550123"))
	require.Equal(t, "ok\n", g.out.String())
	require.Equal(t, 3, g.runsWith(t, "618259\n", "portsaga number pin check +12125550123"))
	require.Equal(t, "wrong\n", g.out.String())

	g.runs(t, "portsaga number lock +12125550123")
	require.Equal(t, 3, g.runsWith(t, "830472\n", "portsaga number unlock +12125550123 --pin"), "it is too young")
	g.now = g.now.Add(24 * time.Hour)
	require.Equal(t, 0, g.runsWith(t, "830472\n", "portsaga number unlock +12125550123 --pin"), g.err.String())

	g.runs(t, "portsaga number pin remove +12125550123")
	require.Contains(t, g.out.String(), "port-out PIN  none")
	require.Equal(t, 4, g.run(t, "portsaga number pin remove +12125550123"))
}

func TestNumberPINTyped(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	var asked []string
	answers := []string{"830472", "830472", "830472", "830427"}
	g.factory.Streams.Terminal = true
	g.factory.Passphrase = func(question string) ([]byte, error) {
		asked = append(asked, question)
		return []byte(answers[len(asked)-1]), nil
	}
	g.runs(t, "portsaga number pin set +12125550123")
	require.Equal(t, []string{"New PIN: ", "Once more: "}, asked)
	require.Equal(t, 2, g.run(t, "portsaga number pin set +12125550123"))
	require.Contains(t, g.err.String(), "the two were not the same")
}

// A PIN comes by a file descriptor of its own, in a process of its own.
func TestNumberPINByFileDescriptor(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	read, write, err := os.Pipe()
	require.NoError(t, err)
	_, err = write.WriteString("830472\n")
	require.NoError(t, err)
	require.NoError(t, write.Close())
	program, err := exec.LookPath("portsaga")
	require.NoError(t, err, "TestMain puts it on the PATH")
	cmd := exec.CommandContext(t.Context(), program, "number", "pin", "set", "+12125550123", "--pin-fd", "3")
	cmd.Env = append(os.Environ(), "PORTSAGA_DIR="+g.config.Dir, "PORTSAGA_KEY_FILE="+g.config.KeyFile, "PORTSAGA_LEDGER="+g.config.Ledger)
	cmd.ExtraFiles = []*os.File{read}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, 0, g.runsWith(t, "830472\n", "portsaga number pin check +12125550123"), g.err.String())
	require.Equal(t, 2, g.run(t, "portsaga number pin set +12125550123 --pin-fd 99"))
}

func TestNumberContact(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	g.runs(t, "portsaga number contact +12125550123 --email maria@example.com --phone +12125550188 --lang es")
	require.NotContains(t, g.out.String()+g.err.String(), "maria")
	require.Equal(t, ledger.EventContactChanged, g.protection(t, "+12125550123").History[0].Kind)
	require.Equal(t, 2, g.run(t, "portsaga number contact +12125550123"))
	require.Contains(t, g.err.String(), "neither an address nor a telephone")
	require.Equal(t, 2, g.run(t, "portsaga number contact +12125550123 --phone 555"))
}

func TestNumberBearer(t *testing.T) {
	t.Parallel()
	g := newGuarded(t)
	file := filepath.Join(t.TempDir(), "bearers.yaml")
	g.runs(t, "portsaga number bearer +12125550123 --days 30")
	first := g.out.String()
	require.Contains(t, g.err.String(), "token for +1…0123, shown once: psn_")
	_, token, _ := strings.Cut(strings.TrimSpace(g.err.String()), "once: ")
	require.NotContains(t, first, token)
	g.runs(t, "portsaga number bearer +12125550199")
	require.NoError(t, os.WriteFile(file, []byte(first+g.out.String()), 0o600))
	bearers, err := guard.ReadBearers(file)
	require.NoError(t, err)
	require.Len(t, bearers, 2)
}

func TestNumberUsage(t *testing.T) {
	t.Parallel()
	for line, says := range map[string]string{
		"portsaga number lock":                               "which number?",
		"portsaga number lock +12125550123 --account A":      "which number?",
		"portsaga number lock 2125550123":                    "country code and digits",
		"portsaga number unlock +12125550123 --pin --cancel": "none of the others can be",
		"portsaga number status +12125550123 +12125550124":   "which number?",
		"portsaga number assign +12125550123":                "to which account?",
		"portsaga number pin set":                            "of which number?",
		"portsaga number bearer +12125550123 --days 0":       "--days is 1 to 366",
		"portsaga number unlcok":                             "did you mean unlock?",
	} {
		g := newGuarded(t)
		require.Equal(t, 2, g.run(t, line), line)
		require.Contains(t, g.err.String(), says)
	}
}

func TestNumberWithoutItsKey(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.books(t)
	require.Equal(t, 4, s.run(t, "portsaga number status +12125550123"))
	require.Contains(t, s.err.String(), "there is no key file")
}
