package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
)

func aChallenge(port string) porting.Challenge {
	return porting.Challenge{
		Audience: "test", Port: port, Run: "run-1", Epoch: 1, Stage: porting.Verifying, OrderVersion: 1, OrderDigest: "sha256:1",
		Shown: porting.Shown{
			Numbers: []string{"+1…0123"}, Count: 12, Kind: "wireline", Donor: "Hudson\x1b[2J Telephone", Recipient: "Acme Voice", Carrier: "simulator",
			Risk: porting.RiskHigh, Findings: []string{"the order came at night"},
		},
		Policy: porting.Policy{People: 2, Teams: 2, Hardware: 1}.Ref("us-wireline@2026-11"), Nonce: "nonce-1",
	}
}

// deciding is a session in which port pi-1 waits for a signed decision, and ana's agent is there.
func deciding(t *testing.T) (*session, keyFile) {
	t.Helper()
	s := registrySession(t)
	ana := newKeyFile(t, "ana")
	s.serveAgent(t, ana)
	challenge := aChallenge("pi-1")
	s.ports.statuses = []porting.Status{{ID: "pi-1", Stage: porting.Verifying, Challenge: &challenge, Signed: true, Missing: []string{"1 more person must approve", "1 more team must be among them"}, Decisions: []porting.Decision{
		{Decision: porting.Approve, By: "ben", At: now, OrderVersion: 1, Signed: true, Team: "desk", Hardware: true, Run: "run-1"},
	}}}
	s.ports.answer = porting.Answer{ID: "pi-1", Accepted: true, Stage: porting.Verifying, Says: "heard"}
	return s, ana
}

// signedBy opens a decision that the key signed.
func signedBy(t *testing.T, d porting.Decide, key keyFile) porting.Statement {
	t.Helper()
	public, err := approval.ParseKey(string(ssh.MarshalAuthorizedKey(key.signer.PublicKey())))
	require.NoError(t, err)
	_, err = approval.Verify(d.Statement, d.Signature, approval.NewKeySet(public))
	require.NoError(t, err)
	statement, err := approval.ParseStatement(d.Statement)
	require.NoError(t, err)
	return statement
}

func TestDecideSignsWithTheAgent(t *testing.T) {
	t.Parallel()
	s, ana := deciding(t)

	s.must(t, "portsaga decide pi-1 --reject --reason SUSPECTED_FRAUD --expires 5m --yes")

	require.Equal(t, "pi-1: heard (in verifying)\n", s.out.String())
	golden(t, "decide-sheet.txt", s.err.String())
	message := s.ports.message.(porting.Decide)
	require.Empty(t, message.By, "the key says who decides")
	require.NotEmpty(t, message.ID)
	statement := signedBy(t, message, ana)
	require.Equal(t, aChallenge("pi-1").Statement(porting.Reject, porting.SuspectedFraud, now, statement.ExpiresAt.Sub(now)), statement)
	require.Equal(t, "5m0s", statement.ExpiresAt.Sub(statement.IssuedAt).String())

	s.must(t, "portsaga decide pi-1 --approve --yes -o json")
	require.Empty(t, s.err.String(), "a program that said yes is spared")
	require.Contains(t, s.out.String(), `"says": "heard"`)
}

func TestDecideAsksOnATerminal(t *testing.T) {
	t.Parallel()
	s, ana := deciding(t)
	require.Equal(t, "confirmation-missing", s.codeAfterSheet(t, 2, "portsaga decide pi-1 --approve"))

	s.factory.Streams.Terminal = true
	for _, no := range []string{"", "n\n", "what?\n"} {
		s.factory.Streams.In = strings.NewReader(no)
		require.Equal(t, 3, s.run(t, "portsaga decide pi-1 --approve"))
		require.Contains(t, s.err.String(), "Sign it? [y/N] ")
		require.Nil(t, s.ports.message)
	}
	s.factory.Streams.In = strings.NewReader("Yes\n")
	s.must(t, "portsaga decide pi-1 --approve")
	signedBy(t, s.ports.message.(porting.Decide), ana)
}

