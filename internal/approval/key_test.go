package approval

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"

	"github.com/portsaga/portsaga/porting"
)

func TestKeysThatMayNotSign(t *testing.T) {
	t.Parallel()
	ana := line(signerNamed("ana"))
	for name, c := range map[string]struct{ line, code string }{
		"nothing":        {"", "key-malformed"},
		"text":           {"hello", "key-malformed"},
		"two lines":      {ana + "\n" + line(signerNamed("ben")), "key-malformed"},
		"options":        {"no-touch-required " + ana, "key-malformed"},
		"P-384":          {ecdsa384(t), "key-type-unknown"},
		"short RSA":      {rsa2048(t), "key-too-short"},
		"a small order":  {weakKey(t, 0), "key-weak"},
		"a small order'": {weakKey(t, 0x80), "key-weak"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseKey(c.line)
			require.Equal(t, c.code, porting.CodeOf(err))
		})
	}
	_, err := newKey(&agent.Key{Format: ssh.KeyAlgoED25519, Blob: []byte("hello")})
	require.Equal(t, "key-malformed", porting.CodeOf(err))

	key, err := ParseKey("  " + ana + " ana@laptop\n")
	require.NoError(t, err)
	require.Equal(t, ana, key.String())
	require.Equal(t, signerNamed("ana").PublicKey().Marshal(), key.Public().Marshal())
}

// Every listed point is one for which a signature made of nothing but public values verifies some message.
func TestSmallOrderKeysAreForgeable(t *testing.T) {
	t.Parallel()
	identity := "\x01" + strings.Repeat("\x00", ed25519.PublicKeySize-1)
	nothing := []byte(identity + strings.Repeat("\x00", ed25519.PublicKeySize))
	for _, point := range smallOrderPoints {
		forgeable := 0
		for i := range 256 {
			if ed25519.Verify(ed25519.PublicKey(point), []byte{byte(i)}, nothing) {
				forgeable++
			}
		}
		require.Positive(t, forgeable, "%x", point)
	}
	require.False(t, smallOrder(testKey("ana").Public().(ed25519.PublicKey)))
}

func ecdsa384(t testing.TB) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	return line(signerOf(key))
}

func rsa2048(t testing.TB) string {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	return line(signerOf(key))
}

// weakKey is a public key of order 8; sign is that of its x.
func weakKey(t testing.TB, sign byte) string {
	t.Helper()
	point := []byte(smallOrderPoints[2])
	point[ed25519.PublicKeySize-1] |= sign
	public, err := ssh.NewPublicKey(ed25519.PublicKey(point))
	require.NoError(t, err)
	return string(ssh.MarshalAuthorizedKey(public))
}

// skLine wraps an Ed25519 key as a FIDO key for an application.
func skLine(t testing.TB, private ed25519.PrivateKey, application string) string {
	t.Helper()
	public, err := ssh.ParsePublicKey(ssh.Marshal(struct{ Type, Point, Application string }{
		ssh.KeyAlgoSKED25519, string(private.Public().(ed25519.PublicKey)), application,
	}))
	require.NoError(t, err)
	return string(ssh.MarshalAuthorizedKey(public))
}

// However a key is written, it is the same key.
func TestOneKeyHasOnePoint(t *testing.T) {
	t.Parallel()
	ana, desk := line(signerNamed("ana")), line(signerOf(ecdsaKey()))
	for name, c := range map[string]struct{ one, other string }{
		"a comment":           {ana, ana + " ana@laptop"},
		"space":               {ana, "  " + strings.Replace(ana, " ", "\t  ", 1) + " "},
		"hardware":            {ana, skLine(t, testKey("ana"), "ssh:")},
		"hardware of P-256":   {desk, line(skSigner{ecdsaKey(), userPresent})},
		"bits behind the end": {desk, otherBase64(t, desk)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one, err := ParseKey(c.one)
			require.NoError(t, err)
			other, err := ParseKey(c.other)
			require.NoError(t, err)
			require.NotEqual(t, c.one, c.other)
			require.Equal(t, one.point, other.point)
		})
	}
	another, err := ParseKey(line(signerNamed("ben")))
	require.NoError(t, err)
	require.NotEqual(t, keyOf(signerNamed("ana")).point, another.point)
}

// otherBase64 writes the same bytes with another last digit, whose low bits stand for nothing.
func otherBase64(t testing.TB, line string) string {
	t.Helper()
	padded := strings.IndexByte(line, '=')
	require.Positive(t, padded, "no bit is to spare")
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	last := strings.IndexByte(digits, line[padded-1])
	return line[:padded-1] + string(digits[last^1]) + line[padded:]
}
