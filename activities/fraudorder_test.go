package activities_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// evidenceOf is what the ledger kept of the only judgement on the port.
func (w *world) evidenceOf() (e fraud.Evidence) {
	w.t.Helper()
	kept := w.judgements()
	require.Len(w.t, kept, 1)
	text, err := w.Vault.Open(ledger.EvidencePlace(portID, kept[0].Nonce), kept[0].Evidence)
	require.NoError(w.t, err)
	require.NoError(w.t, json.Unmarshal([]byte(text.Reveal()), &e))
	return e
}

// What an order shows by itself: where its people are, whom it names, and which numbers it moves.
func TestWhatAnOrderShows(t *testing.T) {
	t.Parallel()
	marks := filepath.Join(t.TempDir(), "marked")
	require.NoError(t, os.WriteFile(marks, []byte("+12125550123 # the director\n"), 0o600))
	marked, err := fraud.LoadMarked(marks)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		change func(*porting.Order)
		marked fraud.Marked
		says   string
	}{
		"as it is":             {func(*porting.Order) {}, fraud.Marked{}, ""},
		"a contact at home":    {func(o *porting.Order) { o.Subscriber.Contact.Phone = "+13035550100" }, fraud.Marked{}, ""},
		"a contact abroad":     {func(o *porting.Order) { o.Subscriber.Contact.Phone = "+2348021234567" }, fraud.Marked{}, "far away"},
		"an address abroad":    {func(o *porting.Order) { o.Subscriber.Address.Country = "ng" }, fraud.Marked{}, "far away"},
		"a territory is home":  {func(o *porting.Order) { o.Subscriber.Address.Country = "PR" }, fraud.Marked{}, ""},
		"a number that moves":  {func(o *porting.Order) { o.Subscriber.Contact.Phone = o.Numbers[0].E164() }, fraud.Marked{}, "one of the numbers that move"},
		"a number with a mark": {func(*porting.Order) {}, marked, "worth an attack"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &scripted{t: t}).withFraudDesk(&network{})
			w.Fraud.HighValue = c.marked
			o := order()
			c.change(&o)
			notes := fmt.Sprint(judged(w, o).Notes)
			for _, rule := range []string{"far away", "one of the numbers that move", "worth an attack"} {
				require.Equal(t, rule == c.says, strings.Contains(notes, rule), "%s: %s", rule, notes)
			}
		})
	}
}

// What nobody of ours knows is missing, and the evidence says why; nothing is missing without a reason.
func TestWhatNobodyKnowsIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t}).withFraudDesk(&network{down: true})
	judged(w, mobileOrder())
	e := w.evidenceOf()
	require.Equal(t, fraud.Unavailable, e.SIMSwap.Missing)
	require.Equal(t, fraud.NotConfigured, e.Network.Missing)
	require.Equal(t, fraud.NotConfigured, e.Place.Missing, "that everything is at home does not show where the request came from")
	require.Equal(t, fraud.NotApplicable, e.Account.Missing, "the account is at the donor")
	require.Equal(t, fraud.NotApplicable, e.Recipient.Missing, "it comes to us")
	require.Equal(t, fraud.NotAsked, e.Notice.Missing, "nobody was told yet")
	text, err := json.Marshal(e)
	require.NoError(t, err)
	var told map[string]any
	require.NoError(t, json.Unmarshal(text, &told))
	for _, source := range fraud.Sources() {
		require.Contains(t, told, source)
	}
}

// The eve of free days and the last minutes before a cut-off, by the pack's own calendar.
func TestWhenAnOrderCame(t *testing.T) {
	t.Parallel()
	eastern, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	for _, c := range []struct {
		at         time.Time
		odd, eve   bool
		nearCutOff bool
	}{
		{time.Date(2026, 11, 23, 10, 0, 0, 0, eastern), false, false, false}, // a Monday
		{time.Date(2026, 11, 23, 12, 45, 0, 0, eastern), false, false, true},
		{time.Date(2026, 11, 23, 13, 5, 0, 0, eastern), false, false, false},
		{time.Date(2026, 11, 25, 10, 0, 0, 0, eastern), false, true, false}, // before Thanksgiving
		{time.Date(2026, 11, 27, 10, 0, 0, 0, eastern), false, true, false}, // a Friday
		{time.Date(2026, 11, 28, 10, 0, 0, 0, eastern), true, false, false}, // a Saturday
	} {
		t.Run(c.at.Format(time.DateTime), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &scripted{t: t}).withFraudDesk(&network{})
			_, err := w.ScreenOrder(t.Context(), porting.ScreenInput{Port: portID, Order: order(), Pack: "us-wireline-simple@2026-11", Carrier: "simulator", At: c.at})
			require.NoError(t, err)
			request := w.evidenceOf().Request.Known
			require.Equal(t, c.odd, *request.OutOfHours)
			require.Equal(t, c.eve, request.HolidayEve != nil && *request.HolidayEve)
			require.Equal(t, c.nearCutOff, request.NearCutoff != nil && *request.NearCutoff)
		})
	}
}
