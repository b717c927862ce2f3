package audit_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/portsaga/portsaga/internal/audit"
)

// stored is a tree whose every hash is kept, as tlog itself keeps them.
type stored []tlog.Hash

func (s stored) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		hashes[i] = s[index]
	}
	return hashes, nil
}

func TestTreeGrowsAsTlogSays(t *testing.T) {
	t.Parallel()
	var all stored
	tree, err := audit.OpenTree(0, nil)
	require.NoError(t, err)
	for n := range int64(300) {
		leaf := fmt.Appendf(nil, "leaf %d", n)
		want, err := tlog.StoredHashes(n, leaf, all)
		require.NoError(t, err)
		got, err := tree.Add(leaf)
		require.NoError(t, err)
		require.Equal(t, want, got)
		for i := range got {
			keptWith, level := audit.KeptWith(int64(len(all) + i))
			require.Equal(t, n, keptWith)
			require.Equal(t, i, level)
		}
		all = append(all, want...)

		root, err := tlog.TreeHash(n+1, all)
		require.NoError(t, err)
		grown, err := tree.Root()
		require.NoError(t, err)
		require.Equal(t, root, grown)
		tree, err = audit.OpenTree(tree.Size, tree.Edge())
		require.NoError(t, err, "a tree goes on from its edge")
	}
}

func TestOpenTreeRefusesAnotherEdge(t *testing.T) {
	t.Parallel()
	for _, edge := range [][]byte{nil, make([]byte, 31), make([]byte, 32), make([]byte, 96)} {
		_, err := audit.OpenTree(3, edge)
		require.Error(t, err)
	}
}
