package simulator

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

const secret porting.Secret = "between us"

func signed(body []byte, by porting.Secret, at time.Time) http.Header {
	return http.Header{SignatureHeader: {Sign(by, body, at)}}
}

func TestVerifyWebhook(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	sent := Webhook{ID: "evt-1", Type: "order.confirmed", Order: carrier.Ref{Port: "p", Version: 1}, OccurredAt: monday, Status: wordFOC}
	body, err := json.Marshal(sent)
	require.NoError(t, err)

	got, err := VerifyWebhook(secret, signed(body, secret, now), body, now.Add(4*time.Minute))
	require.NoError(t, err)
	require.Equal(t, sent, got)

	tampered := bytes.Replace(body, []byte(`"p"`), []byte(`"q"`), 1)
	huge := append(bytes.Repeat([]byte(" "), MaxWebhook), body...)
	for _, c := range []struct {
		name   string
		secret porting.Secret
		header http.Header
		body   []byte
		kind   porting.Kind
		code   string
	}{
		{"no signature", secret, http.Header{}, body, porting.Unauthorised, "webhook-forged"},
		{"another secret", secret, signed(body, "guess", now), body, porting.Unauthorised, "webhook-forged"},
		{"no secret of ours", "", signed(body, "", now), body, porting.Unauthorised, "webhook-forged"},
		{"another body", secret, signed(body, secret, now), tampered, porting.Unauthorised, "webhook-forged"},
		{"no hex", secret, http.Header{SignatureHeader: {"t=1700000000,v1=zz"}}, body, porting.Unauthorised, "webhook-forged"},
		{"no time", secret, http.Header{SignatureHeader: {"v1=00"}}, body, porting.Unauthorised, "webhook-forged"},
		{"old", secret, signed(body, secret, now.Add(-6*time.Minute)), body, porting.Unauthorised, "webhook-stale"},
		{"from the future", secret, signed(body, secret, now.Add(6*time.Minute)), body, porting.Unauthorised, "webhook-stale"},
		{"too large", secret, signed(huge, secret, now), huge, porting.Invalid, "webhook-too-large"},
		{"no JSON", secret, signed([]byte("hi"), secret, now), []byte("hi"), porting.Invalid, "webhook-unreadable"},
		{"no order", secret, signed([]byte(`{"id":"e"}`), secret, now), []byte(`{"id":"e"}`), porting.Invalid, "webhook-unreadable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := VerifyWebhook(c.secret, c.header, c.body, now)
			require.Equal(t, c.code, porting.CodeOf(err))
			require.Equal(t, c.kind, porting.KindOf(err))
		})
	}
}

// FuzzVerifyWebhook: nothing panics, and only what the holder of the secret signed is believed.
func TestVerifierSaysWhatNewsAreAbout(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	for body, want := range map[string]carrier.Hint{
		`{"id": "e-1", "type": "order.confirmed", "order": {"port": "pi-1", "version": 2}}`:  {Ref: carrier.Ref{Port: "pi-1", Version: 2}, EventID: "e-1", Raw: "order.confirmed"},
		`{"id": "e-2", "type": "port-out.sent", "order": {"port": "out-1"}, "port_out": {}}`: {PortOut: "out-1", EventID: "e-2", Raw: "port-out.sent"},
	} {
		header := http.Header{}
		header.Set(SignatureHeader, Sign("s3cret", []byte(body), now))
		hint, err := Verifier{Secret: "s3cret"}.News(header, []byte(body), now)
		require.NoError(t, err)
		require.Equal(t, want, hint)
		_, err = Verifier{Secret: "guessed"}.News(header, []byte(body), now)
		require.Equal(t, "webhook-forged", porting.CodeOf(err))
	}
}

func FuzzVerifyWebhook(f *testing.F) {
	now := time.Unix(1_700_000_000, 0)
	body := []byte(`{"id":"evt-1","order":{"port":"p","version":1}}`)
	f.Add(Sign(secret, body, now), body)
	f.Add("t=,v1=", []byte(`{}`))
	f.Add("t=1700000000,v1=00,v1=00", []byte(nil))
	f.Fuzz(func(t *testing.T, signature string, body []byte) {
		w, err := VerifyWebhook(secret, http.Header{SignatureHeader: {signature}}, body, now)
		if err == nil {
			at, ok := signedBy(secret, signature, body)
			require.True(t, ok)
			require.NotEmpty(t, w.Order.Port)
			require.LessOrEqual(t, now.Sub(at).Abs(), webhookWindow)
			return
		}
		require.NotEmpty(t, porting.CodeOf(err))

		_, err = VerifyWebhook(secret, signed(body, secret, now), body, now)
		require.NotEqual(t, "webhook-forged", porting.CodeOf(err), "our own signature always fits")
	})
}

func TestNews(t *testing.T) {
	t.Parallel()
	for scenario, want := range map[string][]string{"happy": {"order.confirmed"}, "lost-webhooks": nil} {
		b := newBook(Builtin(), func(string) string { return scenario })
		_, err := b.do(request{op: opSubmit, port: "p", version: 1}, monday)
		require.NoError(t, err)
		require.NoError(t, b.run("p", friday))
		var types []string
		for _, n := range b.takeNews() {
			types = append(types, n.Type)
		}
		require.Equal(t, want, types, scenario)
		require.Empty(t, b.takeNews(), "news is taken once")
	}
}

func TestAReplayForgetsWhatWasDelivered(t *testing.T) {
	t.Parallel()
	b := newBook(Builtin(), func(string) string { return DefaultScenario })
	for _, port := range []string{"p", "q"} {
		_, err := b.do(request{op: opSubmit, port: port, version: 1}, monday)
		require.NoError(t, err)
		require.NoError(t, b.run(port, friday))
	}
	require.NoError(t, b.delivered(b.news[0].ID, friday))
	left := b.takeNews()
	require.Len(t, left, 1)
	require.Equal(t, "q", left[0].Order.Port)
}
