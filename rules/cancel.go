package rules

import (
	"time"

	"github.com/portsaga/portsaga/porting"
)

// CancelPolicy says whether the customer may cancel through a party, and until when.
type CancelPolicy struct {
	Allowed  bool        `yaml:"allowed" json:"allowed"`
	Until    *CancelTime `yaml:"until" json:"until,omitempty"`       // nil: until the activation
	Evidence string      `yaml:"evidence" json:"evidence,omitempty"` // what the party must hold to act on it
	Fact     `yaml:",inline"`
}

// CancelTime is a time of day some days before the activation.
type CancelTime struct {
	Days int    `yaml:"days" json:"days"`
	Unit Unit   `yaml:"unit" json:"unit"` // business_day or calendar_day
	At   string `yaml:"at" json:"at"`     // time of day
}

// CancelLock is the time before the activation in which carriers take no cancel by machine.
type CancelLock struct {
	For  Length `yaml:"for" json:"for"`
	Fact `yaml:",inline"`
}

// CancelLock is how long before the activation a cancel needs a person at the carrier. A carrier that names its own lock
// knows better.
func (p *Pack) CancelLock() time.Duration {
	if p.Rules.CancelLock == nil {
		return 0
	}
	return p.Rules.CancelLock.For.Time
}

// CancelRule answers whether the customer may cancel now. Until is when that ends, nil where it is not known.
type CancelRule struct {
	Allowed    bool       `json:"allowed"`
	Until      *time.Time `json:"until"`
	Evidence   string     `json:"evidence,omitempty"`
	Cite       string     `json:"cite"`
	Why        string     `json:"why"`
	Confidence Confidence `json:"confidence"`
}

// Cancel says whether the customer may cancel at an instant through a party, if the activation is set for foc; a zero foc
// means that no date is confirmed yet. Error: party-unknown (Invalid).
func (p *Pack) Cancel(foc, at time.Time, via string) (CancelRule, error) {
	policy, ok := p.Rules.Cancel[via]
	if !ok {
		return CancelRule{}, p.no(porting.Invalid, "party-unknown", "judge cancel", "nobody is called "+via, "say donor or recipient")
	}
	rule := CancelRule{Allowed: policy.Allowed, Evidence: policy.Evidence, Cite: policy.Cite, Why: policy.Why(), Confidence: policy.Confidence}
	if !policy.Allowed || foc.IsZero() {
		return rule, nil
	}
	until, err := p.cancelUntil(policy.Until, foc)
	if err != nil {
		return CancelRule{}, err
	}
	rule.Until = &until
	rule.Allowed = at.Before(until)
	if !rule.Allowed {
		rule.Why += "; that time ended at " + until.Format(time.RFC3339)
	}
	return rule, nil
}

func (p *Pack) cancelUntil(rule *CancelTime, foc time.Time) (time.Time, error) {
	if rule == nil {
		return foc, nil
	}
	cal, err := p.calendar(mainCalendar, Place{Zone: p.homeZone().String()})
	if err != nil {
		return time.Time{}, err
	}
	day := dateOf(foc.In(cal.zone))
	if rule.Unit == BusinessDay {
		day = cal.subtractDays(day, rule.Days)
	} else {
		day = day.Add(-rule.Days)
	}
	return day.At(minutesOf(rule.At), cal.zone), nil
}
