package codec

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/portsaga/portsaga/porting"
)

const (
	page     = "https://temporal.example"
	issuer   = "https://id.example"
	audience = "portsaga-codec"
)

// counter is a codec server with an identity provider, and people who ask it.
type counter struct {
	*world
	options  ServerOptions
	key      *ecdsa.PrivateKey
	accesses []Access
	auditErr error
	handler  http.Handler
}

func newCounter(t *testing.T, change func(*ServerOptions)) *counter {
	t.Helper()
	c := &counter{world: newWorld(t)}
	var err error
	c.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: c.key.Public(), KeyID: "1", Use: "sig"}}})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "jwks.json")
	require.NoError(t, os.WriteFile(file, set, 0o600))
	now := func() time.Time { return noon }
	c.options = ServerOptions{
		Ring: c.Ring, Namespace: namespace, Origins: []string{page},
		Readers: Tokens{Keys: file, Issuer: issuer, Audience: audience, Now: now}, Now: now, Log: slog.New(slog.DiscardHandler),
		Audit: func(_ context.Context, a Access) error {
			c.accesses = append(c.accesses, a)
			return c.auditErr
		},
	}
	if change != nil {
		change(&c.options)
	}
	c.handler = NewServer(c.options)
	return c
}

// token is what the identity provider gives ana.
func (c *counter) token(t *testing.T, change func(*jwt.Claims), may readClaims) string {
	t.Helper()
	claims := jwt.Claims{Subject: "ana", Issuer: issuer, Audience: jwt.Audience{audience}, Expiry: jwt.NewNumericDate(noon.Add(time.Hour))}
	if change != nil {
		change(&claims)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: c.key, KeyID: "1"}}, nil)
	require.NoError(t, err)
	compact, err := jwt.Signed(signer).Claims(claims).Claims(may).Serialize()
	require.NoError(t, err)
	return compact
}

// ask sends payloads as the Web UI does.
func (c *counter) ask(t *testing.T, verb, token string, payloads ...*commonpb.Payload) (int, []*commonpb.Payload) {
	t.Helper()
	body, err := protojson.Marshal(&commonpb.Payloads{Payloads: payloads})
	require.NoError(t, err)
	answer := c.send(t, verb, string(body), map[string]string{"Origin": page, "X-Namespace": namespace, "Authorization": "Bearer " + token})
	var read commonpb.Payloads
	if answer.Code == http.StatusOK {
		require.NoError(t, protojson.Unmarshal(answer.Body.Bytes(), &read))
		require.Equal(t, page, answer.Header().Get("Access-Control-Allow-Origin"))
	}
	return answer.Code, read.Payloads
}

func (c *counter) send(t *testing.T, verb, body string, headers map[string]string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/"+verb+"?preserveStorageRefs=true", strings.NewReader(body))
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	answer := httptest.NewRecorder()
	c.handler.ServeHTTP(answer, r)
	return answer
}

var everything = readClaims{Reads: []string{"*"}}

func TestServerDecodes(t *testing.T) {
	t.Parallel()
	c := newCounter(t, nil)
	c.start(t, port, "acme")
	plain, err := converter.GetDefaultDataConverter().ToPayload("a search attribute")
	require.NoError(t, err)

	status, shown := c.ask(t, "decode", c.token(t, nil, everything), c.seal(t, port, "clear"), plain, c.seal(t, port, "again"))
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, `"clear"`, string(shown[0].Data))
	require.Equal(t, `"a search attribute"`, string(shown[1].Data))
	require.Equal(t, []Access{{At: noon, Verb: "decode", Subject: "ana", Namespace: namespace, Owners: []string{port}, Opened: 2}}, c.accesses)
}

// A reader sees the ciphertext of what is not for them, beside what is.
func TestServerKeepsToWhatAReaderMaySee(t *testing.T) {
	t.Parallel()
	c := newCounter(t, nil)
	c.start(t, port, "acme")
	c.start(t, another, "beta")
	mine, theirs := c.seal(t, port, "mine"), c.seal(t, another, "theirs")
	for name, c2 := range map[string]struct {
		reads []string
		sees  int
	}{
		"one tenant": {[]string{"tenant:acme"}, 1}, "one port": {[]string{"port:" + port}, 1},
		"nothing": {nil, 0}, "another tenant": {[]string{"tenant:gamma"}, 0}, "everything": {[]string{"*"}, 2},
	} {
		status, shown := c.ask(t, "decode", c.token(t, nil, readClaims{Reads: c2.reads}), mine, theirs)
		require.Equal(t, http.StatusOK, status, name)
		sees := 0
		for _, p := range shown {
			if !IsSealed(p) {
				sees++
			}
		}
		require.Equal(t, c2.sees, sees, name)
		require.Equal(t, 2-c2.sees, c.accesses[len(c.accesses)-1].Withheld, name)
	}
}

func TestServerTellsOfErasedAndBrokenPayloads(t *testing.T) {
	t.Parallel()
	c := newCounter(t, nil)
	c.start(t, another, "acme")
	gone := c.start(t, port, "acme")
	broken := c.seal(t, another, "x")
	broken.Data[20] ^= 1
	c.shelf.erase(port)
	c.keys = map[string]dataKey{}

	status, shown := c.ask(t, "decode", c.token(t, nil, everything), gone, broken)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, string(shown[0].Data), "was erased at 2026-03-02T12:00:00Z by carla")
	require.Contains(t, string(shown[1].Data), "does not open")
}

