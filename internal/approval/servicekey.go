package approval

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/crypto/ssh"

	"github.com/portsaga/portsaga/porting"
)

// ServiceKey is the private key with which a worker signs its verdicts.
type ServiceKey struct {
	key    Key
	signer jose.Signer
}

// LoadServiceKey reads the key of a worker. The codes are those of LoadPrivateKey.
func LoadServiceKey(file string) (*ServiceKey, error) {
	private, err := LoadPrivateKey(file)
	if err != nil {
		return nil, err
	}
	return NewServiceKey(private)
}

// LoadPrivateKey reads an OpenSSH private key, as ssh-keygen -t ed25519 -N "" writes it. Codes: "service-key-exposed" if
// anyone but its owner may read it, "service-key-encrypted", "service-key-invalid", "file-unreadable".
func LoadPrivateKey(file string) (ed25519.PrivateKey, error) {
	text, err := readPrivate(file)
	if err != nil {
		return nil, err
	}
	private, err := ssh.ParseRawPrivateKey(text)
	if _, encrypted := errors.AsType[*ssh.PassphraseMissingError](err); encrypted {
		return nil, badServiceKey("service-key-encrypted", file, "it is encrypted, and a worker has nobody to ask for the passphrase",
			"make one without a passphrase")
	}
	ours, ok := private.(*ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, badServiceKey("service-key-invalid", file, "it is not an Ed25519 private key in OpenSSH's format",
			`make one with ssh-keygen -t ed25519 -N ""`)
	}
	return *ours, nil
}

// NewServiceKey is a key that is already in memory.
func NewServiceKey(private ed25519.PrivateKey) (*ServiceKey, error) {
	public, err := ssh.NewPublicKey(private.Public())
	if err != nil {
		return nil, fmt.Errorf("read public key: %w", err)
	}
	key, err := newKey(public)
	if err != nil {
		return nil, err
	}
	options := (&jose.SignerOptions{}).WithType(VerdictJWS)
	signing := jose.SigningKey{Algorithm: jose.EdDSA, Key: jose.JSONWebKey{Key: private, KeyID: key.Fingerprint()}}
	signer, err := jose.NewSigner(signing, options)
	if err != nil {
		return nil, fmt.Errorf("make signer: %w", err)
	}
	return &ServiceKey{key, signer}, nil
}

// Key is the public half, for the registry.
func (k *ServiceKey) Key() Key { return k.key }

// Sign writes a verdict and signs it, as a compact JWS. v is a verdict of this package; its Type is filled in.
func (k *ServiceKey) Sign(v any) (string, error) {
	known, ok := v.(verdict)
	if !ok {
		return "", fmt.Errorf("sign verdict: %T is none", v)
	}
	payload, err := json.Marshal(known.typed())
	if err != nil {
		return "", fmt.Errorf("sign verdict: %w", err)
	}
	signed, err := k.signer.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("sign verdict: %w", err)
	}
	return signed.CompactSerialize()
}

// Format keeps the key out of every kind of print.
func (ServiceKey) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[service key]")) }

func readPrivate(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, unreadable("read service key", file, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, unreadable("read service key", file, err)
	}
	const othersBits = 0o077
	if info.Mode().Perm()&othersBits != 0 {
		return nil, badServiceKey("service-key-exposed", file, "others than its owner have access to it", "chmod 600 it")
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, unreadable("read service key", file, err)
	}
	return text, nil
}

func badServiceKey(code, file, detail, next string) error {
	return &porting.Error{Kind: porting.Refused, Code: code, Op: "read service key", Object: file, Detail: detail, Next: next}
}
