package cli

import (
	"context"
	"time"

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
	signOptions
}

// signOptions say how a decision is signed.
type signOptions struct {
	Key          string
	Life         time.Duration
	Yes          bool
	StatementOut string
	Statement    string
	Signature    string
	Paste        bool
}

// asked reports whether a flag asks for a signature, which a port that trusts decisions as they come does not take.
func (o signOptions) asked() bool { return o.Key != "" || o.StatementOut != "" || o.Paste }

func newDecide(f *Factory) *cobra.Command {
	o := decideOptions{}
	cmd := &cobra.Command{
		Use:   "decide PORT --approve|--reject",
		Short: "Approve or reject a port that waits for a decision",
		Long: "Decide on a port in verifying. Approvals count persons, the submitter's own does not count, and one reject stops the port.\n" +
			"The command shows what you sign, asks, signs with your SSH key and sends. Who you are is what the registry of approvers\n" +
			"says of the key. With --order-version the decision is for that version of the order, and refused once the order has\n" +
			"moved on.\n\n" +
			"For a key on another machine, --statement-out writes the exact bytes; sign them there with ssh-keygen, and send them with\n" +
			"--signature. --paste prints the message for the Web UI's dialog rather than sending it. Where decisions are trusted as\n" +
			"they come, in a demo or a dev, nothing is signed, and --by says who decides.",
		Example: "  portsaga decide PORT --approve\n" +
			"  portsaga decide PORT --reject --reason SUSPECTED_FRAUD --key ~/.ssh/id_ed25519_sk.pub\n" +
			"  portsaga decide PORT --approve --statement-out port.json\n" +
			"  ssh-keygen -Y sign -n portsaga.decision.v1 -f KEY port.json\n" +
			"  portsaga decide PORT --signature port.json.sig",
		GroupID: groupPorts,
		Args:    exactly(1, "which port? name it by its ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Port = args[0]
			if o.Signature != "" || o.Statement != "" {
				return o.sendSigned(cmd, f)
			}
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
	o.signFlags(cmd)
	cmd.Flags().StringVar(&o.StatementOut, "statement-out", "", "write the bytes to be signed to a file, and send nothing")
	cmd.Flags().StringVar(&o.Signature, "signature", "", "file with a signature that was made elsewhere")
	cmd.Flags().StringVar(&o.Statement, "statement", "", "file with the bytes that it signs (that of --signature without .sig)")
	cmd.Flags().BoolVar(&o.Paste, "paste", false, "print the signed message for the Web UI's dialog, and send nothing")
	cmd.MarkFlagsMutuallyExclusive("statement-out", "signature", "key")
	cmd.MarkFlagsMutuallyExclusive("statement-out", "paste")
	return cmd
}

// signFlags are on every command that signs decisions.
func (o *signOptions) signFlags(cmd *cobra.Command) {
	keyFlag(cmd, &o.Key)
	yesFlag(cmd, &o.Yes)
	cmd.Flags().DurationVar(&o.Life, "expires", porting.StatementLife, "how long the signed decision may take to arrive, at most 24h")
}

// message is the decision that the flags ask for.
func (o decideOptions) message(cmd *cobra.Command) (porting.Decide, error) {
	if o.Approve == o.Reject {
		return porting.Decide{}, usage(cmd, "say either --approve or --reject")
	}
	if o.Approve && o.Reason != "" {
		return porting.Decide{}, usage(cmd, "--reason goes with --reject")
	}
	if o.Life <= 0 || o.Life > porting.MaxStatementLife {
		return porting.Decide{}, usage(cmd, "--expires is between 1s and 24h")
	}
	reason, err := reasonOf(cmd, o.Reason)
	if err != nil {
		return porting.Decide{}, err
	}
	return porting.Decide{ID: newMessageID(), Decision: o.decision(), Reason: reason, OrderVersion: o.OrderVersion}, nil
}

func (o decideOptions) decision() string {
	if o.Reject {
		return porting.Reject
	}
	return porting.Approve
}

func (o decideOptions) run(ctx context.Context, f *Factory, message porting.Decide) error {
	ports, err := f.Ports(ctx)
	if err != nil {
		return err
	}
	status, err := ports.Status(ctx, o.Port)
	if err != nil {
		return err
	}
	if status.Challenge != nil {
		return o.decideSigned(ctx, f, status, message)
	}
	if o.asked() {
		return &porting.Error{
			Kind: porting.Refused, Code: "challenge-missing", Op: "sign decision", Object: o.Port, Detail: "the port waits for no signed decision now",
			Next: "look at it with portsaga port show",
		}
	}
	if message.By, err = f.who(o.By); err != nil {
		return err
	}
	return f.send(ctx, func(p Ports) (porting.Answer, error) { return p.Decide(ctx, o.Port, message) })
}
