package serve_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/link"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/internal/serve"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
)

// mailbox keeps the mails that come.
type mailbox struct {
	mu    sync.Mutex
	mails []notify.Message
}

func (m *mailbox) Send(_ context.Context, mail notify.Message) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mails = append(m.mails, mail)
	return "", nil
}

// locked is a door before a number whose lock somebody wants to open.
type locked struct {
	*world
	guard  *guard.Guard
	number guard.Subject
	mails  *mailbox
	notes  *notify.Notifier
	real   time.Time
}

func newLocked(t *testing.T) *locked {
	t.Helper()
	l := &locked{mails: &mailbox{}, real: noon}
	l.world = newWorld(t, func(o *serve.Options) { o.Desk.Real = func() time.Time { return l.real } })
	keys, err := vault.Create(filepath.Join(t.TempDir(), "key"))
	require.NoError(t, err)
	l.guard, err = guard.Open(t.Context(), l.books, keys, guard.Options{}, noon)
	require.NoError(t, err)
	templates, err := notify.EmbeddedTemplates()
	require.NoError(t, err)
	l.notes = notify.New(notify.Options{
		Outbox: l.books, Vault: keys, Templates: templates, Senders: map[notify.Channel]notify.Sender{notify.Email: l.mails},
		LinkBase: "https://port.example", Now: func() time.Time { return l.real },
	})
	l.number = l.guard.Number("acme", "+12125550123")
	contact := guard.Contact{Contact: porting.Contact{Email: "owner@example.com"}, Lang: "de", Country: "DE"}
	require.NoError(t, l.guard.SetContact(t.Context(), l.number, contact, "desk", noon))
	_, err = l.guard.Lock(t.Context(), l.number, "desk", "", noon)
	require.NoError(t, err)
	l.real = noon.Add(time.Hour)
	l.askUnlock(t)
	return l
}

func (l *locked) askUnlock(t *testing.T) {
	t.Helper()
	lock := l.lock(t)
	_, err := l.books.AskUnlock(t.Context(), l.number.Subject, ledger.Unlock{LockID: lock.ID, By: "a thief", Method: "port-out PIN", At: l.real, DueAt: l.real.Add(24 * time.Hour)})
	require.NoError(t, err)
}

func (l *locked) lock(t *testing.T) ledger.Lock {
	t.Helper()
	locks, err := l.books.Locks(t.Context(), l.number.Token)
	require.NoError(t, err)
	require.Len(t, locks, 1)
	return locks[0]
}

var inMail = regexp.MustCompile(`https://port\.example(/keep/[^?\s]+\?lang=de)`)

// told delivers the notices that wait, and returns the path of the last link in a mail.
func (l *locked) told(t *testing.T) string {
	t.Helper()
	_, err := l.guard.Deliver(t.Context(), guard.Teller{Guard: l.guard, Outbox: l.notes}, 100, l.real)
	require.NoError(t, err)
	_, err = l.notes.DeliverDue(t.Context())
	require.NoError(t, err)
	for _, mail := range slices.Backward(l.mails.mails) {
		if found := inMail.FindStringSubmatch(mail.Content.Text); found != nil {
			return found[1]
		}
	}
	require.Fail(t, "no mail has the link")
	return ""
}

func tokenIn(path string) string {
	token, _, _ := strings.Cut(strings.TrimPrefix(path, link.KeepPath), "?")
	return token
}

func (l *locked) keep(t *testing.T, token string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/keep/?lang=en", strings.NewReader(url.Values{"token": {token}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return l.do(r)
}

// The whole way: the mail that tells of the unlock, the page, the button, the lock that holds on, and the mail that says so.
func TestOnePressKeepsTheLock(t *testing.T) {
	t.Parallel()
	l := newLocked(t)
	path := l.told(t)
	page := text(t, l.get(t, path))
	require.Contains(t, page, "Gesperrt lassen")
	require.Contains(t, page, `action="/keep/?lang=de"`)
	require.True(t, l.lock(t).Ending(l.real), "a GET changes nothing")

	answer := l.keep(t, tokenIn(path))
	require.Equal(t, http.StatusOK, answer.Code)
	page = text(t, answer)
	require.Contains(t, page, `data-state="kept"`)
	require.Contains(t, page, l.number.Masked)
	require.True(t, l.lock(t).Holds(l.real.AddDate(1, 0, 0)), "it ends no more")
	before := len(l.mails.mails)
	l.told(t)
	require.Greater(t, len(l.mails.mails), before)
	require.Equal(t, http.StatusNotFound, l.keep(t, tokenIn(path)).Code, "once")
	links, err := l.books.UntoldLinks(t.Context(), 9)
	require.NoError(t, err)
	require.Empty(t, links, "there is no port to tell")
}

// A link keeps the lock of its own notice from ending, and no other thing happens by it.
func TestWhatALinkOfALockCannotDo(t *testing.T) {
	t.Parallel()
	l := newLocked(t)
	token := tokenIn(l.told(t))
	require.Equal(t, http.StatusNotFound, l.press(t, token).Code, "it stops no port")
	require.Equal(t, http.StatusNotFound, l.keep(t, l.give(t, "pi-1")).Code, "and a port's link keeps no lock")
	require.Equal(t, http.StatusNotFound, l.keep(t, flip(token)).Code)
	require.Equal(t, ledger.FenceOpen, l.fence(t, "pi-1"))
	require.True(t, l.lock(t).Ending(l.real))

	_, err := l.guard.CancelUnlock(t.Context(), l.number, "desk", l.real)
	require.NoError(t, err)
	l.real = l.real.Add(time.Hour)
	l.askUnlock(t)
	require.Contains(t, text(t, l.keep(t, token)), `data-state="late"`, "another unlock has its own notice")
	require.True(t, l.lock(t).Ending(l.real))
}

func TestALockThatHasEnded(t *testing.T) {
	t.Parallel()
	l := newLocked(t)
	token := tokenIn(l.told(t))
	l.real = l.real.Add(24 * time.Hour)
	require.Equal(t, http.StatusNotFound, l.keep(t, token).Code, "the link ends with the lock")
	require.False(t, l.lock(t).Holds(l.real))
}
