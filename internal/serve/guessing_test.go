package serve_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/serve"
	"github.com/portsaga/portsaga/porting"
)

// A thousand guesses at once, as from as many recipients: five are looked at, the number is locked out, its people are told,
// and no port is opened for the rest. A number that nobody knows costs the same work.
func TestGuessesAtAPIN(t *testing.T) {
	t.Parallel()
	const guesses = 1000
	unknown := porting.Number("+12125550199")
	cost := map[porting.Number]int64{}
	for _, number := range []porting.Number{ours, unknown} {
		d := newDesk(t, func(w *serve.Wholesaler) { w.PerSecond, w.Within = 10*guesses, time.Minute })
		if number == ours {
			d.setPIN(t, ours)
		}
		before := d.guard.Hashed()
		answers := d.guess(t, number, guesses)
		cost[number] = d.guard.Hashed() - before

		require.Zero(t, answers["valid "])
		events, err := d.guard.History(t.Context(), d.guard.Number("", number), guesses)
		require.NoError(t, err)
		told := map[string]int{}
		for _, e := range events {
			told[e.Kind]++
		}
		require.Equal(t, 5, told[ledger.EventPINFailed])
		require.Equal(t, 1, told[ledger.EventPINLocked])
		opened, err := d.OpenDue(t.Context())
		require.NoError(t, err)
		require.Equal(t, guesses, opened+answers["refuse PORT_PROTECTED"], "what comes during the lockout opens nothing")
		require.Positive(t, answers["refuse PORT_PROTECTED"])

		state, err := d.guard.PINState(t.Context(), d.guard.Number("", number), d.now)
		require.NoError(t, err)
		require.False(t, state.LockedUntil.IsZero())
		require.Equal(t, porting.PortProtected, d.asks(t, ask("late", number, pin(rightPIN))).Reason, "also the right one is not looked at")
	}
	require.EqualValues(t, 5, cost[ours])
	require.Equal(t, cost[ours], cost[unknown], "the same work for a number that nobody knows")
}

// Whoever asks for many who have no PIN is locked out as a source. That is no ground against the next subscriber.
func TestALockoutOfWhoAsksRefusesNobody(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.setPIN(t, ours)
	for i := range 50 {
		number := porting.Number(fmt.Sprintf("+1212555%04d", 200+i))
		require.Equal(t, serve.SaidHold, d.asks(t, ask(fmt.Sprint(i), number, pin(wrongPIN))).Answer)
	}
	before := d.guard.Hashed()
	require.Equal(t, serve.SaidHold, d.asks(t, ask("next", ours, pin(rightPIN))).Answer)
	require.Equal(t, before, d.guard.Hashed())
}

// guess sends wrong PINs, each under a name of its own and from a recipient of its own, and counts the answers.
func (d *desk) guess(t *testing.T, number porting.Number, guesses int) map[string]int {
	t.Helper()
	var mu sync.Mutex
	answers := map[string]int{}
	var next atomic.Int64
	var together sync.WaitGroup
	begun := time.Now()
	for range 32 {
		together.Go(func() {
			for i := next.Add(1); i <= int64(guesses); i = next.Add(1) {
				body := fmt.Appendf(nil, `{"id":"g-%d","kind":"wireless","numbers":[%q],"recipient":{"name":"Recipient %d"},"given":{"pin":"%06d"}}`, i, number.E164(), i, 200000+i)
				w := d.post(t.Context(), body)
				if w.Code != http.StatusOK {
					continue
				}
				said := validated(t, w)
				mu.Lock()
				answers[fmt.Sprintf("%s %s", said.Answer, said.Reason)]++
				mu.Unlock()
			}
		})
	}
	together.Wait()
	t.Logf("%d guesses at %s, %.0f a second", guesses, number, float64(guesses)/time.Since(begun).Seconds())
	return answers
}
