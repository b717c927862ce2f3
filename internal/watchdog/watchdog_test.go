package watchdog_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/internal/notify/notifytest"
	"github.com/portsaga/portsaga/internal/watchdog"
	"github.com/portsaga/portsaga/porting"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// world is a real ledger with ports, a real mail server, and no Temporal anywhere.
type world struct {
	t      *testing.T
	file   string
	memory string
	books  *ledger.Ledger
	mail   *notifytest.MailServer
	now    time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{t: t, file: filepath.Join(dir, "ledger.db"), memory: filepath.Join(dir, "dog", "watchdog.json"), mail: notifytest.Start(t), now: noon}
	var err error
	w.books, err = ledger.Open(t.Context(), w.file)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.books.Close()) })
	return w
}

// awaits makes an open port that waits for something.
func (w *world) awaits(port, clock string, of porting.Waiting, due time.Duration) {
	w.t.Helper()
	_, err := w.books.Claim(w.t.Context(), ledger.Claim{
		PortID: port, Direction: porting.PortIn, Tenant: "default", Reference: port, At: noon, Numbers: []ledger.NumberClaim{{Token: port, Masked: "+1…0123"}},
	})
	require.NoError(w.t, err)
	require.NoError(w.t, w.books.Await(w.t.Context(), ledger.Awaited{
		PortID: port, Clock: clock, Ref: "1", OwedBy: of, NotedAt: noon, DueAt: noon.Add(due),
	}))
}

// dog is a watchdog as a process starts it: it remembers what an earlier one told.
func (w *world) dog(ways ...watchdog.Way) *watchdog.Watchdog {
	w.t.Helper()
	dates, err := ledger.OpenDates(w.file)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, dates.Close()) })
	dog, err := watchdog.New(watchdog.Options{
		Dates: dates, Memory: w.memory, Ways: ways, Ahead: time.Hour, Now: func() time.Time { return w.now }, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(w.t, err)
	return dog
}

func (w *world) mailTo(address string) watchdog.Mail {
	return watchdog.Mail{To: address, Sender: &notify.SMTP{
		Addr: w.mail.Addr(), TLS: notify.TLSNone, From: "portsaga <watchdog@example.com>", Now: time.Now,
	}}
}

func look(t *testing.T, dog *watchdog.Watchdog) []string {
	t.Helper()
	alarms, err := dog.Look(t.Context())
	require.NoError(t, err)
	var ports []string
	for _, a := range alarms {
		ports = append(ports, a.PortID)
	}
	return ports
}

// A date comes near: people are told by mail, once, whatever happens to the watchdog.
func TestADateIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.awaits("pi-later", "decision", porting.WaitingApprover, 30*time.Hour)
	w.awaits("pi-1", "decision", porting.WaitingApprover, 8*time.Hour)
	dog := w.dog(w.mailTo("desk@example.com"))

	w.now = noon.Add(7*time.Hour - time.Minute)
	require.Empty(t, look(t, dog))
	w.now = noon.Add(7 * time.Hour)
	require.Equal(t, []string{"pi-1"}, look(t, dog))
	require.Equal(t, "portsaga: dates of ports that need people: 1", w.mail.LastMail(t).Header.Get("Subject"))
	require.Contains(t, w.mail.Texts()[0], "2026-03-02 20:00 UTC  pi-1  people decide")

	w.now = noon.Add(20 * time.Hour)
	require.Empty(t, look(t, dog))
	require.Empty(t, look(t, w.dog(w.mailTo("desk@example.com"))), "nor by a watchdog that was started anew")
	require.Len(t, w.mail.Texts(), 1)

	require.NoError(t, w.books.AwaitNothing(t.Context(), "pi-1"))
	require.Empty(t, look(t, w.dog()))
	kept, err := os.ReadFile(w.memory)
	require.NoError(t, err)
	require.NotContains(t, string(kept), "pi-1", "what was answered is forgotten")
	require.NotContains(t, string(kept), "desk@example.com")
}

// What a saga does by itself is no alarm before it is surely not done; of a short time the last quarter is near.
func TestWhenADateNeedsPeople(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		of   porting.Waiting
		due  time.Duration
		from time.Duration
	}{
		"people":       {porting.WaitingApprover, 48 * time.Hour, 47 * time.Hour},
		"a carrier":    {porting.WaitingCarrier, 10 * time.Hour, 9 * time.Hour},
		"short":        {porting.WaitingApprover, 20 * time.Minute, 15 * time.Minute},
		"numbers move": {porting.WaitingDate, 48 * time.Hour, 48*time.Hour + 30*time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.awaits("pi-1", "clock", c.of, c.due)
			w.now = noon.Add(c.from - time.Second)
			require.Empty(t, look(t, w.dog()))
			w.now = noon.Add(c.from)
			require.Equal(t, []string{"pi-1"}, look(t, w.dog()))
		})
	}
}

