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

// present is the scheme of new PINs, and of the decoy. A PIN of six digits is twenty bits: whoever has the pepper tries them all
// within the hour at 3 ms each, within a day at 60 ms, and at any cost that a caller could wait for; whoever has it not tries
// none. So the pepper and the limits of attempts protect a PIN, and argon2id may cost no more than keeps the door for
// wholesalers open, at two hundred PINs a second on two processors.
const present = "argon2id/t1/m4096/p1/hmac-sha256/1"

// schemes are all in which PINs are kept, by the names that their records carry: a name never changes its meaning. A PIN of an
// older one is kept anew when it is next right; until then it takes longer than a number without a PIN.
var schemes = map[string]scheme{
	present:                               {passes: 1, memory: 4 << 10},
	"argon2id/t2/m19456/p1/hmac-sha256/1": {passes: 2, memory: 19 << 10},
}

// scheme is the cost of argon2id, in one lane, over HMAC-SHA256 of a number's token and its PIN.
type scheme struct {
	passes uint32
	memory uint32 // KiB
}

const (
	keySize  = 32
	saltSize = 16
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

// newSlots leaves one processor to everybody who only asks the ledger.
func newSlots() chan struct{} { return make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1)) }

// hash is the slow hash of a number's PIN. It waits while so many are made as there are slots.
func (g *Guard) hash(ctx context.Context, s scheme, number Subject, pin porting.Secret, salt []byte) ([]byte, error) {
	select {
	case g.hashing <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-g.hashing }()
	g.hashed.Add(1)
	peppered := mac(g.keys.pepper, number.Token, plain(pin))
	return argon2.IDKey(peppered, salt, s.passes, s.memory, 1, keySize), nil
}

// Hashed is how many slow hashes were made: what attempts at PINs cost.
func (g *Guard) Hashed() int64 { return g.hashed.Load() }

// newPIN is what the ledger keeps of a PIN.
func (g *Guard) newPIN(ctx context.Context, number Subject, pin porting.Secret, by string, at time.Time) (ledger.PIN, error) {
	salt := random(saltSize)
	hash, err := g.hash(ctx, schemes[present], number, pin, salt)
	return ledger.PIN{Scheme: present, Salt: salt, Hash: hash, SetAt: at, SetBy: by}, err
}

// renew keeps a PIN that was right in the present scheme.
func (g *Guard) renew(ctx context.Context, number Subject, pin porting.Secret, kept ledger.PIN) error {
	if kept.Scheme == present {
		return nil
	}
	renewed, err := g.newPIN(ctx, number, pin, kept.SetBy, kept.SetAt)
	if err != nil {
		return err
	}
	return g.books.RenewPIN(ctx, number.Subject, kept, renewed)
}

// decoyPIN is one that no PIN fits, so that a number without a PIN takes as long as any other.
func (g *Guard) decoyPIN() ledger.PIN {
	return ledger.PIN{Scheme: present, Salt: random(saltSize), Hash: random(keySize)}
}

// fits compares a PIN with what is kept of one.
func (g *Guard) fits(ctx context.Context, number Subject, pin porting.Secret, kept ledger.PIN) (bool, error) {
	s, known := schemes[kept.Scheme]
	if !known {
		return false, &porting.Error{
			Kind: porting.Failed, Code: "pin-scheme-unknown", Op: "check PIN", Object: number.Masked,
			Detail: "the PIN was kept by another portsaga", Next: "use the newer portsaga that kept it",
		}
	}
	hash, err := g.hash(ctx, s, number, pin, kept.Salt)
	return err == nil && subtle.ConstantTimeCompare(hash, kept.Hash) == 1, err
}

func random(size int) []byte {
	bytes := make([]byte, size)
	_, _ = rand.Read(bytes) // never fails: the runtime stops the program instead
	return bytes
}
