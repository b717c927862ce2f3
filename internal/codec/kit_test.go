package codec

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

const (
	namespace = "portsaga"
	port      = "pi-1"
	another   = "pi-2"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// shelf is a store of data keys that a test can take away.
type shelf struct {
	mu   sync.Mutex
	rows map[string]ledger.DataKey
	down func() error // what every call fails with; nil while the store is there
	asks int
}

func (s *shelf) enter() error {
	s.asks++
	if s.down == nil {
		return nil
	}
	return s.down()
}

func (s *shelf) DataKey(_ context.Context, owner string) (ledger.DataKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.enter(); err != nil {
		return ledger.DataKey{}, err
	}
	row, known := s.rows[owner]
	if !known {
		return row, &porting.Error{Kind: porting.NotFound, Code: "data-key-unknown"}
	}
	return row, nil
}

func (s *shelf) AddDataKey(_ context.Context, key ledger.DataKey) (ledger.DataKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.enter(); err != nil {
		return ledger.DataKey{}, err
	}
	if kept, known := s.rows[key.Owner]; known {
		return kept, nil
	}
	s.rows[key.Owner] = key
	return key, nil
}

func (s *shelf) DataKeys(_ context.Context, after string, limit int) ([]ledger.DataKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.enter(); err != nil {
		return nil, err
	}
	var page []ledger.DataKey
	for _, owner := range sortedKeys(s.rows) {
		if owner > after && len(page) < limit {
			page = append(page, s.rows[owner])
		}
	}
	return page, nil
}

func (s *shelf) Rewrap(_ context.Context, was ledger.DataKey, kek string, wrapped []byte, at time.Time) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.rows[was.Owner]
	if row.Erased() || string(row.Wrapped) != string(was.Wrapped) {
		return false, s.enter()
	}
	row.KEK, row.Wrapped, row.WrappedAt = kek, wrapped, at
	s.rows[was.Owner] = row
	return true, s.enter()
}

func (s *shelf) erase(owner string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.rows[owner]
	row.Wrapped, row.ErasedAt, row.ErasedBy = nil, noon, "carla"
	s.rows[owner] = row
}

// world is a ring on a shelf and a file of tenants' keys, on a clock that only waiting moves.
type world struct {
	*Ring
	shelf *shelf
	file  TenantKeys
	mu    sync.Mutex
	clock time.Time
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{shelf: &shelf{rows: map[string]ledger.DataKey{}}, file: TenantKeys(filepath.Join(t.TempDir(), "tenant-keys")), clock: noon}
	require.NoError(t, w.file.Ready())
	w.Ring = w.ring()
	return w
}

// ring is another process on the same shelf, with nothing in its memory.
func (w *world) ring() *Ring {
	r := NewRing(w.shelf, w.file)
	r.now = func() time.Time {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.clock
	}
	r.wait = func(ctx context.Context, d time.Duration) error {
		w.pass(d)
		return ctx.Err()
	}
	return r
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

func saga(id string) converter.SerializationContext {
	return converter.WorkflowSerializationContext{Namespace: namespace, WorkflowID: id}
}

func stepOf(id string) converter.SerializationContext {
	return converter.ActivitySerializationContext{Namespace: namespace, WorkflowID: id, ActivityType: porting.StepScreen}
}

// of is the converter of a workflow.
func (w *world) of(id string) converter.DataConverter {
	return w.Converter(namespace).WithSerializationContext(saga(id))
}

// start makes a port's key as its start does, and returns its sealed input.
func (w *world) start(t testing.TB, id, tenant string) *commonpb.Payload {
	t.Helper()
	p, err := w.of(id).ToPayload(porting.PortInput{ID: id, Order: porting.Order{Reference: "ACME-1", Tenant: tenant}})
	require.NoError(t, err)
	return p
}

func (w *world) seal(t testing.TB, id string, value any) *commonpb.Payload {
	t.Helper()
	p, err := w.of(id).ToPayload(value)
	require.NoError(t, err)
	return p
}

func requireCode(t testing.TB, err error, kind porting.Kind, code string) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, code, porting.CodeOf(err), err.Error())
	require.Equal(t, kind, porting.KindOf(err))
}
