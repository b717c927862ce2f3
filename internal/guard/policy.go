package guard

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// Policy is how the numbers of a tenant are protected. Durations are real time.
type Policy struct {
	CoolOff   time.Duration  `yaml:"cool_off"`    // how long a lock holds after its unlock was proved
	Approvals int            `yaml:"approvals"`   // how many persons must sign an unlock
	PINRest   time.Duration  `yaml:"pin_rest"`    // how old a PIN must be before it opens a lock
	PIN       Digits         `yaml:"pin"`         // how long a PIN is
	Attempts  int            `yaml:"attempts"`    // at one number, and from one source where Sources says nothing
	Sources   map[string]int `yaml:"sources"`     // attempts by kind of source
	Forget    time.Duration  `yaml:"forget"`      // after so long without an attempt all are forgotten
	Lockout   time.Duration  `yaml:"lockout"`     // the first one; each in a row is twice as long
	Longest   time.Duration  `yaml:"max_lockout"` // of them
}

// Digits is how many digits a PIN has.
type Digits struct {
	Min int `yaml:"min"`
	Max int `yaml:"max"`
}

// DefaultPolicy is what holds where nothing else is said.
func DefaultPolicy() Policy {
	const day = 24 * time.Hour
	return Policy{
		CoolOff: day, Approvals: 1, PINRest: day, PIN: Digits{Min: 6, Max: 15},
		Attempts: 5, Sources: map[string]int{FromCarrier: 50}, Forget: day, Lockout: time.Hour, Longest: day,
	}
}

func (p Policy) sourceAttempts(kind string) int {
	if own, set := p.Sources[kind]; set {
		return own
	}
	return p.Attempts
}

func (p Policy) limit(attempts int) ledger.Limit {
	return ledger.Limit{Attempts: attempts, Forget: p.Forget, Lockout: p.Lockout, Longest: p.Longest}
}

// check says which value protects nobody.
func (p Policy) check() error {
	const week = 7 * 24 * time.Hour
	for _, rule := range []struct {
		name string
		ok   bool
	}{
		{"cool_off is an hour to a week", p.CoolOff >= time.Hour && p.CoolOff <= week},
		{"approvals is 1 to 5", p.Approvals >= 1 && p.Approvals <= 5},
		{"pin_rest is an hour to a week", p.PINRest >= time.Hour && p.PINRest <= week},
		{"pin is 4 to 15 digits", p.PIN.Min >= 4 && p.PIN.Min <= p.PIN.Max && p.PIN.Max <= 15},
		{"attempts is 1 to 10", p.Attempts >= 1 && p.Attempts <= 10},
		{"forget is an hour to a week", p.Forget >= time.Hour && p.Forget <= week},
		{"lockout is a minute to max_lockout", p.Lockout >= time.Minute && p.Lockout <= p.Longest},
		{"max_lockout is at most a week", p.Longest <= week},
	} {
		if !rule.ok {
			return errors.New(rule.name)
		}
	}
	for kind, attempts := range p.Sources {
		if attempts < 1 {
			return fmt.Errorf("sources: %s needs at least one attempt", kind)
		}
	}
	return nil
}

// Policies are those of all tenants. The zero Policies are DefaultPolicy for everybody.
type Policies struct {
	standard *Policy
	tenants  map[string]Policy
}

// For is a tenant's policy.
func (p Policies) For(tenant string) Policy {
	if own, set := p.tenants[tenant]; set {
		return own
	}
	if p.standard != nil {
		return *p.standard
	}
	return DefaultPolicy()
}

// LoadPolicies reads policies from a file: what "default" says holds for everybody, what "tenants" says for one. A file that
// is not there is DefaultPolicy. Code of Invalid: "protection-invalid".
func LoadPolicies(file string) (Policies, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return Policies{}, nil
	}
	var p Policies
	if err == nil {
		p, err = parsePolicies(text)
	}
	if err != nil {
		return Policies{}, &porting.Error{
			Kind: porting.Invalid, Code: "protection-invalid", Op: "read protection", Object: file, Detail: err.Error(),
			Next: "see docs/number-protection.md", Err: err,
		}
	}
	return p, nil
}

func parsePolicies(text []byte) (Policies, error) {
	var file struct {
		Default yaml.Node            `yaml:"default"`
		Tenants map[string]yaml.Node `yaml:"tenants"`
	}
	if err := strictly(text, &file); err != nil {
		return Policies{}, err
	}
	standard, err := overlaid(DefaultPolicy(), file.Default)
	if err != nil {
		return Policies{}, fmt.Errorf("default: %w", err)
	}
	p := Policies{standard: &standard, tenants: map[string]Policy{}}
	for tenant, node := range file.Tenants {
		if p.tenants[tenant], err = overlaid(standard, node); err != nil {
			return Policies{}, fmt.Errorf("tenant %s: %w", tenant, err)
		}
	}
	return p, nil
}

// overlaid is a policy with what a node says in place of its own.
func overlaid(p Policy, node yaml.Node) (Policy, error) {
	p.Sources = maps.Clone(p.Sources)
	if !node.IsZero() {
		text, err := yaml.Marshal(&node)
		if err == nil {
			err = strictly(text, &p)
		}
		if err != nil {
			return Policy{}, err
		}
	}
	return p, p.check()
}

func strictly(text []byte, into any) error {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	err := d.Decode(into)
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
