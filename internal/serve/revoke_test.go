package serve_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/serve"
	"github.com/portsaga/portsaga/porting"
)

var discard = slog.New(slog.DiscardHandler)

func TestAServiceRevokes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answer := w.revoke(t, "pi-1", w.token, `{"id":"r-1","reason":"WITHDRAWN_BY_CUSTOMER"}`)
	require.Equal(t, http.StatusOK, answer.Code)
	require.JSONEq(t, `{"port":"pi-1","fence":"closed","told":true,"says":"stopping"}`, text(t, answer))
	require.Equal(t, []ledger.FenceState{ledger.FenceClosed}, w.sagas.fences, "the fence comes first")
	require.Equal(t, []porting.Revoke{{ID: "r-1", By: "service billing", Reason: porting.WithdrawnByCustomer}}, w.sagas.heard)
	fence, err := w.books.Fence(t.Context(), "pi-1")
	require.NoError(t, err)
	require.Equal(t, "service billing", fence.RevokedBy)

	require.Equal(t, http.StatusOK, w.revoke(t, "pi-1", w.token, "").Code, "again, and without a body")
	require.Equal(t, porting.AuthorizationRevoked, w.sagas.heard[1].Reason)
}

func TestARevocationHoldsWhileTheEngineIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sagas.err = errEngine
	answer := w.revoke(t, "pi-1", w.token, "{}")
	require.Equal(t, http.StatusAccepted, answer.Code)
	var said struct {
		Fence ledger.FenceState
		Told  bool
	}
	require.NoError(t, json.Unmarshal([]byte(text(t, answer)), &said))
	require.Equal(t, ledger.FenceClosed, said.Fence)
	require.False(t, said.Told)
	require.Equal(t, ledger.FenceClosed, w.fence(t, "pi-1"))
}

func TestWhoMayNotRevoke(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		port, token, body string
		status            int
		code              string
	}{
		"nobody":                  {"pi-1", "", "{}", http.StatusUnauthorized, "token-unknown"},
		"a guesser":               {"pi-1", "pst_GUESSED", "{}", http.StatusUnauthorized, "token-unknown"},
		"a service elsewhere":     {"pi-2", "acme", "{}", http.StatusNotFound, "port-unknown"},
		"a service, no such port": {"pi-9", "acme", "{}", http.StatusNotFound, "port-unknown"},
		"no such port":            {"pi-9", "all", "{}", http.StatusNotFound, "port-not-found"},
		"a typing mistake":        {"pi-1", "all", `{"reson":"OTHER"}`, http.StatusBadRequest, "request-invalid"},
		"no such reason":          {"pi-1", "all", `{"reason":"BECAUSE"}`, http.StatusBadRequest, "request-invalid"},
		"not JSON":                {"pi-1", "all", `reason`, http.StatusBadRequest, "request-invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			token := map[string]string{"all": w.token, "acme": w.acme}[c.token]
			if token == "" {
				token = c.token
			}
			answer := w.revoke(t, c.port, token, c.body)
			require.Equal(t, c.status, answer.Code)
			var no struct{ Error porting.Error }
			require.NoError(t, json.Unmarshal([]byte(text(t, answer)), &no))
			require.Equal(t, c.code, no.Error.Code)
			w.requireOpen(t)
		})
	}
}

func TestATenantsService(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, http.StatusOK, w.revoke(t, "pi-1", w.acme, "{}").Code)
	require.Equal(t, ledger.FenceOpen, w.fence(t, "pi-2"))
}

func TestAPortThatHasEndedIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.books.Release(t.Context(), "pi-1", porting.OutcomeRejected, noon))
	w.sagas.err = &porting.Error{Kind: porting.Refused, Code: "port-closed", Op: "revoke port", Object: "pi-1", Detail: "the port has ended"}
	require.Equal(t, http.StatusConflict, w.revoke(t, "pi-1", w.token, "{}").Code)
	fence, err := w.books.Fence(t.Context(), "pi-1")
	require.NoError(t, err)
	require.True(t, fence.RevokeRequestedAt.IsZero())
}

func TestGuessersAreSlowedAndServicesAreNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	count := 0
	for w.revoke(t, "pi-1", "guess", "{}").Code == http.StatusUnauthorized {
		count++
	}
	require.Equal(t, 20, count)
	require.Equal(t, http.StatusOK, w.revoke(t, "pi-1", w.token, "{}").Code)
}

func TestALedgerThatIsDownRevokesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.NoError(t, w.books.Close())
	answer := w.revoke(t, "pi-1", w.token, "{}")
	require.Equal(t, http.StatusServiceUnavailable, answer.Code)
	require.JSONEq(t, `{"error":{"kind":"failed","code":"ledger-unavailable","operation":"revoke port","detail":"something broke","next":"try again; it is safe to repeat"}}`, text(t, answer))
	require.Empty(t, w.sagas.heard, "a port is not told what does not hold")
}

func TestReadServices(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(text string) string {
		file := filepath.Join(dir, "services.yaml")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		return file
	}
	service, token := serve.NewService("billing", "acme")
	require.NotContains(t, service.SHA256, token)
	read, err := serve.ReadServices(write("- name: billing\n  tenant: acme\n  sha256: " + service.SHA256 + "\n"))
	require.NoError(t, err)
	require.Equal(t, []serve.Service{service}, read)

	for name, text := range map[string]string{
		"empty":        "",
		"no name":      "[{sha256: " + service.SHA256 + "}]",
		"the token":    "[{name: a, sha256: " + token + "}]",
		"one token":    "[{name: a, sha256: " + service.SHA256 + "}, {name: b, sha256: " + service.SHA256 + "}]",
		"another word": "[{name: a, token: x}]",
	} {
		_, err := serve.ReadServices(write(text))
		require.Equal(t, "tokens-invalid", porting.CodeOf(err), name)
	}
	_, err = serve.ReadServices(filepath.Join(dir, "missing.yaml"))
	require.Equal(t, "tokens-unreadable", porting.CodeOf(err))
}

func TestTheExampleOfServices(t *testing.T) {
	t.Parallel()
	services, err := serve.ReadServices("../../examples/notices/services.yaml")
	require.NoError(t, err)
	require.Equal(t, "acme", services[1].Tenant)
}
