package rules

import (
	"bytes"
	_ "embed"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

//go:embed pack.schema.json
var schemaText []byte

// Schema is the JSON Schema of a pack, for editors.
func Schema() []byte { return slices.Clone(schemaText) }

// schemas are the compiled schema of a pack and those of the files beside it.
type schemas struct{ pack, base, holidays, zones *jsonschema.Schema }

// compiled is the embedded schema; a test holds it to be sound.
var compiled = sync.OnceValue(func() schemas {
	const name = "pack.schema.json"
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(schemaText))
	if err != nil {
		panic(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name, document); err != nil {
		panic(err)
	}
	def := func(d string) *jsonschema.Schema { return c.MustCompile(name + "#/$defs/" + d) }
	return schemas{pack: c.MustCompile(name), base: def("base"), holidays: def("holidays"), zones: def("zones")}
})

var english = message.NewPrinter(language.English)

// conform lists where a file departs from its schema.
func (s *source) conform(schema *jsonschema.Schema) []Finding {
	var fault *jsonschema.ValidationError
	if !errors.As(schema.Validate(s.plain()), &fault) {
		return nil
	}
	var findings []Finding
	for _, leaf := range leaves(fault) {
		findings = append(findings, s.finding(leaf.InstanceLocation, leaf.ErrorKind.LocalizedString(english)))
	}
	return findings
}

// leaves are the faults themselves, without the schemas that they passed through.
func leaves(fault *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(fault.Causes) == 0 {
		return []*jsonschema.ValidationError{fault}
	}
	var all []*jsonschema.ValidationError
	for _, cause := range fault.Causes {
		all = append(all, leaves(cause)...)
	}
	return all
}

// finding is an error at a path of the file.
func (s *source) finding(path []string, text string) Finding {
	return Finding{File: s.name, Line: s.line(path), Path: strings.Join(path, "/"), Message: text, Severity: SeverityError}
}
