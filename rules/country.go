package rules

import (
	"fmt"
	"slices"
	"sync"

	"github.com/nyaruka/phonenumbers"

	"github.com/portsaga/portsaga/porting"
)

// facts are what the number plan says about a number.
type facts struct {
	country string // ISO 3166-1 alpha-2, "" if the number is none
	kind    string // wireline, wireless or toll-free; "" where the plan cannot tell, as in the US
}

// factsOf reads the number plan.
func factsOf(n porting.Number) facts {
	if country := porting.FictionCountry(n); country != "" {
		return facts{country, porting.KindWireless}
	}
	number, err := phonenumbers.Parse(n.E164(), "")
	if err != nil {
		return facts{}
	}
	f := facts{country: phonenumbers.GetRegionCodeForNumber(number)}
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.UNKNOWN: // no number that anybody can have
		return facts{}
	case phonenumbers.FIXED_LINE:
		f.kind = porting.KindWireline
	case phonenumbers.MOBILE:
		f.kind = porting.KindWireless
	case phonenumbers.TOLL_FREE:
		f.kind = porting.KindTollFree
	}
	return f
}

var callingCodes sync.Map // ISO country -> its calling code, "+44"

// checkNumber refuses a number that cannot be the pack's: one of another calling code.
func (p *Pack) checkNumber(n porting.Number) error {
	if n == "" {
		return nil
	}
	code := callingCode(p.Rules.For.Country)
	if e164 := n.E164(); len(e164) > len(code) && e164[:len(code)] == code {
		return nil
	}
	return p.no(porting.Refused, "number-wrong-country", "read number "+n.String(), "the pack is for "+p.Rules.For.Country+" and the number is not",
		"take the pack of the number's country")
}

// serves reports whether the pack's country is the given one, or holds it as a territory.
func (p *Pack) serves(country string) bool {
	return p.Rules.For.Country == country || slices.Contains(p.Rules.For.Territories, country)
}

// callingCode is a country's calling code with its plus sign.
func callingCode(country string) string {
	if known, ok := callingCodes.Load(country); ok {
		return known.(string)
	}
	code := fmt.Sprintf("+%d", phonenumbers.GetCountryCodeForRegion(country))
	callingCodes.Store(country, code)
	return code
}
