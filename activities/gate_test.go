package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// activation is an approved activation whose date has come.
func activation() porting.ActivateInput {
	return porting.ActivateInput{
		Ref: ref(1), Carrier: "simulator", Epoch: 1, FOC: reached, Needed: 1, Submitter: "ana",
		Decisions: []porting.Decision{decided("ben", porting.Approve, 1)},
	}
}

func decided(by, decision string, version int) porting.Decision {
	return porting.Decision{By: by, Decision: decision, OrderVersion: version}
}

// gated is a port at the gate: received, and confirmed by its carrier.
func gated(t *testing.T, s *scripted) *world {
	t.Helper()
	s.t = t
	if s.status == nil {
		s.status = says(porting.CarrierConfirmed)
	}
	w := newWorld(t, s)
	w.taken(order())
	return w
}

func (w *world) activate(in porting.ActivateInput) porting.Activation {
	w.t.Helper()
	answer, err := w.ActivatePort(w.t.Context(), in)
	require.NoError(w.t, err)
	return answer
}

func requireRefused(t *testing.T, reason porting.Reason, answer porting.Activation) {
	t.Helper()
	require.NotNil(t, answer.Refused)
	require.Equal(t, reason, answer.Refused.Reason)
	require.NotEmpty(t, answer.Refused.Note)
}

func TestGateCountsTheDecisionsAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		needed    int
		decisions []porting.Decision
	}{
		"nobody decided":              {1, nil},
		"nobody is said to be needed": {0, nil},
		"for another version":         {1, []porting.Decision{decided("ben", porting.Approve, 2)}},
		"the submitter alone":         {1, []porting.Decision{decided("ana", porting.Approve, 1)}},
		"one of two":                  {2, []porting.Decision{decided("ben", porting.Approve, 1), decided("ana", porting.Approve, 1)}},
		"one person twice":            {2, []porting.Decision{decided("ben", porting.Approve, 1), decided("ben", porting.Approve, 1)}},
		"one rejects":                 {1, []porting.Decision{decided("ben", porting.Approve, 1), decided("cho", porting.Reject, 1)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := gated(t, &scripted{})
			in := activation()
			in.Needed, in.Decisions = c.needed, c.decisions
			answer := w.activate(in)
			requireRefused(t, porting.Declined, answer)
			require.False(t, answer.Fenced)
			require.Equal(t, ledger.FenceOpen, w.fence().State)
		})
	}
}

func TestGateLivesInRealTime(t *testing.T) {
	t.Parallel()
	w := gated(t, &scripted{activate: says(porting.CarrierActive)})
	in := activation()
	in.Clock = porting.Clock{Scale: 1e6, RealStart: time.Now(), BusinessStart: reached}
	requireRefused(t, porting.ScaledClockRefused, w.activate(in))
	require.Equal(t, ledger.FenceOpen, w.fence().State)

	w.AllowScaledClock = true
	require.Nil(t, w.activate(in).Refused)
}

func TestGateKeepsTheDate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ours, carriers time.Time
		moves          bool
	}{
		"reached":               {reached, reached, true},
		"reached within a skew": {time.Now().Add(time.Second), reached, true},
		"not reached":           {time.Now().Add(time.Hour), reached, false},
		"the saga knows none":   {time.Time{}, reached, false},
		"the carrier slipped":   {reached, time.Now().Add(time.Hour), false},
		"the carrier has none":  {reached, time.Time{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := gated(t, &scripted{activate: says(porting.CarrierActive), status: func() (carrier.Status, error) {
				return carrier.Status{Ref: ref(1), State: porting.CarrierConfirmed, FOC: c.carriers}, nil
			}})
			in := activation()
			in.FOC = c.ours
			answer := w.activate(in)
			if c.moves {
				require.Equal(t, porting.CarrierActive, answer.Status.State)
				return
			}
			requireRefused(t, porting.DueDateInvalid, answer)
			require.False(t, answer.Fenced)
			require.Equal(t, ledger.FenceOpen, w.fence().State, "nothing moved, so the fence is given back")
		})
	}
}

func TestGateNeedsTheFence(t *testing.T) {
	t.Parallel()
	w := gated(t, &scripted{})
	in := activation()
	in.Epoch = 7
	answer := w.activate(in)
	require.Contains(t, answer.Refused.Note, "epoch 1, not 7")
	require.False(t, answer.Fenced, "nobody revoked it")

	_, err := w.Ledger.BeginActivation(t.Context(), portID, 1, portID+"/2", reached)
	require.NoError(t, err)
	answer = w.activate(activation())
	require.Contains(t, answer.Refused.Note, "another activation holds the fence")
	require.False(t, answer.Fenced)

	require.NoError(t, w.Ledger.EndActivation(t.Context(), portID, portID+"/2", false, reached))
	require.False(t, w.revoke())
	answer = w.activate(activation())
	requireRefused(t, porting.AuthorizationRevoked, answer)
	require.True(t, answer.Fenced)

	_, err = newWorld(t, &scripted{t: t}).ActivatePort(t.Context(), activation())
	requireRetried(t, "port-unknown", err)
}

