package porting_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/portsaga/portsaga/porting"
)

func TestVerdict(t *testing.T) {
	t.Parallel()
	const version = 2
	decision := func(by, what string) porting.Decision {
		return porting.Decision{By: by, Decision: what, OrderVersion: version}
	}
	yes := func(by string) porting.Decision { return decision(by, porting.Approve) }
	no := func(by string) porting.Decision { return decision(by, porting.Reject) }
	earlier := func(d porting.Decision) porting.Decision { d.OrderVersion = version - 1; return d }
	for _, c := range []struct {
		name               string
		needed             int
		decisions          []porting.Decision
		approved, declined bool
	}{
		{"nobody decided", 1, nil, false, false},
		{"one of one", 1, []porting.Decision{yes("ana")}, true, false},
		{"one of two", 2, []porting.Decision{yes("ana")}, false, false},
		{"one person twice counts once", 2, []porting.Decision{yes("ana"), yes("ana")}, false, false},
		{"two of two", 2, []porting.Decision{yes("ana"), yes("ben")}, true, false},
		{"more than needed", 1, []porting.Decision{yes("ana"), yes("ben")}, true, false},
		{"a reject wins over a later approval", 1, []porting.Decision{no("ana"), yes("ben")}, false, true},
		{"a reject wins over an earlier approval", 1, []porting.Decision{yes("ana"), no("ben")}, false, true},
		{"a person who changes to no means no", 1, []porting.Decision{yes("ana"), no("ana")}, false, true},
		{"the submitter's own does not count", 1, []porting.Decision{yes("sue")}, false, false},
		{"nor does the submitter's no", 1, []porting.Decision{no("sue"), yes("ana")}, true, false},
		{"an approval of an earlier version is void", 1, []porting.Decision{earlier(yes("ana"))}, false, false},
		{"so is a reject of an earlier version", 1, []porting.Decision{earlier(no("ana")), yes("ana")}, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			approved, declined := porting.Verdict(c.needed, version, "sue", c.decisions)
			require.Equal(t, c.approved, approved, "approved")
			require.Equal(t, c.declined, declined, "declined")
		})
	}
}

// The order in which decisions arrive, and how often each is repeated, never changes the verdict.
func TestVerdictKnowsNoOrder(t *testing.T) {
	t.Parallel()
	drawn := rapid.Custom(func(t *rapid.T) porting.Decision {
		return porting.Decision{
			By:           rapid.SampledFrom([]string{"ana", "ben", "sue"}).Draw(t, "by"),
			Decision:     rapid.SampledFrom([]string{porting.Approve, porting.Approve, porting.Reject}).Draw(t, "decision"),
			OrderVersion: rapid.IntRange(1, 2).Draw(t, "version"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		needed := rapid.IntRange(1, 3).Draw(t, "needed")
		decisions := rapid.SliceOf(drawn).Draw(t, "decisions")
		approved, declined := porting.Verdict(needed, 1, "sue", decisions)
		require.False(t, approved && declined)

		shuffled := rapid.Permutation(append(decisions, decisions...)).Draw(t, "again")
		approvedAgain, declinedAgain := porting.Verdict(needed, 1, "sue", shuffled)
		require.Equal(t, approved, approvedAgain)
		require.Equal(t, declined, declinedAgain)
	})
}