// codeAfterSheet is the code of an error that comes behind what a person was shown.
func (s *session) codeAfterSheet(t *testing.T, exit int, line string, more ...string) string {
	t.Helper()
	require.Equal(t, exit, s.run(t, line, append(slices.Clone(more), "-o", "json")...))
	var told struct{ Error errorReport }
	at := strings.LastIndex(s.err.String(), `{"error"`)
	require.GreaterOrEqual(t, at, 0, s.err.String())
	require.NoError(t, json.Unmarshal(s.err.Bytes()[at:], &told))
	return told.Error.Code
}

func TestDecideRefusesAnotherChallenge(t *testing.T) {
	t.Parallel()
	s, _ := deciding(t)
	require.Equal(t, "order-moved-on", s.code(t, 3, "portsaga decide pi-1 --approve --yes --order-version 2"))
	require.Equal(t, "statement-differs", s.code(t, 3, "portsaga decide pi-2 --approve --yes"), "the port shows the challenge of another")

	s.ports.statuses = []porting.Status{{ID: "pi-1", Stage: porting.Submitted}}
	for _, flag := range []string{"--paste", "--key agent", "--statement-out x"} {
		require.Equal(t, "challenge-missing", s.code(t, 3, "portsaga decide pi-1 --approve "+flag))
	}
	require.Nil(t, s.ports.message)
}

func TestDecideWithAKeyThatIsNamed(t *testing.T) {
	t.Parallel()
	s, ana := deciding(t)
	ben := newKeyFile(t, "ben")
	s.serveAgent(t, ana, ben)
	require.Equal(t, "key-unclear", s.code(t, 2, "portsaga decide pi-1 --approve --yes"))

	for _, c := range []struct {
		flag, variable string
		signer         keyFile
	}{{ben.public, "", ben}, {"", ben.public, ben}, {ana.public, ben.public, ana}, {ben.private, "", ben}} {
		s.config.SSHKey = c.variable
		s.must(t, "portsaga decide pi-1 --approve --yes --key", c.flag)
		signedBy(t, s.ports.message.(porting.Decide), c.signer)
	}
	s.config.SSHKey = ""

	eve := newKeyFile(t, "eve")
	require.Equal(t, "key-not-in-agent", s.code(t, 4, "portsaga decide pi-1 --approve --yes --key", eve.public))
	require.Equal(t, "file-unreadable", s.code(t, 2, "portsaga decide pi-1 --approve --yes --key missing"))
	require.NoError(t, os.Chmod(eve.private, 0o644))
	require.Equal(t, "key-exposed", s.code(t, 3, "portsaga decide pi-1 --approve --yes --key", eve.private))
	require.NoError(t, os.WriteFile(ben.private, []byte("-----BEGIN OPENSSH PRIVATE KEY-----\n"), 0o600))
	require.Equal(t, "key-unusable", s.code(t, 2, "portsaga decide pi-1 --approve --yes --key", ben.private))

	s.serveAgent(t)
	require.Equal(t, "key-not-in-agent", s.code(t, 4, "portsaga decide pi-1 --approve --yes"))
	for _, socket := range []string{"", filepath.Join(s.config.Dir, "none")} {
		s.factory.AgentSocket = func() string { return socket }
		require.Equal(t, "agent-unreachable", s.code(t, 1, "portsaga decide pi-1 --approve --yes"))
	}
}

func TestDecideWithAPassphrase(t *testing.T) {
	t.Parallel()
	s, _ := deciding(t)
	locked := newKeyFile(t, "locked")
	lock(t, locked, "correct horse")
	require.Equal(t, "passphrase-missing", s.code(t, 2, "portsaga decide pi-1 --approve --yes --key", locked.private), "nobody can be asked")

	s.factory.Passphrase = func(question string) ([]byte, error) {
		require.Equal(t, "Passphrase of "+locked.private+": ", question)
		return []byte("correct horse"), nil
	}
	s.must(t, "portsaga decide pi-1 --approve --yes --key", locked.private)
	signedBy(t, s.ports.message.(porting.Decide), locked)

	s.factory.Passphrase = func(string) ([]byte, error) { return []byte("wrong"), nil }
	require.Equal(t, "passphrase-wrong", s.code(t, 2, "portsaga decide pi-1 --approve --yes --key", locked.private))
}

