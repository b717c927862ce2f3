package fraud

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"os"
	"slices"
	"sync"

	"cel.dev/cel-go/cel"

	"github.com/portsaga/portsaga/porting"
)

// Policy is a file of rules, compiled. It never changes; another text is another policy.
type Policy struct {
	ID         string     `yaml:"id"`
	Version    string     `yaml:"version"`
	Title      string     `yaml:"title"`
	Thresholds Thresholds `yaml:"thresholds"`
	Rules      []Rule     `yaml:"rules"`

	text   []byte
	digest string
}

// Thresholds are the scores from which a port is reviewed and may be blocked. A block also needs a rule that names its ground.
type Thresholds struct {
	Review int `yaml:"review"`
	Block  int `yaml:"block"` // 0: this policy never blocks
}

// Rule is one thing to look for.
type Rule struct {
	ID            string         `yaml:"id"`
	When          string         `yaml:"when"` // CEL over facts: true where the rule fires
	Weight        int            `yaml:"weight"`
	Reason        Reason         `yaml:"reason"`
	Message       string         `yaml:"message"`        // one sentence for the reviewer
	Why           string         `yaml:"why"`            // for the documentation: what the attack is, and who fires the rule honestly
	Ground        porting.Reason `yaml:"ground"`         // on which a block may rest; the pack must find it lawful too
	WhenMissing   WhenMissing    `yaml:"when_missing"`   // review where it is left out
	MissingWeight int            `yaml:"missing_weight"` // of when_missing: weight

	program cel.Program
	facts   []*Fact // that When asks about, in the order of the catalog
}

// WhenMissing is what a rule does when evidence that it needs is missing.
type WhenMissing string

// What missing evidence does.
const (
	MissingReviews WhenMissing = "review" // a person looks, whatever the score
	MissingWeighs  WhenMissing = "weight" // it adds to the score
	MissingIgnored WhenMissing = "ignore" // nothing, and the verdict still lists it
)

// PolicyRef names a policy exactly.
type PolicyRef struct {
	ID      string `json:"id"`
	Version string `json:"version"`
	Digest  string `json:"digest"` // of the file: sha256:...
}

// Ref names the policy as verdicts pin it.
func (p *Policy) Ref() PolicyRef { return PolicyRef{p.ID, p.Version, p.digest} }

// Text is the policy as it was loaded, to be kept beside what it judged.
func (p *Policy) Text() []byte { return slices.Clone(p.text) }

//go:embed default.yaml
var defaultText []byte

// DefaultName is the file name under which lint shows the default policy.
const DefaultName = "default.yaml"

// DefaultText is the default policy as it is written, to be copied and changed.
func DefaultText() []byte { return append([]byte(nil), defaultText...) }

// Default is the policy that a fraud desk would start from. docs/fraud.md explains it rule by rule.
var Default = sync.OnceValue(func() *Policy {
	p, err := Load(DefaultName, defaultText)
	if err != nil {
		panic(err) // a test holds the embedded file to be sound
	}
	return p
})

// LoadFile loads a policy from a file, "" being the default one. Errors: fraud-policy-unreadable (Failed),
// fraud-policy-invalid (Invalid).
func LoadFile(name string) (*Policy, error) {
	if name == "" {
		return Default(), nil
	}
	text, err := ReadText(name)
	if err != nil {
		return nil, err
	}
	return Load(name, text)
}

// ReadText reads the file of a policy. Error: fraud-policy-unreadable (Failed).
func ReadText(name string) ([]byte, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, &porting.Error{
			Kind: porting.Failed, Code: "fraud-policy-unreadable", Op: "read fraud policy", Object: name, Detail: "the file cannot be read",
			Next: "check its name and its permissions", Err: err,
		}
	}
	return text, nil
}

// Load compiles a policy. Error: fraud-policy-invalid (Invalid), with the first fault; Lint lists them all.
func Load(name string, text []byte) (*Policy, error) {
	p, findings := read(name, text)
	for _, found := range findings {
		if found.Severity == severityError {
			return nil, &porting.Error{
				Kind: porting.Invalid, Code: "fraud-policy-invalid", Op: "load fraud policy", Object: name, Detail: found.String(),
				Next: "see every fault with: portsaga fraud lint FILE",
			}
		}
	}
	return p, nil
}

// Digest is the SHA-256 of a text, sha256:..., as verdicts name policies and evidence.
func Digest(text []byte) string {
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}
