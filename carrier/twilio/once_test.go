package twilio_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/gatewaytest"
	"github.com/portsaga/portsaga/carrier/twilio"
	"github.com/portsaga/portsaga/carrier/twilio/twiliotest"
	"github.com/portsaga/portsaga/carrier/wire"
	"github.com/portsaga/portsaga/porting"
)

const (
	patience = 20 * time.Second
	glance   = 5 * time.Millisecond
)

// lossy is a line to Twilio on which answers, or requests, of one method get lost.
type lossy struct {
	method  string
	arrives bool // the request arrives, and its answer is lost; otherwise it never leaves
	lost    atomic.Int32
	limit   int32
}

func (l *lossy) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != l.method || l.lost.Add(1) > l.limit {
		return http.DefaultTransport.RoundTrip(r)
	}
	if l.arrives {
		res, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			return nil, err
		}
		res.Body.Close()
	}
	return nil, context.DeadlineExceeded
}

func TestALostAnswerToASubmitIsFoundByItsMark(t *testing.T) {
	t.Parallel()
	s := start(t, twiliotest.Options{Clock: fast()})
	s.Choose("lost", gatewaytest.Silent)
	settings := s.Settings(twiliotest.NewBook())
	settings.HTTP = &http.Client{Transport: &lossy{method: http.MethodPost, arrives: true, limit: 1}}
	c := connect(t, settings)
	_, err := c.Submit(t.Context(), order("lost"))
	require.Equal(t, "carrier-unavailable", porting.CodeOf(err))
	require.NotContains(t, err.Error(), "5550123")

	st, err := c.Submit(t.Context(), order("lost")) // nobody asked for the status between
	require.NoError(t, err)
	require.Equal(t, carrier.StatePending, st.State)
	require.Equal(t, []string{gatewaytest.Submitted}, s.Effects("lost"))
}

func TestAnOrderThatNeverArrivedIsSentAgainOnlyWhenItCannotArriveAnyMore(t *testing.T) {
	t.Parallel()
	s := start(t, twiliotest.Options{Clock: fast()})
	s.Choose("gone", gatewaytest.Silent)
	settings := s.Settings(twiliotest.NewBook())
	line := &lossy{method: http.MethodPost, limit: 1}
	settings.HTTP, settings.Settle = &http.Client{Transport: line}, 300*time.Millisecond
	c := connect(t, settings)
	_, err := c.Submit(t.Context(), order("gone"))
	require.Equal(t, "carrier-unavailable", porting.CodeOf(err))
	for _, early := range []func() error{
		func() error { _, err := c.Status(t.Context(), order("gone").Ref); return err },
		func() error { _, err := c.Submit(t.Context(), order("gone")); return err },
	} {
		err := early()
		require.Equal(t, "carrier-unavailable", porting.CodeOf(err), "it may still be on its way")
		wait, told := carrier.RetryAfter(err)
		require.True(t, told)
		require.Positive(t, wait)
	}
	require.Empty(t, s.Effects("gone"))
	require.EqualValues(t, 1, line.lost.Load(), "nothing was sent meanwhile")

	require.Eventually(t, func() bool {
		_, err := c.Status(t.Context(), order("gone").Ref)
		return porting.CodeOf(err) == "carrier-order-unknown"
	}, patience, glance)
	_, err = c.Submit(t.Context(), order("gone"))
	require.NoError(t, err)
	require.Equal(t, []string{gatewaytest.Submitted}, s.Effects("gone"))
}

func TestTwoWhoSubmitAtOnceSendOnce(t *testing.T) {
	t.Parallel()
	s := start(t, twiliotest.Options{Clock: fast()})
	s.Choose("race", gatewaytest.Silent)
	book := twiliotest.NewBook()
	errs := make(chan error, 8)
	for range cap(errs) {
		c := connect(t, s.Settings(book)) // each in a process of its own, which share the book
		go func() { _, err := c.Submit(t.Context(), order("race")); errs <- err }()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			require.Equal(t, "carrier-unavailable", porting.CodeOf(err))
		}
	}
	require.Equal(t, []string{gatewaytest.Submitted}, s.Effects("race"))
}

func TestALostAnswerToACancelIsLookedUp(t *testing.T) {
	t.Parallel()
	s := start(t, twiliotest.Options{Clock: fast()})
	s.Choose("cancel", gatewaytest.Silent)
	settings := s.Settings(twiliotest.NewBook())
	settings.HTTP = &http.Client{Transport: &lossy{method: http.MethodDelete, arrives: true, limit: 1}}
	c := connect(t, settings)
	_, err := c.Submit(t.Context(), order("cancel"))
	require.NoError(t, err)
	_, err = c.Cancel(t.Context(), order("cancel").Ref, porting.AuthorizationRevoked)
	require.Equal(t, "carrier-unavailable", porting.CodeOf(err))
	st, err := c.Cancel(t.Context(), order("cancel").Ref, porting.AuthorizationRevoked)
	require.NoError(t, err)
	require.Contains(t, []carrier.State{carrier.StateCancelPending, carrier.StateCancelled}, st.State)
	require.Equal(t, []string{gatewaytest.Submitted, gatewaytest.CancelAsked}, s.Effects("cancel"))
}

func TestABookThatLostItsOrdersLearnsThemAgain(t *testing.T) {
	t.Parallel()
	s := start(t, twiliotest.Options{Clock: porting.Clock{}})
	s.Choose("again", gatewaytest.Silent)
	book := twiliotest.NewBook()
	c := connect(t, s.Settings(book))
	_, err := c.Submit(t.Context(), order("again"))
	require.NoError(t, err)
	book.Lose()
	st, err := c.Submit(t.Context(), order("again"))
	require.NoError(t, err)
	require.Equal(t, order("again").Ref, st.Ref)
	require.Equal(t, []string{gatewaytest.Submitted}, s.Effects("again"))
}

