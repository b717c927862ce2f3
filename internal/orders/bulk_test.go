package orders_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/porting"
)

const aTemplate = `
reference: ACME-2026
kind: wireline
donor: {name: Hudson Telephone, spid: "1234"}
recipient: {name: Acme Voice, spid: 567A}
subscriber: {name: Jordan Example, address: {street: 1 Example Plaza, city: New York, region: NY, postal_code: "10001", country: US}, contact: {email: jordan@example.com}}
account: {number: "4412-77"}
authorization: {kind: loa, signed_at: 2026-01-12T09:30:00-05:00, signed_by: Jordan Example}
submitted_by: ana@desk
`

var bulkNow = orders.Options{Now: time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)}

func template(t *testing.T, text string) porting.Order {
	t.Helper()
	order, err := orders.ReadTemplate(strings.NewReader(text), bulkNow)
	require.NoError(t, err)
	return order
}

func readBulk(t *testing.T, list string, portsOf int) orders.Bulk {
	t.Helper()
	bulk, err := orders.ReadBulk(strings.NewReader(list), template(t, aTemplate), orders.BulkOptions{Options: bulkNow, PortsOf: portsOf})
	require.NoError(t, err)
	return bulk
}

func TestReadTemplate(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Hudson Telephone", template(t, aTemplate).Donor.Name)

	whatRowsBring := strings.NewReplacer("kind: wireline\n", "", "name: Jordan Example, ", "", "kind: loa", "kind: transfer-pin").Replace(aTemplate)
	template(t, whatRowsBring)

	for code, text := range map[string]string{
		"numbers-in-template": aTemplate + "numbers: ['+12125550123']",
		"kind-unknown":        strings.Replace(aTemplate, "wireline", "telegraph", 1),
		"donor-missing":       strings.Replace(aTemplate, "name: Hudson Telephone, ", "", 1),
		"unknown-field":       aTemplate + "priority: high",
		"reference-too-long":  strings.Replace(aTemplate, "ACME-2026", "A"+strings.Repeat("x", 58), 1),
		"file-empty":          "",
	} {
		_, err := orders.ReadTemplate(strings.NewReader(text), bulkNow)
		var invalid *orders.InvalidOrderError
		require.ErrorAs(t, err, &invalid, code)
		require.Equal(t, code, invalid.Problems[0].Code)
		require.Equal(t, porting.Invalid, porting.KindOf(err))
	}
	_, err := orders.ReadTemplate(iotest.ErrReader(errors.New("gone")), bulkNow)
	require.Equal(t, "order-unreadable", porting.CodeOf(err))
}

func TestReadBulkPutsNumbersTogether(t *testing.T) {
	t.Parallel()
	bulk := readBulk(t, `number,account_number,name,street,city,country,code,carrier,kind
+12125550123,,,,,,,,
+12125550124,,,,,,,,
+447700900123,GB-1,,2 Sample Road,London,UK,ABC123456,,mobile
+12125550125,77,,,,,,,
+12125550126,,,,,,,fast,
+12125550127,,Robin Sample,,,,,,
(212) 555-0128,,,,,US,,,
`, 0)
	require.Empty(t, bulk.Errors)
	require.Equal(t, 7, bulk.Rows)
	require.Equal(t, 7, bulk.Good)
	type port struct {
		reference, country, kind, account, carrier, name string
		numbers                                          string
	}
	var got []port
	for _, o := range bulk.Orders {
		var numbers []string
		for _, n := range o.Numbers {
			numbers = append(numbers, n.E164())
		}
		got = append(got, port{o.Reference, o.Country, o.Kind, o.Account.Number, o.Carrier, o.Subscriber.Name, strings.Join(numbers, " ")})
	}
	require.Equal(t, []port{
		{"ACME-2026-0001", "US", "wireline", "4412-77", "", "Jordan Example", "+12125550123 +12125550124 +12125550128"},
		{"ACME-2026-0002", "GB", "wireless", "GB-1", "", "Jordan Example", "+447700900123"},
		{"ACME-2026-0003", "US", "wireline", "77", "", "Jordan Example", "+12125550125"},
		{"ACME-2026-0004", "US", "wireline", "4412-77", "fast", "Jordan Example", "+12125550126"},
		{"ACME-2026-0005", "US", "wireline", "4412-77", "", "Robin Sample", "+12125550127"},
	}, got)
	require.Equal(t, porting.Secret("ABC123456"), bulk.Orders[1].Authorization.Code)
	require.Equal(t, porting.Address{Street: "2 Sample Road", City: "London", Region: "NY", PostalCode: "10001", Country: "GB"}, bulk.Orders[1].Subscriber.Address)
	require.Equal(t, "ana@desk", bulk.Orders[4].SubmittedBy)
}

// An account whose numbers need several carrier orders stays one account: its ports are not simple because they are small.
func TestReadBulkSplitsLargeAccounts(t *testing.T) {
	t.Parallel()
	bulk := readBulk(t, numberList(5), 2)
	require.Len(t, bulk.Orders, 3)
	for i, want := range []int{2, 2, 1} {
		require.Len(t, bulk.Orders[i].Numbers, want)
		require.Equal(t, 5, bulk.Orders[i].Account.Lines)
	}
}

func numberList(n int) string {
	var b strings.Builder
	b.WriteString("number\n")
	for i := range n {
		fmt.Fprintf(&b, "+1212%03d%04d\n", 200+i/10000, i%10000)
	}
	return b.String()
}

