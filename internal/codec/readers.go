package codec

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/time/rate"
)

// Reader is somebody who asks a codec server.
type Reader struct {
	Subject string
	Reads   []string // "*", "tenant:NAME" or "port:ID"
	Encode  bool     // may have messages sealed
}

func (r Reader) may(tenant, owner string) bool {
	return slices.ContainsFunc(r.Reads, func(what string) bool {
		return what == "*" || what == "tenant:"+tenant || what == "port:"+owner
	})
}

// Readers tell who asks. An error means that nobody can tell.
type Readers interface {
	Reader(r *http.Request) (Reader, error)
}

// Anybody is a server that only one person can reach: that of `portsaga dev`.
type Anybody struct{ Name string }

// Reader lets everybody read everything.
func (a Anybody) Reader(*http.Request) (Reader, error) {
	return Reader{Subject: a.Name, Reads: []string{"*"}, Encode: true}, nil
}

// Tokens are JWTs of the identity provider that people sign in to the Web UI with.
type Tokens struct {
	Keys     string // file with the provider's JSON Web Key Set; it is read for each request, so that it may be replaced
	Issuer   string
	Audience string
	Now      func() time.Time
}

// What a token says that its bearer may do.
type readClaims struct {
	Reads  []string `json:"portsaga_decode"`
	Encode bool     `json:"portsaga_encode"`
}

// tokenSize is longer than any token of people.
const tokenSize = 16 << 10

// skew is how far the clocks of the provider and ours may differ.
const skew = 30 * time.Second

var algorithms = []jose.SignatureAlgorithm{jose.ES256, jose.EdDSA, jose.PS256, jose.RS256}

// Reader proves the bearer of a request's token.
func (t Tokens) Reader(r *http.Request) (Reader, error) {
	scheme, compact, found := strings.Cut(r.Header.Get("Authorization"), " ")
	if !found || !strings.EqualFold(scheme, "bearer") || len(compact) > tokenSize {
		return Reader{}, errors.New("there is no bearer token")
	}
	token, err := jwt.ParseSigned(compact, algorithms)
	if err != nil {
		return Reader{}, errors.New("the token is no JWT by an algorithm that is taken")
	}
	keys, err := t.keys()
	if err != nil {
		return Reader{}, err
	}
	var registered jwt.Claims
	var ours readClaims
	if err := token.Claims(keys, &registered, &ours); err != nil {
		return Reader{}, errors.New("the signature of the token does not hold")
	}
	if registered.Expiry == nil || registered.Subject == "" {
		return Reader{}, errors.New("the token has no expiry or no subject")
	}
	expected := jwt.Expected{Issuer: t.Issuer, AnyAudience: jwt.Audience{t.Audience}, Time: t.Now()}
	if err := registered.ValidateWithLeeway(expected, skew); err != nil {
		return Reader{}, fmt.Errorf("the token does not hold here and now: %w", err)
	}
	return Reader{Subject: registered.Subject, Reads: ours.Reads, Encode: ours.Encode}, nil
}

func (t Tokens) keys() (*jose.JSONWebKeySet, error) {
	text, err := os.ReadFile(t.Keys)
	if err != nil {
		return nil, fmt.Errorf("read keys of tokens: %w", err)
	}
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(text, &keys); err != nil {
		return nil, errors.New("the file with keys of tokens is no JSON Web Key Set")
	}
	return &keys, nil
}

// How often one reader may ask. A page of the Web UI asks once for each event that it shows.
const (
	burst     = 200
	perSecond = 50
	remember  = 1_000 // readers
)

// limits bound how often each reader asks.
type limits struct {
	now func() time.Time
	mu  sync.Mutex
	of  map[string]*rate.Limiter
}

func newLimits(now func() time.Time) *limits {
	return &limits{now: now, of: map[string]*rate.Limiter{}}
}

func (l *limits) allow(subject string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	limiter := l.of[subject]
	if limiter == nil {
		if len(l.of) >= remember {
			clear(l.of) // readers are few: so many are an attack with tokens, and start anew
		}
		limiter = rate.NewLimiter(perSecond, burst)
		l.of[subject] = limiter
	}
	return limiter.AllowN(l.now(), 1)
}
