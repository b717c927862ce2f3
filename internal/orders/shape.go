package orders

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxText is the longest text that a field may hold, in characters.
const maxText = 250

var (
	plainName   = regexp.MustCompile(`^[A-Za-z_-]{1,40}$`)
	wholeNumber = regexp.MustCompile(`^(0|[1-9][0-9]{0,5})$`)
)

// shape holds a node against the grammar. It reports what does not fit and takes it out of the tree, so that the rest
// can still be decoded and examined. It returns false where the node itself must go.
func (f *findings) shape(path string, n *yaml.Node, g *grammar) bool {
	if path == "" {
		f.lines[path] = n.Line
	}
	if found := notPlain(n); found != nil {
		f.lose(path, *found)
		return false
	}
	g = g.pick(n.Kind)
	switch {
	case !g.fits(n.Kind):
		f.lose(path, wrongType(n, g))
		return false
	case n.Kind == yaml.MappingNode:
		f.shapeFields(path, n, g)
		return true
	case n.Kind == yaml.SequenceNode:
		f.shapeItems(path, n, g)
		return true
	default:
		return f.shapeScalar(path, n, g)
	}
}

// notPlain finds the parts of YAML that an order does without: they hide from a reader what the order says.
func notPlain(n *yaml.Node) *flaw {
	switch {
	case n.Kind == yaml.AliasNode:
		return &flaw{"alias", "an order has no aliases", "write the value out"}
	case n.Anchor != "":
		return &flaw{"alias", "an order has no anchors", "delete the & and its name"}
	case n.Style&yaml.TaggedStyle != 0:
		return &flaw{"tag", "an order has no tags", "delete the ! and its name"}
	default:
		return nil
	}
}

func (f *findings) shapeFields(path string, n *yaml.Node, g *grammar) {
	kept := n.Content[:0]
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		field := child(path, showKey(key, g))
		first := !seen[key.Value]
		seen[key.Value] = true
		if f.knownField(field, key, g, first) && f.shape(field, value, g.Properties[key.Value]) {
			kept = append(kept, key, value)
		}
	}
	n.Content = kept
}

// knownField reports whether a field is known and stands here for the first time.
func (f *findings) knownField(path string, key *yaml.Node, g *grammar, first bool) bool {
	if _, known := g.Properties[key.Value]; !known || key.Kind != yaml.ScalarNode {
		f.failAt(key.Line, path, flaw{"unknown-field", "unknown field", "known: " + strings.Join(g.known(), ", ")})
		return false
	}
	if !first {
		f.failAt(key.Line, path, flaw{
			"duplicate-field", fmt.Sprintf("the field is already given on line %d", f.line(path)),
			"keep one of the two",
		})
		return false
	}
	f.lines[path] = key.Line
	return true
}

// showKey is the name of a field, unless it looks like a value that slipped to the left: such a one may be personal.
func showKey(key *yaml.Node, g *grammar) string {
	if g.Properties[key.Value] != nil || plainName.MatchString(key.Value) {
		return key.Value
	}
	return "(not a name)"
}

func (f *findings) shapeItems(path string, n *yaml.Node, g *grammar) {
	for i, value := range n.Content {
		at := item(path, i)
		f.lines[at] = value.Line
		if !f.shape(at, value, g.Items) {
			n.Content[i] = &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str"} // the items after it keep their index
		}
	}
}

func (f *findings) shapeScalar(path string, n *yaml.Node, g *grammar) bool {
	if found := scalarFlaw(n, g); found != nil {
		f.lose(path, *found)
		return false
	}
	if g.Type == "string" { // text stays as written: +12125550123 and 02134 are no integers
		n.Tag, n.Value = "!!str", strings.TrimSpace(n.Value)
	}
	return true
}

func scalarFlaw(n *yaml.Node, g *grammar) *flaw {
	tag := n.ShortTag()
	if tag == "!!null" {
		return &flaw{"empty-field", "the field has no value", "give it a value or delete the line"}
	}
	switch g.Type {
	case "boolean":
		return unless(tag == "!!bool", wrongType(n, g))
	case "integer":
		return unless(tag == "!!int" && wholeNumber.MatchString(n.Value), wrongType(n, g))
	default:
		return textFlaw(tag, n, g)
	}
}

func unless(ok bool, found flaw) *flaw {
	if ok {
		return nil
	}
	return &found
}

func textFlaw(tag string, n *yaml.Node, g *grammar) *flaw {
	switch tag {
	case "!!str", "!!int", "!!float", "!!timestamp":
	default:
		return &flaw{"wrong-type", "expected text, found " + describe(n), "put the value in quotes"}
	}
	if utf8.RuneCountInString(n.Value) > maxText {
		return &flaw{"text-too-long", fmt.Sprintf("the text is longer than %d characters", maxText), "shorten it"}
	}
	if strings.ContainsFunc(n.Value, unicode.IsControl) {
		return &flaw{"text-control", "the text holds line breaks or other control characters", "write it on one line"}
	}
	if g.Format == "date-time" {
		return unless(new(time.Time).UnmarshalText([]byte(strings.TrimSpace(n.Value))) == nil, flaw{
			"time-malformed",
			"the time cannot be read", "write date, time and offset from UTC, like 2026-01-17T14:30:00-05:00",
		})
	}
	return nil
}

func wrongType(n *yaml.Node, g *grammar) flaw {
	next := "write " + g.says()
	switch g.Type {
	case "object":
		next = "write the fields below it: " + strings.Join(g.known(), ", ")
	case "integer":
		next = "write it in plain digits, like 12"
	}
	return flaw{"wrong-type", "expected " + g.says() + ", found " + describe(n), next}
}

// describe names what a node is, never what it says.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "fields"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "true or false"
	default:
		return "text"
	}
}
