package orders

import (
	"errors"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/portsaga/portsaga/porting"
)

// phone is a number that the numbering plans know.
type phone struct {
	number  porting.Number
	country string // whose rules it moves under; see noCountry
	parsed  *phonenumbers.PhoneNumber
}

// noCountry is the region of numbers like +800, which belong to no country.
const noCountry = "001"

// parsePhone reads a number in E.164 form, or as it is written in the country.
func parsePhone(text, country string) (phone, *flaw) {
	parsed, err := phonenumbers.Parse(text, country)
	if errors.Is(err, phonenumbers.ErrInvalidCountryCode) && country == "" && !strings.Contains(text, "+") {
		return phone{}, &flaw{
			"number-no-country", masked(text) + " has no country code",
			"write it like +12125550123, or name the order's country",
		}
	}
	if err != nil {
		return phone{}, notANumber(text)
	}
	number := porting.Number(phonenumbers.Format(parsed, phonenumbers.E164))
	if country := porting.FictionCountry(number); country != "" {
		return phone{number, country, parsed}, nil
	}
	region := phonenumbers.GetRegionCodeForNumber(parsed)
	if !phonenumbers.IsValidNumberForRegion(parsed, region) {
		return phone{}, notANumber(text)
	}
	return phone{number, home(region), parsed}, nil
}

// line is what the numbering plan says of the line behind the number.
func (p phone) line() phonenumbers.PhoneNumberType {
	if porting.FictionCountry(p.number) != "" {
		return phonenumbers.MOBILE
	}
	return phonenumbers.GetNumberType(p.parsed)
}

// in reports whether the number is one of the country's. A toll-free number of country code 1 is one of several
// countries' numbers.
func (p phone) in(country string) bool {
	return p.country == country || phonenumbers.IsValidNumberForRegion(p.parsed, country)
}

// parsePorted reads a number that shall move.
func parsePorted(text, country string) (phone, *flaw) {
	p, found := parsePhone(text, country)
	switch {
	case found != nil:
		return phone{}, found
	case p.parsed.GetExtension() != "":
		return phone{}, &flaw{"number-extension", p.number.String() + " has an extension", "give the number alone; extensions do not move"}
	case p.country == noCountry:
		return phone{}, &flaw{"number-international", p.number.String() + " belongs to no country", "take it out: it moves under no country's rules"}
	case country != "" && !p.in(country):
		return phone{}, foreign(p.country, country)
	default:
		return p, nil
	}
}

func notANumber(text string) *flaw {
	return &flaw{
		"number-invalid", masked(text) + " is not a valid telephone number",
		"check the digits, and write it like +12125550123",
	}
}

// masked shows of a number as written what porting.Mask shows of its digits, and nothing of any other text.
func masked(text string) string {
	digits := strings.Map(func(r rune) rune {
		if r == '+' || ('0' <= r && r <= '9') {
			return r
		}
		return -1
	}, text)
	if digits == "" {
		return "the text"
	}
	return porting.Mask(digits)
}
