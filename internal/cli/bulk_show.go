package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/porting"
)

func newBulkShow(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "show ORDER",
		Short: "Show how far a bulk order is",
		Long: "Show the roll-up of a bulk order: its ports by stage and outcome, how many numbers moved, and which ports need a person. It\n" +
			"is completed only when every number of every port moved.",
		Example: "  portsaga bulk show ORDER\n  portsaga bulk show ORDER -o json | jq .state",
		Args:    exactly(1, whichBulk),
		RunE: func(cmd *cobra.Command, args []string) error {
			ports, err := f.Ports(cmd.Context())
			if err != nil {
				return err
			}
			status, err := ports.BulkStatus(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return f.Print(status, func(w io.Writer) { f.writeBulk(w, status) })
		},
	}
}

func newBulkWatch(f *Factory) *cobra.Command {
	var every time.Duration
	cmd := &cobra.Command{
		Use:   "watch ORDER",
		Short: "Watch a bulk order until it has ended",
		Long: "Watch a bulk order: a line that changes on a terminal, and elsewhere a line for each change. The command ends with 0 when the\n" +
			"order has ended, however it ended. In JSON each line is a roll-up as `bulk show` prints it.",
		Example: "  portsaga bulk watch ORDER\n  portsaga bulk watch ORDER -o json | tail -1 | jq .state",
		Args:    exactly(1, whichBulk),
		RunE: func(cmd *cobra.Command, args []string) error {
			if every <= 0 {
				return usage(cmd, "--interval is longer than nothing")
			}
			return f.watchBulk(cmd.Context(), args[0], every)
		},
	}
	cmd.Flags().DurationVar(&every, "interval", watchInterval, "how often to ask")
	return cmd
}

func (f *Factory) watchBulk(ctx context.Context, id string, every time.Duration) error {
	ports, err := f.Ports(ctx)
	if err != nil {
		return err
	}
	last := ""
	status, err := followBulk(ctx, ports, id, every, func(s porting.BulkStatus) {
		if line := f.bulkLine(s); line != last {
			last = line
			fmt.Fprint(f.Streams.Out, line)
		}
	})
	if err != nil || f.Format == JSON {
		return err
	}
	if f.Streams.Terminal {
		fmt.Fprint(f.Streams.Out, overdraw)
	}
	f.writeBulk(f.Streams.Out, status)
	return nil
}

// bulkLine is a roll-up on one line.
func (f *Factory) bulkLine(s porting.BulkStatus) string {
	if f.Format == JSON {
		text, err := json.Marshal(s)
		if err != nil {
			return ""
		}
		return string(text) + "\n"
	}
	line := fmt.Sprintf("%s, %s/%s numbers moved, %s/%s ports ended", s.State, thousands(s.Moved), thousands(s.Numbers), thousands(endedPorts(s)), thousands(s.Ports))
	if f.Streams.Terminal {
		return overdraw + f.style(bulkTone(s), line)
	}
	return line + "\n"
}

// followBulk tells the roll-up of a bulk order at every interval until it has ended. While no worker answers it waits.
func followBulk(ctx context.Context, ports Ports, id string, every time.Duration, tell func(porting.BulkStatus)) (porting.BulkStatus, error) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for known := false; ; {
		status, err := ports.BulkStatus(ctx, id)
		if err != nil && (!known || porting.KindOf(err) != porting.Failed) {
			return status, err
		}
		if err == nil {
			known = true
			tell(status)
			if status.Ended {
				return status, nil
			}
		}
		select {
		case <-ctx.Done():
			return status, ctx.Err()
		case <-ticker.C:
		}
	}
}
