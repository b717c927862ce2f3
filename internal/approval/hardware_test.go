package approval

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"io"
	"math/big"

	"golang.org/x/crypto/ssh"
)

// skSigner plays a key in FIDO hardware, of Ed25519 or P-256: it signs what a token signs, with the flags that it is told to
// set (PROTOCOL.u2f of OpenSSH).
type skSigner struct {
	private crypto.Signer
	flags   byte
}

const (
	fidoApplication = "ssh:"
	userPresent     = 0x01
)

func skNamed(name string, flags byte) skSigner { return skSigner{testKey(name), flags} }

func (s skSigner) PublicKey() ssh.PublicKey {
	var blob []byte
	switch public := s.private.Public().(type) {
	case ed25519.PublicKey:
		blob = ssh.Marshal(struct{ Type, Point, Application string }{ssh.KeyAlgoSKED25519, string(public), fidoApplication})
	case *ecdsa.PublicKey:
		point := must(public.Bytes())
		blob = ssh.Marshal(struct{ Type, Curve, Point, Application string }{ssh.KeyAlgoSKECDSA256, "nistp256", string(point), fidoApplication})
	}
	return must(ssh.ParsePublicKey(blob))
}

func (s skSigner) Sign(_ io.Reader, data []byte) (*ssh.Signature, error) {
	fields := ssh.Marshal(struct {
		Flags   byte
		Counter uint32
	}{s.flags, 7})
	application, digest := sha256.Sum256([]byte(fidoApplication)), sha256.Sum256(data)
	message := bytes.Join([][]byte{application[:], fields, digest[:]}, nil)
	return &ssh.Signature{Format: s.PublicKey().Type(), Blob: s.blob(message), Rest: fields}, nil
}

func (s skSigner) blob(message []byte) []byte {
	private, isECDSA := s.private.(*ecdsa.PrivateKey)
	if !isECDSA {
		return must(s.private.Sign(rand.Reader, message, crypto.Hash(0)))
	}
	digest := sha256.Sum256(message)
	r, v, err := ecdsa.Sign(rand.Reader, private, digest[:])
	if err != nil {
		panic(err)
	}
	return ssh.Marshal(struct{ R, S *big.Int }{r, v})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
