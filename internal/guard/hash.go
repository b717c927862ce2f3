package guard

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
)

// scheme is how PINs are hashed: argon2id over HMAC-SHA256 (OWASP's second parameter set). A change of anything here gets a
// name of its own and stands beside this one.
const scheme = "argon2id/t2/m19456/p1/hmac-sha256/1"

const (
	argonTime    = 2
	argonMemory  = 19 << 10 // KiB
	argonThreads = 1
	keySize      = 32
	saltSize     = 16
)

// keys are the guard's own, each for one purpose.
type keys struct {
	pepper, account, source []byte
}

// keyPlace is where the vault's seal of the guard's key opens.
const keyPlace = "portsaga/guard/key"

func openKeys(ctx context.Context, books *ledger.Ledger, v *vault.Vault, at time.Time) (keys, error) {
	sealed, err := books.GuardKey(ctx, v.Seal(keyPlace, porting.Secret(rand.Text())), at)
	if err != nil {
		return keys{}, err
	}
	root, err := v.Open(keyPlace, sealed)
	if err != nil {
		return keys{}, err
	}
	var k keys
	for name, key := range map[string]*[]byte{"pin-pepper": &k.pepper, "account": &k.account, "source": &k.source} {
		*key, err = hkdf.Key(sha256.New, []byte(plain(root)), nil, "portsaga/guard/1/"+name, keySize)
		if err != nil {
			return keys{}, fmt.Errorf("derive key %s: %w", name, err)
		}
	}
	return k, nil
}

// plain is a secret in the clear: for hashing, and for seeing that a PIN is weak.
func plain(s porting.Secret) string {
	return s.Reveal() //nolint:forbidigo // nothing else of this package sees a secret, and nothing keeps one
}

func (k keys) accountToken(tenant, account string) string {
	name := strings.NewReplacer(" ", "", "-", "", ".", "", "/", "").Replace(strings.ToUpper(account))
	return base64.RawURLEncoding.EncodeToString(mac(k.account, tenant, name))
}

func (k keys) sourceToken(kind, id string) string {
	return base64.RawURLEncoding.EncodeToString(mac(k.source, kind, id))
}

// mac is an HMAC over parts that cannot run into one another.
func mac(key []byte, parts ...string) []byte {
	h := hmac.New(sha256.New, key)
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return h.Sum(nil)
}

func newSlots() chan struct{} { return make(chan struct{}, runtime.GOMAXPROCS(0)) }

// hash is the slow hash of a number's PIN. It waits while all processors hash already.
func (g *Guard) hash(ctx context.Context, number Subject, pin porting.Secret, salt []byte) ([]byte, error) {
	select {
	case g.hashing <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-g.hashing }()
	g.hashed.Add(1)
	peppered := mac(g.keys.pepper, number.Token, plain(pin))
	return argon2.IDKey(peppered, salt, argonTime, argonMemory, argonThreads, keySize), nil
}

// Hashed is how many slow hashes were made: what attempts at PINs cost.
func (g *Guard) Hashed() int64 { return g.hashed.Load() }

// newPIN is what the ledger keeps of a PIN.
func (g *Guard) newPIN(ctx context.Context, number Subject, pin porting.Secret, by string, at time.Time) (ledger.PIN, error) {
	salt := random(saltSize)
	hash, err := g.hash(ctx, number, pin, salt)
	return ledger.PIN{Scheme: scheme, Salt: salt, Hash: hash, SetAt: at, SetBy: by}, err
}

// decoyPIN is one that no PIN fits, so that a number without a PIN takes as long as any other.
func (g *Guard) decoyPIN() ledger.PIN {
	return ledger.PIN{Scheme: scheme, Salt: random(saltSize), Hash: random(keySize)}
}

// fits compares a PIN with what is kept of one.
func (g *Guard) fits(ctx context.Context, number Subject, pin porting.Secret, kept ledger.PIN) (bool, error) {
	if kept.Scheme != scheme {
		return false, &porting.Error{
			Kind: porting.Failed, Code: "pin-scheme-unknown", Op: "check PIN", Object: number.Masked,
			Detail: "the PIN was kept by another portsaga", Next: "use the newer portsaga that kept it",
		}
	}
	hash, err := g.hash(ctx, number, pin, kept.Salt)
	return err == nil && subtle.ConstantTimeCompare(hash, kept.Hash) == 1, err
}

func random(size int) []byte {
	bytes := make([]byte, size)
	_, _ = rand.Read(bytes) // never fails: the runtime stops the program instead
	return bytes
}
