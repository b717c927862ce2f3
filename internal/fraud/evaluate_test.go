package fraud_test

import (
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/porting"
)

// evidence is what the facts say, and nothing else.
func evidence(facts ...fraud.Facts) fraud.Evidence {
	e := fraud.Evidence{At: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	for _, f := range facts {
		e.Know(f)
	}
	return e
}

func simChanged(t testing.TB, when string) fraud.SIMSwap {
	return fraud.SIMSwap{Change: new(age(t, when))}
}

func letters(n int) fraud.LOA { return fraud.LOA{OtherAccounts: new(n)} }

func TestVerdicts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change []string
		e      fraud.Evidence
		want   fraud.Outcome
		score  int
		ground porting.Reason
	}{
		{"nothing fires", nil, evidence(simChanged(t, "none"), letters(0)), fraud.Clear, 0, ""},
		{"one fires", nil, evidence(simChanged(t, "1h"), letters(0)), fraud.Review, 20, ""},
		{"below review", []string{"review: 10", "review: 21"}, evidence(simChanged(t, "1h"), letters(0)), fraud.Clear, 20, ""},
		{"both fire", nil, evidence(simChanged(t, "1h"), letters(1)), fraud.Block, 40, porting.LOAInvalid},
		{"enough, and no ground", []string{"block: 30", "block: 20"}, evidence(simChanged(t, "1h"), letters(0)), fraud.Review, 20, ""},
		{"enough by the ground alone", []string{"block: 30", "block: 20"}, evidence(simChanged(t, "none"), letters(1)), fraud.Block, 20, porting.LOAInvalid},
		{"never blocks", []string{"  block: 30\n", ""}, evidence(simChanged(t, "1h"), letters(1)), fraud.Review, 40, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := policy(t, c.change...)
			v := fraud.Evaluate(p, c.e)
			require.Equal(t, c.want, v.Verdict)
			require.Equal(t, c.score, v.Score)
			require.Equal(t, c.ground, v.Ground)
			require.Equal(t, p.Ref(), v.Policy)
			require.Empty(t, v.Missing)
		})
	}
}

func TestTheHeaviestRuleNamesTheGround(t *testing.T) {
	t.Parallel()
	p := policy(t, "message: The SIM changed.", "message: The SIM changed.\n    ground: IDENTITY_MISMATCH", "weight: 20\n    reason: LOA", "weight: 21\n    reason: LOA")
	v := fraud.Evaluate(p, evidence(simChanged(t, "1h"), letters(1)))
	require.Equal(t, porting.LOAInvalid, v.Ground)
}

// What is missing is never read as clean.
func TestMissingEvidence(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change []string
		want   fraud.Outcome
		score  int
	}{
		{"reviews where nothing is said", nil, fraud.Review, 0},
		{"reviews", []string{"message: The SIM changed.", "message: m\n    when_missing: review"}, fraud.Review, 0},
		{"weighs", []string{"message: The SIM changed.", "message: m\n    when_missing: weight\n    missing_weight: 9"}, fraud.Clear, 9},
		{"weighs enough", []string{"message: The SIM changed.", "message: m\n    when_missing: weight\n    missing_weight: 10"}, fraud.Review, 10},
		{"is ignored", []string{"message: The SIM changed.", "message: m\n    when_missing: ignore"}, fraud.Clear, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := evidence(letters(0))
			e.Miss("sim_swap", fraud.TimedOut)
			v := fraud.Evaluate(policy(t, c.change...), e)
			require.Equal(t, c.want, v.Verdict)
			require.Equal(t, c.score, v.Score)
			require.Empty(t, v.Reasons)
			require.Len(t, v.Missing, 1, "the verdict lists it whatever it does")
			require.Equal(t, "sim", v.Missing[0].Rule)
			require.Equal(t, []fraud.MissingFact{{Fact: "sim_swap.change", Why: fraud.TimedOut}}, v.Missing[0].Facts)
		})
	}
}

