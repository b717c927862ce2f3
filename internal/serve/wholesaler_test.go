package serve_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/serve"
	"github.com/portsaga/portsaga/porting"
)

func TestWhoMayAsk(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	body := ask("WPR-1", ours, nil)
	for name, header := range map[string][2]string{
		"nobody":    {"X-Nothing", ""},
		"a guesser": {"Authorization", "Bearer psw_GUESSED"},
		"no bearer": {"Authorization", d.token},
		"a forger":  {serve.SignatureHeader, serve.SignRequest("guessed", body, d.now)},
		"no secret": {serve.SignatureHeader, serve.SignRequest("", body, d.now)},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/port-outs/validate", bytes.NewReader(body))
		r.Header.Set(header[0], header[1])
		w := httptest.NewRecorder()
		d.handler.ServeHTTP(w, r)
		require.Equal(t, http.StatusUnauthorized, w.Code, name)
	}
	for name, c := range map[string]struct {
		body   []byte
		status int
	}{
		"too large":     {bytes.Repeat([]byte("x"), 64<<10+1), http.StatusRequestEntityTooLarge},
		"not JSON":      {[]byte("}{"), http.StatusBadRequest},
		"another field": {[]byte(`{"id":"x","numbers":["+12125550123"],"recipient":{"name":"O"},"given":{"pni":"1"}}`), http.StatusBadRequest},
		"no name":       {ask("", ours, nil), http.StatusBadRequest},
	} {
		require.Equal(t, c.status, d.post(t.Context(), c.body).Code, name)
	}
	_, err := d.books.ClaimValidations(t.Context(), d.now, time.Minute, 9)
	require.NoError(t, err)
	require.Empty(t, d.engine.started)
}

func TestASignedRequest(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	file := filepath.Join(t.TempDir(), "wholesalers.yaml")
	require.NoError(t, os.WriteFile(file, []byte("- {name: northwind, carrier: simulator, tenant: acme, secret_file: s}\n"), 0o600))
	all, err := serve.ReadWholesalers(file, func(string) (porting.Secret, error) { return "shared", nil })
	require.NoError(t, err)
	d.Wholesalers = all
	body := ask("WPR-1", ours, nil)
	send := func(body []byte, signature string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/port-outs/validate", bytes.NewReader(body))
		r.Header.Set(serve.SignatureHeader, signature)
		w := httptest.NewRecorder()
		d.handler.ServeHTTP(w, r)
		return w
	}
	require.Equal(t, http.StatusUnauthorized, send(body, serve.SignRequest("shared", body, d.now.Add(-6*time.Minute))).Code, "too old")
	require.Equal(t, http.StatusUnauthorized, send(append(body, ' '), serve.SignRequest("shared", body, d.now)).Code, "changed")
	answer := send(body, serve.SignRequest("shared", body, d.now))
	require.Equal(t, http.StatusOK, answer.Code, answer.Body.String())
	_, err = d.OpenDue(t.Context())
	require.NoError(t, err)
	started := d.engine.started[validated(t, answer).Port]
	require.Equal(t, "acme", started.Tenant)
	require.Equal(t, "simulator", started.Carrier)
}

func TestAWholesalerThatAsksTooMuch(t *testing.T) {
	t.Parallel()
	d := newDesk(t, func(w *serve.Wholesaler) { w.PerSecond = 3 })
	for i := range 3 {
		require.Equal(t, http.StatusOK, d.post(t.Context(), ask(fmt.Sprint(i), ours, nil)).Code)
	}
	answer := d.post(t.Context(), ask("4", ours, nil))
	require.Equal(t, http.StatusTooManyRequests, answer.Code)
	require.Equal(t, serve.SaidHold, validated(t, answer).Answer)
}

func TestReadWholesalers(t *testing.T) {
	t.Parallel()
	entry, _ := serve.NewWholesaler("northwind", "acme")
	sum := "sha256: " + entry.SHA256
	for name, text := range map[string]string{
		"empty":         "",
		"no name":       "[{" + sum + "}]",
		"no way in":     "[{name: a}]",
		"two ways in":   "[{name: a, secret_file: s, " + sum + "}]",
		"no token":      "[{name: a, sha256: abc}]",
		"another word":  "[{name: a, token: x}]",
		"one token":     "[{name: a, " + sum + "}, {name: b, " + sum + "}]",
		"one gateway":   "[{name: a, carrier: c, secret_file: s}, {name: b, carrier: c, secret_file: s}]",
		"no time":       "[{name: a, within: 1ms, " + sum + "}]",
		"a long time":   "[{name: a, within: 1h, " + sum + "}]",
		"silence is no": "[{name: a, silence: -1m, " + sum + "}]",
	} {
		file := filepath.Join(t.TempDir(), "wholesalers.yaml")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		_, err := serve.ReadWholesalers(file, func(string) (porting.Secret, error) { return "secret", nil })
		require.Equal(t, "wholesalers-invalid", porting.CodeOf(err), name)
	}
	_, err := serve.ReadWholesalers(filepath.Join(t.TempDir(), "none"), nil)
	require.Equal(t, "wholesalers-unreadable", porting.CodeOf(err))
}
