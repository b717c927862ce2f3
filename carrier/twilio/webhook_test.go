package twilio_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/twilio"
	"github.com/portsaga/portsaga/carrier/twilio/twiliotest"
	"github.com/portsaga/portsaga/porting"
)

const target = "https://port.example/v1/carriers/twilio"

func signed(token porting.Secret, url, body string) http.Header {
	_, signature := twiliotest.Sign(token, url, []byte(body))
	return http.Header{"Content-Type": {"application/json"}, "X-Twilio-Signature": {signature}}
}

// signedForm is Twilio's signature over an address and the sorted parameters of a form.
func signedForm(text string) string {
	mac := hmac.New(sha1.New, []byte(twiliotest.Token.Reveal()))
	mac.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func TestNews(t *testing.T) {
	t.Parallel()
	const leaving = `{"status": "PortOutPhoneNumberCompleted"}`
	const strange = `{"port_in_request_sid": "../../Accounts"}`
	const body = `{"port_in_request_sid": "` + sid + `", "status": "PortInCompleted", "phone_number": "+12125550123"}`
	ours := carrier.Hint{Order: sid, Raw: "PortInCompleted"}
	for _, c := range []struct {
		name   string
		header http.Header
		body   string
		want   carrier.Hint
		code   string
	}{
		{name: "ours", header: signed(twiliotest.Token, target, body), body: body, want: ours},
		{name: "unsigned", header: http.Header{}, body: body, code: "webhook-forged"},
		{name: "another's signature", header: signed("other", target, body), body: body, code: "webhook-forged"},
		{name: "signed for another address", header: signed(twiliotest.Token, target+"x", body), body: body, code: "webhook-forged"},
		{name: "another body", header: signed(twiliotest.Token, target, body), body: body + " ", code: "webhook-forged"},
		{name: "no JSON", header: signed(twiliotest.Token, target, "x"), body: "x", code: "webhook-invalid"},
		{name: "too large", header: http.Header{}, body: strings.Repeat("x", 70_000), code: "webhook-invalid"},
		{name: "about nothing of ours", header: signed(twiliotest.Token, target, leaving), body: leaving, want: carrier.Hint{Raw: "PortOutPhoneNumberCompleted"}},
		{name: "about what is no request", header: signed(twiliotest.Token, target, strange), body: strange},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			hint, err := (&twilio.Webhook{URL: target, Token: twiliotest.Token}).News(c.header, []byte(c.body), time.Now())
			require.Equal(t, c.code, porting.CodeOf(err))
			require.Equal(t, c.want, hint)
		})
	}
	form, err := (&twilio.Webhook{URL: target, Token: twiliotest.Token}).News(http.Header{
		"Content-Type":       {"application/x-www-form-urlencoded"},
		"X-Twilio-Signature": {signedForm(target + "port_in_request_sid" + sid + "statusPortInCanceled")},
	}, []byte("status=PortInCanceled&port_in_request_sid="+sid), time.Now())
	require.NoError(t, err)
	require.Equal(t, carrier.Hint{Order: sid, Raw: "PortInCanceled"}, form)
	query, err := (&twilio.Webhook{URL: target + "?key=1", Token: twiliotest.Token}).News(signed(twiliotest.Token, target+"?key=1", body), []byte(body), time.Now())
	require.NoError(t, err)
	require.Equal(t, ours, query)
}

// What Twilio posts is read by our reader, on the whole way; the order is then read back.
func TestNewsArrive(t *testing.T) {
	t.Parallel()
	url, hints := door(t)
	s := start(t, twiliotest.Options{Clock: fast()})
	c := connect(t, s.Settings(twiliotest.NewBook()))
	require.NoError(t, c.Subscribe(t.Context(), url))
	lsr := order("news")
	_, err := c.Submit(t.Context(), lsr)
	require.NoError(t, err)
	for _, want := range []string{"PortInPhoneNumberPending", "PortInCompleted"} {
		hint := <-hints
		require.Equal(t, want, hint.Raw)
		ref, err := c.Find(t.Context(), hint.Order)
		require.NoError(t, err)
		require.Equal(t, lsr.Ref, ref)
	}
	st, err := c.Status(t.Context(), lsr.Ref)
	require.NoError(t, err)
	require.Equal(t, carrier.StateActive, st.State)
}

func TestFindKnowsStrangers(t *testing.T) {
	t.Parallel()
	s := start(t, twiliotest.Options{Clock: fast()})
	stranger := s.Settings(twiliotest.NewBook())
	stranger.Mailbox = "others@elsewhere.example"
	theirs, err := connect(t, stranger).Submit(t.Context(), order("theirs"))
	require.NoError(t, err)
	ours := connect(t, s.Settings(twiliotest.NewBook()))
	for _, request := range []string{theirs.Extra["request"], "KW0000000000000000000000000000beef", "../x", ""} {
		_, err := ours.Find(t.Context(), request)
		require.Equal(t, "carrier-order-unknown", porting.CodeOf(err), request)
	}
	_, err = connect(t, twiliotest.Settings(nowhere, porting.Clock{}, twiliotest.NewBook())).Find(t.Context(), sid)
	require.Equal(t, "carrier-unavailable", porting.CodeOf(err))
}

// door takes in Twilio's news at a URL of its own. What is wrong with one stands in its Raw.
func door(t *testing.T) (string, <-chan carrier.Hint) {
	t.Helper()
	w := &twilio.Webhook{Token: twiliotest.Token}
	hints := make(chan carrier.Hint, 64)
	server := httptest.NewServer(taking(w, hints))
	t.Cleanup(server.Close)
	w.URL = server.URL + "/twilio"
	return w.URL, hints
}

func taking(w carrier.Webhook, hints chan<- carrier.Hint) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		hint, err := w.News(r.Header, body, time.Now())
		if err != nil {
			hint.Raw = err.Error()
		}
		hints <- hint
	}
}

func FuzzNews(f *testing.F) {
	f.Add(`{"port_in_request_sid": "`+sid+`", "status": "x"}`, "application/json")
	f.Add(`port_in_request_sid=`+sid+`&status=%zz`, "application/x-www-form-urlencoded")
	f.Add(`{"status": 1}`, ";;")
	f.Fuzz(func(t *testing.T, body, kind string) {
		w := (&twilio.Webhook{URL: target, Token: twiliotest.Token})
		header := signed(twiliotest.Token, target, body)
		header.Set("Content-Type", kind)
		if hint, err := w.News(header, []byte(body), time.Now()); err == nil {
			require.LessOrEqual(t, len(hint.Raw), 100)
		} else {
			require.Contains(t, []string{"webhook-forged", "webhook-invalid"}, porting.CodeOf(err))
		}
		header.Del("X-Twilio-Signature")
		_, err := w.News(header, []byte(body), time.Now())
		require.Error(t, err)
	})
}
