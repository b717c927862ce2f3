package simulator

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/porting"
)

//go:embed scenarios/*.yaml
var builtin embed.FS

// DefaultScenario is the carrier on a good day.
const DefaultScenario = "happy"

// Scenario is how the carrier treats an order: what it does after each event, how it answers, how it calls back.
type Scenario struct {
	Name            string            `yaml:"-"`                // the file's name
	About           string            `yaml:"about"`            // one sentence for people
	Steps           []Step            `yaml:"steps"`            // what the carrier does by itself
	Answers         map[string]Answer `yaml:"answers"`          // by operation: submit, status, cancel, activate, reverse
	Webhooks        Webhooks          `yaml:"webhooks"`         // how it calls back
	CancelLock      Span              `yaml:"cancel_lock"`      // before the FOC, in which it refuses to cancel
	EarlyActivation bool              `yaml:"early_activation"` // it activates before the FOC if asked
}

// Step is one thing that the carrier does: on an event, after a while, then another event. A step whose moment comes
// while the order stands elsewhere (a confirmation of a cancelled order) does nothing.
type Step struct {
	On       string `yaml:"on"`
	After    Span   `yaml:"after"`     // counted from the event
	AfterFOC *Span  `yaml:"after_foc"` // counted from the FOC instead, also when it moves
	Then     string `yaml:"then"`
	FOC      *Span  `yaml:"foc"`  // of confirmed: this far ahead; left out, the desired due date
	By       Span   `yaml:"by"`   // of foc-changed: how far the FOC slips
	Code     string `yaml:"code"` // of rejected: the carrier's code
	Text     string `yaml:"text"` // of rejected: the carrier's words

	Except []Exception `yaml:"except"` // of confirmed and activated: numbers that are left out
}

// Answer is how the carrier answers one operation over HTTP.
type Answer struct {
	Fail   int    `yaml:"fail"`   // the first requests get a 503, and nothing is done
	Refuse string `yaml:"refuse"` // it says no, with these words
	Late   Span   `yaml:"late"`   // it does it and answers this much later
	Hang   bool   `yaml:"hang"`   // it does it and never answers the request that did it
}

// Webhooks is how the carrier calls back.
type Webhooks struct {
	Duplicates int  `yaml:"duplicates"` // each is sent so many times more
	Reorder    bool `yaml:"reorder"`    // each waits until the next one has overtaken it, an hour at most
	Drop       bool `yaml:"drop"`       // none is sent
}

// Builtin holds the scenarios that come with the program, by name. The map is the caller's own.
func Builtin() map[string]Scenario { return maps.Clone(parsed()) }

var parsed = sync.OnceValue(func() map[string]Scenario {
	dir, err := fs.Sub(builtin, "scenarios")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	scenarios, err := readScenarios(dir)
	if err != nil {
		panic(err) // so are the files, and a test reads them
	}
	return scenarios
})

// LoadScenarios holds the built-in scenarios and those in a directory of *.yaml files, which win where names are equal.
func LoadScenarios(dir string) (map[string]Scenario, error) {
	all := Builtin()
	if dir == "" {
		return all, nil
	}
	own, err := readScenarios(os.DirFS(dir))
	if err != nil {
		return nil, err
	}
	maps.Copy(all, own)
	return all, nil
}

func readScenarios(dir fs.FS) (map[string]Scenario, error) {
	files, err := fs.Glob(dir, "*.yaml")
	if err != nil {
		return nil, err
	}
	scenarios := make(map[string]Scenario, len(files))
	for _, file := range files {
		text, err := fs.ReadFile(dir, file)
		if err != nil {
			return nil, badScenario(file, err.Error())
		}
		s, err := ParseScenario(strings.TrimSuffix(path.Base(file), ".yaml"), text)
		if err != nil {
			return nil, err
		}
		scenarios[s.Name] = s
	}
	return scenarios, nil
}

// ParseScenario reads one scenario, strictly: an unknown field or event is an error.
func ParseScenario(name string, text []byte) (Scenario, error) {
	s := Scenario{}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&s); err != nil {
		return Scenario{}, badScenario(name, err.Error())
	}
	s.Name = name
	if path, fault := s.Fault(); fault != "" {
		return Scenario{}, badScenario(name, path+": "+fault)
	}
	return s, nil
}

// Fault is the first thing that is wrong with a scenario, and where, like "steps[2]"; it is "" where nothing is.
func (s Scenario) Fault() (path, fault string) {
	for i, step := range s.Steps {
		if problem := step.problem(); problem != "" {
			return fmt.Sprintf("steps[%d]", i), problem
		}
	}
	for _, op := range slices.Sorted(maps.Keys(s.Answers)) {
		if !slices.Contains(orderOps, op) {
			return "answers", fmt.Sprintf("unknown operation %q, known: %s", op, strings.Join(orderOps, ", "))
		}
	}
	return "", ""
}

// problem says what is wrong with a step, "" if nothing is.
func (s Step) problem() string {
	then, known := moves[s.Then]
	switch {
	case !known || then.asked:
		return fmt.Sprintf("then: %q is nothing that the carrier does by itself", s.Then)
	case moves[s.On].to == "":
		return fmt.Sprintf("on: unknown event %q", s.On)
	case s.Then == Rejected && s.Code == "":
		return "a rejection needs a code"
	case s.Then == FOCChanged && s.By == Span{}:
		return "by: says how far the FOC slips"
	case s.AfterFOC != nil && s.On != Confirmed:
		return "after_foc: goes with on: confirmed"
	case s.AfterFOC != nil && s.After != Span{}:
		return "after and after_foc exclude each other"
	case len(s.Except) > 0 && leaves[s.Then] == "":
		return "except: goes with then: confirmed or activated"
	}
	for _, e := range s.Except {
		if problem := e.problem(); problem != "" {
			return "except: " + problem
		}
	}
	return ""
}

func badScenario(name, detail string) error {
	return &porting.Error{Kind: porting.Invalid, Code: "scenario-invalid", Op: "read scenario", Object: name, Detail: detail}
}

// locks reports whether a cancel comes too close to the FOC.
func (s Scenario) locks(foc, now time.Time) bool {
	return s.CancelLock != Span{} && !foc.IsZero() && !s.CancelLock.From(now).Before(foc)
}

// noDueDate is how far ahead the carrier confirms an order that names no desired due date, or one that is past.
var noDueDate = Span{BusinessDays: 3}

// focFor is the date that a confirmation gives to an order.
func (s Step) focFor(o *order, at time.Time) time.Time {
	switch {
	case s.FOC != nil:
		return s.FOC.From(at)
	case o.ddd.After(at):
		return o.ddd
	default:
		return noDueDate.From(at)
	}
}
