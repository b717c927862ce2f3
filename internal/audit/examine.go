package audit

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Examination is a look at a whole log.
type Examination struct {
	Leaves      iter.Seq2[Stored, error]
	Tree        *Tree                 // as the ledger said it was, before the leaves were read
	Later       func() (*Tree, error) // as the ledger says it is now: what was added meanwhile is not looked at; nil where nobody adds
	Checkpoints []SignedCheckpoint    // that others keep, opened with the pinned key
	Complete    bool                  // they should be all of them, so that one that is missing was withheld
	Grace       time.Duration         // how long after it was signed one may be on its way
	Now         time.Time
}

// Examined is what a look at a log came to.
type Examined struct {
	Leaves      int64     `json:"leaves"`
	Root        string    `json:"root"`
	Checkpoints int       `json:"checkpoints"` // that the log was held against
	Findings    []Finding `json:"findings"`
}

// maxFindings is how many findings are told: a log that is broken from an index on has thousands.
const maxFindings = 100

// Examine reads every leaf, and names what is wrong. An error means that the log could not be read.
func (e Examination) Examine() (Examined, error) {
	x := &examiner{Examination: e, tree: &Tree{edge: map[int64]tlog.Hash{}}, told: map[int64]CheckpointFact{}, toldAt: map[int64]time.Time{}}
	slices.SortFunc(x.Checkpoints, func(a, b SignedCheckpoint) int { return cmp.Compare(a.Size, b.Size) })
	for leaf, err := range e.Leaves {
		if err != nil {
			return Examined{}, err
		}
		if leaf.Index >= e.Tree.Size && e.Later != nil {
			x.beyond = leaf.Index + 1
			continue
		}
		if err := x.leaf(leaf); err != nil {
			return Examined{}, err
		}
	}
	if err := x.end(); err != nil {
		return Examined{}, err
	}
	root, err := x.tree.Root()
	if len(x.found) > maxFindings {
		x.found = x.found[:maxFindings]
	}
	return Examined{Leaves: x.seen, Root: root.String(), Checkpoints: len(e.Checkpoints), Findings: x.found}, err
}

type examiner struct {
	Examination
	tree   *Tree // as the leaves give it
	seen   int64
	beyond int64 // how far the leaves go that were not looked at, if there are any
	broken bool  // a leaf is missing: no root can be reckoned behind it
	good   int64
	at     int // of Checkpoints, the next one to compare
	told   map[int64]CheckpointFact
	toldAt map[int64]time.Time
	found  []Finding
}

func (x *examiner) find(f Finding) { x.found = append(x.found, f) }

// leaf looks at the next leaf: is it the next one, does it say what was hashed, and do the hashes follow.
func (x *examiner) leaf(s Stored) error {
	if err := x.compare(); err != nil {
		return err
	}
	for ; x.seen < s.Index; x.seen++ {
		x.broken = true
		if x.seen+maxFindings > s.Index {
			x.find(Finding{Code: LeafMissing, Index: x.seen, Detail: fmt.Sprintf("leaf %d is not there", x.seen)})
		}
	}
	x.seen++
	hashes, err := SplitHashes(s.Hashes)
	if err != nil || len(hashes) == 0 {
		x.broken = true
		x.find(Finding{Code: HashAltered, Index: s.Index, Detail: fmt.Sprintf("the hashes beside leaf %d are no hashes", s.Index)})
		return nil
	}
	if tlog.RecordHash(s.Text) != hashes[0] {
		x.find(Finding{Code: LeafAltered, Index: s.Index, Detail: fmt.Sprintf("leaf %d is not what was hashed", s.Index)})
	}
	x.columns(s)
	if x.broken {
		return nil
	}
	// The tree goes on with the hash that was kept: whoever changed a leaf alone is named by that leaf, not by all that follow.
	follow, err := x.tree.addHash(hashes[0])
	if err != nil {
		return err
	}
	if !slices.Equal(follow, hashes) {
		x.find(Finding{Code: HashAltered, Index: s.Index, Detail: fmt.Sprintf("a hash beside leaf %d does not follow from the leaves", s.Index)})
	}
	return nil
}

