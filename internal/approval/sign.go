package approval

import (
	"bytes"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/portsaga/portsaga/porting"
)

// SignWithSigner signs a statement as an approver's decision and returns the armored signature. Codes: "signing-failed", and
// those of ParseKey for a key that may not sign.
func SignWithSigner(signer ssh.Signer, statement []byte) (string, error) {
	return sign(signer, statement, SSHNamespace)
}

// SignRegistry signs the exact bytes of a registry's document as one of its roots. The codes are those of SignWithSigner.
func SignRegistry(signer ssh.Signer, document []byte) (string, error) {
	return sign(signer, document, RegistryNamespace)
}

// SignDeskAnswer signs what EncodeDeskAnswer wrote. The codes are those of SignWithSigner.
func SignDeskAnswer(signer ssh.Signer, statement []byte) (string, error) {
	return sign(signer, statement, DeskNamespace)
}

func sign(signer ssh.Signer, message []byte, namespace string) (string, error) {
	if _, err := newKey(signer.PublicKey()); err != nil {
		return "", err
	}
	signature, err := sshsig.Sign(bytes.NewReader(message), signer, sshsig.HashSHA512, namespace)
	if err != nil {
		return "", &porting.Error{
			Kind: porting.Failed, Code: "signing-failed", Op: "sign", Detail: err.Error(),
			Next: "see that the key is unlocked, and touch it if it is hardware", Err: err,
		}
	}
	armored := string(sshsig.Armor(signature))
	if _, err := verifySSH(message, armored, namespace); err != nil {
		return "", &porting.Error{
			Kind: porting.Failed, Code: "signing-failed", Op: "sign", Detail: "the key made a signature that does not verify",
			Next: "touch the key if it is hardware, or use another one", Err: err,
		}
	}
	return armored, nil
}
