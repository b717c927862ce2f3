package authorizer

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
)

// OpenKeys returns the keys that the server's own settings name: file:// and https:// addresses of key sets, read again at
// every refresh interval (a minute if none is set). A file must hold public keys and nothing else, or it is refused.
func OpenKeys(c config.Authorization, logger log.Logger) (Keys, error) {
	if !c.JWTKeyProvider.HasSourceURIsConfigured() {
		return nil, errors.New("authorizer: there is no key set to prove tokens with: set jwtKeyProvider.keySourceURIs")
	}
	for _, source := range c.JWTKeyProvider.KeySourceURIs {
		if err := examineSource(strings.TrimSpace(source)); err != nil {
			return nil, fmt.Errorf("authorizer: key set %s: %w", source, err)
		}
	}
	if c.JWTKeyProvider.RefreshInterval <= 0 {
		c.JWTKeyProvider.RefreshInterval = time.Minute
	}
	return authorization.NewDefaultTokenKeyProvider(&c, logger), nil
}

// examineSource finds out at the start what would otherwise deny every call later.
func examineSource(source string) error {
	if source == "" {
		return nil
	}
	u, err := url.Parse(source)
	switch {
	case err != nil:
		return errors.New("it is not an address")
	case u.Scheme == "https":
		return nil
	case u.Scheme != "file":
		return errors.New("it must be a file:// or https:// address")
	}
	text, err := os.ReadFile(u.Path)
	if err != nil {
		return err
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(text, &set); err != nil {
		return errors.New("it is not a JSON Web Key Set")
	}
	if len(set.Keys) == 0 {
		return errors.New("it is empty")
	}
	for _, key := range set.Keys {
		switch key.Key.(type) {
		case *ecdsa.PublicKey, *rsa.PublicKey:
		default:
			return errors.New("it holds something else than public ECDSA and RSA keys")
		}
	}
	return nil
}

// OpenTaskKey reads the key that seals tasks, in hexadecimal, and makes one where there is none: one that only its owner
// can read. Frontends of one cluster need the same file; with a new key, tasks that are being worked on are done again.
func OpenTaskKey(file string) ([]byte, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		text = []byte(hex.EncodeToString(newKey()) + "\n")
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("authorizer: the key that seals tasks: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) < keySize {
		return nil, fmt.Errorf("authorizer: %s does not hold %d bytes in hexadecimal", file, keySize)
	}
	return key, nil
}

func newKey() []byte {
	key := make([]byte, keySize)
	// crypto/rand does not fail: it ends the program instead.
	_, _ = rand.Read(key)
	return key
}
