package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/porting"
)

// scenarios are what the carrier does. All is over within seconds: a production worker lives in real time.
var scenarios = map[string]string{
	"prompt": `
about: The carrier answers at once, for a date seconds ahead.
steps:
  - {on: submitted, after: 1s, then: confirmed, foc: 3s}
  - {on: activation-asked, after: 1s, then: activated}
  - {on: cancel-asked, after: 1s, then: cancelled}
  - {on: reversal-asked, after: 1s, then: reversed}
`,
	"slow": `
about: The carrier takes its time, and moves the date once.
steps:
  - {on: submitted, after: 3s, then: confirmed, foc: 8s}
  - {on: confirmed, after: 2s, then: foc-changed, by: 3s}
  - {on: activation-asked, after: 3s, then: activated}
  - {on: cancel-asked, after: 3s, then: cancelled}
  - {on: reversal-asked, after: 3s, then: reversed}
`,
	"hasty": `
about: The carrier moves the numbers although it was asked to cancel.
steps:
  - {on: submitted, after: 1s, then: confirmed, foc: 6s}
  - {on: activation-asked, after: 1s, then: activated}
  - {on: cancel-asked, after: 1s, then: ported-anyway}
  - {on: reversal-asked, after: 1s, then: reversed}
`,
}

// writeRules writes the desk's own practice for ports that shall end today, and a notice that must come before the numbers move.
func writeRules(t *testing.T, dir string) {
	t.Helper()
	desk := pack(t, "_desk")
	for _, change := range [][2]string{
		{"  guard:\n    start: activation\n    for: 24h", "  guard:\n    start: activation\n    for: 1m"},
		{"  undo-retry:\n    start: undo\n    for: 1h", "  undo-retry:\n    start: undo\n    for: 1m"},
	} {
		require.Contains(t, desk, change[0])
		desk = strings.Replace(desk, change[0], change[1], 1)
	}
	write := func(name, text string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".yaml"), []byte(text), 0o600))
	}
	write("_desk", desk)
	for _, name := range []string{"us-wireline-simple", "us-wireline-nonsimple"} {
		text := pack(t, name)
		require.NotContains(t, text, "\nnotices:")
		write(name, text+demandedNotice)
	}
}

const demandedNotice = `
notices:
  - event: port request
    audience: customer
    party: recipient
    before: activation
    content: that the numbers are about to move
    status: effective
    rule: the recipient tells the customer before the numbers move
    cite: chaos campaign
    confidence: desk
`

func pack(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "rules", "packs", name+".yaml"))
	require.NoError(t, err)
	return string(text)
}

// The canaries: words of people who do not exist. They must be nowhere in the clear.
const (
	holder  = "Quillon Vestergaardsen"
	street  = "4711 Zanderholt Crescent"
	email   = "quillon.vestergaardsen@zanderholt.example"
	account = "KX-90417735-QZ"
	code    = "884173920561"
	prefix  = "1212555" // of every number that comes in
)

var canaries = []string{holder, "Vestergaardsen", street, "Zanderholt", email, account, code, prefix}

// orderOf is the order of a port-in.
func orderOf(c choice) (porting.Order, error) {
	authorization := "{kind: loa, signed_at: 2026-01-12T09:30:00-05:00, signed_by: " + holder + "}"
	if c.Coded {
		authorization = "{kind: transfer-pin, code: \"" + code + "\"}"
	}
	text := fmt.Sprintf(`
reference: %s
tenant: acme
kind: wireline
country: US
numbers: ["%s"]
donor: {name: Hudson Telephone, spid: "1234"}
recipient: {name: Acme Voice, spid: 567A}
subscriber:
  name: %s
  address: {street: %s, city: New York, region: NY, postal_code: "10001", country: US}
  contact: {email: %s}
account: {number: %s}
authorization: %s
submitted_by: ana@desk
`, c.Reference, c.Number, holder, street, email, account, authorization)
	order, err := orders.Read(strings.NewReader(text), orders.Options{Now: time.Now()})
	order.Version = 1
	return order, err
}

// requestOf is what a counterparty asks for.
func requestOf(c choice) porting.PortOutRequest {
	country := "FR"
	if c.American {
		country = "US"
	}
	return porting.PortOutRequest{
		ID: c.Reference, Kind: porting.KindWireless, Country: country, Carrier: "simulator", Numbers: []porting.Number{porting.Number(c.Number)},
		Recipient: porting.Party{Name: "Mobile Example", SPID: "ME"}, Donor: porting.Party{Name: "Acme Mobile", SPID: "AC"},
	}
}
