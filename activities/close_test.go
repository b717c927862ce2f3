package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

func (w *world) close(outcome porting.Outcome) {
	w.t.Helper()
	done, err := w.ClosePort(w.t.Context(), porting.CloseInput{Port: portID, Outcome: outcome, At: monday})
	require.NoError(w.t, err)
	require.True(w.t, done)
}

func TestCloseFence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t})
	w.taken(order())
	require.False(t, w.revoke())
	require.False(t, w.revoke(), "a revocation may be repeated")
	require.Equal(t, ledger.FenceClosed, w.fence().State)
	require.Equal(t, porting.AuthorizationRevoked, w.fence().RevokeReason)
}

func TestCloseFenceSaysWhenItComesTooLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t})
	epoch := w.taken(order()).Epoch
	_, err := w.Ledger.BeginActivation(t.Context(), portID, epoch, portID+"/1", monday)
	require.NoError(t, err)
	require.True(t, w.revoke())
	require.NoError(t, w.Ledger.EndActivation(t.Context(), portID, portID+"/1", true, monday))
	require.True(t, w.revoke())
}

func TestClosePort(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t})
	o := w.mobile("0042", monday)
	w.taken(o)
	w.close(porting.OutcomeExpired)
	w.close(porting.OutcomeCompleted)

	require.Equal(t, porting.OutcomeExpired, w.fence().Outcome, "the first outcome stays")
	require.Equal(t, ledger.FenceClosed, w.fence().State)
	stats, err := w.Ledger.Stats(t.Context())
	require.NoError(t, err)
	require.Equal(t, ledger.Stats{}, stats, "the numbers are free and the secrets are gone")
	require.Nil(t, w.receive("pi-next", order()).Refused)
}

// A run that was reset to before it sent the order would leave it with the carrier.
func TestClosePortKeepsWhatAnotherRunSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t})
	w.taken(order())
	in := porting.CloseInput{Port: portID, Outcome: porting.OutcomeRevoked, At: monday, Unsent: true}
	_, err := w.Ledger.RecordSubmission(t.Context(), ledger.Submission{PortID: portID, Version: 1, Carrier: "simulator", OrderDigest: "o", ShownDigest: "s", Nonce: "n", Policy: "p", At: monday})
	require.NoError(t, err)
	closed, err := w.ClosePort(t.Context(), in)
	require.NoError(t, err)
	require.False(t, closed)
	require.Zero(t, w.fence().ReleasedAt, "nothing is closed")

	in.Unsent = false
	closed, err = w.ClosePort(t.Context(), in)
	require.NoError(t, err)
	require.True(t, closed, "the order was cancelled meanwhile")

	in.Unsent = true
	closed, err = w.ClosePort(t.Context(), in)
	require.NoError(t, err)
	require.True(t, closed, "a port that has ended has nothing to cancel")
}

func TestClosePortClosesWhatNobodySent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t})
	w.taken(order())
	closed, err := w.ClosePort(t.Context(), porting.CloseInput{Port: portID, Outcome: porting.OutcomeRevoked, At: monday, Unsent: true})
	require.NoError(t, err)
	require.True(t, closed)
}

func TestClosePortTakesAPortThatNeverWas(t *testing.T) {
	t.Parallel()
	newWorld(t, &scripted{t: t}).close(porting.OutcomeRejected)
}

// A saga that was reset, or whose step was completed by hand, may end a port while its activation holds the fence.
func TestClosePortEndsAnAbandonedActivationByTheCarriersWord(t *testing.T) {
	t.Parallel()
	for state, c := range map[porting.CarrierState]struct{ closes, moved bool }{
		porting.CarrierNothing:       {true, false},
		porting.CarrierCancelled:     {true, false},
		porting.CarrierRefused:       {true, false},
		porting.CarrierActive:        {true, true},
		porting.CarrierReversing:     {true, true},
		porting.CarrierReversed:      {true, true},
		porting.CarrierConfirmed:     {},
		porting.CarrierPending:       {},
		porting.CarrierRejected:      {},
		porting.CarrierCancelPending: {},
		porting.CarrierUnknown:       {},
	} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			s := &scripted{t: t, status: says(state)}
			if state == porting.CarrierNothing {
				s.status = fails(errUnknown)
			}
			w := newWorld(t, s)
			_, err := w.Ledger.BeginActivation(t.Context(), portID, w.taken(order()).Epoch, portID+"/1", monday)
			require.NoError(t, err)
			if !c.closes {
				_, err := w.ClosePort(t.Context(), porting.CloseInput{Port: portID, Outcome: porting.OutcomeExpired, At: monday})
				requireRetried(t, "activation-in-flight", err)
				require.Equal(t, ledger.FenceActivating, w.fence().State)
				return
			}
			w.close(porting.OutcomeExpired)
			require.Equal(t, ledger.FenceClosed, w.fence().State)
			require.Equal(t, c.moved, !w.fence().ActivatedAt.IsZero())
		})
	}
}

func TestClosePortWaitsForACarrierThatIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t, status: fails(errDown)})
	_, err := w.Ledger.BeginActivation(t.Context(), portID, w.taken(order()).Epoch, portID+"/1", monday)
	require.NoError(t, err)
	_, err = w.ClosePort(t.Context(), porting.CloseInput{Port: portID, Outcome: porting.OutcomeExpired, At: monday})
	requireRetried(t, "carrier-unavailable", err)
}

func (w *world) verify() porting.Verification {
	w.t.Helper()
	seen, err := w.VerifyPort(w.t.Context(), porting.VerifyInput{Ref: ref(1), Carrier: "simulator", Outcome: porting.OutcomeCompleted, At: monday})
	require.NoError(w.t, err)
	return seen
}

func TestVerifyPortClosesWhatWorks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t, status: says(porting.CarrierActive)})
	w.activated()
	require.True(t, w.verify().Closed)
	require.Equal(t, porting.OutcomeCompleted, w.fence().Outcome)
	require.True(t, w.verify().Closed, "a repeated look finds the same")
}

func TestVerifyPortLeavesOpenWhatDoesNotWork(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t, status: says(porting.CarrierReversed)})
	w.activated()
	seen := w.verify()
	require.Equal(t, porting.CarrierReversed, seen.Status.State)
	require.False(t, seen.Closed)
	require.Equal(t, ledger.FenceActive, w.fence().State)
}

func TestVerifyPortPutsARevocationFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t, status: says(porting.CarrierActive)})
	w.activated()
	require.True(t, w.revoke())
	seen := w.verify()
	require.True(t, seen.Revoked)
	require.False(t, seen.Closed)
	require.Empty(t, w.fence().Outcome)
}

// activated is a port whose numbers moved.
func (w *world) activated() {
	w.t.Helper()
	_, err := w.Ledger.BeginActivation(w.t.Context(), portID, w.taken(order()).Epoch, portID+"/1", monday)
	require.NoError(w.t, err)
	require.NoError(w.t, w.Ledger.EndActivation(w.t.Context(), portID, portID+"/1", true, monday))
}
