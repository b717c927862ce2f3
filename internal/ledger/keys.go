package ledger

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// DataKey is the key of one order's payloads, wrapped by the key of its tenant: the ledger never sees it in the clear.
type DataKey struct {
	Owner     string    `json:"owner"` // ID of the port, the bulk order, or whatever else has payloads
	Tenant    string    `json:"tenant"`
	KEK       string    `json:"kek"` // where the key is that wraps it
	Wrapped   []byte    `json:"-"`   // nil when it was erased
	MadeAt    time.Time `json:"made_at"`
	WrappedAt time.Time `json:"wrapped_at"`

	// A legal hold: while it stands the key is not erased.
	HeldAt  time.Time `json:"held_at,omitzero"`
	HeldBy  string    `json:"held_by,omitempty"`
	HeldWhy string    `json:"held_why,omitempty"`

	ErasedAt time.Time `json:"erased_at,omitzero"`
	ErasedBy string    `json:"erased_by,omitempty"`
}

// Erased reports whether the key was destroyed.
func (k DataKey) Erased() bool { return !k.ErasedAt.IsZero() }

// Held reports whether a legal hold keeps the key.
func (k DataKey) Held() bool { return !k.HeldAt.IsZero() }

// Keys is the one table of the ledger that holds data keys. Whoever runs or reads sagas needs it, and needs nothing else of
// the ledger: on PostgreSQL a role of its own may have SELECT, INSERT and UPDATE on data_keys alone. It is safe for concurrent use.
type Keys struct {
	db *sql.DB
}

// Keys are the data keys in this ledger. They are closed with it.
func (l *Ledger) Keys() *Keys { return &Keys{db: l.db} }

// OpenKeys opens the data keys in a ledger without the rest of it: it neither creates the database nor changes its schema,
// and connects when it is first asked.
func OpenKeys(dsn string) (*Keys, error) {
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		dsn = sqliteURI(dsn)
		if !strings.Contains(dsn, "?") {
			dsn += "?mode=rw"
		}
	}
	db, _, err := connect(dsn)
	if err != nil {
		return nil, fault("open data keys", "", err)
	}
	return &Keys{db: db}, nil
}

// Close closes the database of keys that were opened alone.
func (k *Keys) Close() error { return k.db.Close() }

const selectDataKey = `SELECT owner, tenant, kek, wrapped, made_at, wrapped_at, held_at, held_by, held_why, erased_at, erased_by FROM data_keys`

// DataKey returns the key of an owner, also one that was erased; NotFound with code "data-key-unknown" if none was ever made.
func (k *Keys) DataKey(ctx context.Context, owner string) (DataKey, error) {
	key, err := readDataKey(ctx, k.db, owner)
	return key, fault("read data key", owner, err)
}

func readDataKey(ctx context.Context, q querier, owner string) (DataKey, error) {
	key, err := scanDataKey(q.QueryRowContext(ctx, selectDataKey+` WHERE owner = $1`, owner))
	if errors.Is(err, sql.ErrNoRows) {
		return key, &porting.Error{
			Kind: porting.NotFound, Code: "data-key-unknown", Op: "read data key", Object: owner, Detail: "no key was ever made for it here",
			Next: "check its ID, and that PORTSAGA_KEYS names the key store of this deployment",
		}
	}
	return key, err
}

func scanDataKey(row interface{ Scan(...any) error }) (DataKey, error) {
	var k DataKey
	var made, wrapped, held, erased instant
	err := row.Scan(&k.Owner, &k.Tenant, &k.KEK, &k.Wrapped, &made, &wrapped, &held, &k.HeldBy, &k.HeldWhy, &erased, &k.ErasedBy)
	k.MadeAt, k.WrappedAt, k.HeldAt, k.ErasedAt = made.Time, wrapped.Time, held.Time, erased.Time
	return k, err
}

// AddDataKey keeps a new key and returns the one that holds: of two that are made for an owner at once, the first.
func (k *Keys) AddDataKey(ctx context.Context, key DataKey) (DataKey, error) {
	const op = "keep data key"
	_, err := change(ctx, k.db, `INSERT INTO data_keys (owner, tenant, kek, wrapped, made_at, wrapped_at) VALUES ($1, $2, $3, $4, $5, $5)
		ON CONFLICT DO NOTHING`, key.Owner, key.Tenant, key.KEK, key.Wrapped, instant{key.MadeAt})
	if err != nil {
		return DataKey{}, fault(op, key.Owner, err)
	}
	kept, err := readDataKey(ctx, k.db, key.Owner)
	return kept, fault(op, key.Owner, err)
}

// Rewrap replaces the wrapping of a key, unless it was wrapped anew or erased since it was read; it reports whether it did.
func (k *Keys) Rewrap(ctx context.Context, was DataKey, kek string, wrapped []byte, at time.Time) (bool, error) {
	changed, err := change(ctx, k.db, `UPDATE data_keys SET kek = $3, wrapped = $4, wrapped_at = $5 WHERE owner = $1 AND wrapped = $2`,
		was.Owner, was.Wrapped, kek, wrapped, instant{at})
	return changed == 1, fault("wrap data key", was.Owner, err)
}

// DataKeys lists keys in the order of their owners, those that were erased too: at most limit of those behind after.
func (k *Keys) DataKeys(ctx context.Context, after string, limit int) ([]DataKey, error) {
	keys, err := k.dataKeys(ctx, after, limit)
	return keys, fault("list data keys", "", err)
}

func (k *Keys) dataKeys(ctx context.Context, after string, limit int) ([]DataKey, error) {
	rows, err := k.db.QueryContext(ctx, selectDataKey+` WHERE owner > $1 ORDER BY owner LIMIT $2`, after, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()

	var keys []DataKey
	for rows.Next() {
		key, err := scanDataKey(rows)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, rows.Err()
}
