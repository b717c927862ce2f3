package approval

import (
	"os"
	"time"
)

// Skew is how far clocks may differ.
const Skew = 2 * time.Minute

// Registry knows whose key a key is. It was signed by its roots and by those that the deployment pins.
type Registry struct {
	file     []byte
	document Document
	digest   string
	people   *people
}

// LoadRegistry reads a registry and the pinned roots from files. Codes: "file-unreadable" and those of OpenRegistry.
func LoadRegistry(registryFile, rootsFile string, at time.Time) (*Registry, error) {
	file, err := os.ReadFile(registryFile)
	if err != nil {
		return nil, unreadable("read registry", registryFile, err)
	}
	roots, err := os.ReadFile(rootsFile)
	if err != nil {
		return nil, unreadable("read roots", rootsFile, err)
	}
	return OpenRegistry(file, roots, at)
}

// OpenRegistry accepts a registry that at least the pinned threshold of distinct pinned roots signed, and the threshold of its
// own roots too, so that roots change only with the consent of both. The document is read only once the pinned roots are
// seen to have signed it. Codes: "registry-malformed", "registry-threshold", "registry-threshold-invalid",
// "registry-root-twice", "registry-key-twice", "registry-person-twice", "registry-person-in-two-teams",
// "registry-name-twice", "registry-name-invalid", "registry-team-invalid", "registry-no-credentials", "registry-empty",
// "registry-version-invalid", "registry-audience-missing", "registry-dates-invalid", "registry-not-yet-valid",
// "registry-expired", and those of ParseRoots and ParseKey.
func OpenRegistry(file, roots []byte, at time.Time) (*Registry, error) {
	pinned, err := pinnedRoots(roots)
	if err != nil {
		return nil, err
	}
	signed, err := ParseSignedFile(file)
	if err != nil {
		return nil, err
	}
	signers := signed.signers()
	if err := pinned.signed(signers, "pinned roots"); err != nil {
		return nil, err
	}
	document, err := parseDocument(signed.Document)
	if err != nil {
		return nil, err
	}
	people, err := index(document)
	if err != nil {
		return nil, err
	}
	if err := people.roots.signed(signers, "registry's own roots"); err != nil {
		return nil, err
	}
	if err := people.apartFrom(pinned); err != nil {
		return nil, err
	}
	r := &Registry{file, document, Digest(signed.Document), people}
	if err := r.validAt(at); err != nil {
		return nil, err
	}
	return r, nil
}

func pinnedRoots(text []byte) (quorum, error) {
	r, err := ParseRoots(text)
	if err != nil {
		return quorum{}, err
	}
	return r.quorum()
}

func (r *Registry) validAt(at time.Time) error {
	switch {
	case at.Add(Skew).Before(r.document.Issued):
		return unfit("registry-not-yet-valid", "", "it was issued later than now", "look at the clocks")
	case !at.Before(r.document.Expires):
		return unfit("registry-expired", "", "it has expired, and nobody is an approver until a new version comes", "have the roots sign a new version")
	}
	return nil
}

// Version is the document's.
func (r *Registry) Version() int { return r.document.Version }

// Digest is that of the document's exact bytes.
func (r *Registry) Digest() string { return r.digest }

// File is the signed file as it was read, for those who want to judge as this registry does.
func (r *Registry) File() []byte { return r.file }

// Audience is the deployment whose decisions it judges.
func (r *Registry) Audience() string { return r.document.Audience }

// Expires is when the registry ends, in real time.
func (r *Registry) Expires() time.Time { return r.document.Expires }

// Document is a copy of what was signed.
func (r *Registry) Document() Document { return r.document.clone() }

// Person is the ID of whoever goes by a name, which is how a submitter is known who also approves. Case does not matter.
func (r *Registry) Person(name string) (id string, known bool) {
	id, known = r.people.names[fold(name)]
	return id, known
}
