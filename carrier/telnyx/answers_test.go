package telnyx_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/telnyx"
	"github.com/portsaga/portsaga/carrier/telnyx/telnyxtest"
	"github.com/portsaga/portsaga/porting"
)

// says is a Telnyx that answers everything alike.
func says(t testing.TB, status int, header map[string]string, body string) *telnyx.Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return &telnyx.Client{URL: s.URL, Key: telnyxtest.Key}
}

var ref = carrier.Ref{Port: "pi-abc", Version: 1}

func TestWhatTelnyxMeans(t *testing.T) {
	t.Parallel()
	const no = `{"errors":[{"code":"10015","title":"Bad Request","detail":"Iris Quill has no +12125550123","source":{"pointer":"/phone_numbers/0"}}]}`
	for name, c := range map[string]struct {
		status int
		header map[string]string
		body   string
		kind   porting.Kind
		code   string
		detail string
		wait   time.Duration
	}{
		"nothing":             {200, nil, `{"data":[]}`, porting.NotFound, "carrier-order-unknown", "", 0},
		"no such path":        {404, nil, ``, porting.NotFound, "carrier-order-unknown", "", 0},
		"a refusal":           {422, nil, no, porting.Refused, "carrier-refused", "10015 Bad Request /phone_numbers/0", 0},
		"a mute refusal":      {422, nil, ``, porting.Refused, "carrier-refused", "without a reason", 0},
		"no key of ours":      {401, nil, ``, porting.Failed, "carrier-unavailable", "API key", 0},
		"too many requests":   {429, map[string]string{"Retry-After": "90"}, ``, porting.Failed, "carrier-unavailable", "429", 90 * time.Second},
		"busy until a time":   {503, map[string]string{"Retry-After": "Mon, 02 Nov 2026 09:02:00 GMT", "Date": "Mon, 02 Nov 2026 09:00:00 GMT"}, ``, porting.Failed, "carrier-unavailable", "503", 2 * time.Minute},
		"busy, says nonsense": {503, map[string]string{"Retry-After": "soon"}, ``, porting.Failed, "carrier-unavailable", "503", 0},
		"somebody else":       {200, nil, `<html>`, porting.Failed, "carrier-unavailable", "documents", 0},
		"another shape":       {200, nil, `{"data":[{"id":7}]}`, porting.Failed, "carrier-unavailable", "documents", 0},
		"pages without end":   {200, nil, `{"data":[{"id":"o1"}],"meta":{"total_pages":1000000000}}`, porting.Failed, "carrier-unavailable", "more pages", 0},
		"a broken gateway":    {502, nil, `<html>`, porting.Failed, "carrier-unavailable", "502", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := says(t, c.status, c.header, c.body).Status(t.Context(), ref)
			refused(t, err, c.kind, c.code)
			require.Contains(t, err.Error(), c.detail)
			wait, asked := carrier.RetryAfter(err)
			require.Equal(t, c.wait, wait)
			require.Equal(t, c.wait > 0, asked)
		})
	}
}

// group is a list of orders with some states and details.
func group(t *testing.T, orders ...map[string]any) string {
	t.Helper()
	for i, o := range orders {
		o["id"], o["customer_group_reference"] = fmt.Sprintf("o%d", i), "pi-abc"
		if o["customer_reference"] == nil {
			o["customer_reference"] = "pi-abc/1"
		}
		o["phone_numbers"] = []map[string]any{{"phone_number": fmt.Sprintf("1212555012%d", i), "activation_status": o["activation_status"]}}
		o["updated_at"] = time.Date(2026, 11, 2, 9, i, 0, 0, time.UTC)
	}
	text, err := json.Marshal(map[string]any{"data": orders})
	require.NoError(t, err)
	return string(text)
}

func part(status string, more ...any) map[string]any {
	p := map[string]any{"status": map[string]any{"value": status}}
	for i := 0; i+1 < len(more); i += 2 {
		p[more[i].(string)] = more[i+1]
	}
	return p
}

