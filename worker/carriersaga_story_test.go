package worker_test

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier/gatewaytest"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// story is what a carrier, the network and people do to one port.
type story struct {
	plays string                                  // the simulator's scenario that the carrier follows
	wish  int                                     // how many days ahead the customer wishes the date; none when 0
	split bool                                    // the two numbers go two ways at the carrier
	loses bool                                    // every answer to a request that changes something is lost, once
	post  func(context.Context, *postman, letter) // how news come; as they are sent when nil
	act   func(*carrierSaga, porting.Status) bool // what people do, looking at the port; true when it is done
}

// slipsLate is a scenario of our own: the date slips when everybody has seen it, and by more than the two seconds that a gate's
// clock may be behind, which are four days here.
const slipsLate = "foc-slips-late"

func slipping(t *testing.T) simulator.Scenario {
	t.Helper()
	s, err := simulator.ParseScenario(slipsLate, []byte(`
about: The carrier confirms, and three days later slips the date by a week.
steps:
  - {on: submitted, after: 2h, then: confirmed}
  - {on: confirmed, after: 3d, then: foc-changed, by: 5bd}
  - {on: activation-asked, after: 1m, then: activated}
`))
	require.NoError(t, err)
	return s
}

// aWeek is a wish further ahead than Twilio's earliest date, so that a request that is sent again says the same.
const aWeek = 8

// stories are played with every carrier that has an API.
var stories = map[string]story{
	"happy":                                  {plays: gatewaytest.Happy},
	"rejected and fixed":                     {plays: gatewaytest.RejectsThenFix, act: fix},
	"split order":                            {plays: "partial-foc", split: true, wish: aWeek, act: fix},
	"the FOC slips":                          {plays: slipsLate, wish: aWeek},
	"the FOC slips, and no news":             {plays: slipsLate, wish: aWeek, post: isLost},
	"cancel inside the lock":                 {plays: "cancel-locked", act: revokeInsideTheLock},
	"news lost":                              {plays: gatewaytest.Happy, post: isLost},
	"news three times":                       {plays: gatewaytest.Happy, post: comesThreeTimes},
	"news forged":                            {plays: gatewaytest.Happy, post: isForged},
	"news reordered":                         {plays: gatewaytest.Happy, post: isOvertaken},
	"news a day late":                        {plays: gatewaytest.Happy, post: comesADayLate},
	"news replayed a day later":              {plays: gatewaytest.Happy, post: isReplayed},
	"every answer lost":                      {plays: gatewaytest.RejectsThenFix, loses: true, wish: aWeek, act: fix},
	"every answer lost, and no news":         {plays: gatewaytest.Happy, loses: true, wish: aWeek, post: isLost},
	"revoked, and every answer lost":         {plays: gatewaytest.Silent, loses: true, wish: aWeek, act: revokeOnceSubmitted},
	"cancelled, and the numbers move anyway": {plays: "ports-although-cancelled", act: revokeOnceConfirmed},
}

// ending is how a story ends with one carrier.
type ending struct {
	outcome porting.Outcome
	effects []string // that our requests had at the carrier, each once
	answers []int    // that our door gave to the news, each once; it took them all when nil
	check   func(*testing.T, *carrierSaga, porting.Status)
}

// playStories plays every story with a carrier.
func playStories(t *testing.T, open func(*carrierSaga) realCarrier, endings map[string]ending) {
	require.Len(t, endings, len(stories), "every carrier plays every story")
	for name, st := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			end, known := endings[name]
			require.True(t, known)
			s := newCarrierSaga(t, st, open)
			last := s.run()
			require.Equal(t, end.outcome, last.Outcome, "%+v", last.Timeline)
			require.ElementsMatch(t, end.effects, s.carrier.effects(s.port))
			s.checkNews(end)
			s.checkLosses()
			if end.check != nil {
				end.check(t, s, last)
			}
		})
	}
}

