package cli

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
)

// withNotices is a session whose ledger has a notice of port pi-1 that is due, and one that was suppressed.
func withNotices(t *testing.T) (*session, []ledger.Notice) {
	t.Helper()
	s, books := withLedger(t)
	keys, err := vault.LoadOrCreate(s.config.KeyFile)
	require.NoError(t, err)
	texts, err := notify.EmbeddedTemplates()
	require.NoError(t, err)
	notifier := notify.New(notify.Options{Outbox: books, Vault: keys, Templates: texts, Now: s.factory.Now})
	records, err := notifier.Record(t.Context(), notify.Plan(notify.Event{Kind: notify.FOC, Key: "v1"}, notify.Facts{
		Port: "pi-1", Country: "US", Numbers: []porting.Number{"+12125550123"}, LineSeparation: &notify.Quiet{By: "ben@care"},
		People: []notify.Person{
			{Role: notify.Subscriber, Contact: porting.Contact{Email: "maria@example.org"}},
			{Role: notify.AccountHolder, Contact: porting.Contact{Email: "other@example.org"}},
		},
	}, nil), now)
	require.NoError(t, err)
	return s, records
}

func TestNoticesList(t *testing.T) {
	t.Parallel()
	s, records := withNotices(t)
	s.must(t, "portsaga notices list pi-1")
	require.Contains(t, s.out.String(), records[0].ID)
	require.Regexp(t, `foc +subscriber +email +pending +0 +-`, s.out.String())
	require.Regexp(t, `foc +account-holder +email +suppressed +0 +line separation, by ben@care`, s.out.String())
	require.NotContains(t, s.out.String(), "example.org")

	s.must(t, "portsaga notices list pi-1 -o json")
	require.Contains(t, s.out.String(), `"state": "pending"`)
	s.must(t, "portsaga notices list pi-2 -o json")
	require.JSONEq(t, "[]", s.out.String())
	s.must(t, "portsaga notices list pi-2")
	require.Equal(t, "Nothing was told of this port.\n", s.out.String())
}

func TestNoticesResend(t *testing.T) {
	t.Parallel()
	s, records := withNotices(t)
	s.must(t, "portsaga notices resend "+records[0].ID)
	require.Contains(t, s.out.String(), "pending")
	require.Equal(t, 3, s.run(t, "portsaga notices resend "+records[1].ID))
	require.Contains(t, s.err.String(), "it must not be sent: line separation, by ben@care")
	require.Equal(t, 4, s.run(t, "portsaga notices resend nt-unknown"))
}

func TestNoticesPreview(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.must(t, "portsaga notices preview received --lang de-AT")
	require.Contains(t, s.out.String(), "Auftrag zur Mitnahme von +1…0123 und 2 weitere\n\n")
	require.Contains(t, s.out.String(), "https://port.example/stop/SAMPLE?lang=de")
	s.must(t, "portsaga notices preview foc --as html")
	require.True(t, strings.HasPrefix(s.out.String(), "<!doctype html>"))
	s.must(t, "portsaga notices preview foc --as sms")
	require.Equal(t, 1, strings.Count(s.out.String(), "\n"))
	s.must(t, "portsaga notices preview foc -o json")
	require.Contains(t, s.out.String(), `"subject": "The date of the move`)
	for line, says := range map[string]string{
		"portsaga notices preview bill":            `there is no notice of kind "bill"; there are received, `,
		"portsaga notices preview":                 "which kind? received, ",
		"portsaga notices preview foc --as pigeon": "--as is text, html or sms",
		"portsaga notices list":                    "which port? name it by its ID",
		"portsaga notices lst":                     "did you mean list?",
		"portsaga serve token":                     "whose token? name the service",
	} {
		require.Equal(t, 2, s.run(t, line))
		require.Contains(t, s.err.String(), says)
	}
}

