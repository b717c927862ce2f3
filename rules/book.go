package rules

import (
	"embed"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/portsaga/portsaga/porting"
)

//go:embed packs/*.yaml
var embedded embed.FS

// Book holds every version of every pack. It never changes once loaded and may be shared.
type Book struct {
	packs []*Pack // by id, then by the date from which they bind
}

// Embedded is the book that ships with the program.
var Embedded = sync.OnceValues(func() (*Book, error) {
	return LoadDir("")
})

// LoadDir is the embedded book with the packs of a directory: a file replaces the pack of the same id and version, or
// adds one; "" is the embedded book alone. Errors: rules-unreadable (Failed), and rules-invalid (Invalid), which names the
// first fault with file and line. Lint names them all.
func LoadDir(dir string) (*Book, error) {
	dirs, err := directories(dir)
	if err != nil {
		return nil, err
	}
	return load(dirs...)
}

// List is every version of every pack, by id and then by the date from which it binds.
func (b *Book) List() []*Pack { return slices.Clone(b.packs) }

// Pack finds "us-wireless@2024-01", or by "us-wireless" the newest version that is not superseded. Error: pack-unknown
// (Refused), naming the packs that it may have meant.
func (b *Book) Pack(ref string) (*Pack, error) {
	var newest *Pack
	for _, p := range b.packs {
		if p.Ref() == ref {
			return p, nil
		}
		if p.ID == ref && (newest == nil || p.Status == Effective) {
			newest = p
		}
	}
	if newest == nil {
		return nil, b.unknown(ref)
	}
	return newest, nil
}

// PackAt is the version of a pack that binds at an instant. Errors: pack-unknown and pack-not-in-force (Refused).
func (b *Book) PackAt(id string, at time.Time) (*Pack, error) {
	known := false
	for _, p := range slices.Backward(b.packs) {
		if p.ID != id {
			continue
		}
		if known = true; p.inForce(at) {
			return p, nil
		}
	}
	if !known {
		return nil, b.unknown(id)
	}
	return nil, &porting.Error{
		Kind: porting.Refused, Code: "pack-not-in-force", Op: "find pack", Object: id,
		Detail: "no version binds on " + at.Format(time.DateOnly), Next: "see the versions with: portsaga rules list",
	}
}

func (b *Book) unknown(ref string) error {
	next := "see the packs with: portsaga rules list"
	if near := b.near(ref); len(near) > 0 {
		next = "did you mean " + strings.Join(near, ", ") + "?"
	}
	return &porting.Error{Kind: porting.Refused, Code: "pack-unknown", Op: "find pack", Object: ref, Detail: "there is no such pack", Next: next}
}

// near lists the packs of the same country, or the versions of the same pack.
func (b *Book) near(ref string) []string {
	id, version, _ := strings.Cut(ref, "@")
	country, _, _ := strings.Cut(id, "-")
	var near []string
	for _, p := range b.packs {
		switch {
		case version != "" && p.ID == id:
			near = append(near, p.Ref())
		case country != "" && (p.ID == country || strings.HasPrefix(p.ID, country+"-")):
			near = append(near, p.ID)
		}
	}
	return slices.Compact(near)
}
