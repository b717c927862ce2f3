package ledger_test

import (
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/ledger/pgtest"
	"github.com/portsaga/portsaga/porting"
)

func dataKeyOf(owner string) ledger.DataKey {
	return ledger.DataKey{Owner: owner, Tenant: "acme", KEK: "tenant-keys", Wrapped: []byte("wrapped " + owner), MadeAt: noon, WrappedAt: noon}
}

func addDataKey(t *testing.T, l *ledger.Ledger, owner string) ledger.DataKey {
	t.Helper()
	key, err := l.Keys().AddDataKey(t.Context(), dataKeyOf(owner))
	require.NoError(t, err)
	return key
}

func testDataKeys(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	_, err := l.Keys().DataKey(t.Context(), "pi-1")
	requireCode(t, err, porting.NotFound, "data-key-unknown")
	require.Equal(t, dataKeyOf("pi-1"), addDataKey(t, l, "pi-1"))

	second := dataKeyOf("pi-1")
	second.Wrapped = []byte("another")
	kept, err := l.Keys().AddDataKey(t.Context(), second)
	require.NoError(t, err)
	require.Equal(t, dataKeyOf("pi-1"), kept, "the first one holds")

	addDataKey(t, l, "pi-2")
	addDataKey(t, l, "pi-3")
	page, err := l.Keys().DataKeys(t.Context(), "pi-1", 1)
	require.NoError(t, err)
	require.Equal(t, []ledger.DataKey{dataKeyOf("pi-2")}, page)
}

// What is wrapped anew while it is wrapped anew, or erased, stays as the other one left it.
func testRewrap(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	was := addDataKey(t, l, "pi-1")
	later := noon.Add(time.Hour)

	done, err := l.Keys().Rewrap(t.Context(), was, "kms://new", []byte("anew"), later)
	require.NoError(t, err)
	require.True(t, done)
	now, err := l.Keys().DataKey(t.Context(), "pi-1")
	require.NoError(t, err)
	require.Equal(t, "kms://new", now.KEK)
	require.Equal(t, []byte("anew"), now.Wrapped)
	require.Equal(t, later, now.WrappedAt)
	require.Equal(t, noon, now.MadeAt)

	done, err = l.Keys().Rewrap(t.Context(), was, "kms://newer", []byte("too late"), later)
	require.NoError(t, err)
	require.False(t, done)
	_, err = l.EraseDataKey(t.Context(), "pi-1", "carla", later)
	require.NoError(t, err)
	done, err = l.Keys().Rewrap(t.Context(), now, "kms://newer", []byte("back from the dead"), later)
	require.NoError(t, err)
	require.False(t, done)
}

func testErase(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	addDataKey(t, l, "pi-1")
	claim(t, l, "pi-1", "0101")
	before := state(t, l).Changes

	_, err := l.EraseDataKey(t.Context(), "pi-1", "carla", noon)
	requireCode(t, err, porting.Refused, "port-open")
	require.NoError(t, l.Release(t.Context(), "pi-1", porting.OutcomeCompleted, noon))
	released := state(t, l).Changes
	require.Greater(t, released, before)

	erased, err := l.EraseDataKey(t.Context(), "pi-1", "carla", noon.Add(time.Hour))
	require.NoError(t, err)
	require.True(t, erased.Erased())
	require.Nil(t, erased.Wrapped)
	require.Equal(t, "carla", erased.ErasedBy)
	require.Equal(t, released+1, state(t, l).Changes, "a ledger restored to before it is noticed")

	again, err := l.EraseDataKey(t.Context(), "pi-1", "ben", noon.Add(2*time.Hour))
	require.NoError(t, err)
	require.Equal(t, erased, again)
	require.Equal(t, erased, addDataKey(t, l, "pi-1"), "a key that was destroyed is never made again")
	_, err = l.HoldDataKey(t.Context(), "pi-1", "ben", "case 7", noon)
	requireCode(t, err, porting.Refused, "port-erased")
	_, err = l.EraseDataKey(t.Context(), "pi-unknown", "carla", noon)
	requireCode(t, err, porting.NotFound, "data-key-unknown")
}

