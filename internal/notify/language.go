package notify

import "strings"

// countryLanguages are the languages in which customers of a country are written to unless they wish another; English
// elsewhere.
var countryLanguages = map[string]string{
	"AT": "de", "CH": "de", "DE": "de", "LI": "de",
	"AR": "es", "CL": "es", "CO": "es", "ES": "es", "MX": "es", "PE": "es",
	"FR": "fr", "GP": "fr", "MQ": "fr", "RE": "fr",
	"BR": "pt", "PT": "pt",
}

func languageOf(wished, country string) string {
	if wished != "" {
		return wished
	}
	if lang, ok := countryLanguages[strings.ToUpper(country)]; ok {
		return lang
	}
	return "en"
}
