// Package cli is the command line of portsaga: a file a command, each an options struct and the function that runs it. What
// a command needs of the world comes from a Factory, so that a test can hand it something else.
//
// Answers go to stdout, as text for people or as one JSON value for programs; everything else goes to stderr. The exit code
// is porting.ExitCode of the error.
package cli

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/porting"
)

// extension is the name under which `temporal port ...` runs the program.
const extension = "temporal-port"

// Main runs the program that args, os.Args, ask for and returns its exit code. extra are commands that only some builds
// have, such as demo and dev. The process leaves no core file, unless PORTSAGA_ENCRYPTION=off says that nothing is to be hidden.
func Main(ctx context.Context, args []string, streams Streams, extra ...func(*Factory) *cobra.Command) int {
	f := NewFactory(streams)
	if cfg, err := f.Config(); err != nil || cfg.Encrypts() {
		leaveNoCore()
	}
	return run(ctx, f, args, extra)
}

func run(ctx context.Context, f *Factory, args []string, extra []func(*Factory) *cobra.Command) int {
	root := program(f, args[0], extra) //nolint:contextcheck // a command takes its context from cobra, when it runs
	err := execute(ctx, f, root, args[1:])
	if err != nil && ctx.Err() != nil {
		err = &porting.Error{Kind: porting.Failed, Code: "interrupted", Op: f.command, Detail: "interrupted", Err: err}
	}
	f.close()
	f.printError(err)
	return porting.ExitCode(err)
}

// program is the command that the program answers as: itself, or the port command of the temporal CLI.
func program(f *Factory, name string, extra []func(*Factory) *cobra.Command) *cobra.Command {
	root := newRoot(f, extra)
	if strings.TrimSuffix(filepath.Base(name), ".exe") == extension {
		root = asExtension(newPort(f))
	}
	root.SilenceUsage, root.SilenceErrors = true, true
	root.Version = versionOf(f.Build()).String()
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetIn(f.Streams.In)
	root.SetOut(f.Streams.Out)
	root.SetErr(f.Streams.Err)
	root.PersistentFlags().VarP(&f.Format, "output", "o", "text for people, json for programs")
	_ = root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{string(Text), string(JSON)}, cobra.ShellCompDirectiveNoFileComp))
	return root
}

// asExtension makes the port command the whole program, under the name that users of the temporal CLI type.
func asExtension(port *cobra.Command) *cobra.Command {
	const name = "temporal port"
	port.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: name}
	port.GroupID = ""
	forEach(port, func(c *cobra.Command) { c.Example = strings.ReplaceAll(c.Example, "portsaga port", name) })
	return port
}

// execute runs the command line. What cobra finds wrong before any command runs is an error of usage.
func execute(ctx context.Context, f *Factory, root *cobra.Command, args []string) error {
	started := false
	forEach(root, func(c *cobra.Command) {
		if runE := c.RunE; runE != nil {
			c.RunE = func(c *cobra.Command, args []string) error {
				started = true
				return runE(c, args)
			}
		}
	})
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	f.command = cmd.CommandPath()
	if err != nil && !started {
		return usage(cmd, err.Error())
	}
	return err
}

func forEach(root *cobra.Command, do func(*cobra.Command)) {
	do(root)
	for _, c := range root.Commands() {
		forEach(c, do)
	}
}

const (
	groupPorts     = "ports"
	groupApprovals = "approvals"
	groupRules     = "rules"
	groupRunning   = "running"
)

func newRoot(f *Factory, extra []func(*Factory) *cobra.Command) *cobra.Command {
	root := &cobra.Command{
		Use:   "portsaga",
		Short: "Move telephone numbers between carriers, durably and safely",
		Long: "portsaga moves telephone numbers between carriers. Each port is one durable saga on Temporal: it waits for carriers on\n" +
			"business-hour deadlines, asks people for decisions, and rolls back by the stage it has reached when it is revoked.\n\n" +
			"Exit codes: 0 ok, 1 failed, 2 usage, 3 refused by a rule, 4 not found, 5 not authorised.",
		Example: "  portsaga order lint order.yaml\n  portsaga port in start -f order.yaml\n  portsaga port watch PORT\n  portsaga decide PORT --approve --by ben@desk",
	}
	root.AddGroup(&cobra.Group{ID: groupPorts, Title: "Ports:"}, &cobra.Group{ID: groupApprovals, Title: "Approvals:"}, &cobra.Group{ID: groupRules, Title: "Rules:"},
		&cobra.Group{ID: groupRunning, Title: "Running portsaga:"})
	root = group(root, newPort(f), newDecide(f), newDesk(f), newApprover(f), newBulk(f), newOrder(f), newDocument(f), newViews(f), newPlan(f), newSimulate(f), newRules(f), newFraud(f), newBootstrap(f), newLedger(f), newAudit(f), newKeys(f), newWorker(f), newReplay(f), newSimulator(f), newVersion(f), newNotices(f), newNumber(f), newServe(f),
		newEnvironment(f), newDoctor(f), newWatchdog(f))
	for _, make := range extra {
		root.AddCommand(make(f))
	}
	for _, name := range []string{"demo", "dev", "bench"} {
		if !has(root, name) {
			root.AddCommand(newLean(name))
		}
	}
	return root
}

// group makes a command that only holds others: alone it prints its help, with an unknown word it suggests.
func group(parent *cobra.Command, children ...*cobra.Command) *cobra.Command {
	parent.AddCommand(children...)
	parent.Args = cobra.ArbitraryArgs
	parent.SuggestionsMinimumDistance = 2
	parent.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		return unknownCommand(cmd, args[0])
	}
	return parent
}

// exactly wants so many words after the command, and asks for them otherwise.
func exactly(n int, ask string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != n {
			return errors.New(ask)
		}
		return nil
	}
}

func has(parent *cobra.Command, name string) bool {
	for _, c := range parent.Commands() {
		if c.Name() == name {
			return true
		}
	}
	return false
}

// newLean stands where the all-in-one build has a command.
func newLean(name string) *cobra.Command {
	return &cobra.Command{
		Use:                name,
		Short:              "Only in the all-in-one build",
		Hidden:             true,
		FParseErrWhitelist: cobra.FParseErrWhitelist{UnknownFlags: true},
		RunE: func(*cobra.Command, []string) error {
			return &porting.Error{
				Kind: porting.Invalid, Code: "lean-build", Op: "run", Object: name, Detail: "this is the lean build",
				Next: "use the all-in-one: go -C devserver run ./cmd/portsaga " + name,
			}
		},
	}
}
