package evidence

import (
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/porting"
)

// State is what a check came to.
type State string

// States of checks.
const (
	OK     State = "ok"
	Remark State = "remark" // not proved, and not wrong: the detail says what is only claimed
	Failed State = "failed"
)

// Check is one thing that was looked at.
type Check struct {
	Name   string `json:"name"`
	State  State  `json:"state"`
	Detail string `json:"detail"`
}

// Pins are what an auditor holds to be true beforehand. What is not pinned is taken from the bundle, and remarked.
type Pins struct {
	Key   string // public key of the log's checkpoints
	Roots []byte // file of the registry's root keys
}

// Verified is what a bundle proves.
type Verified struct {
	Port       string           `json:"port"`
	Log        string           `json:"log"`
	Key        string           `json:"key"`
	Checkpoint audit.Checkpoint `json:"-"`
	Size       int64            `json:"size"`
	SignedAt   time.Time        `json:"signed_at"`
	Outcome    porting.Outcome  `json:"outcome,omitempty"`
	Proved     bool             `json:"proved"` // no check failed
	Checks     []Check          `json:"checks"`
	Events     []Event          `json:"events"`
}

// Event is a leaf as people read it.
type Event struct {
	Index  int64      `json:"index"`
	At     time.Time  `json:"at"`
	By     time.Time  `json:"signed_by,omitzero"` // a checkpoint of this time holds it
	Kind   audit.Kind `json:"kind"`
	Detail string     `json:"detail"`
}

// entry is a leaf that was read.
type entry struct {
	audit.Record
	Index int64
}

// verifier looks at a bundle, check after check.
type verifier struct {
	Bundle
	pins    Pins
	by      note.Verifier
	last    audit.SignedCheckpoint
	entries []entry
	signed  map[int64]time.Time // by index: the first checkpoint that held a leaf
	out     Verified
}

// Verify looks at everything in a bundle that can be looked at without us. An error means that nothing could be: the checks
// say what is wrong otherwise.
func Verify(b Bundle, pins Pins) (Verified, error) {
	v := &verifier{Bundle: b, pins: pins, signed: map[int64]time.Time{}}
	v.out = Verified{Port: b.Manifest.Port, Log: b.Manifest.Origin, Proved: true}
	if err := v.openCheckpoint(); err != nil {
		return Verified{}, err
	}
	v.readLeaves()
	for _, check := range []func(){v.inclusion, v.consistency, v.documentsThere, v.order, v.sequence, v.decisions, v.fraud, v.exchanges, v.beside} {
		check()
	}
	v.tell()
	return v.out, nil
}

func (v *verifier) say(state State, name, format string, args ...any) {
	v.out.Checks = append(v.out.Checks, Check{name, state, fmt.Sprintf(format, args...)})
	v.out.Proved = v.out.Proved && state != Failed
}

// each says that all of many things hold, or names those that do not.
func (v *verifier) each(name string, wrong []string, right string) {
	for _, detail := range wrong {
		v.say(Failed, name, "%s", detail)
	}
	if len(wrong) == 0 {
		v.say(OK, name, "%s", right)
	}
}

func (v *verifier) openCheckpoint() error {
	key := v.Manifest.Key
	if v.pins.Key != "" {
		key = v.pins.Key
	}
	by, err := note.NewVerifier(key)
	if err != nil {
		return &porting.Error{Kind: porting.Invalid, Code: "checkpoint-key-malformed", Op: "verify evidence", Detail: "the checkpoint's public key cannot be read", Next: "take it from `portsaga audit checkpoint`"}
	}
	v.by, v.out.Key = by, key
	v.last, err = audit.OpenCheckpoint(v.Checkpoint, by)
	switch {
	case err != nil:
		v.say(Failed, "checkpoint", "%v", err)
	case v.pins.Key == "":
		v.say(Remark, "checkpoint", "signed by the key that came with it, %s: pin a copy of your own", key)
	default:
		v.say(OK, "checkpoint", "%d leaves, signed by the pinned key on %s", v.last.Size, v.last.At.Format(time.RFC3339))
	}
	v.out.Checkpoint, v.out.Size, v.out.SignedAt = v.last.Checkpoint, v.last.Size, v.last.At
	return nil
}

func (v *verifier) readLeaves() {
	for _, leaf := range v.Leaves {
		r, err := audit.ReadRecord([]byte(leaf.Text))
		if err != nil {
			v.say(Failed, "leaves", "leaf %d cannot be read", leaf.Index)
			continue
		}
		if r.Port != v.Manifest.Port && r.Port != "" {
			v.say(Failed, "leaves", "leaf %d is of another port", leaf.Index)
			continue
		}
		v.entries = append(v.entries, entry{r, leaf.Index})
	}
}

// inclusion proves every leaf to be in the log that the checkpoint signs, at its place, and none to be left out before the last.
func (v *verifier) inclusion() {
	wrong := v.withheld()
	before := int64(-1)
	for _, leaf := range v.Leaves {
		if tlog.CheckRecord(leaf.Proof, v.last.Size, v.last.Root, leaf.Index, tlog.RecordHash([]byte(leaf.Text))) != nil {
			wrong = append(wrong, fmt.Sprintf("%s: leaf %d is not in the log that the checkpoint signs", audit.LeafUnproved, leaf.Index))
		}
		if leaf.Index <= before {
			wrong = append(wrong, fmt.Sprintf("leaf %d is out of order", leaf.Index))
		}
		before = leaf.Index
	}
	if len(v.Leaves) == 0 {
		wrong = append(wrong, "there is no leaf")
	}
	v.each("inclusion", wrong, fmt.Sprintf("%d leaves are in the log of %d", len(v.Leaves), v.last.Size))
}