func TestDecideWithAKeyElsewhere(t *testing.T) {
	t.Parallel()
	s, ana := deciding(t)
	file := filepath.Join(s.config.Dir, "port.json")
	s.must(t, "portsaga decide pi-1 --approve --statement-out", file)
	require.Contains(t, s.out.String(), "ssh-keygen -Y sign -n portsaga.decision.v1 -f KEY "+file+"\n")
	require.Nil(t, s.ports.message, "nothing is sent")

	text, err := os.ReadFile(file)
	require.NoError(t, err)
	signature, err := approval.SignWithSigner(ana.signer, text)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file+".sig", []byte(signature), 0o600))

	s.must(t, "portsaga decide pi-1 --signature", file+".sig")
	require.Equal(t, porting.Approve, signedBy(t, s.ports.message.(porting.Decide), ana).Decision)
	s.must(t, "portsaga decide pi-1 --approve --signature", file+".sig", "--statement", file)

	require.Equal(t, "statement-differs", s.code(t, 3, "portsaga decide pi-1 --reject --signature", file+".sig"))
	require.Equal(t, "statement-differs", s.code(t, 3, "portsaga decide pi-2 --signature", file+".sig"))
	require.NoError(t, os.WriteFile(file, append(text, '\n', 'x'), 0o600))
	require.Equal(t, "statement-malformed", s.code(t, 3, "portsaga decide pi-1 --signature", file+".sig"))
	require.Equal(t, "usage", s.code(t, 2, "portsaga decide pi-1 --statement", file))
	require.Equal(t, "usage", s.code(t, 2, "portsaga decide pi-1 --signature", file))

	s.must(t, "portsaga decide pi-1 --approve -o json --statement-out", file)
	var written writtenStatement
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &written))
	require.Equal(t, approval.SSHNamespace, written.Namespace)
}

func TestDecidePrintsWhatTheWebUITakes(t *testing.T) {
	t.Parallel()
	s, ana := deciding(t)
	s.must(t, "portsaga decide pi-1 --approve --yes --paste")
	require.Nil(t, s.ports.message)
	var message porting.Decide
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &message))
	require.Equal(t, "pi-1", signedBy(t, message, ana).Port)
}

func TestDecideUsage(t *testing.T) {
	t.Parallel()
	s, _ := deciding(t)
	for line, says := range map[string]string{
		"portsaga decide pi-1 --approve --expires 25h":              "--expires is between 1s and 24h",
		"portsaga decide pi-1 --approve --expires 0s":               "--expires is between 1s and 24h",
		"portsaga decide pi-1 --approve --key a --statement-out b":  "none of the others can be",
		"portsaga decide pi-1 --approve --paste --statement-out b":  "none of the others can be",
		"portsaga decide pi-1 --reject --approve --yes":             "say either --approve or --reject",
		"portsaga bulk decide bo-1 --approve --expires 25h --yes":   "--expires is between 1s and 24h",
		"portsaga decide pi-1 --approve --reason DECLINED --paste ": "--reason goes with --reject",
	} {
		require.Equal(t, 2, s.run(t, line), line)
		require.Contains(t, s.err.String(), says, line)
	}
}

func TestWhatStandsBehindADecision(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]porting.Decision{
		"unsigned":                        {By: "ben"},
		"signed":                          {Signed: true},
		"signed, team desk":               {Signed: true, Team: "desk"},
		"signed, team desk, hardware key": {Signed: true, Team: "desk", Hardware: true},
	} {
		require.Equal(t, want, proofOf(d))
	}
}

// orderOfPorts is a bulk order whose ports wait for signed decisions.
type orderOfPorts struct {
	*fakePorts
	shown   map[string]porting.Status
	refuse  map[string]error
	decided map[string]porting.Decide
}

func (o *orderOfPorts) Status(_ context.Context, id string) (porting.Status, error) {
	return o.shown[id], nil
}

func (o *orderOfPorts) Decide(_ context.Context, id string, d porting.Decide) (porting.Answer, error) {
	if err := o.refuse[id]; err != nil {
		return porting.Answer{}, err
	}
	o.decided[id] = d
	return porting.Answer{ID: id}, nil
}

