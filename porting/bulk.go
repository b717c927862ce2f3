package porting

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Bulk is a parent order: many ports that a customer asked for at once. It is the state of the parent saga, small enough
// to be carried over when its history is cut.
type Bulk struct {
	ID         string     `json:"id"`
	Reference  string     `json:"reference"`
	Tenant     string     `json:"tenant,omitempty"`
	Digest     string     `json:"digest,omitempty"` // of all its orders, so that it is resumed with the same ones
	Clock      Clock      `json:"clock,omitzero"`
	Ports      []BulkPort `json:"ports,omitempty"`      // in the order in which they were added
	Waiting    []Order    `json:"waiting,omitempty"`    // added and not started
	NotStarted []int      `json:"not_started,omitzero"` // numbers of each order that will never be started
	Submitters []string   `json:"submitters,omitempty"` // who sent the orders, and may not decide on them
	NextBatch  int        `json:"next_batch"`           // batches are numbered from 0; each is taken once
	Complete   bool       `json:"complete"`             // no batch follows
	RestDue    time.Time  `json:"rest_due,omitzero"`    // until when the last batch should have come, in real time
	RestLate   bool       `json:"rest_late,omitempty"`  // it did not
	Decisions  []Decide   `json:"decisions,omitempty"`  // for every port that comes to be decided on
	Revoked    *Revoke    `json:"revoked,omitempty"`
	Notes      []Entry    `json:"notes,omitempty"`

	places map[string]int // of the ports in Ports, made when it is first needed
}

// BulkPort is one port of a bulk order, as it last reported. In JSON it is an array: an order may have 20,000 of them,
// and all must fit into one payload of 2 MB.
type BulkPort struct {
	ID        string
	Numbers   int
	Stage     Stage // empty until it reported
	Version   int   // of its order, 0 until it reported
	Outcome   Outcome
	Attention bool
	Moved     int
	Decisions int  // how many of the decisions for all it was told
	Revoked   bool // it was told of the revocation
	Step      int  // of the last report; see Progress
}

// MarshalJSON writes the port as an array.
func (p BulkPort) MarshalJSON() ([]byte, error) {
	return json.Marshal([...]any{p.ID, p.Numbers, p.Stage, p.Version, p.Outcome, p.Attention, p.Moved, p.Decisions, p.Revoked, p.Step})
}

// UnmarshalJSON reads the array; fields that a later version added are left alone.
func (p *BulkPort) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, &[...]any{&p.ID, &p.Numbers, &p.Stage, &p.Version, &p.Outcome, &p.Attention, &p.Moved, &p.Decisions, &p.Revoked, &p.Step})
}

// Messages of a bulk order; it also takes decide and revoke, for all of its ports.
const (
	// UpdateAddPorts adds a batch of orders. It answers when there is room for the next.
	UpdateAddPorts = "add-ports"
	// MsgProgress is what a port tells its bulk order.
	MsgProgress = "port-progress"
	// WorkflowBulk is the registered name of the parent saga.
	WorkflowBulk = "PortOrder"
)

// AddPorts is a batch of orders, each one port.
type AddPorts struct {
	Batch  int     `json:"batch"`
	Orders []Order `json:"orders"`
	Last   bool    `json:"last,omitempty"`
}

// Progress is what a port tells its parent when that matters to it. Signals can overtake each other: one with a lower step
// than the last is old news. Zero is always taken; people send that when they tell the fate of a port that cannot.
type Progress struct {
	Port      string  `json:"port"`
	Stage     Stage   `json:"stage"`
	Version   int     `json:"version"`
	Outcome   Outcome `json:"outcome,omitempty"`
	Attention bool    `json:"attention,omitempty"`
	Moved     int     `json:"moved"`
	Step      int     `json:"step,omitempty"`
}

// PortID names the port that carries an order of the bulk.
func (b *Bulk) PortID(o Order) string { return PortID(PortIn, o.TenantOrDefault(), o.Reference) }

// Stopped reports whether nothing else may be started: the order was revoked, or a person rejected it.
func (b *Bulk) Stopped() bool {
	return b.Revoked != nil || slices.ContainsFunc(b.Decisions, func(d Decide) bool { return d.Decision == Reject })
}