// checkNews holds what our door answered, and that nothing got through that it refused.
func (s *carrierSaga) checkNews(end ending) {
	s.Helper()
	want := end.answers
	if want == nil {
		want = []int{http.StatusAccepted}
	}
	require.ElementsMatch(s, want, slices.Compact(slices.Sorted(slices.Values(s.post.answered()))))
	require.Equal(s, slices.Contains(want, http.StatusAccepted), s.hinted.hints() > 0)
}

// checkLosses sees that a story whose answers get lost lost some.
func (s *carrierSaga) checkLosses() {
	s.Helper()
	said, err := s.ours.Ledger.Exchanges(s.Context(), s.port)
	require.NoError(s, err)
	lost := slices.ContainsFunc(said, func(e ledger.Exchange) bool { return e.Failure != "" })
	require.Equal(s, s.story.loses, lost)
}

// fix corrects what the carrier rejected.
func fix(s *carrierSaga, now porting.Status) bool {
	if now.Stage != porting.Exception {
		return false
	}
	s.env.SignalWorkflow(porting.MsgAmend, porting.Amend{By: "ana@desk", AccountNumber: "4412-78"})
	return true
}

func revokeOnceSubmitted(s *carrierSaga, now porting.Status) bool {
	return now.Stage == porting.Submitted && s.revoke()
}

func revokeOnceConfirmed(s *carrierSaga, now porting.Status) bool {
	return now.Stage == porting.Confirmed && s.revoke()
}

// revokeInsideTheLock revokes when the carrier takes no cancel any more.
func revokeInsideTheLock(s *carrierSaga, now porting.Status) bool {
	const lock = 47 * time.Hour
	return now.Stage == porting.Confirmed && s.clock.Business(time.Now()).After(now.FOCAt.Add(-lock)) && s.revoke()
}

func (s *carrierSaga) revoke() bool {
	s.env.SignalWorkflow(porting.MsgRevoke, porting.Revoke{By: "jordan@subscriber"})
	return true
}

// saidNothingPersonal sees that all that was said with the carrier is on record, and nothing that is the subscriber's.
func saidNothingPersonal(t *testing.T, s *carrierSaga, _ porting.Status) {
	t.Helper()
	said, err := s.ours.Ledger.Exchanges(t.Context(), s.port)
	require.NoError(t, err)
	steps := map[string]bool{}
	for _, e := range said {
		steps[e.Step] = true
		for _, private := range []string{"Jordan", "jordan", "Plaza", "4412", "5550123"} {
			require.NotContains(t, string(e.Request)+string(e.Answer)+e.Path, private)
		}
	}
	require.Subset(t, steps, map[string]bool{porting.StepScreen: true, porting.StepSubmit: true, porting.StepRead: true, porting.StepActivate: true, porting.StepVerify: true})
}

// dateMoved sees that people were told of another date, and that nothing moved before it.
func dateMoved(t *testing.T, _ *carrierSaga, last porting.Status) {
	t.Helper()
	require.True(t, happened(last, porting.EventFOCChanged))
	for _, e := range last.Timeline {
		require.False(t, e.Event == porting.EventActivationStarted && e.At.Before(*last.FOCAt))
	}
}

// dateMovedUntold sees that the gate noticed another date, of which no news told, that nothing moved before it, and that nobody
// had to send the port on.
func dateMovedUntold(t *testing.T, _ *carrierSaga, last porting.Status) {
	t.Helper()
	require.True(t, happened(last, porting.EventActivationFailed))
	require.True(t, happened(last, porting.EventFOCChanged))
	for _, e := range last.Timeline {
		require.False(t, e.Event == porting.EventActivated && e.At.Before(*last.FOCAt))
	}
}

// peopleWereCalled sees that a port ends with somebody who must look.
func peopleWereCalled(t *testing.T, _ *carrierSaga, last porting.Status) {
	t.Helper()
	require.True(t, happened(last, porting.EventEscalated))
	require.Equal(t, porting.AuthorizationRevoked, last.Reason)
}