func TestACorrectedVersionReplacesTheEarlierOne(t *testing.T) {
	t.Parallel()
	s := start(t, twiliotest.Options{Clock: fast(), RefuseHeld: true})
	s.Choose("fixed", gatewaytest.RejectsThenFix)
	c := connect(t, s.Settings(twiliotest.NewBook()))
	lsr := order("fixed")
	_, err := c.Submit(t.Context(), lsr)
	require.NoError(t, err)
	rejected := await(t, c, lsr.Ref, carrier.StateRejected)
	require.Equal(t, "Action Required", rejected.Raw)
	require.Equal(t, []carrier.Rejection{{Code: "INVALID_ACCOUNT_NUMBER", Text: "Twilio's code 1", Reason: porting.AccountNumberMismatch}}, rejected.Reasons)

	lsr.Ref.Version = 2
	require.Eventually(t, func() bool {
		st, err := c.Submit(t.Context(), lsr)
		if err != nil {
			require.Equal(t, "carrier-unavailable", porting.CodeOf(err), "until the earlier one is cancelled")
			return false
		}
		return st.Ref.Version == 2
	}, patience, glance)
	confirmed := await(t, c, lsr.Ref, carrier.StateConfirmed)
	require.False(t, confirmed.FOC.IsZero())
	require.Empty(t, confirmed.Reasons)
	require.Equal(t, []string{gatewaytest.Submitted, gatewaytest.CancelAsked, gatewaytest.Submitted}, s.Effects("fixed"))

	first := order("fixed")
	st, err := c.Submit(t.Context(), first)
	require.NoError(t, err)
	require.Equal(t, 2, st.Ref.Version, "a late repetition of the first version changes nothing")
}

func TestANumberThatAnotherOrderHoldsIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t, twiliotest.Options{Clock: fast(), RefuseHeld: true})
	s.Choose("holder", gatewaytest.Silent)
	c := connect(t, s.Settings(twiliotest.NewBook()))
	_, err := c.Submit(t.Context(), order("holder"))
	require.NoError(t, err)
	_, err = c.Submit(t.Context(), order("late"))
	require.Equal(t, "carrier-refused", porting.CodeOf(err))
	require.ErrorContains(t, err, "22137")
	_, err = c.Status(t.Context(), order("late").Ref)
	require.Equal(t, "carrier-order-unknown", porting.CodeOf(err), "a refused order leaves no intention")
}

func TestAnOrderThatTwilioNamedAndDoesNotKnowIsNoOrderThatNeverArrived(t *testing.T) {
	t.Parallel()
	s := start(t, twiliotest.Options{Clock: fast()})
	book := twiliotest.NewBook()
	ref := carrier.Ref{Port: "elsewhere", Version: 1}
	require.NoError(t, book.Remember(t.Context(), ref, "KW0000000000000000000000000000beef"))
	_, err := connect(t, s.Settings(book)).Status(t.Context(), ref)
	require.Equal(t, "carrier-unavailable", porting.CodeOf(err))
	require.Equal(t, "twilio-order-doubled", porting.CodeOf(book.Remember(t.Context(), ref, "KW0000000000000000000000000000cafe")))
}

func TestWhatTwilioNeedsIsAskedForBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	s := start(t, twiliotest.Options{Clock: fast()})
	c := connect(t, s.Settings(twiliotest.NewBook()))
	lsr := order("short")
	lsr.Order.Subscriber.Contact.Email, lsr.Order.Subscriber.Address.City = "", ""
	_, err := c.Submit(t.Context(), lsr)
	require.Equal(t, "carrier-refused", porting.CodeOf(err))
	require.ErrorContains(t, err, "the city, the e-mail address")
	require.Empty(t, s.Effects("short"))

	settings := s.Settings(twiliotest.NewBook())
	settings.Signer = twilio.Signer{Name: "Porting Desk", Email: "desk@ports.example"}
	lsr.Order.Subscriber.Address.City = "New York"
	_, err = connect(t, settings).Submit(t.Context(), lsr)
	require.NoError(t, err)
}

func TestCarrierSaysWhenToComeBack(t *testing.T) {
	t.Parallel()
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "17")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	t.Cleanup(busy.Close)
	_, err := connect(t, twiliotest.Settings(busy.URL, porting.Clock{}, twiliotest.NewBook())).Status(t.Context(), carrier.Ref{Port: "busy", Version: 1})
	require.Equal(t, "carrier-unavailable", porting.CodeOf(err))
	wait, told := carrier.RetryAfter(err)
	require.True(t, told)
	require.Equal(t, 17*time.Second, wait)

	settings := twiliotest.Settings(busy.URL, porting.Clock{}, twiliotest.NewBook())
	settings.HTTP = &http.Client{Transport: closed{}}
	_, err = connect(t, settings).Status(t.Context(), carrier.Ref{Port: "busy", Version: 1})
	require.Equal(t, "carrier-unavailable", porting.CodeOf(err))
	wait, told = carrier.RetryAfter(err)
	require.True(t, told)
	require.Equal(t, time.Minute, wait, "our own line is closed")
}

// closed is a line whose breaker is open.
type closed struct{}

func (closed) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, &wire.DownError{Carrier: "twilio", Wait: time.Minute, Why: "it does not answer at present"}
}

func await(t *testing.T, c *twilio.Client, ref carrier.Ref, state carrier.State) (st carrier.Status) {
	t.Helper()
	require.Eventually(t, func() bool {
		var err error
		st, err = c.Status(t.Context(), ref)
		return err == nil && st.State == state
	}, patience, glance, "the order never was %s", state)
	return st
}
