package match

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/portsaga/portsaga/porting"
)

// Words of an address by the abbreviation that stands for them (after USPS Publication 28, appendices B and C).
var (
	directions = map[string]string{
		"north": "n", "south": "s", "east": "e", "west": "w",
		"northeast": "ne", "northwest": "nw", "southeast": "se", "southwest": "sw",
	}

	streetTypes = map[string]string{
		"alley": "aly", "avenue": "ave", "av": "ave", "boulevard": "blvd", "boul": "blvd", "circle": "cir", "court": "ct",
		"cove": "cv", "crossing": "xing", "drive": "dr", "expressway": "expy", "freeway": "fwy", "heights": "hts", "highway": "hwy", "junction": "jct",
		"lane": "ln", "parkway": "pkwy", "pky": "pkwy", "place": "pl", "plaza": "plz", "point": "pt", "ridge": "rdg", "road": "rd", "route": "rte",
		"row": "row", "square": "sq", "street": "st", "str": "st", "terrace": "ter", "trail": "trl", "turnpike": "tpke", "way": "way",
	}

	ordinals = map[string]string{
		"first": "1st", "second": "2nd", "third": "3rd", "fourth": "4th", "fifth": "5th", "sixth": "6th",
		"seventh": "7th", "eighth": "8th", "ninth": "9th", "tenth": "10th",
	}

	units = map[string]string{"apartment": "apt", "suite": "ste", "floor": "fl", "room": "rm", "building": "bldg", "space": "spc"}

	placeNames = map[string]string{"saint": "st", "sainte": "ste", "fort": "ft", "mount": "mt"}

	// designators stand before a unit; which one it is makes no difference.
	designators = map[string]bool{"#": true, "apt": true, "unit": true, "ste": true, "fl": true, "rm": true, "bldg": true, "lot": true, "spc": true}

	streetForms = tables(directions, streetTypes, ordinals, units, placeNames)
	cityForms   = tables(directions, placeNames)

	houseNumber = regexp.MustCompile(`^[0-9]+(-[0-9]+)?(-?[a-z])?$`)
	unitName    = regexp.MustCompile(`^([a-z]{1,2}|[a-z]*-?[0-9]+(-?[a-z0-9]+)*)$`)
	ordinal     = regexp.MustCompile(`^[0-9]+(st|nd|rd|th)$`)
	zipCode     = regexp.MustCompile(`^[0-9]{5}([0-9]{4})?$`)
)

func tables(parts ...map[string]string) map[string]string {
	whole := map[string]string{}
	for _, part := range parts {
		maps.Copy(whole, part)
	}
	return whole
}

// street is a street address taken apart.
type street struct {
	house string
	words []string // name, type and directions
	unit  string   // of a flat or an office
}

// streetOf takes an address line apart. The house number stands first, or else last, as many countries write it.
func streetOf(s string) street {
	words, unit := takeUnits(wordsOf(s, streetForms))
	house, words := takeHouse(words)
	return street{house, words, unit}
}

func takeHouse(words []string) (house string, rest []string) {
	at := 0
	if len(words) > 0 && !houseNumber.MatchString(words[0]) {
		at = len(words) - 1
	}
	if len(words) == 0 || !houseNumber.MatchString(words[at]) {
		return "", words
	}
	house = words[at]
	return house, slices.Delete(words, at, at+1)
}

// takeUnits separates the names of units from the rest: "apt 4b", "#4b", "21st floor".
func takeUnits(words []string) (rest []string, units string) {
	var names []string
	for len(words) > 0 {
		name, length := unitAt(words)
		if length == 0 {
			rest, words = append(rest, words[0]), words[1:]
			continue
		}
		names, words = append(names, name), words[length:]
	}
	return rest, strings.Join(names, "/")
}

// unitAt is the name of the unit that the first words say, and how many words that takes; 0 where they say none.
func unitAt(words []string) (name string, length int) {
	if len(words) > 1 && words[1] == "fl" && ordinal.MatchString(words[0]) {
		return strings.TrimRight(words[0], "sthndr"), 2
	}
	for length < len(words) && designators[words[length]] {
		length++
	}
	if length == 0 || length == len(words) || !unitName.MatchString(words[length]) {
		return "", 0
	}
	return strings.ReplaceAll(words[length], "-", ""), length + 1
}

func (s street) empty() bool { return s.house == "" && len(s.words) == 0 }

// whole is the letters of street and unit together, in an order that does not depend on which is which.
func (s street) whole() []string {
	words := append(slices.Clone(s.words), s.unit)
	slices.Sort(words)
	return words
}

func (c *comparison) streets(a, b string) {
	x, y := streetOf(a), streetOf(b)
	if x.empty() || y.empty() {
		return
	}
	c.houseNumbers(x.house, y.house)
	if x.unit != y.unit && sameLetters(x.whole(), y.whole()) {
		c.add(FieldStreet, Near, "the unit is written in another way")
		return
	}
	c.streetNames(x.words, y.words)
	c.units(x.unit, y.unit)
}

func (c *comparison) houseNumbers(x, y string) {
	switch {
	case x == y:
	case strings.ReplaceAll(x, "-", "") == strings.ReplaceAll(y, "-", ""):
		c.add(FieldStreet, Near, "only the dash in the house number differs")
	default:
		c.add(FieldStreet, Mismatch, "another house number")
	}
}

func (c *comparison) streetNames(x, y []string) {
	onlyX, onlyY := apart(x, y)
	oneSided := len(onlyX) == 0 || len(onlyY) == 0
	switch more := append(onlyX, onlyY...); {
	case len(more) == 0:
	case oneSided && all(more, isTypeOrDirection):
		c.add(FieldStreet, Near, "only one of the two has the type or the direction of the street")
	case sameLetters(x, y):
		c.add(FieldStreet, Near, "the words are divided in another way")
	default:
		c.add(FieldStreet, Mismatch, "another street")
	}
}

func (c *comparison) units(x, y string) {
	switch {
	case x == y:
	case x == "" || y == "":
		c.add(FieldStreet, Near, "only one of the two has a unit")
	default:
		c.add(FieldStreet, Mismatch, "another unit")
	}
}

// typesAndDirections are what an address may leave out.
var typesAndDirections = slices.Collect(maps.Values(tables(directions, streetTypes)))

func isTypeOrDirection(w string) bool { return slices.Contains(typesAndDirections, w) }

// postalCodes compares exactly, but for the four digits that a US ZIP code may add.
func (c *comparison) postalCodes(a, b string) {
	x, y := compact(a), compact(b)
	switch {
	case x == "" || y == "" || x == y:
	case !samePostalCode(x, y):
		c.add(FieldPostalCode, Mismatch, "another postal code")
	case len(x) == len(y):
		c.add(FieldPostalCode, Near, "only the last four digits differ")
	}
}

func samePostalCode(x, y string) bool {
	const zip = 5
	return x == y || zipCode.MatchString(x) && zipCode.MatchString(y) && x[:zip] == y[:zip]
}

// cities compares the towns. One postal code may have several names for its town.
func (c *comparison) cities(a, b porting.Address) {
	x, y := wordsOf(a.City, cityForms), wordsOf(b.City, cityForms)
	zip, same := compact(a.PostalCode), compact(b.PostalCode)
	switch {
	case len(x) == 0 || len(y) == 0 || sameLetters(x, y):
	case zip != "" && samePostalCode(zip, same):
		c.add(FieldCity, Near, "another name for the town of one postal code")
	default:
		c.add(FieldCity, Mismatch, "another town")
	}
}
