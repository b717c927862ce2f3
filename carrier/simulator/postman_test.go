package simulator_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

const secret porting.Secret = "between us"

// doorbell receives webhooks and believes none that is not well signed.
type doorbell struct {
	url  string
	mu   sync.Mutex
	busy int // answers so many with 500 first
	rung []simulator.Webhook
}

func newDoorbell(t *testing.T, busy int) *doorbell {
	t.Helper()
	d := &doorbell{busy: busy}
	s := httptest.NewServer(d)
	t.Cleanup(s.Close)
	d.url = s.URL
	return d
}

func (d *doorbell) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, simulator.MaxWebhook))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	hook, err := simulator.VerifyWebhook(secret, r.Header, body, time.Now())
	if err != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy > 0 {
		d.busy--
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	d.rung = append(d.rung, hook)
}

// types waits for so many webhooks and names them.
func (d *doorbell) types(t *testing.T, count int) []string {
	t.Helper()
	require.Eventually(t, func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return len(d.rung) >= count
	}, patience, glance)
	d.mu.Lock()
	defer d.mu.Unlock()
	var types []string
	for _, hook := range d.rung {
		types = append(types, hook.Type)
	}
	return types
}

// twoChanges is a carrier that changes its mind within a minute.
const twoChanges = `
about: Confirms, and worries.
steps:
  - {on: submitted, after: 1m, then: confirmed}
  - {on: confirmed, after: 1m, then: jeopardised}
`

func TestWebhooks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, how string
		busy      int
		want      []string
	}{
		{"in order, once", ``, 0, []string{"order.confirmed", "order.jeopardised"}},
		{"tried again until taken", ``, 2, []string{"order.confirmed", "order.jeopardised"}},
		{
			"duplicates", `webhooks: {duplicates: 1}`, 0,
			[]string{"order.confirmed", "order.confirmed", "order.jeopardised", "order.jeopardised"},
		},
		{"reordered", `webhooks: {reorder: true}`, 0, []string{"order.jeopardised", "order.confirmed"}},
		{
			"reordered duplicates", `webhooks: {reorder: true, duplicates: 1}`, 0,
			[]string{"order.jeopardised", "order.jeopardised", "order.confirmed", "order.confirmed"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			clock := fast()
			clock.Scale = 3600 // a minute in 17 ms; a held webhook waits a second to be overtaken
			door := newDoorbell(t, c.busy)
			s := start(t, simulator.Options{
				Clock: clock, ScenarioDir: scenarioDir(t, "two", twoChanges+c.how), Scenario: "two",
				WebhookURL: door.url, WebhookSecret: secret,
			})
			_, err := (&simulator.Client{URL: s.URL()}).Submit(t.Context(), lsr("p"))
			require.NoError(t, err)
			require.Equal(t, c.want, door.types(t, len(c.want)))
			for _, hook := range door.rung {
				require.Equal(t, lsr("p").Ref, hook.Order)
				require.NotEmpty(t, hook.ID)
			}
		})
	}
}

func TestAWebhookThatNothingOvertakesIsStillSent(t *testing.T) {
	t.Parallel()
	door := newDoorbell(t, 0)
	s := start(t, simulator.Options{Clock: fast(), Scenario: "bad-webhooks", WebhookURL: door.url, WebhookSecret: secret})
	_, err := (&simulator.Client{URL: s.URL()}).Submit(t.Context(), lsr("p"))
	require.NoError(t, err)
	require.Equal(t, []string{"order.confirmed", "order.confirmed", "order.confirmed"}, door.types(t, 3))
	require.Equal(t, door.rung[0], door.rung[2], "duplicates are equal, ID included")
}

func TestAWebhookSurvivesARestart(t *testing.T) {
	t.Parallel()
	door := newDoorbell(t, 0)
	o := simulator.Options{Clock: fast(), StateFile: filepath.Join(t.TempDir(), "carrier.jsonl"), WebhookURL: nowhere, WebhookSecret: secret}
	before, err := simulator.Start(t.Context(), o)
	require.NoError(t, err)
	c := &simulator.Client{URL: before.URL()}
	_, err = c.Submit(t.Context(), lsr("p"))
	require.NoError(t, err)
	awaitState(t, c, lsr("p").Ref, carrier.StateConfirmed)
	require.NoError(t, before.Close())

	o.WebhookURL = door.url
	start(t, o)
	require.Equal(t, []string{"order.confirmed"}, door.types(t, 1))
}
