package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/porting"
)

func newPortWatch(f *Factory) *cobra.Command {
	var every time.Duration
	cmd := &cobra.Command{
		Use:   "watch PORT",
		Short: "Watch a port until it has ended",
		Long: "Watch a port: a live view on a terminal, and elsewhere a line for each thing that happens. The command ends with 0 when\n" +
			"the port has ended, however it ended. In JSON each line is one entry of the timeline, and the last line is the status as\n" +
			"`port show` prints it.",
		Example: "  portsaga port watch PORT\n  portsaga port watch PORT | tee port.log\n  portsaga port watch PORT -o json | tail -1 | jq .outcome",
		Args:    exactly(1, "which port? name it by its ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if every <= 0 {
				return usage(cmd, "--interval is longer than nothing")
			}
			ports, err := f.Ports(cmd.Context())
			if err != nil {
				return err
			}
			if f.Format == JSON {
				return f.watchLines(cmd.Context(), ports, args[0], every)
			}
			_, err = f.watch(cmd.Context(), ports, args[0], every)
			return err
		},
	}
	cmd.Flags().DurationVar(&every, "interval", watchInterval, "how often to ask")
	return cmd
}

// watch shows a port to people until it ends, and returns how. Programs are shown nothing: they read what is returned.
func (f *Factory) watch(ctx context.Context, ports Ports, id string, every time.Duration) (porting.Status, error) {
	switch {
	case f.Format == JSON:
		return ports.Wait(ctx, id)
	case f.Streams.Terminal:
		return f.watchLive(ctx, ports, id, every)
	}
	status, err := Follow(ctx, ports, id, every, func(_ porting.Status, fresh []porting.Entry) {
		for _, e := range fresh {
			f.WriteEntry(f.Streams.Out, e)
		}
	})
	if err == nil {
		fmt.Fprintln(f.Streams.Out, headline(status))
	}
	return status, err
}

// watchLines writes a line of JSON for each entry of the timeline, and the status last.
func (f *Factory) watchLines(ctx context.Context, ports Ports, id string, every time.Duration) error {
	line := json.NewEncoder(f.Streams.Out)
	line.SetEscapeHTML(false)
	status, err := Follow(ctx, ports, id, every, func(_ porting.Status, fresh []porting.Entry) {
		for _, e := range fresh {
			_ = line.Encode(e) // a reader that went away has seen enough
		}
	})
	if err != nil {
		return err
	}
	return line.Encode(status)
}
