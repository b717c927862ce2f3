package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/ledger"
)

type fraudWatchOptions struct {
	Least    int
	Back     time.Duration
	Interval time.Duration
	Once     bool
}

func newFraudWatch(f *Factory) *cobra.Command {
	o := fraudWatchOptions{Least: 5, Back: 24 * time.Hour, Interval: 10 * time.Second}
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Watch for bursts: requests that have something in common",
		Long: "Watch what the ledger remembers of port requests, and tell each pattern when it appears or grows: a burst on one account,\n" +
			"number, e-mail address or recipient, and one signer over several accounts. What requests have in common is known by keyed\n" +
			"tokens only: a line names the pattern and one of its ports, and no person.\n\n" +
			"In JSON each line is one pattern; with --once, which looks once, an array. The command ends with 0 whatever it finds.",
		Example: "  portsaga fraud watch\n  portsaga fraud watch --once --least 3 --back 168h -o json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), f) },
	}
	cmd.Flags().IntVar(&o.Least, "least", o.Least, "how many requests make a burst")
	cmd.Flags().DurationVar(&o.Back, "back", o.Back, "how far back to look")
	cmd.Flags().DurationVar(&o.Interval, "interval", o.Interval, "how often to look")
	cmd.Flags().BoolVar(&o.Once, "once", false, "look once")
	return cmd
}

func (o fraudWatchOptions) run(ctx context.Context, f *Factory) error {
	books, err := f.noticeBooks(ctx)
	if err != nil {
		return err
	}
	connection, err := f.Connect(ctx)
	if err != nil {
		return err
	}
	now := func() time.Time { return connection.Clock().Business(f.Now()) }
	told := map[string]int{}
	look := time.NewTicker(o.Interval)
	defer look.Stop()
	for {
		bursts, err := books.Bursts(ctx, now().Add(-o.Back), o.Least)
		if err != nil {
			return err
		}
		if o.Once {
			return f.Print(append([]ledger.Burst{}, bursts...), func(w io.Writer) { writeBursts(w, bursts) })
		}
		if err := o.tell(f, grown(bursts, told)); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-look.C:
		}
	}
}

// tell prints a line for each pattern.
func (o fraudWatchOptions) tell(f *Factory, bursts []ledger.Burst) error {
	if f.Format == Text {
		writeBursts(f.Streams.Out, bursts)
		return nil
	}
	lines := json.NewEncoder(f.Streams.Out)
	for _, b := range bursts {
		if err := lines.Encode(b); err != nil {
			return err
		}
	}
	return nil
}

func writeBursts(w io.Writer, bursts []ledger.Burst) {
	for _, b := range bursts {
		fmt.Fprintln(w, burstLine(b))
	}
}

// grown are the bursts that were not told yet at this size.
func grown(bursts []ledger.Burst, told map[string]int) []ledger.Burst {
	var fresh []ledger.Burst
	for _, b := range bursts {
		if key := b.Dimension + b.Token; told[key] < b.Requests {
			told[key] = b.Requests
			fresh = append(fresh, b)
		}
	}
	return fresh
}

func burstLine(b ledger.Burst) string {
	line := fmt.Sprintf("%d requests with the same %s", b.Requests, b.Dimension)
	if b.Accounts > 1 {
		line += fmt.Sprintf(", for %d accounts", b.Accounts)
	}
	return line + ", one of them " + b.LastPort
}
