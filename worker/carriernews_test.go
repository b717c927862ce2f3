package worker_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// says is a carrier's webhook whose verification is each test's own.
type says struct {
	hint carrier.Hint
	err  error
}

func (s says) News(http.Header, []byte, time.Time) (carrier.Hint, error) { return s.hint, s.err }

// theDoor is the door for news, with a ledger that knows one order of Twilio's.
type theDoor struct {
	*testing.T
	books *ledger.Ledger
	ports *hinter
}

func newDoor(t *testing.T) theDoor {
	t.Helper()
	books, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, books.Close()) })
	require.NoError(t, books.NameOrder(t.Context(), "telnyx", "pi-7", 1, "order-7"))
	return theDoor{t, books, &hinter{}}
}

func (d theDoor) take(s says, name, body string) error {
	news := &worker.News{
		Ports: d.ports, Books: d.books, Webhooks: map[string]carrier.Webhook{"telnyx": s}, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
	}
	return news.Take(d.Context(), name, http.Header{}, []byte(body))
}

func (d theDoor) waiting() []ledger.CarrierNews {
	waiting, err := d.books.WaitingNews(d.Context(), 100)
	require.NoError(d, err)
	return waiting
}

// The door asks no carrier: it places news by our own reference or by what the ledger knows, and leaves the rest to a gate.
func TestNewsAreBroughtOrLeftToAGate(t *testing.T) {
	t.Parallel()
	unknown := &porting.Error{Kind: porting.NotFound, Code: "port-unknown"}
	request := porting.PortOutRequest{ID: "out-3", Carrier: "telnyx"}
	for name, c := range map[string]struct {
		hint carrier.Hint
		fail error               // of whom the port is told
		told string              // the port
		id   string              // of the hint
		left *ledger.CarrierNews // to a gate
	}{
		"about our reference":       {hint: carrier.Hint{Ref: carrier.Ref{Port: "pi-1"}, EventID: "e-1"}, told: "pi-1", id: "telnyx:e-1"},
		"about the carrier's order": {hint: carrier.Hint{Order: "order-7", EventID: "e-2"}, told: "pi-7", id: "telnyx:e-2"},
		"without a name of its own": {hint: carrier.Hint{Ref: carrier.Ref{Port: "pi-1"}}, told: "pi-1", id: "telnyx:44136fa355b3678a1146ad16f7e8649e"},
		"about an open port-out":    {hint: carrier.Hint{PortOut: "out-3", EventID: "e-3"}, told: request.PortID(), id: "telnyx:e-3"},
		"about nothing of ours":     {hint: carrier.Hint{Raw: "ping"}},
		"about a port that is gone": {hint: carrier.Hint{Ref: carrier.Ref{Port: "pi-1"}, EventID: "e-4"}, fail: unknown},
		"about an order that only the carrier knows": {
			hint: carrier.Hint{Order: "order-8", EventID: "e-5", Raw: "comment"}, left: &ledger.CarrierNews{ID: "telnyx:e-5", Order: "order-8", Word: "comment"},
		},
		"about a port-out that nobody opened": {
			hint: carrier.Hint{PortOut: "out-4", EventID: "e-6"}, fail: unknown, left: &ledger.CarrierNews{ID: "telnyx:e-6", PortOut: "out-4"},
		},
		"while Temporal is down": {
			hint: carrier.Hint{Order: "order-7", EventID: "e-7"}, fail: errors.New("down"), left: &ledger.CarrierNews{ID: "telnyx:e-7", Port: "pi-7", Order: "order-7"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(t)
			d.ports.err = c.fail
			for range 2 {
				require.NoError(t, d.take(says{hint: c.hint}, "telnyx", "{}"), "also again")
			}
			if c.left == nil {
				require.Empty(t, d.waiting())
			} else {
				c.left.Carrier, c.left.At = "telnyx", now.UTC()
				require.Equal(t, []ledger.CarrierNews{*c.left}, d.waiting())
			}
			if c.told != "" {
				require.Equal(t, c.told, d.ports.port)
				require.Equal(t, porting.CarrierEvent{ID: c.id, By: "webhook", Carrier: "telnyx"}, d.ports.hints[0])
			}
		})
	}
}

func TestNewsThatDoNotGetIn(t *testing.T) {
	t.Parallel()
	about := carrier.Hint{Ref: carrier.Ref{Port: "pi-1"}, Order: "order-8", PortOut: "out-1"}
	for name, c := range map[string]struct {
		carrier string
		says    says
		kind    porting.Kind
	}{
		"of a carrier that we do not have": {"pigeon", says{hint: about}, porting.NotFound},
		"forged":                           {"telnyx", says{about, &porting.Error{Kind: porting.Unauthorised, Code: "webhook-forged"}}, porting.Unauthorised},
		"nonsense":                         {"telnyx", says{about, &porting.Error{Kind: porting.Invalid, Code: "webhook-invalid"}}, porting.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(t)
			require.Equal(t, c.kind, porting.KindOf(d.take(c.says, c.carrier, "{}")))
			require.Empty(t, d.ports.hints)
			require.Empty(t, d.waiting())
		})
	}

	d := newDoor(t)
	require.NoError(t, d.books.Close())
	require.Equal(t, porting.Failed, porting.KindOf(d.take(says{hint: carrier.Hint{Order: "order-8"}}, "telnyx", "{}")), "the carrier sends them again")
}

