package sources

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/portsaga/portsaga/internal/fraud"
)

// Secret is a credential. It prints as "[secret]".
type Secret string

// Format keeps every verb from printing the secret.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[secret]") }

// Token opens an API. A two-legged one is ours alone, and the request names the number; a three-legged one stands for the
// subscriber who consented, and the request must not name the number.
type Token struct {
	Bearer      Secret
	ThreeLegged bool
}

// Tokens gives a token for a scope and a subject. Where the subscriber did not consent, its error is a MissingError with
// fraud.NoConsent.
type Tokens interface {
	Token(ctx context.Context, scope string, s Subject) (Token, error)
}

// renewer is Tokens that can be told that a token no longer opens its API.
type renewer interface{ Forget(scope string) }

// ClientCredentials gets two-legged tokens from an OAuth 2.0 token endpoint (RFC 6749, section 4.4) and keeps them until shortly
// before they expire. Safe for concurrent use.
type ClientCredentials struct {
	URL      string // of the token endpoint
	ClientID string
	Secret   Secret
	Purpose  string // asked for besides the scope, such as dpv:FraudPreventionAndDetection; may be empty
	HTTP     *http.Client
	Now      func() time.Time // nil is time.Now

	mu   sync.Mutex
	kept map[string]keptToken
}

type keptToken struct {
	token   Token
	expires time.Time
}

// early is how long before it expires a token is no longer used.
const early = 30 * time.Second

// Token gets a token for the scope, or the one that it still has.
func (c *ClientCredentials) Token(ctx context.Context, scope string, _ Subject) (Token, error) {
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}
	c.mu.Lock()
	kept, ok := c.kept[scope]
	c.mu.Unlock()
	if ok && now().Before(kept.expires) {
		return kept.token, nil
	}
	token, life, err := c.fetch(ctx, scope)
	if err != nil {
		return Token{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kept == nil {
		c.kept = map[string]keptToken{}
	}
	c.kept[scope] = keptToken{token, now().Add(life - early)}
	return token, nil
}

// Forget drops the token of a scope, because its API refused it.
func (c *ClientCredentials) Forget(scope string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.kept, scope)
}

func (c *ClientCredentials) fetch(ctx context.Context, scope string) (Token, time.Duration, error) {
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {strings.TrimSpace(c.Purpose + " " + scope)}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, strings.NewReader(form.Encode()))
	if err != nil {
		return Token{}, 0, missing(fraud.NotConfigured, "the token endpoint is no URL")
	}
	req.SetBasicAuth(url.QueryEscape(c.ClientID), url.QueryEscape(string(c.Secret)))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, body, err := exchange(c.HTTP, req)
	if err != nil {
		return Token{}, 0, err
	}
	if status != http.StatusOK {
		return Token{}, 0, tokenRefused(status)
	}
	var granted struct {
		Bearer Secret `json:"access_token"`
		Type   string `json:"token_type"`
		Life   int    `json:"expires_in"` // seconds
	}
	if json.Unmarshal(body, &granted) != nil || granted.Bearer == "" || !strings.EqualFold(granted.Type, "bearer") {
		return Token{}, 0, missing(fraud.Unreadable, "the token endpoint gave no bearer token")
	}
	return Token{Bearer: granted.Bearer}, time.Duration(granted.Life) * time.Second, nil
}

func tokenRefused(status int) error {
	why := fraud.NotAuthorised
	switch {
	case status == http.StatusTooManyRequests:
		why = fraud.RateLimited
	case status >= http.StatusInternalServerError:
		why = fraud.Unavailable
	}
	return missing(why, "the token endpoint answered %d", status)
}
