package cli

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/approval/approvaltest"
	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/fraud/replay"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
)

// judgedDesk is a session whose ledger keeps signed judgements.
type judgedDesk struct {
	*session
	books *ledger.Ledger
	keys  *vault.Vault
	desk  *approvaltest.Desk
}

func newJudgedDesk(t *testing.T) judgedDesk {
	t.Helper()
	s, books := withLedger(t)
	keys, err := vault.LoadOrCreate(s.config.KeyFile)
	require.NoError(t, err)
	desk := approvaltest.NewDesk(t)
	s.config.Registry, s.config.RegistryRoots = desk.Registry, desk.Roots
	return judgedDesk{s, books, keys, desk}
}

// judge keeps a judgement of a port, as a worker does, with what is changed before it is kept.
func (d judgedDesk) judge(t *testing.T, port string, policy *fraud.Policy, change func(*ledger.Judgement)) {
	t.Helper()
	text, err := os.ReadFile(fraudEvidence)
	require.NoError(t, err)
	evidence, err := fraud.ReadEvidence(text)
	require.NoError(t, err)
	judged, err := replay.Judge(policy, evidence)
	require.NoError(t, err)
	at := time.Now().UTC().Truncate(time.Microsecond)
	statement := approval.ScreeningVerdict{Port: port, Nonce: "nonce-" + port, Risk: porting.RiskHigh, At: at, Fraud: &judged.Said}
	verdict, err := d.desk.ServiceKey().Sign(statement)
	require.NoError(t, err)
	said, err := json.Marshal(judged.Said)
	require.NoError(t, err)
	j := ledger.Judgement{
		Nonce: statement.Nonce, PortID: port, Said: said, Evidence: d.keys.Seal(ledger.EvidencePlace(port, statement.Nonce), porting.Secret(judged.Evidence)),
		Policy: judged.Said.Digest, PolicyText: policy.Text(), Verdict: verdict, JudgedAt: now, SignedAt: at,
	}
	if change != nil {
		change(&j)
	}
	require.NoError(t, d.books.RecordJudgement(t.Context(), j))
}

func TestFraudReplayComesOutTheSame(t *testing.T) {
	t.Parallel()
	d := newJudgedDesk(t)
	older, err := fraud.Load("older.yaml", []byte(strings.Replace(string(fraud.DefaultText()), "weight: 45", "weight: 44", 1)))
	require.NoError(t, err)
	d.judge(t, "pi-1", older, nil) // a policy that no program has any more: the ledger keeps it

	require.Equal(t, 0, d.run(t, "portsaga fraud replay pi-1"), d.err.String())
	require.Contains(t, d.out.String(), "review, score 59: comes out the same\n")
	require.Regexp(t, `signature +good\n`, d.out.String())
	require.Contains(t, d.out.String(), "\n  sim-changed-3d\n")

	require.Equal(t, 0, d.run(t, "portsaga fraud replay pi-1 -o json"))
	var all []rejudged
	require.NoError(t, json.Unmarshal(d.out.Bytes(), &all))
	require.Len(t, all, 1)
	require.Equal(t, older.Ref().Digest, all[0].Said.Digest)
	require.Equal(t, 59, all[0].Again.Verdict.Score)
	_, err = fraud.ReadEvidence(all[0].Evidence)
	require.NoError(t, err, "it is what fraud evaluate reads")
}

func TestFraudReplayFindsWhatWasChanged(t *testing.T) {
	t.Parallel()
	other := []byte(strings.Replace(string(fraud.DefaultText()), "weight: 45", "weight: 4", 1))
	for name, c := range map[string]struct {
		change func(*ledger.Judgement)
		says   string
	}{
		"the policy":            {func(j *ledger.Judgement) { j.PolicyText = other }, "the policy's digest is now"},
		"what was said":         {func(j *ledger.Judgement) { j.Said = []byte(`{"score": 0}`) }, "score 60: comes out the same"},
		"the port":              {func(j *ledger.Judgement) { j.Verdict += "x" }, "verdict-invalid"},
		"the time":              {func(j *ledger.Judgement) { j.SignedAt = j.SignedAt.Add(time.Second) }, signatureElsewhere},
		"signature and verdict": {func(j *ledger.Judgement) { j.Verdict, j.Said = "", []byte(`{"score": 0}`) }, "the score is now 60 and was 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newJudgedDesk(t)
			d.judge(t, "pi-1", fraud.Default(), c.change)
			code := d.run(t, "portsaga fraud replay pi-1")
			require.Contains(t, d.out.String(), c.says)
			require.Equal(t, name == "what was said", code == 0, "what was signed goes before what the ledger says: %s", d.out.String())
		})
	}
}

func TestFraudReplayWithoutARegistry(t *testing.T) {
	t.Parallel()
	d := newJudgedDesk(t)
	d.config.Registry = d.config.Registry + ".none"
	d.judge(t, "pi-1", fraud.Default(), nil)
	require.Equal(t, 0, d.run(t, "portsaga fraud replay pi-1"))
	require.Contains(t, d.out.String(), signatureUnchecked)
}

func TestFraudReplayRefuses(t *testing.T) {
	t.Parallel()
	d := newJudgedDesk(t)
	require.Equal(t, 4, d.run(t, "portsaga fraud replay pi-2"))
	require.Equal(t, 2, d.run(t, "portsaga fraud replay"))
	d.judge(t, "pi-3", fraud.Default(), func(j *ledger.Judgement) { j.Evidence[9] ^= 1 })
	require.Equal(t, 1, d.run(t, "portsaga fraud replay pi-3 -o json"))
	require.Contains(t, d.err.String(), `"code":"seal-broken"`)
	d.judge(t, "pi-4", fraud.Default(), func(j *ledger.Judgement) { j.Said = []byte("{") })
	require.Equal(t, 1, d.run(t, "portsaga fraud replay pi-4 -o json"))
	require.Contains(t, d.err.String(), `"code":"judgement-unreadable"`)
}
