package orders

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"slices"

	"go.yaml.in/yaml/v3"
)

//go:embed order.schema.json
var schema []byte

// Schema is the JSON Schema (draft 2020-12) of an order file. Order files are read by it, so the two cannot disagree on
// what fields there are.
func Schema() []byte { return bytes.Clone(schema) }

// grammar is the part of the schema that says how a file is built. The rules on values are in Go, where they can say
// what to do.
type grammar struct {
	Type       string              `json:"type"`
	Format     string              `json:"format"`
	Properties map[string]*grammar `json:"properties"`
	Items      *grammar            `json:"items"`
	OneOf      []*grammar          `json:"oneOf"`
}

var orderGrammar = mustGrammar(schema)

func mustGrammar(schema []byte) *grammar {
	g := new(grammar)
	if err := json.Unmarshal(schema, g); err != nil {
		panic("orders: the embedded schema is not JSON: " + err.Error())
	}
	return g
}

// known lists the names of a mapping's fields in alphabetical order.
func (g *grammar) known() []string {
	names := make([]string, 0, len(g.Properties))
	for name := range g.Properties {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// pick is the alternative that a node of this kind can be, or g itself.
func (g *grammar) pick(kind yaml.Kind) *grammar {
	for _, alternative := range g.OneOf {
		if alternative.fits(kind) {
			return alternative
		}
	}
	return g
}

func (g *grammar) fits(kind yaml.Kind) bool {
	switch g.Type {
	case "object":
		return kind == yaml.MappingNode
	case "array":
		return kind == yaml.SequenceNode
	case "":
		return false
	default:
		return kind == yaml.ScalarNode
	}
}

// says names what the grammar asks for.
func (g *grammar) says() string {
	switch {
	case len(g.OneOf) > 0:
		return "a number or a range with from and to"
	case g.Type == "object":
		return "fields"
	case g.Type == "array":
		return "a list"
	case g.Type == "boolean":
		return "true or false"
	case g.Type == "integer":
		return "a whole number"
	default:
		return "text"
	}
}
