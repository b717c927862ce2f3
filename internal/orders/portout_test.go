package orders_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/porting"
)

const goodRequest = `
id: WPR-77
carrier: simulator
kind: wireless
numbers: ["+12125550123"]
recipient: {name: Other Mobile, spid: OM01}
given: {account: 4412-77, postal_code: "10001", pin: "004217"}
received_at: 2026-11-23T14:00:00Z
silence_at: 2026-11-24T14:00:00Z
`

func readRequest(text string) (porting.PortOutRequest, error) {
	return orders.ReadPortOut(strings.NewReader(text), orders.Options{Now: time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)})
}

func TestReadPortOut(t *testing.T) {
	t.Parallel()
	r, err := readRequest(goodRequest)
	require.NoError(t, err)
	require.Equal(t, "WPR-77", r.ID)
	require.Equal(t, []porting.Number{"+12125550123"}, r.Numbers)
	require.Equal(t, "004217", r.Given.PIN.Reveal(), "the quotes keep the zeros")
	require.Equal(t, 24*time.Hour, r.SilenceAt.Sub(r.ReceivedAt))

	now, err := readRequest(`{"id": "x", "numbers": ["+12125550123"], "recipient": {"name": "Other"}}`)
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC), now.ReceivedAt)
}

func TestReadPortOutListsEveryProblem(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"no ID":          {strings.Replace(goodRequest, "id: WPR-77", "", 1), "id:"},
		"no recipient":   {strings.Replace(goodRequest, "name: Other Mobile, ", "", 1), "recipient.name:"},
		"no numbers":     {strings.Replace(goodRequest, `["+12125550123"]`, "[]", 1), "numbers:"},
		"a bad number":   {strings.Replace(goodRequest, `"+12125550123"`, `"2125550123"`, 1), "numbers[0]:"},
		"a number twice": {strings.Replace(goodRequest, `["+12125550123"]`, `["+12125550123", "+12125550123"]`, 1), "numbers[1]:"},
		"silence before": {strings.Replace(goodRequest, "silence_at: 2026-11-24", "silence_at: 2026-11-22", 1), "silence_at:"},
		"from tomorrow":  {strings.Replace(goodRequest, "received_at: 2026-11-23", "received_at: 2026-12-23", 1), "received_at:"},
		"unknown field":  {goodRequest + "colour: red\n", "colour"},
		"no request":     {"just words", "line 1"},
		"bad date":       {goodRequest + "due_date: tomorrow\n", "due_date:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readRequest(c.text)
			require.Equal(t, "request-invalid", porting.CodeOf(err))
			require.Contains(t, err.Error(), c.says)
			require.NotContains(t, err.Error(), "2125550123")
			require.NotContains(t, err.Error(), "004217")
		})
	}
	_, err := readRequest(strings.Repeat("#", 2<<20))
	require.Equal(t, "request-invalid", porting.CodeOf(err))
}