// A dead cluster lets dates come due one after the other: people get one mail, and after a quarter of an hour one more.
func TestNoStorm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 120 {
		w.awaits("pi-"+string(rune('a'+i/26))+string(rune('a'+i%26)), "foc", porting.WaitingCarrier, time.Duration(i)*time.Second+time.Hour)
	}
	dog := w.dog(w.mailTo("desk@example.com"))
	w.now = noon.Add(time.Hour)
	look(t, dog)
	for range 14 {
		w.now = w.now.Add(time.Minute)
		w.awaits("pi-"+w.now.Format("1504"), "answer", porting.WaitingApprover, w.now.Sub(noon))
		look(t, dog)
	}
	require.Len(t, w.mail.Texts(), 1)
	require.Contains(t, w.mail.Texts()[0], "and 70 more")
	w.now = w.now.Add(time.Minute)
	look(t, dog)
	require.Len(t, w.mail.Texts(), 2)
	require.Equal(t, "portsaga: dates of ports that need people: 14", w.mail.LastMail(t).Header.Get("Subject"))
}

// A way that fails is tried again, and the others are not told twice.
func TestAWayThatFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.awaits("pi-1", "foc", porting.WaitingCarrier, time.Hour)
	w.now = noon.Add(time.Hour)
	posted := make(chan []byte, 10)
	service := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(err)
		}
		signed, err := notify.SignWebhook("whsec_c2VjcmV0", r.Header.Get(notify.HeaderWebhookID), w.now, body)
		if err == nil && signed == r.Header.Get(notify.HeaderWebhookSignature) {
			posted <- body
		}
	}))
	defer service.Close()
	hooks := &notify.Webhooks{
		Endpoints: []notify.Endpoint{{Name: "pager", URL: service.URL, Secrets: []porting.Secret{"whsec_c2VjcmV0"}}},
		HTTP:      service.Client(), Now: func() time.Time { return w.now },
	}
	w.mail.Behave(notifytest.Greylisting)
	ways, err := watchdog.Ways([]string{"desk@example.com"}, map[notify.Channel]notify.Sender{
		notify.Email: w.mailTo("").Sender, notify.Webhook: hooks,
	}, hooks.Names(""))
	require.NoError(t, err)
	dog := w.dog(ways...)
	_, err = dog.Look(t.Context())
	require.Equal(t, "smtp-unavailable", porting.CodeOf(err))
	w.mail.Behave(notifytest.Accepting)
	require.Empty(t, look(t, dog))
	require.Len(t, w.mail.Texts(), 1)

	var event struct {
		Type string
		Data []watchdog.Alarm
	}
	require.NoError(t, json.Unmarshal(<-posted, &event))
	require.Equal(t, "watchdog.dates", event.Type)
	require.Equal(t, "pi-1", event.Data[0].PortID)
	require.True(t, event.Data[0].Over)
	require.Empty(t, posted)
}

func TestAWatchdogThatCannotStart(t *testing.T) {
	t.Parallel()
	_, err := watchdog.Ways([]string{"desk@example.com"}, nil, nil)
	require.Equal(t, "watchdog-mute", porting.CodeOf(err))
	file := filepath.Join(t.TempDir(), "watchdog.json")
	require.NoError(t, os.WriteFile(file, []byte("half of a"), 0o600))
	_, err = watchdog.New(watchdog.Options{Memory: file})
	require.Equal(t, "memory-unreadable", porting.CodeOf(err))
}

// While the ledger is away nobody can know a date, and what was told before is not forgotten.
func TestALedgerThatIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.awaits("pi-1", "foc", porting.WaitingCarrier, time.Hour)
	w.now = noon.Add(time.Hour)
	require.Equal(t, []string{"pi-1"}, look(t, w.dog()))
	gone, err := ledger.OpenDates(filepath.Join(t.TempDir(), "gone.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, gone.Close()) })
	dog, err := watchdog.New(watchdog.Options{Dates: gone, Memory: w.memory, Now: func() time.Time { return w.now }, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	_, err = dog.Look(t.Context())
	require.Equal(t, "ledger-unavailable", porting.CodeOf(err))
	require.Empty(t, look(t, w.dog()))
}

// Run looks at once, and ends with its context.
func TestRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.awaits("pi-1", "foc", porting.WaitingCarrier, time.Hour)
	w.now = noon.Add(time.Hour)
	ctx, stop := context.WithCancel(t.Context())
	w.mail.OnMail(func(id string) {
		if strings.Contains(id, "wd-") {
			stop()
		}
	})
	require.NoError(t, w.dog(w.mailTo("desk@example.com")).Run(ctx))
	require.Len(t, w.mail.Texts(), 1)
}
