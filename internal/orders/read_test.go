package orders_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/porting"
)

func read(t *testing.T, text string) (porting.Order, error) {
	t.Helper()
	return orders.Read(strings.NewReader(text), options)
}

func example(t testing.TB, name string) string { return string(load(t, examples+"/"+name)) }

func TestReadGivesTheWholeOrder(t *testing.T) {
	t.Parallel()
	order, err := read(t, example(t, "us-wireline-nonsimple.yaml"))
	require.NoError(t, err)

	numbers := []porting.Number{"+12125550140"}
	for n := 150; n <= 159; n++ {
		numbers = append(numbers, porting.Number(fmt.Sprintf("+12125550%d", n)))
	}
	require.Equal(t, porting.Order{
		Reference: "ACME-2026-0118", Version: 1, Kind: porting.KindWireline, Country: "US",
		Numbers:   append(numbers, "+12125550199"),
		Donor:     porting.Party{Name: "Hudson Telephone", SPID: "1234"},
		Recipient: porting.Party{Name: "Acme Voice", SPID: "567A"},
		Subscriber: porting.Subscriber{
			Name: "Example Bakery LLC", Business: true,
			Address: porting.Address{Street: "22 Sample Street", City: "New York", Region: "NY", PostalCode: "10002", Country: "US"},
			Contact: porting.Contact{Email: "office@bakery.example", Phone: "+12125550188"},
		},
		Account: porting.Account{Number: "900-118-22", BTN: "+12125550140", Lines: 12, Features: []string{"centrex"}},
		Authorization: porting.Authorization{
			Kind: "loa", SignedBy: "Robin Sample",
			SignedAt:       order.Authorization.SignedAt,
			DocumentSHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
		},
		Wishes: porting.Wishes{DueDate: "2031-03-14", AllOrNothing: true},
		CSR: &porting.DonorRecord{
			Name: "EXAMPLE BAKERY, L.L.C.", AccountNumber: "90011822", BTN: "+12125550140", Lines: 12,
			Address: porting.Address{Street: "22 Sample St.", City: "New York", Region: "NY", PostalCode: "10002-4471"},
		},
		SubmittedBy: "ana@desk",
	}, order)
	require.Equal(t, "2026-01-13T15:05:00-05:00", order.Authorization.SignedAt.Format(time.RFC3339))
}

func TestReadNormalises(t *testing.T) {
	t.Parallel()
	text := example(t, "us-wireless.yaml")
	text = strings.NewReplacer("kind: wireless", "kind: mobile", "country: US", "country: usa", `spid: "567B"`, "spid: 567b",
		`- "+14155550134"`, "- (415) 555-0134", `"+14155550177"`, "415.555.0177").Replace(text)
	order, err := read(t, text)
	require.NoError(t, err)
	require.Equal(t, porting.KindWireless, order.Kind)
	require.Equal(t, "US", order.Country)
	require.Equal(t, "US", order.Subscriber.Address.Country)
	require.Equal(t, "567B", order.Recipient.SPID)
	require.Equal(t, []porting.Number{"+14155550134"}, order.Numbers)
	require.Equal(t, "+14155550177", order.Subscriber.Contact.Phone)
	require.Equal(t, "004217", order.Authorization.Code.Reveal())
}

func TestReadKeepsUnquotedTextAsWritten(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer(`"+12125550123"`, "+12125550123", `"1234"`, "0123", `"10001"`, "02134", `"4412-77"`, "0o17",
		"name: Jordan Example", "name: 007").Replace(example(t, "us-wireline-simple.yaml"))
	order, err := read(t, text)
	require.NoError(t, err)
	require.Equal(t, []porting.Number{"+12125550123"}, order.Numbers)
	require.Equal(t, porting.Number("+12125550123"), order.Account.BTN)
	require.Equal(t, "0123", order.Donor.SPID)
	require.Equal(t, "02134", order.Subscriber.Address.PostalCode)
	require.Equal(t, "0o17", order.Account.Number)
	require.Equal(t, "007", order.Subscriber.Name)
}

