package sources_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/fraud/sources"
)

// authority gives tokens, numbered from 1.
type authority struct {
	URL string

	mu     sync.Mutex
	given  int
	scopes []string
	answer reply // in place of a token, where its status is set
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	a.URL = server.URL
	return a
}

func (a *authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	id, secret, _ := r.BasicAuth()
	if id != "me%2Fyou" || secret != "hush%21" || r.FormValue("grant_type") != "client_credentials" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if a.answer.status != 0 {
		w.WriteHeader(a.answer.status)
		_, _ = io.WriteString(w, a.answer.body)
		return
	}
	a.given++
	a.scopes = append(a.scopes, r.FormValue("scope"))
	fmt.Fprintf(w, `{"access_token": "t%d", "token_type": "Bearer", "expires_in": 300}`, a.given)
}

func (a *authority) tokens() *sources.ClientCredentials {
	return &sources.ClientCredentials{URL: a.URL, ClientID: "me/you", Secret: "hush!", Purpose: "dpv:FraudPreventionAndDetection"}
}

func TestClientCredentials(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	clock := now
	tokens := a.tokens()
	tokens.Now = func() time.Time { return clock }
	token := func(scope string) sources.Token {
		token, err := tokens.Token(t.Context(), scope, subject())
		require.NoError(t, err)
		return token
	}
	first := token("sim-swap:check")
	require.Equal(t, sources.Token{Bearer: "t1"}, first)
	require.Equal(t, first, token("sim-swap:check"), "it is kept")
	require.Equal(t, []string{"dpv:FraudPreventionAndDetection sim-swap:check"}, a.scopes)
	require.Equal(t, sources.Token{Bearer: "t2"}, token("kyc-match:match"), "each scope has its own")

	clock = clock.Add(269 * time.Second)
	require.Equal(t, first, token("sim-swap:check"))
	clock = clock.Add(2 * time.Second)
	require.Equal(t, sources.Token{Bearer: "t3"}, token("sim-swap:check"), "shortly before it expires, it is renewed")
	tokens.Forget("sim-swap:check")
	require.Equal(t, sources.Token{Bearer: "t4"}, token("sim-swap:check"))
}

func TestTokensThatAreNotGiven(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		answer reply
		why    fraud.Why
	}{
		{reply{401, `{"error": "invalid_client"}`}, fraud.NotAuthorised},
		{reply{400, `{"error": "invalid_scope"}`}, fraud.NotAuthorised},
		{reply{429, ``}, fraud.RateLimited},
		{reply{503, ``}, fraud.Unavailable},
		{ok(`{"access_token": "", "token_type": "Bearer"}`), fraud.Unreadable},
		{ok(`{"access_token": "x", "token_type": "mac"}`), fraud.Unreadable},
		{ok(`<html>`), fraud.Unreadable},
	} {
		a := newAuthority(t)
		a.answer = c.answer
		n := newNetwork(t, nil)
		e := ask(t, (&sources.CAMARA{Root: n.URL, Tokens: a.tokens()}).Sources(), "tenure", subject())
		require.Equal(t, c.why, e.Tenure.Missing, "%v", c.answer)
		require.Empty(t, n.questions())
	}
	e := ask(t, (&sources.CAMARA{Tokens: &sources.ClientCredentials{URL: "::"}}).Sources(), "tenure", subject())
	require.Equal(t, fraud.NotConfigured, e.Tenure.Missing)
}

// A token that an API no longer takes is renewed once, and not again and again.
func TestARefusedTokenIsRenewedOnce(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	n := newNetwork(t, map[string]reply{tenure: no(401, "UNAUTHENTICATED")})
	e := ask(t, (&sources.CAMARA{Root: n.URL, Tokens: a.tokens()}).Sources(), "tenure", subject())
	require.Equal(t, fraud.NotAuthorised, e.Tenure.Missing)
	var used []string
	for _, q := range n.questions() {
		used = append(used, q.header.Get("Authorization"))
	}
	require.Equal(t, []string{"Bearer t1", "Bearer t2"}, used)
}
