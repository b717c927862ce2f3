package codec

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/core/registry"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/portsaga/portsaga/porting"
)

// TenantKeys says where the keys of tenants are: in a key management service, whose key URI it is, or in a file. A URI may
// hold {tenant}; without it all tenants share one key. The service's registry.KMSClient must have been registered with
// tink's registry by the program.
type TenantKeys string

// localPlace is the place of keys in a file, whatever the file is called.
const localPlace = "file"

func (k TenantKeys) local() bool { return !strings.Contains(string(k), "://") }

// Place is the URI of a tenant's key.
func (k TenantKeys) Place(tenant string) string {
	if k.local() {
		return localPlace
	}
	return strings.ReplaceAll(string(k), "{tenant}", tenant)
}

// At is the key at a place. Codes: "tenant-keys-unknown" if no client is registered for the place, and those of the file.
func (k TenantKeys) At(place, tenant string) (tink.AEAD, error) {
	if place == localPlace {
		return readFile(string(k)).at(tenant)
	}
	client, err := registry.GetKMSClient(place)
	if err != nil {
		return nil, &porting.Error{
			Kind: porting.Invalid, Code: "tenant-keys-unknown", Op: "open tenant key", Object: place,
			Detail: "this program knows no key management service of that kind", Next: "see docs/encryption.md for how one is registered", Err: err,
		}
	}
	return client.GetAEAD(place)
}

// keyFile holds the roots of tenants' keys, one in base64 a line and the newest last. It is read whenever a key is needed,
// so that a rotation is seen by every process. A deployment on one machine needs no more; a larger one has a KMS.
type keyFile struct {
	name  string
	roots [][]byte
	err   error
}

const rootSize = 32

func readFile(name string) keyFile {
	f := keyFile{name: name}
	info, err := os.Stat(name)
	if err != nil {
		f.err = f.unusable(err)
		return f
	}
	const othersBits = 0o077
	if info.Mode().Perm()&othersBits != 0 {
		f.err = f.no(porting.Refused, "tenant-keys-exposed", "others than its owner have access to it", "chmod 600 it")
		return f
	}
	text, err := os.ReadFile(name)
	if err != nil {
		f.err = f.unusable(err)
		return f
	}
	f.roots, f.err = f.parse(string(text))
	return f
}

func (f keyFile) parse(text string) ([][]byte, error) {
	var roots [][]byte
	for line := range strings.FieldsSeq(text) {
		root, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(root) != rootSize {
			return nil, f.no(porting.Failed, "tenant-keys-invalid", fmt.Sprintf("each line is %d bytes in base64", rootSize), "restore the file from its backup")
		}
		roots = append(roots, root)
	}
	if len(roots) == 0 {
		return nil, f.no(porting.Failed, "tenant-keys-invalid", "the file is empty", "restore the file from its backup")
	}
	return roots, nil
}

// at is the key of a tenant: the newest wraps, every one unwraps.
func (f keyFile) at(tenant string) (tink.AEAD, error) {
	if f.err != nil {
		return nil, f.err
	}
	manager := keyset.NewManager()
	for _, root := range f.roots {
		key, err := derive(root, tenant)
		if err != nil {
			return nil, fmt.Errorf("derive tenant key: %w", err)
		}
		id, err := manager.AddKey(key)
		if err != nil {
			return nil, fmt.Errorf("derive tenant key: %w", err)
		}
		if err := manager.SetPrimary(id); err != nil {
			return nil, fmt.Errorf("derive tenant key: %w", err)
		}
	}
	handle, err := manager.Handle()
	if err != nil {
		return nil, fmt.Errorf("derive tenant key: %w", err)
	}
	return aead.New(handle)
}

// derive makes a tenant's AES-256-GCM key of a root. Its ID, which what it wraps begins with, tells roots apart.
func derive(root []byte, tenant string) (*aesgcm.Key, error) {
	const idSize = 4
	secret, err := hkdf.Key(sha256.New, root, nil, "portsaga/tenant-key/1\x00"+tenant, rootSize+idSize)
	if err != nil {
		return nil, err
	}
	parameters, err := aesgcm.NewParameters(aesgcm.ParametersOpts{
		KeySizeInBytes: rootSize, IVSizeInBytes: 12, TagSizeInBytes: 16, Variant: aesgcm.VariantTink,
	})
	if err != nil {
		return nil, err
	}
	key := secretdata.NewBytesFromData(secret[:rootSize], insecuresecretdataaccess.Token{})
	return aesgcm.NewKey(key, binary.BigEndian.Uint32(secret[rootSize:]), parameters)
}

// Ready makes the file of tenants' keys where there is none. It is for demo and dev: in production a missing file is a mistake
// to be seen, and one that is made anew opens nothing.
func (k TenantKeys) Ready() error {
	if !k.local() {
		return nil
	}
	if _, err := os.Stat(string(k)); err == nil {
		return nil // it may be where nothing can be written
	}
	err := keyFile{name: string(k)}.write(os.O_EXCL, newRoot())
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// addRoot gives the file a new root, which wraps from now on.
func (k TenantKeys) addRoot() error {
	f := readFile(string(k))
	if f.err != nil {
		return f.err
	}
	return f.write(0, append(f.roots, newRoot())...)
}

func newRoot() []byte {
	root := make([]byte, rootSize)
	_, _ = rand.Read(root) // never fails: the runtime stops the program instead
	return root
}

// write replaces the file in one step, or makes it.
func (f keyFile) write(how int, roots ...[]byte) error {
	var text strings.Builder
	for _, root := range roots {
		text.WriteString(base64.StdEncoding.EncodeToString(root) + "\n")
	}
	draft, err := os.CreateTemp(filepath.Dir(f.name), ".tenant-keys-*") // for its owner alone
	if err != nil {
		return f.unusable(err)
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	_, err = draft.WriteString(text.String())
	if err := errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return f.unusable(err)
	}
	place := os.Rename
	if how == os.O_EXCL {
		place = os.Link
	}
	if err := place(draft.Name(), f.name); err != nil {
		return f.unusable(err)
	}
	return nil
}

func (f keyFile) unusable(err error) error {
	e := f.no(porting.Failed, "tenant-keys-unusable", err.Error(), "give this process the deployment's tenant keys: PORTSAGA_TENANT_KEYS")
	e.Err = err
	return e
}

func (f keyFile) no(kind porting.Kind, code, detail, next string) *porting.Error {
	return &porting.Error{Kind: kind, Code: code, Op: "open tenant keys", Object: f.name, Detail: detail, Next: next}
}
