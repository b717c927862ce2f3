package activities_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/activities"
	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/fraud/sources"
	"github.com/portsaga/portsaga/porting"
)

// network is a mobile network that says when the SIM last changed, or is down.
type network struct {
	changed time.Duration // before the question; never when zero
	down    bool
}

func (n *network) source() sources.Source {
	return sources.Source{Name: "sim_swap", Ask: func(_ context.Context, s sources.Subject) (fraud.Facts, error) {
		if n.down {
			return nil, errors.New("no answer")
		}
		if n.changed == 0 {
			return fraud.SIMSwap{Change: new(fraud.None())}, nil
		}
		return fraud.SIMSwap{Change: new(fraud.AgeOf(s.At.Add(-n.changed), s.At))}, nil
	}}
}

// knows is a source that answers at once.
func knows(name string, facts fraud.Facts) sources.Source {
	return sources.Source{Name: name, Ask: func(context.Context, sources.Subject) (fraud.Facts, error) { return facts, nil }}
}

// withFraudDesk gives a world the default policy and one network.
func (w *world) withFraudDesk(n *network) *world {
	w.t.Helper()
	policy, err := fraud.Hold("")
	require.NoError(w.t, err)
	w.Fraud = &activities.Fraud{Policy: policy, Sources: []sources.Source{n.source()}}
	return w
}

func judged(w *world, o porting.Order) porting.Findings {
	w.t.Helper()
	found, err := w.ScreenOrder(w.t.Context(), porting.ScreenInput{Port: portID, Order: o, Pack: w.taken(o).Pack, Carrier: "simulator", At: monday})
	require.NoError(w.t, err)
	return found
}

func mobileOrder() porting.Order {
	o := order()
	o.Kind, o.Authorization = porting.KindWireless, porting.Authorization{Kind: "consent"}
	return o
}

func TestFraudPolicySetsTheRisk(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		network network
		risk    porting.Risk
		note    string
	}{
		"SIM changed two hours ago": {network{changed: 2 * time.Hour}, porting.RiskHigh, "fraud policy: The SIM changed within the last three days"},
		"SIM never changed":         {network{}, porting.RiskMedium, "found no answer"},
		"network down":              {network{down: true}, porting.RiskMedium, "found no answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &scripted{t: t}).withFraudDesk(&c.network)
			found := judged(w, mobileOrder())
			require.Equal(t, c.risk, found.Risk, "%v", found.Notes)
			require.Contains(t, fmt.Sprint(found.Notes), c.note)
			require.NotEmpty(t, found.Fraud, "the policy's version is pinned")
			require.Nil(t, found.Blocked)
		})
	}
}

// All evidence may be missing: then people look. The port is neither approved by that nor refused.
func TestNoEvidenceAtAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t}).withFraudDesk(&network{down: true})
	w.Fraud.Sources = nil
	found := judged(w, mobileOrder())
	require.Equal(t, porting.RiskMedium, found.Risk)
	require.Nil(t, found.Blocked)
}

// One signer for many accounts, from our own memory.
func TestVelocityComesFromTheLedger(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t}).withFraudDesk(&network{})
	first := judged(w, order())
	for i := range 12 {
		o := order()
		o.Reference, o.Account.Number = fmt.Sprint("order-", i+2), fmt.Sprint("4412-", i)
		_, err := w.ScreenOrder(t.Context(), porting.ScreenInput{Port: fmt.Sprint("pi-", i), Order: o, Pack: "us-wireline-simple@2026-11", Carrier: "simulator", At: monday.Add(time.Duration(i) * time.Minute)})
		require.NoError(t, err)
	}
	last, err := w.ScreenOrder(t.Context(), porting.ScreenInput{Port: "pi-last", Order: order(), Pack: "us-wireline-simple@2026-11", Carrier: "simulator", At: monday.Add(time.Hour)})
	require.NoError(t, err)
	require.Greater(t, last.Score, first.Score, "%v", last.Notes)
	bursts, err := w.Ledger.Bursts(t.Context(), monday.Add(-time.Hour), 10)
	require.NoError(t, err)
	require.NotEmpty(t, bursts)
}

// token opens everything.
type token struct{}

func (token) Token(context.Context, string, sources.Subject) (sources.Token, error) {
	return sources.Token{Bearer: "t0k3n"}, nil
}

