package simulator

import (
	"slices"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// What can happen to an order at this carrier. Scenarios use these names.
const (
	Submitted       = "submitted"        // we sent it
	Supplemented    = "supplemented"     // we sent a higher version
	CancelAsked     = "cancel-asked"     // we asked for the cancel
	ActivationAsked = "activation-asked" // we asked for the activation
	ReversalAsked   = "reversal-asked"   // we asked for the reverse port

	Confirmed    = "confirmed"     // FOC given
	Rejected     = "rejected"      // with a code and a text
	FOCChanged   = "foc-changed"   // the FOC slips
	Jeopardised  = "jeopardised"   // the FOC is in danger
	Activated    = "activated"     // the numbers moved
	Cancelled    = "cancelled"     // the cancel is acknowledged, or its people cancel by themselves
	PortedAnyway = "ported-anyway" // the numbers moved although the cancel was taken
	Reversed     = "reversed"      // the numbers are back

	MessagingActivated = "messaging-activated" // SMS and MMS followed the voice
)

// passed marks, in the journal, a step whose moment came while the order stood elsewhere.
const passed = "passed"

// The carrier's own words for where an order stands.
const (
	wordReceived         = "received"
	wordRejected         = "rejected"
	wordFOC              = "foc"
	wordJeopardy         = "jeopardy"
	wordActivating       = "activating"
	wordActive           = "active"
	wordCancelRequested  = "cancel-requested"
	wordCancelled        = "cancelled"
	wordReverseRequested = "reverse-requested"
	wordReversed         = "reversed"

	wordFailed  = "failed"  // of a number: it did not move with the others
	wordWaiting = "waiting" // of messaging: it is not moved yet
)

// move is what an event does to an order.
type move struct {
	asked   bool     // by a request of ours; all others the carrier does by itself
	from    []string // where the order must stand
	to      string
	already []string // where the request was taken before, and does nothing
}

var moves = map[string]move{
	Submitted:    {asked: true, from: []string{""}, to: wordReceived},
	Supplemented: {asked: true, from: []string{wordReceived, wordRejected, wordFOC, wordJeopardy}, to: wordReceived},
	CancelAsked: {
		asked: true, from: []string{wordReceived, wordRejected, wordFOC, wordJeopardy}, to: wordCancelRequested,
		already: []string{wordCancelRequested, wordCancelled},
	},
	ActivationAsked: {
		asked: true, from: []string{wordFOC, wordJeopardy}, to: wordActivating,
		already: []string{wordActivating, wordActive},
	},
	ReversalAsked: {
		asked: true, from: []string{wordActive}, to: wordReverseRequested,
		already: []string{wordReverseRequested, wordReversed},
	},

	Confirmed:    {from: []string{wordReceived}, to: wordFOC},
	Rejected:     {from: []string{wordReceived, wordFOC, wordJeopardy}, to: wordRejected},
	FOCChanged:   {from: []string{wordFOC, wordJeopardy}, to: wordFOC},
	Jeopardised:  {from: []string{wordFOC}, to: wordJeopardy},
	Activated:    {from: []string{wordFOC, wordJeopardy, wordActivating}, to: wordActive},
	Cancelled:    {from: []string{wordReceived, wordRejected, wordFOC, wordJeopardy, wordCancelRequested}, to: wordCancelled},
	PortedAnyway: {from: []string{wordCancelRequested, wordCancelled}, to: wordActive},
	Reversed:     {from: []string{wordReverseRequested}, to: wordReversed},

	MessagingActivated: {from: []string{wordActive}, to: wordActive},
}

// order is one order at the carrier. Only apply changes it.
type order struct {
	ref       carrier.Ref
	reference string
	scenario  string
	sent      time.Time // its first version
	numbers   []porting.Number
	left      map[porting.Number]NumberView // numbers that stay behind
	ddd, foc  time.Time
	word      string
	reasons   []Reason
	changes   int
	jobs      []job

	tellsMessaging, messagingMoved bool
}

// job is a step that waits for its moment.
type job struct {
	key  jobKey
	step Step
	at   time.Time
}

// jobKey names a job for ever: the journal's line that began it, and the step of the scenario.
type jobKey struct {
	Line int `json:"line"`
	Step int `json:"step"`
}

// apply writes one line of the journal into the order.
func (o *order) apply(l line, s Scenario) {
	if l.Job != nil {
		o.jobs = slices.DeleteFunc(o.jobs, func(j job) bool { return j.key == *l.Job })
	}
	if l.Effect == passed {
		return
	}
	o.changes++
	o.word = moves[l.Effect].to
	switch l.Effect {
	case Submitted, Supplemented:
		o.ref, o.numbers, o.ddd = l.Ref, l.Numbers, l.DDD
		o.left, o.foc, o.reasons, o.jobs = map[porting.Number]NumberView{}, time.Time{}, nil, nil
		o.tellsMessaging = s.tellsMessaging()
	case Confirmed, FOCChanged:
		o.foc = l.FOC
	case Rejected:
		o.foc, o.reasons = time.Time{}, []Reason{*l.Reason}
	case MessagingActivated:
		o.messagingMoved = true
	}
	for _, n := range l.Left {
		o.left[n.Number] = n
	}
	o.plan(l, s)
}

// plan adds the steps that follow an event.
func (o *order) plan(l line, s Scenario) {
	for i, step := range s.Steps {
		if step.On == l.Effect {
			o.jobs = append(o.jobs, job{key: jobKey{l.Line, i}, step: step, at: step.After.From(l.At)})
		}
	}
}

// due is when a job's moment comes.
func (o *order) due(j job) time.Time {
	if j.step.AfterFOC != nil {
		return j.step.AfterFOC.From(o.foc)
	}
	return j.at
}

// next is the job whose moment comes first, nil if none waits.
func (o *order) next() *job {
	var first *job
	for i := range o.jobs {
		if first == nil || o.due(o.jobs[i]).Before(o.due(*first)) {
			first = &o.jobs[i]
		}
	}
	return first
}

// view is the order as the carrier shows it.
func (o *order) view() OrderView {
	return OrderView{
		Port: o.ref.Port, Version: o.ref.Version, Status: o.word, Change: o.changes, FOC: o.foc, Reasons: o.reasons,
		Numbers: o.numberViews(), Messaging: o.messagingWord(),
	}
}