func foc(at string) map[string]any { return map[string]any{"foc_datetime_actual": at} }

func rejectedFor(code string) map[string]any {
	return map[string]any{"value": "exception", "details": []map[string]any{{"code": code, "description": "d"}}}
}

func cancelledFor(code string) map[string]any {
	return map[string]any{"value": "cancelled", "details": []map[string]any{{"code": code, "description": "d"}}}
}

// Where a group of orders stands as one.
func TestGroups(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		parts   []map[string]any
		state   carrier.State
		version int
		raw     string
		numbers []string
		foc     string
	}{
		"all wait": {
			[]map[string]any{part("in-process"), part("submitted")},
			carrier.StatePending, 1, "in-process, submitted",
			[]string{"pending", "pending"},
			"",
		},
		"one has a date, one waits": {
			[]map[string]any{part("foc-date-confirmed", "activation_settings", foc("2026-11-05T12:00:00Z")), part("submitted")},
			carrier.StatePending, 1,
			"foc-date-confirmed, submitted",
			[]string{"pending", "pending"},
			"",
		},
		"the last date counts": {
			[]map[string]any{
				part("foc-date-confirmed", "activation_settings", foc("2026-11-06T12:00:00Z")),
				part("foc-date-confirmed", "activation_settings", foc("2026-11-05T12:00:00Z")),
			}, carrier.StateConfirmed, 1, "foc-date-confirmed", []string{"confirmed", "confirmed"}, "2026-11-06T12:00:00Z",
		},
		"one moved, one is rejected": {
			[]map[string]any{part("ported"), {"status": rejectedFor("SV_CONFLICT")}},
			carrier.StateRejected, 1, "ported, exception",
			[]string{"active OTHER", "rejected"},
			"",
		},
		"one moved, one was cancelled for a reason": {
			[]map[string]any{part("ported"), {"status": cancelledFor("PHONE_NUMBER_NOT_PORTABLE")}},
			carrier.StateActive, 1, "ported, cancelled",
			[]string{"active", "rejected NUMBER_NOT_PORTABLE"},
			"",
		},
		"one moved, one was cancelled": {
			[]map[string]any{part("ported"), part("cancelled")}, carrier.StateActive, 1, "ported, cancelled", []string{"active", "cancelled OTHER"}, "",
		},
		"moved, but for one number": {
			[]map[string]any{part("ported"), part("ported", "activation_status", "Conflict")},
			carrier.StateActive, 1, "ported",
			[]string{"active", "rejected REGISTRY_CONFLICT"},
			"",
		},
		"a cancel that is half asked": {
			[]map[string]any{part("cancel-pending"), part("foc-date-confirmed")},
			carrier.StateConfirmed, 1, "cancel-pending, foc-date-confirmed",
			[]string{"confirmed", "confirmed"},
			"",
		},
		"a cancel that is half done": {
			[]map[string]any{part("cancel-pending"), part("cancelled")},
			carrier.StateCancelPending, 1, "cancel-pending, cancelled",
			[]string{"cancel-pending", "cancelled OTHER"},
			"",
		},
		"a correction that is half sent": {
			[]map[string]any{part("submitted", "customer_reference", "pi-abc/2"), {"status": rejectedFor("OTHER")}},
			carrier.StateRejected, 1,
			"submitted, exception",
			[]string{"rejected", "rejected"},
			"",
		},
		"a correction that is filled, not confirmed": {
			[]map[string]any{{"status": rejectedFor("OTHER"), "customer_reference": "pi-abc/2+"}}, carrier.StateRejected, 1, "exception", []string{"rejected"}, "",
		},
		"a correction that is confirmed, and not yet given its reference": {
			[]map[string]any{part("in-process", "customer_reference", "pi-abc/2+")}, carrier.StatePending, 2, "in-process", []string{"pending"}, "",
		},
		"a draft beside what was sent": {
			[]map[string]any{part("submitted"), part("draft", "requirements_met", true)},
			carrier.StatePending, 0, "submitted, draft",
			[]string{"pending", "pending"},
			"",
		},
		"a word that nobody knows": {
			[]map[string]any{part("ported"), part("meditating")}, carrier.StateUnknown, 1, "ported, meditating", []string{"active OTHER", "unknown"}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := says(t, 200, nil, group(t, c.parts...)).Status(t.Context(), ref)
			require.NoError(t, err)
			require.Equal(t, c.state, s.State)
			require.Equal(t, c.version, s.Ref.Version)
			require.Equal(t, c.raw, s.Raw)
			var numbers []string
			for _, n := range s.Numbers {
				numbers = append(numbers, strings.TrimSpace(string(n.State)+" "+string(n.Reason)))
			}
			require.Equal(t, c.numbers, numbers)
			at := ""
			if !s.FOC.IsZero() {
				at = s.FOC.Format(time.RFC3339)
			}
			require.Equal(t, c.foc, at)
			require.Equal(t, c.state == carrier.StateRejected, len(s.Reasons) > 0)
		})
	}
}

