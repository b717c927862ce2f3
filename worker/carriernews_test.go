package worker_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// says is a carrier's webhook whose verification is each test's own.
type says struct {
	hint carrier.Hint
	err  error
}

func (s says) News(http.Header, []byte, time.Time) (carrier.Hint, error) { return s.hint, s.err }

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

func bringNews(t *testing.T, to worker.Hinter, gateway carrier.Gateway, s says, path, body string) int {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("POST /news/{carrier}", &worker.News{
		Ports: to, Webhooks: map[string]carrier.Webhook{"telnyx": s}, Gateways: map[string]carrier.Gateway{"telnyx": gateway},
		Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
	})
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body)))
	return answer.Code
}

func TestCarrierNewsBecomeAHint(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		hint carrier.Hint
		port string
		id   string
	}{
		"about our reference":       {carrier.Hint{Ref: carrier.Ref{Port: "pi-1"}, EventID: "e-1"}, "pi-1", "telnyx:e-1"},
		"about the carrier's order": {carrier.Hint{Order: "order-7", EventID: "e-2"}, "pi-7", "telnyx:e-2"},
		"without a name of its own": {carrier.Hint{Ref: carrier.Ref{Port: "pi-1"}}, "pi-1", "telnyx:44136fa355b3678a1146ad16f7e8649e"},
		"about somebody's order":    {carrier.Hint{Order: "order-8"}, "", ""},
		"about nothing of ours":     {carrier.Hint{}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ports := &hinter{}
			require.Equal(t, http.StatusAccepted, bringNews(t, ports, knows{}, says{hint: c.hint}, "/news/telnyx", "{}"))
			require.Equal(t, c.port, ports.port)
			if c.port == "" {
				require.Empty(t, ports.hints)
				return
			}
			require.Equal(t, []porting.CarrierEvent{{ID: c.id, By: "webhook", Carrier: "telnyx"}}, ports.hints)
		})
	}
}

func TestCarrierNewsOpenAPortOut(t *testing.T) {
	t.Parallel()
	ports := &receptionist{}
	require.Equal(t, http.StatusAccepted, bringNews(t, ports, knows{}, says{hint: carrier.Hint{PortOut: "out-3", EventID: "e-3"}}, "/news/telnyx", "{}"))
	require.Len(t, ports.opened, 1)
	require.Equal(t, "482913", ports.opened[0].Given.PIN.Reveal(), "as it was listed")
	require.Equal(t, "telnyx", ports.opened[0].Carrier)
	require.Equal(t, ports.opened[0].PortID(), ports.port)
	require.Equal(t, http.StatusAccepted, bringNews(t, ports, knows{}, says{hint: carrier.Hint{PortOut: "out-4", EventID: "e-4"}}, "/news/telnyx", "{}"))
	require.Equal(t, porting.PortOutRequest{ID: "out-4", Carrier: "telnyx", Numbers: []porting.Number{"+12125550123"}}, ports.opened[1], "as it was read back")
}

func TestCarrierNewsAreCheckedAtTheDoor(t *testing.T) {
	t.Parallel()
	forged := &porting.Error{Kind: porting.Unauthorised, Code: "webhook-forged"}
	nonsense := &porting.Error{Kind: porting.Invalid, Code: "webhook-invalid"}
	about := carrier.Hint{Ref: carrier.Ref{Port: "pi-1"}}
	for name, c := range map[string]struct {
		path, body string
		says       says
		gateway    knows
		ports      hinter
		status     int
	}{
		"of a carrier that we do not have": {path: "/news/pigeon", says: says{hint: about}, status: http.StatusNotFound},
		"forged":                           {says: says{hint: about, err: forged}, status: http.StatusUnauthorized},
		"nonsense":                         {says: says{hint: about, err: nonsense}, status: http.StatusBadRequest},
		"too large":                        {body: strings.Repeat("x", 1<<20+1), says: says{hint: about}, status: http.StatusRequestEntityTooLarge},
		"Temporal is down":                 {says: says{hint: about}, ports: hinter{err: errors.New("down")}, status: http.StatusServiceUnavailable},
		"the carrier is down":              {says: says{hint: carrier.Hint{Order: "order-7"}}, gateway: knows{err: errors.New("down")}, status: http.StatusServiceUnavailable},
		"the port has ended":               {says: says{hint: about}, ports: hinter{err: &porting.Error{Kind: porting.Refused, Code: "port-ended"}}, status: http.StatusAccepted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := "/news/telnyx"
			if c.path != "" {
				path = c.path
			}
			require.Equal(t, c.status, bringNews(t, &c.ports, c.gateway, c.says, path, c.body))
		})
	}
}
