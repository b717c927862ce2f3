package fraud

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/porting"
)

const (
	severityError   = "error"
	severityWarning = "warning"
)

// Limits of a policy.
const (
	maxPolicy  = 256 << 10 // bytes
	maxRules   = 200
	maxWeight  = 1000
	maxMessage = 200 // characters
)

// Finding is a fault in a policy, and where it stands.
type Finding struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Path     string `json:"path,omitempty"` // "rules/3/when"
	Message  string `json:"message"`
	Severity string `json:"severity"` // error or warning; a policy with an error is not loaded
}

func (f Finding) String() string {
	at := ""
	if f.Path != "" {
		at = f.Path + ": "
	}
	return fmt.Sprintf("%s:%d: %s: %s%s", f.File, f.Line, f.Severity, at, f.Message)
}

// IsError says whether the finding keeps the policy from being loaded.
func (f Finding) IsError() bool { return f.Severity == severityError }

// Lint names every fault of a policy.
func Lint(name string, text []byte) []Finding {
	_, findings := read(name, text)
	return findings
}

// read reads and compiles a policy. Where a finding is an error, the policy must not be used.
func read(name string, text []byte) (*Policy, []Finding) {
	l := &linter{file: name, policy: &Policy{text: slices.Clone(text), digest: Digest(text)}}
	if l.decode(text) {
		l.header()
		l.rules()
		l.reach()
	}
	slices.SortStableFunc(l.findings, func(a, b Finding) int { return a.Line - b.Line })
	return l.policy, l.findings
}

// linter collects what is wrong with one file.
type linter struct {
	file     string
	root     *yaml.Node
	policy   *Policy
	findings []Finding
}

func (l *linter) decode(text []byte) bool {
	if len(text) > maxPolicy {
		l.add(severityError, 1, "", fmt.Sprintf("a policy is at most %d bytes long", maxPolicy))
		return false
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(l.policy); err != nil {
		l.yamlFault(err)
		return false
	}
	if err := d.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		l.add(severityError, 1, "", "there is a second document in the file")
		return false
	}
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil || len(document.Content) == 0 {
		l.add(severityError, 1, "", "the file holds no policy")
		return false
	}
	l.root = document.Content[0]
	return true
}

var (
	yamlLine = regexp.MustCompile(`line ([0-9]+): `)
	// fromZero are the faults whose lines the YAML library counts from 0.
	fromZero = regexp.MustCompile(`did not find expected (',' or|key|'-' indicator|node content|<)`)
)

// yamlFault tells what the YAML library found wrong; it may have found several things.
func (l *linter) yamlFault(err error) {
	if errors.Is(err, io.EOF) {
		l.add(severityError, 1, "", "the file is empty")
		return
	}
	messages := []string{strings.TrimPrefix(err.Error(), "yaml: ")}
	if several, ok := errors.AsType[*yaml.TypeError](err); ok {
		messages = several.Errors
	}
	for _, message := range messages {
		line := 1
		if found := yamlLine.FindStringSubmatch(message); found != nil {
			line, _ = strconv.Atoi(found[1])
			message = strings.Replace(message, found[0], "", 1)
		}
		if fromZero.MatchString(message) {
			line++
		}
		l.add(severityError, line, "", strings.ReplaceAll(message, " in type fraud.", " in a "))
	}
}

func (l *linter) add(severity string, line int, path, message string) {
	l.findings = append(l.findings, Finding{l.file, line, path, message, severity})
}

// fault is an error at a path.
func (l *linter) fault(message string, path ...string) {
	l.add(severityError, l.line(path), strings.Join(path, "/"), message)
}

// line is where a path stands, or the nearest thing above it that is there.
func (l *linter) line(path []string) int {
	node := l.root
	for _, step := range path {
		next := child(node, step)
		if next == nil {
			break
		}
		node = next
	}
	return node.Line
}

func child(node *yaml.Node, step string) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if node.Kind == yaml.SequenceNode {
		if i, err := strconv.Atoi(step); err == nil && i < len(node.Content) {
			return node.Content[i]
		}
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == step {
			return node.Content[i+1]
		}
	}
	return nil
}

