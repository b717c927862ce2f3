package simulator_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/simulator"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	server, err := simulator.Start(t.Context(), simulator.Options{})
	require.NoError(t, err)
	well, err := (&simulator.Client{URL: server.URL()}).Check(t.Context())
	require.NoError(t, err)
	require.Equal(t, carrier.CheckReport{Reachable: true, Authorised: true}, well)
	require.Empty(t, server.Effects(), "a look changes nothing")

	url := server.URL()
	require.NoError(t, server.Close())
	gone, err := (&simulator.Client{URL: url}).Check(t.Context())
	require.NoError(t, err)
	require.Equal(t, carrier.CheckReport{Detail: "no answer"}, gone)
}

func TestCheckTellsOfAnotherClock(t *testing.T) {
	t.Parallel()
	late := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(late.Close)
	seen, err := (&simulator.Client{URL: late.URL}).Check(t.Context())
	require.NoError(t, err)
	require.True(t, seen.Reachable)
	require.False(t, seen.Authorised)
	require.Equal(t, "it answers with HTTP status 403", seen.Detail)
	require.InDelta(t, -time.Hour, seen.Skew, float64(5*time.Minute))
}
