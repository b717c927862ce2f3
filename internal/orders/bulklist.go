package orders

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/porting"
)

// column is a column that a list of numbers can have.
type column struct {
	name  string
	path  string                         // of the order's field, as problems name it
	field func(o *porting.Order) *string // nil for the number itself
}

var columns = []column{
	{"number", "numbers[0]", nil},
	{"account_number", "account.number", func(o *porting.Order) *string { return &o.Account.Number }},
	{"btn", "account.btn", func(o *porting.Order) *string { return (*string)(&o.Account.BTN) }},
	{"name", "subscriber.name", func(o *porting.Order) *string { return &o.Subscriber.Name }},
	{"street", "subscriber.address.street", func(o *porting.Order) *string { return &o.Subscriber.Address.Street }},
	{"city", "subscriber.address.city", func(o *porting.Order) *string { return &o.Subscriber.Address.City }},
	{"region", "subscriber.address.region", func(o *porting.Order) *string { return &o.Subscriber.Address.Region }},
	{"postal_code", "subscriber.address.postal_code", func(o *porting.Order) *string { return &o.Subscriber.Address.PostalCode }},
	{"country", "country", func(o *porting.Order) *string { return &o.Country }},
	{"code", "authorization.code", func(o *porting.Order) *string { return (*string)(&o.Authorization.Code) }},
	{"carrier", "carrier", func(o *porting.Order) *string { return &o.Carrier }},
	{"kind", "kind", func(o *porting.Order) *string { return &o.Kind }},
}

func columnNamed(name string) *column {
	return findColumn(func(c column) bool { return c.name == name })
}

// columnAt is the column that supplies an order's field.
func columnAt(path string) *column { return findColumn(func(c column) bool { return c.path == path }) }

func findColumn(is func(column) bool) *column {
	if i := slices.IndexFunc(columns, is); i >= 0 {
		return &columns[i]
	}
	return nil
}

// row is a row of the list: its cells by column.
type row struct {
	line  int
	cells map[string]string
}

func (r row) bringsAddress() bool {
	return r.cells["street"]+r.cells["city"]+r.cells["region"]+r.cells["postal_code"] != ""
}

// list reads the rows of a CSV file with a header.
type list struct {
	csv    *csv.Reader
	header []string
}

func openList(data []byte) (*list, error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma = separator(data)
	r.FieldsPerRecord = -1
	r.TrimLeadingSpace = r.Comma != '\t'
	header, err := r.Read()
	if err != nil {
		return nil, badList("header-syntax", "the first line is not a CSV header", "name the columns there: "+columnNames())
	}
	for i, name := range header {
		header[i] = strings.ToLower(strings.TrimSpace(name))
		if columnNamed(header[i]) == nil {
			return nil, badList("column-unknown", fmt.Sprintf("column %d has an unknown name", i+1), "known: "+columnNames())
		}
		if slices.Contains(header[:i], header[i]) {
			return nil, badList("column-twice", "there are two columns "+header[i], "keep one of the two")
		}
	}
	if !slices.Contains(header, "number") {
		return nil, badList("column-missing", "there is no column number", "name the columns in the first line: "+columnNames())
	}
	return &list{r, header}, nil
}

// separator is what the first line puts between its columns: spreadsheets write commas, semicolons or tabs, by country.
func separator(data []byte) rune {
	first, _, _ := bytes.Cut(data, []byte("\n"))
	for _, c := range []rune{';', '\t'} {
		if bytes.ContainsRune(first, c) {
			return c
		}
	}
	return ','
}

func columnNames() string {
	var names []string
	for _, c := range columns {
		names = append(names, c.name)
	}
	return strings.Join(names, ", ")
}

// next is the next row that is not empty; its cells are nil at the end of the list. A flaw is one of the row as a whole.
func (l *list) next() (row, *flaw) {
	for {
		record, err := l.csv.Read()
		var syntax *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return row{}, nil
		case errors.As(err, &syntax):
			return row{line: syntax.StartLine}, &flaw{"row-syntax", "the row is not CSV", "check its quotes"}
		case err != nil: // the reader is in memory, so there is no other
			return row{}, &flaw{"row-syntax", "the row cannot be read", "check the file"}
		}
		line, _ := l.csv.FieldPos(0)
		if strings.TrimSpace(strings.Join(record, "")) == "" {
			continue
		}
		if len(record) != len(l.header) {
			return row{line: line}, &flaw{
				"row-columns", fmt.Sprintf("the row has %d columns and the header %d", len(record), len(l.header)),
				"write every cell, empty ones too, and quote those that hold the separator",
			}
		}
		cells := make(map[string]string, len(record))
		for i, name := range l.header {
			cells[name] = strings.TrimSpace(record[i])
		}
		return row{line, cells}, nil
	}
}

// cellFlaw says what no text of an order may be.
func cellFlaw(value string) *flaw {
	return textFlaw("!!str", &yaml.Node{Kind: yaml.ScalarNode, Value: value}, &grammar{Type: "string"})
}
