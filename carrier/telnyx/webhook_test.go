package telnyx_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/gatewaytest"
	"github.com/portsaga/portsaga/carrier/telnyx"
	"github.com/portsaga/portsaga/carrier/telnyx/telnyxtest"
	"github.com/portsaga/portsaga/porting"
)

func TestNews(t *testing.T) {
	t.Parallel()
	f := start(t, telnyxtest.Options{})
	now := time.Now()
	for name, c := range map[string]struct {
		body string
		want carrier.Hint
	}{
		"in an envelope": {
			`{"data":{"event_type":"porting_order.status_changed","id":"e1","payload":{"id":"o1","customer_reference":"pi-abc/2","status":{"value":"ported"}}},"meta":{"attempt":1}}`,
			carrier.Hint{Ref: carrier.Ref{Port: "pi-abc", Version: 2}, Order: "o1", EventID: "e1", Raw: "porting_order.status_changed"},
		},
		"flat": {
			`{"event_type":"porting_order.messaging_changed","id":"e2","porting_order_id":"o1","payload":{"customer_reference":"pi-abc/1"}}`,
			carrier.Hint{Ref: carrier.Ref{Port: "pi-abc", Version: 1}, Order: "o1", EventID: "e2", Raw: "porting_order.messaging_changed"},
		},
		"flat, without a payload": {
			`{"event_type":"porting_order.loa_updated","id":"e3","porting_order_id":"o1","payload":null}`,
			carrier.Hint{Order: "o1", EventID: "e3", Raw: "porting_order.loa_updated"},
		},
		"a split": {
			`{"data":{"event_type":"porting_order.split","id":"e4","payload":{"from":{"id":"o1"},"to":{"id":"o2"}}}}`,
			carrier.Hint{Order: "o1", EventID: "e4", Raw: "porting_order.split"},
		},
		"a comment, whose payload has an ID of its own": {
			`{"data":{"event_type":"porting_order.new_comment","id":"e5","payload":{"comment":{"id":"c1","body":"x"},"porting_order_id":"o1"}}}`,
			carrier.Hint{Order: "o1", EventID: "e5", Raw: "porting_order.new_comment"},
		},
		"a port-out, with a PIN that goes nowhere": {
			`{"data":{"event_type":"portout.status_changed","id":"e6","payload":{"id":"p1","attempted_pin":"4711","status":"pending"}}}`,
			carrier.Hint{PortOut: "p1", EventID: "e6", Raw: "portout.status_changed"},
		},
		"a comment on a port-out": {
			`{"data":{"event_type":"portout.new_comment","id":"e7","payload":{"id":"c1","portout_id":"p1"}}}`,
			carrier.Hint{PortOut: "p1", EventID: "e7", Raw: "portout.new_comment"},
		},
		"a reference that is not ours": {
			`{"data":{"event_type":"porting_order.status_changed","id":"e8","payload":{"id":"o1","customer_reference":"Acct 123abc"}}}`,
			carrier.Hint{Order: "o1", EventID: "e8", Raw: "porting_order.status_changed"},
		},
		"something new": {
			`{"data":{"event_type":"porting_order.sung_about","id":"e9","payload":{"id":"o1"}}}`,
			carrier.Hint{Order: "o1", EventID: "e9", Raw: "porting_order.sung_about"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := []byte(c.body)
			hint, err := f.Client().News(f.Sign(body, now), body, now)
			require.NoError(t, err)
			require.Equal(t, c.want, hint)
		})
	}
}

