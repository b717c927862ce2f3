package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/pprof"
	"strings"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/cli"
)

// NewCommand is the command that measures what a port costs.
func NewCommand(f *cli.Factory) *cobra.Command {
	o := Options{}
	var where, profile string
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure what a port costs, here or on a cluster",
		Long: "Carry ports through the real saga in a steady state, with a simulated carrier that takes milliseconds, and measure: ports a\n" +
			"second, the work of each stage without its waits, history events and bytes, processor time, memory, bytes in the databases.\n\n" +
			"--baseline runs in turn with it, in the same processes, a bare workflow that makes the same commands with steps that do\n" +
			"nothing, and the reference workflow (ten activities, one signal, one timer, two upserts). Ratios are what to read: absolute\n" +
			"figures hold for one machine and one moment. docs/performance.md says more.\n\n" +
			"A cluster must know the namespace and the search attributes: portsaga bootstrap.",
		Example: "  portsaga bench --baseline\n  portsaga bench --ports 500 --fast -o json\n  portsaga bench --engine temporal:7233 --ledger postgres://portsaga@db/ledger --baseline",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return profiled(profile, func() error { return runBench(cmd.Context(), f, o, where) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Kind, "kind", KindPortIn, "what is measured: "+strings.Join(Kinds, ", "))
	flags.IntVar(&o.Ports, "ports", 200, "ports of each round")
	flags.IntVar(&o.Rounds, "rounds", 3, "rounds; figures are medians of them")
	flags.IntVar(&o.InProgress, "in-progress", 40, "ports that are under way at a time")
	flags.IntVar(&o.Numbers, "numbers", 0, "numbers of each port; 20 in bulk orders and else 1 when 0")
	flags.BoolVar(&o.Signed, "signed", false, "an approver signs each decision, and the worker verifies it")
	flags.Float64Var(&o.Rate, "rate", 0, "revocations a second after the burst; half of what the burst reached when 0")
	flags.BoolVar(&o.Baseline, "baseline", false, "measure the bare and the reference workflow in turn with ours")
	flags.BoolVar(&o.Fast, "fast", false, "the embedded engine gives up safety against a loss of power")
	flags.StringVar(&where, "engine", embedded, "sqlite is the embedded engine, postgres://user@host/database the same on PostgreSQL; or the address of a cluster")
	flags.StringVar(&o.Ledger, "ledger", "", "DSN of the ledger; a SQLite file that is thrown away when empty")
	flags.IntSliceVar(&o.Open, "open", nil, "ports that stand open while others are measured, one measure after the other: 100,1000,10000")
	flags.StringVar(&o.Dir, "dir", "", "directory that is kept, with the ports that stand open in it; a new one that is thrown away when empty")
	flags.StringVar(&profile, "cpu-profile", "", "file for a profile of this process, for go tool pprof")
	flags.StringVar(&o.EngineProfile, "engine-profile", "", "file for a profile of the embedded engine's process")
	_ = cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions(Kinds, cobra.ShellCompDirectiveNoFileComp))
	cmd.AddCommand(newEngine(f))
	return cmd
}

const embedded = "sqlite"

func runBench(ctx context.Context, f *cli.Factory, o Options, where string) (err error) {
	switch {
	case where == embedded:
	case isServer(where):
		o.Database = where
	default:
		connection, err := f.Connect(ctx)
		if err != nil {
			return err
		}
		o.Address, o.Connection = where, connection.Options
		o.Connection.HostPort = where
	}
	if o.Dir == "" {
		if o.Dir, err = os.MkdirTemp("", "portsaga-bench-"); err != nil {
			return fmt.Errorf("make a directory for the bench: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(o.Dir)) }()
	}
	bar := &bar{f}
	o.Tell = bar.at
	report, err := Run(ctx, o)
	bar.end()
	if err != nil && len(report.Fleets) == 0 {
		return err
	}
	return errors.Join(err, f.Print(report, func(w io.Writer) { report.write(f, w) }))
}

// profiled does something while it writes a profile of the processor time, if it is to.
func profiled(file string, do func() error) (err error) {
	if file == "" {
		return do()
	}
	out, err := os.Create(file)
	if err != nil {
		return fmt.Errorf("write a profile: %w", err)
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if err := pprof.StartCPUProfile(out); err != nil {
		return fmt.Errorf("write a profile: %w", err)
	}
	defer pprof.StopCPUProfile()
	return do()
}

// newEngine is the process of the embedded engine.
func newEngine(f *cli.Factory) *cobra.Command {
	return &cobra.Command{
		Use: "engine", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serveEngine(cmd.Context(), f.Streams.In, f.Streams.Out)
		},
	}
}

// bar says how far a bench is, on terminals only.
type bar struct{ f *cli.Factory }

const overdraw = "\r\x1b[2K"

func (b *bar) at(what string, done, of int) {
	if b.shown() {
		fmt.Fprintf(b.f.Streams.Err, "%s%s: %d of %d", overdraw, what, done, of)
	}
}

func (b *bar) end() {
	if b.shown() {
		fmt.Fprint(b.f.Streams.Err, overdraw)
	}
}

func (b *bar) shown() bool { return b.f.Streams.Terminal && b.f.Format == cli.Text }
