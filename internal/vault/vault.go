// Package vault holds the deployment's key and what is made with it: sealed secrets, and tokens that stand for numbers
// and orders where the clear words must not go. Every worker, service and command of a deployment needs the same key.
//
// The key file is the root of everything here. Losing it loses the sealed secrets and cuts the link between numbers and
// their tokens; who can read it can seal, open and recognise. No error of this package holds a secret or a key.
package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/portsaga/portsaga/porting"
)

// Vault seals and makes tokens. It is safe for concurrent use and prints as "[vault]".
type Vault struct {
	lock, search, match []byte      // keys of their own for each purpose
	sealer              cipher.AEAD // AES-256-GCM that draws its own nonce
}

// Names of the derived keys. A new version of a purpose gets a new name and stands beside the old one.
const (
	lockKey   = "portsaga/1/number-lock"
	searchKey = "portsaga/1/number-search"
	sealKey   = "portsaga/1/seal"
	matchKey  = "portsaga/1/match"

	keySize    = 32
	matchBytes = 16
)

// fromRoot derives every key from the root key with HKDF-SHA256.
func fromRoot(root []byte) (*Vault, error) {
	keys := map[string][]byte{}
	for _, name := range []string{lockKey, searchKey, sealKey, matchKey} {
		key, err := hkdf.Key(sha256.New, root, nil, name, keySize)
		if err != nil {
			return nil, fmt.Errorf("derive key %s: %w", name, err)
		}
		keys[name] = key
	}
	block, err := aes.NewCipher(keys[sealKey])
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	sealer, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("make cipher: %w", err)
	}
	return &Vault{lock: keys[lockKey], search: keys[searchKey], match: keys[matchKey], sealer: sealer}, nil
}

// LockToken stands for a number in the ledger. Equal numbers have equal tokens in every tenant, because a number is in
// at most one open port over all of them.
func (v *Vault) LockToken(n porting.Number) string {
	return base64.RawURLEncoding.EncodeToString(mac(v.lock, numberText(n)))
}

// SearchToken stands for a number in Temporal's search attributes: 22 characters, different for each tenant, so that
// tenants cannot compare theirs.
func (v *Vault) SearchToken(tenant string, n porting.Number) string {
	const bytes = 16
	return base64.RawURLEncoding.EncodeToString(mac(mac(v.search, tenant), numberText(n))[:bytes])
}

// sealVersion is the first byte of everything sealed.
const sealVersion = 1

// Token is a keyed digest of a value, for one purpose: equal values have equal tokens, and nobody without the key can try
// values against one. An empty value has none.
func (v *Vault) Token(purpose, value string) string {
	if value == "" {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(mac(v.match, purpose+"/1:"+value)[:matchBytes])
}

// Seal encrypts a secret for one place, which place names: a port ID, for one. It opens there and nowhere else.
func (v *Vault) Seal(place string, secret porting.Secret) []byte {
	return v.sealer.Seal([]byte{sealVersion}, nil, []byte(secret.Reveal()), []byte(place))
}

// Open decrypts what was sealed for the same place with the same key. The code of every refusal is "seal-broken": it
// does not tell a wrong key from a wrong place or changed bytes.
func (v *Vault) Open(place string, sealed []byte) (porting.Secret, error) {
	broken := &porting.Error{
		Kind: porting.Failed, Code: "seal-broken", Op: "open secret", Object: place,
		Detail: "it was sealed with another key or for another place, or it was changed",
		Next:   "check that this process has the deployment's key file",
	}
	if len(sealed) == 0 || sealed[0] != sealVersion {
		return "", broken
	}
	secret, err := v.sealer.Open(nil, nil, sealed[1:], []byte(place))
	if err != nil {
		return "", broken
	}
	return porting.Secret(secret), nil
}

// Format keeps the keys out of every kind of print.
func (Vault) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[vault]")) }

// numberText is what a token of a number is made from, in its first version.
func numberText(n porting.Number) string { return "tn/1:" + n.E164() }

func mac(key []byte, message string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(message))
	return h.Sum(nil)
}
