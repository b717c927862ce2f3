package oracle

import (
	"fmt"
	"slices"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

// undoIsExact: what has ended left behind what its outcome says and nothing else: at the carrier, in the ledger, and in its
// own account of what it undid.
func undoIsExact(r Record) []string {
	at := standings(r.Effects)
	var breaches []string
	for _, p := range r.Ports {
		if p.Outcome == "" {
			continue
		}
		if p.Direction == porting.PortIn {
			breaches = append(breaches, at[p.ID].unlike(p)...)
		}
		if p.Holds > 0 {
			breaches = append(breaches, fmt.Sprintf("%s: %s, and the ledger holds %d numbers for it", p.ID, p.Outcome, p.Holds))
		}
		if p.Secrets > 0 && !p.Unclaimed {
			breaches = append(breaches, fmt.Sprintf("%s: %s, and %d secrets are kept", p.ID, p.Outcome, p.Secrets))
		}
		breaches = append(breaches, undoneTwice(p)...)
	}
	return breaches
}

// standing is where an order is at the carrier, and what was asked about it.
type standing struct {
	last  string // thing that happened
	asked map[string]bool
}

func standings(effects []Effect) map[string]standing {
	all := map[string]standing{}
	for _, e := range effects {
		s := all[e.Port]
		if s.asked == nil {
			s.asked = map[string]bool{}
		}
		s.asked[e.Name], s.last = true, e.Name
		all[e.Port] = s
	}
	return all
}

func (s standing) unlike(p Port) []string {
	sent := s.asked[simulator.Submitted]
	says := func(what string) []string { return []string{fmt.Sprintf("%s: %s, and %s", p.ID, p.Outcome, what)} }
	switch p.Outcome {
	case porting.OutcomeCompleted:
		switch {
		case s.last != simulator.Activated:
			return says("the last thing at the carrier is " + or(s.last, "nothing"))
		case s.asked[simulator.CancelAsked] || s.asked[simulator.ReversalAsked]:
			return says("the carrier was asked to undo it")
		}
	case porting.OutcomeReversed:
		if s.last != simulator.Reversed {
			return says("the last thing at the carrier is " + or(s.last, "nothing"))
		}
	case porting.OutcomeDisputed:
		if !s.asked[simulator.Activated] {
			return says("the numbers never moved")
		}
	default:
		switch {
		case s.asked[simulator.Activated]:
			return says("the numbers moved")
		case sent && s.last != simulator.Cancelled && s.last != simulator.Rejected:
			return says("the last thing at the carrier is " + s.last)
		}
	}
	return nil
}

func or(name, nothing string) string {
	if name == "" {
		return nothing
	}
	return name
}

func undoneTwice(p Port) []string {
	seen := map[string]bool{}
	var breaches []string
	for _, u := range p.Undone {
		if u.Event != porting.EventUndone {
			continue
		}
		if seen[u.Note] {
			breaches = append(breaches, fmt.Sprintf("%s: undone twice: %s", p.ID, u.Note))
		}
		seen[u.Note] = true
	}
	return breaches
}

// lawful are the stages in which an open port may rest, and whom it may wait for there, when nothing disturbs it any more.
var lawful = map[porting.Direction]map[porting.Stage][]porting.Waiting{
	porting.PortIn: {
		porting.Verifying:   {porting.WaitingApprover},
		porting.Exception:   {porting.WaitingCustomer, porting.WaitingOperator},
		porting.Confirmed:   {porting.WaitingApprover, porting.WaitingOperator},
		porting.Active:      {porting.WaitingOperator},
		porting.RollingBack: {porting.WaitingOperator},
	},
	porting.PortOut: {
		porting.Deciding:    {porting.WaitingApprover, porting.WaitingCustomer, porting.WaitingOperator},
		porting.Answered:    {porting.WaitingCarrier, porting.WaitingDate, porting.WaitingOperator},
		porting.Releasing:   {porting.WaitingOperator},
		porting.RollingBack: {porting.WaitingOperator, porting.WaitingCarrier},
	},
}

// Rests reports whether a port has ended or waits where it may.
func (p Port) Rests() bool {
	if p.Unread != "" {
		return false
	}
	if p.Outcome != "" {
		return !p.Open
	}
	return p.Open && slices.Contains(lawful[p.Direction][p.Stage], p.WaitingOn)
}

// everythingConverges: every port whose start was acknowledged is there, and rests.
func everythingConverges(r Record) []string {
	there := map[string]bool{}
	var breaches []string
	for _, p := range r.Ports {
		there[p.ID] = true
		switch {
		case p.Unread != "":
			breaches = append(breaches, p.ID+": "+p.Unread)
		case !p.Rests():
			breaches = append(breaches, fmt.Sprintf("%s: %s, waiting on %s, open %t, outcome %q", p.ID, p.Stage, p.WaitingOn, p.Open, p.Outcome))
		case p.turns() != "":
			breaches = append(breaches, fmt.Sprintf("%s: %s, and people decide in vain: %s", p.ID, p.Stage, p.turns()))
		}
	}
	for _, id := range r.Started {
		if !there[id] {
			breaches = append(breaches, id+": its start was acknowledged, and there is no such port")
		}
	}
	return breaches
}

// inVain is how often the decisions of people may be void before they are asked in circles.
const inVain = 5

// turns is why an open port goes in circles; empty where it does not.
func (p Port) turns() string {
	n, why := 0, ""
	for _, e := range p.Timeline {
		if e.Event == porting.EventApprovalVoid {
			n, why = n+1, e.Note
		}
	}
	if n < inVain || p.Outcome != "" {
		return ""
	}
	return fmt.Sprintf("%d times, %s", n, why)
}
