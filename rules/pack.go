package rules

import "time"

// Status says whether a rule binds.
type Status string

// Statuses of packs and of single rules.
const (
	Effective           Status = "effective"
	AdoptedNotEffective Status = "adopted_not_effective" // decided, not yet in force: shown, followed as good practice, never claimed
	Superseded          Status = "superseded"
)

// Confidence says how well a fact is known.
type Confidence string

// Confidences, best first.
const (
	High    Confidence = "high"     // read in a source
	Low     Confidence = "low"      // general knowledge, not found in a source
	VeryLow Confidence = "very-low" // weak; do not rely on it
	Desk    Confidence = "desk"     // no rule: our own practice
)

// caveat is what a reader must be told about a fact of this confidence, "" where there is nothing to tell.
func (c Confidence) caveat() string {
	switch c {
	case Low:
		return " [low confidence: not found in a source]"
	case VeryLow:
		return " [very low confidence: do not rely on it]"
	case Desk:
		return " [no rule: our own practice]"
	default:
		return ""
	}
}

// Fact is what every rule carries: what it says, where that is written, and how well it is known.
type Fact struct {
	Rule       string     `yaml:"rule" json:"rule"` // one sentence without its full stop
	Cite       string     `yaml:"cite" json:"cite"`
	Confidence Confidence `yaml:"confidence" json:"confidence"`
}

// Why is the rule as a sentence with its source and, where it is not certain, a warning.
func (f Fact) Why() string { return f.Rule + " (" + f.Cite + ")" + f.Confidence.caveat() }

// Header says which rules a pack holds, where they come from and when they bind. Dates are days in the pack's zone;
// a missing EffectiveTo means that no end is known.
type Header struct {
	ID            string     `yaml:"id" json:"id"`
	Version       string     `yaml:"version" json:"version"`
	Title         string     `yaml:"title" json:"title"`
	Extends       string     `yaml:"extends" json:"extends,omitempty"` // id@version of the base that fills what the pack leaves out
	AsOf          Date       `yaml:"as_of" json:"as_of"`               // the day on which the sources were read
	EffectiveFrom Date       `yaml:"effective_from" json:"effective_from"`
	EffectiveTo   Date       `yaml:"effective_to" json:"effective_to,omitzero"` // the first day on which it no longer binds
	DatesNote     string     `yaml:"dates_note" json:"dates_note,omitempty"`
	Status        Status     `yaml:"status" json:"status"`
	Confidence    Confidence `yaml:"confidence" json:"confidence"`
	Sources       []string   `yaml:"sources" json:"sources"`
}

// Rules is what a pack says. Every rule carries its citation and its confidence.
type Rules struct {
	For          For                     `yaml:"for" json:"for"`
	Model        string                  `yaml:"model" json:"model"`           // recipient-led, donor-led or registry-led
	Tests        []SimpleTest            `yaml:"tests" json:"tests,omitempty"` // what makes a port simple
	Calendars    map[string]CalendarRule `yaml:"calendars" json:"calendars"`
	CutOff       *CutOff                 `yaml:"cutoff" json:"cutoff,omitempty"`
	Clocks       map[string]Clock        `yaml:"clocks" json:"clocks"`
	Activation   *ActivationRule         `yaml:"activation" json:"activation,omitempty"`
	Confirmation *Confirmation           `yaml:"confirmation" json:"confirmation,omitempty"`
	Codes        []CodeRule              `yaml:"codes" json:"codes,omitempty"`
	Documents    []Document              `yaml:"documents" json:"documents,omitempty"`
	Approvals    *Approvals              `yaml:"approvals" json:"approvals,omitempty"`
	Corrections  *Corrections            `yaml:"corrections" json:"corrections,omitempty"`
	Refusals     map[string]RefusalRules `yaml:"refusals" json:"refusals"` // by party
	Locks        []Lock                  `yaml:"locks" json:"locks,omitempty"`
	CancelLock   *CancelLock             `yaml:"cancel_lock" json:"cancel_lock,omitempty"`
	Cancel       map[string]CancelPolicy `yaml:"cancel" json:"cancel"` // by the party through whom the customer cancels
	Silence      []SilenceRule           `yaml:"silence" json:"silence"`
	Notices      []Notice                `yaml:"notices" json:"notices,omitempty"`
	Compensation *CompensationRule       `yaml:"compensation" json:"compensation,omitempty"`
	Return       *Return                 `yaml:"return" json:"return,omitempty"`
}

// For says which orders a pack is for.
type For struct {
	Country     string   `yaml:"country" json:"country"`                   // ISO 3166-1 alpha-2
	Territories []string `yaml:"territories" json:"territories,omitempty"` // regions with a code of their own under the same rules
	Kinds       []string `yaml:"kinds" json:"kinds"`
	Simple      *bool    `yaml:"simple" json:"simple,omitempty"` // nil: the distinction is not made
}

// Pack is one version of a jurisdiction's rules. It never changes once loaded and may be shared.
type Pack struct {
	Header `yaml:",inline"`
	Rules  Rules `yaml:",inline" json:"rules"`

	shared *shared // holiday sets and zone tables
	digest string
}

// Ref is the pack's name with its version, "us-wireline-simple@2026-11". A port pins it.
func (p *Pack) Ref() string { return p.ID + "@" + p.Version }

// Digest is the SHA-256 of everything that the pack's answers depend on: its own text, its base, holidays and zones.
func (p *Pack) Digest() string { return p.digest }

// inForce reports whether the pack binds at an instant.
func (p *Pack) inForce(at time.Time) bool {
	day := dateOf(at.In(p.homeZone()))
	return p.Status != AdoptedNotEffective && !day.Before(p.EffectiveFrom) && (p.EffectiveTo.IsZero() || day.Before(p.EffectiveTo))
}
