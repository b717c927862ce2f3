package orders

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/portsaga/portsaga/porting"
)

// BulkOptions are the limits of a bulk order. The zero value is ready to use.
type BulkOptions struct {
	Options     // MaxNumbers bounds the rows
	PortsOf int // most numbers in one port; 200 when zero
}

const (
	defaultPortsOf = 200
	maxPortsOf     = 1000     // what a port's page, its status and a carrier's request can hold
	maxList        = 16 << 20 // bytes of a list of numbers
	maxReference   = 58       // leaves room for the number of the port in a name of 64
)

// Bulk is what a list of numbers asks for: the orders of its good rows, and what is wrong with the others.
type Bulk struct {
	Orders []porting.Order // named after the template: ACME-0001, ACME-0002, ...
	Rows   int             // with a number in them, good and bad
	Good   int
	Errors []RowError // by line
}

// RowError is what is wrong with a row. It shows numbers masked and no other value of the row.
type RowError struct {
	Line    int    `json:"line"`             // in the file, counted from 1
	Column  string `json:"column,omitempty"` // empty for the row as a whole
	Code    string `json:"code"`             // stable, as in Problem
	Message string `json:"message"`
	Next    string `json:"next"`
}

// ReadTemplate reads what the orders of a bulk order have in common: an order file without numbers. What a list of numbers
// can supply may be missing. Errors are those of Read.
func ReadTemplate(r io.Reader, options Options) (porting.Order, error) {
	options = options.withDefaults()
	data, err := readAll(r, options.MaxBytes)
	if err != nil {
		return porting.Order{}, err
	}
	order, problems := readTemplate(data, options)
	if hasErrors(problems) {
		return porting.Order{}, newInvalidOrderError(problems)
	}
	return order, nil
}

func readTemplate(data []byte, options Options) (porting.Order, []Problem) {
	f := newFindings()
	root := parse(data, options.MaxBytes, f)
	if root == nil || !f.shape("", root, orderGrammar) {
		return porting.Order{}, f.sorted()
	}
	order, listed := decode(root, f)
	if len(listed) > 0 {
		f.fail("numbers", flaw{"numbers-in-template", "the numbers come from the list", "delete them here"})
	}
	if len(order.Reference) > maxReference {
		f.fail("reference", flaw{"reference-too-long", "each port gets a number behind it, and no room is left", fmt.Sprintf("use at most %d characters", maxReference)})
	}
	order.Version = 1
	examine(&order, nil, options, f)
	return order, slices.DeleteFunc(f.sorted(), rowsCanSupply)
}

// rowsCanSupply reports whether a problem is only that something is missing which the rows may bring.
func rowsCanSupply(p Problem) bool {
	return strings.HasSuffix(p.Code, "-missing") && (p.Path == "numbers" || columnAt(p.Path) != nil)
}

// ReadBulk reads a list of numbers: CSV with a header, a row a number. A row inherits all that it leaves empty from the
// template. Numbers that one carrier order can hold are put together, see split; the same list always gives the same
// orders. Every bad row is listed and left out. The error is a *porting.Error: of kind Invalid when the list as a whole
// cannot be used, of kind Failed when it cannot be read.
func ReadBulk(r io.Reader, template porting.Order, options BulkOptions) (Bulk, error) {
	options.Options = options.withDefaults()
	options.PortsOf = cmp.Or(options.PortsOf, defaultPortsOf)
	if options.PortsOf < 1 || options.PortsOf > maxPortsOf {
		return Bulk{}, badList("ports-of-range", fmt.Sprintf("a port holds 1 to %d numbers", maxPortsOf), "choose another size")
	}
	data, err := readAll(r, maxList)
	if err != nil {
		return Bulk{}, err
	}
	if len(data) > maxList {
		return Bulk{}, badList("list-too-large", fmt.Sprintf("the file is larger than %d MiB", maxList>>20), "split it into several bulk orders")
	}
	if found := notText(data, maxList); found != nil {
		return Bulk{}, badList("list-"+strings.TrimPrefix(found.code, "file-"), found.message, "save it as CSV in UTF-8")
	}
	list, err := openList(bytes.TrimPrefix(data, utf8BOM))
	if err != nil {
		return Bulk{}, err
	}
	reading := &bulkReading{template: template, options: options, seen: map[porting.Number]int{}}
	if err := reading.readRows(list); err != nil {
		return Bulk{}, err
	}
	bulk := Bulk{Orders: split(template.Reference, reading.good, options.PortsOf), Rows: reading.rows, Good: len(reading.good), Errors: reading.errors}
	return bulk, checkReferences(bulk.Orders)
}

