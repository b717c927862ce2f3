package cli

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
)

func TestPortExchanges(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	books := s.books(t)
	require.Equal(t, 0, s.run(t, "portsaga port exchanges pi-1"), s.err.String())
	require.Equal(t, "Nothing was said with a carrier about this port.\n", s.out.String())
	require.Equal(t, 0, s.run(t, "portsaga port exchanges pi-1 -o json"), s.err.String())
	require.JSONEq(t, `[]`, s.out.String())

	asked := ledger.Exchange{
		PortID: "pi-1", Step: "SubmitPort", Carrier: "telnyx", At: now, Took: 120 * time.Millisecond, Method: "POST", Path: "/v2/porting_orders",
		Status: 201, Request: []byte(`{"phone_numbers":["…"]}`), Answer: []byte(`{"data":[{"status":{"value":"draft"}}]}`),
	}
	lost := ledger.Exchange{PortID: "pi-1", Carrier: "telnyx", At: now.Add(time.Minute), Method: "GET", Path: "/v2/porting_orders", Failure: "timeout"}
	for _, e := range []ledger.Exchange{asked, lost} {
		require.NoError(t, books.RecordExchange(t.Context(), e))
	}
	require.Equal(t, 0, s.run(t, "portsaga port exchanges pi-1"), s.err.String())
	require.Equal(t, ""+
		"AT                    CARRIER  STEP        METHOD  PATH                ANSWER   TOOK\n"+
		"2026-11-23 15:00:00Z  telnyx   SubmitPort  POST    /v2/porting_orders  201      120ms\n"+
		"2026-11-23 15:01:00Z  telnyx   -           GET     /v2/porting_orders  timeout  0s\n", s.out.String())

	require.Equal(t, 0, s.run(t, "portsaga port exchanges pi-1 -o json"), s.err.String())
	require.JSONEq(t, `[
		{"port_id": "pi-1", "step": "SubmitPort", "carrier": "telnyx", "at": "2026-11-23T15:00:00Z", "took_ns": 120000000, "method": "POST", "path": "/v2/porting_orders",
		 "status": 201, "request": {"phone_numbers": ["…"]}, "answer": {"data": [{"status": {"value": "draft"}}]}},
		{"port_id": "pi-1", "carrier": "telnyx", "at": "2026-11-23T15:01:00Z", "took_ns": 0, "method": "GET", "path": "/v2/porting_orders", "failure": "timeout"}
	]`, s.out.String())
	require.Equal(t, 2, s.run(t, "portsaga port exchanges"))
}
