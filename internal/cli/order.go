package cli

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/porting"
)

func newOrder(f *Factory) *cobra.Command {
	return group(&cobra.Command{
		Use:     "order",
		Short:   "Check order files before they are started",
		Long:    "An order file says which numbers move, from whom to whom, and who permits it. It is YAML or JSON; examples/orders has some.",
		Example: "  portsaga order lint order.yaml\n  portsaga order schema > order.schema.json",
		GroupID: groupPorts,
	}, newOrderLint(f), newOrderSchema(f))
}

// lintReport is what is wrong with an order file.
type lintReport struct {
	File     string           `json:"file"`
	Valid    bool             `json:"valid"`
	Problems []orders.Problem `json:"problems"`
}

func newOrderLint(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "lint FILE",
		Short: "List all that is wrong with an order file",
		Long: "List every problem of an order file at once, each with its line, its path and what to do about it. Warnings do not stop\n" +
			"an order; with an error the exit code is 2. Nothing is started and no server is asked.",
		Example: "  portsaga order lint order.yaml\n  portsaga order lint order.yaml -o json | jq '.problems[].code'\n  cat order.json | portsaga order lint -",
		Args:    exactly(1, "which order? name its file"),
		RunE:    func(cmd *cobra.Command, args []string) error { return f.lintOrder(cmd.Context(), args[0]) },
	}
}

func (f *Factory) lintOrder(ctx context.Context, name string) error {
	now, err := f.businessNow(ctx)
	if err != nil {
		return err
	}
	file, err := f.open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	const enough = 2 << 20 // above the reader's own limit, so that it can say that the file is too large
	data, err := io.ReadAll(io.LimitReader(file, enough))
	if err != nil {
		return &porting.Error{Kind: porting.Failed, Code: "file-unreadable", Op: "read", Object: name, Detail: because(err), Err: err}
	}
	report := lintReport{File: name, Problems: append([]orders.Problem{}, orders.Lint(data, orders.Options{Now: now})...)}
	report.Valid = !slices.ContainsFunc(report.Problems, func(p orders.Problem) bool { return p.Severity == orders.SeverityError })
	if err := f.Print(report, func(w io.Writer) { f.writeLint(w, report) }); err != nil || report.Valid {
		return err
	}
	return answered(porting.Invalid)
}

func (f *Factory) writeLint(w io.Writer, r lintReport) {
	for _, p := range r.Problems {
		style := warning
		if p.Severity == orders.SeverityError {
			style = bad
		}
		fmt.Fprintf(w, "%s: %s\n", f.style(style, string(p.Severity)), p)
	}
	if r.Valid {
		fmt.Fprintf(w, "%s: the order can be started\n", r.File)
	}
}

func newOrderSchema(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of an order file",
		Long:    "Print the JSON Schema (draft 2020-12) of an order file. Editors complete and check order files with it.",
		Example: "  portsaga order schema > order.schema.json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := f.Streams.Out.Write(orders.Schema())
			return err
		},
	}
}
