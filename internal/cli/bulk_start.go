package cli

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/porting"
)

type bulkOptions struct {
	List        string
	Order       string
	Errors      string
	PortsOf     int
	SkipBadRows bool
	By          string
}

func newBulkStart(f *Factory) *cobra.Command {
	o := bulkOptions{}
	cmd := &cobra.Command{
		Use:   "start -f NUMBERS.csv --order ORDER",
		Short: "Start a port for every carrier order that a list of numbers needs",
		Long: "Read a list of up to 20,000 numbers and an order file without numbers, which says what they have in common, and start a\n" +
			"port for every carrier order that they need. Columns, named in the first line: number, and where rows differ\n" +
			"account_number, btn, name, street, city, region, postal_code, country, code, carrier, kind. An empty cell takes what the\n" +
			"order file says. docs/bulk.md tells more.\n\n" +
			"Everything is checked before anything is started. Bad rows are listed in a file, and the command ends with 2, unless\n" +
			"--skip-bad-rows leaves them out. An interrupted start goes on when it is run again with the same files; one that was\n" +
			"finished changes nothing. Who submits an order may not decide on it: that is its submitted_by, or you where it names nobody.",
		Example: "  portsaga bulk start -f numbers.csv --order order.yaml\n" +
			"  portsaga bulk start -f numbers.csv --order order.yaml --ports-of 100 --skip-bad-rows -o json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case o.List == "":
				return usage(cmd, "which numbers? name their file with -f")
			case o.Order == "":
				return usage(cmd, "which order? name its file with --order")
			case o.List == "-" && o.Order == "-":
				return usage(cmd, "only one of the two files can be stdin")
			}
			return o.run(cmd.Context(), f)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&o.List, "file", "f", "", "list of numbers, CSV; - reads stdin")
	flags.StringVar(&o.Order, "order", "", "order file without numbers; - reads stdin")
	flags.StringVar(&o.Errors, "errors", "", "where bad rows are listed (NUMBERS.errors.csv)")
	flags.IntVar(&o.PortsOf, "ports-of", 200, "most numbers in one port")
	flags.BoolVar(&o.SkipBadRows, "skip-bad-rows", false, "start the good rows and leave the bad ones out")
	byFlag(cmd, &o.By)
	return cmd
}

// bulkStarted is the answer for programs.
type bulkStarted struct {
	porting.BulkStatus
	Rows       int    `json:"rows"`
	BadRows    int    `json:"bad_rows"`
	ErrorsFile string `json:"errors_file,omitempty"`
	URL        string `json:"url"`
}

func (o bulkOptions) run(ctx context.Context, f *Factory) error {
	template, list, err := o.read(ctx, f)
	if err != nil {
		return err
	}
	started := bulkStarted{Rows: list.Rows, BadRows: list.Rows - list.Good}
	if started.BadRows > 0 {
		if started.ErrorsFile, err = o.writeErrors(list.Errors); err != nil {
			return err
		}
	}
	if started.BadRows > 0 && !o.SkipBadRows || list.Good == 0 {
		return o.badRows(started)
	}
	ports, err := f.Ports(ctx)
	if err != nil {
		return err
	}
	bar := newBar(f, "ports added", len(list.Orders))
	started.BulkStatus, err = ports.StartBulk(ctx, template.Reference, list.Orders, func(s porting.BulkStatus) { bar.at(s.Ports) })
	bar.end()
	if err != nil {
		return err
	}
	if started.URL, err = f.pageOf(ctx, started.ID); err != nil {
		return err
	}
	return f.Print(started, func(w io.Writer) { writeStarted(w, started) })
}

func writeStarted(w io.Writer, s bulkStarted) {
	fmt.Fprintf(w, "%s: %s numbers in %s ports\n", s.ID, thousands(s.Numbers), thousands(s.Ports))
	if s.BadRows > 0 {
		fmt.Fprintf(w, "left out: %s of %s rows, see %s\n", thousands(s.BadRows), thousands(s.Rows), s.ErrorsFile)
	}
	fmt.Fprintf(w, "watch it: portsaga bulk watch %s\nWeb UI:   %s\n", s.ID, s.URL)
}

