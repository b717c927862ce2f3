package main

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProbe(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/healthz":
		case "/silent":
			w.WriteHeader(http.StatusNoContent)
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)

	tests := map[string]struct {
		args    []string
		wantErr string
	}{
		"healthy":     {args: []string{server.URL + "/healthz"}},
		"no words":    {args: []string{server.URL + "/silent"}},
		"not ready":   {args: []string{server.URL + "/other"}, wantErr: "503 Service Unavailable"},
		"no URL":      {wantErr: "want one URL, got 0 arguments"},
		"not a URL":   {args: []string{"://"}, wantErr: "missing protocol scheme"},
		"nobody home": {args: []string{"http://127.0.0.1:0/healthz"}, wantErr: "127.0.0.1:0"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := run(tt.args)
			if tt.wantErr == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.wantErr)
		})
	}
}
