package fraud_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/fraud"
)

const sampleCases = "../../examples/fraud/cases.jsonl"

func samples(t testing.TB) []fraud.Case {
	t.Helper()
	file, err := os.Open(sampleCases)
	require.NoError(t, err)
	defer file.Close()
	cases, err := fraud.ReadCases(file)
	require.NoError(t, err)
	return cases
}

// No attack of the sample set passes, and nothing honest is blocked, however much evidence is missing.
func TestSampleCases(t *testing.T) {
	t.Parallel()
	result := fraud.Try(fraud.Default(), samples(t))
	require.GreaterOrEqual(t, result.Matrix.Fraud.Review+result.Matrix.Fraud.Block, 25)
	require.Zero(t, result.Matrix.Fraud.Clear, "%+v", result.Wrong)
	require.Zero(t, result.Matrix.Honest.Block, "%+v", result.Wrong)
	require.Positive(t, result.Matrix.Fraud.Block, "the clearest attacks are blocked")
	require.InDelta(t, 1, result.Recall, 0)
	require.Less(t, result.FalsePositiveRate, 0.25)
	t.Logf("false positives: %.1f %% of the honest cases, %.1f %% only because evidence is missing; precision %.3f; %+v",
		100*result.FalsePositiveRate, 100*result.MissingRate, result.Precision, result.Matrix)
	for _, w := range result.Wrong {
		t.Logf("%s: %s, %d, fired %v, missing %v", w.ID, w.Verdict, w.Score, w.Rules, w.Missing)
	}
}
