package notify_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

var smsMessage = notify.Message{ID: "nt-1", Key: "nt-1", To: phone, Content: notify.Content{SMS: "Übertragung: +1…0123"}}

func TestTwilioSends(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if r.Method != http.MethodPost || r.URL.Path != "/2010-04-01/Accounts/AC1/Messages.json" || user != "AC1" || password != "token" ||
			r.PostFormValue("To") != phone || r.PostFormValue("From") != "+12125550100" || r.PostFormValue("Body") != smsMessage.Content.SMS {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"sid":"SM1","status":"queued"}`)
	}))
	t.Cleanup(server.Close)
	ref, err := (&notify.Twilio{URL: server.URL, Account: "AC1", Token: "token", From: "+12125550100"}).Send(t.Context(), smsMessage)
	require.NoError(t, err)
	require.Equal(t, "SM1", ref)
}

func TestTelnyxSends(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body map[string]string
		if r.URL.Path != "/v2/messages" || r.Header.Get("Authorization") != "Bearer token" || json.NewDecoder(r.Body).Decode(&body) != nil ||
			body["to"] != phone || body["from"] != "Example" || body["text"] != smsMessage.Content.SMS {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		_, _ = io.WriteString(w, `{"data":{"id":"40385f64"}}`)
	}))
	t.Cleanup(server.Close)
	ref, err := (&notify.Telnyx{URL: server.URL, Token: "token", From: "Example"}).Send(t.Context(), smsMessage)
	require.NoError(t, err)
	require.Equal(t, "40385f64", ref)
}

// What a provider answers decides whether it is tried again, and its words stay where they are.
func TestWhatSMSProvidersAnswer(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]porting.Kind{
		http.StatusBadRequest: porting.Refused, http.StatusUnprocessableEntity: porting.Refused,
		http.StatusUnauthorized: porting.Failed, http.StatusTooManyRequests: porting.Failed, http.StatusInternalServerError: porting.Failed,
	} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(status)
				_, _ = fmt.Fprintf(w, `{"message":"the number %s is not valid"}`, phone)
			}))
			t.Cleanup(server.Close)
			for _, by := range []notify.Sender{
				&notify.Twilio{URL: server.URL, Account: "AC1", Token: "token"}, &notify.Telnyx{URL: server.URL, Token: "token"},
			} {
				_, err := by.Send(t.Context(), smsMessage)
				require.Equal(t, want, porting.KindOf(err))
				require.NotContains(t, err.Error(), phone)
				require.NotContains(t, err.Error(), "token")
			}
		})
	}
}

func TestAnSMSProviderThatIsNotThere(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, err := (&notify.Twilio{URL: server.URL, Account: "AC1", Token: "token"}).Send(t.Context(), smsMessage)
	require.Equal(t, "sms-unavailable", porting.CodeOf(err))
	require.Equal(t, porting.Failed, porting.KindOf(err))
}

// The example of Twilio's documentation of request signatures.
func TestTwilioSignatureVector(t *testing.T) {
	t.Parallel()
	inbound := notify.TwilioInbound{URL: "https://mycompany.com/myapp.php?foo=1&bar=2", Token: "12345"}
	form := url.Values{"CallSid": {"CA1234567890ABCDE"}, "Digits": {"1234"}, "From": {"+14158675309"}, "To": {"+18005551212"}, "Caller": {"+14158675309"}}
	header := http.Header{"X-Twilio-Signature": {"RSOYDt4T1cUTdK1PDd93/VVr8B8="}}
	_, err := inbound.Read(header, []byte(form.Encode()))
	require.Equal(t, "sms-unreadable", porting.CodeOf(err), "well signed, and no message")
	form.Set("Digits", "1235")
	_, err = inbound.Read(header, []byte(form.Encode()))
	require.Equal(t, "sms-unsigned", porting.CodeOf(err))
	_, err = inbound.Read(http.Header{}, []byte(form.Encode()))
	require.Equal(t, "sms-unsigned", porting.CodeOf(err))
}

func telnyxEvent(kind, from string) []byte {
	return fmt.Appendf(nil, `{"data":{"event_type":%q,"payload":{"id":"msg-1","text":"NO","from":{"phone_number":%q}}}}`, kind, from)
}

func TestTelnyxInbound(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	_, stranger, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	inbound := notify.TelnyxInbound{Key: public, Now: func() time.Time { return noon }}
	signed := func(key ed25519.PrivateKey, at time.Time, body []byte) http.Header {
		stamp := strconv.FormatInt(at.Unix(), 10)
		signature := ed25519.Sign(key, append([]byte(stamp+"|"), body...))
		return http.Header{"Telnyx-Timestamp": {stamp}, "Telnyx-Signature-Ed25519": {base64.StdEncoding.EncodeToString(signature)}}
	}
	body := telnyxEvent("message.received", phone)
	message, err := inbound.Read(signed(private, noon, body), body)
	require.NoError(t, err)
	require.Equal(t, notify.Incoming{ID: "msg-1", From: phone, Text: "NO"}, message)

	for name, c := range map[string]struct {
		header http.Header
		body   []byte
		code   string
	}{
		"unsigned":             {http.Header{}, body, "sms-unsigned"},
		"by a stranger":        {signed(stranger, noon, body), body, "sms-unsigned"},
		"changed on its way":   {signed(private, noon, body), append([]byte(" "), body...), "sms-unsigned"},
		"stale":                {signed(private, noon.Add(-time.Hour), body), body, "sms-unsigned"},
		"of the future":        {signed(private, noon.Add(time.Hour), body), body, "sms-unsigned"},
		"about something else": {signed(private, noon, telnyxEvent("message.sent", phone)), telnyxEvent("message.sent", phone), "sms-unreadable"},
		"from no number":       {signed(private, noon, telnyxEvent("message.received", "1")), telnyxEvent("message.received", "1"), "sms-unreadable"},
	} {
		_, err := inbound.Read(c.header, c.body)
		require.Equal(t, c.code, porting.CodeOf(err), name)
	}
}

func TestCustomersWords(t *testing.T) {
	t.Parallel()
	book, err := rules.Embedded()
	require.NoError(t, err)
	words := notify.NewDictionary(book.List())
	for text, want := range map[string]notify.Answer{
		"YES": notify.Yes, " yes. ": notify.Yes, "Sim": notify.Yes, "sí!": notify.Yes, "SI": notify.Yes, "oui": notify.Yes, "Ja": notify.Yes, "PORT": notify.Yes,
		"NO": notify.No, "no, never": notify.No, "Não": notify.No, "NAO": notify.No, "Nein danke": notify.No, "non": notify.No, "stop": notify.No,
		"": notify.Unclear, "?!": notify.Unclear, "yes but no": notify.Unclear, "maybe": notify.Unclear, "4711": notify.Unclear, "nothing": notify.Unclear,
	} {
		require.Equal(t, want, words.Read(text), text)
	}
	for _, pack := range book.List() {
		if ask, ok := pack.Confirmation(); ok {
			for _, word := range ask.Reject {
				require.Equal(t, notify.No, words.Read(word), pack.Ref())
			}
		}
	}
}
