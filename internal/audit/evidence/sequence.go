package evidence

import (
	"fmt"
	"strings"

	"github.com/portsaga/portsaga/internal/audit"
)

// story follows a port through its leaves, and names what never may come so.
type story struct {
	claimed   bool
	counted   bool
	signed    bool // decisions of this port are signed
	intents   map[string]bool
	open      map[string]int64 // intents without an outcome
	fenced    bool             // a revocation closed the fence
	activated bool             // an activation holds the fence
	closed    bool
	wrong     []string
}

func (s *story) must(holds bool, format string, args ...any) {
	if !holds {
		s.wrong = append(s.wrong, fmt.Sprintf(format, args...))
	}
}

// sequence looks at the order in which things happened. The tree fixes it: no leaf can be moved.
func (v *verifier) sequence() {
	s := &story{intents: map[string]bool{}, open: map[string]int64{}, signed: v.hasCounts()}
	for _, e := range v.entries {
		s.at(e)
		var end audit.CloseFact
		if e.Kind == audit.Closed && e.Into(&end) == nil {
			v.out.Outcome = end.Outcome
		}
	}
	v.each("sequence", s.wrong, "intents come before their outcomes, counts before acts, and nothing moved after a revocation")
	for call, index := range s.open {
		v.say(Remark, "sequence", "the outcome of %s (leaf %d) was not written; what the carrier had then is in later leaves", call, index)
	}
	if !s.claimed {
		v.say(Remark, "sequence", "the port's claim is not in the log: it began before there was one, or was refused")
	}
	if !s.closed {
		v.say(Remark, "sequence", "the port has not ended")
	}
}

// hasCounts reports whether the gate counted signed decisions: then it must have, before each act.
func (v *verifier) hasCounts() bool {
	for _, e := range v.entries {
		if e.Kind == audit.Counted {
			return true
		}
	}
	return false
}

func (s *story) at(e entry) {
	switch e.Kind {
	case audit.Claimed:
		s.claimed = true
	case audit.Counted:
		s.counted = true
	case audit.Revocation:
		var r audit.RevocationFact
		s.must(e.Into(&r) == nil, "leaf %d cannot be read", e.Index)
		s.fenced = s.fenced || r.Fence == "closed"
	case audit.ActivationBegun:
		s.must(!s.fenced, "activation-after-revocation: leaf %d begins an activation although the fence was closed", e.Index)
		s.must(s.counted || !s.signed, "leaf %d begins an activation that nobody approved", e.Index)
		s.activated = true
	case audit.ActivationEnded:
		s.must(s.activated, "leaf %d ends an activation that never began", e.Index)
		s.activated = false
	case audit.Intent:
		s.intent(e)
	case audit.Done:
		s.done(e)
	case audit.Closed:
		s.must(!s.closed, "leaf %d ends the port a second time", e.Index)
		s.closed = true
	}
}

func (s *story) intent(e entry) {
	var call audit.CallFact
	if e.Into(&call) != nil {
		s.must(false, "leaf %d cannot be read", e.Index)
		return
	}
	s.intents[e.Ref], s.open[e.Ref] = true, e.Index
	switch call.Call {
	case audit.CallSubmit:
		s.must(s.counted || !s.signed, "leaf %d sends an order that nobody approved", e.Index)
	case audit.CallActivate:
		s.must(s.activated, "leaf %d activates without the fence", e.Index)
	}
}

// done needs the intent of its call. Its own name is the intent's, with what came of it behind.
func (s *story) done(e entry) {
	i := strings.LastIndex(e.Ref, "/")
	if i < 0 {
		i = len(e.Ref)
	}
	call := e.Ref[:i]
	s.must(s.intents[call], "no-intent: leaf %d tells of %s, which nobody had announced", e.Index, call)
	delete(s.open, call)
}