// A SIM that changed when we moved the number ourselves did not change.
func TestOurOwnPortExplainsASwap(t *testing.T) {
	t.Parallel()
	swap := monday.Add(-30 * time.Hour)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"latestSimChange": %q}`, swap.Format(time.RFC3339))
	}))
	t.Cleanup(server.Close)
	for name, c := range map[string]struct {
		moved time.Time // by us; never when zero
		risky bool
	}{
		"our own port":         {swap.Add(time.Hour), false},
		"a port the day after": {swap.Add(24 * time.Hour), true},
		"no port of ours":      {time.Time{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &scripted{t: t}).withFraudDesk(&network{})
			w.Fraud.Sources = (&sources.CAMARA{Root: server.URL, Tokens: token{}}).Sources()[:1]
			if !c.moved.IsZero() {
				w.movedBefore("pi-earlier", c.moved)
			}
			found := judged(w, mobileOrder())
			require.Equal(t, c.risky, strings.Contains(fmt.Sprint(found.Notes), "The SIM changed"), "%v", found.Notes)
		})
	}
}

// movedBefore is an earlier port of the same number that has ended well.
func (w *world) movedBefore(port string, at time.Time) {
	w.t.Helper()
	w.receive(port, order())
	_, err := w.Ledger.BeginActivation(w.t.Context(), port, 1, port+"/1", at)
	require.NoError(w.t, err)
	require.NoError(w.t, w.Ledger.EndActivation(w.t.Context(), port, port+"/1", true, at))
	require.NoError(w.t, w.Ledger.Release(w.t.Context(), port, porting.OutcomeCompleted, monday))
}

// What gets worse after people decided brings the port back to them, before it is sent and before it is activated; and keeps
// it under guard afterwards.
func TestFreshEvidenceBringsThePortBack(t *testing.T) {
	t.Parallel()
	calm := &network{}
	s := obliging()
	w := newSignedWorld(t, s)
	w.withFraudDesk(calm)
	w.order.Kind, w.order.Authorization = porting.KindWireless, porting.Authorization{Kind: "consent"}
	w.found = w.screen(w.order)
	require.Equal(t, porting.RiskMedium, w.found.Risk)
	decisions := w.approvedBy("ben")

	calm.changed = time.Hour
	answer := w.send(w.submission(decisions))
	require.NotNil(t, answer.Withheld)
	require.Equal(t, porting.RiskRose, answer.Withheld.Reason)
	require.Equal(t, porting.RiskHigh, answer.Found.Risk)
	require.Equal(t, porting.Policy{People: 2, Teams: 2, Hardware: 1}, *answer.Found.Policy, "high risk asks for more people")
	require.Empty(t, s.asked())

	require.Equal(t, porting.ApprovalVoid, w.send(w.submission(decisions)).Withheld.Reason, "the earlier screening counts no more")

	calm.changed = 0
	w.found = w.screen(w.order)
	decisions = w.approvedBy("ben")
	require.Nil(t, w.send(w.submission(decisions)).Withheld)
	calm.changed = time.Hour
	refused := w.askGate(w.activation(decisions))
	require.NotNil(t, refused.Refused)
	require.Equal(t, porting.RiskRose, refused.Refused.Reason)
	require.NotNil(t, refused.Found)
	require.Equal(t, []string{"submit"}, s.asked())

	calm.changed = 0
	w.found = w.screen(w.order)
	decisions = w.approvedBy("ben")
	require.Equal(t, porting.CarrierActive, w.askGate(w.activation(decisions)).Status.State)
	s.status = says(carrier.StateActive)
	calm.changed = time.Minute
	seen, err := w.VerifyPort(t.Context(), porting.VerifyInput{
		Ref: ref(1), Carrier: "simulator", Outcome: porting.OutcomeCompleted, At: monday, Pack: w.receipt.Pack, Order: w.order, Salt: w.receipt.Salt, Findings: w.found,
	})
	require.NoError(t, err)
	require.NotNil(t, seen.Found)
	require.False(t, seen.Closed)
	seen, err = w.VerifyPort(t.Context(), porting.VerifyInput{
		Ref: ref(1), Carrier: "simulator", Outcome: porting.OutcomeCompleted, At: monday, Pack: w.receipt.Pack, Order: w.order, Salt: w.receipt.Salt, Findings: *seen.Found,
	})
	require.NoError(t, err)
	require.True(t, seen.Closed, "what people know already keeps nothing open")
}
