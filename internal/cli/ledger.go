package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

func newLedger(f *Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ledger",
		Short: "Compare the ledger with the sagas and the carriers; stop and allow activations",
		Long: "The ledger holds every claim and every fence. While it is in quarantine no port is activated: a gate puts it there when it\n" +
			"was restored from a backup, because a revocation may be missing from it.",
		Example: "  portsaga ledger status\n  portsaga ledger reconcile\n  portsaga ledger lift",
		GroupID: groupRunning,
	}
	return group(cmd, newLedgerStatus(f), newLedgerQuarantine(f), newLedgerReconcile(f), newLedgerLift(f))
}

// ledgerState is what the ledger says of itself.
type ledgerState struct {
	ledger.State
	Quarantined bool `json:"quarantined"`
	ledger.Stats
}

func newLedgerStatus(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "status",
		Short:   "Say whether ports may be activated, and how much is open",
		Long:    "Print what the ledger holds and whether it is in quarantine, since when and why.",
		Example: "  portsaga ledger status\n  portsaga ledger status -o json | jq .quarantined",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.withLedger(cmd.Context(), func(books *ledger.Ledger) error { return f.showLedger(cmd.Context(), books) })
		},
	}
}

func (f *Factory) showLedger(ctx context.Context, books *ledger.Ledger) error {
	state, err := books.State(ctx)
	if err != nil {
		return err
	}
	stats, err := books.Stats(ctx)
	if err != nil {
		return err
	}
	return f.Print(ledgerState{state, state.Quarantined(), stats}, func(w io.Writer) {
		fields(w, "activations", f.activations(state), "open ports", strconv.FormatInt(stats.OpenPorts, 10),
			"held numbers", strconv.FormatInt(stats.HeldNumbers, 10), "secrets", strconv.FormatInt(stats.Secrets, 10),
			"changes", strconv.FormatInt(state.Changes, 10), "last lifted", lifted(state))
	})
}

func (f *Factory) activations(s ledger.State) string {
	if !s.Quarantined() {
		return f.style(good, "allowed")
	}
	return f.style(bad, "in quarantine since "+s.QuarantinedAt.UTC().Format(time.RFC3339)+": "+oneLine(s.QuarantineWhy))
}

func lifted(s ledger.State) string {
	if s.LiftedAt.IsZero() {
		return ""
	}
	return s.LiftedAt.UTC().Format(time.RFC3339) + " by " + oneLine(s.LiftedBy)
}

func newLedgerQuarantine(f *Factory) *cobra.Command {
	var why string
	cmd := &cobra.Command{
		Use:   "quarantine --why REASON",
		Short: "Stop every activation",
		Long: "Refuse every activation from now on, say before the database is restored, or when the ledger is not to be trusted.\n" +
			"Everything else goes on, revocations above all. Only `portsaga ledger lift` ends it.",
		Example: "  portsaga ledger quarantine --why \"restored from last night's backup\"",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if why == "" {
				return usage(cmd, "why? say so with --why")
			}
			return f.withLedger(cmd.Context(), func(books *ledger.Ledger) error {
				if err := books.Quarantine(cmd.Context(), why, f.Now()); err != nil {
					return err
				}
				return f.showLedger(cmd.Context(), books)
			})
		},
	}
	cmd.Flags().StringVar(&why, "why", "", "a line for those who find it; no personal data")
	return cmd
}

func newLedgerLift(f *Factory) *cobra.Command {
	var by string
	var force bool
	cmd := &cobra.Command{
		Use:   "lift",
		Short: "End the quarantine, after a comparison without open questions",
		Long: "Compare as `portsaga ledger reconcile` does, and let activations begin again if no question is left for people. With\n" +
			"--force it asks nobody: whoever uses it has answered every question.",
		Example: "  portsaga ledger lift\n  portsaga ledger lift --force --by ana@desk",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if force && by == "" {
				return usage(cmd, "who forces it? say so with --by")
			}
			who, err := f.who(by)
			if err != nil {
				return err
			}
			return f.lift(cmd.Context(), who, force)
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "without a comparison; needs --by")
	byFlag(cmd, &by)
	return cmd
}

func (f *Factory) lift(ctx context.Context, by string, force bool) error {
	if !force {
		if err := f.refuseQuestions(ctx); err != nil {
			return err
		}
	}
	return f.withLedger(ctx, func(books *ledger.Ledger) error {
		if err := books.LiftQuarantine(ctx, by, f.Now()); err != nil {
			return err
		}
		return f.showLedger(ctx, books)
	})
}

func (f *Factory) refuseQuestions(ctx context.Context) error {
	compared, err := f.compare(ctx, false)
	if err != nil || len(compared.Questions) == 0 {
		return err
	}
	return &porting.Error{
		Kind: porting.Refused, Code: "reconcile-open", Op: "lift quarantine",
		Detail: fmt.Sprintf("%d questions are open", len(compared.Questions)),
		Next:   "see them with `portsaga ledger reconcile`, or lift it with --force --by",
	}
}
