package porting

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
	{Confirmed, EventExpired, RollingBack},
	{Activating, EventActivated, Active},
	{Activating, EventActivationFailed, Confirmed},
	{Active, EventVerified, Completed},
	{RollingBack, EventRolledBack, closed},
}

// anywhere holds the moves that are legal in every open stage.
var anywhere = []Transition{
	{"", EventRevoked, RollingBack},
	{"", EventCancelled, RollingBack},
}

// stays holds the events that are recorded without a move.
var stays = []Event{EventDecision, EventNote, EventCarrierNews, EventIgnored, EventWarned, EventEscalated, EventUndone,
	EventUndoStuck, EventUnknownState}

// Transitions lists every legal move of a direction, open-stage moves spelled out, for documents and tests.
func Transitions(d Direction) []Transition {
	if d != PortIn {
		return nil
	}
	all := append([]Transition(nil), portIn...)
	for _, s := range openStages(portIn) {
		for _, t := range anywhere {
			if s != RollingBack {
				all = append(all, Transition{s, t.On, t.To})
			}
		}
	}
	return all
}

// Next is the stage after an event. ends is true where the event closes the port in its present stage.
func Next(d Direction, from Stage, on Event) (to Stage, ends bool, err error) {
	for _, e := range stays {
		if e == on {
			return from, false, nil
		}
	}
	for _, t := range Transitions(d) {
		if t.From == from && t.On == on {
			if t.To == closed {
				return from, true, nil
			}
			return t.To, t.To == Completed, nil
		}
	}
	return from, false, &Error{Kind: Failed, Code: "illegal-transition", Op: "move port", Object: string(from),
		Detail: "no move on " + string(on) + " from here", Next: "this is a defect: report it with the port's timeline"}
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
