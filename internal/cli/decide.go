package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/porting"
)

type decideOptions struct {
	Port         string
	Approve      bool
	Reject       bool
	By           string
	Reason       string
	OrderVersion int
}

func newDecide(f *Factory) *cobra.Command {
	o := decideOptions{}
	cmd := &cobra.Command{
		Use:   "decide PORT --approve|--reject",
		Short: "Approve or reject a port that waits for a decision",
		Long: "Decide on a port in verifying. Approvals count persons, the submitter's own does not count, and one reject stops the port.\n" +
			"With --order-version the decision is for that version of the order, and refused once the order has moved on.",
		Example: "  portsaga decide PORT --approve\n" +
			"  portsaga decide PORT --approve --by ben@desk --order-version 2\n" +
			"  portsaga decide PORT --reject --reason SUSPECTED_FRAUD",
		GroupID: groupPorts,
		Args:    exactly(1, "which port? name it by its ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Port = args[0]
			message, err := o.message(cmd)
			if err != nil {
				return err
			}
			return o.run(cmd.Context(), f, message)
		},
	}
	cmd.Flags().BoolVar(&o.Approve, "approve", false, "let the port go on")
	cmd.Flags().BoolVar(&o.Reject, "reject", false, "stop the port")
	cmd.Flags().IntVar(&o.OrderVersion, "order-version", 0, "version of the order that you decide on (whatever it is now)")
	byFlag(cmd, &o.By)
	reasonFlag(cmd, &o.Reason, "reason code of a reject")
	return cmd
}

// message is the decision that the flags ask for.
func (o decideOptions) message(cmd *cobra.Command) (porting.Decide, error) {
	if o.Approve == o.Reject {
		return porting.Decide{}, usage(cmd, "say either --approve or --reject")
	}
	if o.Approve && o.Reason != "" {
		return porting.Decide{}, usage(cmd, "--reason goes with --reject")
	}
	reason, err := reasonOf(cmd, o.Reason)
	if err != nil {
		return porting.Decide{}, err
	}
	decision := porting.Approve
	if o.Reject {
		decision = porting.Reject
	}
	return porting.Decide{ID: newMessageID(), Decision: decision, Reason: reason, OrderVersion: o.OrderVersion}, nil
}

func (o decideOptions) run(ctx context.Context, f *Factory, message porting.Decide) error {
	by, err := f.who(o.By)
	if err != nil {
		return err
	}
	message.By = by
	return f.send(ctx, func(p Ports) (porting.Answer, error) { return p.Decide(ctx, o.Port, message) })
}
