package simulator_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

func answering(t *testing.T, status int, body string) *simulator.Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	return &simulator.Client{URL: s.URL}
}

func TestAnUnknownWordIsKept(t *testing.T) {
	t.Parallel()
	st, err := answering(t, 200, `{"port":"p","version":1,"status":"under-review","change":3}`).Status(t.Context(), lsr("p").Ref)
	require.NoError(t, err)
	require.Equal(t, carrier.StateUnknown, st.State)
	require.Equal(t, "under-review", st.Raw)
}

func TestOnlyTheCarriersOwnNoIsANo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		status int
		body   string
		code   string
	}{
		{"a proxy's 404", 404, `<html>not here</html>`, "carrier-unavailable"},
		{"a 404 with no code", 404, `{}`, "carrier-unavailable"},
		{"the carrier's 404", 404, `{"code":"order-unknown"}`, "carrier-order-unknown"},
		{"too many requests", 429, ``, "carrier-unavailable"},
		{"a fault", 500, `{"code":"unavailable"}`, "carrier-unavailable"},
		{"a cut answer", 200, `{"port":"p","ver`, "carrier-unavailable"},
		{"a refusal", 409, `{"code":"refused","message":"no"}`, "carrier-refused"},
		{"a locked cancel", 409, `{"code":"cancel-locked","message":"no"}`, "carrier-cancel-locked"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := answering(t, c.status, c.body).Status(t.Context(), lsr("p").Ref)
			require.Equal(t, c.code, porting.CodeOf(err))
		})
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	const body = `{"port":"p","version":1,"status":"rejected","change":2,"reasons":[{"code":"PIN_MISMATCH"},{"code":"7401","text":"AN"}]}`
	c := answering(t, 200, body)
	st, err := c.Status(t.Context(), lsr("p").Ref)
	require.NoError(t, err)
	require.Equal(t, []carrier.Rejection{
		{Code: "PIN_MISMATCH", Reason: porting.PINMismatch},
		{Code: "7401", Text: "AN", Reason: porting.OtherReason},
	}, st.Reasons)

	c.Map = func(code, _ string) porting.Reason {
		return map[string]porting.Reason{"7401": porting.AccountNumberMismatch}[code]
	}
	st, err = c.Status(t.Context(), lsr("p").Ref)
	require.NoError(t, err)
	require.Equal(t, porting.AccountNumberMismatch, st.Reasons[1].Reason)
}
