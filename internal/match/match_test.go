package match_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/portsaga/portsaga/internal/match"
	"github.com/portsaga/portsaga/porting"
)

// said is a difference in short, like "near: only one of the two has a unit".
func said(found []match.Difference) []string {
	var lines []string
	for _, d := range found {
		lines = append(lines, string(d.Severity)+": "+d.Why)
	}
	return lines
}

func named(name string) porting.DonorRecord { return porting.DonorRecord{Name: name} }

func living(street string) porting.DonorRecord {
	return porting.DonorRecord{Address: porting.Address{Street: street}}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ a, b, want string }{
		{"Jordan Example", "EXAMPLE, JORDAN", ""},
		{"José Muñoz", "Jose Munoz", ""},
		{"Liam O'Brien", "OBRIEN LIAM", ""},
		{"Liam O’Brien", "Liam O'Brien", ""},
		{"Liam O'Brien", "Liam O Brien", "near: the words are divided in another way"},
		{"Anna Smith-Jones", "Anna Smith Jones", ""},
		{"Søren Łukasz", "Soren Lukasz", ""},
		{"Example Bakery, L.L.C.", "example bakery llc", ""},
		{"Example Bakery Incorporated", "Example Bakery Inc.", ""},
		{"Smith & Sons", "Smith and Sons", ""},
		{"Example Bakery", "Example Bakery LLC", "near: only one of the two has a legal form, a title or an initial"},
		{"Example Bakery Inc", "Example Bakery LLC", "mismatch: another name"},
		{"Jordan Q. Example", "Jordan Example", "near: only one of the two has a legal form, a title or an initial"},
		{"Jordan Q Example", "Jordan Quincy Example", "near: an initial stands for a name"},
		{"Jordan Lee Example", "Jordan Example", "near: only one of the two has a further name"},
		{"Jordan Example Sr", "Jordan Example Jr", "mismatch: another name"},
		{"Example", "Jordan Example", "mismatch: another name"},
		{"Jordan Example", "Robin Sample", "mismatch: another name"},
		{"Jordan Example", "", ""},
		{"Jordan Example", " . ", ""},
	} {
		got := match.Records(named(c.a), named(c.b))
		requireSaid(t, c.want, match.FieldName, got, c.a+" / "+c.b)
	}
}

func requireSaid(t *testing.T, want, field string, got []match.Difference, about string) {
	t.Helper()
	require.Equal(t, want, strings.Join(said(got), "; "), about)
	for _, d := range got {
		require.Equal(t, field, d.Field, about)
	}
}

func TestStreets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ a, b, want string }{
		{"22 Sample Street", "22 Sample St.", ""},
		{"22 SAMPLE ST", "22 sample street", ""},
		{"500 Imaginary Avenue, Apt 4B", "500 Imaginary Ave #4B", ""},
		{"500 Imaginary Avenue, Apt. 4-B", "500 Imaginary Ave Unit 4b", ""},
		{"Apt 4, 500 Imaginary Ave", "500 Imaginary Ave Apt # 4", ""},
		{"350 Fifth Avenue, 21st Floor", "350 5th Ave Fl 21", ""},
		{"10 North Main Street", "10 N. Main St", ""},
		{"10 Northeast Main Street", "10 N.E. Main St", ""},
		{"8 Saint James Street", "8 St. James St", ""},
		{"P.O. Box 12", "PO Box 12", ""},
		{"Königstraße 7", "7 Konigstrasse", ""},
		{"12 Rue Ste-Catherine", "12 rue Sainte Catherine", ""},
		{"45-12 Parsons Blvd", "4512 Parsons Boulevard", "near: only the dash in the house number differs"},
		{"500 Imaginary Ave 4B", "500 Imaginary Ave Apt 4B", "near: the unit is written in another way"},
		{"500 Imaginary Ave", "500 Imaginary Ave Apt 4B", "near: only one of the two has a unit"},
		{"500 Imaginary Ave Apt 4C", "500 Imaginary Ave Apt 4B", "mismatch: another unit"},
		{"10 N Main St", "10 Main Street", "near: only one of the two has the type or the direction of the street"},
		{"10 N Main St", "10 S Main St", "mismatch: another street"},
		{"10 Main St", "10 Main Ave", "mismatch: another street"},
		{"10 Bay View Rd", "10 Bayview Road", "near: the words are divided in another way"},
		{"22 Sample Street", "220 Sample Street", "mismatch: another house number"},
		{"22 Sample Street", "Sample Street", "mismatch: another house number"},
		{"22 Sample Street", "24 Model Lane Apt 2", "mismatch: another house number; mismatch: another street; near: only one of the two has a unit"},
		{"22 Sample Street", "", ""},
		{"Suite", "22 Sample Street", "mismatch: another house number; mismatch: another street"},
	} {
		requireSaid(t, c.want, match.FieldStreet, match.Records(living(c.a), living(c.b)), c.a+" / "+c.b)
	}
}