// read reads both files. Dates are held against business time.
func (o bulkOptions) read(ctx context.Context, f *Factory) (template porting.Order, list orders.Bulk, err error) {
	now, err := f.businessNow(ctx)
	if err != nil {
		return template, list, err
	}
	options := orders.Options{Now: now}
	file, err := f.open(o.Order)
	if err != nil {
		return template, list, err
	}
	defer file.Close()
	if template, err = orders.ReadTemplate(file, options); err != nil {
		return template, list, err
	}
	if template.SubmittedBy == "" {
		if template.SubmittedBy, err = f.who(o.By); err != nil {
			return template, list, err
		}
	}
	numbers, err := f.open(o.List)
	if err != nil {
		return template, list, err
	}
	defer numbers.Close()
	list, err = orders.ReadBulk(numbers, template, orders.BulkOptions{Options: options, PortsOf: o.PortsOf})
	return template, list, err
}

func (o bulkOptions) badRows(s bulkStarted) error {
	e := &porting.Error{
		Kind: porting.Invalid, Code: "rows-bad", Op: "read list of numbers", Object: o.List,
		Detail: fmt.Sprintf("%s of %s rows are bad, see %s", thousands(s.BadRows), thousands(s.Rows), s.ErrorsFile),
		Next:   "correct them, or leave them out with --skip-bad-rows",
	}
	if s.BadRows == s.Rows {
		e.Next = "correct them"
	}
	return e
}

// errorsFile is where bad rows are listed: beside the list, unless the user says otherwise.
func (o bulkOptions) errorsFile() string {
	switch {
	case o.Errors != "":
		return o.Errors
	case o.List == "-":
		return "numbers.errors.csv"
	default:
		return strings.TrimSuffix(o.List, filepath.Ext(o.List)) + ".errors.csv"
	}
}

// writeErrors lists bad rows in a file of their own, as CSV.
func (o bulkOptions) writeErrors(rows []orders.RowError) (name string, err error) {
	name = o.errorsFile()
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err == nil {
		w := csv.NewWriter(file)
		_ = w.Write([]string{"line", "column", "code", "message", "next"}) // Error tells it below
		for _, r := range rows {
			_ = w.Write([]string{strconv.Itoa(r.Line), r.Column, r.Code, r.Message, r.Next})
		}
		w.Flush()
		err = w.Error()
		if closed := file.Close(); err == nil {
			err = closed
		}
	}
	if err != nil {
		return name, &porting.Error{
			Kind: porting.Invalid, Code: "file-unwritable", Op: "write", Object: name, Detail: because(err),
			Next: "name a file that you may write with --errors", Err: err,
		}
	}
	return name, nil
}

// bar shows how far something long is: a bar on a terminal, and elsewhere a line for each tenth.
type bar struct {
	factory *Factory
	what    string
	total   int
	tenth   int
}

func newBar(f *Factory, what string, total int) *bar { return &bar{f, what, max(total, 1), -1} }

// overdraw begins a line anew, on terminals.
const overdraw = "\r\x1b[2K"

func (b *bar) at(done int) {
	says := fmt.Sprintf("%s of %s %s", thousands(done), thousands(b.total), b.what)
	if b.factory.Streams.Terminal && b.factory.Format == Text {
		const width = 30
		full := min(done*width/b.total, width)
		drawn := b.factory.style(good, strings.Repeat("█", full)) + b.factory.style(faint, strings.Repeat("░", width-full))
		fmt.Fprintf(b.factory.Streams.Out, "%s%s %s", overdraw, drawn, says)
		return
	}
	if tenth := done * 10 / b.total; tenth > b.tenth {
		b.tenth = tenth
		b.factory.progress("%s", says)
	}
}

// end takes the bar away.
func (b *bar) end() {
	if b.factory.Streams.Terminal && b.factory.Format == Text {
		fmt.Fprint(b.factory.Streams.Out, overdraw)
	}
}
