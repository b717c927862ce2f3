package fraud_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/porting"
)

const table = `id,label,note,at,sim_swap.change,loa.other_accounts,kyc.name,contact.line
a,fraud,"swapped, then ported",2026-11-20T15:00:00Z,9h,1,false,mobile
b,honest,,,>=120d,0,true,
c,honest,,,,,,
`

func TestReadCasesOfATable(t *testing.T) {
	t.Parallel()
	cases, err := fraud.ReadCases(strings.NewReader(table))
	require.NoError(t, err)
	require.Len(t, cases, 3)
	require.Equal(t, "swapped, then ported", cases[0].Note)
	require.Equal(t, fraud.Fraud, cases[0].Label)
	require.Equal(t, age(t, "9h"), *cases[0].Evidence.SIMSwap.Known.Change)
	require.Equal(t, fraud.LineMobile, *cases[0].Evidence.Contact.Known.Line)
	require.False(t, *cases[0].Evidence.KYC.Known.Name)
	require.False(t, cases[1].Evidence.Has("contact"), "an empty cell is a missing fact")
	require.False(t, cases[2].Evidence.Has("sim_swap"))
}

func TestReadCasesSaysWhere(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"": "line 1: there are no cases",
		`{"id":"a","label":"fraud","evidence":{"at":"2026-11-20T15:00:00Z"}}` + "\n\n{}": "line 3: a case needs an id",
		`{"id":"a","label":"odd","evidence":{}}`:                                         "line 1: the label of a case is fraud or honest",
		`{"id":"a","label":"fraud","evidence":{}}`:                                       "line 1: read evidence: at is missing",
		`{"id":"a","label":"fraud","verdict":1}`:                                         "line 1: json: unknown field",
		`{"id":"` + strings.Repeat("a", 80<<10):                                          "line 1: bufio.Scanner: token too long",
		"id,label,sim_swap.changed\n":                                                    `line 1: there is no fact "sim_swap.changed"`,
		"id,label,id\n":                                                                  "line 1: column id stands there twice",
		"id,label\na,fraud,x\n":                                                          "line 2: record on line 2: wrong number of fields",
		"id,label,kyc.name\na,fraud,true\nb,fraud,maybe\n":                               "line 3: read evidence: json: cannot unmarshal string",
		"id,label,loa.similarity\na,fraud,2\n":                                           "line 2: read evidence: loa.similarity is not between 0 and 1",
		strings.Replace(table, "9h", "yesterday", 1):                                     "line 2: read evidence: ",
	} {
		_, err := fraud.ReadCases(strings.NewReader(text))
		require.Equal(t, "cases-invalid", porting.CodeOf(err), "%.60s", text)
		require.ErrorContains(t, err, says)
	}
}

func TestBacktestCounts(t *testing.T) {
	t.Parallel()
	cases, err := fraud.ReadCases(strings.NewReader(table + "d,fraud,,,none,0,,\ne,honest,,,1h,0,,\n"))
	require.NoError(t, err)
	b := fraud.Try(policy(t), cases)
	require.Equal(t, fraud.Matrix{Fraud: fraud.Row{Clear: 1, Block: 1}, Honest: fraud.Row{Clear: 1, Review: 2}}, b.Matrix)
	require.InDelta(t, 1.0/3, b.Precision, 1e-9)
	require.InDelta(t, 0.5, b.Recall, 1e-9)
	require.InDelta(t, 2.0/3, b.FalsePositiveRate, 1e-9)
	require.InDelta(t, 1.0/3, b.MissingRate, 1e-9)
	require.Equal(t, []fraud.WrongCase{
		{ID: "c", Label: fraud.Honest, Verdict: fraud.Review, Rules: []string{}, Missing: []string{"sim"}},
		{ID: "d", Label: fraud.Fraud, Verdict: fraud.Clear, Rules: []string{}, Missing: []string{}},
		{ID: "e", Label: fraud.Honest, Verdict: fraud.Review, Score: 20, Rules: []string{"sim"}, Missing: []string{}},
	}, b.Wrong)

	none := fraud.Try(policy(t), nil)
	require.Zero(t, none.Precision+none.Recall+none.FalsePositiveRate+none.MissingRate)
}
