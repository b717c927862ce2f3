package fraud

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"

	"github.com/portsaga/portsaga/porting"
)

// maxEvidence is more than all facts together take, in bytes.
const maxEvidence = 64 << 10

// ReadEvidence reads evidence from JSON. A field, a value or a reason that is not known is refused, so that a slip of the
// pen is not read as a missing fact. Error: evidence-invalid (Invalid).
func ReadEvidence(text []byte) (Evidence, error) {
	var e Evidence
	if len(text) > maxEvidence {
		return e, invalidEvidence(fmt.Errorf("it is longer than %d bytes", maxEvidence))
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil {
		return Evidence{}, invalidEvidence(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Evidence{}, invalidEvidence(errors.New("something follows the evidence"))
	}
	if err := e.check(); err != nil {
		return Evidence{}, invalidEvidence(err)
	}
	return e, nil
}

func invalidEvidence(err error) error {
	return &porting.Error{
		Kind: porting.Invalid, Code: "evidence-invalid", Op: "read evidence", Detail: err.Error(),
		Next: "docs/fraud.md lists the facts", Err: err,
	}
}

// check holds the evidence to what the types cannot say.
func (e *Evidence) check() error {
	if e.At.IsZero() {
		return errors.New("at is missing: when was it gathered?")
	}
	for _, name := range Sources() {
		if err := checkReport(name, sources[name].in(e)); err != nil {
			return err
		}
	}
	for i := range catalog {
		if err := catalog[i].check(e); err != nil {
			return err
		}
	}
	return nil
}

func checkReport(source string, report reflect.Value) error {
	why := Why(report.Field(reportMissing).String())
	switch {
	case report.IsZero():
		return nil
	case !report.Field(reportKnown).IsNil() && why != "":
		return fmt.Errorf("%s is both known and missing", source)
	case why != "" && !slices.Contains(whys, why):
		return fmt.Errorf("%s.missing: no such reason; there are %v", source, whys)
	default:
		return nil
	}
}

func (f *Fact) check(e *Evidence) error {
	field, ok := f.field(e)
	if !ok || field.IsNil() {
		return nil
	}
	switch v := field.Elem(); {
	case v.Kind() == reflect.Int && (v.Int() < 0 || v.Int() > int64(f.max)):
		return fmt.Errorf("%s is not between 0 and %d", f.Name, f.max)
	case v.Kind() == reflect.Float64 && !(v.Float() >= 0 && v.Float() <= 1):
		return fmt.Errorf("%s is not between 0 and 1", f.Name)
	case v.Kind() == reflect.String && !slices.Contains(f.values, v.String()):
		return fmt.Errorf("%s is none of %v", f.Name, f.values)
	default:
		return nil
	}
}
