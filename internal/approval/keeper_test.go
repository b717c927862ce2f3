package approval

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

// highWater is a mark in memory, as the ledger keeps it in a table.
type highWater struct {
	mu      sync.Mutex
	version int
	digest  string
	down    error
}

func (m *highWater) RegistrySeen(_ context.Context, version int, digest string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.down != nil:
		return m.down
	case version < m.version:
		return unfit("registry-rolled-back", "", "a later version was seen", "")
	case version == m.version && digest != m.digest:
		return unfit("registry-changed", "", "another one of this version was seen", "")
	}
	m.version, m.digest = version, digest
	return nil
}

// kept is a keeper and its files.
type kept struct {
	*Keeper
	t               *testing.T
	registry, roots string
}

func newKept(t *testing.T, mark Mark) kept {
	t.Helper()
	dir := t.TempDir()
	k := kept{t: t, registry: filepath.Join(dir, "registry.json"), roots: filepath.Join(dir, "roots.json")}
	k.Keeper = NewKeeper(k.registry, k.roots, mark)
	require.NoError(t, os.WriteFile(k.roots, testPins.Encode(), 0o600))
	return k
}

func (k kept) write(file []byte) {
	k.t.Helper()
	require.NoError(k.t, os.WriteFile(k.registry, file, 0o600))
}

func (k kept) issue(change func(*Document)) {
	k.t.Helper()
	d := testDocument()
	change(&d)
	k.write(signed(k.t, d.Encode(), signerNamed("root-1"), signerNamed("root-3")))
}

func version(v int) func(*Document) { return func(d *Document) { d.Version = v } }

// serves wants the version in use, and the code of the trouble with the file.
func (k kept) serves(version int, trouble string) {
	k.t.Helper()
	r, err := k.Current(k.t.Context(), now)
	require.NoError(k.t, err)
	require.Equal(k.t, version, r.Version())
	require.Equal(k.t, trouble, porting.CodeOf(k.Trouble()), "%v", k.Trouble())
}

func (k kept) refuses(code string) {
	k.t.Helper()
	r, err := k.Current(k.t.Context(), now)
	require.Equal(k.t, code, porting.CodeOf(err), "%v", err)
	require.Nil(k.t, r)
}

func TestKeeperTakesNewVersions(t *testing.T) {
	t.Parallel()
	k := newKept(t, nil)
	k.refuses("file-unreadable")
	k.issue(version(7))
	k.serves(7, "")
	k.serves(7, "")
	k.issue(version(9))
	k.serves(9, "")

	one, err := k.Current(t.Context(), now)
	require.NoError(t, err)
	again, err := k.Current(t.Context(), now)
	require.NoError(t, err)
	require.Same(t, one, again, "files that did not change are not verified again")
}

// Without a mark the process itself remembers what it saw.
func TestKeeperServesTheLastGoodOne(t *testing.T) {
	t.Parallel()
	for name, mark := range map[string]Mark{"with a mark": &highWater{}, "without": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKept(t, mark)
			k.issue(version(7))
			k.serves(7, "")

			k.issue(version(6))
			k.serves(7, "registry-rolled-back")
			k.issue(func(d *Document) { d.Persons[0].Team = "desk" })
			k.serves(7, "registry-changed")
			d := testDocument()
			d.Version = 8
			k.write(signed(t, d.Encode(), signerNamed("root-1")))
			k.serves(7, "registry-threshold")
			k.issue(func(d *Document) { d.Version, d.Persons = 8, nil })
			k.serves(7, "registry-empty")
			k.write([]byte(`{"document":`))
			k.serves(7, "registry-malformed")
			require.NoError(t, os.Remove(k.registry))
			k.serves(7, "file-unreadable")

			k.issue(version(8))
			k.serves(8, "")
		})
	}
}

// More signatures under the same bytes are the same registry.
func TestKeeperMindsTheDocumentAndNotTheFile(t *testing.T) {
	t.Parallel()
	k := newKept(t, &highWater{})
	k.issue(version(7))
	k.serves(7, "")
	k.write(signed(t, testDocument().Encode(), signerNamed("root-1"), signerNamed("root-2"), signerNamed("root-3")))
	k.serves(7, "")
}

func TestKeeperFollowsThePinnedRoots(t *testing.T) {
	t.Parallel()
	k := newKept(t, nil)
	k.issue(version(7))
	k.serves(7, "")
	require.NoError(t, os.WriteFile(k.roots, Roots{3, testPins.Roots}.Encode(), 0o600))
	k.serves(7, "registry-threshold")
	require.NoError(t, os.Remove(k.roots))
	k.serves(7, "file-unreadable")
}

func TestKeeperRefusesOnceExpired(t *testing.T) {
	t.Parallel()
	k := newKept(t, nil)
	k.issue(version(7))
	k.serves(7, "")
	_, err := k.Current(t.Context(), testDocument().Expires)
	require.Equal(t, "registry-expired", porting.CodeOf(err))

	k.issue(func(d *Document) { d.Version, d.Expires = 8, now })
	k.serves(7, "registry-expired")
}

// The mark outlives the process: a restart with an old file is a rollback.
func TestKeeperRemembersBeyondARestart(t *testing.T) {
	t.Parallel()
	mark := &highWater{}
	before := newKept(t, mark)
	before.issue(version(8))
	before.serves(8, "")

	after := newKept(t, mark)
	after.issue(version(7))
	after.refuses("registry-rolled-back")
	after.issue(func(d *Document) { d.Version, d.Persons[0].Team = 8, "desk" })
	after.refuses("registry-changed")
	after.issue(version(8))
	after.serves(8, "")
}

// One worker has the new version, with a key revoked; the other must not go on with the old one.
func TestAVersionSeenByOneHoldsForAll(t *testing.T) {
	t.Parallel()
	mark := &highWater{}
	one, other := newKept(t, mark), newKept(t, mark)
	one.issue(version(7))
	other.issue(version(7))
	one.serves(7, "")
	other.serves(7, "")
	one.issue(version(8))
	one.serves(8, "")
	other.refuses("registry-rolled-back")
	other.issue(version(8))
	other.serves(8, "")
}

func TestKeeperTrustsNothingUnmarked(t *testing.T) {
	t.Parallel()
	mark := &highWater{}
	k := newKept(t, mark)
	k.issue(version(7))
	k.serves(7, "")

	mark.down = errors.New("the ledger is away")
	_, err := k.Current(t.Context(), now)
	require.ErrorIs(t, err, mark.down)
	k.issue(version(8))
	_, err = k.Current(t.Context(), now)
	require.ErrorIs(t, err, mark.down)

	mark.down = nil
	k.serves(8, "")
}

func TestKeeperIsSharedByManyActivities(t *testing.T) {
	t.Parallel()
	k := newKept(t, &highWater{})
	k.issue(version(7))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				r, err := k.Current(t.Context(), now.Add(time.Minute))
				if err != nil || r.Version() != 7 {
					t.Errorf("version %v, %v", r, err)
				}
			}
		})
	}
	all.Wait()
	require.NoError(t, k.Trouble())
}

func TestLoadRegistry(t *testing.T) {
	t.Parallel()
	k := newKept(t, nil)
	_, err := LoadRegistry(k.registry, k.roots, now)
	require.Equal(t, "file-unreadable", porting.CodeOf(err))
	k.issue(version(7))
	r, err := LoadRegistry(k.registry, k.roots, now)
	require.NoError(t, err)
	require.Equal(t, 7, r.Version())
	_, err = LoadRegistry(k.registry, k.roots+".not", now)
	require.Equal(t, "file-unreadable", porting.CodeOf(err))
}
