package fraud_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/porting"
)

const small = `id: small
version: "1"
title: Small
thresholds:
  review: 10
  block: 30
rules:
  - id: sim
    when: sim_swap.change.within_hours(72)
    weight: 20
    reason: SIM_CHANGED
    message: The SIM changed.
  - id: letter
    when: loa.other_accounts > 0
    weight: 20
    reason: LOA_SUSPECT
    message: The letter is a copy.
    ground: LOA_INVALID
    when_missing: ignore
`

// policy is the small policy, changed by pairs of old and new text.
func policyText(t testing.TB, change ...string) []byte {
	t.Helper()
	for i := 0; i < len(change); i += 2 {
		require.Contains(t, small, change[i])
	}
	return []byte(strings.NewReplacer(change...).Replace(small))
}

func policy(t testing.TB, change ...string) *fraud.Policy {
	t.Helper()
	p, err := fraud.Load("mine.yaml", policyText(t, change...))
	require.NoError(t, err)
	return p
}

func TestLintSaysWhere(t *testing.T) {
	t.Parallel()
	const when = "sim_swap.change.within_hours(72)"
	for _, c := range []struct {
		name    string
		change  []string
		path    string
		line    int
		message string
	}{
		{"a field that is none", []string{"weight: 20\n    reason: SIM", "wait: 20\n    reason: SIM"}, "", 10, "field wait not found"},
		{"a list for a number", []string{"review: 10", "review: [10]"}, "", 5, "cannot unmarshal"},
		{"broken YAML", []string{"title: Small", "title: [Small"}, "", 3, "did not find expected"},
		{"no ID", []string{"id: small", "id: Small One"}, "id", 1, "needs an ID"},
		{"no version", []string{`version: "1"`, `version: ""`}, "version", 2, "needs a version"},
		{"no review", []string{"review: 10", "review: 0"}, "thresholds/review", 5, "1 or more"},
		{"block before review", []string{"block: 30", "block: 5"}, "thresholds/block", 6, "block must not be below review"},
		{"block without ground", []string{"    ground: LOA_INVALID\n", ""}, "thresholds/block", 6, "no rule names a lawful ground"},
		{"review out of reach", []string{"review: 10", "review: 41", "block: 30", "block: 50"}, "thresholds/review", 5, "no score is ever reviewed"},
		{"a rule twice", []string{"id: letter", "id: sim"}, "rules/1/id", 13, "rule 0 has this ID too"},
		{"a fact that is none", []string{when, "sim_swap.changed"}, "rules/0/when", 9, "undeclared reference to 'sim_swap.changed'"},
		{"a source is no fact", []string{when, "sim_swap"}, "rules/0/when", 9, "undeclared reference"},
		{"types that do not fit", []string{when, `sim_swap.change < 72`}, "rules/0/when", 9, "found no matching overload"},
		{"an age is not compared with words", []string{when, `sim_swap.change == "26h"`}, "rules/0/when", 9, "found no matching overload"},
		{"ages are not compared", []string{when, "sim_swap.change == device_swap.change"}, "rules/0/when", 9, "an age is asked by"},
		{"nor looked up", []string{when, "sim_swap.change in [device_swap.change]"}, "rules/0/when", 9, "an age is asked by"},
		{"nor hidden", []string{when, "dyn(sim_swap.change) != 3"}, "rules/0/when", 9, "an age is asked by"},
		{"no yes or no", []string{when, "velocity.number_24h + 1"}, "rules/0/when", 9, "it is int and not true or false"},
		{"no CEL", []string{when, "sim_swap.change within 72"}, "rules/0/when", 9, "Syntax error"},
		{"a pattern that is none", []string{when, `contact.line.matches("(")`}, "rules/0/when", 9, "missing closing )"},
		{"nothing asked", []string{when, "1 < 2"}, "rules/0/when", 9, "it asks about no fact"},
		{"no rule at all", []string{when, `""`}, "rules/0/when", 9, ""},
		{"no weight", []string{"weight: 20\n    reason: SIM", "weight: 2000\n    reason: SIM"}, "rules/0/weight", 10, "weighs between"},
		{"a reason that is none", []string{"SIM_CHANGED", "BAD_FEELING"}, "rules/0/reason", 11, "no reason BAD_FEELING"},
		{"no message", []string{"message: The SIM changed.", `message: ""`}, "rules/0/message", 12, "needs a sentence"},
		{"a ground that is none", []string{"LOA_INVALID", "WE_SAY_SO"}, "rules/1/ground", 18, "called WE_SAY_SO"},
		{"missing how", []string{"when_missing: ignore", "when_missing: clean"}, "rules/1/when_missing", 19, "review, weight or ignore"},
		{"missing without weight", []string{"when_missing: ignore", "when_missing: weight"}, "rules/1/missing_weight", 13, "needs a missing_weight"},
		{"a weight for nothing", []string{"when_missing: ignore", "missing_weight: 5"}, "rules/1/missing_weight", 19, "needs when_missing: weight"},
		{"two documents", []string{"id: small\n", "id: small\n---\nid: small\n"}, "", 1, "second document"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			text := policyText(t, c.change...)
			findings := fraud.Lint("mine.yaml", text)
			require.NotEmpty(t, findings)
			var messages []string
			for _, f := range findings {
				messages = append(messages, f.String())
			}
			all := strings.Join(messages, "\n")
			require.Contains(t, all, c.message)
			require.Equal(t, c.path, findings[0].Path, all)
			require.Equal(t, c.line, findings[0].Line, all)
			require.Contains(t, messages[0], "mine.yaml:")

			_, err := fraud.Load("mine.yaml", text)
			require.Equal(t, "fraud-policy-invalid", porting.CodeOf(err))
			require.ErrorContains(t, err, "mine.yaml:")
		})
	}
}