func TestServerRefuses(t *testing.T) {
	t.Parallel()
	c := newCounter(t, nil)
	c.start(t, port, "acme")
	good := c.token(t, nil, everything)
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	forged := (&counter{key: stranger}).token(t, nil, everything)
	headers := func(token string) map[string]string {
		return map[string]string{"Origin": page, "X-Namespace": namespace, "Authorization": "Bearer " + token}
	}
	with := func(name, value string) map[string]string {
		h := headers(good)
		h[name] = value
		return h
	}
	for name, c2 := range map[string]struct {
		verb, body string
		headers    map[string]string
		status     int
	}{
		"no token":          {"decode", "{}", with("Authorization", ""), http.StatusUnauthorized},
		"not a bearer":      {"decode", "{}", with("Authorization", "Basic YTpi"), http.StatusUnauthorized},
		"no JWT":            {"decode", "{}", headers("guessed"), http.StatusUnauthorized},
		"another's key":     {"decode", "{}", headers(forged), http.StatusUnauthorized},
		"another audience":  {"decode", "{}", headers(c.token(t, func(c *jwt.Claims) { c.Audience = jwt.Audience{"billing"} }, everything)), http.StatusUnauthorized},
		"another issuer":    {"decode", "{}", headers(c.token(t, func(c *jwt.Claims) { c.Issuer = "https://evil" }, everything)), http.StatusUnauthorized},
		"expired":           {"decode", "{}", headers(c.token(t, func(c *jwt.Claims) { c.Expiry = jwt.NewNumericDate(noon.Add(-time.Hour)) }, everything)), http.StatusUnauthorized},
		"never expires":     {"decode", "{}", headers(c.token(t, func(c *jwt.Claims) { c.Expiry = nil }, everything)), http.StatusUnauthorized},
		"another page":      {"decode", "{}", with("Origin", "https://evil.example"), http.StatusForbidden},
		"another namespace": {"decode", "{}", with("X-Namespace", "elsewhere"), http.StatusForbidden},
		"no payloads":       {"decode", "[1]", headers(good), http.StatusBadRequest},
		"too large":         {"decode", strings.Repeat("x", MaxBody+1), headers(good), http.StatusRequestEntityTooLarge},
		"too many":          {"decode", `{"payloads":[` + strings.Repeat("{},", maxPayloads) + `{}]}`, headers(good), http.StatusRequestEntityTooLarge},
		"encode is off":     {"encode", "{}", headers(c.token(t, nil, readClaims{Encode: true})), http.StatusForbidden},
		"another verb":      {"download", "{}", headers(good), http.StatusNotFound},
	} {
		answer := c.send(t, c2.verb, c2.body, c2.headers)
		require.Equal(t, c2.status, answer.Code, name)
		require.NotContains(t, answer.Body.String(), "clear", name)
	}
	require.Empty(t, c.accesses)
}

// The browser asks before it asks: only our page hears that it may.
func TestServerTellsBrowsersWhoMayAsk(t *testing.T) {
	t.Parallel()
	c := newCounter(t, nil)
	for origin, allowed := range map[string]bool{page: true, "https://evil.example": false, page + ".evil.example": false, "null": false} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodOptions, "/decode", http.NoBody)
		r.Header.Set("Origin", origin)
		answer := httptest.NewRecorder()
		c.handler.ServeHTTP(answer, r)
		require.Equal(t, allowed, answer.Header().Get("Access-Control-Allow-Origin") == origin, origin)
	}
}

// What cannot be recorded is not handed out.
func TestServerRecordsFirst(t *testing.T) {
	t.Parallel()
	c := newCounter(t, nil)
	c.start(t, port, "acme")
	c.auditErr = errors.New("disk full")
	status, shown := c.ask(t, "decode", c.token(t, nil, everything), c.seal(t, port, "clear"))
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.Empty(t, shown)
}

func TestServerLimitsEachReader(t *testing.T) {
	t.Parallel()
	c := newCounter(t, nil)
	ana := c.token(t, nil, everything)
	ben := c.token(t, func(c *jwt.Claims) { c.Subject = "ben" }, everything)
	for range burst {
		status, _ := c.ask(t, "decode", ana)
		require.Equal(t, http.StatusOK, status)
	}
	status, _ := c.ask(t, "decode", ana)
	require.Equal(t, http.StatusTooManyRequests, status)
	status, _ = c.ask(t, "decode", ben)
	require.Equal(t, http.StatusOK, status)
}

// While the key store is down the Web UI is told to try again, and shows ciphertext.
func TestServerWithoutAKeyStore(t *testing.T) {
	t.Parallel()
	c := newCounter(t, nil)
	c.start(t, port, "acme")
	sealed := c.seal(t, port, "clear")
	c.keys = map[string]dataKey{}
	c.shelf.down = func() error { return errDown }
	status, _ := c.ask(t, "decode", c.token(t, nil, everything), sealed)
	require.Equal(t, http.StatusServiceUnavailable, status)
}

func TestServerSealsMessages(t *testing.T) {
	t.Parallel()
	c := newCounter(t, func(o *ServerOptions) { o.Encode = true })
	c.start(t, port, "acme")
	plain, err := converter.GetDefaultDataConverter().ToPayload(porting.Note{By: "ana", Text: "called the donor"})
	require.NoError(t, err)

	status, _ := c.ask(t, "encode", c.token(t, nil, everything), plain)
	require.Equal(t, http.StatusForbidden, status, "to read is not to write")
	status, sealed := c.ask(t, "encode", c.token(t, nil, readClaims{Encode: true}), plain)
	require.Equal(t, http.StatusOK, status)
	var note porting.Note
	require.NoError(t, c.of(port).FromPayload(sealed[0], &note))
	require.Equal(t, "called the donor", note.Text)
	require.Equal(t, []Access{{At: noon, Verb: "encode", Subject: "ana", Namespace: namespace, Opened: 1}}, c.accesses)
}