var slug = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,62}$`)

func (l *linter) header() {
	p := l.policy
	if !slug.MatchString(p.ID) {
		l.fault("a policy needs an ID of small letters, digits and dashes", "id")
	}
	if !slug.MatchString(p.Version) {
		l.fault("a policy needs a version, such as 2026-11", "version")
	}
	if p.Thresholds.Review < 1 {
		l.fault("the score from which a port is reviewed must be 1 or more", "thresholds", "review")
	}
	if p.Thresholds.Block != 0 && p.Thresholds.Block < p.Thresholds.Review {
		l.fault("a port is reviewed before it is blocked: block must not be below review", "thresholds", "block")
	}
	if len(p.Rules) == 0 || len(p.Rules) > maxRules {
		l.fault(fmt.Sprintf("a policy has between 1 and %d rules", maxRules), "rules")
	}
}

func (l *linter) rules() {
	first := map[string]int{}
	for i := range l.policy.Rules[:min(len(l.policy.Rules), maxRules)] {
		r, at := &l.policy.Rules[i], []string{"rules", strconv.Itoa(i)}
		say := func(field, message string) { l.fault(message, append(slices.Clone(at), field)...) }
		if other, twice := first[r.ID]; twice {
			say("id", fmt.Sprintf("rule %d has this ID too", other))
		}
		first[r.ID] = i
		r.check(say)
		r.missing(say)
		if err := r.compile(); err != nil {
			say("when", err.Error())
		}
	}
}

// check says what is wrong with the plain fields of a rule.
func (r *Rule) check(say func(field, message string)) {
	if !slug.MatchString(r.ID) {
		say("id", "a rule needs an ID of small letters, digits and dashes")
	}
	if r.Weight < 1 || r.Weight > maxWeight {
		say("weight", fmt.Sprintf("a rule weighs between 1 and %d", maxWeight))
	}
	if !slices.Contains(Reasons, r.Reason) {
		say("reason", fmt.Sprintf("there is no reason %s", r.Reason))
	}
	if r.Message == "" || len(r.Message) > maxMessage {
		say("message", fmt.Sprintf("a reviewer needs a sentence of at most %d characters", maxMessage))
	}
	if r.Ground != "" && !slices.Contains(porting.Reasons, r.Ground) {
		say("ground", fmt.Sprintf("there is no reason to refuse called %s", r.Ground))
	}
}

// missing says what is wrong with what the rule does when evidence is missing, and fills in what it does by default.
func (r *Rule) missing(say func(field, message string)) {
	if r.WhenMissing == "" {
		r.WhenMissing = MissingReviews
	}
	switch {
	case r.WhenMissing == MissingWeighs && (r.MissingWeight < 1 || r.MissingWeight > maxWeight):
		say("missing_weight", fmt.Sprintf("when_missing: weight needs a missing_weight between 1 and %d", maxWeight))
	case r.WhenMissing != MissingWeighs && r.MissingWeight != 0:
		say("missing_weight", "a missing_weight needs when_missing: weight")
	case !slices.Contains([]WhenMissing{MissingReviews, MissingWeighs, MissingIgnored}, r.WhenMissing):
		say("when_missing", "it is review, weight or ignore")
	}
}

// reach says which thresholds no evidence can reach.
func (l *linter) reach() {
	p := l.policy
	sum, grounded := 0, false
	for i := range p.Rules {
		sum += p.Rules[i].Weight
		grounded = grounded || p.Rules[i].Ground != ""
	}
	if sum < p.Thresholds.Review {
		l.fault(fmt.Sprintf("all rules together weigh %d, so that no score is ever reviewed", sum), "thresholds", "review")
	}
	if p.Thresholds.Block != 0 && !grounded {
		l.fault("no rule names a lawful ground, and without one nothing may be blocked", "thresholds", "block")
	}
	if p.Thresholds.Block > sum {
		l.add(severityWarning, l.line([]string{"thresholds", "block"}), "thresholds/block", fmt.Sprintf("all rules together weigh %d: nothing is ever blocked", sum))
	}
}