// A policy that would loop or explode is refused when it is loaded.
func TestExplodingRulesAreRefused(t *testing.T) {
	t.Parallel()
	ten := "[1,2,3,4,5,6,7,8,9,10]"
	for name, rule := range map[string]string{
		"loops in loops":    ten + ".all(a, " + ten + ".all(b, " + ten + ".all(c, a*b*c < velocity.number_24h)))",
		"a huge pattern":    `contact.line.matches("` + strings.Repeat("(a+)+", 150) + `")`,
		"a long expression": strings.Repeat("velocity.number_24h > 1 || ", 100) + "true",
		"a deep expression": strings.Repeat("!(", 60) + "request.mobile" + strings.Repeat(")", 60),
		"a list of copies":  `[contact.line, contact.line].map(a, ` + ten + `.map(b, a + a + a + a)).size() > velocity.number_24h`,
	} {
		text := policyText(t, "sim_swap.change.within_hours(72)", "'"+rule+"'")
		findings := fraud.Lint("mine.yaml", text)
		require.NotEmpty(t, findings, name)
		require.Equal(t, "rules/0/when", findings[0].Path, name)
		require.Equal(t, 9, findings[0].Line, name)
	}
	many := small + strings.Repeat("  - {id: x, when: request.mobile, weight: 1, reason: HIGH_VALUE, message: m}\n", 300)
	require.Contains(t, fraud.Lint("mine.yaml", []byte(many))[0].Message, "between 1 and 200 rules")
	require.Contains(t, fraud.Lint("mine.yaml", make([]byte, 300<<10))[0].Message, "at most")
	bomb := "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nid: *c\n"
	require.NotEmpty(t, fraud.Lint("mine.yaml", []byte(bomb)))
}

func TestLintWarnsOfABlockThatNeverComes(t *testing.T) {
	t.Parallel()
	text := policyText(t, "block: 30", "block: 100")
	findings := fraud.Lint("mine.yaml", text)
	require.Len(t, findings, 1)
	require.False(t, findings[0].IsError())
	require.Contains(t, findings[0].String(), "mine.yaml:6: warning: thresholds/block: ")
	_, err := fraud.Load("mine.yaml", text)
	require.NoError(t, err, "a warning keeps nothing from loading")
}

func TestLintNamesEveryFault(t *testing.T) {
	t.Parallel()
	findings := fraud.Lint("mine.yaml", policyText(t, "SIM_CHANGED", "X", "sim_swap.change", "sim.change", "LOA_INVALID", "Y", "id: small", "id: _"))
	require.Len(t, findings, 4)
	for i := range findings[1:] {
		require.LessOrEqual(t, findings[i].Line, findings[i+1].Line)
	}
}

func TestTheDefaultPolicyIsClean(t *testing.T) {
	t.Parallel()
	require.Empty(t, fraud.Lint(fraud.DefaultName, fraud.DefaultText()))
	for _, r := range fraud.Default().Rules {
		require.NotEmpty(t, r.Why, r.ID)
		require.Contains(t, string(fraud.DefaultText()), "id: "+r.ID)
	}
	require.Equal(t, len(fraud.Default().Rules), strings.Count(string(fraud.DefaultText()), "when_missing: "), "each rule says what it does without evidence")
}

func TestLoadFile(t *testing.T) {
	t.Parallel()
	p, err := fraud.LoadFile("")
	require.NoError(t, err)
	require.Equal(t, "default", p.Ref().ID)
	require.Regexp(t, `^sha256:[0-9a-f]{64}$`, p.Ref().Digest)
	_, err = fraud.LoadFile(t.TempDir() + "/none.yaml")
	require.Equal(t, "fraud-policy-unreadable", porting.CodeOf(err))
}
