package worker_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier/gatewaytest"
	"github.com/portsaga/portsaga/carrier/twilio"
	"github.com/portsaga/portsaga/carrier/twilio/twiliotest"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// openTwilioFake is Twilio as a deployment reaches it, but for its clock, and for how long an order may be on its way: in
// business time ten minutes are weeks.
func openTwilioFake(s *carrierSaga) realCarrier {
	news := s.post.url + "/news/twilio"
	o := twiliotest.Options{Clock: s.clock, WebhookURL: news, RefuseHeld: true}
	if s.story.loses {
		o.Wrap = loseAnswers
	}
	f, err := twiliotest.Start(s.Context(), o)
	require.NoError(s, err)
	s.Cleanup(func() { require.NoError(s, f.Close()) })
	f.Learn(slipsLate, slipping(s.T))
	f.Choose(s.port, s.story.plays)
	ready := func(n worker.Neighbours) {
		c, ours := n.Carriers["twilio"].(*twilio.Client)
		require.True(s, ours)
		c.Clock, c.Settle = s.clock, 20*orderHour
	}
	return realCarrier{name: "twilio", effects: f.Effects, ready: ready, file: fmt.Sprintf(
		"carriers: {twilio: {adapter: twilio, url: %q, account: %q, api_key: %q, key_file: %q, news_key_file: %q, news_url: %q, mailbox: %q}}",
		f.URL(), twiliotest.Account, twiliotest.Key, secretFile(s.T, twiliotest.Secret.Reveal()), secretFile(s.T, twiliotest.Token.Reveal()), news, twiliotest.Mailbox)}
}

// loseAnswers breaks the connection of every different request that changes something, once, after it took effect. Uploads are
// told apart by nothing: the first is lost.
func loseAnswers(api http.Handler) http.Handler {
	var lost sync.Map
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // nobody waits for an answer
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer := httptest.NewRecorder()
		api.ServeHTTP(answer, r)
		what := r.Method + r.URL.Path
		if r.Header.Get("Content-Type") == "application/json" {
			what += string(body)
		}
		if _, before := lost.LoadOrStore(what, true); !before && r.Method != http.MethodGet {
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes()) // the client may be gone; there is nobody to tell
	})
}

// Every story through Twilio. It corrects no order in place, so that a correction cancels it and starts anew; it moves the
// numbers by itself, and its news have no time, so that old ones are taken and change nothing.
func TestTwilioThroughTheSaga(t *testing.T) {
	t.Parallel()
	const submitted, cancelled = gatewaytest.Submitted, gatewaytest.CancelAsked
	moved := ending{outcome: porting.OutcomeCompleted, effects: []string{submitted}}
	untold, forged := moved, moved
	untold.answers = []int{}
	forged.answers = []int{http.StatusUnauthorized}
	corrected := ending{outcome: porting.OutcomeCompleted, effects: []string{submitted, cancelled, submitted}}
	happy, slipped := moved, moved
	happy.check, slipped.check = saidNothingPersonal, dateMovedUntold
	slippedUntold := slipped
	slippedUntold.answers = []int{}
	playStories(t, openTwilioFake, map[string]ending{
		"happy":                                  happy,
		"rejected and fixed":                     corrected,
		"split order":                            {outcome: porting.OutcomePartial, effects: []string{submitted}, check: oneStayed},
		"the FOC slips":                          slipped,
		"the FOC slips, and no news":             slippedUntold,
		"cancel inside the lock":                 {outcome: porting.OutcomeDisputed, effects: []string{submitted}, check: peopleWereCalled},
		"news lost":                              untold,
		"news three times":                       moved,
		"news forged":                            forged,
		"news reordered":                         moved,
		"news a day late":                        moved,
		"news replayed a day later":              moved,
		"every answer lost":                      corrected,
		"every answer lost, and no news":         untold,
		"revoked, and every answer lost":         {outcome: porting.OutcomeRevoked, effects: []string{submitted, cancelled}},
		"cancelled, and the numbers move anyway": {outcome: porting.OutcomeDisputed, effects: []string{submitted, cancelled}, check: peopleWereCalled},
	})
}

// oneStayed sees that the port tells which number did not move, and why.
func oneStayed(t *testing.T, _ *carrierSaga, last porting.Status) {
	t.Helper()
	require.Equal(t, porting.NumberMoved, last.Numbers[0].Status)
	require.Equal(t, porting.NumberNotMoved, last.Numbers[1].Status)
	require.Equal(t, porting.NumberInactive, last.Numbers[1].Reason)
}
