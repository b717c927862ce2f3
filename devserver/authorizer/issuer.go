package authorizer

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// DevAudience is the audience of an Issuer's tokens.
const DevAudience = "portsaga-dev"

// keyFile holds the signing key of an Issuer. Whoever can read it can be anybody.
const keyFile = "token-key.json"

// Issuer makes tokens with a key of its own, for one machine: development, tests and the embedded engine. A deployment has
// an identity provider instead. It is also the Keys that prove its tokens.
type Issuer struct {
	key jose.JSONWebKey
	now func() time.Time
}

var _ Keys = (*Issuer)(nil)

// NewIssuer makes a key that lives as long as the process.
func NewIssuer(now func() time.Time) (*Issuer, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("authorizer: make a key: %w", err)
	}
	return &Issuer{jose.JSONWebKey{Key: private, KeyID: rand.Text(), Algorithm: string(jose.ES256), Use: "sig"}, now}, nil
}

// HasIssuer reports whether a directory holds the key of an issuer.
func HasIssuer(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, keyFile))
	return err == nil
}

// OpenIssuer returns the issuer of a directory. Its key is made at the first time, readable by its owner alone.
func OpenIssuer(dir string, now func() time.Time) (*Issuer, error) {
	file := filepath.Join(dir, keyFile)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return makeIssuer(file, now)
	}
	if err != nil {
		return nil, fmt.Errorf("authorizer: the key of tokens: %w", err)
	}
	i := &Issuer{now: now}
	if err := json.Unmarshal(text, &i.key); err != nil {
		return nil, fmt.Errorf("authorizer: %s is not a JSON Web Key", file)
	}
	if _, ok := i.key.Key.(*ecdsa.PrivateKey); !ok {
		return nil, fmt.Errorf("authorizer: %s does not hold a private ECDSA key", file)
	}
	return i, nil
}

func makeIssuer(file string, now func() time.Time) (*Issuer, error) {
	i, err := NewIssuer(now)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(i.key)
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("authorizer: the key of tokens: %w", err)
	}
	return i, nil
}

// KeySet is the public key as a JSON Web Key Set, for a server that proves this issuer's tokens.
func (i *Issuer) KeySet() ([]byte, error) {
	return json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{i.key.Public()}})
}

// EcdsaKey is the public key, if it has this ID.
func (i *Issuer) EcdsaKey(alg, kid string) (*ecdsa.PublicKey, error) {
	private, ok := i.key.Key.(*ecdsa.PrivateKey)
	if !ok || alg != i.key.Algorithm || kid != i.key.KeyID {
		return nil, errors.New("the token is signed with an unknown key")
	}
	return &private.PublicKey, nil
}

// RsaKey knows none.
func (i *Issuer) RsaKey(string, string) (*rsa.PublicKey, error) {
	return nil, errors.New("the token is signed with an unknown key")
}

// Token returns a token for one machine, of a subject in some roles that lives for a while.
func (i *Issuer) Token(subject string, roles Role, life time.Duration) (string, error) {
	return i.TokenFor(DevAudience, subject, roles, life)
}

// TokenFor returns a token for another audience than that of one machine.
func (i *Issuer) TokenFor(audience, subject string, roles Role, life time.Duration) (string, error) {
	now := i.now()
	return i.Sign(map[string]any{
		"aud": audience, "sub": subject, "jti": rand.Text(), RolesClaim: (roles & allRoles()).names(),
		"iat": jwt.NewNumericDate(now), "exp": jwt.NewNumericDate(now.Add(life)),
	})
}

// Sign signs claims as they are.
func (i *Issuer) Sign(claims map[string]any) (string, error) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: i.key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("authorizer: sign a token: %w", err)
	}
	return jwt.Signed(signer).Claims(claims).Serialize()
}

// Headers gives a client of the SDK the tokens of a subject: each lives for an hour and is renewed in time.
func (i *Issuer) Headers(subject string, roles Role) *Headers {
	return &Headers{issuer: i, subject: subject, roles: roles}
}

// Headers is a client.HeadersProvider.
type Headers struct {
	issuer  *Issuer
	subject string
	roles   Role

	mu    sync.Mutex
	token string
	until time.Time
}

// tokenLife is that of Headers; it is renewed when a quarter is left.
const tokenLife = time.Hour

// GetHeaders returns the authorization header of a call.
func (h *Headers) GetHeaders(context.Context) (map[string]string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now := h.issuer.now(); h.until.Sub(now) < tokenLife/4 {
		token, err := h.issuer.Token(h.subject, h.roles, tokenLife)
		if err != nil {
			return nil, err
		}
		h.token, h.until = token, now.Add(tokenLife)
	}
	return map[string]string{"authorization": "Bearer " + h.token}, nil
}
