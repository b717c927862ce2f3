package allinone

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/cli"
	"github.com/portsaga/portsaga/internal/simulate"
	"github.com/portsaga/portsaga/porting"
)

type demoOptions struct {
	scenario string
	keep     bool
	uiPort   int
	verbose  bool
}

// NewDemo is the command that shows a port from its order to its end, weeks in seconds.
func NewDemo(f *cli.Factory) *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Watch a port go through the real saga, weeks in seconds",
		Long: "Start an embedded Temporal server with its Web UI, a ledger, a simulated carrier and a worker in this process, and carry\n" +
			"one order through the real saga. Its clocks are those of the real rules; time passes 30,000 times faster,\n" +
			"and 10,000 times where a counterparty asks for a number of ours: the scenarios port-out-….\n" +
			"Everything lives in a temporary directory. docs/scenarios.md says how to write a scenario; these are built in:\n\n" +
			cli.ScenarioList(),
		Example: "  portsaga demo\n  portsaga demo --scenario revoke-after-activation\n  portsaga demo --scenario port-out-unauthorised\n  portsaga demo --keep\n  portsaga demo --scenario carrier-silent -o json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runDemo(cmd.Context(), f, o) },
	}
	cmd.Flags().StringVar(&o.scenario, "scenario", simulate.DefaultScenario, "what happens: a name from above, or a file")
	cmd.Flags().BoolVar(&o.keep, "keep", false, "leave everything running afterwards, until Ctrl-C")
	cmd.Flags().IntVar(&o.uiPort, "ui-port", 0, "port of the Web UI; 0 picks a free one")
	cmd.Flags().BoolVar(&o.verbose, "verbose", false, "show what the embedded server has to say")
	_ = cmd.RegisterFlagCompletionFunc("scenario", cobra.FixedCompletions(simulate.Names(), cobra.ShellCompDirectiveDefault))
	return cmd
}

func runDemo(ctx context.Context, f *cli.Factory, o demoOptions) (err error) {
	sc, err := simulate.Find(o.scenario)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "portsaga-demo-")
	if err != nil {
		return fmt.Errorf("make a directory for the demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	started := time.Now()
	clock := demoClock
	if sc.PortOut != nil {
		clock = demoClockOut
	}
	stack, err := Start(ctx, Options{Dir: dir, Clock: clock, Fast: true, UIPort: o.uiPort, Verbose: o.verbose, Log: quietLog(f, o.verbose)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stack.Stop()) }()

	page := f.NewStory(newYork())
	page.Say("Temporal, its Web UI, a ledger, a simulated carrier and a worker are up after %.1f s.", time.Since(started).Seconds())
	page.Say("Scenario %s: %s.", sc.Name, sc.About)
	d, err := startScenario(ctx, stack, sc, page.Line)
	if err != nil {
		return err
	}
	page.Say("Web UI: %s\n", stack.PageOf(d.id))
	status, err := d.play(ctx)
	if err != nil {
		return err
	}
	if err := f.Print(status, func(io.Writer) { page.End(status) }); err != nil {
		return err
	}
	if o.keep {
		page.Say("Everything keeps running; press Ctrl-C to stop. Web UI: %s", stack.PageOf(d.id))
		waitFor(ctx, stack)
	}
	if sc.Ends != "" && status.Outcome != sc.Ends {
		return cli.EndedOtherwise("run demo", sc, status)
	}
	return nil
}

// startScenario starts the demo's order, or has a counterparty ask for the demo's number.
func startScenario(ctx context.Context, s *Stack, sc simulate.Scenario, tell func(porting.Entry)) (*demo, error) {
	if sc.PortOut != nil {
		request, err := readDemoRequest()
		if err != nil {
			return nil, err
		}
		return startDemoOut(ctx, s, sc, request, tell)
	}
	order, err := readDemoOrder()
	if err != nil {
		return nil, err
	}
	return startDemo(ctx, s, sc, order, tell)
}

func waitFor(ctx context.Context, stack *Stack) {
	select {
	case <-ctx.Done():
	case <-stack.Stopped():
	}
}

// newYork is where the demo's order lives.
func newYork() *time.Location {
	if zone, err := time.LoadLocation("America/New_York"); err == nil {
		return zone
	}
	return time.UTC
}