// A block rests on what is known: missing evidence adds to the score, and blocks nothing.
func TestMissingEvidenceNeverBlocks(t *testing.T) {
	t.Parallel()
	p := policy(t, "message: The SIM changed.", "message: m\n    when_missing: weight\n    missing_weight: 500")
	v := fraud.Evaluate(p, evidence(letters(1)))
	require.Equal(t, 520, v.Score)
	require.Equal(t, fraud.Review, v.Verdict)
	require.Empty(t, v.Ground)
}

func TestWhyAFactIsMissing(t *testing.T) {
	t.Parallel()
	for want, e := range map[fraud.Why]fraud.Evidence{
		fraud.NotAsked:  evidence(letters(0)),
		fraud.NotTold:   evidence(letters(0), fraud.SIMSwap{}),
		fraud.TooCoarse: evidence(letters(0), simChanged(t, "<=240h")),
	} {
		v := fraud.Evaluate(policy(t), e)
		require.Equal(t, fraud.Review, v.Verdict)
		require.Equal(t, want, v.Missing[0].Facts[0].Why)
	}
}

// What the rest of a rule decides without the missing fact is decided.
func TestARuleNeedsOnlyWhatDecidesIt(t *testing.T) {
	t.Parallel()
	const when = "sim_swap.change.within_hours(72)"
	landline := evidence(letters(0), fraud.Request{Mobile: new(false)})
	require.Equal(t, fraud.Clear, fraud.Evaluate(policy(t, when, "request.mobile && "+when), landline).Verdict)
	require.Equal(t, fraud.Clear, fraud.Evaluate(policy(t, when, when+" && request.mobile"), landline).Verdict)
	mobile := evidence(letters(0), fraud.Request{Mobile: new(true)})
	require.Equal(t, fraud.Review, fraud.Evaluate(policy(t, when, "request.mobile && "+when), mobile).Verdict)
	v := fraud.Evaluate(policy(t, when, when+" || request.mobile"), mobile)
	require.Equal(t, "sim", v.Reasons[0].Rule)
	require.Equal(t, fraud.Clear, fraud.Evaluate(policy(t, when, `"!(`+when+` || request.mobile)"`), mobile).Verdict)
}

// However a rule is written, a fact that is missing answers it neither way.
func TestNoFormOfARuleReadsAMissingFact(t *testing.T) {
	t.Parallel()
	for _, when := range []string{
		`contact.line == "virtual"`, `contact.line != "virtual"`, `contact.line in ["virtual"]`, `!(contact.line in ["virtual"])`, `"virtual" in [contact.line]`,
		`[contact.line].exists(x, x == "virtual")`, `[contact.line].all(x, x != "virtual")`, `["a"].exists(x, x == contact.line)`,
		`contact.line.startsWith("v")`, `contact.line.matches("v.*")`, `size(contact.line) == 0`, `contact.line < "b"`, `dyn(contact.line) == 3`,
		`type(contact.line) == string`, `{contact.line: 1}.size() == 1`, `[1].map(x, contact.line).size() == 1`, `[contact.line].size() == 1`,
		`contact.is_the_number ? true : false`, `contact.is_the_number == false`, `!contact.is_the_number`, `false || contact.is_the_number`,
		`velocity.number_24h > 3`, `!(velocity.number_24h > 3)`, `velocity.number_24h - velocity.number_24h == 0`, `string(velocity.number_24h) == ""`,
		`loa.similarity >= 0.0`, `history.last_port.within_days(30)`, `!history.last_port.within_days(30)`,
		`history.last_port.within_days(30) || !history.last_port.within_days(30)`,
	} {
		p := policy(t, "sim_swap.change.within_hours(72)", "'"+when+"'")
		v := fraud.Evaluate(p, evidence())
		require.Equal(t, fraud.Review, v.Verdict, when)
		require.Empty(t, v.Reasons, when)
		require.Equal(t, "sim", v.Missing[0].Rule, when)
	}
	for _, when := range []string{"has(contact.line)", "has(sim_swap.change)"} {
		_, err := fraud.Load("mine.yaml", policyText(t, "sim_swap.change.within_hours(72)", when))
		require.Error(t, err, "a rule cannot ask whether a fact is missing: when_missing says what that does")
	}
}

