package cli

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/porting"
)

// registryFiles are where a registry, its draft and the pinned roots are kept. Everybody may read them: a signature, not a
// secret, is what they stand on.
type registryFiles struct {
	registry, draft, roots string
}

func (f *Factory) registryFiles() (registryFiles, error) {
	cfg, err := f.Config()
	if err != nil {
		return registryFiles{}, err
	}
	return registryFiles{cfg.Registry, cfg.Registry + ".draft", cfg.RegistryRoots}, nil
}

// begun reports whether any of the files is there.
func (r registryFiles) begun() bool { return exists(r.registry) || exists(r.draft) || exists(r.roots) }

func exists(file string) bool {
	_, err := os.Stat(file)
	return !errors.Is(err, fs.ErrNotExist)
}

// latest is the document that a change begins with: the draft's, or else that of the registry in force.
func (r registryFiles) latest() (approval.Document, error) {
	if exists(r.draft) {
		_, document, err := r.readDraft()
		return document, err
	}
	registry, err := r.inForce()
	if err != nil {
		return approval.Document{}, err
	}
	return registry.Document(), nil
}

// inForce is the registry that its roots signed, also one that has expired: it is what the next version is compared with.
func (r registryFiles) inForce() (*approval.Registry, error) {
	if !exists(r.registry) {
		return nil, &porting.Error{
			Kind: porting.NotFound, Code: "registry-missing", Op: "read registry", Object: r.registry, Detail: "there is none",
			Next: "begin one with portsaga approver init",
		}
	}
	text, err := readFile(r.registry)
	if err != nil {
		return nil, err
	}
	signed, err := approval.ParseSignedFile(text)
	if err != nil {
		return nil, err
	}
	var document approval.Document // only its date is believed, and only until the roots are seen to have signed it
	if err := json.Unmarshal(signed.Document, &document); err != nil {
		return nil, malformed(r.registry, err)
	}
	return approval.LoadRegistry(r.registry, r.roots, document.Issued)
}

// readDraft reads the draft. Nobody may have signed it, so nothing in it is believed.
func (r registryFiles) readDraft() (approval.SignedFile, approval.Document, error) {
	if !exists(r.draft) {
		return approval.SignedFile{}, approval.Document{}, &porting.Error{
			Kind: porting.NotFound, Code: "draft-missing", Op: "read draft", Object: r.draft, Detail: "there is no draft",
			Next: "change the registry with portsaga approver",
		}
	}
	text, err := readFile(r.draft)
	if err != nil {
		return approval.SignedFile{}, approval.Document{}, err
	}
	signed, err := approval.ParseSignedFile(text)
	if err != nil {
		return approval.SignedFile{}, approval.Document{}, err
	}
	var document approval.Document
	if err := json.Unmarshal(signed.Document, &document); err != nil {
		return approval.SignedFile{}, approval.Document{}, malformed(r.draft, err)
	}
	return signed, document, nil
}

func (r registryFiles) pinned() (approval.Roots, error) {
	text, err := readFile(r.roots)
	if err != nil {
		return approval.Roots{}, err
	}
	return approval.ParseRoots(text)
}

func (r registryFiles) writeDraft(signed approval.SignedFile) error {
	return writeFile(r.draft, signed.Marshal(), forAll)
}

// adopt puts the draft in force if enough roots have signed it. Roots that it names are pinned from then on: those that were
// pinned before have signed for them.
func (r registryFiles) adopt(signed approval.SignedFile, now time.Time) (adopted bool, err error) {
	pinned, err := r.pinned()
	if err != nil {
		return false, err
	}
	registry, err := approval.OpenRegistry(signed.Marshal(), pinned.Encode(), now)
	if porting.CodeOf(err) == "registry-threshold" {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	// The registry comes first: it is good by the old roots and by the new ones.
	if err := writeFile(r.registry, signed.Marshal(), forAll); err != nil {
		return false, err
	}
	if own := rootsOf(registry.Document()); !sameRoots(pinned, own) {
		if err := writeFile(r.roots, own.Encode(), forAll); err != nil {
			return false, err
		}
	}
	return true, os.Remove(r.draft)
}

// Modes of files.
const (
	forAll   fs.FileMode = 0o644
	forOwner fs.FileMode = 0o600
)

func readFile(name string) ([]byte, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, &porting.Error{
			Kind: porting.Invalid, Code: "file-unreadable", Op: "read", Object: name, Detail: because(err),
			Next: "name a file that you may read", Err: err,
		}
	}
	return text, nil
}

func writeFile(name string, content []byte, mode fs.FileMode) error {
	err := os.MkdirAll(filepath.Dir(name), 0o700)
	if err == nil {
		err = config.ReplaceFile(name, content, mode)
	}
	if err != nil {
		return &porting.Error{
			Kind: porting.Invalid, Code: "file-unwritable", Op: "write", Object: name, Detail: because(err),
			Next: "name a file that you may write", Err: err,
		}
	}
	return nil
}

func malformed(file string, err error) error {
	return &porting.Error{
		Kind: porting.Refused, Code: "registry-malformed", Op: "read registry", Object: file, Detail: "the document cannot be read",
		Next: "write it with portsaga approver", Err: err,
	}
}
