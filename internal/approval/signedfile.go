package approval

import (
	"strings"

	"golang.org/x/crypto/ssh"
)

// Bounds of what is read before anything is known to be signed.
const (
	maxRegistry   = 4 << 20 // bytes of a file
	maxSignatures = 64
)

// SignedFile is a registry as it lies on disk: the exact bytes of a Document, and armored SSH signatures over them in
// RegistryNamespace.
type SignedFile struct {
	Document   []byte   `json:"document"`
	Signatures []string `json:"signatures"`
}

// Marshal writes the file.
func (f SignedFile) Marshal() []byte {
	f.Signatures = cloned(f.Signatures)
	return indented(f)
}

// ParseSignedFile reads the file and believes nothing in it: "registry-malformed".
func ParseSignedFile(text []byte) (SignedFile, error) {
	if len(text) > maxRegistry {
		return SignedFile{}, unfit("registry-malformed", "", "the file is too long", "")
	}
	var f SignedFile
	if err := strictly(text, &f); err != nil {
		return SignedFile{}, unfit("registry-malformed", "", "the file cannot be read: "+err.Error(), "write it with portsaga approver")
	}
	if len(f.Signatures) > maxSignatures {
		return SignedFile{}, unfit("registry-malformed", "", "the file holds too many signatures", "")
	}
	return f, nil
}

// Sign adds a root's signature. The codes are those of SignRegistry.
func (f *SignedFile) Sign(signer ssh.Signer) error {
	signature, err := SignRegistry(signer, f.Document)
	if err != nil {
		return err
	}
	return f.Add(signature)
}

// Add adds a signature that was made elsewhere, by ssh-keygen for one. A second one by the same key changes nothing. Code:
// "signature-invalid" if it is not over this document.
func (f *SignedFile) Add(signature string) error {
	key, err := verifySSH(f.Document, strings.TrimSpace(signature), RegistryNamespace)
	if err != nil {
		return unfit("signature-invalid", "", "the signature is not one over this document", "sign the document again")
	}
	if !f.signers()[key.point] {
		f.Signatures = append(f.Signatures, strings.TrimSpace(signature)+"\n")
	}
	return nil
}

// Missing lists the roots, as given, that have not signed yet.
func (f SignedFile) Missing(roots []string) ([]string, error) {
	signed := f.signers()
	missing := []string{}
	for _, line := range roots {
		root, err := ParseKey(line)
		if err != nil {
			return nil, err
		}
		if !signed[root.point] {
			missing = append(missing, line)
		}
	}
	return missing, nil
}

// signers are the points of all keys that signed the document. A signature that is not good counts for nobody.
func (f SignedFile) signers() map[string]bool {
	points := map[string]bool{}
	for _, signature := range f.Signatures {
		if key, err := verifySSH(f.Document, signature, RegistryNamespace); err == nil {
			points[key.point] = true
		}
	}
	return points
}
