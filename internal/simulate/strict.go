package simulate

import (
	"cmp"
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// reader reads YAML into Go values and names every fault with its path and its line. It is strict: a field that nobody
// knows, one that comes twice and a value of another kind are faults.
type reader struct {
	lines  map[string]int // by path
	faults []fault
}

// fault is one thing that is wrong with a file.
type fault struct {
	path   string // like people[1].by
	line   int    // counted from 1
	detail string
}

func (f fault) String() string {
	if f.path == "" {
		return fmt.Sprintf("%s (line %d)", f.detail, f.line)
	}
	return fmt.Sprintf("%s: %s (line %d)", f.path, f.detail, f.line)
}

func newReader() *reader { return &reader{lines: map[string]int{}} }

// fail notes a fault at a path that was read, or at the nearest one above it.
func (r *reader) fail(path, format string, args ...any) {
	line := 0
	for at := path; line == 0; at = above(at) {
		if line = r.lines[at]; at == "" {
			break
		}
	}
	r.faults = append(r.faults, fault{path, cmp.Or(line, 1), fmt.Sprintf(format, args...)})
}

func above(path string) string {
	return path[:max(strings.LastIndexAny(path, ".["), 0)]
}

// into reads a node into what target points to.
func (r *reader) into(n *yaml.Node, path string, target any) {
	r.value(n, path, reflect.ValueOf(target).Elem())
}

func (r *reader) value(n *yaml.Node, path string, v reflect.Value) {
	r.lines[path] = n.Line
	text, readsText := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr())
	switch {
	case n.Kind == yaml.AliasNode:
		r.fail(path, "anchors and aliases are not used here")
	case v.Type() == reflect.TypeFor[yaml.Node]():
		v.Set(reflect.ValueOf(*n))
	case readsText:
		r.text(n, path, text)
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		r.value(n, path, v.Elem())
	case v.Kind() == reflect.Struct:
		fields := fieldsOf(v)
		r.mapping(n, path, func(key string, value *yaml.Node) {
			r.field(fields, key, value, child(path, key))
		})
	case v.Kind() == reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		r.mapping(n, path, func(key string, value *yaml.Node) {
			item := reflect.New(v.Type().Elem()).Elem()
			r.value(value, child(path, key), item)
			v.SetMapIndex(reflect.ValueOf(key), item)
		})
	case v.Kind() == reflect.Slice:
		r.list(n, path, v)
	default:
		r.scalar(n, path, v)
	}
}

// mapping hands out the fields of a mapping, each once.
func (r *reader) mapping(n *yaml.Node, path string, take func(key string, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.fail(path, "here belong fields with values, as in {name: value}")
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i].Value
		r.lines[child(path, key)] = n.Content[i].Line
		if seen[key] {
			r.fail(child(path, key), "comes twice")
			continue
		}
		seen[key] = true
		take(key, n.Content[i+1])
	}
}

func (r *reader) field(fields map[string]reflect.Value, key string, value *yaml.Node, path string) {
	field, known := fields[key]
	if !known {
		r.fail(path, "unknown field; known are %s", strings.Join(sortedKeys(fields), ", "))
		return
	}
	r.value(value, path, field)
}

func (r *reader) list(n *yaml.Node, path string, v reflect.Value) {
	if n.Kind != yaml.SequenceNode {
		r.fail(path, "here belongs a list")
		return
	}
	for i, item := range n.Content {
		v.Set(reflect.Append(v, reflect.New(v.Type().Elem()).Elem()))
		r.value(item, fmt.Sprintf("%s[%d]", path, i), v.Index(i))
	}
}

func (r *reader) text(n *yaml.Node, path string, into encoding.TextUnmarshaler) {
	if n.Kind != yaml.ScalarNode {
		r.fail(path, "here belongs a single value")
		return
	}
	if err := into.UnmarshalText([]byte(n.Value)); err != nil {
		r.fail(path, "%v", err)
	}
}

func (r *reader) scalar(n *yaml.Node, path string, v reflect.Value) {
	if n.Kind != yaml.ScalarNode {
		r.fail(path, "here belongs a single value")
		return
	}
	if err := n.Decode(v.Addr().Interface()); err != nil {
		r.fail(path, "%q is no %s", n.Value, v.Kind())
	}
}

// fieldsOf are the fields of a struct by their names in a file.
func fieldsOf(v reflect.Value) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for f, value := range v.Fields() {
		name, _, _ := strings.Cut(cmp.Or(f.Tag.Get("yaml"), f.Tag.Get("json")), ",")
		if name != "" && name != "-" {
			fields[name] = value
		}
	}
	return fields
}

func sortedKeys(m map[string]reflect.Value) []string {
	var keys []string
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func child(path, field string) string {
	if path == "" {
		return field
	}
	return path + "." + field
}
