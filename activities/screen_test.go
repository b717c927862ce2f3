package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

func (w *world) screen(o porting.Order) (porting.Findings, error) {
	w.t.Helper()
	receipt := w.taken(o)
	return w.ScreenOrder(w.t.Context(), porting.ScreenInput{Port: portID, Order: o, Pack: receipt.Pack, Carrier: receipt.Carrier, At: monday})
}

func (w *world) screened(o porting.Order) porting.Findings {
	w.t.Helper()
	found, err := w.screen(o)
	require.NoError(w.t, err)
	return found
}

func TestScreenOrderFindsNothingAgainstAGoodOrder(t *testing.T) {
	t.Parallel()
	_, client := simulated(t, prompt)
	found := newWorld(t, client).screened(order())
	require.Equal(t, porting.Findings{Risk: porting.RiskLow, Notes: []string{"authorization loa without a code", "1 numbers portable"}}, found)
}

func TestScreenOrderJudgesTheCode(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pin    porting.Secret
		issued time.Time
		blocks porting.Reason
	}{
		"valid":           {"0042", monday.Add(-24 * time.Hour), ""},
		"of no known age": {"0042", time.Time{}, ""},
		"misshapen":       {"12", monday, porting.PINMismatch},
		"expired":         {"0042", monday.AddDate(0, 0, -30), porting.PINExpired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &scripted{t: t})
			found := w.screened(w.mobile(c.pin, c.issued))
			if c.blocks == "" {
				require.Nil(t, found.Blocked)
				require.Contains(t, found.Notes, "authorization code valid")
				return
			}
			require.NotNil(t, found.Blocked)
			require.Equal(t, c.blocks, found.Blocked.Reason)
			require.NotContains(t, found.Blocked.Note, c.pin.Reveal())
		})
	}
}

func TestScreenOrderBlocksACodeThatIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t})
	o := w.mobile("0042", monday)
	require.NoError(t, w.Ledger.DestroySecrets(t.Context(), portID))
	found := w.screened(o)
	require.NotNil(t, found.Blocked)
	require.Equal(t, porting.PINRequired, found.Blocked.Reason)
}

func TestScreenOrderNeverOpensTheCodeOfAnotherPort(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t})
	o := w.mobile("0042", monday)
	var err error
	o.Authorization.CodeRef, err = w.Ledger.PutSecret(t.Context(), "pi-other", w.Vault.Seal("pi-other", "4711"), monday, monday.AddDate(0, 1, 0))
	require.NoError(t, err)
	_, err = w.screen(o)
	requireRetried(t, "seal-broken", err)
}

func TestScreenOrderBlocksWhatIsNotPortable(t *testing.T) {
	t.Parallel()
	_, client := simulated(t, prompt)
	o := order()
	o.Numbers = append(o.Numbers, "+12125550199")
	found := newWorld(t, client).screened(o)
	require.NotNil(t, found.Blocked)
	require.Equal(t, porting.Refusal{Reason: porting.NumberNotPortable, Note: "1 of 2 numbers are not portable"}, *found.Blocked)
}

// What a carrier holds of an earlier version is not portable by that very version; the carrier judges the correction itself.
func TestScreenOrderTellsOfPortabilityWhereItIsACorrection(t *testing.T) {
	t.Parallel()
	_, client := simulated(t, prompt)
	w := newWorld(t, client)
	o := order()
	o.Numbers = []porting.Number{number, "+12125550199"}
	receipt := w.taken(o)
	o.Version = 2
	found, err := w.ScreenOrder(t.Context(), porting.ScreenInput{Port: portID, Order: o, Pack: receipt.Pack, Carrier: receipt.Carrier, At: monday})
	require.NoError(t, err)
	require.Nil(t, found.Blocked)
	require.Contains(t, found.Notes, "1 of 2 numbers are not portable, as far as the carrier tells while it has the order")
}

func TestScreenOrderRemembersEarlierPorts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		earlier time.Time
		risk    porting.Risk
	}{
		"a month ago": {monday.AddDate(0, -1, 0), porting.RiskMedium},
		"a year ago":  {monday.AddDate(-1, 0, 0), porting.RiskLow},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &scripted{t: t})
			_, err := w.ReceiveOrder(t.Context(), porting.ReceiveInput{Port: "pi-earlier", Order: order(), At: c.earlier})
			require.NoError(t, err)
			_, err = w.ClosePort(t.Context(), porting.CloseInput{Port: "pi-earlier", Outcome: porting.OutcomeReversed, At: c.earlier})
			require.NoError(t, err)
			found := w.screened(order())
			require.Nil(t, found.Blocked)
			require.Equal(t, c.risk, found.Risk)
			require.Equal(t, c.risk == porting.RiskMedium, len(found.Notes) == 3, found.Notes)
		})
	}
}

func TestScreenOrderComparesWithTheDonorsRecord(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		record porting.DonorRecord
		risk   porting.Risk
		note   string
	}{
		"the same":      {porting.DonorRecord{Name: "EXAMPLE, JORDAN", AccountNumber: "441277"}, porting.RiskLow, ""},
		"nearly":        {porting.DonorRecord{Name: "Jordan Q Example"}, porting.RiskLow, "subscriber.name differs from the donor's record: only one of the two has a legal form, a title or an initial (near)"},
		"somebody else": {porting.DonorRecord{Name: "Robin Sample"}, porting.RiskMedium, "subscriber.name differs from the donor's record: another name (mismatch)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := order()
			o.CSR = &c.record
			found := newWorld(t, &scripted{t: t}).screened(o)
			require.Equal(t, c.risk, found.Risk)
			if c.note == "" {
				require.Len(t, found.Notes, 2)
				return
			}
			require.Contains(t, found.Notes, c.note)
		})
	}
}

func TestScreenOrderFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t})
	o := w.mobile("0042", monday)
	_, err := w.ScreenOrder(t.Context(), porting.ScreenInput{Port: portID, Order: o, Pack: "nowhere@1", Carrier: "simulator", At: monday})
	requireNever(t, "pack-unknown", err)
	_, err = w.ScreenOrder(t.Context(), porting.ScreenInput{Port: portID, Order: order(), Carrier: "elsewhere", At: monday})
	requireNever(t, "carrier-not-configured", err)
}
