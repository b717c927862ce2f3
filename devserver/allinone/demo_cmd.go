package allinone

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/cli"
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
			"one order through the real saga. Its clocks are those of the real rules; time passes 30,000 times faster.\n" +
			"Everything lives in a temporary directory. Scenarios:\n\n" + scenarioList(),
		Example: "  portsaga demo\n  portsaga demo --scenario revoke-after-activation\n  portsaga demo --keep\n  portsaga demo --scenario carrier-silent -o json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runDemo(cmd.Context(), f, o) },
	}
	cmd.Flags().StringVar(&o.scenario, "scenario", "happy", "what happens")
	cmd.Flags().BoolVar(&o.keep, "keep", false, "leave everything running afterwards, until Ctrl-C")
	cmd.Flags().IntVar(&o.uiPort, "ui-port", 0, "port of the Web UI; 0 picks a free one")
	cmd.Flags().BoolVar(&o.verbose, "verbose", false, "show what the embedded server has to say")
	_ = cmd.RegisterFlagCompletionFunc("scenario", cobra.FixedCompletions(scenarioNames(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func scenarioList() string {
	var b strings.Builder
	for _, s := range scenarios {
		fmt.Fprintf(&b, "  %-26s %s\n", s.name, s.tells)
	}
	return b.String()
}

func runDemo(ctx context.Context, f *cli.Factory, o demoOptions) (err error) {
	sc, err := findScenario(o.scenario)
	if err != nil {
		return err
	}
	order, err := readDemoOrder()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "portsaga-demo-")
	if err != nil {
		return fmt.Errorf("make a directory for the demo: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	started := time.Now()
	stack, err := Start(ctx, Options{Dir: dir, Clock: demoClock, Fast: true, UIPort: o.uiPort, Verbose: o.verbose, Log: quietLog(f, o.verbose)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stack.Stop()) }()

	page := newPage(f)
	page.say("Temporal, its Web UI, a ledger, a simulated carrier and a worker are up after %.1f s.", time.Since(started).Seconds())
	page.say("Scenario %s: %s.", sc.name, sc.tells)
	d, err := startDemo(ctx, stack, sc, order, page.line)
	if err != nil {
		return err
	}
	page.say("Web UI: %s\n", stack.PageOf(d.id))
	status, err := d.play(ctx)
	if err != nil {
		return err
	}
	if err := f.Print(status, func(io.Writer) { page.end(status) }); err != nil {
		return err
	}
	if o.keep {
		page.say("Everything keeps running; press Ctrl-C to stop. Web UI: %s", stack.PageOf(d.id))
		waitFor(ctx, stack)
	}
	if status.Outcome != sc.ends {
		return &porting.Error{Kind: porting.Failed, Code: "demo-ended-otherwise", Op: "run demo", Object: sc.name,
			Detail: fmt.Sprintf("it ended as %s and should have ended as %s", status.Outcome, sc.ends), Next: "run it again with --keep and look at the port's page"}
	}
	return nil
}

func waitFor(ctx context.Context, stack *Stack) {
	select {
	case <-ctx.Done():
	case <-stack.Stopped():
	}
}

// page prints the demo as it happens. With -o json all of it goes to stderr.
type page struct {
	out   io.Writer
	color bool
	zone  *time.Location
	day   string
}

func newPage(f *cli.Factory) *page {
	p := &page{out: f.Streams.Out, color: f.Streams.Color, zone: time.UTC}
	if f.Format == cli.JSON {
		p.out, p.color = f.Streams.Err, false
	}
	if zone, err := time.LoadLocation("America/New_York"); err == nil {
		p.zone = zone
	}
	return p
}

func (p *page) say(format string, args ...any) { fmt.Fprintf(p.out, format+"\n", args...) }

// line prints one entry of the timeline; a new day gets a line of its own.
func (p *page) line(e porting.Entry) {
	at := e.At.In(p.zone)
	if day := at.Format("Monday 2 January 2006"); day != p.day {
		p.day = day
		p.say("%s", p.bold(day))
	}
	text := fmt.Sprintf("  %s  %-12s  %s", at.Format("15:04"), e.Stage, e.Event)
	if e.Note != "" {
		text += ": " + e.Note
	}
	if e.Actor != "" && e.Actor != "portsaga" {
		text += "  (" + e.Actor + ")"
	}
	p.say("%s", text)
}

func (p *page) end(s porting.Status) {
	how := string(s.Outcome)
	if s.Reason != "" {
		how += ", " + string(s.Reason)
	}
	p.say("\n%s", p.bold(fmt.Sprintf("Port %s ended: %s.", s.ID, how)))
	counts := map[string]int{}
	for _, n := range s.Numbers {
		counts[n.Status]++
	}
	for _, status := range []string{porting.NumberMoved, porting.NumberMovedBack, porting.NumberNotMoved, porting.NumberPending} {
		if counts[status] > 0 {
			p.say("%d numbers %s.", counts[status], status)
		}
	}
}

func (p *page) bold(s string) string {
	if !p.color {
		return s
	}
	return "\x1b[1m" + s + "\x1b[0m"
}
