package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"charm.land/lipgloss/v2"
	"charm.land/lipgloss/v2/table"
	"golang.org/x/term"
)

// Format is how an answer is written.
type Format string

// Formats.
const (
	Text Format = "text"
	JSON Format = "json"
)

func (f *Format) String() string { return string(*f) }

// Set implements the flag.
func (f *Format) Set(s string) error {
	if s != string(Text) && s != string(JSON) {
		return fmt.Errorf("%q is not text or json", s)
	}
	*f = Format(s)
	return nil
}

// Type names the flag's values in help texts.
func (f *Format) Type() string { return "text|json" }

// Streams are where the program reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
	Terminal bool // Out is a terminal, and somebody can type into In
	Color    bool // Out shows colours
}

// SystemStreams are those of the process. Colours are for terminals, and not where NO_COLOR is set.
func SystemStreams() Streams {
	out := isTerminal(os.Stdout)
	return Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Terminal: out && isTerminal(os.Stdin),
		Color: out && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb",
	}
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// Print writes the answer: value as one JSON value, or whatever text writes.
func (f *Factory) Print(value any, text func(w io.Writer)) error {
	if f.Format == Text {
		text(f.Streams.Out)
		return nil
	}
	e := json.NewEncoder(f.Streams.Out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(value)
}

// Table writes rows under headers: with colours on a terminal, and in plain aligned columns elsewhere.
func (f *Factory) Table(w io.Writer, headers []string, rows [][]string) {
	if !f.Streams.Color {
		plainTable(w, headers, rows)
		return
	}
	t := table.New().Headers(headers...).Rows(rows...).Wrap(false).
		BorderTop(false).BorderBottom(false).BorderLeft(false).BorderRight(false).BorderColumn(false).BorderHeader(false).
		StyleFunc(func(row, _ int) lipgloss.Style {
			cell := lipgloss.NewStyle().PaddingRight(2)
			if row == table.HeaderRow {
				return cell.Bold(true)
			}
			return cell
		})
	fmt.Fprintln(w, t)
}

func plainTable(w io.Writer, headers []string, rows [][]string) {
	aligned := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{headers}, rows...) {
		fmt.Fprintln(aligned, strings.Join(row, "\t"))
	}
	_ = aligned.Flush()
}

// fields writes a name and a value a line; empty values are left out.
func fields(w io.Writer, pairs ...string) {
	aligned := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			fmt.Fprintf(aligned, "%s\t%s\n", pairs[i], pairs[i+1])
		}
	}
	_ = aligned.Flush()
}
