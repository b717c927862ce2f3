package porting

import (
	"fmt"
	"time"
)

// Bulk is a parent order: many ports that a customer asked for at once. It is the state of the parent saga, small enough
// to be carried over when its history is cut.
type Bulk struct {
	ID        string     `json:"id"`
	Reference string     `json:"reference"`
	Tenant    string     `json:"tenant,omitempty"`
	Clock     Clock      `json:"clock,omitzero"`
	Ports     []BulkPort `json:"ports,omitempty"`   // in the order in which they were added
	Waiting   []Order    `json:"waiting,omitempty"` // added and not started
	NextBatch int        `json:"next_batch"`        // batches are numbered from 0; each is taken once
	Complete  bool       `json:"complete"`          // no batch follows
	Approval  *Decide    `json:"approval,omitempty"`
	Revoked   *Revoke    `json:"revoked,omitempty"`
	Notes     []Entry    `json:"notes,omitempty"`
}

// BulkPort is one port of a bulk order, as it last reported.
type BulkPort struct {
	ID        string  `json:"id"`
	Numbers   int     `json:"numbers"`
	Stage     Stage   `json:"stage,omitempty"` // empty until it reported
	Version   int     `json:"version,omitempty"`
	Outcome   Outcome `json:"outcome,omitempty"`
	Attention bool    `json:"attention,omitempty"`
	Moved     int     `json:"moved,omitempty"`
}

// Messages of a bulk order.
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

// Progress is what a port tells its parent when that matters to it.
type Progress struct {
	Port      string  `json:"port"`
	Stage     Stage   `json:"stage"`
	Version   int     `json:"version"`
	Outcome   Outcome `json:"outcome,omitempty"`
	Attention bool    `json:"attention,omitempty"`
	Moved     int     `json:"moved"`
}

// BulkStatus is the roll-up that the query answers and `bulk show` prints.
type BulkStatus struct {
	ID             string          `json:"id"`
	Reference      string          `json:"reference"`
	Tenant         string          `json:"tenant"`
	State          string          `json:"state"` // see State
	NextBatch      int             `json:"next_batch"`
	Complete       bool            `json:"complete"`
	Ports          int             `json:"ports"`
	Numbers        int             `json:"numbers"`
	Moved          int             `json:"moved"`
	Waiting        int             `json:"waiting"`
	Stages         map[Stage]int   `json:"stages,omitempty"`   // open ports by stage
	Outcomes       map[Outcome]int `json:"outcomes,omitempty"` // ended ports by outcome
	NeedsAttention []string        `json:"needs_attention,omitempty"`
}

// PortID names the port that carries an order of the bulk.
func (b *Bulk) PortID(o Order) string { return PortID(PortIn, o.TenantOrDefault(), o.Reference) }

// CheckBatch is the validator of a batch.
func (b *Bulk) CheckBatch(a AddPorts) error {
	refuse := func(code, detail, next string) error {
		return &Error{Kind: Refused, Code: code, Op: "add ports to order", Object: b.ID, Detail: detail, Next: next}
	}
	switch {
	case a.Batch > b.NextBatch:
		return refuse("batch-missing", fmt.Sprintf("batch %d came, batch %d is missing", a.Batch, b.NextBatch), "send the batches in their order")
	case a.Batch == b.NextBatch && b.Complete:
		return refuse("order-complete", "the order is complete", "make another order")
	case len(a.Orders) == 0 && !a.Last:
		return refuse("batch-empty", "the batch holds no orders", "")
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
}

// Start takes the next order that waits and lists its port.
func (b *Bulk) Start() Order {
	next := b.Waiting[0]
	b.Waiting = b.Waiting[1:]
	b.Ports = append(b.Ports, BulkPort{ID: b.PortID(next), Numbers: len(next.Numbers)})
	return next
}

// Report folds a port's progress. News of a port that is not ours, or that has ended, change nothing.
func (b *Bulk) Report(p Progress) {
	for i := range b.Ports {
		mine := &b.Ports[i]
		if mine.ID != p.Port || mine.Outcome != "" {
			continue
		}
		mine.Stage, mine.Version, mine.Outcome, mine.Attention, mine.Moved = p.Stage, p.Version, p.Outcome, p.Attention, p.Moved
	}
}

// Starting counts the ports that are between their start and the decision of people: the window bounds them.
func (b *Bulk) Starting() int {
	n := 0
	for _, p := range b.Ports {
		if p.Outcome == "" && (p.Stage == "" || p.Stage == Received || p.Stage == Screening) {
			n++
		}
	}
	return n
}

// Ended reports whether nothing of the order is open any more.
func (b *Bulk) Ended() bool {
	if !b.Complete || len(b.Waiting) > 0 {
		return false
	}
	for _, p := range b.Ports {
		if p.Outcome == "" {
			return false
		}
	}
	return true
}

// maxAttention is how many ports a roll-up names that need a person.
const maxAttention = 50

// Status is the roll-up.
func (b *Bulk) Status() BulkStatus {
	s := BulkStatus{ID: b.ID, Reference: b.Reference, Tenant: b.Tenant, NextBatch: b.NextBatch, Complete: b.Complete, Ports: len(b.Ports) + len(b.Waiting),
		Waiting: len(b.Waiting), Stages: map[Stage]int{}, Outcomes: map[Outcome]int{}}
	for _, o := range b.Waiting {
		s.Numbers += len(o.Numbers)
	}
	for _, p := range b.Ports {
		s.Numbers += p.Numbers
		s.Moved += p.Moved
		switch {
		case p.Outcome != "":
			s.Outcomes[p.Outcome]++
		case p.Stage == "":
			s.Stages[Received]++
		default:
			s.Stages[p.Stage]++
		}
		if p.Attention && len(s.NeedsAttention) < maxAttention {
			s.NeedsAttention = append(s.NeedsAttention, p.ID)
		}
	}
	s.State = b.state(s)
	return s
}

// state is the whole order in a word. Completed means that every number of every port moved; less than that is partial.
func (b *Bulk) state(s BulkStatus) string {
	switch {
	case len(s.NeedsAttention) > 0:
		return "needs attention"
	case !b.Ended():
		return "in progress"
	case s.Moved == s.Numbers && s.Outcomes[OutcomeCompleted] == len(b.Ports):
		return string(OutcomeCompleted)
	case s.Moved > 0:
		return "partial"
	default:
		return "nothing moved"
	}
}

// Note records what a person did to the whole order.
func (b *Bulk) Note(at time.Time, on Event, actor, note string) {
	b.Notes = append(b.Notes, Entry{At: at, Event: on, Actor: actor, Note: note})
}
