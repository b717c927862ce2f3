// Package simulate carries an order through the real saga without a server: the real workflow code, the real steps and
// rules, a ledger in memory and a carrier that plays its part, in virtual time. What carrier and people do is written in
// a scenario, one YAML file that users can write; the ones in scenarios/ come with the program, and the demo plays them
// as well.
package simulate

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
)

//go:embed scenarios/*.yaml
var builtin embed.FS

// DefaultScenario is a port on a good day.
const DefaultScenario = "happy"

// Scenario is what happens to one port: how the carrier treats it, what people do, and how it should end.
type Scenario struct {
	Name    string // the file's, without .yaml
	About   string // one sentence for people
	Needs   Needs  // of the order
	Carrier simulator.Scenario
	PortOut *simulator.PortOutScenario // how a counterparty asks for numbers of ours; nil where an order of ours is sent
	Record  Record                     // of a port-out
	People  []Act
	Ends    porting.Outcome // the outcome that is expected; empty where any will do
}

// file is a scenario as it is written.
type file struct {
	About   string          `yaml:"about"`
	Order   Needs           `yaml:"order"`
	Carrier yaml.Node       `yaml:"carrier"` // the name of a carrier's scenario, or one inline
	PortOut yaml.Node       `yaml:"port_out"`
	Record  Record          `yaml:"our_record"`
	People  []yaml.Node     `yaml:"people"`
	Ends    porting.Outcome `yaml:"ends"`
}

// Builtin lists the scenarios of orders that come with the program, by name. The list is the caller's own.
func Builtin() []Scenario { return kept(func(s Scenario) bool { return s.PortOut == nil }) }

// BuiltinPortOuts lists the scenarios of port-outs that come with the program, by name.
func BuiltinPortOuts() []Scenario { return kept(func(s Scenario) bool { return s.PortOut != nil }) }

func kept(keep func(Scenario) bool) []Scenario {
	return slices.DeleteFunc(slices.Clone(parsed()), func(s Scenario) bool { return !keep(s) })
}

var parsed = sync.OnceValue(func() []Scenario {
	files, err := fs.Glob(builtin, "scenarios/*.yaml")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	var all []Scenario
	for _, name := range files {
		text, err := builtin.ReadFile(name)
		if err != nil {
			panic(err)
		}
		s, err := Parse(nameOf(name), text)
		if err != nil {
			panic(err) // so are the files, and a test reads them
		}
		all = append(all, s)
	}
	return all
})

// Names lists the names of the built-in scenarios.
func Names() []string {
	var names []string
	for _, s := range parsed() {
		names = append(names, s.Name)
	}
	return names
}

// Find is the built-in scenario of that name, or the one in the file of that name. Errors, all Invalid: scenario-unknown,
// scenario-unreadable, and one scenario-invalid for each fault of a file.
func Find(nameOrFile string) (Scenario, error) {
	for _, s := range parsed() {
		if s.Name == nameOrFile {
			return s, nil
		}
	}
	if !strings.ContainsAny(nameOrFile, `./\`) {
		return Scenario{}, no("scenario-unknown", nameOrFile, "there is no such scenario", "choose one of "+strings.Join(Names(), ", ")+", or name a file")
	}
	text, err := os.ReadFile(nameOrFile)
	if err != nil {
		if fault, ok := errors.AsType[*fs.PathError](err); ok {
			err = fault.Err
		}
		return Scenario{}, no("scenario-unreadable", nameOrFile, err.Error(), "name a file that you may read")
	}
	return Parse(nameOf(nameOrFile), text)
}

func nameOf(file string) string {
	base := path.Base(filepath.ToSlash(file))
	return strings.TrimSuffix(base, path.Ext(base))
}

// Parse reads a scenario, strictly. Its error joins one scenario-invalid (Invalid) for each fault.
func Parse(name string, text []byte) (Scenario, error) {
	r := newReader()
	s := r.scenario(name, text)
	var faults []error
	for _, f := range r.faults {
		faults = append(faults, no("scenario-invalid", name, f.String(), ""))
	}
	return s, errors.Join(faults...)
}

func (r *reader) scenario(name string, text []byte) Scenario {
	document := r.document(text)
	if document == nil {
		return Scenario{}
	}
	var f file
	r.into(document, "", &f)
	s := Scenario{Name: name, About: f.About, Ends: f.Ends, Needs: f.Order, Carrier: r.carrier(name, f.Carrier), PortOut: r.portOut(name, f.PortOut), Record: f.Record}
	if s.About == "" {
		r.fail("about", "missing; say in one sentence what happens")
	}
	if s.Needs.Numbers < 0 || s.Needs.Numbers > maxNeeded {
		r.fail("order.numbers", "a scenario needs up to %d numbers", maxNeeded)
	}
	if s.Ends != "" && !slices.Contains(porting.Outcomes, s.Ends) {
		r.fail("ends", "%q is no outcome; outcomes are %s", s.Ends, list(porting.Outcomes))
	}
	for i, n := range f.People {
		s.People = append(s.People, r.act(&n, fmt.Sprintf("people[%d]", i), s.PortOut != nil))
	}
	return s
}

// document is the one document of a file.
func (r *reader) document(text []byte) *yaml.Node {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var n, more yaml.Node
	if err := dec.Decode(&n); err != nil {
		r.fail("", "this is no YAML: %v", err)
		return nil
	}
	if err := dec.Decode(&more); !errors.Is(err, io.EOF) {
		r.fail("", "a file holds one scenario")
		return nil
	}
	return n.Content[0]
}

// carrier is how the carrier behaves: as one of its own scenarios, named, or as it is written here.
func (r *reader) carrier(name string, n yaml.Node) simulator.Scenario {
	known := simulator.Builtin()
	switch n.Kind {
	case 0:
		return known[simulator.DefaultScenario]
	case yaml.ScalarNode:
		s, ok := known[n.Value]
		if !ok {
			r.fail("carrier", "the carrier knows no scenario %q; write its steps here, or name one of %s", n.Value, list(sorted(known)))
		}
		return s
	default:
		var s simulator.Scenario
		r.into(&n, "carrier", &s)
		s.Name = "scenario-" + name
		if path, fault := s.Fault(); fault != "" {
			r.fail(child("carrier", path), "%s", fault)
		}
		return s
	}
}

func no(code, object, detail, next string) error {
	return &porting.Error{Kind: porting.Invalid, Code: code, Op: "read scenario", Object: object, Detail: detail, Next: next}
}