// withheld names the leaves of the port that are left out: each one says which comes before it.
func (v *verifier) withheld() (wrong []string) {
	var before *int64
	for _, e := range v.entries {
		if e.Port == "" {
			continue
		}
		if (e.After == nil) != (before == nil) || (before != nil && *e.After != *before) {
			wrong = append(wrong, fmt.Sprintf("%s: a leaf of the port before leaf %d is left out", audit.LeafWithheld, e.Index))
		}
		before = &e.Index
	}
	return wrong
}

// consistency proves that the log goes on from the checkpoints of before, which say by when each leaf was written.
func (v *verifier) consistency() {
	var wrong []string
	for _, earlier := range v.Earlier {
		c, err := audit.OpenCheckpoint([]byte(earlier.Note), v.by)
		if err == nil {
			err = tlog.CheckTree(earlier.Proof, v.last.Size, v.last.Root, c.Size, c.Root)
		}
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("%s: the log does not go on from checkpoint %d: %v", audit.TailRewritten, c.Number, err))
			continue
		}
		v.coveredBy(c)
	}
	v.coveredBy(v.last)
	v.each("consistency", wrong, fmt.Sprintf("the log goes on from %d earlier checkpoints", len(v.Earlier)))
}

func (v *verifier) coveredBy(c audit.SignedCheckpoint) {
	for _, leaf := range v.Leaves {
		if _, known := v.signed[leaf.Index]; !known && leaf.Index < c.Size {
			v.signed[leaf.Index] = c.At
		}
	}
}

// documentsThere looks for the documents that leaves name.
func (v *verifier) documentsThere() {
	var wrong []string
	erased, named := 0, map[string]bool{}
	for _, e := range v.entries {
		for _, digest := range e.Evidence {
			document, there := v.Documents[digest]
			switch {
			case !there:
				erased++
			case audit.Digest(document) != digest:
				wrong = append(wrong, fmt.Sprintf("the document %s is not the one that leaf %d names", digest, e.Index))
			}
			named[digest] = true
		}
	}
	for digest := range v.Documents {
		if !named[digest] {
			wrong = append(wrong, fmt.Sprintf("no leaf names the document %s", digest))
		}
	}
	if erased > 0 {
		v.say(Remark, "documents", "%d documents were destroyed or held back; the leaves that name them stay", erased)
	}
	v.each("documents", wrong, fmt.Sprintf("%d documents are those that the leaves name", len(v.Documents)))
}

// order holds the order in clear against the digests that were screened, signed and sent.
func (v *verifier) order() {
	if v.Order == nil {
		v.say(Remark, "order", "the order is not in the file: its digest alone is proved")
		return
	}
	digest := porting.OrderDigest(v.Order.Salt, v.Order.Order)
	for _, e := range v.entries {
		var fact struct {
			Order string `json:"order_digest"`
		}
		if (e.Kind == audit.Screened || e.Kind == audit.Submission) && e.Into(&fact) == nil && fact.Order == digest {
			v.say(OK, "order", "the order is the one of leaf %d, %s", e.Index, e.Kind)
			return
		}
	}
	v.say(Failed, "order", "the order is none that was screened or sent")
}

// exchanges holds what was said with carriers against the leaves that tell it.
func (v *verifier) exchanges() {
	told := map[audit.ExchangeFact]int{}
	leaves := 0
	for _, e := range v.entries {
		var fact audit.ExchangeFact
		if e.Kind == audit.Exchange && e.Into(&fact) == nil {
			told[fact]++
			leaves++
		}
	}
	if leaves == 0 && len(v.Exchanges) == 0 {
		return
	}
	var wrong []string
	for _, x := range v.Exchanges {
		fact := audit.ExchangeFact{
			Carrier: x.Carrier, Step: x.Step, Method: x.Method, Path: x.Path, Status: x.Status, Failure: x.Failure,
			Request: audit.Digest([]byte(x.Request)), Answer: audit.Digest([]byte(x.Answer)),
		}
		if told[fact]--; told[fact] < 0 {
			wrong = append(wrong, fmt.Sprintf("no leaf tells what was said at %s", x.At.UTC().Format(time.RFC3339)))
		}
	}
	if forgotten := leaves - len(v.Exchanges); forgotten > 0 {
		v.say(Remark, "exchanges", "the words of %d exchanges with the carrier are not kept any more: their digests alone are proved", forgotten)
	}
	v.each("exchanges", wrong, fmt.Sprintf("%d exchanges with the carrier are those that leaves tell", len(v.Exchanges)))
}

// beside remarks what is in the file and proved by nothing.
func (v *verifier) beside() {
	if len(v.History) > 0 {
		v.say(Remark, "history", "Temporal's history is as its server gave it: whoever may write to the namespace can change it")
	}
	if n := len(v.Transitions); n > 0 {
		last := v.Transitions[n-1]
		v.say(Remark, "transitions", "the port has not ended: %d transitions, the last one to %s on %s, are as its saga tells them; they are logged at its end",
			n, last.Stage, last.At.UTC().Format(time.RFC3339))
	}
}
