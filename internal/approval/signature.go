package approval

import (
	"bytes"
	"encoding/pem"
	"strings"

	"github.com/hiddeco/sshsig"

	"github.com/portsaga/portsaga/porting"
)

// Namespaces of SSH signatures: one made for anything else never verifies here.
const (
	SSHNamespace      = "portsaga.decision.v1"
	RegistryNamespace = "portsaga.registry.v1"
	DeskNamespace     = "portsaga.desk.v1"
)

// purpose is what a signature is made for: one that was made for another purpose never verifies.
type purpose struct{ namespace, typ string }

var (
	decisions   = purpose{SSHNamespace, DecisionJWS}
	deskAnswers = purpose{DeskNamespace, DeskJWS}
)

// Verify says which of the keys signed exactly these bytes as a decision. The signature is an armored SSHSIG in SSHNamespace,
// or a detached compact JWS (EdDSA or ES256) whose header holds alg, the typ DecisionJWS, perhaps a fingerprint as kid, and
// nothing else. Codes: "signature-invalid", and "signer-unknown" for a good signature by a key of nobody.
func Verify(statement []byte, signature string, keys KeySet) (Key, error) {
	return decisions.verify(statement, signature, keys)
}

func (p purpose) verify(statement []byte, signature string, keys KeySet) (Key, error) {
	if len(statement) == 0 || len(statement) > porting.MaxStatement || len(signature) > porting.MaxSignature {
		return Key{}, badSignature()
	}
	signature = strings.TrimSpace(signature)
	if !strings.HasPrefix(signature, armorStart) {
		return verifyJWS(statement, signature, p.typ, keys)
	}
	key, err := verifySSH(statement, signature, p.namespace)
	if err != nil {
		return Key{}, err
	}
	if _, known := keys[key.Fingerprint()]; !known {
		return Key{}, refused("signer-unknown", "the registry does not know the key", "have the key added to the registry")
	}
	return key, nil
}

const armorStart = "-----BEGIN " + sshsig.PEMType + "-----"

// verifySSH returns the key that made an armored SSHSIG over the message. Whose key it is, is another question.
func verifySSH(message []byte, armored, namespace string) (Key, error) {
	block, rest := pem.Decode([]byte(armored))
	if block == nil || len(block.Headers) > 0 || len(bytes.TrimSpace(rest)) > 0 || !strings.HasPrefix(armored, armorStart) {
		return Key{}, badSignature()
	}
	signature, err := sshsig.ParseSignature(block.Bytes)
	if err != nil {
		return Key{}, badSignature()
	}
	key, err := newKey(signature.PublicKey)
	if err != nil {
		return Key{}, badSignature()
	}
	if !key.Hardware() && len(signature.Signature.Rest) > 0 {
		return Key{}, badSignature()
	}
	// A hardware key verifies only with its flag "user present" set.
	if sshsig.Verify(bytes.NewReader(message), signature, key.public, signature.HashAlgorithm, namespace) != nil {
		return Key{}, badSignature()
	}
	return key, nil
}