// CheckBatch is the validator of a batch.
func (b *Bulk) CheckBatch(a AddPorts) error {
	refuse := func(code, detail, next string) error {
		return &Error{Kind: Refused, Code: code, Op: "add ports to order", Object: b.ID, Detail: detail, Next: next}
	}
	switch {
	case a.Batch < b.NextBatch:
		return nil
	case a.Batch > b.NextBatch:
		return refuse("batch-missing", fmt.Sprintf("batch %d came, batch %d is missing", a.Batch, b.NextBatch), "send the batches in their order")
	case b.Stopped():
		return refuse("order-stopped", "the order was rejected or revoked", "make another order")
	case b.Complete:
		return refuse("order-complete", "the order is complete", "make another order")
	case len(a.Orders) == 0 && !a.Last:
		return refuse("batch-empty", "the batch holds no orders", "")
	}
	seen := map[string]bool{}
	for _, o := range slices.Concat(b.Waiting, a.Orders) {
		id := b.PortID(o)
		if seen[id] || b.port(id) != nil {
			return refuse("order-twice", "two orders are called "+o.Reference, "give every order a reference of its own")
		}
		seen[id] = true
	}
	return nil
}

// Add takes a batch; one that was taken before changes nothing.
func (b *Bulk) Add(a AddPorts) {
	if a.Batch < b.NextBatch {
		return
	}
	b.NextBatch++
	b.Waiting = append(b.Waiting, a.Orders...)
	b.Complete = a.Last
	b.RestLate = b.RestLate && !a.Last
	for _, o := range a.Orders {
		if o.SubmittedBy != "" && !slices.Contains(b.Submitters, o.SubmittedBy) {
			b.Submitters = append(b.Submitters, o.SubmittedBy)
		}
	}
}

// Start takes the next order that waits and lists its port.
func (b *Bulk) Start() Order {
	next := b.Waiting[0]
	b.Waiting = b.Waiting[1:]
	b.Ports = append(b.Ports, BulkPort{ID: b.PortID(next), Numbers: len(next.Numbers)})
	if b.places != nil {
		b.places[b.Ports[len(b.Ports)-1].ID] = len(b.Ports) - 1
	}
	return next
}

// port is the listed port of this ID, nil if there is none.
func (b *Bulk) port(id string) *BulkPort {
	if b.places == nil {
		b.places = make(map[string]int, len(b.Ports))
		for i, p := range b.Ports {
			b.places[p.ID] = i
		}
	}
	if i, ours := b.places[id]; ours {
		return &b.Ports[i]
	}
	return nil
}

// Report folds a port's progress and reports whether it changed anything. News of a port that is not ours or has ended, old
// news, and stages and outcomes that do not exist change nothing.
func (b *Bulk) Report(n Progress) bool {
	p := b.port(n.Port)
	if p == nil || p.Outcome != "" || n.Step != 0 && n.Step < p.Step || !slices.Contains(Stages, n.Stage) ||
		n.Outcome != "" && !slices.Contains(Outcomes, n.Outcome) {
		return false
	}
	p.Stage, p.Version, p.Outcome, p.Attention, p.Step = n.Stage, n.Version, n.Outcome, n.Attention, n.Step
	p.Moved = min(max(n.Moved, 0), p.Numbers)
	return true
}

// CallPerson marks a port that cannot tell itself that it needs one. Its next report says more.
func (b *Bulk) CallPerson(port string) {
	if p := b.port(port); p != nil && p.Outcome == "" {
		p.Attention = true
	}
}

// Refuse ends a port that could not be started.
func (b *Bulk) Refuse(port string) {
	if p := b.port(port); p != nil && p.Outcome == "" {
		p.Outcome, p.Attention = OutcomeRejected, true
	}
}

// Starting counts the ports that are between their start and the decision of people: the window bounds them. One that a
// person must look at does not hold up the others.
func (b *Bulk) Starting() int {
	n := 0
	for i := range b.Ports {
		if p := &b.Ports[i]; p.Outcome == "" && !p.Attention && (p.Stage == "" || p.Stage == Received || p.Stage == Screening) {
			n++
		}
	}
	return n
}

// Ended reports whether nothing of the order is open any more.
func (b *Bulk) Ended() bool {
	return b.Complete && len(b.Waiting) == 0 && !slices.ContainsFunc(b.Ports, func(p BulkPort) bool { return p.Outcome == "" })
}

// CheckDecide is the validator of a decision for all.
func (b *Bulk) CheckDecide(m Decide) error {
	if m.Decision != Approve && m.Decision != Reject {
		return b.invalid("decision-unknown", `decision is "approve" or "reject"`)
	}
	if slices.Contains(b.Submitters, m.By) {
		return &Error{
			Kind: Refused, Code: "submitter-may-not-decide", Op: "message to order", Object: b.ID,
			Detail: "who submits an order does not decide on it", Next: "ask another person",
		}
	}
	return b.CheckBy(m.By)
}