// bulkReading is a list of numbers on its way.
type bulkReading struct {
	template porting.Order
	options  BulkOptions
	rows     int
	good     []porting.Order        // each of one number
	seen     map[porting.Number]int // the line of each number
	errors   []RowError
}

func (b *bulkReading) readRows(list *list) error {
	for {
		row, found := list.next()
		switch {
		case found != nil:
			b.fail(row.line, "", *found)
			b.rows++
		case row.cells == nil:
			if b.rows == 0 {
				return badList("list-empty", "the list holds no numbers", "write a row for each number")
			}
			return nil
		default:
			b.rows++
			b.readRow(row)
		}
		if b.rows > b.options.MaxNumbers {
			return badList("rows-too-many", fmt.Sprintf("the list holds more than %d rows", b.options.MaxNumbers), "split it into several bulk orders")
		}
	}
}

func (b *bulkReading) readRow(row row) {
	order, number, ok := b.fill(row)
	if !ok {
		return
	}
	f := newFindings()
	examine(&order, []entry{{From: number}}, b.options.Options, f)
	if problems := f.sorted(); hasErrors(problems) {
		b.failAll(row.line, problems)
		return
	}
	n := order.Numbers[0]
	if line, twice := b.seen[n]; twice {
		b.fail(row.line, "number", flaw{"number-twice", fmt.Sprintf("%s is already listed on line %d", n, line), "list each number once"})
		return
	}
	b.seen[n] = row.line
	b.good = append(b.good, order)
}

// fill puts a row's cells over the template.
func (b *bulkReading) fill(row row) (order porting.Order, number string, ok bool) {
	order, ok = b.template, true
	for _, c := range columns {
		value := row.cells[c.name]
		if found := cellFlaw(value); found != nil {
			b.fail(row.line, c.name, *found)
			ok = false
		} else if c.field != nil && value != "" {
			*c.field(&order) = value
		}
	}
	if row.cells["country"] != "" && row.bringsAddress() {
		order.Subscriber.Address.Country = row.cells["country"]
	}
	return order, row.cells["number"], ok
}

func (b *bulkReading) failAll(line int, problems []Problem) {
	for _, p := range problems {
		if p.Severity != SeverityError {
			continue
		}
		column := ""
		if c := columnAt(p.Path); c != nil {
			column = c.name
		}
		b.fail(line, column, flaw{p.Code, p.Message, p.Next})
	}
}

func (b *bulkReading) fail(line int, column string, found flaw) {
	b.errors = append(b.errors, RowError{Line: line, Column: column, Code: found.code, Message: found.message, Next: found.next})
}

func readAll(r io.Reader, most int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, most+1))
	if err != nil {
		return nil, &porting.Error{
			Kind: porting.Failed, Code: "order-unreadable", Op: "read order",
			Detail: fmt.Sprintf("the file broke off after %d bytes", len(data)), Next: "check that the file can be read, and try again", Err: err,
		}
	}
	return data, nil
}

func badList(code, detail, next string) error {
	return &porting.Error{Kind: porting.Invalid, Code: code, Op: "read list of numbers", Detail: detail, Next: next}
}

// checkReferences keeps telephone numbers out of the ports' names also where the number of the port completes one.
func checkReferences(orders []porting.Order) error {
	for i := range orders {
		x := &examination{findings: newFindings(), order: &orders[i]}
		if x.examineReference(); len(x.problems) > 0 {
			return badList("reference-number", "the reference of a port would hold one of its numbers", "give the order another reference")
		}
	}
	return nil
}
