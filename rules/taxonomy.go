package rules

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/portsaga/portsaga/porting"
)

// Mapping says what a carrier's rejection means in our words. Callers keep the carrier's own code and text beside it.
type Mapping struct {
	Reason    porting.Reason `json:"reason"`
	Owner     string         `json:"owner"` // who can fix it: customer, recipient, donor, carrier or us
	Fix       string         `json:"fix"`
	Automatic bool           `json:"automatic"` // a program can fix it
	Known     bool           `json:"known"`     // false: nobody has seen this before; park it and show it
}

// Map reads a carrier's code and text. Some codes only wrap the losing carrier's answer, so that the text decides; a code
// that nobody knows is not guessed from its look.
func Map(carrier, rawCode, rawText string) Mapping {
	t := taxonomy()
	code := strings.ToUpper(strings.TrimSpace(rawCode))
	reason, known := t.ofCode(carrier, code)
	if !known || slices.Contains(t.Vague, code) {
		if told, ok := t.ofText(carrier, rawText); ok {
			reason, known = told, true
		}
	}
	if !known {
		reason = porting.OtherReason
	}
	m := t.Reasons[reason]
	m.Reason, m.Known = reason, known
	return m
}

//go:embed taxonomy.yaml
var taxonomyText []byte

// taxonomyData is taxonomy.yaml.
type taxonomyData struct {
	Reasons  map[porting.Reason]Mapping           `yaml:"reasons"`
	Vague    []string                             `yaml:"vague"`
	Carriers map[string]map[string]porting.Reason `yaml:"carriers"`
	Texts    []textRule                           `yaml:"texts"`
}

type textRule struct {
	Pattern string         `yaml:"pattern"`
	Reason  porting.Reason `yaml:"reason"`

	words *regexp.Regexp
}

// anyCarrier is the list of codes that carriers have in common.
const anyCarrier = "any"

// taxonomy is the embedded data; a test holds it to be sound.
var taxonomy = sync.OnceValue(func() *taxonomyData {
	t := &taxonomyData{}
	if err := decode(taxonomyText, t); err != nil {
		panic(fmt.Errorf("taxonomy.yaml: %w", err))
	}
	for i := range t.Texts {
		t.Texts[i].words = regexp.MustCompile("(?i)" + t.Texts[i].Pattern)
	}
	return t
})

// ofCode looks a code up: among the carrier's own, as a word of ours, among those in common.
func (t *taxonomyData) ofCode(carrier, code string) (porting.Reason, bool) {
	if reason, ok := t.Carriers[carrier][code]; ok {
		return reason, true
	}
	if _, ok := t.Reasons[porting.Reason(code)]; ok {
		return porting.Reason(code), true
	}
	reason, ok := t.Carriers[anyCarrier][code]
	return reason, ok
}

// innerCode is a losing carrier's code inside free text: a digit and a capital.
var innerCode = regexp.MustCompile(`\b[0-9][A-Z]\b`)

// ofText looks for words, then for a losing carrier's code: carriers give one code several meanings, and their words tell which.
func (t *taxonomyData) ofText(carrier, text string) (porting.Reason, bool) {
	for _, rule := range t.Texts {
		if rule.words.MatchString(text) {
			return rule.Reason, true
		}
	}
	for _, code := range innerCode.FindAllString(text, -1) {
		if reason, ok := t.ofCode(carrier, code); ok {
			return reason, true
		}
	}
	return "", false
}
