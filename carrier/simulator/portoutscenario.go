package simulator

import (
	"bytes"
	"embed"
	"path"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed portouts/*.yaml
var builtinPortOuts embed.FS

// What a counterparty makes of our cancel.
const (
	cancelTaken   = "acknowledge"
	cancelRefused = "refuse"
	cancelIgnored = "ignore" // it takes the cancel and the numbers
)

// PortOutScenario is how a counterparty and its carrier treat a port-out.
type PortOutScenario struct {
	Name           string   `yaml:"-"`               // the file's name
	About          string   `yaml:"about"`           // one sentence for people
	Silence        Span     `yaml:"silence"`         // after so long without an answer the carrier approves by itself; never when left out
	Activates      Span     `yaml:"activates"`       // so long after the approval the numbers move
	NeverActivates bool     `yaml:"never_activates"` // it takes the approval, and never the numbers
	Withdraws      Span     `yaml:"withdraws"`       // so long after it asked, the counterparty takes the request back
	Cancel         string   `yaml:"cancel"`          // acknowledge, refuse or ignore; acknowledge when left out
	CancelAfter    Span     `yaml:"cancel_after"`    // how long it takes to answer a cancel
	Answer         Answer   `yaml:"answer"`          // how it takes our answer over HTTP
	Webhooks       Webhooks `yaml:"webhooks"`
}

// BuiltinPortOuts holds the port-out scenarios that come with the program, by name.
var BuiltinPortOuts = sync.OnceValue(func() map[string]PortOutScenario {
	files, err := builtinPortOuts.ReadDir("portouts")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	all := map[string]PortOutScenario{}
	for _, file := range files {
		text, err := builtinPortOuts.ReadFile(path.Join("portouts", file.Name()))
		if err != nil {
			panic(err)
		}
		s, err := ParsePortOutScenario(strings.TrimSuffix(file.Name(), ".yaml"), text)
		if err != nil {
			panic(err) // so are the files, and a test reads them
		}
		all[s.Name] = s
	}
	return all
})

// ParsePortOutScenario reads one scenario, strictly.
func ParsePortOutScenario(name string, text []byte) (PortOutScenario, error) {
	var s PortOutScenario
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&s); err != nil {
		return s, badScenario(name, err.Error())
	}
	s.Name = name
	if path, fault := s.Fault(); fault != "" {
		return s, badScenario(name, path+": "+fault)
	}
	return s, nil
}

// Fault is what is wrong with a scenario, and where; it is "" where nothing is.
func (s PortOutScenario) Fault() (path, fault string) {
	switch s.Cancel {
	case "", cancelTaken, cancelRefused, cancelIgnored:
		return "", ""
	}
	return "cancel", "is acknowledge, refuse or ignore"
}
