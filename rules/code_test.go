package rules_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

func TestCodeShapes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pack, code string
		number     porting.Number
		normalized string
		reason     string
	}{
		{"fr-mobile", "01PEROY4P4TR", "+33612345678", "01PEROY4P4TR", ""}, // the published example
		{"fr-mobile", " 01p-eroy4p 4tr ", "+33612345678", "01PEROY4P4TR", ""},
		{"fr-mobile", "01PEROY4P4TR", "", "01PEROY4P4TR", ""},
		{"fr-mobile", "01PEROY4P4TR", "+33612345687", "01PEROY4P4TR", rules.CodeChecksum}, // two digits swapped
		{"fr-mobile", "01PEROY4P4TS", "+33612345678", "01PEROY4P4TS", rules.CodeChecksum},
		{"fr-mobile", "01XEROY4P4TR", "+33612345678", "01XEROY4P4TR", rules.CodeShape},
		{"fr-mobile", "01PEROY4P4T", "+33612345678", "01PEROY4P4T", rules.CodeShape},
		{"gb-mobile", "abc 123456", "", "ABC123456", ""},
		{"gb-mobile", "ABC12345", "", "ABC12345", rules.CodeShape},
		{"gb-mobile", "ＡＢＣ１２３４５６", "", "ABC123456", ""}, // full width
		{"in", "ab-123456", "", "AB123456", ""},
		{"in", "A1123456", "", "A1123456", rules.CodeShape},
		{"jp", "1234567890", "", "1234567890", ""},
		{"jp", "123456789", "", "123456789", rules.CodeShape},
		{"mx", "1234", "", "1234", ""},
		{"mx", "12345", "", "12345", rules.CodeShape},
		{"us-wireless", "123456", "", "123456", ""},
		{"us-wireless", "123", "", "123", rules.CodeShape},
		{"us-wireless", "12345a", "", "12345A", rules.CodeShape},
	} {
		t.Run(c.pack+" "+c.code, func(t *testing.T) {
			t.Parallel()
			got, err := pack(t, c.pack).CheckCode(rules.CodeCheck{Code: porting.Secret(c.code), Number: c.number})
			require.NoError(t, err)
			require.Equal(t, c.normalized, got.Normalized.Reveal())
			require.Equal(t, c.reason, got.Reason)
			require.Equal(t, c.reason == "", got.Valid)
			require.NotEmpty(t, got.Why)
		})
	}
}

func TestCodeAges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pack, kind, code, issued, area, carrier, lastGood, tooLate string
	}{
		{"gb-mobile", "pac", "ABC123456", "2026-11-01T10:00Z", "", "", "2026-12-01T23:59Z", "2026-12-02T00:00Z"},
		{"in", "upc", "AB123456", "2026-11-01T10:00+05:30", "", "", "2026-11-05T23:59+05:30", "2026-11-06T00:00+05:30"},
		{"in", "upc", "AB123456", "2026-11-01T10:00+05:30", "J&K", "", "2026-12-01T23:59+05:30", "2026-12-02T00:00+05:30"},
		{"in", "upc", "AB123456", "2026-11-01T10:00+05:30", "assam", "", "2026-12-01T23:59+05:30", "2026-12-02T00:00+05:30"},
		{"in", "upc", "AB123456", "2026-11-01T10:00+05:30", "North-East", "", "2026-12-01T23:59+05:30", "2026-12-02T00:00+05:30"},
		{"in", "upc", "AB123456", "2026-11-01T10:00+05:30", "Delhi", "", "2026-11-05T23:59+05:30", "2026-11-06T00:00+05:30"},
		{"mx", "nip", "1234", "2026-11-01T10:00-06:00", "", "", "2026-11-06T23:59-06:00", "2026-11-07T00:00-06:00"},
		{"jp", "mnp-reservation", "1234567890", "2026-11-01T10:00+09:00", "", "", "2026-11-15T23:59+09:00", "2026-11-16T00:00+09:00"},
		{"us-wireless", "transfer-pin", "123456", "2026-11-01T10:00Z", "", "", "2026-11-05T23:59Z", "2026-11-08T00:00Z"},
		{"us-wireless", "transfer-pin", "123456", "2026-11-01T10:00Z", "", "Verizon", "2026-11-08T23:59Z", "2026-11-11T00:00Z"},
		{"us-wireless", "transfer-pin", "123456", "2026-11-01T10:00Z", "", "AT&T Business", "2026-11-15T12:00Z", "2026-11-18T00:00Z"},
		{"us-wireline-simple", "loa", "", "2026-11-01T10:00Z", "", "", "2026-12-01T12:00Z", "2026-12-03T00:00Z"},
		{"us-tollfree", "loa", "", "2026-11-01T10:00-05:00", "", "", "2026-12-01T23:59-05:00", "2026-12-02T00:00-05:00"},
		{"nz", "customer-authorisation", "", "2026-11-01T10:00+13:00", "", "", "2026-12-01T23:59+13:00", "2026-12-02T00:00+13:00"},
	} {
		t.Run(c.pack+" "+c.kind+" "+c.area+c.carrier, func(t *testing.T) {
			t.Parallel()
			p := pack(t, c.pack)
			check := rules.CodeCheck{Kind: c.kind, Code: porting.Secret(c.code), Issued: at(t, c.issued), Area: c.area, Carrier: c.carrier}
			judge := func(when time.Time) rules.CodeResult {
				check.At = when
				got, err := p.CheckCode(check)
				require.NoError(t, err)
				return got
			}
			require.True(t, judge(at(t, c.lastGood)).Valid)
			require.Equal(t, rules.CodeExpired, judge(at(t, c.tooLate)).Reason)
			require.Equal(t, rules.CodeNotYetIssued, judge(at(t, c.issued).Add(-time.Minute)).Reason)
		})
	}
}

