package telnyx_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/telnyx"
	"github.com/portsaga/portsaga/carrier/telnyx/telnyxtest"
	"github.com/portsaga/portsaga/porting"
)

// Whatever Telnyx signs, its news name something or are refused.
func FuzzNews(f *testing.F) {
	for _, body := range []string{
		`{"data":{"event_type":"porting_order.status_changed","id":"e1","payload":{"customer_reference":"pi-abc/1"}}}`,
		`{"event_type":"porting_order.deleted","id":"e1","payload":{"customer_reference":"/","id":"o1"}}`,
		`{"event_type":"portout.status_changed","payload":null}`, `{"data":null}`, `{"data":[]}`, `[]`, `{`, ``,
		`{"data":{"event_type":"x","payload":{"customer_reference":"pi-abc/99999999999999999999"}}}`,
		`{"event_type":"porting_order.split","payload":{"from":null,"to":{"id":7}}}`,
	} {
		f.Add([]byte(body))
	}
	fake := telnyxtest.Start(f, telnyxtest.Options{})
	verifier, now := fake.Client().Webhook(), time.Now()
	f.Fuzz(func(t *testing.T, body []byte) {
		hint, err := verifier.News(fake.Sign(body, now), body, now)
		if err != nil {
			require.Equal(t, "webhook-invalid", porting.CodeOf(err))
			require.Zero(t, hint)
			return
		}
		require.NotEmpty(t, hint.Raw)
		require.True(t, hint.PortOut == "" || hint.Ref == carrier.Ref{} && hint.Order == "", "news are about one thing")
		_, err = verifier.News(http.Header{}, body, now)
		require.Equal(t, "webhook-forged", porting.CodeOf(err))
	})
}

// answers is a transport that gives every request the same answer.
type answers struct {
	status int
	body   []byte
}

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: a.status, Header: http.Header{"Retry-After": {"1"}}, Body: io.NopCloser(bytes.NewReader(a.body)), Request: r,
	}, nil
}

// Whatever answers, every call ends in a status of ours or in an error of ours.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{
		`{"data":[{"id":"o1","customer_group_reference":"pi-abc","customer_reference":"pi-abc/1","status":{"value":"foc-date-confirmed"},` +
			`"activation_settings":{"fast_port_eligible":true,"foc_datetime_actual":"2026-11-05T12:00:00Z"},"phone_numbers":[{"phone_number":"+12125550123"}]}]}`,
		`{"data":[{"customer_group_reference":"pi-abc","status":{"value":"draft"},"porting_phone_numbers_count":9}],"meta":{"total_pages":2}}`,
		`{"data":[{"customer_group_reference":"pi-abc","customer_reference":"pi-abc/1","status":{"value":"exception","details":[{}]}}]}`,
		`{"data":{"id":"p1","status":"authorized","phone_numbers":["",null],"inserted_at":"yesterday"}}`,
		`{"data":null}`, `{"data":[null]}`, `{"errors":[{}]}`, `{"errors":{}}`, `null`, `{`, ``,
	} {
		f.Add(200, []byte(body))
		f.Add(422, []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		client := &telnyx.Client{URL: "http://telnyx.test", HTTP: &http.Client{Transport: answers{status: 100 + (status%500+500)%500, body: body}}}
		lsr := carrier.LSR{Ref: ref, Order: porting.Order{Numbers: []porting.Number{first}}}
		for _, ask := range []func() (carrier.Status, error){
			func() (carrier.Status, error) { return client.Status(t.Context(), ref) },
			func() (carrier.Status, error) { return client.Submit(t.Context(), lsr) },
			func() (carrier.Status, error) { return client.Cancel(t.Context(), ref, porting.AuthorizationRevoked) },
			func() (carrier.Status, error) { return client.Activate(t.Context(), ref) },
		} {
			s, err := ask()
			if err != nil {
				require.NotEmpty(t, porting.CodeOf(err))
				require.NotContains(t, err.Error(), "5550123")
				continue
			}
			require.Equal(t, ref.Port, s.Ref.Port)
			require.NotEmpty(t, s.State)
		}
		if _, err := client.PortOutStatus(t.Context(), "p1"); err != nil {
			require.NotEmpty(t, porting.CodeOf(err))
		}
		_, err := client.PortOutRequests(t.Context(), time.Time{})
		require.True(t, err == nil || porting.CodeOf(err) != "")
	})
}
