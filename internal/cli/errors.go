package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/porting"
)

// usage says that the command line cannot be understood.
func usage(cmd *cobra.Command, detail string) error {
	return &porting.Error{
		Kind: porting.Invalid, Code: "usage", Op: cmd.CommandPath(), Detail: detail,
		Next: "see " + cmd.CommandPath() + " --help",
	}
}

// unknownCommand suggests what may have been meant.
func unknownCommand(cmd *cobra.Command, word string) error {
	err := &porting.Error{
		Kind: porting.Invalid, Code: "usage", Op: cmd.CommandPath(), Detail: fmt.Sprintf("there is no command %q", word),
		Next: "see " + cmd.CommandPath() + " --help",
	}
	if near := cmd.SuggestionsFor(word); len(near) > 0 {
		err.Next = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return err
}

// printError tells the user on stderr: a line an error as text, or one JSON object.
func (f *Factory) printError(err error) {
	if err == nil || errors.Is(err, errAnswered) {
		return
	}
	if f.Format == JSON {
		_ = json.NewEncoder(f.Streams.Err).Encode(map[string]errorReport{"error": f.report(err)})
		return
	}
	for _, e := range parts(err) {
		fmt.Fprintf(f.Streams.Err, "error: %s\n", e)
	}
}

// errorReport is an error for programs.
type errorReport struct {
	porting.Error
	Problems []orders.Problem `json:"problems,omitempty"` // of an order that cannot be read
	Others   []porting.Error  `json:"others,omitempty"`   // further errors that were found with it
}

func (f *Factory) report(err error) errorReport {
	all := parts(err)
	r := errorReport{Error: f.asError(all[0])}
	for _, e := range all[1:] {
		r.Others = append(r.Others, f.asError(e))
	}
	if invalid, ok := errors.AsType[*orders.InvalidOrderError](err); ok {
		r.Problems = invalid.Problems
	}
	return r
}

func (f *Factory) asError(err error) porting.Error {
	if ours, ok := errors.AsType[*porting.Error](err); ok {
		return *ours
	}
	return porting.Error{Kind: porting.Failed, Code: "failed", Op: f.command, Detail: err.Error()}
}

// parts are the errors that errors.Join put together.
func parts(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}

// errAnswered ends a command whose answer on stdout says all: only the exit code is left to say that it is a no.
var errAnswered = errors.New("answered")

// answered is the error of a command whose answer was a no. It is not printed again.
func answered(kind porting.Kind) error {
	return &porting.Error{Kind: kind, Code: "answered", Op: "answer", Detail: "see the answer", Err: errAnswered}
}