// A channel that is not set up keeps its notices.
func TestNoticesDeliverOnce(t *testing.T) {
	t.Parallel()
	s, records := withNotices(t)
	s.must(t, "portsaga notices deliver --once")
	require.Equal(t, "accepted: 0\n", s.out.String())
	s.must(t, "portsaga notices list pi-1")
	require.Contains(t, s.out.String(), "pending")

	require.NoError(t, os.Remove(s.config.KeyFile))
	require.Equal(t, 4, s.run(t, "portsaga notices deliver --once"))
	require.Contains(t, s.err.String(), "there is no key file")
	require.Len(t, records, 2)
}

func TestNoticeSettingsThatAreWrong(t *testing.T) {
	t.Setenv("PORTSAGA_SERVE_BEHIND_PROXY", "perhaps")
	s := newSession(t)
	require.Equal(t, 2, s.run(t, "portsaga notices preview foc"))
	require.Contains(t, s.err.String(), "a setting of notices cannot be read")
	require.Equal(t, 2, s.run(t, "portsaga serve"))
}

func TestServeToken(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.must(t, "portsaga serve token billing --tenant acme")
	require.Regexp(t, `^- name: billing\n  tenant: acme\n  sha256: [0-9a-f]{64}\n$`, s.out.String())
	require.Regexp(t, `^token of billing, shown once: pst_[A-Z2-7]{52}\n$`, s.err.String())
}

// Customers stop their ports, and wholesalers are answered, also while Temporal is down: the ledger is enough.
func TestServeWithoutTemporal(t *testing.T) {
	t.Setenv("PORTSAGA_SERVE_ADDR", "127.0.0.1:0")
	s, _ := withLedger(t)
	s.connectTo("127.0.0.1:1")
	door := s.start(t, "portsaga serve")
	address := door.await(t, `serving.* addr=(\S+)`)
	answer, err := http.Get("http://" + address + "/healthz")
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Less(t, answer.StatusCode, 300)
	require.Equal(t, 0, door.end())
}

// The news of a carrier are verified by its own key and, while Temporal is down, wait in the ledger. A door without the key that
// it is told to have does not open.
func TestServeTakesNews(t *testing.T) {
	t.Setenv("PORTSAGA_SERVE_ADDR", "127.0.0.1:0")
	s, books := withLedger(t)
	s.connectTo("127.0.0.1:1")
	s.config.WebhookSecretFile = filepath.Join(t.TempDir(), "secret")
	require.Equal(t, 1, s.run(t, "portsaga serve"))
	require.Contains(t, s.err.String(), "error: read secret "+s.config.WebhookSecretFile)
	require.NoError(t, os.WriteFile(s.config.WebhookSecretFile, []byte("s3cret\n"), 0o600))

	door := s.start(t, "portsaga serve")
	url := "http://" + door.await(t, `serving.* addr=(\S+)`) + "/news/simulator"
	body := []byte(`{"id": "evt-1", "type": "order.confirmed", "order": {"port": "pi-1", "version": 1}}`)
	require.Equal(t, http.StatusUnauthorized, <-postNews(t, url, body, "guessed"))
	answer := postNews(t, url, body, "s3cret")
	door.await(t, `a port could not be told .* port=(\S+)`)
	require.Equal(t, http.StatusAccepted, <-answer)
	waiting, err := books.WaitingNews(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, waiting, 1)
	require.Equal(t, "pi-1", waiting[0].Port)
	require.Equal(t, 0, door.end())
}

// postNews sends news as the simulated carrier does. The status of the answer comes while the caller reads what serve logs.
func postNews(t *testing.T, url string, body []byte, secret porting.Secret) <-chan int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
	require.NoError(t, err)
	request.Header.Set(simulator.SignatureHeader, simulator.Sign(secret, body, now))
	status := make(chan int, 1)
	go func() {
		defer close(status)
		if answer, err := http.DefaultClient.Do(request); err == nil {
			_ = answer.Body.Close()
			status <- answer.StatusCode
		}
	}()
	return status
}

func TestServeWithoutLedger(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.config.Ledger = filepath.Join(s.config.Dir, "missing.db")
	require.Equal(t, 1, s.run(t, "portsaga serve"))
	require.Contains(t, s.err.String(), "open ledger")
}
