package codec

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// Store is where the wrapped data keys are. *ledger.Keys is one.
type Store interface {
	DataKey(ctx context.Context, owner string) (ledger.DataKey, error)
	AddDataKey(ctx context.Context, key ledger.DataKey) (ledger.DataKey, error)
	DataKeys(ctx context.Context, after string, limit int) ([]ledger.DataKey, error)
	Rewrap(ctx context.Context, was ledger.DataKey, kek string, wrapped []byte, at time.Time) (bool, error)
}

// Wrapper wraps data keys with the keys of tenants. Faults of either method pass.
type Wrapper interface {
	// Place says where the key of a tenant is that new data keys are wrapped with.
	Place(tenant string) string
	// At is the key at a place, of a tenant.
	At(place, tenant string) (tink.AEAD, error)
}

// How long an unwrapped key is kept in memory, and how many are. An erased port can be read for as long where it was read
// before.
const (
	KeyLife = 10 * time.Minute
	maxKeys = 10_000
)

// How long a fault of the key store is waited out: less than a workflow task may take.
const (
	patience     = 5 * time.Second
	firstPause   = 50 * time.Millisecond
	longestPause = time.Second
)

// dataKey seals and opens the payloads of one owner.
type dataKey struct {
	tink.AEAD
	tenant string
	until  time.Time
}

// Ring hands out data keys: it makes them, has them wrapped and stored, and keeps those that are in use. It is safe for
// concurrent use.
type Ring struct {
	store   Store
	wrapper Wrapper
	now     func() time.Time
	wait    func(ctx context.Context, pause time.Duration) error

	mu   sync.Mutex
	keys map[string]dataKey
}

// NewRing returns a ring on a store.
func NewRing(s Store, w Wrapper) *Ring {
	return &Ring{store: s, wrapper: w, now: time.Now, wait: pause, keys: map[string]dataKey{}}
}

// Codec is a codec of a namespace that still belongs to no workflow.
func (r *Ring) Codec(namespace string) Codec {
	return Codec{ring: r, namespace: namespace, ctx: context.Background()}
}

// Known reports whether there is a key for a port: the error says why there is none.
func (r *Ring) Known(ctx context.Context, port string) error {
	_, err := r.key(ctx, place{bound: bound(port)}.owner())
	return err
}

// key is the data key of an owner. Codes: "port-not-found" if there never was one, "port-erased" if it was destroyed, and
// "keys-unavailable" if it could not be had in a while.
func (r *Ring) key(ctx context.Context, owner string) (dataKey, error) {
	if key, known := r.recall(owner); known {
		return key, nil
	}
	return r.persist(ctx, owner, func() (dataKey, error) {
		row, err := r.store.DataKey(ctx, owner)
		if err != nil {
			return dataKey{}, err
		}
		return r.unwrap(row)
	})
}

// newKey is the data key of an owner that may have none yet.
func (r *Ring) newKey(ctx context.Context, owner, tenant string) (dataKey, error) {
	key, err := r.key(ctx, owner)
	if porting.KindOf(err) != porting.NotFound {
		return key, err
	}
	return r.persist(ctx, owner, func() (dataKey, error) {
		made, err := r.wrapped(owner, tenant)
		if err != nil {
			return dataKey{}, err
		}
		row, err := r.store.AddDataKey(ctx, made)
		if err != nil {
			return dataKey{}, err
		}
		return r.unwrap(row)
	})
}

// wrapped makes a data key.
func (r *Ring) wrapped(owner, tenant string) (ledger.DataKey, error) {
	place, now := r.wrapper.Place(tenant), r.now().UTC()
	row := ledger.DataKey{Owner: owner, Tenant: tenant, KEK: place, MadeAt: now, WrappedAt: now}
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return row, err
	}
	row.Wrapped, err = r.wrap(handle, row)
	return row, err
}

// wrap wraps a data key with the tenant's key at the row's place, bound to the owner and the tenant.
func (r *Ring) wrap(handle *keyset.Handle, row ledger.DataKey) ([]byte, error) {
	tenantKey, err := r.wrapper.At(row.KEK, row.Tenant)
	if err != nil {
		return nil, err
	}
	var wrapped bytes.Buffer
	err = handle.WriteWithAssociatedData(keyset.NewBinaryWriter(&wrapped), tenantKey, boundTo(row))
	return wrapped.Bytes(), err
}

func (r *Ring) open(row ledger.DataKey) (*keyset.Handle, error) {
	if row.Erased() {
		return nil, erased(row)
	}
	tenantKey, err := r.wrapper.At(row.KEK, row.Tenant)
	if err != nil {
		return nil, err
	}
	return keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(row.Wrapped)), tenantKey, boundTo(row))
}

func boundTo(row ledger.DataKey) []byte {
	return []byte("portsaga/data-key/1\x00" + row.Tenant + "\x00" + row.Owner)
}

func (r *Ring) unwrap(row ledger.DataKey) (dataKey, error) {
	handle, err := r.open(row)
	if err != nil {
		return dataKey{}, err
	}
	primitive, err := aead.New(handle)
	if err != nil {
		return dataKey{}, err
	}
	key := dataKey{primitive, row.Tenant, r.now().Add(KeyLife)}
	r.keep(row.Owner, key)
	return key, nil
}

func (r *Ring) recall(owner string) (dataKey, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key, known := r.keys[owner]
	return key, known && r.now().Before(key.until)
}

// keep remembers a key. Where there are too many, all are forgotten: those in use come back by one look each.
func (r *Ring) keep(owner string, key dataKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.keys) >= maxKeys {
		clear(r.keys)
	}
	r.keys[owner] = key
}

// persist tries until there is an answer, or no patience left.
func (r *Ring) persist(ctx context.Context, owner string, try func() (dataKey, error)) (dataKey, error) {
	until := r.now().Add(patience)
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		key, err := try()
		switch {
		case err == nil:
			return key, nil
		case porting.CodeOf(err) == "port-erased":
			return key, err
		case porting.KindOf(err) == porting.NotFound:
			return key, unknown(owner, err)
		case r.now().Add(pause).After(until):
			return key, unavailable(owner, err)
		}
		if ended := r.wait(ctx, pause); ended != nil {
			return key, unavailable(owner, errors.Join(ended, err))
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func unknown(owner string, err error) error {
	return &porting.Error{
		Kind: porting.NotFound, Code: "port-not-found", Op: "find data key", Object: owner,
		Detail: "there is no such port: no data key was ever made for it", Next: "find it with `portsaga port list`", Err: err,
	}
}

func unavailable(owner string, err error) error {
	detail := err.Error()
	if ours, ok := errors.AsType[*porting.Error](err); ok {
		detail = ours.Detail
	}
	return &porting.Error{
		Kind: porting.Failed, Code: "keys-unavailable", Op: "open data key", Object: owner,
		Detail: detail, Next: "look at PORTSAGA_KEYS and PORTSAGA_TENANT_KEYS; nothing is lost, and it is safe to try again", Err: err,
	}
}

func erased(row ledger.DataKey) error {
	return &porting.Error{
		Kind: porting.Refused, Code: "port-erased", Op: "open data key", Object: row.Owner,
		Detail: "what was known of it was erased at " + row.ErasedAt.Format(time.RFC3339) + " by " + row.ErasedBy,
	}
}
