package audit

import "fmt"

// Codes of what a look at a log finds wrong.
const (
	LeafAltered        = "leaf-altered"        // its bytes are not those that were hashed
	ColumnAltered      = "column-altered"      // what is beside it says something else
	LeafMissing        = "leaf-missing"        // an index has no leaf
	LeafWithheld       = "leaf-withheld"       // a port's leaf is not among those that are shown
	LeafUnproved       = "leaf-unproved"       // no proof brings it to the checkpoint
	HashAltered        = "hash-altered"        // a hash of the tree is not what its leaves give
	TreeAltered        = "tree-altered"        // the end of the log is not where the ledger says
	TailRewritten      = "tail-rewritten"      // the log is sound in itself, and is not the one that a checkpoint signed
	LogShorter         = "log-shorter"         // a checkpoint signed more leaves than there are: an old backup
	LogReplaced        = "log-replaced"        // a checkpoint is of another log
	CheckpointForged   = "checkpoint-forged"   // its signature is not one by the pinned key
	CheckpointWithheld = "checkpoint-withheld" // the log says that it was signed, and it is not where it should be
	CheckpointOverdue  = "checkpoint-overdue"  // the last one is too old
)

// Finding is one thing that is wrong with a log. It is an error of its own, and a line of a report.
type Finding struct {
	Code   string `json:"code"`
	Index  int64  `json:"index,omitempty"`      // of the leaf, where it is about one
	Number int64  `json:"checkpoint,omitempty"` // of the checkpoint, where it is about one
	Detail string `json:"detail"`
}

func (f *Finding) Error() string { return fmt.Sprintf("%s: %s", f.Code, f.Detail) }