func TestGateActivatesOnce(t *testing.T) {
	t.Parallel()
	server, client := simulated(t, prompt)
	w := newWorld(t, client)
	w.submit(w.submitInput(order()))
	in := activation()
	require.Eventually(t, func() bool { return w.activate(in).Status.State == porting.CarrierActive }, 5*time.Second, time.Millisecond)
	w.activate(in)
	require.Equal(t, []string{"submitted", "activation-asked"}, effects(server))
	require.Equal(t, ledger.FenceActive, w.fence().State)
}

func TestGateActivatesOnceThoughTheAnswerIsLost(t *testing.T) {
	t.Parallel()
	server, client := simulated(t, prompt+`answers: {activate: {hang: true}}`)
	w := newWorld(t, client)
	w.submit(w.submitInput(order()))
	w.loseAnswer(server, "activation-asked", func(ctx context.Context) error { _, err := w.ActivatePort(ctx, activation()); return err })
	require.Equal(t, ledger.FenceActivating, w.fence().State)
	require.True(t, w.revoke(), "the numbers may be moving")

	require.Equal(t, porting.CarrierActive, w.activate(activation()).Status.State)
	require.Equal(t, ledger.FenceActive, w.fence().State)
	require.Equal(t, []string{"submitted", "activation-asked"}, effects(server))
}

func TestGateKeepsTheFenceWhileTheOutcomeIsUnknown(t *testing.T) {
	t.Parallel()
	s := &scripted{status: fails(errDown)}
	w := gated(t, s)
	for _, activate := range []func() (carrier.Status, error){nil, fails(errDown)} {
		_, err := w.ActivatePort(t.Context(), activation())
		requireRetried(t, "carrier-unavailable", err)
		require.Equal(t, ledger.FenceActivating, w.fence().State)
		s.status, s.activate = says(porting.CarrierConfirmed), activate
		if activate == nil {
			s.activate = fails(errDown)
		}
	}
}

func TestGateGivesTheFenceBackWhenTheCarrierRefuses(t *testing.T) {
	t.Parallel()
	s := &scripted{activate: fails(errNo)}
	w := gated(t, s)
	answer := w.activate(activation())
	requireRefused(t, porting.DueDateUnmeetable, answer)
	require.Contains(t, answer.Refused.Note, "not today")
	require.Equal(t, ledger.FenceOpen, w.fence().State)

	s.activate = says(porting.CarrierActive)
	require.Equal(t, porting.CarrierActive, w.activate(activation()).Status.State, "another try may do")
}

// A request whose answer was lost may still be on its way. That the carrier refuses the next one does not stop it.
func TestGateKeepsTheFenceWhenARefusalFollowsALostAnswer(t *testing.T) {
	t.Parallel()
	s := &scripted{activate: fails(errDown)}
	w := gated(t, s)
	_, err := w.ActivatePort(t.Context(), activation())
	requireRetried(t, "carrier-unavailable", err)

	s.activate = fails(errNo)
	answer := w.activate(activation())
	require.Nil(t, answer.Refused, "nobody knows yet")
	require.Equal(t, ledger.FenceActivating, w.fence().State)
	require.True(t, w.revoke())

	in := activation()
	in.FOC = time.Now().Add(time.Hour)
	s.cancel = says(porting.CarrierCancelled)
	require.True(t, w.activate(in).Fenced, "the confirmed cancel makes sure, whatever the date")
	require.Equal(t, ledger.FenceClosed, w.fence().State)
}

func TestGateHoldsAnEarlierTryUntilItsDate(t *testing.T) {
	t.Parallel()
	s := &scripted{activate: fails(errDown)}
	w := gated(t, s)
	_, err := w.ActivatePort(t.Context(), activation())
	requireRetried(t, "carrier-unavailable", err)
	in := activation()
	in.FOC = time.Now().Add(time.Hour)
	require.Nil(t, w.activate(in).Refused)
	require.Equal(t, ledger.FenceActivating, w.fence().State)
}