// A life of hours ends on its minute, one of days with its last day.
func TestCodeThatIsGoodForHours(t *testing.T) {
	t.Parallel()
	b, err := rules.LoadDir(myPack(t, with("codes", "[{kind: pac, title: code, issuer: donor, validity: 4h, "+fact+"}]")...))
	require.NoError(t, err)
	p, err := b.Pack("atlantis")
	require.NoError(t, err)
	for when, valid := range map[string]bool{"2026-11-01T13:59+08:00": true, "2026-11-01T14:00+08:00": false} {
		got, err := p.CheckCode(rules.CodeCheck{Kind: "pac", Code: "1234", Issued: at(t, "2026-11-01T10:00+08:00"), At: at(t, when)})
		require.NoError(t, err)
		require.Equal(t, valid, got.Valid, when)
	}
}

func TestCodeOfAnUnknownAge(t *testing.T) {
	t.Parallel()
	day := at(t, "2026-11-01T10:00Z")
	for _, c := range []struct {
		issued, at time.Time
		checked    bool
	}{{}, {issued: day}, {at: day}, {issued: day, at: day, checked: true}} {
		got, err := pack(t, "gb-mobile").CheckCode(rules.CodeCheck{Code: "ABC123456", Issued: c.issued, At: c.at})
		require.NoError(t, err)
		require.True(t, got.Valid)
		require.Equal(t, !c.issued.IsZero(), got.Until != nil)
		require.Equal(t, !c.checked, strings.Contains(got.Why, "its age was not checked"))
	}
}

func TestCodeOfTheWrongCountry(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pack  string
		check rules.CodeCheck
		code  string
	}{
		{"gb-mobile", rules.CodeCheck{Code: "01PEROY4P4TR"}, "code-wrong-country"},
		{"fr-mobile", rules.CodeCheck{Code: "ABC123456"}, "code-wrong-country"},
		{"in", rules.CodeCheck{Code: "ABC123456"}, "code-wrong-country"},
		{"us-wireless", rules.CodeCheck{Code: "AB123456"}, "code-wrong-country"},
		{"gb-mobile", rules.CodeCheck{Kind: "upc", Code: "AB123456"}, "code-wrong-country"},
		{"de", rules.CodeCheck{Code: "ABC123456"}, "code-not-used"},
		{"gb-mobile", rules.CodeCheck{Kind: "password", Code: "ABC123456"}, "code-not-used"},
		{"fr-mobile", rules.CodeCheck{Code: "01PEROY4P4TR", Number: "+33"}, "number-wrong-country"},
		{"fr-mobile", rules.CodeCheck{Code: "01PEROY4P4TR", Number: "+442071234567"}, "number-wrong-country"},
	} {
		_, err := pack(t, c.pack).CheckCode(c.check)
		refused(t, err, c.code)
		require.NotContains(t, err.Error(), c.check.Code.Reveal(), "an error shows no code")
	}
}

// TestRIOKey checks the key's arithmetic against itself: whatever the reference, exactly one key fits the number, and a
// number with two different digits swapped needs another.
func TestRIOKey(t *testing.T) {
	t.Parallel()
	p := pack(t, "fr-mobile")
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+"
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.StringMatching(`[0-9A-Z]{2}[EP][0-9A-Z]{6}`).Draw(t, "body")
		digits := rapid.StringMatching(`[67][0-9]{8}`).Draw(t, "number")
		var sums [3]int
		for _, r := range body + "0" + digits {
			for i := range sums {
				sums[i] = (sums[i]<<i + strings.IndexRune(alphabet, r)) % len(alphabet)
			}
		}
		key := fmt.Sprintf("%c%c%c", alphabet[sums[0]], alphabet[sums[1]], alphabet[sums[2]])
		valid := func(digits string) bool {
			got, err := p.CheckCode(rules.CodeCheck{Code: porting.Secret(body + key), Number: porting.Number("+33" + digits)})
			if err != nil {
				t.Fatal(err)
			}
			return got.Valid
		}
		if !valid(digits) {
			t.Fatalf("%s%s does not fit %s", body, key, digits)
		}
		i := rapid.IntRange(1, len(digits)-2).Draw(t, "swap")
		swapped := digits[:i] + digits[i+1:i+2] + digits[i:i+1] + digits[i+2:]
		if swapped != digits && valid(swapped) {
			t.Fatalf("%s%s fits %s and %s", body, key, digits, swapped)
		}
	})
}

func FuzzCheckCode(f *testing.F) {
	for _, seed := range []string{"01PEROY4P4TR", "ABC123456", "AB123456", "1234567890", "1234", "++++++++++++", "\x00", "é", "＋"} {
		f.Add(seed, "+33612345678", "J&K")
	}
	b, err := rules.Embedded()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, code, number, area string) {
		for _, p := range b.List() {
			got, err := p.CheckCode(rules.CodeCheck{Code: porting.Secret(code), Number: porting.Number(number), Area: area})
			if err == nil && got.Valid != (got.Reason == "") {
				t.Fatalf("%s: valid %v with reason %q", p.Ref(), got.Valid, got.Reason)
			}
		}
	})
}
