// Package link makes and uses the links by which a customer stops a port that is not theirs to move, or keeps a lock that
// somebody else wants to open.
//
// A token is 256 random bits. It is in one message to one customer and nowhere else: the ledger keeps its hash. It works
// once and until it expires, and using it closes the port's fence before anything else happens.
package link

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"time"

	"github.com/portsaga/portsaga/internal/ledger"
)

// Life is how long a link works unless a deployment says otherwise.
const Life = 14 * 24 * time.Hour

const tokenBytes = 32

// Token is what makes a link work. It prints as "[link]".
type Token string

// String keeps tokens out of logs.
func (Token) String() string { return "[link]" }

// New makes the token of a link that stops a port, and what the ledger keeps of it.
func New(portID, notice string, made time.Time, life time.Duration) (Token, ledger.Link) {
	secret := make([]byte, tokenBytes)
	_, _ = rand.Read(secret) // never fails: the runtime stops the program instead
	token := Token(base64.RawURLEncoding.EncodeToString(secret))
	return token, ledger.Link{
		Hash: token.Hash(), PortID: portID, Purpose: ledger.StopPurpose, Notice: notice, MadeAt: made, ExpiresAt: made.Add(life),
	}
}

// NewKeep makes the token of a link that lets a lock hold on, as long as the unlock that an event asked for is on its way.
func NewKeep(event, notice string, made, due time.Time) (Token, ledger.Link) {
	token, kept := New(event, notice, made, due.Sub(made))
	kept.Purpose = ledger.KeepPurpose
	return token, kept
}

// Read takes a token as it was sent; false for what cannot be one.
func Read(text string) (Token, bool) {
	if len(text) != base64.RawURLEncoding.EncodedLen(tokenBytes) { // the decoder overlooks line breaks
		return "", false
	}
	_, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return Token(text), err == nil && !strings.ContainsAny(text, "\r\n")
}

// Hash is what the ledger knows a token by.
func (t Token) Hash() string {
	sum := sha256.Sum256([]byte("portsaga/link/1\x00" + string(t)))
	return hex.EncodeToString(sum[:])
}

// Paths of the pages that links open, under the public address of `portsaga serve`.
const (
	Path     = "/stop/" // stops a port
	KeepPath = "/keep/" // lets a lock hold on
)

// URL is the link in a message, in the language of the message.
func (t Token) URL(base, lang string) string { return t.url(base, Path, lang) }

// KeepURL is the link of a token that NewKeep made.
func (t Token) KeepURL(base, lang string) string { return t.url(base, KeepPath, lang) }

func (t Token) url(base, path, lang string) string {
	return strings.TrimSuffix(base, "/") + path + string(t) + "?" + url.Values{"lang": {lang}}.Encode()
}
