package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/porting"
)

type startOptions struct {
	File        string
	Wait        bool
	IfNotExists bool
	By          string
}

func newPortStart(f *Factory) *cobra.Command {
	o := startOptions{}
	cmd := &cobra.Command{
		Use:   "start -f ORDER",
		Short: "Start a port-in from an order file",
		Long: "Read an order, YAML or JSON, and start the saga that brings its numbers in. The answer comes when the order is accepted\n" +
			"or refused: the rules are chosen and pinned, and its numbers are claimed. An authorization code goes to the vault and\n" +
			"never to Temporal. Who submits an order may not decide on it: that is its submitted_by, or you where it names nobody.\n\n" +
			"An order that cannot be read ends with exit code 2, all its problems listed. An order that a rule refuses ends with 3: a\n" +
			"number that another open port holds, a country without a pack, an order that was started before. With --wait the\n" +
			"command stays until the port has ended, and ends with 3 unless the numbers moved and stay.",
		Example: "  portsaga port in start -f order.yaml\n" +
			"  portsaga port in start -f order.yaml --by ana@desk --if-not-exists -o json\n" +
			"  cat order.json | portsaga port in start -f - --wait",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.File == "" {
				return usage(cmd, "which order? name its file with -f")
			}
			return o.run(cmd.Context(), f)
		},
	}
	cmd.Flags().StringVarP(&o.File, "file", "f", "", "order file; - reads stdin")
	cmd.Flags().BoolVar(&o.Wait, "wait", false, "stay until the port has ended")
	cmd.Flags().BoolVar(&o.IfNotExists, "if-not-exists", false, "take it as success if the order was started before")
	byFlag(cmd, &o.By)
	return cmd
}

func (o startOptions) run(ctx context.Context, f *Factory) error {
	order, err := f.readOrder(ctx, o.File)
	if err != nil {
		return err
	}
	if order.SubmittedBy == "" {
		if order.SubmittedBy, err = f.who(o.By); err != nil {
			return err
		}
	}
	ports, err := f.Ports(ctx)
	if err != nil {
		return err
	}
	start := ports.Start
	if o.IfNotExists {
		start = ports.StartIfNotExists
	}
	answer, err := start(ctx, order)
	if err != nil {
		return err
	}
	return f.started(ctx, ports, answer, o.Wait)
}

// started tells how to watch a port that was started, or how it ended.
func (f *Factory) started(ctx context.Context, ports Ports, answer porting.Answer, wait bool) error {
	if wait {
		return f.awaitEnd(ctx, ports, answer)
	}
	return f.Print(answer, func(w io.Writer) {
		writeAnswer(w, answer)
		fmt.Fprintf(w, "watch it: portsaga port watch %s\n", answer.ID)
	})
}

// awaitEnd shows a started port until it ends. Only the outcome completed is success.
func (f *Factory) awaitEnd(ctx context.Context, ports Ports, started porting.Answer) error {
	f.progress("%s: %s", started.ID, started.Says)
	status, err := f.watch(ctx, ports, started.ID, watchInterval)
	if err != nil {
		return err
	}
	if f.Format == JSON {
		err = f.Print(status, nil)
	}
	left := status.Outcome == "" // the user left the live view; the port goes on
	if err != nil || left || status.Outcome == porting.OutcomeCompleted {
		return err
	}
	return &porting.Error{
		Kind: porting.Refused, Code: "port-not-completed", Op: "port", Object: status.ID,
		Detail: headline(status), Next: "see why with: portsaga port show " + status.ID,
	}
}

// readOrder reads the order file that the user named. Dates are held against business time.
func (f *Factory) readOrder(ctx context.Context, name string) (porting.Order, error) {
	now, err := f.businessNow(ctx)
	if err != nil {
		return porting.Order{}, err
	}
	file, err := f.open(name)
	if err != nil {
		return porting.Order{}, err
	}
	defer file.Close()
	return orders.Read(file, orders.Options{Now: now})
}

// open opens a file that the user named, or stdin.
func (f *Factory) open(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(f.Streams.In), nil
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, &porting.Error{
			Kind: porting.Invalid, Code: "file-unreadable", Op: "read", Object: name, Detail: because(err),
			Next: "name a file that you may read", Err: err,
		}
	}
	return file, nil
}

// because is what went wrong with a file, without its name.
func because(err error) string {
	if path, ok := errors.AsType[*os.PathError](err); ok {
		return path.Err.Error()
	}
	return err.Error()
}