func orderSession(t *testing.T) (*session, *orderOfPorts, keyFile) {
	t.Helper()
	s, ana := deciding(t)
	o := &orderOfPorts{s.ports, map[string]porting.Status{}, map[string]error{}, map[string]porting.Decide{}}
	for _, id := range []string{"pi-1", "pi-2", "pi-3"} {
		s.ports.summary = append(s.ports.summary, starter.Summary{ID: id})
		challenge := aChallenge(id)
		o.shown[id] = porting.Status{ID: id, WaitingOn: porting.WaitingApprover, Challenge: &challenge}
	}
	s.factory.Ports = func(context.Context) (Ports, error) { return o, nil }
	return s, o, ana
}

func TestBulkDecideSignsForEachPort(t *testing.T) {
	t.Parallel()
	s, order, ana := orderSession(t)
	s.must(t, "portsaga bulk decide bo-1 --approve --yes")

	require.Equal(t, "bo-1: 3 ports decided, 0 refused\n", s.out.String())
	golden(t, "bulk-decide-sheet.txt", s.err.String())
	require.Equal(t, starter.Filter{Order: "bo-1", WaitingOn: porting.WaitingApprover, OpenOnly: true, Limit: 20_000}, order.filter)
	require.Len(t, order.decided, 3)
	for id, message := range order.decided {
		require.Equal(t, id, signedBy(t, message, ana).Port)
	}
	require.Nil(t, order.bulkMessage)
}

func TestBulkDecideTellsWhoRefused(t *testing.T) {
	t.Parallel()
	s, order, _ := orderSession(t)
	order.refuse["pi-2"] = &porting.Error{Kind: porting.Refused, Code: "order-moved-on", Op: "message to port", Object: "pi-2", Detail: "it moved on"}
	order.shown["pi-3"] = porting.Status{ID: "pi-3", WaitingOn: porting.WaitingCarrier} // decided on meanwhile
	require.Equal(t, 3, s.run(t, "portsaga bulk decide bo-1 --approve --yes"))
	require.Equal(t, "bo-1: 1 ports decided, 1 refused\n  pi-2  message to port pi-2: it moved on\n", s.out.String())

	require.Equal(t, 3, s.run(t, "portsaga bulk decide bo-1 --approve --yes -o json"))
	var result bulkDecided
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &result))
	require.Equal(t, "order-moved-on", result.Refused[0].Code)

	order.refuse["pi-2"] = &porting.Error{Kind: porting.Failed, Code: "engine-error", Op: "decide", Detail: "no worker"}
	require.Equal(t, "engine-error", s.code(t, 1, "portsaga bulk decide bo-1 --approve --yes"))
	require.Equal(t, "confirmation-missing", s.codeAfterSheet(t, 2, "portsaga bulk decide bo-1 --approve"))
}

func TestBulkDecideWhereDecisionsAreTrusted(t *testing.T) {
	t.Parallel()
	s, order, _ := orderSession(t)
	order.shown["pi-2"] = porting.Status{ID: "pi-2", WaitingOn: porting.WaitingApprover}
	s.must(t, "portsaga bulk decide bo-1 --approve")
	require.Equal(t, "bo-1: passed on\n", s.out.String())
	require.Empty(t, order.decided)
	require.Equal(t, "challenge-missing", s.code(t, 3, "portsaga bulk decide bo-1 --approve --key agent"))
}

func TestBulkDecideSendsNothingUnsignedWherePortsSign(t *testing.T) {
	t.Parallel()
	s, order, _ := orderSession(t)
	for id := range order.shown {
		order.shown[id] = porting.Status{ID: id, WaitingOn: porting.WaitingCarrier, Signed: true}
	}
	require.Equal(t, "challenge-missing", s.code(t, 3, "portsaga bulk decide bo-1 --approve"))
	require.Nil(t, order.bulkMessage)
}

func TestTallies(t *testing.T) {
	t.Parallel()
	require.Equal(t, "b (2), - (1), a (1)", tally{"a": 1, "b": 2, "": 1}.String())
	many := tally{}
	for word := range strings.SplitSeq("abcdefghijkl", "") {
		many[word] = 1_000
	}
	require.Contains(t, many.String(), "j (1,000), 2 others")
}
