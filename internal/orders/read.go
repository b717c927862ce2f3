// Package orders reads what a customer asks for. An order file in YAML or JSON becomes a porting.Order, or a list of all
// that is wrong with it, each problem with its path, its line and what to do about it.
//
// A file is read in three steps: parse turns bytes into a tree, shape holds the tree against the JSON Schema of an order,
// and examine applies the rules that need to know what the values mean.
package orders

import (
	"fmt"
	"io"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// Options are the limits and the present time of a reading. The zero value is ready to use.
type Options struct {
	Now        time.Time // the present, in business time; time.Now when zero
	MaxBytes   int64     // largest file; 1 MiB when zero
	MaxNumbers int       // most numbers in an order, ranges expanded; 20000 when zero
}

func (o Options) withDefaults() Options {
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 1 << 20
	}
	if o.MaxNumbers == 0 {
		o.MaxNumbers = 20_000
	}
	return o
}

// Read reads an order file. The order comes back in one form: numbers in E.164 with ranges expanded, in the order of the
// file; kind, country and SPIDs spelled the usual way; version 1. Dates stay as written. The error is an
// *InvalidOrderError that lists every problem, or a *porting.Error of kind Failed when r itself cannot be read.
func Read(r io.Reader, options Options) (porting.Order, error) {
	options = options.withDefaults()
	data, err := io.ReadAll(io.LimitReader(r, options.MaxBytes+1))
	if err != nil {
		return porting.Order{}, &porting.Error{
			Kind: porting.Failed, Code: "order-unreadable", Op: "read order",
			Detail: fmt.Sprintf("the file broke off after %d bytes", len(data)),
			Next:   "check that the file can be read, and try again", Err: err,
		}
	}
	order, problems := read(data, options)
	if hasErrors(problems) {
		return porting.Order{}, newInvalidOrderError(problems)
	}
	return order, nil
}

// Lint lists all that is wrong with an order file, errors and warnings, sorted by line.
func Lint(data []byte, options Options) []Problem {
	_, problems := read(data, options.withDefaults())
	return problems
}

// Check examines an order that did not come from a file. It returns the order in the form that Read gives, and all that
// is wrong with it; the order is only fit for use when no problem is an error.
func Check(order porting.Order, options Options) (porting.Order, []Problem) {
	f := newFindings()
	listed := make([]entry, 0, len(order.Numbers))
	for _, n := range order.Numbers {
		listed = append(listed, entry{From: n.E164()})
	}
	examine(&order, listed, options.withDefaults(), f)
	return order, f.sorted()
}

func read(data []byte, options Options) (porting.Order, []Problem) {
	f := newFindings()
	root := parse(data, options.MaxBytes, f)
	if root == nil || !f.shape("", root, orderGrammar) {
		return porting.Order{}, f.sorted()
	}
	order, listed := decode(root, f)
	order.Version = 1
	examine(&order, listed, options, f)
	return order, f.sorted()
}
