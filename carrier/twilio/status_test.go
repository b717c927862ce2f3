package twilio_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/gatewaytest"
	"github.com/portsaga/portsaga/carrier/twilio"
	"github.com/portsaga/portsaga/carrier/twilio/twiliotest"
	"github.com/portsaga/portsaga/porting"
)

const sid = "KW0000000000000000000000000000000a"

// telling is a client of a Twilio that answers every reading with one text.
func telling(t testing.TB, text string) *twilio.Client {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) }))
	t.Cleanup(api.Close)
	book := twiliotest.NewBook()
	require.NoError(t, book.Remember(t.Context(), carrier.Ref{Port: "p", Version: 1}, sid))
	c, err := twilio.New(twiliotest.Settings(api.URL, porting.Clock{}, book))
	require.NoError(t, err)
	return c
}

// told is an order with a word for the whole and one for each number, "+" after those that have a port date.
func told(word string, numberWords ...string) string {
	var numbers []string
	for i, n := range numberWords {
		date := "null"
		if n, found := strings.CutSuffix(n, "+"); found {
			date = fmt.Sprintf(`"2026-12-%02dT15:00:00Z"`, 7+i)
			numberWords[i] = n
		}
		numbers = append(numbers, fmt.Sprintf(`{"phone_number": "+1212555012%d", "port_in_phone_number_status": %q, "port_date": %s,
			"rejection_reason": %s, "status_last_time_updated_timestamp": "2026-11-20T10:00:00Z"}`, i, numberWords[i], date, rejectedAs(numberWords[i])))
	}
	return fmt.Sprintf(`{"port_in_request_sid": %q, "port_in_request_status": %q, "support_ticket_id": 7, "phone_numbers": [%s]}`,
		sid, word, strings.Join(numbers, ","))
}

func rejectedAs(word string) string {
	if word == "port_rejected" {
		return `"INVALID_PIN"`
	}
	return "null"
}

func TestStatus(t *testing.T) {
	t.Parallel()
	first := time.Date(2026, 12, 7, 15, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name, word string
		numbers    []string
		want       carrier.State
		foc        time.Time
		raw        string
	}{
		{name: "just sent", word: "In Review", numbers: []string{"In Review"}, want: carrier.StatePending},
		{name: "the description's own example", word: "pending", numbers: []string{"In Review"}, want: carrier.StatePending},
		{name: "at the losing carrier", word: "In Progress", numbers: []string{"port_submitted", "port_submitted"}, want: carrier.StatePending},
		{name: "accepted without a date", word: "In Progress", numbers: []string{"port_pending"}, want: carrier.StatePending},
		{name: "accepted", word: "in_progress", numbers: []string{"port_pending+", "port_pending+"}, want: carrier.StateConfirmed, foc: first},
		{name: "one has its date", word: "In Progress", numbers: []string{"port_pending+", "port_submitted"}, want: carrier.StateConfirmed, foc: first},
		{name: "a date before it left Twilio means nothing", word: "In Review", numbers: []string{"In Review+"}, want: carrier.StatePending},
		{name: "rejected", word: "Action Required", numbers: []string{"port_rejected"}, want: carrier.StateRejected},
		{name: "one rejected, one open", word: "Action Required", numbers: []string{"port_rejected", "port_submitted"}, want: carrier.StateRejected},
		{name: "one rejected, one with a date", word: "Action Required", numbers: []string{"port_pending+", "port_rejected"}, want: carrier.StateConfirmed, foc: first},
		{name: "moving", word: "In Progress", numbers: []string{"completed+", "port_pending+"}, want: carrier.StateConfirmed, foc: first},
		{name: "moved", word: "Completed", numbers: []string{"completed+", "completed+"}, want: carrier.StateActive, foc: first},
		{name: "one moved, the others will not", word: "Action Required", numbers: []string{"completed+", "port_rejected"}, want: carrier.StateActive, foc: first},
		{name: "completed by cancelling all", word: "Completed", numbers: []string{"canceled", "canceled"}, want: carrier.StateCancelled},
		{name: "completed without numbers", word: "Completed", want: carrier.StateUnknown},
		{name: "completed with open numbers", word: "Completed", numbers: []string{"completed+", "port_pending+"}, want: carrier.StateUnknown, foc: first},
		{name: "cancel asked", word: "In Progress", numbers: []string{"canceling", "canceled"}, want: carrier.StateCancelPending},
		{name: "cancelled", word: "Canceled", numbers: []string{"canceled"}, want: carrier.StateCancelled},
		{name: "cancelled before it left", word: "Cancelled", numbers: []string{"waiting_for_signature"}, want: carrier.StateCancelled},
		{name: "cancelled while the losing carrier has it", word: "Canceled", numbers: []string{"port_pending+"}, want: carrier.StateCancelPending, foc: first},
		{name: "cancelled and moved all the same", word: "Canceled", numbers: []string{"completed+"}, want: carrier.StateActive, foc: first},
		{name: "never signed", word: "Expired", numbers: []string{"waiting_for_signature"}, want: carrier.StateCancelled},
		{name: "an unknown word for the whole", word: "Snoozed", numbers: []string{"port_pending+"}, want: carrier.StateUnknown, foc: first, raw: "Snoozed"},
		{name: "an unknown word for a number", word: "In Progress", numbers: []string{"port_pending+", "teleported"}, want: carrier.StateUnknown, foc: first, raw: "In Progress, a number: teleported"},
		{name: "nothing", want: carrier.StateUnknown},
		{name: "no numbers yet", word: "In Review", want: carrier.StatePending},
		{name: "rejected without numbers", word: "Action Required", want: carrier.StateRejected},
		{name: "cancelled without numbers", word: "Canceled", want: carrier.StateCancelled},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			st, err := telling(t, told(c.word, c.numbers...)).Status(t.Context(), carrier.Ref{Port: "p", Version: 1})
			require.NoError(t, err)
			require.Equal(t, c.want, st.State)
			require.Equal(t, c.foc, st.FOC.UTC())
			if c.raw != "" {
				require.Equal(t, c.raw, st.Raw)
			}
			require.Equal(t, "7", st.Extra["support_ticket"])
			require.Len(t, st.Numbers, len(c.numbers))
			for _, n := range st.Numbers {
				if n.State == carrier.StateRejected {
					require.Equal(t, porting.PINMismatch, n.Reason)
				}
			}
		})
	}
}

