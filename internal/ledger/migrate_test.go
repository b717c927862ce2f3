package ledger_test

import (
	"os"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// testMigrateFirst opens a ledger that the first version of portsaga wrote.
func testMigrateFirst(t *testing.T, dsn newDSN) {
	where := dsn(t)
	migrateTo(t, where, 1)
	execute(t, where,
		`INSERT INTO ports (port_id, direction, tenant, reference, claimed_at, state, epoch)
			VALUES ('pi-1', 'port-in', 'default', 'ref-pi-1', 1772452800000000, 'open', 1)`,
		`INSERT INTO port_numbers (port_id, token, masked) VALUES ('pi-1', '0101', '+1…0101')`,
		`INSERT INTO ports (port_id, state, epoch, revoke_requested_at, revoked_at, revoked_by, revoke_reason)
			VALUES ('pi-revoked', 'closed', 1, 1772452800000000, 1772452800000000, 'ben@care', 'authorization-revoked')`)

	l := open(t, where)

	old := fenceOf("pi-1")
	old.Carrier, old.Pack, old.Submitter, old.Run = "", "", "", ""
	require.Equal(t, old, fence(t, l, "pi-1"))
	require.Equal(t, old, claim(t, l, "pi-1", "0101"), "what was not kept then stays empty")
	open, err := l.OpenPorts(t.Context(), "", 10)
	require.NoError(t, err)
	require.Equal(t, []ledger.Fence{old}, open)
	_, err = l.Claim(t.Context(), portIn("pi-2", "0101"))
	requireCode(t, err, porting.Refused, "number-in-open-port")
	_, err = l.BeginActivation(t.Context(), "pi-revoked", 1, "key", noon)
	requireCode(t, err, porting.Refused, "fence-closed")

	now := state(t, l)
	require.NotEmpty(t, now.Incarnation)
	require.False(t, now.Quarantined())
	_, err = l.RecordSubmission(t.Context(), submissionOf("pi-1", 1, "sha256:aa"))
	require.NoError(t, err)
	begin(t, l, "pi-1", "key")
	require.Equal(t, now.Changes+2, state(t, l).Changes)
}

// migrateTo makes a ledger of an older version.
func migrateTo(t *testing.T, dsn string, version int64) {
	dialect := goose.DialectSQLite3
	if strings.HasPrefix(dsn, "postgres:") {
		dialect = goose.DialectPostgres
	}
	db := openRaw(t, dsn)
	defer db.Close()
	provider, err := goose.NewProvider(dialect, db, os.DirFS("migrations"), goose.WithTableName("ledger_version"))
	require.NoError(t, err)
	_, err = provider.UpTo(t.Context(), version)
	require.NoError(t, err)
}
