package activities_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

func ref(version int) porting.Ref { return porting.Ref{Port: portID, Version: version} }

func (w *world) submitInput(o porting.Order) porting.SubmitInput {
	w.t.Helper()
	receipt := w.taken(o)
	return porting.SubmitInput{Ref: ref(o.Version), Carrier: receipt.Carrier, Pack: receipt.Pack, Order: o, At: monday}
}

func (w *world) submit(in porting.SubmitInput) porting.CarrierStatus {
	w.t.Helper()
	answer, err := w.SubmitPort(w.t.Context(), in)
	require.NoError(w.t, err)
	require.Nil(w.t, answer.Withheld)
	return answer.CarrierStatus
}

func TestSubmitPortSendsAnOrderOnce(t *testing.T) {
	t.Parallel()
	server, client := simulated(t, prompt)
	w := newWorld(t, client)
	in := w.submitInput(order())
	require.Equal(t, ref(1), w.submit(in).Ref)
	require.Equal(t, porting.CarrierConfirmed, w.submit(in).State)
	require.Equal(t, []string{"submitted"}, effects(server))
	require.Equal(t, 1, server.Requests()["submit"], "an order that the carrier knows is not sent again")
}

func TestSubmitPortSupplementsAnAmendedOrder(t *testing.T) {
	t.Parallel()
	server, client := simulated(t, prompt)
	w := newWorld(t, client)
	in := w.submitInput(order())
	w.submit(in)
	in.Order.Version, in.Ref = 2, ref(2)
	w.submit(in)
	require.Equal(t, ref(2), w.submit(in).Ref)
	require.Equal(t, []string{"submitted", "supplemented"}, effects(server))
}

// A call that took effect and whose answer was lost is found by asking, not by sending again.
func TestEveryCallTakesEffectOnceThoughItsAnswerIsLost(t *testing.T) {
	t.Parallel()
	server, client := simulated(t, prompt+`answers: {submit: {hang: true}, cancel: {hang: true}, reverse: {hang: true}}`)
	w := newWorld(t, client)
	in := w.submitInput(order())
	call := porting.CarrierInput{Ref: ref(1), Carrier: "simulator", Reason: porting.AuthorizationRevoked}
	w.loseAnswer(server, "submitted", func(ctx context.Context) error { _, err := w.SubmitPort(ctx, in); return err })
	require.Equal(t, porting.CarrierConfirmed, w.submit(in).State)
	_, err := client.Activate(t.Context(), ref(1))
	require.NoError(t, err)
	w.loseAnswer(server, "reversal-asked", func(ctx context.Context) error { _, err := w.ReversePort(ctx, call); return err })
	_, err = w.ReversePort(t.Context(), call)
	require.NoError(t, err)
	require.Equal(t, []string{"submitted", "activation-asked", "reversal-asked"}, effects(server))
	status, err := w.CancelPort(t.Context(), call)
	require.NoError(t, err)
	require.Equal(t, porting.CarrierReversed, status.State, "what came back needs no cancel")
}

// loseAnswer does a step whose answer never comes, until it took effect.
func (w *world) loseAnswer(server *simulator.Server, effect string, step func(context.Context) error) {
	w.t.Helper()
	for !slices.Contains(effects(server), effect) {
		ctx, cancel := context.WithTimeout(w.t.Context(), 300*time.Millisecond)
		requireRetried(w.t, "carrier-unavailable", step(ctx))
		cancel()
	}
}

func TestSubmitPortNeverSendsWhatHasEnded(t *testing.T) {
	t.Parallel()
	revoked := newWorld(t, &scripted{t: t, status: fails(errUnknown)})
	in := revoked.submitInput(order())
	require.False(t, revoked.revoke())
	require.Equal(t, porting.CarrierNotAsked, revoked.submit(in).State)

	ended := newWorld(t, &scripted{t: t, status: fails(errUnknown)})
	in = ended.submitInput(order())
	ended.close(porting.OutcomeExpired)
	_, err := ended.SubmitPort(t.Context(), in)
	requireNever(t, "port-closed", err)

	_, err = newWorld(t, &scripted{t: t, status: fails(errUnknown)}).SubmitPort(t.Context(), in)
	requireNever(t, "port-unknown", err)
}

