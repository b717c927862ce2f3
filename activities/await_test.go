package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// awaited is what the ledger says that ports wait for.
func (w *world) awaited() []ledger.Awaited {
	w.t.Helper()
	found, err := w.Ledger.Dates().AwaitedUntil(w.t.Context(), time.Now().AddDate(1, 0, 0), 10)
	require.NoError(w.t, err)
	return found
}

// Each step notes what the port waits for from then on; what the pack knows of the date is the same as in the saga.
func TestStepsNoteWhatAPortWaitsFor(t *testing.T) {
	t.Parallel()
	_, client := simulated(t, prompt)
	w := newWorld(t, client)
	receipt := w.taken(order())
	require.Empty(t, w.awaited(), "nobody owes anything before the checks")

	_, err := w.ScreenOrder(t.Context(), porting.ScreenInput{Port: portID, Order: order(), Pack: receipt.Pack, Carrier: receipt.Carrier, At: monday})
	require.NoError(t, err)
	due, err := w.ComputeDeadline(t.Context(), porting.DeadlineInput{Pack: receipt.Pack, Clock: "decision", Start: monday, Place: porting.Place{Number: number}})
	require.NoError(t, err)
	require.Equal(t, []ledger.Awaited{{
		PortID: portID, Clock: "decision", Ref: "1", OwedBy: porting.WaitingApprover, NotedAt: monday, DueAt: due.At.UTC(),
	}}, w.awaited())

	in := porting.SubmitInput{Ref: ref(1), Carrier: receipt.Carrier, Pack: receipt.Pack, Order: order(), At: monday}
	w.submit(in)
	status := w.submit(in)
	require.Equal(t, porting.CarrierConfirmed, status.State)
	date := w.awaited()[0]
	require.Equal(t, []any{"date", porting.WaitingDate}, []any{date.Clock, date.OwedBy})
	require.False(t, date.DueAt.Before(status.FOC.Truncate(time.Microsecond)), "numbers move in the pack's window, on the date or after")

	_, err = w.ClosePort(t.Context(), porting.CloseInput{Port: portID, Outcome: porting.OutcomeExpired, At: monday})
	require.NoError(t, err)
	require.Empty(t, w.awaited())
}

// A carrier owes a FOC, and after a reject somebody here owes a correction.
func TestACarriersAnswerIsAwaited(t *testing.T) {
	t.Parallel()
	server, client := simulated(t, `
about: The carrier takes its time.
steps:
  - {on: submitted, after: 10h, then: rejected, code: ACCOUNT_NUMBER_MISMATCH, text: Account not found}
`)
	w := newWorld(t, client)
	in := w.submitInput(order())
	require.Equal(t, porting.CarrierPending, w.submit(in).State)
	foc := w.awaited()
	require.Equal(t, []any{"foc", "1", porting.WaitingCarrier}, []any{foc[0].Clock, foc[0].Ref, foc[0].OwedBy})
	in.At = monday.Add(time.Hour)
	w.submit(in)
	require.Equal(t, foc, w.awaited(), "a step that is tried again gives no more time")
	require.Equal(t, 1, server.Requests()["submit"])
}

// A counterparty's silence gives numbers away, so our answer has a date from the moment at which they are claimed.
func TestOurAnswerIsAwaited(t *testing.T) {
	t.Parallel()
	d := newDonor(t)
	in := d.asked("never-activates")
	_, err := d.ClaimLeaving(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, []ledger.Awaited{{
		PortID: in.Port, Clock: "answer", OwedBy: porting.WaitingApprover, NotedAt: in.Request.ReceivedAt.UTC().Truncate(time.Microsecond),
		DueAt: d.plan(in.Request).AnswerBy.UTC().Truncate(time.Microsecond),
	}}, d.awaited())

	_, err = d.answer(in, approve)
	require.NoError(t, err)
	require.Empty(t, d.awaited())
}
