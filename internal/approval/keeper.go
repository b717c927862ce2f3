package approval

import (
	"bytes"
	"context"
	"os"
	"sync"
	"time"
)

// Mark remembers the highest version of the registry that anybody was shown, beyond the life of one process. It refuses a
// lower version ("registry-rolled-back"), and the same version with another digest ("registry-changed"). The ledger is one.
type Mark interface {
	RegistrySeen(ctx context.Context, version int, digest string) error
}

// Keeper keeps the current registry of a file that changes under it.
type Keeper struct {
	registryFile, rootsFile string
	mark                    Mark

	mu      sync.Mutex
	current *Registry
	read    []byte // what current was read from
	trouble error
}

// NewKeeper reads nothing yet. mark may be nil: then only this process remembers which version it saw.
func NewKeeper(registryFile, rootsFile string, mark Mark) *Keeper {
	return &Keeper{registryFile: registryFile, rootsFile: rootsFile, mark: mark}
}

// Current is the registry of the files as they are now. While the files are bad, it is the last good one, and Trouble says
// what is wrong. It refuses when there never was a good one, when the good one has expired, and when the mark has seen a
// later version than this process has: a revocation that one worker has seen holds for all.
func (k *Keeper) Current(ctx context.Context, now time.Time) (*Registry, error) {
	current, err := k.latest(ctx, now)
	if err != nil {
		return nil, err
	}
	if err := current.validAt(now); err != nil {
		return nil, err
	}
	if err := k.seen(ctx, current); err != nil {
		return nil, err
	}
	return current, nil
}

// latest is the last good registry, from the files if they are good.
func (k *Keeper) latest(ctx context.Context, now time.Time) (*Registry, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.trouble = k.reload(ctx, now)
	if k.current == nil {
		return nil, k.trouble
	}
	return k.current, nil
}

// Trouble is why the files were not taken when Current last looked; nil if they were.
func (k *Keeper) Trouble() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.trouble
}

// reload makes the files' registry the current one, if it is another and good.
func (k *Keeper) reload(ctx context.Context, now time.Time) error {
	file, err := os.ReadFile(k.registryFile)
	if err != nil {
		return unreadable("read registry", k.registryFile, err)
	}
	roots, err := os.ReadFile(k.rootsFile)
	if err != nil {
		return unreadable("read roots", k.rootsFile, err)
	}
	read := bytes.Join([][]byte{file, roots}, []byte{0})
	if k.current != nil && bytes.Equal(read, k.read) {
		return nil
	}
	found, err := OpenRegistry(file, roots, now)
	if err != nil {
		return err
	}
	if err := k.follows(found); err != nil {
		return err
	}
	if err := k.seen(ctx, found); err != nil {
		return err
	}
	k.current, k.read = found, read
	return nil
}

// follows refuses a registry older than the current one, or another one of the same version.
func (k *Keeper) follows(found *Registry) error {
	switch {
	case k.current == nil || found.Version() > k.current.Version():
		return nil
	case found.Version() < k.current.Version():
		return unfit("registry-rolled-back", k.registryFile, "its version is lower than one that was in use", "restore the later version")
	case found.Digest() != k.current.Digest():
		return unfit("registry-changed", k.registryFile, "it differs from the one in use and has the same version", "give each change a version of its own")
	}
	return nil
}

func (k *Keeper) seen(ctx context.Context, r *Registry) error {
	if k.mark == nil {
		return nil
	}
	return k.mark.RegistrySeen(ctx, r.Version(), r.Digest())
}
