package ledger_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/audit/audittest"
	"github.com/portsaga/portsaga/internal/ledger"
)

// witnessed is a log whose checkpoints lie in a directory of somebody else.
type witnessed struct {
	t      *testing.T
	dsn    string
	ledger *ledger.Ledger
	signer *audit.Signer
	dir    string
	now    time.Time
}

func newWitnessed(t *testing.T, dsn newDSN) *witnessed {
	t.Helper()
	where := dsn(t)
	l := open(t, where)
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := audit.NewSigner(audit.Origin(state(t, l).Incarnation), key)
	require.NoError(t, err)
	return &witnessed{t, where, l, signer, t.TempDir(), noon}
}

// grow appends leaves and has a checkpoint signed and brought out.
func (w *witnessed) grow(leaves int) audit.SignedCheckpoint {
	w.t.Helper()
	require.NoError(w.t, w.ledger.Append(w.t.Context(), notes("pi-1", leaves)...))
	made, err := w.checkpointer().Once(w.t.Context())
	require.NoError(w.t, err)
	return made
}

func (w *witnessed) checkpointer() *audit.Checkpointer {
	return &audit.Checkpointer{Log: w.ledger, Signer: w.signer, To: []audit.Destination{audit.Directory(w.dir)}, Now: func() time.Time { return w.now }}
}

// examine holds the log against the checkpoints in the directory.
func (w *witnessed) examine(ctx context.Context) audit.Examined {
	w.t.Helper()
	texts, err := audit.ReadCheckpoints(w.dir)
	require.NoError(w.t, err)
	tree, err := w.ledger.LogTree(ctx)
	require.NoError(w.t, err)
	e := audit.Examination{
		Leaves: w.ledger.Leaves(ctx, 0), Tree: tree, Later: func() (*audit.Tree, error) { return w.ledger.LogTree(ctx) },
		Complete: true, Grace: time.Minute, Now: w.now.Add(time.Hour),
	}
	for _, text := range texts {
		c, err := audit.OpenCheckpoint(text, w.signer)
		require.NoError(w.t, err)
		e.Checkpoints = append(e.Checkpoints, c)
	}
	examined, err := e.Examine()
	require.NoError(w.t, err)
	return examined
}

func (w *witnessed) requireFindings(codes ...string) {
	w.t.Helper()
	var found []string
	for _, f := range w.examine(w.t.Context()).Findings {
		found = append(found, f.Code)
	}
	require.Equal(w.t, codes, found)
}

// execute changes the database as somebody does who may change its schema, too.
func (w *witnessed) execute(statements ...string) {
	disarm(w.t, w.dsn)
	execute(w.t, w.dsn, statements...)
}

// disarm drops the triggers that keep the log from being changed.
func disarm(t *testing.T, dsn string) {
	t.Helper()
	if strings.HasPrefix(dsn, "postgres:") {
		execute(t, dsn, `DROP FUNCTION IF EXISTS audit_refuse() CASCADE`)
		return
	}
	for _, trigger := range triggers(t, dsn) {
		execute(t, dsn, `DROP TRIGGER `+trigger)
	}
}

func triggers(t *testing.T, file string) (names []string) {
	t.Helper()
	db := openRaw(t, file)
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), `SELECT name FROM sqlite_master WHERE type = 'trigger'`)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, rows.Err())
	return names
}

// testAppendOnly is somebody who may write rows and not change the schema: the log stays as it is.
func testAppendOnly(t *testing.T, dsn newDSN) {
	w := newWitnessed(t, dsn)
	document := note("pi-1", 1)
	document.Ref, document.Evidence = "once", [][]byte{[]byte("a statement")}
	require.NoError(t, w.ledger.Append(t.Context(), document))
	w.grow(3)
	refused := []string{
		`UPDATE audit_leaves SET leaf = replace(leaf, '"n":1', '"n":2')`, `UPDATE audit_leaves SET port_id = 'pi-2' WHERE idx = 1`,
		`DELETE FROM audit_leaves WHERE idx = 2`, `DELETE FROM audit_leaves`,
		`UPDATE audit_checkpoints SET note = 'another'`, `UPDATE audit_checkpoints SET published_at = NULL`, `DELETE FROM audit_checkpoints`,
		`UPDATE audit_evidence SET body = 'another'`, `UPDATE ledger_state SET audit_size = audit_size - 1`,
		`INSERT INTO audit_leaves SELECT idx, at, kind, port_id, 'another', leaf, hashes FROM audit_leaves WHERE idx = 1`,
	}
	ignored := []string{}
	if strings.HasPrefix(w.dsn, "postgres:") {
		refused = append(refused, `TRUNCATE audit_leaves`, `TRUNCATE audit_checkpoints`, `TRUNCATE audit_evidence`)
	} else {
		refused = append(refused, `REPLACE INTO audit_leaves SELECT idx, at, 'closed', port_id, ref, leaf, hashes FROM audit_leaves WHERE idx = 1`,
			`REPLACE INTO audit_leaves SELECT 99, at, kind, port_id, ref, leaf, hashes FROM audit_leaves WHERE ref = 'once'`)
		ignored = append(ignored, `REPLACE INTO audit_checkpoints SELECT number, 0, note, at, published_at FROM audit_checkpoints`,
			`REPLACE INTO audit_evidence SELECT digest, port_id, 'another', at FROM audit_evidence`)
	}
	db := openRaw(t, w.dsn)
	defer db.Close()
	for _, statement := range refused {
		_, err := db.ExecContext(t.Context(), statement)
		require.Error(t, err, statement)
	}
	execute(t, w.dsn, ignored...)

	w.requireFindings()
	last, err := w.ledger.LastCheckpoint(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 4, last.Size)
	kept, err := w.ledger.Evidence(t.Context(), audit.Digest([]byte("a statement")), "pi-1")
	require.NoError(t, err)
	require.Equal(t, "a statement", string(kept))
	w.grow(3)
	w.requireFindings()
}