// CheckBy sees that the sender of a message said who they are.
func (b *Bulk) CheckBy(by string) error {
	if by == "" || len(by) > maxName {
		return b.invalid("by-missing", fmt.Sprintf("say who you are in \"by\", in 1 to %d bytes", maxName))
	}
	return nil
}

func (b *Bulk) invalid(code, detail string) error {
	return &Error{Kind: Invalid, Code: code, Op: "message to order", Object: b.ID, Detail: detail}
}

// decidedVersion is the order version that a decision for all is for: an order that was amended needs one of its own.
const decidedVersion = 1

// Decide takes a decision for every port that waits for one, or comes to it later. Who rejects an order also wants nothing
// else of it started.
func (b *Bulk) Decide(m Decide, at time.Time) Answer {
	if m.ID == "" {
		m.ID = b.ID + "-" + at.Format(time.RFC3339Nano)
	}
	if slices.ContainsFunc(b.Decisions, func(d Decide) bool { return d.ID == m.ID }) {
		return b.answer("received before; nothing changes")
	}
	m.Stage, m.OrderVersion = Verifying, decidedVersion
	b.Decisions = append(b.Decisions, m)
	b.Note(at, EventDecision, m.By, m.Decision+" (unsigned), for all ports")
	if m.Decision == Reject {
		b.dropWaiting()
	}
	return b.answer(m.Decision + ": every port is told as soon as it waits for a decision")
}

// Revoke takes a revocation for every open port. Nothing else is started.
func (b *Bulk) Revoke(m Revoke, at time.Time) Answer {
	if b.Revoked != nil {
		return b.answer("revoked before; nothing changes")
	}
	if m.ID == "" {
		m.ID = b.ID + "-revoke"
	}
	if m.Reason == "" {
		m.Reason = AuthorizationRevoked
	}
	b.Revoked = &m
	b.Note(at, EventRevoked, m.By, string(m.Reason))
	b.dropWaiting()
	return b.answer("nothing else is started, and every open port is told to stop; each says itself when it has")
}

func (b *Bulk) dropWaiting() {
	for _, o := range b.Waiting {
		b.NotStarted = append(b.NotStarted, len(o.Numbers))
	}
	b.Waiting, b.Complete, b.RestLate = nil, true, false
}

func (b *Bulk) answer(says string) Answer { return Answer{ID: b.ID, Accepted: true, Says: says} }

// BulkMessage is a message for all on its way to one port.
type BulkMessage struct {
	Port, Name string
	Body       any
}

// untold is the next message that a port has not been told, nil if it knows all that concerns it.
func (b *Bulk) untold(p *BulkPort) *BulkMessage {
	switch {
	case p.Outcome != "":
		return nil
	case b.Revoked != nil && !p.Revoked:
		return &BulkMessage{p.ID, MsgRevoke, *b.Revoked}
	case b.Revoked == nil && p.Decisions < len(b.Decisions) && p.Stage == Verifying && p.Version <= decidedVersion:
		return &BulkMessage{p.ID, MsgDecide, b.Decisions[p.Decisions]}
	default:
		return nil
	}
}

// PassOn takes messages that ports have not been told, one a port and up to limit.
func (b *Bulk) PassOn(limit int) []BulkMessage {
	var messages []BulkMessage
	for i := 0; i < len(b.Ports) && len(messages) < limit; i++ {
		p := &b.Ports[i]
		m := b.untold(p)
		if m == nil {
			continue
		}
		messages = append(messages, *m)
		if m.Name == MsgRevoke {
			p.Revoked = true
		} else {
			p.Decisions++
		}
	}
	return messages
}

// Untold reports whether a port has not been told something.
func (b *Bulk) Untold() bool {
	return (b.Revoked != nil || len(b.Decisions) > 0) &&
		slices.ContainsFunc(b.Ports, func(p BulkPort) bool { return b.untold(&p) != nil })
}

// maxNotes bounds what is recorded; the latest is kept.
const maxNotes = 100

// Note records what happened to the order as a whole.
func (b *Bulk) Note(at time.Time, on Event, actor, note string) {
	b.Notes = append(b.Notes[max(len(b.Notes)-maxNotes+1, 0):], Entry{At: at, Event: on, Actor: actor, Note: note})
}
