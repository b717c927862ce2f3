package orders

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/porting"
)

// compiledSchema is the schema as the rest of the world reads it.
func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	require.NoError(t, compiler.AddResource("urn:portsaga:order", document))
	compiled, err := compiler.Compile("urn:portsaga:order")
	require.NoError(t, err)
	require.Equal(t, 2020, compiled.DraftVersion)
	return compiled
}

// plain decodes YAML as tools for JSON Schema do: dates and times are text.
func plain(t *testing.T, data []byte) any {
	t.Helper()
	var root yaml.Node
	require.NoError(t, yaml.Unmarshal(data, &root))
	var untime func(*yaml.Node)
	untime = func(n *yaml.Node) {
		if n.ShortTag() == "!!timestamp" {
			n.Tag = "!!str"
		}
		for _, below := range n.Content {
			untime(below)
		}
	}
	untime(&root)
	var value any
	require.NoError(t, root.Decode(&value))
	return value
}

func orderFiles(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob("../../examples/orders/" + pattern)
	require.NoError(t, err)
	require.NotEmpty(t, names)
	return names
}

func TestExamplesFitTheSchema(t *testing.T) {
	t.Parallel()
	compiled := compiledSchema(t)
	for _, name := range orderFiles(t, "*.yaml") {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, compiled.Validate(plain(t, data)), name)
	}
}

func TestTheSchemasOwnExampleIsAnOrder(t *testing.T) {
	t.Parallel()
	var document struct{ Examples []json.RawMessage }
	require.NoError(t, json.Unmarshal(Schema(), &document))
	require.NotEmpty(t, document.Examples)
	compiled := compiledSchema(t)
	for _, example := range document.Examples {
		require.NoError(t, compiled.Validate(plain(t, example)))
		require.Empty(t, Lint(example, Options{}))
	}
}

// TestMistakesOfFormFailTheSchema compares the two readings of broken files: what is wrong in form is wrong in both.
func TestMistakesOfFormFailTheSchema(t *testing.T) {
	t.Parallel()
	compiled := compiledSchema(t)
	for _, name := range []string{
		"unknown-field", "wrong-type", "text-as-bool", "empty-field", "not-fields", "missing-all",
		"missing-nested", "reference-malformed", "kind-unknown", "numbers-missing", "number-wrong-type", "range-incomplete",
		"account-malformed", "authorization-unknown", "code-missing", "loa-unsigned", "signed-without-zone", "digest-malformed",
		"due-date-malformed", "due-date-no-day", "csr-malformed",
	} {
		data, err := os.ReadFile("../../examples/orders/broken/" + name + ".yaml")
		require.NoError(t, err)
		require.Error(t, compiled.Validate(plain(t, data)), name)
	}
}

// TestSchemaAndOrderHaveTheSameFields compares every path of the schema with the yaml tags of porting.Order.
func TestSchemaAndOrderHaveTheSameFields(t *testing.T) {
	t.Parallel()
	ofSchema := schemaPaths("", orderGrammar)
	ofOrder := append(structPaths("", reflect.TypeFor[porting.Order]()), "numbers", "numbers[].from", "numbers[].to")
	slices.Sort(ofSchema)
	slices.Sort(ofOrder)
	require.Equal(t, ofOrder, ofSchema)
}

func schemaPaths(path string, g *grammar) []string {
	var paths []string
	for name, below := range g.Properties {
		paths = append(append(paths, child(path, name)), schemaPaths(child(path, name), below)...)
	}
	if g.Items != nil {
		for _, alternative := range append(g.Items.OneOf, g.Items) {
			paths = append(paths, schemaPaths(path+"[]", alternative)...)
		}
	}
	return paths
}

func structPaths(path string, of reflect.Type) []string {
	var paths []string
	for field := range of.Fields() {
		name := field.Tag.Get("yaml")
		if name == "-" {
			continue
		}
		paths = append(paths, child(path, name))
		below := field.Type
		if below.Kind() == reflect.Pointer {
			below = below.Elem()
		}
		if below.Kind() == reflect.Slice && below.Elem().Kind() == reflect.Struct {
			paths = append(paths, structPaths(child(path, name)+"[]", below.Elem())...)
		}
		if below.Kind() == reflect.Struct && below != reflect.TypeFor[time.Time]() {
			paths = append(paths, structPaths(child(path, name), below)...)
		}
	}
	return paths
}

// TestSchemaAndRulesAgree holds the words and patterns of the schema to those of the rules.
func TestSchemaAndRulesAgree(t *testing.T) {
	t.Parallel()
	type property struct {
		Description string
		Enum        []string
		Pattern     string
		Required    []string
		Properties  map[string]property
		Items       *property
		OneOf       []property
	}
	var root property
	require.NoError(t, json.Unmarshal(Schema(), &root))

	authorization, account := root.Properties["authorization"].Properties, root.Properties["account"].Properties
	require.ElementsMatch(t, slices.Collect(maps.Keys(kinds)), root.Properties["kind"].Enum)
	require.ElementsMatch(t, slices.Collect(maps.Keys(proofs)), authorization["kind"].Enum)
	require.ElementsMatch(t, slices.Collect(maps.Keys(features)), account["features"].Items.Enum)
	require.Equal(t, sha256Hex.String(), authorization["document_sha256"].Pattern)
	document := root.Properties["documents"].Items.Properties
	require.ElementsMatch(t, papers, document["kind"].Enum)
	require.Equal(t, sha256Hex.String(), document["sha256"].Pattern)
	for _, name := range []string{"reference", "tenant", "carrier"} {
		require.Equal(t, safeName.String(), root.Properties[name].Pattern, name)
	}
	for _, party := range []string{"donor", "recipient"} {
		require.Equal(t, spid.String(), root.Properties[party].Properties["spid"].Pattern, party)
	}

	var described func(path string, p property)
	described = func(path string, p property) {
		require.NotEmpty(t, p.Description, "%s has no description", path)
		for name, below := range p.Properties {
			described(child(path, name), below)
		}
	}
	described("", root)
	for _, alternative := range root.Properties["numbers"].Items.OneOf {
		described("numbers[]", alternative)
	}

	for _, path := range []string{"", "donor", "recipient", "subscriber", "authorization"} {
		at := root
		if path != "" {
			at = root.Properties[path]
		}
		require.NotEmpty(t, at.Required)
		for _, name := range at.Required {
			require.True(t, missesField(t, child(path, name)), "%s is required and its absence goes unnoticed", child(path, name))
		}
	}
}

// missesField deletes a field from a good order and reports whether that is an error.
func missesField(t *testing.T, path string) bool {
	t.Helper()
	data, err := os.ReadFile("../../examples/orders/us-wireline-simple.yaml")
	require.NoError(t, err)
	var order map[string]any
	require.NoError(t, yaml.Unmarshal(data, &order))
	at := order
	above, name, nested := strings.Cut(path, ".")
	if nested {
		at = order[above].(map[string]any)
	} else {
		name = above
	}
	require.Contains(t, at, name)
	delete(at, name)
	data, err = yaml.Marshal(order)
	require.NoError(t, err)
	return hasErrors(Lint(data, Options{}))
}

func TestSchemaIsACopy(t *testing.T) {
	t.Parallel()
	Schema()[0] = 'x'
	require.True(t, json.Valid(Schema()))
}
