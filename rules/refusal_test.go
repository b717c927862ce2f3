package rules_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// TestEveryRefusal walks all packs, all reasons and both parties. Each has an answer with a citation; a reason that is no
// lawful ground makes no Ground, without which nothing can be refused; a review ends with a clock of the pack.
func TestEveryRefusal(t *testing.T) {
	t.Parallel()
	judged := 0
	for _, p := range book(t).List() {
		for _, reason := range porting.Reasons {
			for _, party := range []string{rules.Donor, rules.Recipient} {
				judged++
				r, err := p.Refusal(reason, party)
				require.NoError(t, err, "%s %s %s", p.Ref(), party, reason)
				require.NotEmpty(t, r.Cite, "%s %s %s", p.Ref(), party, reason)
				require.NotEmpty(t, r.Why)
				require.NotEmpty(t, r.Confidence)
				if r.Hold != nil {
					require.False(t, r.Lawful, "a review is no refusal")
					require.NotEmpty(t, r.Hold.Cite)
					_, ok := p.Clock(r.Hold.Within)
					require.True(t, ok, "%s holds without an end", p.Ref())
				}
				ground, err := p.Ground(reason, party)
				if r.Lawful {
					require.NoError(t, err)
					require.Equal(t, r, ground.Refusal())
					require.Equal(t, p.Ref(), ground.Pack())
					continue
				}
				refused(t, err, "refusal-unlawful")
				require.Contains(t, err.Error(), r.Cite, "the refusal to refuse says why")
				require.Equal(t, rules.Ground{}, ground)
			}
		}
	}
	require.Equal(t, len(book(t).List())*len(porting.Reasons)*2, judged)
}

func TestDebtAndFraud(t *testing.T) {
	t.Parallel()
	for _, p := range book(t).List() {
		debt, err := p.Refusal(porting.UnpaidBalance, rules.Donor)
		require.NoError(t, err)
		require.Equal(t, p.ID == "in", debt.Lawful, "%s: a debt stops a port in India alone", p.Ref())
		fraud, err := p.Refusal(porting.SuspectedFraud, rules.Donor)
		require.NoError(t, err)
		require.False(t, fraud.Lawful, "%s: suspicion is no refusal", p.Ref())
		require.NotNil(t, fraud.Hold, "%s: suspicion is a review with an end", p.Ref())
	}
}

func TestRefusalsFromTheSources(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pack   string
		reason porting.Reason
		party  string
		lawful bool
	}{
		{"us-wireline-simple", porting.ZIPMismatch, rules.Donor, true},
		{"us-wireline-simple", porting.NameMismatch, rules.Donor, false}, // not among the fourteen fields
		{"us-wireline-nonsimple", porting.NameMismatch, rules.Donor, true},
		{"us-wireline-simple", porting.LOAMissing, rules.Donor, false},
		{"us-wireline-simple", porting.OutsideBusinessHours, rules.Donor, false}, // a timer, no refusal
		{"us-wireless", porting.PINMismatch, rules.Donor, true},
		{"us-wireless", porting.IdentityMismatch, rules.Donor, false}, // not among the four fields
		{"us-tollfree", porting.LOAInvalid, rules.Donor, true},
		{"ca-wireless", porting.NumberInactive, rules.Donor, true},
		{"gb-mobile", porting.PINExpired, rules.Donor, true},
		{"gb-fixed", porting.PendingOrder, rules.Donor, true},
		{"de", porting.NameMismatch, rules.Donor, true},
		{"fr-mobile", porting.LOAMissing, rules.Recipient, true},
		{"fr-mobile", porting.PendingOrder, rules.Donor, false},
		{"es-mobile", porting.PortProtected, rules.Donor, true}, // SIM reported lost or stolen
		{"it-mobile", porting.NumberInactive, rules.Donor, true},
		{"nl", porting.ContractServices, rules.Donor, false}, // a running contract cannot block
		{"sg", porting.ContractServices, rules.Donor, true},
		{"hk", porting.NumberInactive, rules.Donor, true},
		{"in", porting.PortProtected, rules.Donor, true},
		{"br", porting.RateCenterMismatch, rules.Donor, true}, // other area code
		{"mx", porting.PINMismatch, rules.Donor, true},
		{"ng", porting.PortProtected, rules.Donor, true},
		{"us-wireline-simple", porting.LOAMissing, rules.Recipient, true},
	} {
		got, err := pack(t, c.pack).Refusal(c.reason, c.party)
		require.NoError(t, err)
		require.Equal(t, c.lawful, got.Lawful, "%s %s %s: %s", c.pack, c.party, c.reason, got.Why)
	}
}

func TestRefusalOfNothingKnown(t *testing.T) {
	t.Parallel()
	p := pack(t, "us-wireless")
	_, err := p.Refusal("BAD_HAIR_DAY", rules.Donor)
	refused(t, err, "reason-unknown")
	_, err = p.Refusal(porting.PINMismatch, "regulator")
	require.Equal(t, "party-unknown", porting.CodeOf(err))
}

// TestReasonsAreComplete holds the list of reasons to the constants of the language.
func TestReasonsAreComplete(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "../porting/reason.go", nil, 0)
	require.NoError(t, err)
	var constants []porting.Reason
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if literal, ok := spec.Values[0].(*ast.BasicLit); ok {
			value, err := strconv.Unquote(literal.Value)
			require.NoError(t, err)
			constants = append(constants, porting.Reason(value))
		}
		return true
	})
	require.ElementsMatch(t, constants, porting.Reasons)
}
