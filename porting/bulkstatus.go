package porting

// The whole bulk order in a word.
const (
	BulkNeedsAttention = "needs attention"
	BulkInProgress     = "in progress"
	BulkCompleted      = "completed" // every number of every port moved and stays
	BulkPartial        = "partial"
	BulkNothingMoved   = "nothing moved"
)

// BulkStatus is the roll-up that the query answers and `bulk show` prints.
type BulkStatus struct {
	ID             string          `json:"id"`
	Reference      string          `json:"reference"`
	Tenant         string          `json:"tenant"`
	Digest         string          `json:"digest,omitempty"`
	State          string          `json:"state"` // needs attention, in progress, completed, partial, nothing moved
	Ended          bool            `json:"ended"`
	NextBatch      int             `json:"next_batch"`
	Complete       bool            `json:"complete"`            // all ports were added
	RestLate       bool            `json:"rest_late,omitempty"` // they should have been by now
	Ports          int             `json:"ports"`               // that were added: waiting, not started, open and ended
	Numbers        int             `json:"numbers"`
	Moved          int             `json:"moved"`
	Waiting        int             `json:"waiting"`                   // ports that are started when there is room
	NotStarted     int             `json:"not_started"`               // ports that never will be
	Untold         int             `json:"untold"`                    // open ports that a decision or a revocation for all is on its way to
	Stages         map[Stage]int   `json:"stages,omitempty"`          // open ports by stage
	Outcomes       map[Outcome]int `json:"outcomes,omitempty"`        // ended ports by outcome
	Attention      int             `json:"attention"`                 // ports that a person must look at
	NeedsAttention []string        `json:"needs_attention,omitempty"` // the first of them
	Notes          []Entry         `json:"notes,omitempty"`
}

// maxNamed is how many ports a roll-up names that need a person.
const maxNamed = 50

// Status is the roll-up.
func (b *Bulk) Status() BulkStatus {
	s := BulkStatus{
		ID: b.ID, Reference: b.Reference, Tenant: b.Tenant, Digest: b.Digest, Ended: b.Ended(), NextBatch: b.NextBatch, Complete: b.Complete,
		RestLate: b.RestLate, Ports: len(b.Ports) + len(b.Waiting) + len(b.NotStarted), Waiting: len(b.Waiting), NotStarted: len(b.NotStarted),
		Stages: map[Stage]int{}, Outcomes: map[Outcome]int{}, Notes: b.Notes,
	}
	for _, o := range b.Waiting {
		s.Numbers += len(o.Numbers)
	}
	for _, numbers := range b.NotStarted {
		s.Numbers += numbers
	}
	for i := range b.Ports {
		b.count(&s, &b.Ports[i])
	}
	s.State = s.state()
	return s
}

func (b *Bulk) count(s *BulkStatus, p *BulkPort) {
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
	if b.untold(p) != nil {
		s.Untold++
	}
	if !b.needsPerson(p) {
		return
	}
	s.Attention++
	if len(s.NeedsAttention) < maxNamed {
		s.NeedsAttention = append(s.NeedsAttention, p.ID)
	}
}

// needsPerson reports whether a person must look at a port: it says so, or its order was amended after the decision for
// all, which does not hold for a later version.
func (b *Bulk) needsPerson(p *BulkPort) bool {
	amended := len(b.Decisions) > 0 && p.Outcome == "" && p.Stage == Verifying && p.Version > decidedVersion
	return p.Attention || amended
}

func (s BulkStatus) state() string {
	switch {
	case s.Attention > 0 || s.RestLate:
		return BulkNeedsAttention
	case !s.Ended:
		return BulkInProgress
	case s.Ports > 0 && s.Moved == s.Numbers && s.Outcomes[OutcomeCompleted] == s.Ports:
		return BulkCompleted
	case s.Moved > 0:
		return BulkPartial
	default:
		return BulkNothingMoved
	}
}