// rewind brings the log back to how it was at a size, as an old backup has it.
func (w *witnessed) rewind(to audit.SignedCheckpoint, tree *audit.Tree) {
	w.t.Helper()
	w.execute(fmt.Sprintf(`DELETE FROM audit_leaves WHERE idx >= %d`, tree.Size), fmt.Sprintf(`DELETE FROM audit_checkpoints WHERE number > %d`, to.Number))
	db := openRaw(w.t, w.dsn)
	defer db.Close()
	_, err := db.ExecContext(w.t.Context(), `UPDATE ledger_state SET audit_size = $1, audit_edge = $2`, tree.Size, tree.Edge())
	require.NoError(w.t, err)
}

func (w *witnessed) tree() *audit.Tree {
	w.t.Helper()
	tree, err := w.ledger.LogTree(w.t.Context())
	require.NoError(w.t, err)
	return tree
}

func testSoundLog(t *testing.T, dsn newDSN) {
	w := newWitnessed(t, dsn)
	for i := range 5 {
		w.grow(7 * i)
	}
	seen := w.examine(t.Context())
	require.Empty(t, seen.Findings)
	require.EqualValues(t, 70+4, seen.Leaves, "each checkpoint is told by a leaf")
	require.Equal(t, 4, seen.Checkpoints, "there is nothing to sign before the first leaf")
}

// testGrowingLog is a log that goes on while it is looked at, and then one leaf that nobody counted.
func testGrowingLog(t *testing.T, dsn newDSN) {
	w := newWitnessed(t, dsn)
	w.grow(3)
	before := w.tree()
	w.grow(2)
	look := func() audit.Examined {
		seen, err := audit.Examination{
			Leaves: w.ledger.Leaves(t.Context(), 0), Tree: before, Later: func() (*audit.Tree, error) { return w.ledger.LogTree(t.Context()) },
		}.Examine()
		require.NoError(t, err)
		return seen
	}
	seen := look()
	require.Empty(t, seen.Findings)
	require.Equal(t, before.Size, seen.Leaves)

	w.execute(fmt.Sprintf(`INSERT INTO audit_leaves SELECT %d, at, kind, port_id, 'another', leaf, hashes FROM audit_leaves WHERE idx = 1`, w.tree().Size))
	seen = look()
	require.Len(t, seen.Findings, 1)
	require.Equal(t, audit.TreeAltered, seen.Findings[0].Code)
	require.Equal(t, w.tree().Size, seen.Findings[0].Index)
}

func testFlippedByte(t *testing.T, dsn newDSN) {
	w := newWitnessed(t, dsn)
	w.grow(9)
	w.execute(`UPDATE audit_leaves SET leaf = replace(leaf, '"n":4', '"n":5') WHERE idx = 4`)
	w.requireFindings(audit.LeafAltered)
	w.execute(`UPDATE audit_leaves SET leaf = replace(leaf, '"n":5', '"n":4') WHERE idx = 4`, `UPDATE audit_leaves SET port_id = 'pi-2' WHERE idx = 6`)
	w.requireFindings(audit.ColumnAltered)
}

func testFlippedHash(t *testing.T, dsn newDSN) {
	w := newWitnessed(t, dsn)
	w.grow(9)
	flip(t, w.dsn, 3, 40) // a hash of two leaves
	w.requireFindings(audit.HashAltered)
	flip(t, w.dsn, 3, 40)
	w.requireFindings()
	flip(t, w.dsn, 2, 0) // that of a leaf
	require.Equal(t, audit.LeafAltered, w.examine(t.Context()).Findings[0].Code)
}