func TestTheRest(t *testing.T) {
	t.Parallel()
	at := func(city, postal string) porting.DonorRecord {
		return porting.DonorRecord{Address: porting.Address{City: city, PostalCode: postal}}
	}
	account := func(number string) porting.DonorRecord { return porting.DonorRecord{AccountNumber: number} }
	for _, c := range []struct {
		about string
		a, b  porting.DonorRecord
		want  []match.Difference
	}{
		{"a ZIP code with and without its four digits", at("", "10001"), at("", "10001-1234"), nil},
		{"a postal code with and without its space", at("", "SW1A 0AA"), at("", "sw1a0aa"), nil},
		{"other digits behind the ZIP code", at("", "10001-1234"), at("", "10001-9999"), []match.Difference{{match.FieldPostalCode, match.Near, "only the last four digits differ"}}},
		{"another ZIP code", at("", "10001"), at("", "10002"), []match.Difference{{match.FieldPostalCode, match.Mismatch, "another postal code"}}},
		{"a town that is abbreviated", at("Saint Louis", ""), at("St. Louis", ""), nil},
		{"another town", at("New York", "10001"), at("Newark", "07101"), []match.Difference{
			{match.FieldPostalCode, match.Mismatch, "another postal code"}, {match.FieldCity, match.Mismatch, "another town"},
		}},
		{"a town by its other name", at("Manhattan", "10001"), at("New York", "10001-4321"), []match.Difference{{match.FieldCity, match.Near, "another name for the town of one postal code"}}},
		{"an account number with and without dashes", account("900-118-22"), account("900 11822"), nil},
		{"an account number that lost its zeros", account("0090011"), account("90011"), []match.Difference{{match.FieldAccountNumber, match.Near, "only the leading zeros differ"}}},
		{"another account number", account("90011"), account("90012"), []match.Difference{{match.FieldAccountNumber, match.Mismatch, "another account number"}}},
		{"another billing number", porting.DonorRecord{BTN: "+12125550123"}, porting.DonorRecord{BTN: "+12125550124"}, []match.Difference{{match.FieldBTN, match.Mismatch, "another billing number"}}},
		{"another count of lines", porting.DonorRecord{Lines: 1}, porting.DonorRecord{Lines: 2}, []match.Difference{
			{match.FieldLines, match.Mismatch, "another count of lines, which decides whether the port is simple"},
		}},
	} {
		require.Equal(t, c.want, match.Records(c.a, c.b), c.about)
	}
}

func TestOrderComparesWithItsOwnRecord(t *testing.T) {
	t.Parallel()
	o := porting.Order{
		Numbers: []porting.Number{"+12125550123"}, Subscriber: porting.Subscriber{Name: "Jordan Example"},
		Account: porting.Account{Number: "4412-77", BTN: "+12125550123"},
	}
	require.Empty(t, match.Order(o), "there is nothing to compare with")

	o.CSR = &porting.DonorRecord{Name: "JORDAN EXAMPLE", AccountNumber: "441277", BTN: "+12125550123", Lines: 1}
	require.Empty(t, match.Order(o), "the one number is the one line")

	o.CSR = &porting.DonorRecord{Name: "Robin Sample", AccountNumber: "99", BTN: "+12125550124", Lines: 2}
	fields := map[string]bool{}
	for _, d := range match.Order(o) {
		fields[d.Field] = true
	}
	require.Equal(t, map[string]bool{match.FieldName: true, match.FieldAccountNumber: true, match.FieldBTN: true, match.FieldLines: true}, fields)

	o.Account.Lines = 2
	for _, d := range match.Order(o) {
		require.NotEqual(t, match.FieldLines, d.Field, "the account says how many lines it has")
	}
}

