package approval

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/portsaga/portsaga/porting"
)

// MinRSA is how many bits an RSA key must have.
const MinRSA = 3072

// keyTypes are the keys that may sign, and whether the private half stays in hardware that wants a touch.
var keyTypes = map[string]bool{
	ssh.KeyAlgoED25519:    false,
	ssh.KeyAlgoECDSA256:   false,
	ssh.KeyAlgoRSA:        false,
	ssh.KeyAlgoSKED25519:  true,
	ssh.KeyAlgoSKECDSA256: true,
}

// Key is a public key that may sign.
type Key struct {
	public ssh.PublicKey
	point  string // the key itself, without how it is wrapped: two keys with one point are one key
}

// ParseKey reads a key as authorized_keys and .pub files hold it: type, base64, comment. Codes: "key-malformed",
// "key-type-unknown", "key-too-short", "key-weak".
func ParseKey(line string) (Key, error) {
	line = strings.TrimSpace(line)
	if strings.ContainsAny(line, "\r\n") {
		return Key{}, badKey("key-malformed", "a key is one line")
	}
	public, _, options, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if err != nil {
		return Key{}, badKey("key-malformed", "it is not a public key in OpenSSH's format")
	}
	if len(options) > 0 {
		return Key{}, badKey("key-malformed", "options of authorized_keys have no meaning here")
	}
	return newKey(public)
}

func newKey(public ssh.PublicKey) (Key, error) {
	if _, known := keyTypes[public.Type()]; !known {
		return Key{}, badKey("key-type-unknown", public.Type()+" keys may not sign")
	}
	// An agent's keys are only a type and bytes: read them.
	public, err := ssh.ParsePublicKey(public.Marshal())
	if err != nil {
		return Key{}, badKey("key-malformed", "it is not a public key in OpenSSH's format")
	}
	key := Key{public: public}
	key.point, err = pointOf(key.bare())
	if err != nil {
		return Key{}, err
	}
	return key, nil
}

func pointOf(bare crypto.PublicKey) (string, error) {
	switch bare := bare.(type) {
	case ed25519.PublicKey:
		if smallOrder(bare) {
			return "", badKey("key-weak", "anybody could sign for this key")
		}
		return "ed25519 " + string(bare), nil
	case *ecdsa.PublicKey:
		point, err := bare.Bytes()
		if err != nil {
			return "", badKey("key-malformed", "it is no point of its curve")
		}
		return "ecdsa " + string(point), nil
	case *rsa.PublicKey:
		if bare.N.BitLen() < MinRSA {
			return "", badKey("key-too-short", fmt.Sprintf("an RSA key has at least %d bits", MinRSA))
		}
		return "rsa " + string(bare.N.Bytes()), nil
	default:
		return "", badKey("key-type-unknown", fmt.Sprintf("%T may not sign", bare))
	}
}

// Fingerprint is the key's name in registries, verdicts and reports, as ssh-keygen -l prints it.
func (k Key) Fingerprint() string { return ssh.FingerprintSHA256(k.public) }

// Hardware reports whether the private key cannot leave its hardware and signs only when touched.
func (k Key) Hardware() bool { return keyTypes[k.public.Type()] }

// Public is the key for x/crypto/ssh.
func (k Key) Public() ssh.PublicKey { return k.public }

// bare is the key without SSH around it: every key of keyTypes has one.
func (k Key) bare() crypto.PublicKey { return k.public.(ssh.CryptoPublicKey).CryptoPublicKey() }

// String is the key as ParseKey reads it, without a comment.
func (k Key) String() string { return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(k.public))) }

// KeySet holds keys by fingerprint.
type KeySet map[string]Key

// NewKeySet is a set of these keys.
func NewKeySet(keys ...Key) KeySet {
	set := KeySet{}
	for _, k := range keys {
		set[k.Fingerprint()] = k
	}
	return set
}

// smallOrderPoints are the y-coordinates of the points of small order on Ed25519's curve, in every encoding that fits into
// 255 bits: a signature for such a key says nothing (RFC 8032 leaves the check to us).
var smallOrderPoints = []string{
	"\x00" + strings.Repeat("\x00", 31),
	"\x01" + strings.Repeat("\x00", 31),
	"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
	"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
	"\xec" + strings.Repeat("\xff", 30) + "\x7f",
	"\xed" + strings.Repeat("\xff", 30) + "\x7f",
	"\xee" + strings.Repeat("\xff", 30) + "\x7f",
}

func smallOrder(key ed25519.PublicKey) bool {
	y := slices.Clone(key)
	y[len(y)-1] &= 0x7f // the sign of x
	return slices.Contains(smallOrderPoints, string(y))
}

func badKey(code, detail string) error {
	return &porting.Error{Kind: porting.Refused, Code: code, Op: "read key", Detail: detail, Next: "use an Ed25519 key, in hardware if you can"}
}
