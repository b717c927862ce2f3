package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Leaf is one thing that happened.
type Leaf struct {
	At       time.Time // as the clock of whoever writes it has it: business time for a port's steps
	Kind     Kind
	Port     string   // ID of the port; empty for what concerns none
	Ref      string   // names what it is about: the same kind, port and Ref is appended once. Empty: appended as often as it is written
	Data     any      // plain data for JSON, without personal data
	Evidence [][]byte // documents that the leaf names by their digests; they are kept beside the log
}

// Kind says what happened.
type Kind string

// Kinds of leaves. An intent is written before an irreversible call to a carrier, its outcome after.
const (
	Claimed         Kind = "claimed"          // a port took its numbers
	Screened        Kind = "screened"         // its order was checked
	Decided         Kind = "decided"          // a person said yes or no
	Rejected        Kind = "rejected"         // a signed no was put where the gate looks
	Counted         Kind = "counted"          // the gate counted the decisions, and they suffice
	Submission      Kind = "submission"       // what one version of an order is sent as
	Intent          Kind = "intent"           // an irreversible call is about to be made
	Done            Kind = "done"             // and what the carrier said to it
	Exchange        Kind = "exchange"         // any call to a carrier, or from it
	Revocation      Kind = "revocation"       // the fence was closed, or the wish came too late for that
	ActivationBegun Kind = "activation-begun" // an activation won the fence
	ActivationEnded Kind = "activation-ended" // and how it ended
	Notice          Kind = "notice"           // somebody is to be told
	NoticeSent      Kind = "notice-sent"
	NoticeFailed    Kind = "notice-failed" // refused for good, or too often
	NoticeAgain     Kind = "notice-again"  // a person has it sent once more
	Transition      Kind = "transition"    // a line of a port's timeline
	Closed          Kind = "closed"        // a port ended
	Protection      Kind = "protection"    // a lock or a PIN of a number of ours
	DeskAnswer      Kind = "desk-answer"   // a person at the desk wrote down what a carrier said
	Registry        Kind = "registry"      // a registry of approvers came into use
	Policy          Kind = "policy"        // a policy, of approvals or of the fraud desk, came into use
	Quarantined     Kind = "quarantined"   // activations were stopped
	Lifted          Kind = "quarantine-lifted"
	KeyRotated      Kind = "key-rotated"
	Erased          Kind = "erased"   // documents, or the key of a port, were destroyed
	Held            Kind = "held"     // a port was put under legal hold
	Released        Kind = "released" // and the hold was ended
	Read            Kind = "read"     // somebody had payloads of a port opened
	Exported        Kind = "exported" // somebody took the evidence of a port away
	Checkpointed    Kind = "checkpointed"
)

// Record is a leaf as it is hashed: one line of JSON.
type Record struct {
	At       time.Time       `json:"at"`
	Kind     Kind            `json:"kind"`
	Port     string          `json:"port,omitempty"`
	Ref      string          `json:"ref,omitempty"`
	After    *int64          `json:"after,omitempty"` // index of the port's leaf before; none for its first: so none can be left out
	Data     json.RawMessage `json:"data,omitempty"`
	Evidence []string        `json:"evidence,omitempty"` // digests
}

// Encode writes the exact bytes of a leaf behind another one of its port: the same leaf has the same bytes. Times are kept to
// the microsecond, in UTC.
func (l Leaf) Encode(after *int64) ([]byte, error) {
	if l.At.IsZero() || l.Kind == "" {
		return nil, fmt.Errorf("a leaf has a time and a kind, this one is %q of %v", l.Kind, l.At)
	}
	r := Record{At: l.At.UTC().Truncate(time.Microsecond), Kind: l.Kind, Port: l.Port, Ref: l.Ref, After: after}
	if l.Data != nil {
		var err error
		if r.Data, err = json.Marshal(l.Data); err != nil {
			return nil, fmt.Errorf("write leaf: %w", err)
		}
	}
	for _, document := range l.Evidence {
		r.Evidence = append(r.Evidence, Digest(document))
	}
	return json.Marshal(r)
}

// ReadRecord reads the bytes of a leaf.
func ReadRecord(text []byte) (Record, error) {
	var r Record
	if err := json.Unmarshal(text, &r); err != nil {
		return Record{}, fmt.Errorf("read leaf: %w", err)
	}
	return r, nil
}

// Into reads a record's data into a struct.
func (r Record) Into(data any) error {
	if err := json.Unmarshal(r.Data, data); err != nil {
		return fmt.Errorf("read data of a leaf %q: %w", r.Kind, err)
	}
	return nil
}

// Names reports whether a record names a document by its digest.
func (r Record) Names(digest string) bool { return slices.Contains(r.Evidence, digest) }

// Digest is the SHA-256 of a document, as leaves name it.
func Digest(document []byte) string {
	sum := sha256.Sum256(document)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Stored is a leaf as the ledger keeps it.
type Stored struct {
	Index  int64
	At     time.Time
	Kind   Kind
	Port   string
	Ref    string
	Text   []byte // the exact bytes that are hashed
	Hashes []byte // of the tree, those that the leaf completes
}
