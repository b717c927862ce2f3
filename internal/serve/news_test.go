package serve_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/serve"
	"github.com/portsaga/portsaga/porting"
)

// listener takes the news of one carrier as it is told.
type listener struct {
	err   error
	taken []string
}

func (l *listener) Take(_ context.Context, carrier string, header http.Header, body []byte) error {
	if carrier != "old-bell" {
		return &porting.Error{Kind: porting.NotFound, Code: "carrier-unknown"}
	}
	l.taken = append(l.taken, header.Get("Signature")+" "+string(body))
	return l.err
}

func TestNewsOfCarriers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path   string
		body   []byte
		err    error
		status int
	}{
		"taken":                     {status: http.StatusAccepted},
		"of a carrier without news": {path: "/news/pigeon", status: http.StatusNotFound},
		"too large":                 {body: make([]byte, 1<<20+1), status: http.StatusRequestEntityTooLarge},
		"nonsense":                  {err: &porting.Error{Kind: porting.Invalid}, status: http.StatusBadRequest},
		"forged":                    {err: &porting.Error{Kind: porting.Unauthorised}, status: http.StatusUnauthorized},
		"without the ledger":        {err: errors.New("down"), status: http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &listener{err: c.err}
			path, body := "/news/old-bell", []byte("  the body, to the byte\n")
			if c.path != "" {
				path = c.path
			}
			if c.body != nil {
				body = c.body
			}
			require.Equal(t, c.status, postNews(t, newsDoor(t, l), path, body))
			if c.status == http.StatusAccepted {
				require.Equal(t, []string{"signed   the body, to the byte\n"}, l.taken)
			}
		})
	}
}

// Who cannot sign does not try for ever; a carrier is never held up.
func TestForgersOfNewsAreSlowedDown(t *testing.T) {
	t.Parallel()
	l := &listener{err: &porting.Error{Kind: porting.Unauthorised}}
	door := newsDoor(t, l)
	last := 0
	for range 30 {
		last = postNews(t, door, "/news/old-bell", nil)
	}
	require.Equal(t, http.StatusTooManyRequests, last)
	l.err = nil
	require.Equal(t, http.StatusAccepted, postNews(t, door, "/news/old-bell", nil))
}

func TestWithoutCarriersThereIsNoDoorForNews(t *testing.T) {
	t.Parallel()
	require.Equal(t, http.StatusNotFound, postNews(t, newsDoor(t, nil), "/news/old-bell", nil))
}

func newsDoor(t *testing.T, l *listener) http.Handler {
	t.Helper()
	o := serve.Options{Log: discard}
	if l != nil {
		o.News = l
	}
	door, err := serve.Handler(o)
	require.NoError(t, err)
	return door
}

func postNews(t *testing.T, door http.Handler, path string, body []byte) int {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, bytes.NewReader(body))
	request.Header.Set("Signature", "signed")
	answer := httptest.NewRecorder()
	door.ServeHTTP(answer, request)
	return answer.Code
}
