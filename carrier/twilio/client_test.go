package twilio_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/twilio"
	"github.com/portsaga/portsaga/carrier/twilio/twiliotest"
	"github.com/portsaga/portsaga/porting"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*twilio.Settings){
		"no account":          func(s *twilio.Settings) { s.Account = "AC1" },
		"no secret":           func(s *twilio.Settings) { s.Secret = "" },
		"no mailbox":          func(s *twilio.Settings) { s.Mailbox = "" },
		"a mailbox with mark": func(s *twilio.Settings) { s.Mailbox = "loa+x@ports.example" },
		"no book":             func(s *twilio.Settings) { s.Book = nil },
		"no documents":        func(s *twilio.Settings) { s.Documents = nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := twiliotest.Settings(nowhere, porting.Clock{}, twiliotest.NewBook())
			spoil(&s)
			_, err := twilio.New(s)
			require.Equal(t, "twilio-settings", porting.CodeOf(err))
			require.Equal(t, porting.Invalid, porting.KindOf(err))
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	s := start(t, twiliotest.Options{Clock: fast()})
	look := func(change func(*twilio.Settings)) carrier.CheckReport {
		settings := s.Settings(twiliotest.NewBook())
		change(&settings)
		report, err := connect(t, settings).Check(t.Context())
		require.NoError(t, err)
		return report
	}
	good := look(func(*twilio.Settings) {})
	require.True(t, good.Reachable && good.Authorised)
	require.Empty(t, good.Detail)
	require.LessOrEqual(t, good.Skew.Abs(), 5*time.Second)

	forged := look(func(s *twilio.Settings) { s.Secret = "wrong" })
	require.True(t, forged.Reachable)
	require.False(t, forged.Authorised)
	require.Contains(t, forged.Detail, "credentials")
	require.NotContains(t, forged.Detail, "wrong")

	down := look(func(s *twilio.Settings) { s.URL = nowhere })
	require.False(t, down.Reachable || down.Authorised)
	require.NotEmpty(t, down.Detail)

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := connect(t, s.Settings(twiliotest.NewBook())).Check(gone)
	require.ErrorIs(t, err, context.Canceled)
}

func TestCheckTellsTheClocksApart(t *testing.T) {
	t.Parallel()
	late := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		_, _ = w.Write([]byte(`{"port_in_requests": [], "meta": {}}`))
	}))
	t.Cleanup(late.Close)
	report, err := connect(t, twiliotest.Settings(late.URL, porting.Clock{}, twiliotest.NewBook())).Check(t.Context())
	require.NoError(t, err)
	require.InDelta(t, -time.Hour, report.Skew, float64(5*time.Second))
}

func TestUploadBill(t *testing.T) {
	t.Parallel()
	s := start(t, twiliotest.Options{Clock: fast()})
	c := connect(t, s.Settings(twiliotest.NewBook()))
	sid, err := c.UploadBill(t.Context(), "bill.pdf", []byte("%PDF-1.7"))
	require.NoError(t, err)
	require.Regexp(t, "^RD[0-9a-f]{32}$", sid)
	for _, wrong := range [][]byte{nil, make([]byte, 11<<20)} {
		_, err := c.UploadBill(t.Context(), "bill.pdf", wrong)
		require.Equal(t, "document-invalid", porting.CodeOf(err))
	}
	down := connect(t, twiliotest.Settings(nowhere, porting.Clock{}, twiliotest.NewBook()))
	_, err = down.UploadBill(t.Context(), "bill.pdf", []byte("%PDF-1.7"))
	require.Equal(t, "carrier-unavailable", porting.CodeOf(err))
}

func TestSubscribeIsRefusedForABadTarget(t *testing.T) {
	t.Parallel()
	s := start(t, twiliotest.Options{Clock: fast()})
	c := connect(t, s.Settings(twiliotest.NewBook()))
	require.Equal(t, "carrier-refused", porting.CodeOf(c.Subscribe(t.Context(), "nowhere")))
	require.NoError(t, c.Subscribe(t.Context(), target))
	require.Equal(t, target, s.Target())
}

// A list is read page after page, and what strangers sent from the same account is left alone.
func TestOrdersAmongStrangers(t *testing.T) {
	t.Parallel()
	s := start(t, twiliotest.Options{Clock: fast(), PageSize: 1})
	s.Choose("mine", "carrier-silent")
	stranger := s.Settings(twiliotest.NewBook())
	stranger.Mailbox = "others@elsewhere.example"
	theirs := connect(t, stranger)
	for _, port := range []string{"x", "y"} {
		s.Choose(port, "carrier-silent")
		_, err := theirs.Submit(t.Context(), order(port))
		require.NoError(t, err)
	}
	ours := connect(t, s.Settings(twiliotest.NewBook()))
	_, err := ours.Submit(t.Context(), order("mine"))
	require.NoError(t, err)
	refs, err := ours.Orders(t.Context(), time.Time{})
	require.NoError(t, err)
	require.Equal(t, []carrier.Ref{order("mine").Ref}, refs)
}
