package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/fraud"
)

const (
	fraudEvidence = "../../examples/fraud/evidence.json"
	fraudCases    = "../../examples/fraud/cases.jsonl"
)

func written(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestFraudPolicyCanBeCopiedAndChanged(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	require.Equal(t, 0, s.run(t, "portsaga fraud policy"))
	mine := written(t, "mine.yaml", strings.Replace(s.out.String(), "review: 40", "review: 60", 1))
	require.Equal(t, 0, s.run(t, "portsaga fraud lint", mine), s.out.String())
	require.Equal(t, "the policy can be used\n", s.out.String())
	require.Equal(t, 0, s.run(t, "portsaga fraud lint"))
}

func TestFraudLint(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	broken := written(t, "mine.yaml", strings.Replace(string(fraud.DefaultText()), "sim_swap.change", "sim_swap.chagne", 1))
	require.Equal(t, 2, s.run(t, "portsaga fraud lint", broken))
	require.Regexp(t, `mine\.yaml:[0-9]+: error: rules/0/when: .*undeclared reference to 'sim_swap\.chagne'`, s.out.String())
	require.Empty(t, s.err.String(), "what lint finds is its answer")

	require.Equal(t, 2, s.run(t, "portsaga fraud lint -o json", broken))
	var report policyReport
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &report))
	require.False(t, report.Valid)
	require.Equal(t, broken, report.File)
	require.Len(t, report.Findings, 1)

	require.Equal(t, 0, s.run(t, "portsaga fraud lint -o json"))
	require.JSONEq(t, `{"file": "", "valid": true, "findings": []}`, s.out.String())
	require.Equal(t, 2, s.run(t, "portsaga fraud lint", filepath.Join(t.TempDir(), "none.yaml")))
	require.Contains(t, s.err.String(), "name a file that you may read")
}

func TestFraudEvaluate(t *testing.T) {
	t.Parallel()
	answer := asked(t, "portsaga fraud evaluate --evidence "+fraudEvidence)
	require.Equal(t, "review", answer["verdict"])
	require.InDelta(t, 60, answer["score"], 0)
	require.Len(t, answer["reasons"], 2)
	require.Regexp(t, "^sha256:", answer["policy"].(map[string]any)["digest"])

	s := newSession(t)
	require.Equal(t, 0, s.run(t, "portsaga fraud evaluate --evidence "+fraudEvidence))
	require.Contains(t, s.out.String(), "review  score 60 (review from 40, block from 100)\n")
	require.Contains(t, s.out.String(), "  +45 sim-changed-3d (SIM_CHANGED): The SIM changed within the last three days.\n")
	require.Contains(t, s.out.String(), "record-differs is ignored: identity.name (not-asked), identity.account (not-asked)\n")
}

// A verdict is an answer, even where it is a block: the exit code is 0.
func TestFraudEvaluateAnswersABlock(t *testing.T) {
	t.Parallel()
	evidence := written(t, "e.json", `{"at": "2026-11-22T12:00:00Z", "notice": {"known": {"reply": "no"}}}`)
	answer := asked(t, "portsaga fraud evaluate --evidence "+evidence)
	require.Equal(t, "block", answer["verdict"])
	require.Equal(t, "UNAUTHORISED_PORT", answer["ground"])
}

func TestFraudBacktest(t *testing.T) {
	t.Parallel()
	answer := asked(t, "portsaga fraud backtest --cases "+fraudCases)
	require.InDelta(t, 1, answer["recall"], 0)
	require.Contains(t, answer, "precision")
	require.Zero(t, answer["matrix"].(map[string]any)["honest"].(map[string]any)["block"])

	s := newSession(t)
	cases := written(t, "cases.csv", "id,label,sim_swap.change,request.mobile\na,fraud,1h,true\nb,honest,none,true\n")
	policy := written(t, "p.yaml", "id: p\nversion: \"1\"\nthresholds: {review: 10}\nrules:\n"+
		"  - {id: sim, when: sim_swap.change.within_hours(1), weight: 10, reason: SIM_CHANGED, message: m}\n"+
		"  - {id: place, when: place.country_differs, weight: 10, reason: FAR_AWAY, message: m, when_missing: review}\n")
	require.Equal(t, 0, s.run(t, "portsaga fraud backtest --policy "+policy+" --cases "+cases), s.err.String())
	require.Regexp(t, `fraud +0 +1 +0\n`, s.out.String())
	require.Regexp(t, `for missing evidence +100\.0 %\n`, s.out.String())
	require.Contains(t, s.out.String(), "b is honest and judged review (0); evidence missing for place\n")
}

func TestFraudRefuses(t *testing.T) {
	t.Parallel()
	broken := written(t, "broken.yaml", "id: x\n")
	odd := written(t, "odd.json", `{"at": "2026-11-22T12:00:00Z", "sim": {}}`)
	for line, code := range map[string]string{
		"portsaga fraud evaluate":                                                     "usage",
		"portsaga fraud evaluate --policy - --evidence -":                             "usage",
		"portsaga fraud backtest":                                                     "usage",
		"portsaga fraud backtest --policy - --cases -":                                "usage",
		"portsaga fraud evaluate --evidence " + odd:                                   "evidence-invalid",
		"portsaga fraud evaluate --evidence none.json":                                "file-unreadable",
		"portsaga fraud evaluate --policy " + broken + " --evidence " + fraudEvidence: "fraud-policy-invalid",
		"portsaga fraud backtest --policy " + broken + " --cases " + fraudCases:       "fraud-policy-invalid",
		"portsaga fraud backtest --cases " + broken:                                   "cases-invalid",
		"portsaga fraud backtest --cases none.jsonl":                                  "file-unreadable",
		"portsaga fraud evalaute":                                                     "usage",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			s := newSession(t)
			require.Equal(t, 2, s.run(t, line+" -o json"))
			require.Contains(t, s.err.String(), `"code":"`+code+`"`)
			require.Empty(t, s.out.String())
		})
	}
}
