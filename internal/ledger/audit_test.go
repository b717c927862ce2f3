package ledger_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/ledger/pgtest"
	"github.com/portsaga/portsaga/porting"
)

// TestAuditSQLite and TestAuditPostgres keep the same log.
func TestAuditSQLite(t *testing.T) {
	t.Parallel()
	auditSuite(t, sqliteFile)
}

func TestAuditPostgres(t *testing.T) {
	t.Parallel()
	auditSuite(t, pgtest.Start(t).New)
}

func auditSuite(t *testing.T, dsn newDSN) {
	for name, test := range map[string]func(*testing.T, newDSN){
		"leaves are proved":        testLeavesProved,
		"a leaf is appended once":  testLeafOnce,
		"evidence beside the leaf": testEvidence,
		"a desk's answer is told":  testDeskAnswerTold,
		"leaves of a time":         testLeavesBetween,
		"a bad leaf appends none":  testBadLeaf,
		"race: appenders":          testRaceAppend,
		"many leaves":              testManyLeaves,
		"the log is append-only":   testAppendOnly,
		"a sound log":              testSoundLog,
		"a log that grows":         testGrowingLog,
		"a flipped byte":           testFlippedByte,
		"a flipped hash":           testFlippedHash,
		"a dropped row":            testDroppedRow,
		"a rewritten tail":         testRewrittenTail,
		"a withheld checkpoint":    testWithheldCheckpoint,
		"withheld from a witness":  testWithheldFromWitness,
		"a restored backup":        testRestoredBackup,
		"a forged checkpoint":      testForgedCheckpoint,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, dsn)
		})
	}
}

func note(port string, n int) audit.Leaf {
	return audit.Leaf{At: noon, Kind: audit.Exchange, Port: port, Data: map[string]int{"n": n}}
}

func notes(port string, n int) []audit.Leaf {
	all := make([]audit.Leaf, n)
	for i := range all {
		all[i] = note(port, i)
	}
	return all
}

// requireProved proves every leaf of a port against the log's root, as tlog checks it.
func requireProved(t testing.TB, l *ledger.Ledger, port string, want int) {
	t.Helper()
	tree, err := l.LogTree(t.Context())
	require.NoError(t, err)
	root, err := tree.Root()
	require.NoError(t, err)
	leaves, err := l.LeavesOf(t.Context(), port)
	require.NoError(t, err)
	require.Len(t, leaves, want)
	for _, leaf := range leaves {
		proof, err := tlog.ProveRecord(tree.Size, leaf.Index, l.LogHashes(t.Context()))
		require.NoError(t, err)
		require.NoError(t, tlog.CheckRecord(proof, tree.Size, root, leaf.Index, tlog.RecordHash(leaf.Text)))
	}
}

func testLeavesProved(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	for i := range 40 {
		require.NoError(t, l.Append(t.Context(), notes(fmt.Sprintf("pi-%d", i%3), i)...))
	}
	leaves := 0
	for leaf, err := range l.Leaves(t.Context(), 0) {
		require.NoError(t, err)
		require.Equal(t, int64(leaves), leaf.Index)
		leaves++
	}
	require.Equal(t, 39*40/2, leaves)
	requireProved(t, l, "pi-1", 247)
}

func testLeafOnce(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	once, other := note("pi-1", 1), note("pi-2", 1)
	once.Ref, other.Ref = "submit/1", "submit/1"
	require.NoError(t, l.Append(t.Context(), once, once, note("pi-1", 2)))
	require.NoError(t, l.Append(t.Context(), once, other))
	requireProved(t, l, "pi-1", 2)
	requireProved(t, l, "pi-2", 1)
}

func testEvidence(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	claim(t, l, "pi-1", "0101")
	leaf := note("pi-1", 1)
	leaf.Evidence = [][]byte{[]byte("a statement"), []byte("its signature")}
	require.NoError(t, l.Append(t.Context(), leaf, leaf))

	body, err := l.Evidence(t.Context(), audit.Digest([]byte("a statement")), "pi-1")
	require.NoError(t, err)
	require.Equal(t, "a statement", string(body))
	shredded, err := l.ShredEvidence(t.Context(), noon.AddDate(5, 0, 0), noon)
	require.NoError(t, err)
	require.Zero(t, shredded, "the port is open")

	require.NoError(t, l.Release(t.Context(), "pi-1", "completed", noon))
	shredded, err = l.ShredEvidence(t.Context(), noon, noon)
	require.NoError(t, err)
	require.Zero(t, shredded, "its time is not over")
	shredded, err = l.ShredEvidence(t.Context(), noon.AddDate(3, 0, 0), noon)
	require.NoError(t, err)
	require.EqualValues(t, 2, shredded)
	body, err = l.Evidence(t.Context(), audit.Digest([]byte("a statement")), "pi-1")
	require.NoError(t, err)
	require.Nil(t, body)
}

func testDeskAnswerTold(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	task := deskTask("pi-1", 1, porting.StepSubmit)
	task.Mail = ledger.DeskMailNone
	_, err := l.OpenDeskTask(t.Context(), task)
	require.NoError(t, err)
	answer := ledger.DeskAnswer{PortID: "pi-1", Seq: 2, TaskID: task.ID, Statement: []byte("what was said"), Signature: "signed", By: "ana", At: noon}
	for range 2 {
		require.NoError(t, l.AnswerDeskTask(t.Context(), answer))
	}
	leaves, err := l.LeavesOf(t.Context(), "pi-1")
	require.NoError(t, err)
	require.Len(t, leaves, 1, "the same answer again is told once")
	require.Equal(t, audit.DeskAnswer, leaves[0].Kind)
	require.Contains(t, string(leaves[0].Text), `"by":"ana","signed":true`)
	statement, err := l.Evidence(t.Context(), audit.Digest(answer.Statement), "pi-1")
	require.NoError(t, err)
	require.Equal(t, answer.Statement, statement)
}

func testLeavesBetween(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	for day := range 4 {
		at := note("pi-1", day)
		at.At = noon.AddDate(0, 0, day)
		require.NoError(t, l.Append(t.Context(), at))
	}
	var found []int64
	for leaf, err := range l.LeavesBetween(t.Context(), noon.AddDate(0, 0, 1), noon.AddDate(0, 0, 3), audit.Exchange, audit.Decided) {
		require.NoError(t, err)
		found = append(found, leaf.Index)
	}
	require.Equal(t, []int64{1, 2}, found)
}

func testBadLeaf(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	require.Error(t, l.Append(t.Context(), note("pi-1", 1), audit.Leaf{Kind: audit.Exchange}))
	requireProved(t, l, "pi-1", 0)
}

func testRaceAppend(t *testing.T, dsn newDSN) {
	where := dsn(t)
	const writers, each = 4, 25
	done := make(chan error, writers)
	for w := range writers {
		l := open(t, where)
		go func() {
			var err error
			for i := 0; i < each && err == nil; i++ {
				shared := note("pi-shared", i)
				shared.Ref = fmt.Sprint(i)
				err = l.Append(t.Context(), note(fmt.Sprintf("pi-%d", w), i), shared)
			}
			done <- err
		}()
	}
	for range writers {
		require.NoError(t, <-done)
	}
	l := open(t, where)
	requireProved(t, l, "pi-0", each)
	requireProved(t, l, "pi-shared", each)
}
