package approval

import (
	"encoding/base64"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/crypto/ssh"
)

// Values of the JWS header typ: a signature of one type is never taken for the other.
const (
	DecisionJWS = "portsaga-decision+jws"
	VerdictJWS  = "portsaga-verdict+jws"
	DeskJWS     = "portsaga-desk+jws"
)

// header is all that the header of a JWS may hold: no embedded keys, no b64, no crit.
type header struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid,omitempty"` // fingerprint
	Type      string `json:"typ"`
}

// algorithms says by which algorithm a key signs JWS. Keys in SSH hardware sign SSHSIG only.
var algorithms = map[string]jose.SignatureAlgorithm{
	ssh.KeyAlgoED25519:  jose.EdDSA,
	ssh.KeyAlgoECDSA256: jose.ES256,
}

// verifyJWS says which of the keys made a detached JWS of a type. Without kid, all keys of its algorithm are tried.
func verifyJWS(statement []byte, compact, typ string, keys KeySet) (Key, error) {
	head, ok := readHeader(compact, typ)
	if !ok {
		return Key{}, badSignature()
	}
	signature, err := jose.ParseDetached(compact, statement, []jose.SignatureAlgorithm{jose.EdDSA, jose.ES256})
	if err != nil {
		return Key{}, badSignature()
	}
	for fingerprint, key := range keys {
		if head.KeyID != "" && head.KeyID != fingerprint {
			continue
		}
		if head.Algorithm != string(algorithms[key.public.Type()]) {
			continue
		}
		if signature.DetachedVerify(statement, key.bare()) == nil {
			return key, nil
		}
	}
	return Key{}, badSignature()
}

// readHeader reads the header of a compact JWS of the type and nothing else.
func readHeader(compact, typ string) (header, bool) {
	encoded, _, _ := strings.Cut(compact, ".")
	text, err := base64.RawURLEncoding.Strict().DecodeString(encoded)
	if err != nil {
		return header{}, false
	}
	var head header
	if strictly(text, &head) != nil || head.Type != typ {
		return header{}, false
	}
	return head, true
}