// columns compares what is kept beside a leaf, by which it is found, with the leaf.
func (x *examiner) columns(s Stored) {
	r, err := ReadRecord(s.Text)
	if err != nil || !r.At.Equal(s.At) || r.Kind != s.Kind || r.Port != s.Port || r.Ref != s.Ref {
		x.find(Finding{Code: ColumnAltered, Index: s.Index, Detail: fmt.Sprintf("leaf %d is filed as something else than it says", s.Index)})
		return
	}
	var fact CheckpointFact
	if r.Kind == Checkpointed && r.Into(&fact) == nil {
		x.told[fact.Number], x.toldAt[fact.Number] = fact, r.At
	}
}

// compare holds the tree against the checkpoints of its size.
func (x *examiner) compare() error {
	for ; x.at < len(x.Checkpoints) && x.Checkpoints[x.at].Size <= x.seen; x.at++ {
		c := x.Checkpoints[x.at]
		if x.broken || c.Size < x.seen {
			continue
		}
		root, err := x.tree.Root()
		if err != nil {
			return err
		}
		if root == c.Root {
			x.good = c.Size
			continue
		}
		x.find(Finding{Code: TailRewritten, Number: c.Number, Index: x.good, Detail: fmt.Sprintf(
			"checkpoint %d signed other leaves: what lies between leaf %d and leaf %d was rewritten after %s",
			c.Number, x.good, c.Size-1, c.At.Format(time.RFC3339))})
	}
	return nil
}

// end looks at where the log ends, and at what should be beyond it.
func (x *examiner) end() error {
	for ; x.seen < x.Tree.Size && len(x.found) < maxFindings; x.seen++ {
		x.broken = true
		x.find(Finding{Code: LeafMissing, Index: x.seen, Detail: fmt.Sprintf("leaf %d is not there, and the ledger counted it", x.seen)})
	}
	if err := x.compare(); err != nil {
		return err
	}
	for _, c := range x.Checkpoints[x.at:] {
		x.find(Finding{Code: LogShorter, Number: c.Number, Index: x.seen, Detail: fmt.Sprintf(
			"checkpoint %d of %s signed %d leaves, and the log has %d: it was restored from an older backup, or cut off",
			c.Number, c.At.Format(time.RFC3339), c.Size, x.seen)})
	}
	if !x.broken && (x.seen != x.Tree.Size || !slices.Equal(x.tree.Edge(), x.Tree.Edge())) {
		x.find(treeAltered(x.Tree.Size, x.seen))
	}
	x.published()
	return x.grown()
}

// grown holds the leaves that were added meanwhile against the ledger, which counts each as it adds it.
func (x *examiner) grown() error {
	if x.beyond == 0 {
		return nil
	}
	now, err := x.Later()
	if err == nil && now.Size < x.beyond {
		x.find(treeAltered(now.Size, x.beyond))
	}
	return err
}

func treeAltered(counted, leaves int64) Finding {
	return Finding{Code: TreeAltered, Index: counted, Detail: fmt.Sprintf("the ledger says that the log has %d leaves, and it has %d", counted, leaves)}
}

// published looks for checkpoints that the log tells of and nobody else has.
func (x *examiner) published() {
	kept := map[int64]SignedCheckpoint{}
	var newest time.Time
	for _, c := range x.Checkpoints {
		kept[c.Number] = c
		if c.At.After(newest) {
			newest = c.At
		}
	}
	if !x.Complete {
		return
	}
	for number := int64(1); number <= int64(len(x.told)); number++ {
		fact := x.told[number]
		c, there := kept[number]
		switch {
		case !there && x.Now.Sub(x.toldAt[number]) > x.Grace:
			x.find(Finding{Code: CheckpointWithheld, Number: number, Detail: fmt.Sprintf("checkpoint %d was signed, and is not where checkpoints are kept", number)})
		case there && (c.Size != fact.Size || c.Root.String() != fact.Root):
			x.find(Finding{Code: TailRewritten, Number: number, Detail: fmt.Sprintf("the log tells of another checkpoint %d than the one that is kept", number)})
		}
	}
	if x.seen > 0 && x.Now.Sub(newest) > Heartbeat+x.Grace {
		x.find(Finding{Code: CheckpointOverdue, Detail: "the last checkpoint is of " + newest.Format(time.RFC3339)})
	}
}
