package evidence

import (
	"iter"
	"slices"
	"time"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/porting"
)

// Table is what a regulator asks for: how many ports of a time, how many were refused or turned out fraudulent, how long it
// took to put them right, and which measures were in force. Every number is counted from leaves of the log.
type Table struct {
	From        time.Time               `json:"from"`
	To          time.Time               `json:"to"` // before this
	Requests    int                     `json:"requests"`
	In          int                     `json:"port_in"`
	Out         int                     `json:"port_out"`
	Outcomes    map[porting.Outcome]int `json:"outcomes"`
	Refused     int                     `json:"refused"`    // by the checks, by a person, or by an answer to the counterparty
	Fraudulent  int                     `json:"fraudulent"` // stopped or taken back for a reason of fraud
	Revocations int                     `json:"revocations"`
	TooLate     int                     `json:"revocations_too_late"` // for the fence; those are ported back
	Remediation Remediation             `json:"remediation"`
	Measures    Measures                `json:"measures"`
}

// Remediation is how long it took from a revocation to the end of its port.
type Remediation struct {
	Ports  int           `json:"ports"`
	Median time.Duration `json:"median_ns"`
	Worst  time.Duration `json:"worst_ns"`
}

// Measures are what stood in the way of fraud.
type Measures struct {
	Screenings      int `json:"screenings"`
	SignedDecisions int `json:"signed_decisions"`
	Hardware        int `json:"with_hardware_keys"`
	NoticesSent     int `json:"notices_sent"`
	Locks           int `json:"locks_placed"`
	Unlocks         int `json:"unlocks"`
	PINsSet         int `json:"pins_set"`
	PINFailures     int `json:"pin_failures"`
	Quarantines     int `json:"quarantines"`

	FraudPolicies []string `json:"fraud_policies"`
	Packs         []string `json:"packs"`
}

// TableKinds are the kinds of leaves that a table is counted from.
var TableKinds = []audit.Kind{
	audit.Claimed, audit.Screened, audit.Decided, audit.Revocation, audit.Closed, audit.Intent, audit.NoticeSent, audit.Protection, audit.Quarantined,
}

// fraudReasons are the reasons that say that somebody moved, or meant to move, a number that was not theirs to move.
var fraudReasons = []porting.Reason{porting.SuspectedFraud, porting.UnauthorisedPort}

// counting is a table while it is counted.
type counting struct {
	Table
	refused, fraudulent map[string]bool
	revokedAt           map[string]time.Time
	took                []time.Duration
	err                 error
}

// Count counts a table from the leaves of its time, in the order of the log.
func Count(from, to time.Time, leaves iter.Seq2[audit.Stored, error]) (Table, error) {
	c := &counting{
		Table:   Table{From: from, To: to, Outcomes: map[porting.Outcome]int{}, Measures: Measures{FraudPolicies: []string{}, Packs: []string{}}},
		refused: map[string]bool{}, fraudulent: map[string]bool{}, revokedAt: map[string]time.Time{},
	}
	for leaf, err := range leaves {
		if err != nil {
			return Table{}, err
		}
		r, err := audit.ReadRecord(leaf.Text)
		if err != nil {
			return Table{}, err
		}
		if c.add(r); c.err != nil {
			return Table{}, c.err
		}
	}
	c.Refused, c.Fraudulent = len(c.refused), len(c.fraudulent)
	c.remediation()
	return c.Table, nil
}

// read reads what a leaf says; the first one that cannot be read ends the count.
func read[F any](c *counting, r audit.Record) F {
	var fact F
	if err := r.Into(&fact); err != nil && c.err == nil {
		c.err = err
	}
	return fact
}

func (c *counting) add(r audit.Record) {
	switch r.Kind {
	case audit.Claimed:
		c.request(read[audit.ClaimFact](c, r))
	case audit.Screened:
		c.screening(r.Port, read[audit.ScreenFact](c, r))
	case audit.Decided:
		c.decision(r.Port, read[audit.DecisionFact](c, r))
	case audit.Revocation:
		c.revocation(r, read[audit.RevocationFact](c, r))
	case audit.Closed:
		c.end(r, read[audit.CloseFact](c, r))
	case audit.Intent:
		if call := read[audit.CallFact](c, r); call.Answer == porting.AnswerRefuse {
			c.refuse(r.Port, call.Reason)
		}
	case audit.NoticeSent:
		c.Measures.NoticesSent++
	case audit.Protection:
		c.protection(read[audit.ProtectionFact](c, r))
	case audit.Quarantined:
		c.Measures.Quarantines++
	}
}

func (c *counting) request(f audit.ClaimFact) {
	c.Requests++
	if f.Direction == porting.PortOut {
		c.Out++
	} else {
		c.In++
	}
	c.Measures.Packs = once(c.Measures.Packs, f.Pack)
}

func (c *counting) screening(port string, f audit.ScreenFact) {
	c.Measures.Screenings++
	c.Measures.FraudPolicies = once(c.Measures.FraudPolicies, f.Fraud)
	if f.Blocked != "" {
		c.refuse(port, f.Blocked)
	}
}

func (c *counting) decision(port string, f audit.DecisionFact) {
	if f.Signed {
		c.Measures.SignedDecisions++
	}
	if f.Hardware {
		c.Measures.Hardware++
	}
	if f.Decision == porting.Reject {
		c.refuse(port, f.Reason)
	}
}

func (c *counting) refuse(port string, why porting.Reason) {
	c.refused[port] = true
	c.suspect(port, why)
}

func (c *counting) suspect(port string, why porting.Reason) {
	if slices.Contains(fraudReasons, why) {
		c.fraudulent[port] = true
	}
}

func (c *counting) revocation(r audit.Record, f audit.RevocationFact) {
	c.suspect(r.Port, f.Reason)
	if _, before := c.revokedAt[r.Port]; before {
		return
	}
	c.revokedAt[r.Port] = r.At
	c.Revocations++
	if f.Fence != "closed" {
		c.TooLate++
	}
}

func (c *counting) end(r audit.Record, f audit.CloseFact) {
	c.Outcomes[f.Outcome]++
	if revoked, was := c.revokedAt[r.Port]; was {
		c.took = append(c.took, r.At.Sub(revoked))
	}
}

func (c *counting) protection(f audit.ProtectionFact) {
	for _, count := range []struct {
		event string
		into  *int
	}{
		{"locked", &c.Measures.Locks},
		{"unlocked", &c.Measures.Unlocks},
		{"pin-set", &c.Measures.PINsSet},
		{"pin-changed", &c.Measures.PINsSet},
		{"pin-failed", &c.Measures.PINFailures},
	} {
		if f.Event == count.event {
			*count.into++
		}
	}
}

func (c *counting) remediation() {
	if len(c.took) == 0 {
		return
	}
	slices.Sort(c.took)
	c.Remediation = Remediation{len(c.took), c.took[len(c.took)/2], c.took[len(c.took)-1]}
}

func once(all []string, one string) []string {
	if one == "" || slices.Contains(all, one) {
		return all
	}
	return append(all, one)
}