func TestNewsThatAreNotBelieved(t *testing.T) {
	t.Parallel()
	f := start(t, telnyxtest.Options{})
	now := time.Now()
	body := []byte(`{"data":{"event_type":"porting_order.status_changed","id":"e1","payload":{"customer_reference":"pi-abc/1"}}}`)
	other := telnyx.Verifier{PublicKey: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}
	for name, c := range map[string]struct {
		v      telnyx.Verifier
		header http.Header
		body   []byte
		kind   porting.Kind
		code   string
	}{
		"unsigned":            {f.Client().Webhook(), http.Header{}, body, porting.Unauthorised, "webhook-forged"},
		"another body":        {f.Client().Webhook(), f.Sign(body, now), append([]byte(" "), body...), porting.Unauthorised, "webhook-forged"},
		"another key":         {other, f.Sign(body, now), body, porting.Unauthorised, "webhook-forged"},
		"no key at all":       {telnyx.Verifier{}, f.Sign(body, now), body, porting.Unauthorised, "webhook-forged"},
		"another time":        {f.Client().Webhook(), withTime(f.Sign(body, now), "1"), body, porting.Unauthorised, "webhook-forged"},
		"a day late":          {f.Client().Webhook(), f.Sign(body, now.AddDate(0, 0, -1)), body, porting.Unauthorised, "webhook-stale"},
		"from the future":     {f.Client().Webhook(), f.Sign(body, now.Add(6*time.Minute)), body, porting.Unauthorised, "webhook-stale"},
		"no JSON":             {f.Client().Webhook(), f.Sign([]byte("<"), now), []byte("<"), porting.Invalid, "webhook-invalid"},
		"no event":            {f.Client().Webhook(), f.Sign([]byte("{}"), now), []byte("{}"), porting.Invalid, "webhook-invalid"},
		"longer than any one": {f.Client().Webhook(), http.Header{}, bytes.Repeat([]byte(" "), telnyx.MaxWebhook+1), porting.Invalid, "webhook-invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hint, err := c.v.News(c.header, c.body, now)
			require.Equal(t, c.code, porting.CodeOf(err))
			require.Equal(t, c.kind, porting.KindOf(err))
			require.Zero(t, hint)
		})
	}
	_, err := f.Client().News(f.Sign(body, now.Add(-4*time.Minute)), body, now)
	require.NoError(t, err, "a clock may be a little wrong")
}

func withTime(h http.Header, seconds string) http.Header {
	h.Set(telnyx.TimestampHeader, seconds)
	return h
}

// News arrive signed while an order goes its way, and can be had again.
func TestWebhooksAndTheirRepetition(t *testing.T) {
	t.Parallel()
	hints := make(chan carrier.Hint, 100)
	var client *telnyx.Client
	ready := make(chan struct{})
	door := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-ready
		body, _ := io.ReadAll(r.Body)
		hint, err := client.News(r.Header, body, time.Now())
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		hints <- hint
	}))
	t.Cleanup(door.Close)
	c := fast()
	f := start(t, telnyxtest.Options{Clock: c, WebhookURL: door.URL})
	client = f.Client()
	close(ready)

	require.NoError(t, f.Choose("told", gatewaytest.Happy))
	lsr := order(f, c, "told")
	_, err := client.Submit(t.Context(), lsr)
	require.NoError(t, err)
	comes(t, client, lsr.Ref, carrier.StateConfirmed)
	told := receive(t, hints)
	require.Equal(t, lsr.Ref, told.Ref)
	require.Equal(t, "porting_order.status_changed", told.Raw)

	events, err := client.Events(t.Context(), time.Time{})
	require.NoError(t, err)
	last := events[len(events)-1]
	require.Equal(t, lsr.Ref, last.Ref)
	require.False(t, last.At.IsZero())
	require.NoError(t, client.Republish(t.Context(), last))
	require.Equal(t, last.Hint, receive(t, hints))

	require.NoError(t, f.SendPortOut("out", gatewaytest.NeverActivate, first))
	require.Equal(t, telnyxtest.PortOutID("out"), receive(t, hints).PortOut)
	events, err = client.Events(t.Context(), time.Time{})
	require.NoError(t, err)
	require.NoError(t, client.Republish(t.Context(), events[len(events)-1]))
	require.Equal(t, telnyxtest.PortOutID("out"), receive(t, hints).PortOut)

	err = client.Republish(t.Context(), telnyx.Event{Hint: carrier.Hint{EventID: telnyxtest.PortOutID("no event")}})
	refused(t, err, porting.NotFound, "event-unknown")
	refused(t, client.Republish(t.Context(), telnyx.Event{}), porting.NotFound, "event-unknown")
}

func receive(t *testing.T, hints <-chan carrier.Hint) carrier.Hint {
	t.Helper()
	select {
	case h := <-hints:
		return h
	case <-time.After(patience):
		require.FailNow(t, "no webhook came")
		return carrier.Hint{}
	}
}