// knows is a gateway that finds orders and port-outs by the carrier's own IDs.
type knows struct {
	carrier.Gateway
	carrier.PortOuts
	err error
}

func (k knows) Find(_ context.Context, order string) (carrier.Ref, error) {
	if order != "order-7" {
		return carrier.Ref{}, &porting.Error{Kind: porting.NotFound, Code: "carrier-order-unknown", Op: "find order", Detail: "none of ours"}
	}
	return carrier.Ref{Port: "pi-7"}, k.err
}

func (k knows) PortOutStatus(_ context.Context, id string) (carrier.PortOutStatus, error) {
	return carrier.PortOutStatus{ID: id, ReceivedAt: now, Request: porting.PortOutRequest{ID: id, Numbers: []porting.Number{"+12125550123"}}}, k.err
}

func (k knows) PortOutRequests(_ context.Context, since time.Time) ([]porting.PortOutRequest, error) {
	if !since.Equal(now) {
		return nil, nil
	}
	return []porting.PortOutRequest{{ID: "out-2"}, {ID: "out-3", Numbers: []porting.Number{"+12125550123"}, Given: porting.Given{PIN: "482913"}}}, nil
}

// receptionist takes hints, and opens port-outs.
type receptionist struct {
	hinter
	opened []porting.PortOutRequest
}

func (r *receptionist) StartPortOut(_ context.Context, asked porting.PortOutRequest) (porting.Answer, error) {
	r.opened = append(r.opened, asked)
	return porting.Answer{}, nil
}

// A gate brings what the door left to it: it asks the carrier whose the news are, and opens a port for what a counterparty asks
// as it reads it back.
func TestAGateBringsWhatWaits(t *testing.T) {
	t.Parallel()
	request := porting.PortOutRequest{ID: "out-3", Carrier: "telnyx"}
	down := errors.New("down")
	for name, c := range map[string]struct {
		news    ledger.CarrierNews
		gateway knows
		err     error         // of whom the port is told
		later   time.Duration // that the gate looks
		told    string
		opened  int
		stays   bool
	}{
		"whose port could not be told":          {news: ledger.CarrierNews{Port: "pi-7", Order: "order-7"}, told: "pi-7"},
		"whose port still cannot be told":       {news: ledger.CarrierNews{Port: "pi-7"}, err: down, told: "pi-7", stays: true},
		"whose port has ended":                  {news: ledger.CarrierNews{Port: "pi-7"}, err: &porting.Error{Kind: porting.Refused, Code: "port-ended"}, told: "rescue-pi-7"},
		"that only the carrier can place":       {news: ledger.CarrierNews{Order: "order-7"}, told: "pi-7"},
		"about somebody's order":                {news: ledger.CarrierNews{Order: "order-8"}},
		"while the carrier is down":             {news: ledger.CarrierNews{Order: "order-7"}, gateway: knows{err: down}, stays: true},
		"while the carrier is down for a day":   {news: ledger.CarrierNews{Order: "order-7"}, gateway: knows{err: down}, later: 24 * time.Hour},
		"about a request that nobody opened":    {news: ledger.CarrierNews{PortOut: "out-3"}, told: request.PortID(), opened: 1},
		"about a request while nobody tells it": {news: ledger.CarrierNews{PortOut: "out-3"}, gateway: knows{err: down}, stays: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDoor(t)
			c.news.Carrier, c.news.ID, c.news.Word, c.news.At = "telnyx", "telnyx:e-1", "changed", now
			require.NoError(t, d.books.KeepNews(t.Context(), c.news))
			ports := &receptionist{hinter: hinter{err: c.err}}
			reader := &worker.NewsReader{
				Ports: ports, Books: d.books, Gateways: map[string]carrier.Gateway{"telnyx": c.gateway}, Now: func() time.Time { return now.Add(c.later) },
				Log: slog.New(slog.DiscardHandler),
			}
			reader.Look(t.Context())
			require.Equal(t, c.told, ports.port)
			require.Equal(t, c.stays, len(d.waiting()) == 1)
			require.Len(t, ports.opened, c.opened)
			if c.told != "" {
				require.Equal(t, porting.CarrierEvent{ID: "telnyx:e-1", By: "webhook", Carrier: "telnyx", Hint: "changed"}, ports.hints[0])
			}
			if c.opened > 0 {
				require.Equal(t, "482913", ports.opened[0].Given.PIN.Reveal(), "as it was listed")
			}
		})
	}
}

func TestAGateLooksForNewsAtEveryTick(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	ctx, cancel := context.WithCancel(t.Context())
	ports := &receptionist{}
	reader := &worker.NewsReader{Ports: ports, Books: d.books, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}
	ticks, ended := make(chan time.Time), make(chan bool)
	go func() {
		reader.Run(ctx, ticks)
		close(ended)
	}()
	ticks <- now
	require.NoError(t, d.books.KeepNews(ctx, ledger.CarrierNews{Carrier: "telnyx", ID: "telnyx:e-1", Port: "pi-1", At: now}))
	ticks <- now
	ticks <- now // the look before is over
	cancel()
	<-ended
	require.Equal(t, "pi-1", ports.port)
	require.Empty(t, d.waiting())
}
