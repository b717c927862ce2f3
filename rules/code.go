package rules

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/portsaga/portsaga/porting"
)

// CodeRule is an authorisation that a pack knows: its shape, its checksum, how long it is good.
type CodeRule struct {
	Kind        string     `yaml:"kind" json:"kind"`                         // as in an order's authorization
	Title       string     `yaml:"title" json:"title"`                       // what people call it
	Issuer      string     `yaml:"issuer" json:"issuer"`                     // who gives it to the customer
	Pattern     string     `yaml:"pattern" json:"pattern,omitempty"`         // of the normalised code; empty for papers
	Distinctive bool       `yaml:"distinctive" json:"distinctive,omitempty"` // no other country's code looks like it
	Checksum    string     `yaml:"checksum" json:"checksum,omitempty"`       // rio, or none
	Validity    Length     `yaml:"validity" json:"validity,omitzero"`        // zero: no limit is known
	Inclusive   bool       `yaml:"inclusive" json:"inclusive,omitempty"`
	Overrides   []Override `yaml:"overrides" json:"overrides,omitempty"`
	Fact        `yaml:",inline"`

	shape *regexp.Regexp
}

// Override is another validity for some areas or some carriers.
type Override struct {
	Areas    []string `yaml:"areas" json:"areas,omitempty"`
	Carriers []string `yaml:"carriers" json:"carriers,omitempty"`
	Validity Length   `yaml:"validity" json:"validity"`
	Fact     `yaml:",inline"`
}

// CodeCheck is a code with what is known of it. Issued and At may be zero: then its age is not judged.
type CodeCheck struct {
	Kind    string // "" takes the pack's first code, or its first paper where no code is given
	Code    porting.Secret
	Number  porting.Number // some checksums need it
	Issued  time.Time
	At      time.Time
	Area    string // service area of the donor
	Carrier string // donor
}

// Reasons of a CodeResult.
const (
	CodeShape        = "shape"    // the code does not look like one
	CodeChecksum     = "checksum" // it does not belong to the number
	CodeExpired      = "expired"  // too old
	CodeNotYetIssued = "not-yet-issued"
	CodeWrongCountry = "wrong-country" // it is another country's kind of code
)

// CodeResult judges a code. Normalized is the code itself, as the carrier wants it.
type CodeResult struct {
	Kind       string
	Valid      bool
	Normalized porting.Secret
	Reason     string     // "" if valid
	Until      *time.Time // when it stops being good; nil if not known
	Why        string
	Confidence Confidence
}

// CheckCode judges a code offline: its shape, its checksum, its age. Errors (all Refused): code-not-used where the pack
// knows no such code, code-wrong-country where it is another country's, number-wrong-country.
func (p *Pack) CheckCode(c CodeCheck) (CodeResult, error) {
	if err := p.checkNumber(c.Number); err != nil {
		return CodeResult{}, err
	}
	rule, err := p.codeRule(c)
	if err != nil {
		return CodeResult{}, err
	}
	result := CodeResult{Kind: rule.Kind, Normalized: normalize(c.Code), Confidence: rule.Confidence}
	if rule.shape != nil && !rule.shape.MatchString(result.Normalized.Reveal()) {
		return p.misshapen(rule, result)
	}
	return p.judge(rule, result, c), nil
}

// codeRule picks the rule that a code falls under.
func (p *Pack) codeRule(c CodeCheck) (CodeRule, error) {
	const op = "check code"
	for _, rule := range p.Rules.Codes {
		if c.Kind == rule.Kind || c.Kind == "" && (rule.shape != nil) == (c.Code != "") {
			return rule, nil
		}
	}
	if home := p.shared.homeOfKind(c.Kind); c.Kind != "" && home != "" && home != p.Rules.For.Country {
		return CodeRule{}, p.no(porting.Refused, "code-wrong-country", op, "a "+c.Kind+" is a code of "+home, "take a pack of that country, or the code of this one")
	}
	return CodeRule{}, p.no(porting.Refused, "code-not-used", op, "the pack's ports use no such code", "see its codes with: portsaga rules show "+p.ID)
}

