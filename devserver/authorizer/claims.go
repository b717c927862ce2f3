package authorizer

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"go.temporal.io/server/common/authorization"
)

// RolesClaim is the claim that holds the names of roles.
const RolesClaim = "portsaga_roles"

const (
	// breakGlassLife bounds the whole life of a token for emergencies, so that none is kept for later.
	breakGlassLife = time.Hour
	// skew is how far the clocks of issuer and frontend may differ.
	skew = 30 * time.Second
	// tokenSize bounds what is parsed for a caller who has proven nothing yet.
	tokenSize = 8 << 10
)

// Keys finds the public key for a token. A TokenKeyProvider of the server is one.
type Keys interface {
	EcdsaKey(alg, kid string) (*ecdsa.PublicKey, error)
	RsaKey(alg, kid string) (*rsa.PublicKey, error)
}

// Identity is who calls, as a token or the server itself proves it.
type Identity struct {
	Roles Role
	Token string // the token's ID ("jti"), for logs
}

// identityOf reads what the claim mapper wrote. Claims of the server's own mapper mark the server's own calls: only its
// internal frontend uses that one.
func identityOf(claims *authorization.Claims) Identity {
	if claims == nil {
		return Identity{}
	}
	if claims.AuthType == authorization.InternalPrincipalType && claims.Subject == authorization.InternalPrincipalName &&
		claims.System == authorization.RoleAdmin {
		return Identity{Roles: system}
	}
	if identity, ok := claims.Extensions.(Identity); ok {
		identity.Roles &= allRoles()
		return identity
	}
	return Identity{}
}

// ClaimMapper reads tokens: JWTs by ES256 or RS256, for one audience, with an expiry, a subject and roles.
type ClaimMapper struct {
	keys     Keys
	audience string
	now      func() time.Time
}

var _ authorization.ClaimMapper = (*ClaimMapper)(nil)

// NewClaimMapper returns a mapper. The audience is required: a token that was made for another service is none here.
func NewClaimMapper(keys Keys, audience string, now func() time.Time) (*ClaimMapper, error) {
	if audience == "" {
		return nil, errors.New("authorizer: it needs the audience that tokens must name")
	}
	return &ClaimMapper{keys, audience, now}, nil
}

// roleClaims are the claims of a token beyond the registered ones.
type roleClaims struct {
	Roles []string `json:"portsaga_roles"`
}

// GetClaims proves a token. A caller without one, e.g. with a client certificate alone, has no role.
func (m *ClaimMapper) GetClaims(info *authorization.AuthInfo) (*authorization.Claims, error) {
	if info.AuthToken == "" {
		return &authorization.Claims{}, nil
	}
	scheme, compact, ok := strings.Cut(info.AuthToken, " ")
	if !ok || !strings.EqualFold(scheme, "bearer") || len(compact) > tokenSize {
		return nil, errors.New("the authorization header is not a bearer token")
	}
	token, err := jwt.ParseSigned(compact, []jose.SignatureAlgorithm{jose.ES256, jose.RS256})
	if err != nil {
		return nil, errors.New("the token is not a JWT by ES256 or RS256")
	}
	key, err := m.keyOf(token)
	if err != nil {
		return nil, err
	}
	var registered jwt.Claims
	var ours roleClaims
	if err := token.Claims(key, &registered, &ours); err != nil {
		return nil, errors.New("the signature of the token does not hold")
	}
	roles, err := m.examine(registered, ours)
	if err != nil {
		return nil, err
	}
	return &authorization.Claims{AuthType: "jwt", Subject: registered.Subject, Extensions: Identity{Roles: roles, Token: registered.ID}}, nil
}

func (m *ClaimMapper) keyOf(token *jwt.JSONWebToken) (any, error) {
	header := token.Headers[0] // ParseSigned takes exactly one signature
	if header.Algorithm == string(jose.ES256) {
		return m.keys.EcdsaKey(header.Algorithm, header.KeyID)
	}
	return m.keys.RsaKey(header.Algorithm, header.KeyID)
}

// examine looks at a token whose signature holds.
func (m *ClaimMapper) examine(c jwt.Claims, ours roleClaims) (Role, error) {
	if c.Expiry == nil {
		return nobody, errors.New("the token has no expiry")
	}
	expected := jwt.Expected{AnyAudience: jwt.Audience{m.audience}, Time: m.now()}
	if err := c.ValidateWithLeeway(expected, skew); err != nil {
		return nobody, fmt.Errorf("the token does not hold here and now: %w", err)
	}
	if c.Subject == "" {
		return nobody, errors.New("the token has no subject")
	}
	roles, err := ParseRoles(ours.Roles...)
	if err != nil {
		return nobody, fmt.Errorf("claim %s: %w", RolesClaim, err)
	}
	if roles&BreakGlass != 0 && (c.IssuedAt == nil || c.Expiry.Time().Sub(c.IssuedAt.Time()) > breakGlassLife) {
		return nobody, errors.New("a token for emergencies says when it was issued and lives for an hour at most")
	}
	return roles, nil
}
