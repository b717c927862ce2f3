package rules

import (
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// source is a file of rules as it was written, so that a fault can be shown where it stands.
type source struct {
	name string
	text []byte
	root *yaml.Node
}

// parseSource reads the file's YAML. A document with two values under one key, or more than one document, is no pack.
func parseSource(name string, text []byte) (*source, *Finding) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, &Finding{File: name, Line: lineIn(err), Message: messageOf(err), Severity: SeverityError}
	}
	if len(document.Content) == 0 {
		return nil, &Finding{File: name, Line: 1, Message: "the file is empty", Severity: SeverityError}
	}
	return &source{name: name, text: text, root: document.Content[0]}, nil
}

// messageOf is an error of the YAML library without the line that it counts its own way.
func messageOf(err error) string {
	_, message, ok := strings.Cut(err.Error(), ": ")
	if !ok {
		return err.Error()
	}
	return linePrefix.ReplaceAllString(message, "")
}

var (
	linePrefix = regexp.MustCompile(`^line [0-9]+: `)
	lineNumber = regexp.MustCompile(`line ([0-9]+)`)
	// fromZero are the faults whose lines the YAML library counts from 0.
	fromZero = regexp.MustCompile(`did not find expected (',' or|key|'-' indicator|node content|<)`)
)

// lineIn reads the line out of an error of the YAML library, 1 where it names none.
func lineIn(err error) int {
	found := lineNumber.FindStringSubmatch(err.Error())
	if found == nil {
		return 1
	}
	line, _ := strconv.Atoi(found[1])
	if fromZero.MatchString(err.Error()) {
		line++
	}
	return line
}

// line is where a path stands, or the nearest thing above it that is there.
func (s *source) line(path []string) int {
	node := s.root
	for _, step := range path {
		next := child(node, step)
		if next == nil {
			break
		}
		node = next
	}
	return node.Line
}

// child is the value under a key or an index. Aliases are followed once, which is all that a pack may use.
func child(node *yaml.Node, step string) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch node.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				return node.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(node.Content) {
			return node.Content[i]
		}
	}
	return nil
}

// plain is the file as JSON would have it: dates stay text.
func (s *source) plain() any { return plainNode(s.root, 0) }

const deepest = 32 // no pack nests so deep; it ends aliases that hold themselves

func plainNode(node *yaml.Node, depth int) any {
	if depth > deepest {
		return nil
	}
	switch node.Kind {
	case yaml.AliasNode:
		return plainNode(node.Alias, depth+1)
	case yaml.MappingNode:
		object := map[string]any{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			object[node.Content[i].Value] = plainNode(node.Content[i+1], depth+1)
		}
		return object
	case yaml.SequenceNode:
		list := make([]any, 0, len(node.Content))
		for _, item := range node.Content {
			list = append(list, plainNode(item, depth+1))
		}
		return list
	default:
		return plainScalar(node)
	}
}

func plainScalar(node *yaml.Node) any {
	switch node.ShortTag() {
	case "!!bool":
		return node.Value == "true"
	case "!!int":
		if n, err := strconv.Atoi(node.Value); err == nil {
			return float64(n)
		}
	case "!!null":
		return nil
	}
	return node.Value
}
