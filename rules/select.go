package rules

import (
	"slices"
	"strings"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// Selection is the pack for an order, and why it is this one.
type Selection struct {
	Pack   *Pack        `json:"-"`
	Ref    string       `json:"pack"`
	Why    string       `json:"why"`
	Simple *bool        `json:"simple,omitempty"` // nil where the country makes no difference
	Tests  []TestResult `json:"tests,omitempty"`
}

// Select finds the pack that binds an order at an instant, from the country of its numbers, the kind of line and, where it
// matters, the tests that tell a simple port. Errors, all Refused: numbers-missing, number-not-valid, facts-contradict,
// kind-unknown, country-unsupported, kind-unsupported, feature-unknown, code-wrong-country.
func (b *Book) Select(o porting.Order, at time.Time) (Selection, error) {
	plan := make([]facts, len(o.Numbers))
	for i, n := range o.Numbers {
		plan[i] = factsOf(n)
	}
	country, err := b.countryOf(o, plan)
	if err != nil {
		return Selection{}, err
	}
	kind, err := kindOf(o, plan)
	if err != nil {
		return Selection{}, err
	}
	packs, err := b.candidates(country, kind, at)
	if err != nil {
		return Selection{}, err
	}
	s := Selection{Pack: packs[0], Why: "the numbers are of " + country + " and the line is " + kind}
	if packs[0].Rules.For.Simple != nil {
		if s, err = selectSimple(packs, o, s); err != nil {
			return Selection{}, err
		}
	}
	s.Ref = s.Pack.Ref()
	return s, s.Pack.checkAuthorization(o.Authorization)
}

// countryOf is the one country of all numbers. Territories count as the country whose rules they share.
func (b *Book) countryOf(o porting.Order, plan []facts) (string, error) {
	if len(o.Numbers) == 0 {
		return "", noSelection(o, "numbers-missing", "the order has no numbers", "list at least one")
	}
	var country string
	for i, n := range o.Numbers {
		found := b.home(plan[i].country)
		switch {
		case found == "":
			return "", noSelection(o, "number-not-valid", n.String()+" is no valid number in any country", "correct the number")
		case country == "":
			country = found
		case country != found:
			return "", noSelection(o, "facts-contradict", "the numbers are of "+country+" and of "+found, "make an order for each country")
		}
	}
	if claimed := b.home(strings.ToUpper(o.Country)); claimed != "" && claimed != country {
		return "", noSelection(o, "facts-contradict", "the order says "+claimed+" and its numbers are of "+country, "correct the country or the numbers")
	}
	return country, nil
}

// home is the country whose packs serve a territory, or the country itself.
func (b *Book) home(country string) string {
	for _, p := range b.packs {
		if p.serves(country) {
			return p.Rules.For.Country
		}
	}
	return country
}

// kindOf is the kind of line that order and number plan agree on.
func kindOf(o porting.Order, plan []facts) (string, error) {
	kind := o.Kind
	for i, n := range o.Numbers {
		found := plan[i].kind
		switch {
		case found == "" && kind == porting.KindTollFree:
			return "", noSelection(o, "facts-contradict", "the order says toll-free and "+n.String()+" is not", "correct the kind or the number")
		case found == "":
		case kind == "":
			kind = found
		case found != kind:
			return "", noSelection(o, "facts-contradict", "the order says "+kind+" and "+n.String()+" is "+found, "correct the kind or the number")
		}
	}
	if kind == "" {
		return "", noSelection(o, "kind-unknown", "the numbers do not tell what kind of line they are", "say wireline or wireless")
	}
	return kind, nil
}

// candidates are the packs in force for a country and a kind of line.
func (b *Book) candidates(country, kind string, at time.Time) ([]*Pack, error) {
	var packs []*Pack
	var kinds, countries []string
	for _, p := range b.packs {
		countries = append(countries, p.Rules.For.Country)
		if p.Rules.For.Country != country {
			continue
		}
		kinds = append(kinds, p.Rules.For.Kinds...)
		if slices.Contains(p.Rules.For.Kinds, kind) && p.inForce(at) {
			packs = append(packs, p)
		}
	}
	no := func(code, detail string, have []string) error {
		slices.Sort(have)
		return &porting.Error{
			Kind: porting.Refused, Code: code, Op: "select pack", Object: country, Detail: detail,
			Next: "there are packs for " + strings.Join(slices.Compact(have), ", "),
		}
	}
	switch {
	case len(packs) > 0:
		return packs, nil
	case len(kinds) == 0:
		return nil, no("country-unsupported", "no pack knows the rules of this country", countries)
	case slices.Contains(kinds, kind):
		return nil, no("pack-not-in-force", "no version for "+kind+" binds on "+at.Format(time.DateOnly), kinds)
	default:
		return nil, no("kind-unsupported", "no pack of this country is for "+kind, kinds)
	}
}

// selectSimple decides between the packs for simple and for other ports.
func selectSimple(packs []*Pack, o porting.Order, s Selection) (Selection, error) {
	if o.Account.Lines > 0 && o.Account.Lines < len(o.Numbers) {
		return s, noSelection(o, "facts-contradict", "the account has fewer lines than the order has numbers", "correct the lines of the account")
	}
	var tests []SimpleTest
	for _, p := range packs {
		tests = append(tests, p.Rules.Tests...)
	}
	simple, results, err := classify(tests, o)
	if err != nil {
		return s, err
	}
	s.Simple, s.Tests = &simple, results
	for _, p := range packs {
		if *p.Rules.For.Simple == simple {
			s.Pack = p
		}
	}
	s.Why += ", and the port " + simpleWhy(results)
	return s, nil
}

func simpleWhy(results []TestResult) string {
	for _, r := range results {
		if !r.Passed {
			return "is not simple because " + r.Why
		}
	}
	return "is simple: it passes every test"
}

// checkAuthorization refuses the code of another country.
func (p *Pack) checkAuthorization(a porting.Authorization) error {
	home := p.shared.homeOfKind(a.Kind)
	if home == "" || home == p.Rules.For.Country {
		return nil
	}
	return p.no(porting.Refused, "code-wrong-country", "select pack", "the authorization is a "+a.Kind+", a code of "+home, "ask the customer for the code of this country")
}

func noSelection(o porting.Order, code, detail, next string) error {
	return &porting.Error{Kind: porting.Refused, Code: code, Op: "select pack", Object: o.Reference, Detail: detail, Next: next}
}
