package manual_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/manual"
	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/notify/notifytest"
	"github.com/portsaga/portsaga/porting"
)

var first = carrier.Ref{Port: "pi-1", Version: 1}

func TestAPortFromOrderToReturn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, "the order was mailed; get the carrier's word, and answer by 2 Nov 17:00 UTC: portsaga desk show pi-1/1/submit", w.submit(t, lsr("pi-1", 1)).Task)
	confirmed := w.confirm(t, "pi-1")
	require.Empty(t, confirmed.Task, "we say when it moves")
	w.now = confirmed.FOC
	st, err := w.Activate(t.Context(), first)
	require.NoError(t, err)
	require.Equal(t, carrier.StateConfirmed, st.State, "asked is not done")
	require.Equal(t, "the activation was mailed; get the carrier's word, and answer by 5 Nov 10:00 UTC: portsaga desk show pi-1/1/activate", st.Task)
	active := w.says(t, "pi-1/1/activate", manual.Says{State: carrier.StateActive})
	require.Equal(t, confirmed.FOC, active.FOC)
	require.Empty(t, active.Task)

	st, err = w.Reverse(t.Context(), first, porting.UnauthorisedPort)
	require.NoError(t, err)
	require.Equal(t, carrier.StateReversing, st.State)
	require.Contains(t, w.mailbox.all()[2].text, "UNAUTHORISED_PORT")
	require.Equal(t, carrier.StateReversed, w.says(t, "pi-1/1/reverse", manual.Says{State: carrier.StateReversed}).State)
	require.Equal(t, []string{"pi-1/1/submit", "pi-1/1/activate", "pi-1/1/reverse"}, w.mailbox.tasks("pi-1"))
}

// A date that moved after the activation was asked for makes another activation, and another mail.
func TestAnActivationIsAskedForAgainOnAnotherDate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, lsr("pi-1", 1))
	w.now = w.confirm(t, "pi-1").FOC
	for range 2 {
		_, err := w.Activate(t.Context(), first)
		require.NoError(t, err)
	}
	slipped := w.now.AddDate(0, 0, 3)
	st := w.says(t, "pi-1/1/activate", manual.Says{State: carrier.StateConfirmed, FOC: slipped})
	require.Equal(t, slipped, st.FOC)
	_, err := w.Activate(t.Context(), first)
	w.refused(t, err, porting.Refused, "carrier-refused")
	w.now = slipped
	for range 2 {
		_, err = w.Activate(t.Context(), first)
		require.NoError(t, err)
	}
	require.Equal(t, []string{"pi-1/1/submit", "pi-1/1/activate", "pi-1/1/activate.2"}, w.mailbox.tasks("pi-1"))
	require.Len(t, w.mailbox.all(), 3)
}

func TestACarrierThatActivatesByItselfIsWatched(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(p *manual.Profile) { p.OnDemand = false })
	w.submit(t, lsr("pi-1", 1))
	require.False(t, w.Capabilities().OnDemand)
	require.Equal(t, "watch that the carrier moves the numbers on its date, and answer by 5 Nov 09:00 UTC: portsaga desk show pi-1/1/submit", w.confirm(t, "pi-1").Task)
	require.Equal(t, carrier.StateActive, w.says(t, "pi-1/1/submit", manual.Says{State: carrier.StateActive}).State)
}

// Inside the cancel lock nothing is mailed: a person calls, and says what came of it.
func TestACancelInsideTheLockIsACall(t *testing.T) {
	t.Parallel()
	for ends, says := range map[carrier.State]manual.Says{
		carrier.StateCancelled: {State: carrier.StateCancelled}, carrier.StateActive: {State: carrier.StateActive},
	} {
		w := newWorld(t, func(p *manual.Profile) { p.CancelLock = 48 * time.Hour })
		w.submit(t, lsr("pi-1", 1))
		w.now = w.confirm(t, "pi-1").FOC.Add(-47 * time.Hour)
		for range 2 {
			_, err := w.Cancel(t.Context(), first, porting.AuthorizationRevoked)
			w.refused(t, err, porting.Refused, "carrier-cancel-locked")
		}
		st := w.status(t, "pi-1")
		require.Equal(t, carrier.StateConfirmed, st.State)
		require.Equal(t, "call the carrier, which cancels by telephone only, and answer by 5 Nov 09:00 UTC: portsaga desk show pi-1/1/stop", st.Task)
		require.Equal(t, []string{"pi-1/1/submit"}, w.mailbox.tasks("pi-1"))
		require.Equal(t, ends, w.says(t, "pi-1/1/stop", says).State)
	}
}

func TestACancelThatTheCarrierRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(p *manual.Profile) { p.CancelLock = 48 * time.Hour })
	w.submit(t, lsr("pi-1", 1))
	st, err := w.Cancel(t.Context(), first, porting.AuthorizationRevoked)
	require.NoError(t, err)
	require.Equal(t, carrier.StateCancelPending, st.State)
	locked := w.says(t, "pi-1/1/cancel", manual.Says{State: porting.CarrierLocked})
	require.Equal(t, porting.CarrierLocked, locked.State)
	require.NotEmpty(t, locked.Task, "somebody goes on asking")
	_, err = w.Submit(t.Context(), lsr("pi-1", 2))
	w.refused(t, err, porting.Refused, "carrier-refused")
	require.Equal(t, carrier.StateActive, w.says(t, "pi-1/1/cancel", manual.Says{State: carrier.StateActive}).State)
}

// A revocation reaches an order whose mail may have arrived.
func TestAnOrderInDoubtIsCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mailbox.behave(func(l letter, _ int) notifytest.Behaviour {
		if step(l.task) == "submit" {
			return loses
		}
		return takes
	})
	_, err := w.Submit(t.Context(), lsr("pi-1", 1))
	w.refused(t, err, porting.Failed, "carrier-unavailable")
	st, err := w.Cancel(t.Context(), first, porting.AuthorizationRevoked)
	require.NoError(t, err)
	require.Equal(t, carrier.StateCancelPending, st.State)
	require.Equal(t, carrier.StateCancelled, w.says(t, "pi-1/1/cancel", manual.Says{State: carrier.StateCancelled}).State)
}

// What a carrier answered has arrived, whatever its mail server said.
func TestAnAnswerSettlesTheMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mailbox.behave(func(letter, int) notifytest.Behaviour { return loses })
	_, err := w.Submit(t.Context(), lsr("pi-1", 1))
	w.refused(t, err, porting.Failed, "carrier-unavailable")
	st := w.confirm(t, "pi-1")
	require.Equal(t, carrier.StateConfirmed, st.State)
	require.Equal(t, first, st.Ref)
	w.submit(t, lsr("pi-1", 1))
	require.Len(t, w.mailbox.all(), 1, "it is not sent again")
}

func TestNumbersThatStayBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, lsr("pi-1", 1))
	st := w.says(t, "pi-1/1/submit", manual.Says{
		State: carrier.StateConfirmed, FOC: monday.AddDate(0, 0, 3), Left: []approval.DeskLeft{{Position: 2, Reason: porting.NumberInactive}},
	})
	left := carrier.NumberState{Number: "+12125550124", State: carrier.StateRejected, Reason: porting.NumberInactive}
	require.Equal(t, []carrier.NumberState{{Number: "+12125550123", State: carrier.StateConfirmed}, left}, st.Numbers)
	st = w.says(t, "pi-1/1/submit", manual.Says{State: carrier.StateActive})
	require.Equal(t, []carrier.NumberState{{Number: "+12125550123", State: carrier.StateActive}, left}, st.Numbers, "it stays behind until somebody says otherwise")
}

func TestRejectionsKeepTheCarriersCode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		says manual.Says
		want carrier.Rejection
	}{
		{manual.Says{Code: "PIN_MISMATCH"}, carrier.Rejection{Code: "PIN_MISMATCH", Reason: porting.PINMismatch}},
		{manual.Says{Code: "7401", Text: "AN differs"}, carrier.Rejection{Code: "7401", Text: "AN differs", Reason: porting.OtherReason}},
		{manual.Says{Code: "7401", Reason: porting.AccountNumberMismatch}, carrier.Rejection{Code: "7401", Reason: porting.AccountNumberMismatch}},
	} {
		for _, state := range []carrier.State{carrier.StateRejected, porting.CarrierRefused} {
			w := newWorld(t)
			w.submit(t, lsr("pi-1", 1))
			c.says.State = state
			st := w.says(t, "pi-1/1/submit", c.says)
			require.Equal(t, state, st.State)
			require.Equal(t, []carrier.Rejection{c.want}, st.Reasons)
			require.True(t, st.FOC.IsZero())
			require.Empty(t, st.Task, "the order is to be corrected, or is over")
		}
	}
}

func TestTasksListsWhatWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, port := range []string{"pi-1", "pi-2"} {
		w.submit(t, lsr(port, 1))
	}
	w.confirm(t, "pi-2")
	tasks, err := w.Book.Tasks(t.Context(), "old-bell")
	require.NoError(t, err)
	require.Len(t, tasks, 1, "nothing is to be done about the other one now")
	require.Equal(t, "pi-1/1/submit", tasks[0].ID)
	require.Empty(t, tasks[0].Body, "a list holds nothing personal")
	none, err := w.Book.Tasks(t.Context(), "new-bell")
	require.NoError(t, err)
	require.Empty(t, none)
}