func TestSubmitPortGivesTheCodeToTheCarrierAlone(t *testing.T) {
	t.Parallel()
	var sent carrier.LSR
	w := newWorld(t, &scripted{t: t, status: fails(errUnknown), submit: func(lsr carrier.LSR) (carrier.Status, error) {
		sent = lsr
		return says(porting.CarrierPending)()
	}})
	o := w.mobile("481516", monday)
	o.CSR = &porting.DonorRecord{Name: "Jordan Example"}
	in := w.submitInput(o)
	status := w.submit(in)
	require.Equal(t, "481516", sent.Code.Reveal())
	require.Nil(t, sent.Order.CSR, "the donor's record is for us")
	require.Equal(t, in.Order.Numbers, sent.Order.Numbers)
	for _, recorded := range []any{in, status, sent} {
		text, err := json.Marshal(recorded)
		require.NoError(t, err)
		require.NotContains(t, string(text), "481516")
	}
}

func TestSubmitPortStopsWithoutItsCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t, status: fails(errUnknown)})
	in := w.submitInput(w.mobile("481516", monday))
	require.NoError(t, w.Ledger.DestroySecrets(t.Context(), portID))
	_, err := w.SubmitPort(t.Context(), in)
	requireNever(t, "secret-gone", err)
}

func TestSubmitPortWishesADayInThePacksZone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		number porting.Number
		region string
		wish   string
		want   string
	}{
		"New York":   {"+12125550123", "NY", "2026-07-20", "2026-07-20T00:00:00-04:00"},
		"California": {"+14155550134", "CA", "2026-01-20", "2026-01-20T00:00:00-08:00"},
		"no wish":    {"+12125550123", "NY", "", "0001-01-01T00:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent carrier.LSR
			w := newWorld(t, &scripted{t: t, status: fails(errUnknown), submit: func(lsr carrier.LSR) (carrier.Status, error) {
				sent = lsr
				return says(porting.CarrierPending)()
			}})
			o := order()
			o.Numbers, o.Account.BTN = []porting.Number{c.number}, c.number
			o.Subscriber.Address.Region, o.Wishes.DueDate = c.region, c.wish
			w.submit(w.submitInput(o))
			require.Equal(t, c.want, sent.DDD.Format(time.RFC3339))
		})
	}
}

func TestSubmitPortRefusesAWishThatIsNoDate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t, status: fails(errUnknown)})
	o := order()
	o.Wishes.DueDate = "soon"
	_, err := w.SubmitPort(t.Context(), w.submitInput(o))
	requireNever(t, "due-date-malformed", err)
}

func TestSubmitPortTellsANoFromAFault(t *testing.T) {
	t.Parallel()
	s := &scripted{t: t, status: fails(errUnknown), submit: func(carrier.LSR) (carrier.Status, error) { return carrier.Status{}, errNo }}
	w := newWorld(t, s)
	in := w.submitInput(order())
	status := w.submit(in)
	require.Equal(t, porting.CarrierRefused, status.State)
	require.Equal(t, []porting.Rejection{{Code: "carrier-refused", Text: "not today", Reason: porting.OtherReason}}, status.Reasons)

	s.submit = func(carrier.LSR) (carrier.Status, error) { return carrier.Status{}, errDown }
	_, err := w.SubmitPort(t.Context(), in)
	requireRetried(t, "carrier-unavailable", err)

	s.submit, s.status = nil, fails(errDown)
	_, err = w.SubmitPort(t.Context(), in)
	requireRetried(t, "carrier-unavailable", err)
}

func TestReadCarrier(t *testing.T) {
	t.Parallel()
	s := &scripted{t: t, status: says(porting.CarrierRejected)}
	w := newWorld(t, s)
	in := porting.CarrierInput{Ref: ref(1), Carrier: "simulator"}
	status, err := w.ReadCarrier(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, porting.CarrierRejected, status.State)

	s.status = fails(errUnknown)
	status, err = w.ReadCarrier(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, porting.CarrierStatus{Ref: ref(1), State: porting.CarrierNothing}, status)

	s.status = fails(errDown)
	_, err = w.ReadCarrier(t.Context(), in)
	requireRetried(t, "carrier-unavailable", err)
}