// A record draws words that mean something to the comparison together with words that do not.
func record(t *rapid.T, label string) porting.DonorRecord {
	words := rapid.SampledFrom([]string{
		"Jordan", "Example", "O'Brien", "José", "Straße", "L.L.C.", "Inc", "Jr", "Q", "N", "North", "St", "Street", "Saint",
		"Avenue", "Apt", "#", "4B", "Floor", "5th", "Fifth", "12", "45-12", "&", "Smith-Jones", "PO", "Box", "Ø",
	})
	text := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(words, 0, 5).Draw(t, "words"), " ") })
	return porting.DonorRecord{
		Name: text.Draw(t, label+" name"),
		Address: porting.Address{
			Street: text.Draw(t, label+" street"), City: text.Draw(t, label+" city"),
			PostalCode: rapid.StringMatching(`[01]{5}(-[01]{4})?|[AB]1 2C|`).Draw(t, label+" postal code"),
		},
		AccountNumber: rapid.StringMatching(`[01A-]{0,4}`).Draw(t, label+" account"),
		BTN:           porting.Number(rapid.SampledFrom([]string{"", "+12125550123", "+12125550124"}).Draw(t, label+" BTN")),
		Lines:         rapid.IntRange(0, 2).Draw(t, label+" lines"),
	}
}

func TestComparisonIsSymmetric(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := record(t, "first"), record(t, "second")
		require.Equal(t, match.Records(a, b), match.Records(b, a))
	})
}

func TestARecordEqualsItself(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := record(t, "record")
		require.Empty(t, match.Records(a, a))
	})
}

func TestWritingMakesNoDifference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a := record(t, "record")
		b := a
		for _, text := range []*string{&b.Name, &b.Address.Street, &b.Address.City, &b.Address.PostalCode, &b.AccountNumber} {
			*text = rewritten(t, *text)
		}
		require.Empty(t, match.Records(a, b))
	})
}

// rewritten is a text in another case, with more space and with accents.
func rewritten(t *rapid.T, s string) string {
	var out strings.Builder
	for _, r := range s {
		switch rapid.IntRange(0, 3).Draw(t, "change") {
		case 0:
			r = unicode.ToUpper(r)
		case 1:
			r = unicode.ToLower(r)
		}
		out.WriteRune(r)
		if unicode.IsLetter(r) && rapid.Bool().Draw(t, "accent") {
			out.WriteString("\u0301")
		}
		if r == ' ' {
			out.WriteString("\t ")
		}
	}
	return " " + out.String() + " "
}

func TestWhatIsSaidHoldsNoValue(t *testing.T) {
	t.Parallel()
	a := porting.DonorRecord{
		Name: "Jordan Xylo", Address: porting.Address{Street: "77 Xylo Street Apt 88", City: "Xylo", PostalCode: "77777"},
		AccountNumber: "7788", BTN: "+12125550123", Lines: 77,
	}
	b := porting.DonorRecord{
		Name: "Robin Yonder", Address: porting.Address{Street: "99 Yonder Lane Apt 66", City: "Yonder", PostalCode: "99999"},
		AccountNumber: "9966", BTN: "+12125550124", Lines: 99,
	}
	text, err := json.Marshal(match.Records(a, b))
	require.NoError(t, err)
	for _, private := range []string{"Xylo", "Yonder", "77", "88", "99", "66", "555", "Jordan", "Robin"} {
		require.NotContains(t, string(text), private)
	}
}

func FuzzRecords(f *testing.F) {
	f.Add("Liam O'Brien", "22 Sample St Apt 4", "\xff# apt", "L.L.C.-5")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		x := porting.DonorRecord{Name: a, Address: porting.Address{Street: b, City: c, PostalCode: d}, AccountNumber: a}
		y := porting.DonorRecord{Name: d, Address: porting.Address{Street: c, City: b, PostalCode: a}, AccountNumber: b}
		require.Empty(t, match.Records(x, x))
		require.Equal(t, match.Records(x, y), match.Records(y, x))
	})
}
