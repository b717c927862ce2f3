package replay_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/fraud/replay"
)

// Every case of the sample set comes out the same from what is kept of it: policy text and evidence text.
func TestEveryCaseComesOutTheSame(t *testing.T) {
	t.Parallel()
	file, err := os.Open("../../../examples/fraud/cases.jsonl")
	require.NoError(t, err)
	defer file.Close()
	cases, err := fraud.ReadCases(file)
	require.NoError(t, err)
	require.NotEmpty(t, cases)
	for _, c := range cases {
		judged, err := replay.Judge(fraud.Default(), c.Evidence)
		require.NoError(t, err)
		again := replay.Again(judged.Said, judged.Policy.Text(), judged.Evidence)
		require.True(t, again.Same, "%s: %v", c.ID, again.Differs)
		require.Equal(t, judged.Verdict, *again.Verdict)
	}
}

func swapped() fraud.Evidence {
	e := fraud.Evidence{At: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	e.Know(fraud.Request{Mobile: new(true), Outgoing: new(false)})
	e.Know(fraud.SIMSwap{Change: new(fraud.AgeOf(e.At.Add(-time.Hour), e.At))})
	return e
}

func TestWhatComesOutOtherwise(t *testing.T) {
	t.Parallel()
	policy := string(fraud.DefaultText())
	judged, err := replay.Judge(fraud.Default(), swapped())
	require.NoError(t, err)
	require.Equal(t, []string{"sim-changed-3d"}, judged.Said.Fired)
	evidence := string(judged.Evidence)
	for name, c := range map[string]struct {
		said             func(*approval.Judgement)
		policy, evidence string
		differs          []string
	}{
		"nothing": {nil, policy, evidence, []string{}},
		"another score was signed": {func(j *approval.Judgement) { j.Score = 0 }, policy, evidence, []string{
			"the score is now 80 and was 0",
		}},
		"another verdict was signed": {func(j *approval.Judgement) { j.Outcome, j.Ground, j.Fired = "block", "LOA_INVALID", nil }, policy, evidence, []string{
			"the verdict is now review and was block", "the ground is now none and was LOA_INVALID",
			"the rules that fired are now [sim-changed-3d] and were []",
		}},
		"the policy was changed": {nil, strings.Replace(policy, "review: 40", "review: 41", 1), evidence, []string{
			"the policy's digest is now sha256:… and was sha256:…",
		}},
		"the policy is none": {nil, "id: x\n", evidence, []string{
			"the policy's digest is now sha256:… and was sha256:…", "this program cannot load the policy: …",
		}},
		"the evidence was changed": {nil, policy, strings.Replace(evidence, `"1h"`, `"99h"`, 1), []string{
			"the evidence's digest is now sha256:… and was sha256:…", "the score is now 55 and was 80",
			"the rules that fired are now [sim-changed-10d] and were [sim-changed-3d]",
		}},
		"the evidence is none": {nil, policy, "{}", []string{
			"the evidence's digest is now sha256:… and was sha256:…", "this program cannot read the evidence: …",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := judged.Said
			if c.said != nil {
				c.said(&j)
			}
			r := replay.Again(j, []byte(c.policy), []byte(c.evidence))
			require.Len(t, r.Differs, len(c.differs), "%v", r.Differs)
			for i, want := range c.differs {
				require.Regexp(t, "^"+pattern(want)+"$", r.Differs[i])
			}
			require.Equal(t, len(c.differs) == 0, r.Same)
		})
	}
}

// pattern is a sentence as a regular expression: … is anything.
func pattern(sentence string) string {
	return strings.NewReplacer("[", `\[`, "]", `\]`, "…", ".*").Replace(sentence)
}

func TestEvidenceThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	_, err := replay.Judge(fraud.Default(), fraud.Evidence{At: time.Date(12026, 1, 1, 0, 0, 0, 0, time.UTC)})
	require.Error(t, err)
}