func TestMessaging(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]carrier.State{
		"not_applicable": "", "pending": carrier.StatePending, "activating": carrier.StatePending, "partial_port_complete": carrier.StatePending,
		"exception": carrier.StateRejected, "canceled": carrier.StateCancelled, "ported": carrier.StateActive, "humming": carrier.StateUnknown,
	} {
		m := map[string]any{"messaging_port_status": word}
		s, err := says(t, 200, nil, group(t, part("ported", "messaging", m))).Status(t.Context(), ref)
		require.NoError(t, err)
		require.Equal(t, want, s.Messaging, word)
		require.Equal(t, word, s.Extra["messaging"])
	}
}

// Once a part was asked to move, the refusal of another is no refusal of all.
func TestActivationThatIsHalfRefused(t *testing.T) {
	t.Parallel()
	fastPort := func() map[string]any { return map[string]any{"fast_port_eligible": true} }
	body := group(t, part("foc-date-confirmed", "activation_settings", fastPort()), part("foc-date-confirmed", "activation_settings", fastPort()))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/porting_orders":
			_, _ = io.WriteString(w, body)
		case strings.HasSuffix(r.URL.Path, "/o1/actions/activate"):
			w.WriteHeader(http.StatusUnprocessableEntity)
		default:
			_, _ = io.WriteString(w, `{}`)
		}
	}))
	t.Cleanup(s.Close)
	_, err := (&telnyx.Client{URL: s.URL}).Activate(t.Context(), ref)
	refused(t, err, porting.Failed, "carrier-unavailable")
}

func TestKeyIsNeverShown(t *testing.T) {
	t.Parallel()
	c := telnyx.Client{Key: telnyxtest.Key}
	for _, shown := range []string{fmt.Sprintf("%v", c), fmt.Sprintf("%+v", c), fmt.Sprintf("%#v", c)} {
		require.NotContains(t, shown, telnyxtest.Key.Reveal())
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	f := start(t, telnyxtest.Options{})
	report, err := f.Client().Check(t.Context())
	require.NoError(t, err)
	require.True(t, report.Reachable)
	require.True(t, report.Authorised)
	require.Less(t, report.Skew.Abs(), time.Minute)
	require.Empty(t, f.Done(), "a look changes nothing")

	wrong := f.Client()
	wrong.Key = "KEY0other"
	report, err = wrong.Check(t.Context())
	require.NoError(t, err)
	require.True(t, report.Reachable)
	require.False(t, report.Authorised)
	require.Contains(t, report.Detail, "API key")

	hour := map[string]string{"Date": time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)}
	report, err = says(t, 200, hour, `{"data":[]}`).Check(t.Context())
	require.NoError(t, err)
	require.InDelta(t, time.Hour.Seconds(), report.Skew.Seconds(), 60)

	report, err = (&telnyx.Client{URL: nowhere}).Check(t.Context())
	require.NoError(t, err)
	require.False(t, report.Reachable)
	require.NotEmpty(t, report.Detail)
}
