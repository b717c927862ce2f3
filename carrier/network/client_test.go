package network_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/network"
	"github.com/portsaga/portsaga/porting"
)

// switchboard is our network as a test wants it.
type switchboard struct {
	status   int
	answer   string
	released []string
}

func (s *switchboard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer known" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if r.Method == http.MethodPost && r.URL.Path == "/api/releases" {
		body, _ := io.ReadAll(r.Body)
		s.released = append(s.released, r.Header.Get("Idempotency-Key")+" "+string(body))
	}
	if r.Method == http.MethodGet && r.URL.Path != "/api/lines/+12125550123" {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	w.WriteHeader(s.status)
	_, _ = io.WriteString(w, s.answer)
}

func plugged(t *testing.T, s *switchboard, token porting.Secret) *network.Client {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return &network.Client{URL: server.URL + "/api/", Token: token, HTTP: server.Client()}
}

func TestLine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		answer string
		token  porting.Secret
		want   carrier.Line
		code   string
	}{
		"ours":          {status: 200, answer: `{"active":true,"account":"77"}`, token: "known", want: carrier.Line{Active: true, Account: "77"}},
		"not ours":      {status: 404, token: "known", code: "line-unknown"},
		"down":          {status: 500, token: "known", code: "network-unavailable"},
		"nonsense":      {status: 200, answer: "<html>", token: "known", code: "network-unavailable"},
		"another token": {status: 200, token: "guessed", code: "network-unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line, err := plugged(t, &switchboard{status: c.status, answer: c.answer}, c.token).Line(t.Context(), "+12125550123")
			require.Equal(t, c.code, porting.CodeOf(err))
			require.Equal(t, c.want, line)
			if err != nil {
				require.NotContains(t, err.Error(), "5550123")
			}
		})
	}
}

func TestRelease(t *testing.T) {
	t.Parallel()
	board := &switchboard{status: 204}
	client := plugged(t, board, "known")
	require.NoError(t, client.Release(t.Context(), "po-1", []porting.Number{"+12125550123"}))
	require.Equal(t, []string{`po-1 {"numbers":["+12125550123"],"port":"po-1"}`}, board.released)
	board.status = 503
	require.Equal(t, "network-unavailable", porting.CodeOf(client.Release(t.Context(), "po-1", nil)))
}

func TestDownNetworkNamesNoNumber(t *testing.T) {
	t.Parallel()
	client := &network.Client{URL: "http://127.0.0.1:1", HTTP: http.DefaultClient}
	_, err := client.Line(t.Context(), "+12125550123")
	require.Equal(t, "network-unavailable", porting.CodeOf(err))
	require.NotContains(t, err.Error(), "5550123")
}