// A rule that breaks on its evidence is looked at, even where missing evidence would be ignored.
func TestABrokenRuleIsNeverClean(t *testing.T) {
	t.Parallel()
	for _, when := range []string{
		"100 / velocity.number_24h > 200", "velocity.number_24h + 9223372036854775807 + 1 > 0", "sim_swap.change.within_hours(velocity.number_24h - 1)",
	} {
		e := evidence(letters(0), simChanged(t, "1h"), fraud.Velocity{Number24h: new(0)})
		p := policy(t, "sim_swap.change.within_hours(72)", when, "message: The SIM changed.", "message: m\n    when_missing: ignore")
		v := fraud.Evaluate(p, e)
		require.Equal(t, fraud.Review, v.Verdict, when)
		require.Equal(t, fraud.MissingReviews, v.Missing[0].Effect)
		require.Equal(t, fraud.RuleBroken, v.Missing[0].Facts[0].Why)
	}
}

func TestAVerdictInJSON(t *testing.T) {
	t.Parallel()
	p := policy(t)
	text, err := json.Marshal(fraud.Evaluate(p, evidence(simChanged(t, "1h"), letters(1))))
	require.NoError(t, err)
	require.JSONEq(t, `{
		"verdict": "block", "score": 40, "ground": "LOA_INVALID",
		"reasons": [
			{"rule": "sim", "reason": "SIM_CHANGED", "weight": 20, "message": "The SIM changed."},
			{"rule": "letter", "reason": "LOA_SUSPECT", "weight": 20, "message": "The letter is a copy."}
		],
		"missing": [],
		"policy": {"id": "small", "version": "1", "digest": "`+p.Ref().Digest+`"}
	}`, string(text))
	text, err = json.Marshal(fraud.Evaluate(p, evidence()))
	require.NoError(t, err)
	require.Contains(t, string(text), `"reasons":[]`)
	require.Contains(t, string(text), `{"rule":"letter","effect":"ignore","facts":[{"fact":"loa.other_accounts","why":"not-asked"}]}`)
}

// Two processes make the same verdict of the same file and the same evidence, also when many ask at once.
func TestVerdictsDoNotChange(t *testing.T) {
	t.Parallel()
	again, err := fraud.Load(fraud.DefaultName, fraud.DefaultText())
	require.NoError(t, err)
	judge := func(p *fraud.Policy) (verdicts []fraud.Verdict) {
		for _, c := range samples(t) {
			verdicts = append(verdicts, fraud.Evaluate(p, c.Evidence))
		}
		return verdicts
	}
	want := judge(fraud.Default())
	var several [4][]fraud.Verdict
	var all sync.WaitGroup
	for i := range several {
		all.Go(func() { several[i] = judge(again) })
	}
	all.Wait()
	for _, verdicts := range several {
		require.Equal(t, want, verdicts)
	}
}

// Taking evidence away never makes a port that was to be looked at clear, as long as the rules that fired would review without it.
func TestLessEvidenceIsNeverCleaner(t *testing.T) {
	t.Parallel()
	reviewing, err := fraud.Load("strict.yaml", policyText(t, "when_missing: ignore", "when_missing: review"))
	require.NoError(t, err)
	rapid.Check(t, func(rt *rapid.T) {
		e := evidence()
		if rapid.Bool().Draw(rt, "sim") {
			e.Know(fraud.SIMSwap{Change: new(rapid.SampledFrom([]fraud.Age{fraud.None(), fraud.AtMost(5), fraud.AtMost(240), fraud.AtLeast(48)}).Draw(rt, "change"))})
		}
		if rapid.Bool().Draw(rt, "loa") {
			e.Know(letters(rapid.IntRange(0, 2).Draw(rt, "letters")))
		}
		less := e
		less.SIMSwap = fraud.Report[fraud.SIMSwap]{Missing: fraud.Unavailable}
		if fraud.Evaluate(reviewing, e).Verdict != fraud.Clear {
			require.NotEqual(rt, fraud.Clear, fraud.Evaluate(reviewing, less).Verdict)
		}
	})
}
