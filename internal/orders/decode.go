package orders

import (
	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/porting"
)

// entry is one item of the list of numbers: a number, or a range.
type entry struct {
	From  string `yaml:"from"`
	To    string `yaml:"to"`
	Range bool   `yaml:"-"`
}

// UnmarshalYAML takes a number as written, or the two ends of a range.
func (e *entry) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		e.From = n.Value
		return nil
	}
	type ends entry
	e.Range = true
	return n.Decode((*ends)(e))
}

// decode fills an order from a tree that fits the grammar, with its numbers as they are listed.
func decode(root *yaml.Node, f *findings) (porting.Order, []entry) {
	var file struct {
		porting.Order `yaml:",inline"`
		Listed        []entry `yaml:"numbers"`
	}
	if err := root.Decode(&file); err != nil {
		f.fail("", flaw{"file-syntax", "the file does not decode", "compare it with the files in examples/orders"})
	}
	return file.Order, file.Listed
}
