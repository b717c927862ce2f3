package porting

import "strings"

// fiction holds blocks of mobile numbers that a regulator keeps for drama and tests and that number plans therefore call
// invalid. They are accepted, so that examples and rehearsals never touch a living number; no carrier will move one.
var fiction = []struct {
	prefix  string
	length  int
	country string
}{
	{"+447700900", 13, "GB"}, // Ofcom: mobile numbers for drama use
	{"+3363998", 12, "FR"},   // Arcep: mobile numbers for audiovisual works
}

// FictionCountry is the country of a fictional mobile number, ISO 3166-1 alpha-2, and empty for every other number.
func FictionCountry(n Number) string {
	for _, block := range fiction {
		if strings.HasPrefix(n.E164(), block.prefix) && len(n) == block.length {
			return block.country
		}
	}
	return ""
}