func TestALaterChangeHasAHigherVersion(t *testing.T) {
	t.Parallel()
	at := func(text string) int {
		st, err := telling(t, text).Status(t.Context(), carrier.Ref{Port: "p", Version: 1})
		require.NoError(t, err)
		return st.Version
	}
	accepted := at(told("In Progress", "port_pending+"))
	require.Greater(t, accepted, at(told("In Review", "in_review")), "in the same second")
	later := strings.ReplaceAll(told("In Review", "in_review"), "10:00:00Z", "10:00:01Z")
	require.Greater(t, at(later), at(told("Completed", "completed+")), "a second later")
}

func TestAnOrderWaitsForTheSignatureOfItsLOA(t *testing.T) {
	t.Parallel()
	s := start(t, twiliotest.Options{Clock: fast()})
	s.Choose("unsigned", gatewaytest.Silent)
	s.AwaitSignature("unsigned")
	c := connect(t, s.Settings(twiliotest.NewBook()))
	st, err := c.Submit(t.Context(), order("unsigned"))
	require.NoError(t, err)
	require.Equal(t, carrier.StatePending, st.State)
	require.Equal(t, "Waiting for Signature", st.Raw)
	require.Equal(t, "LOA signature", st.Extra["waiting_for"])
	s.Sign("unsigned")
	st, err = c.Status(t.Context(), order("unsigned").Ref)
	require.NoError(t, err)
	require.Equal(t, "In Progress", st.Raw)
	require.NotContains(t, st.Extra, "waiting_for")
}

// Whatever Twilio answers, reading it neither panics nor calls an order active of which no number moved.
func FuzzStatus(f *testing.F) {
	for _, seed := range []string{
		told("Completed", "completed+", "canceled"), told("Completed"), `{}`, `[]`, `null`, `{"phone_numbers": null}`, `{"phone_numbers": [{}]}`,
		`{"port_in_request_sid": "` + sid + `", "port_in_request_status": "Completed", "date_created": "0001-01-01T00:00:00Z"}`,
		`{"port_in_request_sid": "` + sid + `", "phone_numbers": [{"phone_number": "x", "port_in_phone_number_status": "completed"}]}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		st, err := telling(t, text).Status(t.Context(), carrier.Ref{Port: "p", Version: 1})
		if err != nil {
			require.Equal(t, "carrier-unavailable", porting.CodeOf(err))
			return
		}
		moved := 0
		for _, n := range st.Numbers {
			if n.State == carrier.StateActive {
				moved++
			}
		}
		require.True(t, st.State != carrier.StateActive || moved > 0)
	})
}
