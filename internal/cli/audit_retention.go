package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/worker"
)

func newAuditRetention(f *Factory) *cobra.Command {
	var shred bool
	cmd := &cobra.Command{
		Use:   "retention",
		Short: "Say what is kept how long; destroy what is over its time",
		Long: "List what is kept, where, how long, and what becomes of it. PORTSAGA_AUDIT_KEEP says how long the documents of ports are\n" +
			"kept after they ended. With --shred those that are over their time are destroyed now; a gate does so by itself every hour.\n" +
			"Ports under a legal hold (`portsaga keys hold`) keep theirs. The leaves stay, and so does every proof.",
		Example: "  portsaga audit retention\n  portsaga audit retention --shred",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !shred {
				return f.showRetention()
			}
			return f.withLedger(cmd.Context(), func(books *ledger.Ledger) error { return f.shred(cmd.Context(), books) })
		},
	}
	cmd.Flags().BoolVar(&shred, "shred", false, "destroy the documents that are over their time")
	return cmd
}

func (f *Factory) showRetention() error {
	kept := audit.Retention(f.auditSettings().Keep)
	return f.Print(kept, func(w io.Writer) {
		var rows [][]string
		for _, k := range kept {
			rows = append(rows, []string{k.What, k.Where, k.For, k.Then})
		}
		f.Table(w, []string{"WHAT", "WHERE", "HOW LONG", "THEN"}, rows)
	})
}

func (f *Factory) shred(ctx context.Context, books *ledger.Ledger) error {
	now := f.Now()
	shredded, err := worker.Shred(ctx, books, f.auditSettings().Keep, now)
	if err != nil {
		return err
	}
	return f.Print(map[string]int64{"shredded": shredded}, func(w io.Writer) { fmt.Fprintf(w, "%d documents were destroyed.\n", shredded) })
}
