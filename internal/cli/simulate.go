package cli

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/internal/simulate"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

type simulateOptions struct {
	Scenario string
	At       string
}

func newSimulate(f *Factory) *cobra.Command {
	o := simulateOptions{}
	cmd := &cobra.Command{
		Use:   "simulate ORDER|REQUEST",
		Short: "Carry an order, or a port-out, through the real saga in virtual time",
		Long: "Run the real saga on an order file, with the real rules, and a carrier and people that do what a scenario says. Time is\n" +
			"skipped: weeks pass in well under a second. No server is asked and nothing is kept. In JSON the answer is the port as\n" +
			"`port show` prints it. A counterparty's request, as in examples/portouts, goes through the saga of a port-out.\n\n" +
			"A scenario is a YAML file; docs/scenarios.md says how to write one. The command ends with 1 when the port ends otherwise\n" +
			"than its scenario says. Built-in scenarios:\n\n" + ScenarioList(),
		Example: "  portsaga simulate order.yaml\n" +
			"  portsaga simulate order.yaml --scenario carrier-silent --at 2026-11-20T14:30:00-05:00\n" +
			"  portsaga simulate order.yaml --scenario ./our-donor.yaml -o json | jq -r '.timeline[].event'\n" +
			"  portsaga simulate request.yaml --scenario port-out-unauthorised",
		GroupID: groupPorts,
		Args:    exactly(1, "which order? name its file"),
		RunE:    func(cmd *cobra.Command, args []string) error { return o.run(cmd, f, args[0]) },
	}
	cmd.Flags().StringVar(&o.Scenario, "scenario", "", "what happens: a name from above, or a file (happy, or port-out-happy)")
	atFlag(cmd, &o.At)
	_ = cmd.RegisterFlagCompletionFunc("scenario", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return simulate.Names(), cobra.ShellCompDirectiveDefault
	})
	return cmd
}

// ScenarioList is a line a built-in scenario, for help texts.
func ScenarioList() string {
	var b strings.Builder
	for _, s := range slices.Concat(simulate.Builtin(), simulate.BuiltinPortOuts()) {
		fmt.Fprintf(&b, "  %-26s %s\n", s.Name, s.About)
	}
	return strings.TrimRight(b.String(), "\n")
}

func (o simulateOptions) run(cmd *cobra.Command, f *Factory, name string) error {
	at, err := f.instant(cmd, o.At)
	if err != nil {
		return err
	}
	text, err := f.readFile(name)
	if err != nil {
		return err
	}
	usual := simulate.DefaultScenario
	if orders.IsPortOut(text) {
		usual = simulate.DefaultPortOut
	}
	scenario, err := simulate.Find(cmp.Or(o.Scenario, usual))
	if err != nil {
		return err
	}
	book, err := f.book()
	if err != nil {
		return err
	}
	play := f.simulateOrder
	if scenario.PortOut != nil {
		play = f.simulatePortOut
	}
	return play(cmd.Context(), book, text, scenario, at)
}

// simulateOrder carries an order of ours.
func (f *Factory) simulateOrder(ctx context.Context, book *rules.Book, text []byte, s simulate.Scenario, at time.Time) error {
	order, err := orders.Read(bytes.NewReader(text), orders.Options{Now: at})
	if err != nil {
		return err
	}
	status, err := simulate.Run(ctx, book, order, s, at)
	if err != nil {
		return err
	}
	return f.simulated(book, order, s, status)
}

// simulatePortOut carries a counterparty's request for numbers of ours.
func (f *Factory) simulatePortOut(ctx context.Context, book *rules.Book, text []byte, s simulate.Scenario, at time.Time) error {
	request, err := orders.ReadPortOut(bytes.NewReader(text), orders.Options{Now: at})
	if err != nil {
		return err
	}
	status, err := simulate.RunPortOut(ctx, book, request, s, at)
	if err != nil {
		return err
	}
	return f.simulated(book, request.Order(), s, status)
}

// simulated shows how a port ended, and fails where its scenario says otherwise.
func (f *Factory) simulated(book *rules.Book, order porting.Order, s simulate.Scenario, status porting.Status) error {
	err := f.Print(status, func(w io.Writer) { f.writeSimulation(w, book, order, s, status) })
	if err != nil || s.Ends == "" || s.Ends == status.Outcome {
		return err
	}
	return EndedOtherwise("simulate port", s, status)
}

// readFile is a file as it is.
func (f *Factory) readFile(name string) ([]byte, error) {
	in, err := f.open(name)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return io.ReadAll(in)
}

// EndedOtherwise says that a port did not end as its scenario says.
func EndedOtherwise(op string, s simulate.Scenario, p porting.Status) error {
	return &porting.Error{
		Kind: porting.Failed, Code: "scenario-ended-otherwise", Op: op, Object: s.Name,
		Detail: fmt.Sprintf("the port should have ended as %s and %s", s.Ends, endOf(p)),
	}
}

func endOf(p porting.Status) string {
	if p.Outcome == "" {
		return "is still in " + string(p.Stage)
	}
	return "ended as " + string(p.Outcome)
}

func (f *Factory) writeSimulation(w io.Writer, book *rules.Book, order porting.Order, s simulate.Scenario, p porting.Status) {
	story := f.newStory(w, zoneOfOrder(book, order, p.Pack))
	story.Say("Scenario %s: %s.\n", s.Name, s.About)
	for _, e := range p.Timeline {
		story.Line(e)
	}
	story.End(p)
}

// zoneOfOrder is the zone in which an order's deadlines are read; UTC where no pack tells it.
func zoneOfOrder(book *rules.Book, order porting.Order, pack string) *time.Location {
	p, err := book.Pack(pack)
	if err != nil {
		return time.UTC
	}
	if zone := zoneOf(p, placeOf(order)); zone != nil {
		return zone
	}
	return time.UTC
}

// placeOf is where an order's clocks run, as its saga sees it.
func placeOf(o porting.Order) rules.Place {
	place := rules.Place{Region: o.Subscriber.Address.Region}
	if len(o.Numbers) > 0 {
		place.Number = o.Numbers[0]
	}
	return place
}

func atFlag(cmd *cobra.Command, at *string) {
	cmd.Flags().StringVar(at, "at", "", "when the order arrives, in UTC where no offset is given (now)")
}

// instant reads --at; the present where it is not given.
func (f *Factory) instant(cmd *cobra.Command, at string) (time.Time, error) {
	t, err := timeOf(cmd, "--at", cmp.Or(at, f.Now().Format(time.RFC3339)), time.UTC)
	return t.UTC(), err
}

// orderRead is an order as it was read, with what may be better about it.
type orderRead struct {
	order    porting.Order
	warnings []orders.Problem
}

// readOrderAt reads an order file as if it came at an instant. No server is asked for the time.
func (f *Factory) readOrderAt(name string, at time.Time) (orderRead, error) {
	in, err := f.open(name)
	if err != nil {
		return orderRead{}, err
	}
	defer in.Close()
	var text bytes.Buffer
	order, err := orders.Read(io.TeeReader(in, &text), orders.Options{Now: at})
	if err != nil {
		return orderRead{}, err
	}
	return orderRead{order, orders.Lint(text.Bytes(), orders.Options{Now: at})}, nil
}
