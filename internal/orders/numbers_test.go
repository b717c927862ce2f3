package orders_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/porting"
)

// withNumbers is a plain order for a kind of line, a country and a list of numbers in YAML.
func withNumbers(kind, country, numbers string) string {
	if country != "" {
		country = "country: " + country + "\n"
	}
	return "reference: N-1\nkind: " + kind + "\n" + country + "numbers: [" + numbers + `]
donor: {name: Hudson Telephone}
recipient: {name: Acme Voice}
subscriber: {name: Jordan Example, contact: {email: jordan@example.com}}
authorization: {kind: consent}
`
}

func TestNumbersOfManyCountries(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ kind, country, number, want, wantCountry string }{
		"US":                      {"wireline", "", "+12125550123", "+12125550123", "US"},
		"US, national":            {"wireless", "US", "212-555-0123", "+12125550123", "US"},
		"US, as a link":           {"wireline", "", "tel:+12125550123", "+12125550123", "US"},
		"US, letters":             {"toll-free", "US", "1-800-555-TEST", "+18005558378", "US"},
		"Puerto Rico":             {"wireline", "", "+17875550123", "+17875550123", "US"},
		"Puerto Rico, as the US":  {"wireline", "US", "+17875550123", "+17875550123", "US"},
		"Puerto Rico, as itself":  {"wireline", "PR", "787 555 0123", "+17875550123", "US"},
		"Canada":                  {"wireless", "", "+14165550123", "+14165550123", "CA"},
		"Canada, toll-free":       {"toll-free", "CA", "+18005550199", "+18005550199", "CA"},
		"Britain, as UK":          {"wireless", "UK", "07700 900123", "+447700900123", "GB"},
		"Britain, fixed":          {"wireline", "GB", "020 7946 0123", "+442079460123", "GB"},
		"France, mobile":          {"wireless", "FR", "06 39 98 01 23", "+33639980123", "FR"},
		"France, fixed":           {"wireline", "", "+33199001234", "+33199001234", "FR"},
		"Germany":                 {"wireline", "DE", "(030) 23125-001", "+493023125001", "DE"},
		"Australia":               {"wireless", "AU", "0491 570 156", "+61491570156", "AU"},
		"Australia, by its ISO-3": {"wireless", "AUS", "0491 570 156", "+61491570156", "AU"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			order, err := read(t, withNumbers(c.kind, c.country, `"`+c.number+`"`))
			require.NoError(t, err)
			require.Equal(t, []porting.Number{porting.Number(c.want)}, order.Numbers)
			require.Equal(t, c.wantCountry, order.Country)
		})
	}
}

func TestNumbersThatAreRefused(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ kind, country, numbers, code string }{
		"Ofcom's block, a digit short":   {"wireless", "", `"+44770090012"`, "number-invalid"},
		"beside Ofcom's block":           {"wireless", "", `"+447700901123"`, "number-invalid"},
		"emergency":                      {"wireline", "US", "911", "number-invalid"},
		"area code that is none":         {"wireline", "US", `"+19995550123"`, "number-invalid"},
		"Canada in the US":               {"wireless", "US", `"+14165550123"`, "number-foreign"},
		"Guernsey in Britain":            {"wireless", "GB", `"+447781123456"`, "number-foreign"},
		"Canada and the US":              {"wireless", "", `"+14165550123", "+12125550123"`, "countries-mixed"},
		"extension in a range":           {"wireline", "US", `{from: "+12125550101;ext=1", to: "+12125550102"}`, "number-extension"},
		"range longer than a block":      {"wireline", "US", `{from: "+12125550000", to: "+12125560000"}`, "range-prefix"},
		"range over two lengths":         {"wireline", "DE", `{from: "+49302312500", to: "+493023125001"}`, "range-prefix"},
		"hole in a range":                {"wireline", "", `{from: "+29025998", to: "+29029996"}`, "range-invalid"},
		"number again in a range":        {"wireline", "US", `"+12125550105", {from: "+12125550101", to: "+12125550109"}`, "number-twice"},
		"toll-free number among mobiles": {"wireless", "US", `"+18005550199"`, "kind-mismatch"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			problems := orders.Lint([]byte(withNumbers(c.kind, c.country, c.numbers)), options)
			require.True(t, hasError(problems))
			require.Contains(t, codes(problems), c.code)
		})
	}
}

func TestAKindThatThePlanDoubtsIsAWarning(t *testing.T) {
	t.Parallel()
	for number, kind := range map[string]string{"+442079460123": "wireless", "+447700900123": "wireline"} {
		problems := orders.Lint([]byte(withNumbers(kind, "GB", `"`+number+`"`)), options)
		require.Equal(t, []string{"kind-mismatch"}, codes(problems))
		require.Equal(t, orders.SeverityWarning, problems[0].Severity)
	}
}

func TestARangeKeepsEveryNumberOnce(t *testing.T) {
	t.Parallel()
	order, err := read(t, withNumbers("wireline", "US", `"+12125550199", {from: "+12125550000", to: "+12125550098"}`))
	require.NoError(t, err)
	require.Len(t, order.Numbers, 100)
	require.Equal(t, porting.Number("+12125550199"), order.Numbers[0], "the order of the file")
	require.Equal(t, porting.Number("+12125550000"), order.Numbers[1])
	require.Equal(t, porting.Number("+12125550098"), order.Numbers[99])

	order, err = read(t, withNumbers("wireline", "US", `{from: "+12125550100", to: "+12125550100"}`))
	require.NoError(t, err)
	require.Equal(t, []porting.Number{"+12125550100"}, order.Numbers)
}

func TestTheNumberLimit(t *testing.T) {
	t.Parallel()
	text := withNumbers("wireline", "US", `"+12125550199", {from: "+12125550101", to: "+12125550104"}`)
	_, err := orders.Read(strings.NewReader(text), orders.Options{Now: now, MaxNumbers: 5})
	require.NoError(t, err)
	_, err = orders.Read(strings.NewReader(text), orders.Options{Now: now, MaxNumbers: 4})
	require.ErrorContains(t, err, "numbers[1]: the order holds more than 4 numbers (line 4)")
}

// TestTheFrenchExampleHasAValidRIO computes the checksum of a RIO: a plain, a doubled and a quadrupled running sum
// modulo 37 over the RIO without its key and the national number.
func TestTheFrenchExampleHasAValidRIO(t *testing.T) {
	t.Parallel()
	require.Equal(t, "4TR", rioKey("01PEROY4P", "0612345678"), "the published example")

	order, err := read(t, example(t, "fr-mobile.yaml"))
	require.NoError(t, err)
	code := order.Authorization.Code.Reveal()
	national := "0" + strings.TrimPrefix(order.Numbers[0].E164(), "+33")
	require.Equal(t, rioKey(code[:9], national), code[9:])
}

func rioKey(rio, national string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+"
	a, b, c := 0, 0, 0
	for _, r := range rio + national {
		x := strings.IndexRune(alphabet, r)
		a, b, c = (a+x)%37, (2*b+x)%37, (4*c+x)%37
	}
	return string([]byte{alphabet[a], alphabet[b], alphabet[c]})
}

func BenchmarkRead(b *testing.B) {
	for _, size := range []int{1, 1000, 10_000} {
		text := withNumbers("wireline", "US", fmt.Sprintf(`{from: "+12125550000", to: "+1212555%04d"}`, size-1))
		b.Run(fmt.Sprintf("numbers=%d", size), func(b *testing.B) {
			for b.Loop() {
				_, err := orders.Read(strings.NewReader(text), options)
				require.NoError(b, err)
			}
		})
	}
}
