package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/porting"
)

// byFlag and reasonFlag are the same on every command that has them.
func byFlag(cmd *cobra.Command, by *string) {
	cmd.Flags().StringVar(by, "by", "", "who you are, claimed and not proven (PORTSAGA_BY, or your login name)")
}

func reasonFlag(cmd *cobra.Command, reason *string, meaning string) {
	cmd.Flags().StringVar(reason, "reason", "", meaning)
	_ = cmd.RegisterFlagCompletionFunc("reason", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var all []string
		for _, r := range porting.Reasons {
			all = append(all, string(r))
		}
		return all, cobra.ShellCompDirectiveNoFileComp
	})
}

// reasonOf reads a reason code; the empty one stays empty.
func reasonOf(cmd *cobra.Command, code string) (porting.Reason, error) {
	if code != "" && !slices.Contains(porting.Reasons, porting.Reason(code)) {
		return "", usage(cmd, "there is no reason "+code)
	}
	return porting.Reason(code), nil
}

func newPortRevoke(f *Factory) *cobra.Command {
	var by, code, authority string
	cmd := &cobra.Command{
		Use:   "revoke PORT",
		Short: "The subscriber revokes the authorization: stop the port or take it back",
		Long: "Withdraw the subscriber's authorization. When the command answers, no activation starts any more. The saga then undoes\n" +
			"what was done: before the activation it cancels at the carrier, after it the numbers go back by a reverse port.\n\n" +
			"Where the ledger is at hand (PORTSAGA_LEDGER, or a dev on this machine) the command closes the port's fence there first,\n" +
			"so that the revocation holds even while no worker runs.\n\n" +
			"A port-out is stopped through us only where the rules let a donor do that, and often only with authority of the subscriber\n" +
			"that is younger than the request: say with --authority-at when it was given.",
		Example: "  portsaga port revoke PORT\n  portsaga port revoke PORT --by ben@care --reason UNAUTHORISED_PORT",
		Args:    exactly(1, "which port? name it by its ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			reason, err := reasonOf(cmd, code)
			if err != nil {
				return err
			}
			at, err := authorityOf(cmd, authority)
			if err != nil {
				return err
			}
			return f.revoke(cmd.Context(), args[0], by, porting.Revoke{ID: newMessageID(), Reason: reason, AuthorityAt: at})
		},
	}
	byFlag(cmd, &by)
	reasonFlag(cmd, &code, "reason code (AUTHORIZATION_REVOKED)")
	cmd.Flags().StringVar(&authority, "authority-at", "", "of a port-out: when the subscriber gave the authority to stop it")
	return cmd
}

func (f *Factory) revoke(ctx context.Context, id, by string, m porting.Revoke) error {
	by, err := f.who(by)
	if err != nil {
		return err
	}
	m.By = by
	if porting.WorkflowOf(id) == porting.WorkflowPortIn { // whether a donor may stop a port-out is the saga's to judge
		f.closeFence(ctx, id, by, m.Reason)
	}
	return f.send(ctx, func(p Ports) (porting.Answer, error) {
		return p.Revoke(ctx, id, m)
	})
}

func newPortNote(f *Factory) *cobra.Command {
	var by string
	cmd := &cobra.Command{
		Use:     "note PORT TEXT",
		Short:   "Write a line into a port's timeline",
		Long:    "Write a line into the timeline of a port. It stays there: write no personal data.",
		Example: "  portsaga port note PORT \"called the donor, FOC promised\"",
		Args:    exactly(2, "which port, and what shall be noted? quote the text"),
		RunE:    func(cmd *cobra.Command, args []string) error { return f.note(cmd.Context(), args[0], by, args[1]) },
	}
	byFlag(cmd, &by)
	return cmd
}

func (f *Factory) note(ctx context.Context, id, by, text string) error {
	return f.tell(ctx, by, func(p Ports, by string) (porting.Answer, error) {
		return p.Note(ctx, id, porting.Note{ID: newMessageID(), By: by, Text: text})
	})
}
