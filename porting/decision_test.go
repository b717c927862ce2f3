package porting_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/portsaga/portsaga/porting"
)

func TestPolicyDecides(t *testing.T) {
	t.Parallel()
	const version, run = 2, "run-2"
	yes := func(by, team string) porting.Decision {
		return porting.Decision{By: by, Team: team, Decision: porting.Approve, OrderVersion: version, Run: run}
	}
	no := func(by string) porting.Decision {
		return porting.Decision{By: by, Decision: porting.Reject, OrderVersion: version, Run: run}
	}
	earlier := func(d porting.Decision) porting.Decision { d.OrderVersion = version - 1; return d }
	resetAway := func(d porting.Decision) porting.Decision { d.Run = "run-1"; return d }
	hardware := func(d porting.Decision) porting.Decision { d.Hardware = true; return d }
	one, two := porting.Policy{People: 1}, porting.Policy{People: 2}
	high := porting.Policy{People: 2, Teams: 2, Hardware: 1}

	for _, c := range []struct {
		name      string
		policy    porting.Policy
		decisions []porting.Decision
		ruling    porting.Ruling
	}{
		{"nobody decided", one, nil, porting.RulingWaiting},
		{"nobody is asked", porting.Policy{}, nil, porting.RulingApproved},
		{"nobody is asked, and somebody says no", porting.Policy{}, []porting.Decision{no("ana")}, porting.RulingDeclined},
		{"one of one", one, []porting.Decision{yes("ana", "desk")}, porting.RulingApproved},
		{"one of two", two, []porting.Decision{yes("ana", "desk")}, porting.RulingWaiting},
		{"one person twice counts once", two, []porting.Decision{yes("ana", "desk"), yes("ana", "desk")}, porting.RulingWaiting},
		{"one person with two keys counts once", two, []porting.Decision{yes("ana", "desk"), hardware(yes("ana", "desk"))}, porting.RulingWaiting},
		{"one person in the name of two teams counts once", high, []porting.Decision{hardware(yes("ana", "desk")), yes("ana", "fraud")}, porting.RulingWaiting},
		{"nobody's approval", one, []porting.Decision{yes("", "desk")}, porting.RulingWaiting},
		{"nobody's approval hides no other", one, []porting.Decision{yes("", "desk"), yes("ana", "desk")}, porting.RulingApproved},
		{"neither yes nor no", one, []porting.Decision{{By: "ana", Decision: "maybe", OrderVersion: version, Run: run}}, porting.RulingWaiting},
		{"two of two", two, []porting.Decision{yes("ana", "desk"), yes("ben", "desk")}, porting.RulingApproved},
		{"more than needed", one, []porting.Decision{yes("ana", "desk"), yes("ben", "desk")}, porting.RulingApproved},
		{"two of one team", high, []porting.Decision{hardware(yes("ana", "desk")), yes("ben", "desk")}, porting.RulingWaiting},
		{"two without hardware", high, []porting.Decision{yes("ana", "desk"), yes("fay", "fraud")}, porting.RulingWaiting},
		{"two teams and hardware", high, []porting.Decision{hardware(yes("ana", "desk")), yes("fay", "fraud")}, porting.RulingApproved},
		{"a reject wins over a later approval", one, []porting.Decision{no("ana"), yes("ben", "desk")}, porting.RulingDeclined},
		{"a reject wins over an earlier approval", one, []porting.Decision{yes("ana", "desk"), no("ben")}, porting.RulingDeclined},
		{"a person who changes to no means no", one, []porting.Decision{yes("ana", "desk"), no("ana")}, porting.RulingDeclined},
		{"the submitter's own does not count", one, []porting.Decision{yes("sue", "desk")}, porting.RulingWaiting},
		{"nor does the submitter's no", one, []porting.Decision{no("sue"), yes("ana", "desk")}, porting.RulingApproved},
		{"an approval of an earlier version is void", one, []porting.Decision{earlier(yes("ana", "desk"))}, porting.RulingWaiting},
		{"so is a reject of an earlier version", one, []porting.Decision{earlier(no("ana")), yes("ana", "desk")}, porting.RulingApproved},
		{"an approval of before a reset is void", one, []porting.Decision{resetAway(yes("ana", "desk"))}, porting.RulingWaiting},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ruling, missing := c.policy.Decide(porting.Facts{Version: version, Submitter: "sue", Run: run}, c.decisions)
			require.Equal(t, c.ruling, ruling)
			require.Equal(t, ruling == porting.RulingWaiting, len(missing) > 0, "it says what is missing while it waits, and only then")
		})
	}
}

func TestPolicySaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, missing := porting.Policy{People: 3, Teams: 2, Hardware: 1}.Decide(porting.Facts{Version: 1},
		[]porting.Decision{{By: "ana", Team: "desk", Decision: porting.Approve, OrderVersion: 1}})
	require.Equal(t, []string{"2 more persons must approve", "1 more team must be among them", "1 of them with a hardware key"}, missing)
	require.Equal(t, porting.Policy{People: 1}, porting.MinimalPolicy(0), "never nobody where nobody screened")
}

// The order in which decisions arrive, and how often each is repeated, never changes the ruling. Whatever is approved has
// the persons, teams and hardware that the policy asks for.
func TestRulingKnowsNoOrder(t *testing.T) {
	t.Parallel()
	teams := map[string]string{"ana": "desk", "ben": "desk", "fay": "fraud", "sue": "sales"}
	drawn := rapid.Custom(func(t *rapid.T) porting.Decision {
		by := rapid.SampledFrom([]string{"ana", "ben", "fay", "sue"}).Draw(t, "by")
		return porting.Decision{
			By: by, Team: teams[by], Hardware: rapid.Bool().Draw(t, "hardware"),
			Decision:     rapid.SampledFrom([]string{porting.Approve, porting.Approve, porting.Reject}).Draw(t, "decision"),
			OrderVersion: rapid.IntRange(1, 2).Draw(t, "version"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		policy := porting.Policy{
			People: rapid.IntRange(0, 3).Draw(t, "people"), Teams: rapid.IntRange(0, 2).Draw(t, "teams"), Hardware: rapid.IntRange(0, 2).Draw(t, "hardware keys"),
		}
		facts := porting.Facts{Version: 1, Submitter: "sue"}
		decisions := rapid.SliceOf(drawn).Draw(t, "decisions")
		ruling, _ := policy.Decide(facts, decisions)
		again, _ := policy.Decide(facts, rapid.Permutation(append(decisions, decisions...)).Draw(t, "again"))
		require.Equal(t, ruling, again)
		if ruling != porting.RulingApproved {
			return
		}
		people, ofTeams, withHardware := map[string]bool{}, map[string]bool{}, map[string]bool{}
		for _, d := range decisions {
			if d.OrderVersion == 1 && d.By != "sue" {
				require.Equal(t, porting.Approve, d.Decision)
				people[d.By], ofTeams[d.Team] = true, true
				withHardware[d.By] = withHardware[d.By] || d.Hardware
			}
		}
		keys := 0
		for _, has := range withHardware {
			if has {
				keys++
			}
		}
		require.GreaterOrEqual(t, len(people), policy.People)
		require.GreaterOrEqual(t, len(ofTeams), policy.Teams)
		require.GreaterOrEqual(t, keys, policy.Hardware)
	})
}
