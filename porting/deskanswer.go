package porting

import "fmt"

// StepDesk writes into the desk's book what a person of ours signed that a carrier without an API answered.
const StepDesk = "TakeDeskAnswer"

// DeskInput brings an answer to the desk's book.
type DeskInput struct {
	Port      string `json:"port"`
	Carrier   string `json:"carrier"`
	By        string `json:"by,omitempty"` // who brings it: claimed, not proven
	Statement []byte `json:"statement"`
	Signature string `json:"signature,omitempty"`
}

// DeskTaken says who answered, and where the order stands by the book now; or why the answer does not count.
type DeskTaken struct {
	By      string       `json:"by,omitempty"`
	Signed  bool         `json:"signed,omitempty"` // By is proven
	State   CarrierState `json:"state,omitempty"`
	Refused *Error       `json:"refused,omitempty"`
}

// Answers reports whether the event carries the word of a carrier without an API, and not only a hint.
func (e CarrierEvent) Answers() bool { return len(e.Statement) > 0 || e.Signature != "" }

// Note is what the timeline says of an answer that was taken.
func (t DeskTaken) Note() string {
	if t.Signed {
		return "the carrier's answer is in the desk's book: " + string(t.State) + " (signed)"
	}
	return "the carrier's answer is in the desk's book: " + string(t.State) + " (unsigned)"
}

func (p *Port) checkNews(m CarrierEvent) error {
	if len(m.By) > maxName || len(m.Carrier) > maxName || len(m.Hint) > maxName {
		return p.invalid("field-length", fmt.Sprintf("a field has at most %d bytes", maxName))
	}
	if len(m.Statement) > MaxStatement || len(m.Signature) > MaxSignature {
		return p.invalid("field-length", fmt.Sprintf("a statement has at most %d bytes, a signature %d", MaxStatement, MaxSignature))
	}
	switch {
	case !m.Answers():
		return nil
	case len(m.Statement) == 0:
		return p.invalid("statement-missing", "a signature signs a statement, in \"statement\"")
	case p.Leaving != nil || p.Receipt.Carrier == "":
		return p.refuse("no-desk-here", "no carrier without an API is asked for this port now", "look at it again with `port show`")
	}
	return nil
}
