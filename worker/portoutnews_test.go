package worker_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

// opener also opens ports.
type opener struct {
	hinter
	opened []porting.PortOutRequest
	failed error
}

func (o *opener) StartPortOut(_ context.Context, r porting.PortOutRequest) (porting.Answer, error) {
	o.opened = append(o.opened, r)
	return porting.Answer{}, o.failed
}

func portOutNews(t *testing.T, kind string) ([]byte, porting.PortOutRequest) {
	t.Helper()
	r := porting.PortOutRequest{ID: "WPR-7", Carrier: "simulator", Numbers: []porting.Number{"+12125550123"}, Recipient: porting.Party{Name: "Other"}}
	body, err := json.Marshal(simulator.Webhook{ID: "evt-1", Type: kind, Order: carrier.Ref{Port: "WPR-7"}, PortOut: &simulator.PortOut{Request: r, PIN: "482913"}})
	require.NoError(t, err)
	return body, r
}

func TestARequestOpensAPort(t *testing.T) {
	t.Parallel()
	ports := &opener{}
	body, _ := portOutNews(t, simulator.PortOutSent)
	require.Equal(t, http.StatusAccepted, bring(t, ports, body, simulator.Sign(secret, body, now)))
	require.Len(t, ports.opened, 1)
	require.Equal(t, "482913", ports.opened[0].Given.PIN.Reveal())
	require.Empty(t, ports.hints)

	ports.failed = &porting.Error{Kind: porting.Refused, Code: "port-exists"}
	require.Equal(t, http.StatusAccepted, bring(t, ports, body, simulator.Sign(secret, body, now)), "a carrier that tells twice")

	ports.failed = &porting.Error{Kind: porting.Failed, Code: "engine-unavailable"}
	require.Equal(t, http.StatusServiceUnavailable, bring(t, ports, body, simulator.Sign(secret, body, now)), "the carrier sends it again")
	require.Equal(t, http.StatusUnauthorized, bring(t, ports, body, "t=1,v1=00"))
}

func TestOtherNewsOfAPortOutAreHints(t *testing.T) {
	t.Parallel()
	ports := &opener{}
	body, r := portOutNews(t, simulator.PortOutMoved)
	require.Equal(t, http.StatusAccepted, bring(t, ports, body, simulator.Sign(secret, body, now)))
	require.Empty(t, ports.opened)
	require.Equal(t, r.PortID(), ports.port)
}
