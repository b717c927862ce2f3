package ledger_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/ledger"
)

// envLeaves is how many leaves testManyLeaves appends and proves.
const envLeaves = "PORTSAGA_AUDIT_LEAVES"

// testManyLeaves appends many leaves, as the steps of a port do: some at once. It proves every one of them against the
// root, holds the whole log against it, and says how fast that was.
func testManyLeaves(t *testing.T, dsn newDSN) {
	many := 2000
	if s := os.Getenv(envLeaves); s != "" {
		var err error
		many, err = strconv.Atoi(s)
		require.NoError(t, err)
	}
	const atOnce = 100
	l := open(t, dsn(t))
	leaves := make([]audit.Leaf, many)
	for i := range leaves {
		leaves[i] = note(fmt.Sprintf("pi-%d", i/50), i)
	}
	began := time.Now()
	for batch := range slices.Chunk(leaves, atOnce) {
		require.NoError(t, l.Append(t.Context(), batch...))
	}
	appended := time.Since(began)

	tree, err := l.LogTree(t.Context())
	require.NoError(t, err)
	root, err := tree.Root()
	require.NoError(t, err)
	began = time.Now()
	for index := range tree.Size {
		requireLeafProved(t, l, tree.Size, root, index)
	}
	proved := time.Since(began)
	began = time.Now()
	seen, err := audit.Examination{Leaves: l.Leaves(t.Context(), 0), Tree: tree}.Examine()
	require.NoError(t, err)
	require.Empty(t, seen.Findings)
	require.EqualValues(t, many, seen.Leaves)
	require.Equal(t, root.String(), seen.Root)
	t.Logf("leaves=%d appended in %v (%.0f/s), all proved in %v (%.0f/s), the whole log held against its root in %v",
		many, appended.Round(time.Millisecond), float64(many)/appended.Seconds(),
		proved.Round(time.Millisecond), float64(many)/proved.Seconds(), time.Since(began).Round(time.Millisecond))
}

// requireLeafProved proves one leaf, from the database on.
func requireLeafProved(t testing.TB, l *ledger.Ledger, size int64, root tlog.Hash, index int64) {
	t.Helper()
	leaf, err := l.Leaf(t.Context(), index)
	require.NoError(t, err)
	proof, err := tlog.ProveRecord(size, index, l.LogHashes(t.Context()))
	require.NoError(t, err)
	require.NoError(t, tlog.CheckRecord(proof, size, root, index, tlog.RecordHash(leaf.Text)))
}

// BenchmarkAppend appends one leaf a transaction, and as many as a step may write.
func BenchmarkAppend(b *testing.B) {
	for _, atOnce := range []int{1, 4, 100} {
		b.Run(strconv.Itoa(atOnce), func(b *testing.B) {
			onBoth(b, func(b *testing.B, dsn newDSN) {
				l := open(b, dsn(b))
				for i := 0; b.Loop(); i++ {
					require.NoError(b, l.Append(b.Context(), notes(strconv.Itoa(i), atOnce)...))
				}
				b.ReportMetric(float64(b.N*atOnce)/b.Elapsed().Seconds(), "leaves/s")
			})
		})
	}
}