func TestReadTakesJSON(t *testing.T) {
	t.Parallel()
	order, err := read(t, `{
		"reference": "J-1", "kind": "wireless", "numbers": ["+447700900123", {"from": "+447700900130", "to": "+447700900131"}],
		"donor": {"name": "Thames Mobile"}, "recipient": {"name": "Acme \u00dcber\/Mobile"},
		"subscriber": {"name": "Charlie \ud83d\ude00 \\/", "contact": {"email": "charlie@example.org"}},
		"authorization": {"kind": "pac", "code": "ABC123456", "issued_at": "2026-01-18T08:00:00Z"}
	}`)
	require.NoError(t, err)
	require.Equal(t, "GB", order.Country, "from the numbers")
	require.Equal(t, []porting.Number{"+447700900123", "+447700900130", "+447700900131"}, order.Numbers)
	require.Equal(t, "Acme Über/Mobile", order.Recipient.Name)
	require.Equal(t, "Charlie 😀 \\/", order.Subscriber.Name)
	require.Equal(t, time.Date(2026, 1, 18, 8, 0, 0, 0, time.UTC), order.Authorization.IssuedAt.UTC())
}

func TestReadTakesAByteOrderMark(t *testing.T) {
	t.Parallel()
	_, err := read(t, "\ufeff"+example(t, "gb-mobile.yaml"))
	require.NoError(t, err)
}

func TestReadRefusesWhatIsNoOrderFile(t *testing.T) {
	t.Parallel()
	simple := example(t, "us-wireline-simple.yaml")
	cases := map[string]struct{ text, code string }{
		"empty":               {"", "file-empty"},
		"blank":               {" \n\t\n", "file-empty"},
		"only a mark":         {"\ufeff", "file-empty"},
		"only comments":       {"# later\n", "file-empty"},
		"null":                {"---\n~\n", "file-empty"},
		"10 MB":               {strings.Repeat("# padding\n", 1<<20), "file-too-large"},
		"1 MiB and a byte":    {simple + strings.Repeat("#", 1<<20-len(simple)+1), "file-too-large"},
		"UTF-16 little":       {utf16File(simple, binary.LittleEndian), "file-utf16"},
		"UTF-16 big":          {utf16File(simple, binary.BigEndian), "file-utf16"},
		"UTF-16 without mark": {utf16File(simple, binary.LittleEndian)[2:], "file-not-text"},
		"binary":              {"\x89PNG\r\n\x1a\n\x00\x00", "file-not-text"},
		"Latin-1":             {"reference: M\xfcller\n", "file-not-text"},
		"words":               {"please port my number", "wrong-type"},
		"list":                {"[]", "wrong-type"},
		"open bracket":        {"{", "file-syntax"},
		"deep":                {strings.Repeat("[", 100_000), "file-syntax"},
		"second is broken":    {simple + "---\n{", "several-documents"},
		"half a surrogate":    {`{"reference": "\ud83d"}`, "file-syntax"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := read(t, c.text)
			var invalid *orders.InvalidOrderError
			require.ErrorAs(t, err, &invalid)
			require.Len(t, invalid.Problems, 1)
			require.Equal(t, c.code, invalid.Problems[0].Code)
			require.Equal(t, "order-invalid", porting.CodeOf(err))
			require.Equal(t, 2, porting.ExitCode(err))
		})
	}
}

func utf16File(text string, order binary.AppendByteOrder) string {
	out := order.AppendUint16(nil, 0xFEFF)
	for _, unit := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, unit)
	}
	return string(out)
}

func TestReadTakesExactlyTheLargestFile(t *testing.T) {
	t.Parallel()
	simple := example(t, "us-wireline-simple.yaml")
	_, err := read(t, simple+strings.Repeat("#", 1<<20-len(simple)))
	require.NoError(t, err)
}

func TestReadSaysWhenTheFileBreaksOff(t *testing.T) {
	t.Parallel()
	broken := io.MultiReader(strings.NewReader("reference: A"), iotest.ErrReader(os.ErrClosed))
	_, err := orders.Read(broken, options)
	require.ErrorIs(t, err, os.ErrClosed)
	require.Equal(t, porting.Failed, porting.KindOf(err))
	require.Equal(t, "order-unreadable", porting.CodeOf(err))
}

func TestAliasBombIsRefusedUnexpanded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("reference: &a [x, x]\n")
	for i := range 24 {
		fmt.Fprintf(&b, "l%c: &%c [*%c, *%c, *%c, *%c]\n", 'b'+i, 'b'+i, 'a'+i, 'a'+i, 'a'+i, 'a'+i)
	}
	_, err := read(t, b.String())
	require.ErrorContains(t, err, "reference: an order has no anchors (line 1)")
}

func TestRepeatedProblemsAreBoundedAndHideNoOther(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for range 50_000 {
		b.WriteString("bad: 1\n")
	}
	counts := map[string]int{}
	for _, p := range orders.Lint([]byte(b.String()), options) {
		counts[p.Code]++
	}
	require.Equal(t, 100, counts["unknown-field"])
	require.Equal(t, 1, counts["reference-missing"])
}

func TestInvalidOrderErrorListsEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := read(t, strings.ReplaceAll(example(t, "us-wireline-simple.yaml"), "postal_code", "zip"))
	require.EqualError(t, err, "read order: 2 problems; correct the order and send it again\n"+
		"  subscriber.address.postal_code: missing (line 24); write the account's ZIP code: donors compare it\n"+
		"  subscriber.address.zip: unknown field (line 28); known: city, country, postal_code, region, street")
	var said *porting.Error
	require.ErrorAs(t, err, &said)
	require.Equal(t, porting.Invalid, said.Kind)
}

// TestProblemsTellNothingPersonal mistypes an order in many ways and looks for its values in what is said.
func TestProblemsTellNothingPersonal(t *testing.T) {
	t.Parallel()
	text := `
reference: Meier 2125550147
kind: Meier
country: Meier
numbers: [{from: "+12125550147x", to: "+12125550999"}, "+12125550147 ext 4711", "+12125550147", "+1 212 555 0147", Meier]
+12125550147: 1
donor: Meier
recipient: {name: [Meier], spid: Meier-Meier-Meier}
subscriber: {name: "Meier\tMeier", contact: {email: Meier, phone: "+1212555014799"}, address: {country: Meier}}
account: {number: true, btn: "0009999", features: [Meier]}
csr: {name: Meierin, address: {street: Meierweg 9, country: Meier}, btn: Meier, account_number: Meier, lines: 2}
authorization: {kind: Meier, code: {pin: Meier}, signed_at: Meier, document_sha256: Meier}
wishes: {due_date: Meier}
`
	problems := orders.Lint([]byte(text), options)
	require.Greater(t, len(problems), 15)
	for _, p := range problems {
		require.NotContains(t, p.String(), "Meier")
		require.NotContains(t, p.String(), "2125550147", "a whole number is shown")
		require.NotContains(t, p.String(), "4711 ", "an extension is shown")
	}
}

func TestCheckAgreesWithRead(t *testing.T) {
	t.Parallel()
	for _, name := range files(t, "*.yaml") {
		order, err := read(t, string(load(t, name)))
		require.NoError(t, err)
		checked, problems := orders.Check(order, options)
		require.Empty(t, problems, name)
		require.Equal(t, order, checked, name)
	}
}

func TestCheckFindsWhatIsWrongWithoutAFile(t *testing.T) {
	t.Parallel()
	order, err := read(t, example(t, "us-wireless.yaml"))
	require.NoError(t, err)
	order.Authorization.Code, order.Authorization.CodeRef = "", "vault:1"
	_, problems := orders.Check(order, options)
	require.Empty(t, problems, "the reference of a code stands for the code")

	order.Authorization.CodeRef = ""
	order.Account.Lines = -1
	order.Numbers = append(order.Numbers, "000")
	_, problems = orders.Check(order, options)
	require.Equal(t, []string{"number-invalid", "lines-negative", "code-missing"}, codes(problems))
	require.Zero(t, problems[0].Line)
}

func codes(problems []orders.Problem) []string {
	var all []string
	for _, p := range problems {
		all = append(all, p.Code)
	}
	return all
}

func TestDatesAreJudgedFairlyInEveryZone(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		now time.Time
		due string
		ok  bool
	}{
		"today":                             {now, "2026-01-19", true},
		"tomorrow":                          {now, "2026-01-20", true},
		"yesterday":                         {now, "2026-01-18", false},
		"yesterday, not over everywhere":    {time.Date(2026, 1, 19, 11, 59, 0, 0, time.UTC), "2026-01-18", true},
		"yesterday, over everywhere":        {time.Date(2026, 1, 19, 12, 0, 0, 0, time.UTC), "2026-01-18", false},
		"now is given in a zone further on": {time.Date(2026, 1, 19, 1, 0, 0, 0, time.FixedZone("", 14*3600)), "2026-01-17", true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := example(t, "us-wireline-simple.yaml") + "wishes: {due_date: " + c.due + "}\n"
			order, err := orders.Read(strings.NewReader(text), orders.Options{Now: c.now})
			if !c.ok {
				require.ErrorContains(t, err, "wishes.due_date: the date has passed")
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.due, order.Wishes.DueDate)
		})
	}
}

func TestTheZeroOptionsTellTheTimeThemselves(t *testing.T) {
	t.Parallel()
	_, err := orders.Read(strings.NewReader(example(t, "us-wireline-simple.yaml")), orders.Options{})
	require.NoError(t, err)
}
