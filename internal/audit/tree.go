package audit

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Tree is how far a log has come: its size, and the right edge of its Merkle tree, which is all that the next leaf needs.
type Tree struct {
	Size int64
	edge map[int64]tlog.Hash // by stored index: the complete subtrees, of which there is one for every bit of Size
}

// OpenTree is a tree of a size whose edge was kept.
func OpenTree(size int64, edge []byte) (*Tree, error) {
	t := &Tree{Size: size, edge: map[int64]tlog.Hash{}}
	hashes, err := SplitHashes(edge)
	at := edgeOf(size)
	if err != nil || len(hashes) != len(at) {
		return nil, fmt.Errorf("the edge of a tree of %d leaves does not have %d bytes", size, len(edge))
	}
	for i, index := range at {
		t.edge[index] = hashes[i]
	}
	return t, nil
}

// edgeOf lists the stored indexes of the complete subtrees of a tree, from the smallest to the largest.
func edgeOf(size int64) []int64 {
	var at []int64
	for level, rest := 0, size; rest > 0; level, rest = level+1, rest>>1 {
		if rest&1 == 1 {
			at = append(at, tlog.StoredHashIndex(level, rest-1))
		}
	}
	return at
}

// Add appends a leaf and returns the hashes that it completes, its own first: hash i has the level i, and all of them are
// kept beside the leaf.
func (t *Tree) Add(leaf []byte) ([]tlog.Hash, error) { return t.addHash(tlog.RecordHash(leaf)) }

func (t *Tree) addHash(leaf tlog.Hash) ([]tlog.Hash, error) {
	hashes, err := tlog.StoredHashesForRecordHash(t.Size, leaf, t)
	if err != nil {
		return nil, err
	}
	first := tlog.StoredHashIndex(0, t.Size)
	for i, h := range hashes {
		t.edge[first+int64(i)] = h
	}
	t.Size++
	edge := make(map[int64]tlog.Hash, len(t.edge))
	for _, index := range edgeOf(t.Size) {
		edge[index] = t.edge[index]
	}
	t.edge = edge
	return hashes, nil
}

// Root is the hash of the tree's root.
func (t *Tree) Root() (tlog.Hash, error) { return tlog.TreeHash(t.Size, t) }

// Edge is what OpenTree reads.
func (t *Tree) Edge() []byte {
	var edge []tlog.Hash
	for _, index := range edgeOf(t.Size) {
		edge = append(edge, t.edge[index])
	}
	return JoinHashes(edge)
}

// ReadHashes implements tlog.HashReader for the tree's edge.
func (t *Tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		h, known := t.edge[index]
		if !known {
			return nil, fmt.Errorf("hash %d is not on the edge of a tree of %d leaves", index, t.Size)
		}
		hashes[i] = h
	}
	return hashes, nil
}

// KeptWith is where a stored hash is: beside which leaf, and as which of its hashes.
func KeptWith(index int64) (leaf int64, level int) {
	level, n := tlog.SplitStoredHashIndex(index)
	return (n+1)<<level - 1, level
}

// JoinHashes writes hashes one behind the other.
func JoinHashes(hashes []tlog.Hash) []byte {
	joined := make([]byte, 0, len(hashes)*tlog.HashSize)
	for _, h := range hashes {
		joined = append(joined, h[:]...)
	}
	return joined
}

// SplitHashes reads what JoinHashes wrote.
func SplitHashes(joined []byte) ([]tlog.Hash, error) {
	if len(joined)%tlog.HashSize != 0 {
		return nil, fmt.Errorf("%d bytes are no hashes", len(joined))
	}
	hashes := make([]tlog.Hash, len(joined)/tlog.HashSize)
	for i := range hashes {
		copy(hashes[i][:], joined[i*tlog.HashSize:])
	}
	return hashes, nil
}
