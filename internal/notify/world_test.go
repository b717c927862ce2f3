package notify_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/internal/notify/notifytest"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
)

var noon = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is a notifier with a real ledger, a real vault and a mail server.
type world struct {
	*notify.Notifier
	books *ledger.Ledger
	keys  *vault.Vault
	mail  *notifytest.MailServer
	clock *clock
}

func newWorld(t testing.TB, change ...func(*notify.Options)) *world {
	t.Helper()
	books, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, books.Close()) })
	keys, err := vault.Create(filepath.Join(t.TempDir(), "key"))
	require.NoError(t, err)
	w := &world{books: books, keys: keys, mail: notifytest.Start(t), clock: &clock{now: noon}}
	o := notify.Options{
		Outbox: books, Vault: keys, Templates: templates(t), LinkBase: "https://port.example", Now: w.clock.Now,
		Senders: map[notify.Channel]notify.Sender{notify.Email: w.smtp()},
	}
	for _, c := range change {
		c(&o)
	}
	w.Notifier = notify.New(o)
	return w
}

func (w *world) smtp() *notify.SMTP {
	return &notify.SMTP{Addr: w.mail.Addr(), TLS: notify.TLSNone, From: "Example Telecom <notices@example.com>", Now: w.clock.Now}
}

func templates(t testing.TB) *notify.Templates {
	t.Helper()
	all, err := notify.EmbeddedTemplates()
	require.NoError(t, err)
	return all
}

const (
	address = "maria.sentinel@example.org"
	phone   = "+12125550188"
)

func factsOf(port string) notify.Facts {
	return notify.Facts{
		Port: port, Direction: porting.PortIn, Country: "DE", Numbers: []porting.Number{"+4930123456"}, Donor: "Alt AG", Recipient: "Neu GmbH",
		People: []notify.Person{{Role: notify.Subscriber, Contact: porting.Contact{Email: address}}},
	}
}

// tell records what is told of an event.
func (w *world) tell(t testing.TB, kind notify.Kind, facts notify.Facts) []ledger.Notice {
	t.Helper()
	records, err := w.Record(t.Context(), notify.Plan(notify.Event{Kind: kind, Key: "v1"}, facts, nil), noon)
	require.NoError(t, err)
	return records
}

func (w *world) deliver(t testing.TB) int {
	t.Helper()
	accepted, err := w.DeliverDue(t.Context())
	require.NoError(t, err)
	return accepted
}

func (w *world) noticesOf(t testing.TB, port string) []ledger.Notice {
	t.Helper()
	all, err := w.books.Notices(t.Context(), port)
	require.NoError(t, err)
	return all
}

// sender is a channel that does as it is told and keeps what it is given.
type sender struct {
	mu   sync.Mutex
	sent []notify.Message
	err  error
}

func (s *sender) Send(_ context.Context, m notify.Message) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, m)
	return fmt.Sprintf("ref-%d", len(s.sent)), s.err
}
