package porting

import "slices"

// Transition is one legal move. To is empty where the event closes the port in the stage that it reached.
type Transition struct {
	From Stage
	On   Event
	To   Stage
}

// closed marks a transition that ends the port where it stands.
const closed Stage = ""

// portIn holds every legal move of a port-in, in the order of the story. Nothing else changes a stage.
var portIn = []Transition{
	{"", EventReceived, Received},
	{Received, EventAccepted, Screening},
	{Received, EventRefused, RollingBack},
	{Screening, EventScreened, Verifying},
	{Screening, EventBlocked, RollingBack},
	{Verifying, EventApproved, Submitting},
	{Verifying, EventDeclined, RollingBack},
	{Verifying, EventExpired, RollingBack},
	{Submitting, EventSubmitted, Submitted},
	{Submitting, EventApprovalVoid, Verifying},
	{Submitting, EventCarrierRejected, Exception},
	{Submitting, EventCarrierRefused, RollingBack},
	{Submitted, EventConfirmed, Confirmed},
	{Submitted, EventCarrierRejected, Exception},
	{Submitted, EventCarrierRefused, RollingBack},
	{Submitted, EventExpired, RollingBack},
	{Exception, EventAmended, Screening},
	{Exception, EventExpired, RollingBack},
	{Confirmed, EventFOCChanged, Confirmed},
	{Confirmed, EventCarrierRejected, Exception},
	{Confirmed, EventCarrierRefused, RollingBack},
	{Confirmed, EventActivationStarted, Activating},
	{Confirmed, EventDeclined, RollingBack}, // approved again, or not, after the gate found the decisions void
	{Confirmed, EventExpired, RollingBack},
	{Activating, EventActivated, Active},
	{Activating, EventActivationFailed, Confirmed},
	{Active, EventVerified, Completed},
	{Active, EventPartlyVerified, closed},
	{Active, EventIncomplete, RollingBack},
	{RollingBack, EventRolledBack, closed},
}

// anywhere holds the moves that are legal in every open stage.
var anywhere = []Transition{
	{"", EventRevoked, RollingBack},
	{"", EventCancelled, RollingBack},
}

// holdable are the stages in which a port can be put on hold, and to which it returns.
var holdable = []Stage{Screening, Verifying, Submitting, Submitted, Exception, Confirmed}

// Holdable reports whether a port in that stage can be put on hold.
func Holdable(s Stage) bool { return slices.Contains(holdable, s) || slices.Contains(holdableOut, s) }

// stays holds the events that are recorded without a move.
var stays = []Event{
	EventDecision, EventExtended, EventReassigned, EventNote, EventCarrierNews, EventIgnored, EventWarned, EventEscalated, EventUndone,
	EventUndoStuck, EventUnknownState, EventReply, EventBreached, EventReleased,
}

// story is the table of a direction, with what is legal in many of its stages.
type story struct {
	table    []Transition
	holdable []Stage
	anywhere []Transition
}

var stories = map[Direction]story{PortIn: {portIn, holdable, anywhere}, PortOut: {portOut, holdableOut, anywhereOut}}

// moves are the tables with the moves of holds and of every open stage spelled out.
var moves = map[Direction][]Transition{PortIn: stories[PortIn].spellOut(), PortOut: stories[PortOut].spellOut()}

// Transitions lists every legal move of a direction, for documents and tests.
func Transitions(d Direction) []Transition { return slices.Clone(moves[d]) }

func (y story) spellOut() []Transition {
	all := slices.Clone(y.table)
	for _, s := range y.holdable {
		all = append(all, Transition{s, EventHeld, OnHold}, Transition{OnHold, EventResumed, s})
	}
	for _, s := range append(openStages(y.table), OnHold) {
		for _, t := range y.anywhere {
			if s != RollingBack {
				all = append(all, Transition{s, t.On, t.To})
			}
		}
	}
	return all
}

// Next is the stage after an event. ends is true where the event closes the port in its present stage.
func Next(d Direction, from Stage, on Event) (to Stage, ends bool, err error) {
	if slices.Contains(stays, on) {
		return from, false, nil
	}
	for _, t := range moves[d] {
		if t.From == from && t.On == on {
			if t.To == closed {
				return from, true, nil
			}
			return t.To, t.To == Completed, nil
		}
	}
	return from, false, &Error{
		Kind: Failed, Code: "illegal-transition", Op: "move port", Object: string(from),
		Detail: "no move on " + string(on) + " from here", Next: "this is a defect: report it with the port's timeline",
	}
}

// openStages lists the stages that a table can leave, each once, in table order.
func openStages(table []Transition) []Stage {
	var stages []Stage
	seen := map[Stage]bool{"": true}
	for _, t := range table {
		if !seen[t.From] {
			seen[t.From] = true
			stages = append(stages, t.From)
		}
	}
	return stages
}
