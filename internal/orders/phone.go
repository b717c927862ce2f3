package orders

import (
	"errors"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"

	"github.com/portsaga/portsaga/porting"
)

// phone is a number that the numbering plans know.
type phone struct {
	number    porting.Number
	country   string // whose rules it moves under; see noCountry
	line      phonenumbers.PhoneNumberType
	extension bool
	parsed    *phonenumbers.PhoneNumber
}

// noCountry is the region of numbers like +800, which belong to no country.
const noCountry = "001"

// fictional holds blocks that a regulator keeps for drama and tests and that the library therefore calls invalid. They
// are accepted, so that examples and rehearsals never touch a living number; no carrier will move one.
var fictional = []struct {
	prefix  string
	length  int
	country string
	line    phonenumbers.PhoneNumberType
}{
	{"+447700900", 13, "GB", phonenumbers.MOBILE}, // Ofcom: mobile numbers for drama use
	{"+3363998", 12, "FR", phonenumbers.MOBILE},   // Arcep: mobile numbers for audiovisual works
}

// parsePhone reads a number in E.164 form, or as it is written in the country.
func parsePhone(text, country string) (phone, *flaw) {
	parsed, err := phonenumbers.Parse(text, country)
	if errors.Is(err, phonenumbers.ErrInvalidCountryCode) && country == "" && !strings.Contains(text, "+") {
		return phone{}, &flaw{"number-no-country", masked(text) + " has no country code",
			"write it like +12125550123, or name the order's country"}
	}
	if err != nil {
		return phone{}, notANumber(text)
	}
	p := phone{
		number:    porting.Number(phonenumbers.Format(parsed, phonenumbers.E164)),
		country:   home(phonenumbers.GetRegionCodeForNumber(parsed)),
		line:      phonenumbers.GetNumberType(parsed),
		extension: parsed.GetExtension() != "",
		parsed:    parsed,
	}
	for _, block := range fictional {
		if strings.HasPrefix(p.number.E164(), block.prefix) && len(p.number) == block.length {
			p.country, p.line = block.country, block.line
		}
	}
	if p.line == phonenumbers.UNKNOWN {
		return phone{}, notANumber(text)
	}
	return p, nil
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
	case p.extension:
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
	return &flaw{"number-invalid", masked(text) + " is not a valid telephone number",
		"check the digits, and write it like +12125550123"}
}

// masked shows of a number as written what porting.Mask shows of its digits, and nothing of any other text.
func masked(text string) string {
	digits := strings.Map(func(r rune) rune {
		if r == '+' || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text)
	if digits == "" {
		return "the text"
	}
	return porting.Mask(digits)
}