// flip changes a byte of the hashes beside a leaf.
func flip(t *testing.T, dsn string, leaf int64, at int) {
	t.Helper()
	disarm(t, dsn)
	db := openRaw(t, dsn)
	defer db.Close()
	var hashes []byte
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT hashes FROM audit_leaves WHERE idx = $1`, leaf).Scan(&hashes))
	hashes[at] ^= 1
	_, err := db.ExecContext(t.Context(), `UPDATE audit_leaves SET hashes = $2 WHERE idx = $1`, leaf, hashes)
	require.NoError(t, err)
}

func testDroppedRow(t *testing.T, dsn newDSN) {
	for _, index := range []int64{0, 4, 9} { // the last one tells of the checkpoint
		w := newWitnessed(t, dsn)
		w.grow(9)
		w.execute(fmt.Sprintf(`DELETE FROM audit_leaves WHERE idx = %d`, index))
		found := w.examine(t.Context()).Findings
		require.Len(t, found, 1)
		require.Equal(t, audit.LeafMissing, found[0].Code)
		require.Equal(t, index, found[0].Index)
	}
}

func testRewrittenTail(t *testing.T, dsn newDSN) {
	w := newWitnessed(t, dsn)
	first := w.grow(6)
	before := w.tree()
	w.grow(6)
	w.rewind(first, before)
	require.NoError(t, w.ledger.Append(t.Context(), notes("pi-other", 20)...))

	found := w.examine(t.Context()).Findings
	require.Len(t, found, 1)
	require.Equal(t, audit.TailRewritten, found[0].Code)
	require.EqualValues(t, 2, found[0].Number)
	require.EqualValues(t, 6, found[0].Index, "up to here the first checkpoint holds")

	_, err := w.checkpointer().Once(t.Context())
	requireFinding(t, err, audit.TailRewritten) // the directory has another checkpoint 2
}

func testWithheldCheckpoint(t *testing.T, dsn newDSN) {
	w := newWitnessed(t, dsn)
	w.grow(3)
	w.grow(3)
	w.grow(3)
	require.NoError(t, os.Remove(filepath.Join(w.dir, "checkpoint-000000002.txt")))
	w.requireFindings(audit.CheckpointWithheld)

	w.now = w.now.Add(24 * time.Hour)
	require.NoError(t, w.ledger.Append(t.Context(), note("pi-1", 1)))
	w.requireFindings(audit.CheckpointWithheld, audit.CheckpointOverdue)
}

// testWithheldFromWitness keeps a checkpoint from a witness on the network. What the witness keeps tells which one it never saw.
func testWithheldFromWitness(t *testing.T, dsn newDSN) {
	w, witness := newWitnessed(t, dsn), audittest.NewWitness(t)
	witness.Watch(w.signer)
	server := httptest.NewServer(witness)
	t.Cleanup(server.Close)
	w.dir = witness.Dir
	grow := func(to ...audit.Destination) audit.SignedCheckpoint {
		require.NoError(t, w.ledger.Append(t.Context(), notes("pi-1", 3)...))
		c := w.checkpointer()
		c.To = to
		signed, err := c.Once(t.Context())
		require.NoError(t, err)
		return signed
	}
	network := audit.OpenDestination(server.URL)
	grow(network)
	require.Equal(t, grow(network).Size, witness.Seen())
	w.requireFindings()

	withheld := grow()
	require.Less(t, witness.Seen(), withheld.Size)
	w.requireFindings(audit.CheckpointWithheld)
	require.Equal(t, grow(network).Size, witness.Seen())
	found := w.examine(t.Context()).Findings
	require.Len(t, found, 1)
	require.Equal(t, withheld.Number, found[0].Number)
}

func testRestoredBackup(t *testing.T, dsn newDSN) {
	w := newWitnessed(t, dsn)
	first := w.grow(6)
	backup := w.tree()
	w.grow(6)
	w.grow(6)
	w.rewind(first, backup)
	w.requireFindings(audit.LogShorter, audit.LogShorter)
}

func testForgedCheckpoint(t *testing.T, dsn newDSN) {
	w := newWitnessed(t, dsn)
	signed := w.grow(3)
	other := newWitnessed(t, dsn)
	_, err := audit.OpenCheckpoint(signed.Note, other.signer)
	requireFinding(t, err, audit.LogReplaced)
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	thief, err := audit.NewSigner(w.signer.Name(), key)
	require.NoError(t, err)
	_, err = audit.OpenCheckpoint(signed.Note, thief)
	requireFinding(t, err, audit.CheckpointForged)
	signed.Note[len(signed.Note)-5] ^= 1
	_, err = audit.OpenCheckpoint(signed.Note, w.signer)
	requireFinding(t, err, audit.CheckpointForged)
}

func requireFinding(t *testing.T, err error, code string) {
	t.Helper()
	var found *audit.Finding
	require.ErrorAs(t, err, &found)
	require.Equal(t, code, found.Code, found.Detail)
}