// lostThenRevoked is a port whose activation was asked with a lost answer, and then revoked.
func lostThenRevoked(t *testing.T, s *scripted) *world {
	t.Helper()
	s.activate = fails(errDown)
	w := gated(t, s)
	_, err := w.ActivatePort(t.Context(), activation())
	requireRetried(t, "carrier-unavailable", err)
	require.True(t, w.revoke())
	s.activate = nil
	return w
}

func TestGateCancelsARevokedActivationAndWaitsForTheCarriersWord(t *testing.T) {
	t.Parallel()
	s := &scripted{cancel: says(porting.CarrierCancelPending)}
	w := lostThenRevoked(t, s)
	answer := w.activate(activation())
	require.Nil(t, answer.Refused)
	require.Equal(t, ledger.FenceActivating, w.fence().State)

	s.status = says(porting.CarrierCancelPending)
	require.Nil(t, w.activate(activation()).Refused)
	require.Equal(t, ledger.FenceActivating, w.fence().State, "a cancel that is only asked stops nothing")

	s.status = says(porting.CarrierCancelled)
	answer = w.activate(activation())
	requireRefused(t, porting.AuthorizationRevoked, answer)
	require.True(t, answer.Fenced)
	require.Equal(t, ledger.FenceClosed, w.fence().State)
	require.Equal(t, []string{"activate", "cancel"}, s.asked())
}

func TestGateCancelsARevokedActivationWhereverTheOrderStands(t *testing.T) {
	t.Parallel()
	for _, state := range []porting.CarrierState{porting.CarrierConfirmed, porting.CarrierPending, porting.CarrierRejected, porting.CarrierUnknown} {
		s := &scripted{cancel: says(porting.CarrierCancelled)}
		w := lostThenRevoked(t, s)
		s.status = says(state)
		require.True(t, w.activate(activation()).Fenced, state)
	}
}

func TestGateWaitsWhereARevokedActivationCannotBeCancelled(t *testing.T) {
	t.Parallel()
	s := &scripted{cancel: fails(errLocked)}
	w := lostThenRevoked(t, s)
	answer := w.activate(activation())
	require.Nil(t, answer.Refused)
	require.Equal(t, porting.CarrierPending, answer.Status.State)
	require.Equal(t, ledger.FenceActivating, w.fence().State)

	s.cancel = fails(errDown)
	_, err := w.ActivatePort(t.Context(), activation())
	requireRetried(t, "carrier-unavailable", err)

	s.status = says(porting.CarrierActive)
	require.Equal(t, porting.CarrierActive, w.activate(activation()).Status.State, "it was on its way; now it must be ported back")
	require.Equal(t, ledger.FenceActive, w.fence().State)
}

// What the carrier says before anything is asked of it.
func TestGateTakesTheCarriersWord(t *testing.T) {
	t.Parallel()
	for state, c := range map[porting.CarrierState]struct {
		refused bool
		fence   ledger.FenceState
	}{
		porting.CarrierActive:        {false, ledger.FenceActive},
		porting.CarrierNothing:       {true, ledger.FenceOpen},
		porting.CarrierCancelled:     {true, ledger.FenceOpen},
		porting.CarrierRefused:       {true, ledger.FenceOpen},
		porting.CarrierRejected:      {true, ledger.FenceOpen},
		porting.CarrierReversed:      {true, ledger.FenceActive},
		porting.CarrierReversing:     {false, ledger.FenceActivating},
		porting.CarrierPending:       {false, ledger.FenceActivating},
		porting.CarrierCancelPending: {false, ledger.FenceActivating},
		porting.CarrierUnknown:       {false, ledger.FenceActivating},
	} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			s := &scripted{status: says(state)}
			if state == porting.CarrierNothing {
				s.status = fails(errUnknown)
			}
			w := gated(t, s)
			for range 2 {
				answer := w.activate(activation())
				require.Equal(t, state, answer.Status.State)
				require.Equal(t, c.refused, answer.Refused != nil)
				require.False(t, answer.Fenced)
				require.Equal(t, c.fence, w.fence().State)
			}
			require.Empty(t, s.asked())
		})
	}
}

func TestGateLetsACarrierActivateByItself(t *testing.T) {
	t.Parallel()
	s := &scripted{passive: true}
	w := gated(t, s)
	require.Equal(t, porting.CarrierConfirmed, w.activate(activation()).Status.State)
	require.Equal(t, ledger.FenceActivating, w.fence().State)
	s.status = says(porting.CarrierActive)
	require.Equal(t, porting.CarrierActive, w.activate(activation()).Status.State)
	require.Equal(t, ledger.FenceActive, w.fence().State)
	require.Empty(t, s.asked())
}
