package fraud

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// Label is what a past case turned out to be.
type Label string

// Labels.
const (
	Fraud  Label = "fraud"
	Honest Label = "honest"
)

// Case is a past port request, its evidence at the time, and what it turned out to be.
type Case struct {
	ID       string
	Label    Label
	Note     string
	Evidence Evidence
}

const (
	maxCases    = 1_000_000
	maxCaseLine = maxEvidence + 4096 // bytes
)

// ReadCases reads past cases: JSON Lines of {"id", "label", "note", "evidence"}, or CSV with the columns id, label, note, at and
// facts such as sim_swap.change, an empty cell being a missing fact. Error: cases-invalid (Invalid), with the line.
func ReadCases(r io.Reader) ([]Case, error) {
	in := bufio.NewReader(r)
	first, err := in.Peek(1)
	if err != nil {
		return nil, invalidCase(1, errors.New("there are no cases"))
	}
	if first[0] == '{' {
		return readLines(in)
	}
	return readTable(in)
}

func invalidCase(line int, err error) error {
	return &porting.Error{
		Kind: porting.Invalid, Code: "cases-invalid", Op: "read cases", Object: fmt.Sprintf("line %d", line), Detail: err.Error(),
		Next: "docs/fraud.md shows how cases are written", Err: err,
	}
}

// caseLine is a case as it is written.
type caseLine struct {
	ID       string          `json:"id"`
	Label    Label           `json:"label"`
	Note     string          `json:"note"`
	Evidence json.RawMessage `json:"evidence"`
}

func (l caseLine) read() (Case, error) {
	switch {
	case l.ID == "":
		return Case{}, errors.New("a case needs an id")
	case l.Label != Fraud && l.Label != Honest:
		return Case{}, fmt.Errorf("the label of a case is %s or %s", Fraud, Honest)
	}
	evidence, err := ReadEvidence(l.Evidence)
	return Case{l.ID, l.Label, l.Note, evidence}, err
}

func readLines(r io.Reader) ([]Case, error) {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(nil, maxCaseLine)
	var cases []Case
	line := 0
	for scanner.Scan() {
		line++
		if len(bytes.TrimSpace(scanner.Bytes())) == 0 {
			continue
		}
		var written caseLine
		d := json.NewDecoder(bytes.NewReader(scanner.Bytes()))
		d.DisallowUnknownFields()
		if err := d.Decode(&written); err != nil {
			return nil, invalidCase(line, err)
		}
		c, err := written.read()
		if err != nil {
			return nil, invalidCase(line, err)
		}
		if cases = append(cases, c); len(cases) > maxCases {
			return nil, invalidCase(line, fmt.Errorf("there are more than %d cases", maxCases))
		}
	}
	if err := scanner.Err(); err != nil {
		return nil, invalidCase(line+1, err)
	}
	return cases, nil
}

func readTable(r io.Reader) ([]Case, error) {
	table := csv.NewReader(r)
	header, err := table.Read()
	if err != nil {
		return nil, invalidCase(1, err)
	}
	if err := checkHeader(header); err != nil {
		return nil, invalidCase(1, err)
	}
	var cases []Case
	for {
		row, err := table.Read()
		if errors.Is(err, io.EOF) {
			return cases, nil
		}
		if err != nil {
			return nil, invalidCase(lineOf(err), err)
		}
		line, _ := table.FieldPos(0)
		c, err := rowOf(header, row).read()
		if err != nil {
			return nil, invalidCase(line, err)
		}
		if cases = append(cases, c); len(cases) > maxCases {
			return nil, invalidCase(line, fmt.Errorf("there are more than %d cases", maxCases))
		}
	}
}

// lineOf is where a table cannot be read.
func lineOf(err error) int {
	if broken, ok := errors.AsType[*csv.ParseError](err); ok {
		return broken.Line
	}
	return 1
}

var caseColumns = []string{"id", "label", "note", "at"}

func checkHeader(header []string) error {
	for i, name := range header {
		if slices.Contains(header[:i], name) {
			return fmt.Errorf("column %s stands there twice", name)
		}
		if factByName[name] == nil && !slices.Contains(caseColumns, name) {
			return fmt.Errorf("there is no fact %q", name)
		}
	}
	return nil
}

// rowOf writes a row of a table as the line that it stands for.
func rowOf(header, row []string) caseLine {
	var l caseLine
	evidence := map[string]any{"at": time.Unix(0, 0).UTC()}
	for i, name := range header {
		switch cell := strings.TrimSpace(row[i]); {
		case name == "id":
			l.ID = cell
		case name == "label":
			l.Label = Label(cell)
		case name == "note":
			l.Note = cell
		case cell == "":
		case name == "at":
			evidence["at"] = cell
		default:
			putCell(evidence, factByName[name], cell)
		}
	}
	l.Evidence, _ = json.Marshal(evidence) // a map of texts always can be written
	return l
}

// putCell puts one fact into evidence as it is written. What it cannot be is found when the evidence is read.
func putCell(evidence map[string]any, f *Fact, cell string) {
	report, ok := evidence[f.source].(map[string]map[string]any)
	if !ok {
		report = map[string]map[string]any{"known": {}}
		evidence[f.source] = report
	}
	_, fact, _ := strings.Cut(f.Name, ".")
	var value any = cell
	if f.Type != "age" && f.Type != "text" && json.Valid([]byte(cell)) {
		value = json.RawMessage(cell)
	}
	report["known"][fact] = value
}
