package worker_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier/gatewaytest"
	"github.com/portsaga/portsaga/carrier/telnyx/telnyxtest"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// openTelnyxFake is Telnyx as a deployment reaches it.
func openTelnyxFake(s *carrierSaga) realCarrier {
	o := telnyxtest.Options{Clock: s.clock, WebhookURL: s.post.url + "/news/telnyx"}
	if s.story.split {
		o.SplitBy = porting.Number.E164
	}
	f := telnyxtest.Start(s.T, o)
	f.Sim.Learn(slipping(s.T))
	if s.story.split {
		require.NoError(s, f.ChoosePart(s.port, s.order().Numbers[1], gatewaytest.RejectsThenFix))
	} else {
		require.NoError(s, f.Choose(s.port, s.story.plays))
	}
	if s.story.loses {
		f.LoseAnswers()
	}
	return realCarrier{name: "telnyx", effects: f.Effects, ready: func(worker.Neighbours) {}, file: telnyxFile(s.T, f)}
}

// telnyxFile is the carriers file of a deployment that has Telnyx.
func telnyxFile(t *testing.T, f *telnyxtest.Fake) string {
	return fmt.Sprintf("carriers: {telnyx: {adapter: telnyx, url: %q, key_file: %q, news_key_file: %q}}",
		f.URL(), secretFile(t, telnyxtest.Key.Reveal()), secretFile(t, f.PublicKey()))
}

func secretFile(t *testing.T, secret string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte(secret), 0o600))
	return file
}

// Every story through Telnyx. It corrects an order in place, and moves it when it is asked.
func TestTelnyxThroughTheSaga(t *testing.T) {
	t.Parallel()
	const submitted, supplemented, cancelled, activated = gatewaytest.Submitted, gatewaytest.Supplemented, gatewaytest.CancelAsked, gatewaytest.ActivationAsked
	moved := ending{outcome: porting.OutcomeCompleted, effects: []string{submitted, activated}}
	stale := moved
	stale.answers = []int{http.StatusAccepted, http.StatusUnauthorized}
	untold, forged := moved, moved
	untold.answers = []int{}
	forged.answers = []int{http.StatusUnauthorized}
	playStories(t, openTelnyxFake, map[string]ending{
		"happy":                                  {outcome: porting.OutcomeCompleted, effects: moved.effects, check: saidNothingPersonal},
		"rejected and fixed":                     {outcome: porting.OutcomeCompleted, effects: []string{submitted, supplemented, activated}},
		"split order":                            {outcome: porting.OutcomeCompleted, effects: []string{submitted, submitted, supplemented, activated, activated}},
		"the FOC slips":                          {outcome: porting.OutcomeCompleted, effects: moved.effects, check: dateMoved},
		"the FOC slips, and no news":             {outcome: porting.OutcomeCompleted, effects: moved.effects, answers: []int{}, check: dateMovedUntold},
		"cancel inside the lock":                 {outcome: porting.OutcomeDisputed, effects: []string{submitted}, check: peopleWereCalled},
		"news lost":                              untold,
		"news three times":                       moved,
		"news forged":                            forged,
		"news reordered":                         moved,
		"news a day late":                        moved,
		"news replayed a day later":              stale,
		"every answer lost":                      {outcome: porting.OutcomeCompleted, effects: []string{submitted, supplemented, activated}},
		"every answer lost, and no news":         untold,
		"revoked, and every answer lost":         {outcome: porting.OutcomeRevoked, effects: []string{submitted, cancelled}},
		"cancelled, and the numbers move anyway": {outcome: porting.OutcomeDisputed, effects: []string{submitted, cancelled}, check: peopleWereCalled},
	})
}