func testLegalHold(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	addDataKey(t, l, "pi-1")
	held, err := l.HoldDataKey(t.Context(), "pi-1", "lea@legal", "case 7", noon)
	require.NoError(t, err)
	require.True(t, held.Held())
	again, err := l.HoldDataKey(t.Context(), "pi-1", "ben", "case 8", noon.Add(time.Hour))
	require.NoError(t, err)
	require.Equal(t, held, again, "the first hold stays")

	_, err = l.EraseDataKey(t.Context(), "pi-1", "carla", noon)
	requireCode(t, err, porting.Refused, "data-key-held")
	require.ErrorContains(t, err, "lea@legal")

	free, err := l.ReleaseDataKey(t.Context(), "pi-1", "lea@legal", noon)
	require.NoError(t, err)
	require.Equal(t, dataKeyOf("pi-1"), free)
	_, err = l.EraseDataKey(t.Context(), "pi-1", "carla", noon)
	require.NoError(t, err)
	require.Equal(t, []audit.Kind{audit.Held, audit.Released, audit.Erased}, kindsOf(t, l, "pi-1"), "all of it is in the audit log")
}

func kindsOf(t *testing.T, l *ledger.Ledger, port string) []audit.Kind {
	t.Helper()
	leaves, err := l.LeavesOf(t.Context(), port)
	require.NoError(t, err)
	var kinds []audit.Kind
	for _, leaf := range leaves {
		kinds = append(kinds, leaf.Kind)
	}
	return kinds
}

// The narrow door reaches the keys of a ledger that is there, and makes none.
func testOpenKeys(t *testing.T, dsn newDSN) {
	where := dsn(t)
	addDataKey(t, open(t, where), "pi-1")
	keys, err := ledger.OpenKeys(where)
	require.NoError(t, err)
	defer keys.Close()
	key, err := keys.DataKey(t.Context(), "pi-1")
	require.NoError(t, err)
	require.Equal(t, dataKeyOf("pi-1"), key)
}

func TestOpenKeysMakesNoLedger(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "ledger.db")
	keys, err := ledger.OpenKeys(file)
	require.NoError(t, err)
	defer keys.Close()
	_, err = keys.DataKey(t.Context(), "pi-1")
	requireCode(t, err, porting.Failed, "ledger-unavailable")
	require.NoFileExists(t, file)
}

func testRaceDataKeys(t *testing.T, dsn newDSN) {
	handles := twoHandles(t, dsn)
	var kept [4]ledger.DataKey
	var failed [4]error
	var runners []func()
	for i := range kept {
		runners = append(runners, func() {
			key := dataKeyOf("pi-1")
			key.Wrapped = []byte{byte(i)}
			kept[i], failed[i] = handles[i%2].Keys().AddDataKey(t.Context(), key)
		})
	}
	race(runners...)
	for i, key := range kept {
		require.NoError(t, failed[i])
		require.Equal(t, kept[0], key, "all go by the same key")
	}
}

// The narrow door needs a role that may do nothing else.
func TestKeysOfARoleOfTheirOwn(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Start(t).New(t)
	addDataKey(t, open(t, dsn), "pi-1")
	where, err := url.Parse(dsn)
	require.NoError(t, err)
	execute(t, dsn, `CREATE ROLE keys_alone LOGIN PASSWORD 'x'`, `GRANT SELECT, INSERT, UPDATE ON data_keys TO keys_alone`,
		`GRANT USAGE ON SCHEMA `+where.Query().Get("search_path")+` TO keys_alone`)
	defer func() { execute(t, dsn, `DROP OWNED BY keys_alone`, `DROP ROLE keys_alone`) }()
	where.User = url.UserPassword("keys_alone", "x")
	keys, err := ledger.OpenKeys(where.String())
	require.NoError(t, err)
	defer keys.Close()

	_, err = keys.DataKey(t.Context(), "pi-1")
	require.NoError(t, err)
	kept, err := keys.AddDataKey(t.Context(), dataKeyOf("pi-2"))
	require.NoError(t, err)
	done, err := keys.Rewrap(t.Context(), kept, "kms://new", []byte("anew"), noon)
	require.NoError(t, err)
	require.True(t, done)
	_, err = ledger.Open(t.Context(), where.String())
	require.Error(t, err, "the rest of the ledger is shut")
}
