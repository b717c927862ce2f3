package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/fraud/patterns"
)

type fraudWatchOptions struct {
	patterns.Limits
	Interval    time.Duration
	Once, Count bool
}

func newFraudWatch(f *Factory) *cobra.Command {
	o := fraudWatchOptions{Limits: patterns.Usual(), Interval: 10 * time.Second}
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Watch for patterns over many requests: bursts, one signer over many accounts, spikes out of hours",
		Long: "Watch what the ledger remembers of port requests, and tell each pattern when it appears or grows: a burst on one account,\n" +
			"number, e-mail address, address or recipient, one signer over several accounts, and a spike out of hours. A bulk order is one\n" +
			"request. What requests have in common is known by keyed tokens only: a line names the pattern and one of its ports, and no\n" +
			"person.\n\n" +
			"In JSON each line is one pattern; with --once, which looks once, an array. With --count it says how many of each pattern there\n" +
			"are, for a collector of metrics. The command ends with 0 whatever it finds.",
		Example: "  portsaga fraud watch\n  portsaga fraud watch --once --least 3 --back 168h -o json\n  portsaga fraud watch --count -o json",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), f) },
	}
	cmd.Flags().IntVar(&o.Least, "least", o.Least, "how many requests make a burst")
	cmd.Flags().IntVar(&o.Accounts, "accounts", o.Accounts, "for how many accounts nobody signs")
	cmd.Flags().DurationVar(&o.Back, "back", o.Back, "how far back to look")
	cmd.Flags().DurationVar(&o.Interval, "interval", o.Interval, "how often to look")
	cmd.Flags().BoolVar(&o.Once, "once", false, "look once")
	cmd.Flags().BoolVar(&o.Count, "count", false, "look once, and count each pattern")
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
		seen, err := patterns.Look(ctx, books, o.Limits, now())
		switch {
		case err != nil:
			return err
		case o.Count:
			counts := patterns.Counts(seen)
			return f.Print(counts, func(w io.Writer) { writeCounts(w, counts) })
		case o.Once:
			return f.Print(seen, func(w io.Writer) { writePatterns(w, seen) })
		}
		if err := o.tell(f, grown(seen, told)); err != nil {
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
func (o fraudWatchOptions) tell(f *Factory, seen []patterns.Seen) error {
	if f.Format == Text {
		writePatterns(f.Streams.Out, seen)
		return nil
	}
	lines := json.NewEncoder(f.Streams.Out)
	for _, s := range seen {
		if err := lines.Encode(s); err != nil {
			return err
		}
	}
	return nil
}

func writePatterns(w io.Writer, seen []patterns.Seen) {
	for _, s := range seen {
		fmt.Fprintln(w, patternLine(s))
	}
}

func writeCounts(w io.Writer, counts map[patterns.Pattern]int) {
	for _, p := range patterns.All {
		fmt.Fprintf(w, "%s %d\n", p, counts[p])
	}
}

// grown are the patterns that were not told yet at this size.
func grown(seen []patterns.Seen, told map[string]int) []patterns.Seen {
	var fresh []patterns.Seen
	for _, s := range seen {
		if key := string(s.Pattern) + s.Token; told[key] < s.Requests {
			told[key] = s.Requests
			fresh = append(fresh, s)
		}
	}
	return fresh
}

func patternLine(s patterns.Seen) string {
	if s.Pattern == patterns.OutOfHoursSpike {
		return fmt.Sprintf("%s: %d requests out of hours, where %.1f are usual", s.Pattern, s.Requests, s.Usual)
	}
	line := fmt.Sprintf("%s: %d requests with the same %s", s.Pattern, s.Requests, s.Dimension)
	if s.Accounts > 1 {
		line += fmt.Sprintf(", for %d accounts", s.Accounts)
	}
	return line + ", one of them " + s.LastPort
}