// Each compensation looks first, and asks only where something is left to do.
func TestCompensationsLookFirst(t *testing.T) {
	t.Parallel()
	for state, want := range map[porting.CarrierState]struct{ cancel, reverse bool }{
		porting.CarrierNothing:       {},
		porting.CarrierPending:       {cancel: true, reverse: true},
		porting.CarrierRejected:      {cancel: true, reverse: true},
		porting.CarrierConfirmed:     {cancel: true, reverse: true},
		porting.CarrierUnknown:       {cancel: true, reverse: true},
		porting.CarrierActive:        {reverse: true},
		porting.CarrierCancelPending: {reverse: true},
		porting.CarrierCancelled:     {reverse: true},
		porting.CarrierReversing:     {},
		porting.CarrierReversed:      {},
	} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			s := &scripted{t: t, status: says(state), cancel: says(porting.CarrierCancelPending), reverse: says(porting.CarrierReversing)}
			if state == porting.CarrierNothing {
				s.status = fails(errUnknown)
			}
			w := newWorld(t, s)
			in := porting.CarrierInput{Ref: ref(1), Carrier: "simulator", Reason: porting.AuthorizationRevoked}
			status, err := w.CancelPort(t.Context(), in)
			require.NoError(t, err)
			wantState(t, want.cancel, porting.CarrierCancelPending, state, status.State)
			status, err = w.ReversePort(t.Context(), in)
			if state == porting.CarrierNothing {
				requireRetried(t, "carrier-order-unknown", err)
			} else {
				require.NoError(t, err)
				wantState(t, want.reverse, porting.CarrierReversing, state, status.State)
			}
			var asked []string
			if want.cancel {
				asked = append(asked, "cancel")
			}
			if want.reverse {
				asked = append(asked, "reverse")
			}
			require.ElementsMatch(t, asked, s.asked())
		})
	}
}

func wantState(t *testing.T, asked bool, answer, found, got porting.CarrierState) {
	t.Helper()
	if asked {
		found = answer
	}
	require.Equal(t, found, got)
}

func TestCompensationsTellANoFromAFault(t *testing.T) {
	t.Parallel()
	s := &scripted{t: t, status: says(porting.CarrierConfirmed), cancel: fails(errLocked), reverse: fails(errNo)}
	w := newWorld(t, s)
	in := porting.CarrierInput{Ref: ref(1), Carrier: "simulator"}
	status, err := w.CancelPort(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, porting.CarrierLocked, status.State)
	status, err = w.ReversePort(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, porting.CarrierRefused, status.State)

	s.cancel, s.reverse = fails(errDown), fails(errDown)
	_, err = w.CancelPort(t.Context(), in)
	requireRetried(t, "carrier-unavailable", err)
	_, err = w.ReversePort(t.Context(), in)
	requireRetried(t, "carrier-unavailable", err)
}

func TestNoStepAsksACarrierThatIsNotConfigured(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &scripted{t: t})
	in := porting.CarrierInput{Ref: ref(1), Carrier: "elsewhere"}
	for name, step := range map[string]func() error{
		"submit": func() error {
			_, err := w.SubmitPort(t.Context(), porting.SubmitInput{Carrier: "elsewhere"})
			return err
		},
		"read":    func() error { _, err := w.ReadCarrier(t.Context(), in); return err },
		"cancel":  func() error { _, err := w.CancelPort(t.Context(), in); return err },
		"reverse": func() error { _, err := w.ReversePort(t.Context(), in); return err },
		"verify": func() error {
			_, err := w.VerifyPort(t.Context(), porting.VerifyInput{Carrier: "elsewhere"})
			return err
		},
		"activate": func() error {
			_, err := w.ActivatePort(t.Context(), porting.ActivateInput{Carrier: "elsewhere"})
			return err
		},
	} {
		err := step()
		require.Error(t, err, name)
		requireNever(t, "carrier-not-configured", err)
	}
}
