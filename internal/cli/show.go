package cli

import (
	"context"
	"io"

	"github.com/spf13/cobra"
)

func newPortShow(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "show PORT",
		Short: "Show one port: where it is, what it waits for, what happened",
		Long: "Show a port as it stands, or as it ended: its stage, whom it waits for and until when, its numbers, decisions, timeline\n" +
			"and rollback. Numbers are masked. Times are business time, with their offset.",
		Example: "  portsaga port show PORT\n  portsaga port show PORT -o json | jq .stage",
		Args:    exactly(1, "which port? name it by its ID"),
		RunE:    func(cmd *cobra.Command, args []string) error { return f.show(cmd.Context(), args[0]) },
	}
}

func (f *Factory) show(ctx context.Context, id string) error {
	ports, err := f.Ports(ctx)
	if err != nil {
		return err
	}
	status, err := ports.Status(ctx, id)
	if err != nil {
		return err
	}
	return f.Print(status, func(w io.Writer) { f.WritePage(w, status) })
}
