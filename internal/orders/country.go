package orders

import (
	"fmt"
	"strings"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/language"
)

// territories port under the rules, and through the registry, of the country they belong to.
var territories = map[string]string{"AS": "US", "GU": "US", "MP": "US", "PR": "US", "VI": "US"}

// home is the country under whose rules a region's numbers move.
func home(region string) string {
	if country, ok := territories[region]; ok {
		return country
	}
	return region
}

// parseCountry gives the ISO 3166-1 alpha-2 code of a country as people write it: UK is GB, usa is US.
func parseCountry(s string) (string, *flaw) {
	unknown := &flaw{"country-unknown", "the country is unknown", "write its ISO 3166-1 code, like US or GB"}
	region, err := language.ParseRegion(s)
	if err != nil {
		return "", unknown
	}
	code := region.Canonicalize().String()
	if !phonenumbers.GetSupportedRegions()[code] {
		return "", unknown
	}
	return code, nil
}

// examineCountry puts the country in its usual form. It is empty when the order names none, or an unknown one.
func (x *examination) examineCountry() {
	if x.order.Country == "" {
		return
	}
	country, found := parseCountry(x.order.Country)
	if found != nil {
		x.lose("country", *found)
	}
	x.order.Country = home(country)
}

// settleCountry takes the country from the numbers where the order names none.
func (x *examination) settleCountry(homes []string) {
	if x.order.Country != "" || len(homes) == 0 {
		return
	}
	if len(homes) > 1 {
		x.fail("numbers", flaw{
			"countries-mixed", "the numbers belong to several countries: " + strings.Join(homes, ", "),
			"write an order for each country",
		})
		return
	}
	x.order.Country = homes[0]
}

func foreign(where, country string) *flaw {
	return &flaw{
		"number-foreign", fmt.Sprintf("the number belongs to %s and the order is for %s", where, country),
		"correct the number, or write an order for each country",
	}
}
