package activities_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/fraud/replay"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

func (w *world) judgements() []ledger.Judgement {
	w.t.Helper()
	all, err := w.Ledger.Judgements(w.t.Context(), portID)
	require.NoError(w.t, err)
	return all
}

// requireSame judges again from what the ledger keeps, and nothing else.
func (w *world) requireSame(j ledger.Judgement) {
	w.t.Helper()
	evidence, err := w.Vault.Open(ledger.EvidencePlace(j.PortID, j.Nonce), j.Evidence)
	require.NoError(w.t, err)
	var said approval.Judgement
	require.NoError(w.t, json.Unmarshal(j.Said, &said))
	again := replay.Again(said, j.PolicyText, []byte(evidence.Reveal()))
	require.True(w.t, again.Same, "%v", again.Differs)
}

// A verdict is signed with its inputs, and these are kept: evidence sealed, policy text, and what was said of them.
func TestAVerdictCanBeMadeAgain(t *testing.T) {
	t.Parallel()
	w := newSignedWorld(t, obliging())
	w.withFraudDesk(&network{changed: time.Hour})
	w.order.Kind, w.order.Authorization = porting.KindWireless, porting.Authorization{Kind: "consent"}
	w.found = w.screen(w.order)

	kept := w.judgements()
	require.Len(t, kept, 1)
	j := kept[0]
	require.Equal(t, w.found.Nonce, j.Nonce)
	require.Equal(t, w.found.Verdict, j.Verdict)
	require.Equal(t, fraud.DefaultText(), j.PolicyText)
	require.NotContains(t, string(j.Evidence), "sim_swap", "it is sealed")
	w.requireSame(j)

	registry, err := w.desk.Keeper().Current(t.Context(), time.Now())
	require.NoError(t, err)
	var signed approval.ScreeningVerdict
	require.NoError(t, registry.OpenVerdict(w.found.Verdict, &signed, time.Now()))
	require.Equal(t, j.SignedAt, signed.At)
	require.Equal(t, fraud.Default().Ref().Digest, signed.Fraud.Digest)
	require.Equal(t, w.found.Score, signed.Fraud.Score)
	require.Contains(t, signed.Fraud.Fired, "sim-changed-3d")
	require.Regexp(t, "^sha256:", signed.Fraud.Evidence)
}

// Every look is kept: the one on which people decide, those that found nothing new, and the one that blocked.
func TestEveryLookIsKept(t *testing.T) {
	t.Parallel()
	calm := &network{}
	w := newSignedWorld(t, obliging())
	w.withFraudDesk(calm)
	w.order.Kind, w.order.Authorization = porting.KindWireless, porting.Authorization{Kind: "consent"}
	w.found = w.screen(w.order)
	decisions := w.approvedBy("ben")
	require.Nil(t, w.send(w.submission(decisions)).Withheld)
	require.Equal(t, porting.CarrierActive, w.askGate(w.activation(decisions)).Status.State)
	kept := w.judgements()
	require.Len(t, kept, 3, "screened, submitted, activated")
	for _, j := range kept {
		require.NotEmpty(t, j.Verdict)
		w.requireSame(j)
	}
	last, err := w.Ledger.LastScreening(t.Context(), portID)
	require.NoError(t, err)
	require.Equal(t, w.found.Nonce, last, "a look that found nothing new voids no decision")
}

func TestABlockIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t}).withFraudDesk(&network{})
	w.Fraud.Sources = append(w.Fraud.Sources,
		knows("loa", fraud.LOA{OtherAccounts: new(1)}), knows("network", fraud.Network{Emulator: new(true)}), knows("place", fraud.Place{CountryDiffers: new(true)}))
	w.taken(order())
	found, err := w.ScreenOrder(t.Context(), porting.ScreenInput{Port: portID, Order: order(), Pack: "us-wireline-nonsimple@2026-11", Carrier: "simulator", At: monday})
	require.NoError(t, err)
	require.NotNil(t, found.Blocked)
	require.Equal(t, porting.LOAInvalid, found.Blocked.Reason)
	kept := w.judgements()
	require.Len(t, kept, 1)
	require.Contains(t, string(kept[0].Said), `"outcome":"block","ground":"LOA_INVALID"`)
	w.requireSame(kept[0])
}

// Where decisions are trusted as they come, judgements are kept all the same, unsigned.
func TestAnUnsignedJudgementIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t}).withFraudDesk(&network{down: true})
	require.Empty(t, judged(w, mobileOrder()).Verdict)
	kept := w.judgements()
	require.Len(t, kept, 1)
	require.Empty(t, kept[0].Verdict)
	w.requireSame(kept[0])
}

// A bulk order is one request: its own ports make none of them look like a burst, and somebody else's still count.
func TestABulkOrderIsNoBurst(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		bulk string
		risk porting.Risk
	}{
		"one bulk order":       {"bk-1", porting.RiskLow},
		"ports that come each": {"", porting.RiskHigh},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &scripted{t: t}).withFraudDesk(&network{})
			var found porting.Findings
			for i := range 12 {
				o := order()
				o.Reference, o.Account.Number, o.Subscriber.Contact.Email = fmt.Sprint("order-", i), fmt.Sprint("4412-", i%4), "office@example.com"
				o.Numbers = []porting.Number{porting.Number(fmt.Sprintf("+121255501%02d", i))}
				o.Authorization.DocumentSHA256 = "one letter for all"
				var err error
				found, err = w.ScreenOrder(t.Context(), porting.ScreenInput{
					Port: fmt.Sprint("pi-", i), Order: o, Pack: "us-wireline-simple@2026-11", Carrier: "simulator", Bulk: c.bulk, At: monday.Add(time.Duration(i) * time.Second),
				})
				require.NoError(t, err)
			}
			require.Equal(t, c.risk, found.Risk, "%v", found.Notes)
		})
	}
}
