package guard_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/porting"
)

// letters is an outbox that can be read.
type letters struct {
	mu    sync.Mutex
	err   error
	tries int
	sent  []notify.Notice
}

func (l *letters) Record(_ context.Context, plan []notify.Notice, _ time.Time) ([]ledger.Notice, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tries++
	if l.err != nil {
		return nil, l.err
	}
	l.sent = append(l.sent, plan...)
	return nil, nil
}

// got lists who was told of which kind, in the order of the alphabet.
func (l *letters) got() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := map[string]bool{}
	for _, n := range l.sent {
		all[string(n.Event.Kind)+" "+n.Recipient+" "+n.To] = true
	}
	return slices.Sorted(maps.Keys(all))
}

func (w *world) teller(l *letters) guard.Teller {
	return guard.Teller{Guard: w.Guard, Outbox: l, Services: func(string) []string { return []string{"fraud-desk"} }}
}

func (w *world) deliver(t *testing.T, l *letters) []string {
	t.Helper()
	_, err := w.Deliver(t.Context(), w.teller(l), 100, w.now)
	require.NoError(t, err)
	return l.got()
}

func (w *world) setContact(t *testing.T, email string) {
	t.Helper()
	c := guard.Contact{Contact: porting.Contact{Email: email}, Lang: "de", Country: "DE"}
	require.NoError(t, w.SetContact(t.Context(), w.subject(), c, "cleo@care", w.now))
}

func TestPeopleAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, guard.Policies{})
	w.setContact(t, "maria@example.com")
	w.lock(t)
	w.setPIN(t, goodPIN)
	l := &letters{}
	require.Equal(t, []string{
		"contact-changed subscriber maria@example.com", "locked subscriber maria@example.com", "pin-changed subscriber maria@example.com",
	}, w.deliver(t, l))
	for _, n := range l.sent {
		require.Equal(t, "de", n.Lang)
		require.Equal(t, []string{"+1…0123"}, n.Words.Numbers)
	}
	require.Len(t, w.deliver(t, l), 3, "once")
}

// A thief changes the contact first: the old one hears of it, and for a month of everything.
func TestTheOldContactIsToldToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, guard.Policies{})
	w.setContact(t, "maria@example.com")
	w.deliver(t, &letters{})
	w.now = w.now.Add(time.Hour)
	w.setContact(t, "thief@example.com")
	w.lock(t)
	require.Equal(t, []string{
		"contact-changed previous-contact maria@example.com", "contact-changed subscriber thief@example.com",
		"locked previous-contact maria@example.com", "locked subscriber thief@example.com",
	}, w.deliver(t, &letters{}))

	w.now = w.now.Add(31 * 24 * time.Hour)
	w.setPIN(t, goodPIN)
	require.Equal(t, []string{"pin-changed subscriber thief@example.com"}, w.deliver(t, &letters{}))
	require.NoError(t, w.Sweep(t.Context(), w.now))
	contacts, err := w.Contacts(t.Context(), w.subject().Token, w.now.Add(-24*time.Hour))
	require.NoError(t, err)
	require.Len(t, contacts, 1, "a contact of before is forgotten")
}

func TestTheEndOfALockIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, guard.Policies{})
	w.setContact(t, "maria@example.com")
	w.setPIN(t, goodPIN)
	w.lock(t)
	w.now = w.now.Add(25 * time.Hour)
	lock, err := w.UnlockByPIN(t.Context(), w.attempt(number, goodPIN, "s"), "subscriber")
	require.NoError(t, err)
	l := &letters{}
	w.deliver(t, l)
	asked := l.sent[len(l.sent)-1]
	require.Equal(t, notify.UnlockAsked, asked.Event.Kind)
	require.Equal(t, lock.UnlockDueAt, asked.Words.Until, "people know until when they can stop it")

	w.now = w.now.Add(25 * time.Hour)
	require.NoError(t, w.Sweep(t.Context(), w.now))
	require.Contains(t, w.deliver(t, l), "unlocked subscriber maria@example.com")
}

// Guessing is told to the people of the number, and to the fraud desk when it is locked out. The source has no people.
func TestGuessingIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, guard.Policies{})
	w.setContact(t, "maria@example.com")
	w.setPIN(t, goodPIN)
	w.deliver(t, &letters{})
	w.now = w.now.Add(time.Minute)
	for range 9 {
		w.try(t, number, badPIN, "one source")
	}
	require.Equal(t, []string{
		"pin-failed subscriber maria@example.com", "pin-locked service:fraud-desk fraud-desk", "pin-locked subscriber maria@example.com",
		"source-locked service:fraud-desk fraud-desk",
	}, w.deliver(t, &letters{}))
}

func TestNobodyIsKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, guard.Policies{})
	w.lock(t)
	require.NoError(t, w.Assign(t.Context(), w.subject(), w.Account(tenant, "ACC-1"), "crm", w.now))
	require.Empty(t, w.deliver(t, &letters{}))
	untold, err := w.books.UntoldGuardEvents(t.Context(), 9)
	require.NoError(t, err)
	require.Empty(t, untold)
	requireCode(t, w.SetContact(t.Context(), w.subject(), guard.Contact{}, "cleo@care", w.now), porting.Invalid, "contact-empty")
}

func TestWhatCannotBeToldComesAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, guard.Policies{})
	w.setContact(t, "maria@example.com")
	l := &letters{err: errors.New("the ledger is away")}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.Run(ctx, w.teller(l), slog.New(slog.DiscardHandler))
	}()
	require.Eventually(t, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.tries > 0
	}, 10*time.Second, time.Millisecond)
	stop()
	<-ended
	l.err = nil
	require.Equal(t, []string{"contact-changed subscriber maria@example.com"}, w.deliver(t, l))
}