func TestReadBulkListsEveryBadRow(t *testing.T) {
	t.Parallel()
	bulk := readBulk(t, "number,account_number,kind,carrier\n"+
		"+12125550123,1,,\n"+
		"+1212555,1,,\n"+
		"+12125550123,2,,\n"+
		",,,\n"+
		"+12125550124,1,telegraph,my carrier\n"+
		"+12125550125,1\n"+
		"+12125550126,\"1\"x,,\n"+
		",7,,\n"+
		"+12125550127,a\x01b,,\n"+
		"+12125550128,1,,\n", 0)
	type short struct {
		line         int
		column, code string
	}
	var got []short
	for _, e := range bulk.Errors {
		require.NotEmpty(t, e.Message)
		require.NotEmpty(t, e.Next)
		require.NotContains(t, e.Message, "2125550", "numbers are masked")
		got = append(got, short{e.Line, e.Column, e.Code})
	}
	require.Equal(t, []short{
		{3, "number", "number-invalid"},
		{4, "number", "number-twice"},
		{6, "carrier", "name-malformed"},
		{6, "kind", "kind-unknown"},
		{7, "", "row-columns"},
		{8, "", "row-syntax"},
		{9, "number", "number-missing"},
		{10, "account_number", "text-control"},
	}, got)
	require.Equal(t, 9, bulk.Rows)
	require.Equal(t, 2, bulk.Good)
	require.Equal(t, "+1…0123 is already listed on line 2", bulk.Errors[1].Message)
}

func TestReadBulkReadsWhatSpreadsheetsWrite(t *testing.T) {
	t.Parallel()
	for _, list := range []string{
		"number,account_number\n+12125550123,7\n",
		"\ufeffNumber;Account_Number\r\n+12125550123;7\r\n;\r\n",
		"number\taccount_number\n+12125550123\t7",
		"account_number , number \n\n 7 , +1 212-555-0123 \n",
	} {
		bulk := readBulk(t, list, 0)
		require.Empty(t, bulk.Errors, list)
		require.Equal(t, []porting.Number{"+12125550123"}, bulk.Orders[0].Numbers)
		require.Equal(t, "7", bulk.Orders[0].Account.Number)
	}
}

func TestReadBulkListsThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for code, list := range map[string]string{
		"list-empty":     "number\n\n",
		"list-utf16":     "\xff\xfen\x00",
		"list-not-text":  "number\n\xff\n",
		"header-syntax":  "\"number\n",
		"column-unknown": "number,phone\n1,2\n",
		"column-twice":   "number,Number\n1,2\n",
		"column-missing": "name,kind\n1,2\n",
		"rows-too-many":  numberList(101),
		"list-too-large": strings.Repeat("number,", 3<<20),
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			options := orders.BulkOptions{Options: bulkNow}
			options.MaxNumbers = 100
			_, err := orders.ReadBulk(strings.NewReader(list), template(t, aTemplate), options)
			require.Equal(t, code, porting.CodeOf(err))
			require.Equal(t, porting.Invalid, porting.KindOf(err))
		})
	}
	_, err := orders.ReadBulk(iotest.ErrReader(errors.New("gone")), porting.Order{}, orders.BulkOptions{})
	require.Equal(t, porting.Failed, porting.KindOf(err))
	_, err = orders.ReadBulk(strings.NewReader(numberList(1)), porting.Order{}, orders.BulkOptions{PortsOf: 1001})
	require.Equal(t, "ports-of-range", porting.CodeOf(err))
}

// The number of a port must not complete a telephone number in its name.
func TestReadBulkKeepsNumbersOutOfNames(t *testing.T) {
	t.Parallel()
	leaky := template(t, strings.Replace(aTemplate, "ACME-2026", "ACME-212200", 1))
	_, err := orders.ReadBulk(strings.NewReader("number\n+12122000001\n"), leaky, orders.BulkOptions{Options: bulkNow})
	require.Equal(t, "reference-number", porting.CodeOf(err))
}

// Every good row is in exactly one order, no order is too large, and the same list gives the same orders.
func TestReadBulkLosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		portsOf := rapid.IntRange(1, 5).Draw(rt, "ports of")
		var list strings.Builder
		list.WriteString("number,account_number,kind\n")
		for range rapid.IntRange(1, 30).Draw(rt, "rows") {
			fmt.Fprintf(&list, "+121255501%02d,%d,%s\n", rapid.IntRange(0, 60).Draw(rt, "number"), rapid.IntRange(1, 3).Draw(rt, "account"),
				rapid.SampledFrom([]string{"", "wireless", "?"}).Draw(rt, "kind"))
		}
		bulk := readBulk(t, list.String(), portsOf)
		seen := map[porting.Number]bool{}
		for i, o := range bulk.Orders {
			require.Equal(rt, fmt.Sprintf("ACME-2026-%04d", i+1), o.Reference)
			require.NotEmpty(rt, o.Numbers)
			require.LessOrEqual(rt, len(o.Numbers), portsOf)
			for _, n := range o.Numbers {
				require.False(rt, seen[n])
				seen[n] = true
			}
		}
		require.Len(rt, seen, bulk.Good)
		require.Equal(rt, bulk.Rows, bulk.Good+len(bulk.Errors))
		require.Equal(rt, bulk, readBulk(t, list.String(), portsOf))
	})
}

func BenchmarkReadBulk(b *testing.B) {
	list := numberList(20_000)
	order, err := orders.ReadTemplate(strings.NewReader(aTemplate), bulkNow)
	require.NoError(b, err)
	for b.Loop() {
		bulk, err := orders.ReadBulk(strings.NewReader(list), order, orders.BulkOptions{Options: bulkNow})
		require.NoError(b, err)
		require.Len(b, bulk.Orders, 100)
	}
}
