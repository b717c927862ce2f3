package fraud

import (
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// Fact is one thing that a rule can ask about.
type Fact struct {
	Name  string // "sim_swap.change"
	Type  string // bool, int, double, age, or text with its values
	Means string

	place  int // in the catalog
	source string
	report sourceField
	path   int // of the field in its source
	kind   *cel.Type
	values []string // of a text
	max    int      // of an int
}

// maxCount bounds a count that names no bound of its own.
const maxCount = 1_000_000

// Fields of a Report.
const (
	reportKnown   = 0
	reportMissing = 1
)

// sourceField is where a source stands in Evidence.
type sourceField int

func (i sourceField) in(e *Evidence) reflect.Value { return reflect.ValueOf(e).Elem().Field(int(i)) }

var (
	catalog, sources = buildCatalog()
	factByName       = index(catalog)
)

// Catalog lists every fact that a rule can ask about, by source.
func Catalog() []Fact { return slices.Clone(catalog) }

// Sources lists the names of all sources, as Evidence orders them.
func Sources() []string {
	var names []string
	for _, f := range catalog {
		names = append(names, f.source)
	}
	return slices.Compact(names)
}

// buildCatalog reads the facts off the types, so that there is one list of them.
func buildCatalog() ([]Fact, map[string]sourceField) {
	var facts []Fact
	fields := map[string]sourceField{}
	whole := reflect.TypeFor[Evidence]()
	for i := range whole.NumField() {
		field := whole.Field(i)
		if field.Type.Kind() != reflect.Struct || !strings.HasPrefix(field.Type.Name(), "Report[") {
			continue
		}
		source := jsonName(field)
		fields[source] = sourceField(i)
		known := field.Type.Field(reportKnown).Type.Elem()
		for j := range known.NumField() {
			facts = append(facts, factOf(source, sourceField(i), j, known.Field(j)))
		}
	}
	return facts, fields
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

func factOf(source string, report sourceField, path int, field reflect.StructField) Fact {
	f := Fact{Name: source + "." + jsonName(field), Means: field.Tag.Get("fact"), source: source, report: report, path: path}
	value := reflect.New(field.Type.Elem()).Elem()
	switch v := value.Interface().(type) {
	case bool:
		f.kind, f.Type = cel.BoolType, "bool"
	case int:
		f.kind, f.Type, f.max = cel.IntType, "int", maxCount
		if bound, ok := field.Tag.Lookup("max"); ok {
			f.max, _ = strconv.Atoi(bound)
		}
	case float64:
		f.kind, f.Type = cel.DoubleType, "double"
	case Age:
		f.kind, f.Type = ageType, "age"
	case interface{ values() []string }:
		f.kind, f.Type, f.values = cel.StringType, "text", v.values()
	default:
		panic("fraud: no rule can ask about " + f.Name)
	}
	return f
}

func index(facts []Fact) map[string]*Fact {
	byName := make(map[string]*Fact, len(facts))
	for i := range facts {
		facts[i].place = i
		byName[facts[i].Name] = &facts[i]
	}
	return byName
}

// field is the fact's place in evidence: a pointer, nil where its source did not tell. ok is false where there is no source.
func (f *Fact) field(e *Evidence) (field reflect.Value, ok bool) {
	known := f.report.in(e).Field(reportKnown)
	if known.IsNil() {
		return reflect.Value{}, false
	}
	return known.Elem().Field(f.path), true
}

// missing is why the evidence lacks the fact, "" where it has it.
func (f *Fact) missing(e *Evidence) Why {
	field, ok := f.field(e)
	if !ok {
		if why := f.report.in(e).Field(reportMissing).String(); why != "" {
			return Why(why)
		}
		return NotAsked
	}
	if field.IsNil() {
		return NotTold
	}
	return ""
}

// unknown is the value of a fact that is missing. CEL treats it as it treats an error: what the rest of a rule decides without
// the fact is decided, and all else is unknown too. Its node is not 0, or CEL would write one into what all rules share.
var (
	unknown    = types.NewErrWithNodeID(1, "%w", errUnknown)
	errUnknown = errors.New("missing evidence")
)

// value is the fact as rules see it.
func (f *Fact) value(e *Evidence) ref.Val {
	field, ok := f.field(e)
	if !ok || field.IsNil() {
		return unknown
	}
	switch field = field.Elem(); f.kind {
	case cel.BoolType:
		return types.Bool(field.Bool())
	case cel.IntType:
		return types.Int(field.Int())
	case cel.DoubleType:
		return types.Double(field.Float())
	case cel.StringType:
		return types.String(field.String())
	default:
		return ageValue{field.Interface().(Age)}
	}
}