// misshapen says what is wrong with a code that does not look like one; most telling is another country's.
func (p *Pack) misshapen(rule CodeRule, result CodeResult) (CodeResult, error) {
	result.Reason = CodeShape
	result.Why = "this is no " + rule.Title + ": " + rule.Why()
	if home := p.shared.homeOfCode(result.Normalized); home != "" && home != p.Rules.For.Country {
		result.Reason = CodeWrongCountry
		return result, p.no(porting.Refused, "code-wrong-country", "check code", "this looks like a code of "+home+" and is no "+rule.Title,
			"take a pack of that country, or ask the customer for the right code")
	}
	return result, nil
}

// judge looks at the checksum and the age of a code that has the right shape.
func (p *Pack) judge(rule CodeRule, result CodeResult, c CodeCheck) CodeResult {
	result.Why = rule.Why()
	if rule.Checksum == checksumRIO {
		switch {
		case c.Number == "":
			result.Why += "; its checksum needs the number and was not checked"
		case !rioBelongs(result.Normalized.Reveal(), c.Number):
			result.Reason = CodeChecksum
			result.Why = "the last three characters do not fit this number: " + rule.Why()
			return result
		}
	}
	until, why := p.validUntil(rule, c)
	result.Until = until
	result.Why += why
	switch {
	case c.At.IsZero() || c.Issued.IsZero():
		result.Why += "; its age was not checked"
	case c.At.Before(c.Issued):
		result.Reason = CodeNotYetIssued
	case until != nil && !c.At.Before(*until):
		result.Reason = CodeExpired
	}
	result.Valid = result.Reason == ""
	return result
}

// validUntil is the end of a code's life: of its last day where it is counted in days.
func (p *Pack) validUntil(rule CodeRule, c CodeCheck) (*time.Time, string) {
	life, why := rule.Validity, ""
	for _, o := range rule.Overrides {
		if contains(o.Areas, c.Area) || contains(o.Carriers, c.Carrier) {
			life, why = o.Validity, "; "+o.Why()
		}
	}
	if c.Issued.IsZero() || life == (Length{}) {
		return nil, why
	}
	until := c.Issued.Add(life.Time)
	if life.Days > 0 {
		day := dateOf(c.Issued.In(p.homeZone())).Add(life.Days)
		if rule.Inclusive {
			day = day.Add(-1)
		}
		until = day.At(endOfDay, p.homeZone())
	}
	return &until, why
}

// normalize takes out what people put between the characters and writes capitals.
func normalize(code porting.Secret) porting.Secret {
	return porting.Secret(strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || unicode.Is(unicode.Cf, r) || r == '.' || r == '_' || r == '/' {
			return -1
		}
		return unicode.ToUpper(r)
	}, norm.NFKC.String(code.Reveal())))
}

// contains compares names by their letters and digits only: "J&K" is "jk".
func contains(names []string, name string) bool {
	plain := plainName(name)
	return plain != "" && slices.ContainsFunc(names, func(n string) bool { return plainName(n) == plain })
}

func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// homeCode is a kind of code that one country alone uses.
type homeCode struct {
	country string
	kind    string
	shape   *regexp.Regexp // nil where others use codes of the same shape
}

// homeOfKind is the country whose code a kind is, "" if several use it.
func (s *shared) homeOfKind(kind string) string {
	return s.home(func(c homeCode) bool { return c.kind == kind })
}

// homeOfCode is the country whose codes alone look like this one, "" if none or several do.
func (s *shared) homeOfCode(code porting.Secret) string {
	return s.home(func(c homeCode) bool { return c.shape != nil && c.shape.MatchString(code.Reveal()) })
}

func (s *shared) home(matches func(homeCode) bool) string {
	home := ""
	for _, code := range s.codes {
		if !matches(code) {
			continue
		}
		if home != "" && home != code.country {
			return ""
		}
		home = code.country
	}
	return home
}
