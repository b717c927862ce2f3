package twilio_test

import (
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

func reader(t testing.TB, url string) *twilio.Webhook {
	t.Helper()
	book := twiliotest.NewBook()
	require.NoError(t, book.Remember(t.Context(), carrier.Ref{Port: "p", Version: 2}, sid))
	return &twilio.Webhook{URL: url, Token: twiliotest.Token, Book: book}
}

func signed(token porting.Secret, url, body string) http.Header {
	_, signature := twiliotest.Sign(token, url, []byte(body))
	return http.Header{"Content-Type": {"application/json"}, "X-Twilio-Signature": {signature}}
}

func TestNews(t *testing.T) {
	t.Parallel()
	const leaving = `{"status": "PortOutPhoneNumberCompleted"}`
	const stranger = `{"port_in_request_sid": "KW0000000000000000000000000000000b"}`
	const body = `{"port_in_request_sid": "` + sid + `", "status": "PortInCompleted", "phone_number": "+12125550123"}`
	ours := carrier.Hint{Ref: carrier.Ref{Port: "p", Version: 2}, Raw: "PortInCompleted"}
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
		{name: "about a stranger", header: signed(twiliotest.Token, target, stranger), body: stranger},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			hint, err := reader(t, target).News(c.header, []byte(c.body), time.Now())
			require.Equal(t, c.code, porting.CodeOf(err))
			require.Equal(t, c.want, hint)
		})
	}
	query, err := reader(t, target+"?key=1").News(signed(twiliotest.Token, target+"?key=1", body), []byte(body), time.Now())
	require.NoError(t, err)
	require.Equal(t, ours, query)
}

// What Twilio posts is read by our reader, on the whole way; the order is then read back.
func TestNewsArrive(t *testing.T) {
	t.Parallel()
	book := twiliotest.NewBook()
	url, hints := door(t, book)
	s := start(t, twiliotest.Options{Clock: fast()})
	c := connect(t, s.Settings(book))
	require.NoError(t, c.Subscribe(t.Context(), url))
	lsr := order("news")
	_, err := c.Submit(t.Context(), lsr)
	require.NoError(t, err)
	for _, want := range []string{"PortInPhoneNumberPending", "PortInCompleted"} {
		for hint := range hints {
			if hint.Raw == "PortInInProgress" {
				continue // Twilio may be faster than its own answer, when the Book does not know the name yet
			}
			require.Equal(t, carrier.Hint{Ref: lsr.Ref, Raw: want}, hint)
			break
		}
	}
	st, err := c.Status(t.Context(), lsr.Ref)
	require.NoError(t, err)
	require.Equal(t, carrier.StateActive, st.State)
}

// door takes in Twilio's news at a URL of its own. What is wrong with one stands in its Raw.
func door(t *testing.T, book twilio.Book) (string, <-chan carrier.Hint) {
	t.Helper()
	w := &twilio.Webhook{Token: twiliotest.Token, Book: book}
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
		w := reader(t, target)
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
