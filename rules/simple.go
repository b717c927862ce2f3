package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portsaga/portsaga/porting"
)

// SimpleTest is something that a port must not involve to be simple. Exactly one of the three is set.
type SimpleTest struct {
	Name       string   `yaml:"name" json:"name"`
	NoFeatures []string `yaml:"no_features" json:"no_features,omitempty"`
	MaxLines   int      `yaml:"max_lines" json:"max_lines,omitempty"`
	NoReseller bool     `yaml:"no_reseller" json:"no_reseller,omitempty"`
	Fact       `yaml:",inline"`
}

// TestResult is what a test found.
type TestResult struct {
	Name   string `json:"name"`
	Passed bool   `json:"passed"`
	Why    string `json:"why"`
}

// run applies the test to an order.
func (t SimpleTest) run(o porting.Order) TestResult {
	passed, found := true, "passed"
	switch {
	case len(t.NoFeatures) > 0:
		has := slices.DeleteFunc(slices.Clone(o.Account.Features), func(f string) bool { return !slices.Contains(t.NoFeatures, f) })
		if len(has) > 0 {
			passed, found = false, "the account has "+strings.Join(has, ", ")
		}
	case t.MaxLines > 0:
		if lines := max(o.Account.Lines, len(o.Numbers)); lines > t.MaxLines {
			passed, found = false, fmt.Sprintf("the account has %d lines", lines)
		}
	case t.NoReseller:
		if o.Account.Reseller {
			passed, found = false, "the donor sells through a reseller"
		}
	}
	return TestResult{t.Name, passed, found + ": " + t.Why()}
}

// classify runs every test. A port is simple if all of them pass.
func classify(tests []SimpleTest, o porting.Order) (simple bool, results []TestResult, err error) {
	var known []string
	simple = true
	for _, test := range tests {
		known = append(known, test.NoFeatures...)
		result := test.run(o)
		results = append(results, result)
		simple = simple && result.Passed
	}
	for _, feature := range o.Account.Features {
		if !slices.Contains(known, feature) {
			return false, nil, &porting.Error{
				Kind: porting.Refused, Code: "feature-unknown", Op: "classify port", Object: feature,
				Detail: "no test knows this feature of the account", Next: "write one of " + strings.Join(known, ", "),
			}
		}
	}
	return simple, results, nil
}
