package serve_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/link"
	"github.com/portsaga/portsaga/internal/serve"
	"github.com/portsaga/portsaga/porting"
)

func TestOnePressStopsThePort(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.give(t, "pi-1")

	page := text(t, w.get(t, "/stop/"+token+"?lang=en"))
	require.Contains(t, page, `<form method="post" action="/stop/?lang=en">`)
	require.Contains(t, page, `name="token" value="`+token+`"`)
	w.requireOpen(t)

	answer := w.press(t, token)
	require.Equal(t, http.StatusOK, answer.Code)
	page = text(t, answer)
	require.Contains(t, page, `data-state="stopped"`)
	require.Contains(t, page, "+1…0123")
	require.Contains(t, page, "Call 0800 000.")
	require.Equal(t, ledger.FenceClosed, w.fence(t, "pi-1"))
	require.Equal(t, ledger.FenceOpen, w.fence(t, "pi-2"))
	require.Equal(t, []ledger.FenceState{ledger.FenceClosed}, w.sagas.fences, "the port hears of it when the fence is closed")
	require.Equal(t, porting.UnauthorisedPort, w.sagas.heard[0].Reason)
}

// Mail scanners open every link, some of them many times and with every method that they think harmless.
func TestAScannerChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.give(t, "pi-1")
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete, http.MethodPost} {
		for range 3 {
			w.do(httptest.NewRequestWithContext(t.Context(), method, "/stop/"+token+"?lang=en&token="+token, http.NoBody))
		}
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/stop/?token="+token, http.NoBody)
	require.Equal(t, http.StatusNotFound, w.do(r).Code, "a token in the address is not one in the form")
	w.requireOpen(t)
	require.Equal(t, http.StatusOK, w.press(t, token).Code, "it still works for the customer")
}

// Whatever is wrong with a token, the answer is the same, byte for byte.
func TestAttacksOnLinks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	used := w.give(t, "pi-2")
	require.Equal(t, http.StatusOK, w.press(t, used).Code)
	w.sagas.heard = nil
	guessed, _ := link.New("pi-1", "", noon, time.Hour)
	good := w.give(t, "pi-1")
	_, kept := link.New("pi-1", "", noon, time.Hour)
	expired, old := link.New("pi-1", "", noon.Add(-2*time.Hour), time.Hour)
	require.NoError(t, w.books.NewLink(t.Context(), old))

	want := ""
	for name, token := range map[string]string{
		"nothing":                    "",
		"guessed":                    string(guessed),
		"used before":                used,
		"expired":                    string(expired),
		"forged: one letter off":     flip(good),
		"forged: longer":             good + "A",
		"forged: shorter":            good[:len(good)-1],
		"the hash in the ledger":     kept.Hash,
		"a port's ID":                "pi-1",
		"SQL":                        "' OR '1'='1",
		"two tokens":                 good + good,
		"a NUL":                      good + "\x00",
		"a line break":               good[:20] + "\n" + good[20:],
		"a whole novel":              strings.Repeat("A", 5000),
		"a token's address":          "https://port.example/stop/" + good,
		"the token in other clothes": strings.ToUpper(good),
	} {
		require.NotEqual(t, good, token)
		answer := w.press(t, token)
		require.Equal(t, http.StatusNotFound, answer.Code, name)
		if want == "" {
			want = dump(t, answer)
		}
		require.Equal(t, want, dump(t, answer), name)
	}
	require.Empty(t, w.sagas.heard)
	require.Equal(t, ledger.FenceOpen, w.fence(t, "pi-1"))
	require.Equal(t, http.StatusOK, w.press(t, good).Code, "the customer")
	require.Equal(t, http.StatusNotFound, w.press(t, good).Code, "the attacker, after the customer")
}

// flip changes one letter.
func flip(token string) string {
	other := "A"
	if token[0] == 'A' {
		other = "B"
	}
	return other + token[1:]
}

// dump is everything that an attacker sees.
func dump(t *testing.T, answer *httptest.ResponseRecorder) string {
	t.Helper()
	return fmt.Sprint(answer.Code, answer.Result().Header, text(t, answer))
}

// A GET tells nobody whether a token is good.
func TestThePageLooksNothingUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good, guessed := w.give(t, "pi-1"), strings.Repeat("A", 42)+"E"
	require.NoError(t, w.books.Close(), "it cannot look")
	one, other := w.get(t, "/stop/"+good), w.get(t, "/stop/"+guessed)
	require.Equal(t, http.StatusOK, one.Code)
	require.Equal(t, strings.ReplaceAll(dump(t, one), good, ""), strings.ReplaceAll(dump(t, other), guessed, ""))
	require.NotContains(t, w.get(t, "/stop/%3Cscript%3E").Body.String(), "script")
}

func TestTooLateAndOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.books.BeginActivation(t.Context(), "pi-1", 1, "key", noon)
	require.NoError(t, err)
	require.Contains(t, text(t, w.press(t, w.give(t, "pi-1"))), `data-state="late"`)
	require.NoError(t, w.books.Release(t.Context(), "pi-2", porting.OutcomeRejected, noon))
	require.Contains(t, text(t, w.press(t, w.give(t, "pi-2"))), `data-state="ended"`)
}

func TestTheFenceHoldsWhileTheEngineIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sagas.err = errEngine
	require.Contains(t, text(t, w.press(t, w.give(t, "pi-1"))), `data-state="stopped"`)
	require.Equal(t, ledger.FenceClosed, w.fence(t, "pi-1"))
}

func TestALedgerThatIsDownPromisesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.give(t, "pi-1")
	require.Equal(t, http.StatusNoContent, w.get(t, "/healthz").Code)
	require.NoError(t, w.books.Close())
	answer := w.press(t, token)
	require.Equal(t, http.StatusServiceUnavailable, answer.Code)
	require.Contains(t, text(t, answer), `data-state="trouble"`)
	require.Equal(t, http.StatusServiceUnavailable, w.get(t, "/healthz").Code)
}

func TestAnAddressThatTriesTooOften(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *serve.Options) { o.BehindProxy = true })
	try := func(forwarded string) int {
		r := form(t, "guess")
		r.Header.Set("X-Forwarded-For", forwarded)
		return w.do(r).Code
	}
	count := 0
	for try("198.51.100.7, 2001:db8:1:2::1") == http.StatusNotFound {
		count++
	}
	require.Equal(t, 20, count)
	require.Equal(t, http.StatusTooManyRequests, try("2001:db8:1:2::ffff"), "one network of IPv6 is one customer")
	require.Equal(t, http.StatusTooManyRequests, try("203.0.113.5,2001:db8:1:2::1"), "what the customer claims before the proxy does not count")
	require.Equal(t, http.StatusNotFound, try("203.0.113.5"))
	w.requireOpen(t)
}

func TestThePageSpeaksTheCustomersLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for query, c := range map[string]struct{ accept, lang, says string }{
		"?lang=de":     {"fr", "de", "Mitnahme stoppen"},
		"":             {"fr-CA,en;q=0.5", "fr", "Arrêter le transfert"},
		"?lang=es-MX":  {"", "es", "Detener la portabilidad"},
		"?lang=tlh":    {"", "en", "Stop the move"},
		"?lang=%22%3E": {"de", "de", "Mitnahme stoppen"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/stop/x"+query, http.NoBody)
		r.Header.Set("Accept-Language", c.accept)
		answer := w.do(r)
		page := text(t, answer)
		require.Equal(t, c.lang, answer.Header().Get("Content-Language"), query)
		require.Contains(t, page, `<html lang="`+c.lang+`">`)
		require.Contains(t, page, c.says)
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, answer := range []*httptest.ResponseRecorder{
		w.get(t, "/stop/x"), w.press(t, "x"), w.get(t, "/healthz"), w.get(t, "/elsewhere"), w.revoke(t, "pi-1", "", ""),
	} {
		h := answer.Header()
		require.Equal(t, "no-store", h.Get("Cache-Control"))
		require.Equal(t, "no-referrer", h.Get("Referrer-Policy"))
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
		require.Equal(t, "DENY", h.Get("X-Frame-Options"))
		require.Regexp(t, `^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$`, h.Get("Content-Security-Policy"))
	}
	page := text(t, w.get(t, "/stop/x"))
	_, styled, _ := strings.Cut(page, "<style>")
	styled, _, _ = strings.Cut(styled, "</style>")
	sum := sha256.Sum256([]byte(styled))
	require.Contains(t, w.get(t, "/stop/x").Header().Get("Content-Security-Policy"), base64.StdEncoding.EncodeToString(sum[:]), "a browser takes the style")
	for _, no := range []string{"<script", "http://", "https://", "onclick", "<img", "src="} {
		require.NotContains(t, page, no)
	}
	for _, want := range []string{`name="viewport"`, `<meta charset="utf-8">`, "<h1>", "<main", `<button type="submit">`} {
		require.Contains(t, page, want)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.give(t, "pi-1")
	w.sagas.err = errEngine
	desk := &link.Desk{Books: w.books, Ports: w.sagas, Now: func() time.Time { return noon }, Log: discard}
	_, err := desk.Use(t.Context(), token)
	require.NoError(t, err)
	w.sagas.err = nil

	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve.Run(ctx, listener, w.handler, serve.Retelling(desk)) }()
	require.Eventually(t, func() bool {
		links, err := w.books.UntoldLinks(t.Context(), 9)
		return err == nil && len(links) == 0
	}, 10*time.Second, 10*time.Millisecond, "what could not be told before is told when it starts")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String()+"/healthz", http.NoBody)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusNoContent, answer.StatusCode)
	stop()
	require.NoError(t, <-ended)
}
