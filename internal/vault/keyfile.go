package vault

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/portsaga/portsaga/porting"
)

// FileName is the name of the key file in a folder.
const FileName = "vault.key"

// Load reads the key file at path, or FileName in the folder at path. Codes: "vault-key-missing" (NotFound),
// "vault-key-exposed" (Refused) if anyone but its owner may read or write it, "vault-key-invalid" and
// "vault-key-unreadable" (Failed).
func Load(path string) (*Vault, error) {
	file := keyFile(path)
	text, err := readPrivate(file)
	if err != nil {
		return nil, err
	}
	root, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(root) != keySize {
		return nil, no(porting.Failed, "vault-key-invalid", file,
			fmt.Sprintf("a key is %d bytes in base64", keySize), "restore the file from its backup")
	}
	return fromRoot(root)
}

// Create writes a new random key for its owner alone, and loads it. A file that is there already stays as it is: the
// code is "vault-key-exists" (Refused).
func Create(path string) (*Vault, error) {
	file := keyFile(path)
	root := make([]byte, keySize)
	_, _ = rand.Read(root) // never fails: the runtime stops the program instead
	err := writeNew(file, base64.StdEncoding.EncodeToString(root)+"\n")
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil, no(porting.Refused, "vault-key-exists", file, "there is a key already", "load it, or choose another place")
	case err != nil:
		return nil, unreadable(file, err)
	}
	return Load(file)
}

// LoadOrCreate loads the key and creates one where there is none. It is for demo and dev: in production a missing key
// is a mistake to be seen.
func LoadOrCreate(path string) (*Vault, error) {
	v, err := Load(path)
	if porting.CodeOf(err) != "vault-key-missing" {
		return v, err
	}
	v, err = Create(path)
	if porting.CodeOf(err) == "vault-key-exists" {
		return Load(path) // another process was quicker
	}
	return v, err
}

func keyFile(path string) string {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return filepath.Join(path, FileName)
	}
	return path
}

func readPrivate(file string) (string, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", no(porting.NotFound, "vault-key-missing", file, "there is no key file",
			"give this process the key file of the deployment")
	}
	if err != nil {
		return "", unreadable(file, err)
	}
	defer f.Close()

	info, err := f.Stat()
	if err != nil {
		return "", unreadable(file, err)
	}
	const othersBits = 0o077
	if info.Mode().Perm()&othersBits != 0 {
		return "", no(porting.Refused, "vault-key-exposed", file, "others than its owner have access to it", "chmod 600 it")
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return "", unreadable(file, err)
	}
	return string(text), nil
}

// writeNew writes a file that appears whole or not at all, and fails with fs.ErrExist if there is one.
func writeNew(file, text string) error {
	draft, err := os.CreateTemp(filepath.Dir(file), ".vault-*") // for its owner alone
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	_, err = draft.WriteString(text)
	if err := errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return err
	}
	return os.Link(draft.Name(), file)
}

func unreadable(file string, err error) error {
	e := no(porting.Failed, "vault-key-unreadable", file, err.Error(), "")
	e.Err = err
	return e
}

func no(kind porting.Kind, code, file, detail, next string) *porting.Error {
	return &porting.Error{Kind: kind, Code: code, Op: "open vault", Object: file, Detail: detail, Next: next}
}
