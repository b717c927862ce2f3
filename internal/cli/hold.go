package cli

import (
	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/porting"
)

func newPortHold(f *Factory) *cobra.Command {
	var by, why string
	cmd := &cobra.Command{
		Use:   "hold PORT",
		Short: "Stop a port for a while",
		Long: "Stop a port where it is, say while the customer is asked. The clocks that are ours stand still, those of the carrier and\n" +
			"the law run on: what the carrier does meanwhile is taken, and nothing new is sent to it. A port can be held before its\n" +
			"activation; one that must not go on at all is revoked. The reason stays in the timeline: write no personal data.",
		Example: "  portsaga port hold PORT\n  portsaga port hold PORT --why \"the customer is asked for the account number\"",
		Args:    exactly(1, "which port? name it by its ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.tell(cmd.Context(), by, func(p Ports, by string) (porting.Answer, error) {
				return p.Hold(cmd.Context(), args[0], porting.Hold{ID: newMessageID(), By: by, Why: why})
			})
		},
	}
	cmd.Flags().StringVar(&why, "why", "", "a line for the timeline")
	byFlag(cmd, &by)
	return cmd
}

func newPortResume(f *Factory) *cobra.Command {
	var by string
	cmd := &cobra.Command{
		Use:     "resume PORT",
		Short:   "Let a port on hold go on",
		Long:    "End the hold of a port. It goes on in the stage that it has reached, and people's clocks are longer by what the hold took.",
		Example: "  portsaga port resume PORT",
		Args:    exactly(1, "which port? name it by its ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.tell(cmd.Context(), by, func(p Ports, by string) (porting.Answer, error) {
				return p.Resume(cmd.Context(), args[0], porting.Resume{ID: newMessageID(), By: by})
			})
		},
	}
	byFlag(cmd, &by)
	return cmd
}

func newPortExtend(f *Factory) *cobra.Command {
	var by string
	var hours int
	cmd := &cobra.Command{
		Use:   "extend PORT --hours N",
		Short: "Give people more time for a decision or a correction",
		Long: "Lengthen the clock of a port that waits for people: for a decision, or for the correction of a rejected order. The clocks\n" +
			"of carriers and of the law are nobody's to extend.",
		Example: "  portsaga port extend PORT --hours 24",
		Args:    exactly(1, "which port? name it by its ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if hours < 1 {
				return usage(cmd, "by how many hours? say so with --hours")
			}
			return f.tell(cmd.Context(), by, func(p Ports, by string) (porting.Answer, error) {
				return p.Extend(cmd.Context(), args[0], porting.Extend{ID: newMessageID(), By: by, Hours: hours})
			})
		},
	}
	cmd.Flags().IntVar(&hours, "hours", 0, "clock hours to add, 1 to 720")
	byFlag(cmd, &by)
	return cmd
}

func newPortReassign(f *Factory) *cobra.Command {
	var by, to string
	cmd := &cobra.Command{
		Use:     "reassign PORT --to NAME",
		Short:   "Make somebody else the owner of a port",
		Long:    "Name the person or the team that looks after a port. It changes nobody's rights: who may decide stays as it is.",
		Example: "  portsaga port reassign PORT --to ben@desk",
		Args:    exactly(1, "which port? name it by its ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if to == "" {
				return usage(cmd, "to whom? say so with --to")
			}
			return f.tell(cmd.Context(), by, func(p Ports, by string) (porting.Answer, error) {
				return p.Reassign(cmd.Context(), args[0], porting.Reassign{ID: newMessageID(), By: by, To: to})
			})
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "the new owner")
	byFlag(cmd, &by)
	return cmd
}
