package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/porting"
)

type unlockOptions struct {
	numberTarget
	By           string
	Cancel       bool
	PIN          bool
	FD           int
	Key          string
	Yes          bool
	Life         time.Duration
	StatementOut string
	Signatures   []string
}

func newNumberUnlock(f *Factory) *cobra.Command {
	var o unlockOptions
	cmd := &cobra.Command{
		Use:   "unlock NUMBER|--account ACCOUNT",
		Short: "Let a lock end after the cool-off, with a PIN or a signature",
		Long: "Ask that a lock ends. It takes a proof, and then a cool-off, a day where nothing else is set: until it is over the lock holds,\n" +
			"everybody concerned is told, and --cancel lets the lock hold on.\n\n" +
			"The proof is a signature by an approver other than --by, who asks: with your own SSH key, or with signatures that were made\n" +
			"elsewhere over what --statement-out writes. With --pin it is the number's port-out PIN, which must be older than a day.",
		Example: "  portsaga number unlock +12125550123 --by cleo@care\n" +
			"  portsaga number unlock +12125550123 --pin\n" +
			"  portsaga number unlock --account ACC-1001 --statement-out unlock.json\n" +
			"  ssh-keygen -Y sign -n portsaga.decision.v1 -f KEY unlock.json\n" +
			"  portsaga number unlock --account ACC-1001 --signature unlock.json.sig\n" +
			"  portsaga number unlock +12125550123 --cancel",
		Args: o.oneTarget(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			who, err := f.who(o.By)
			if err != nil {
				return err
			}
			return f.withGuard(cmd.Context(), o.numberTarget, func(g *guard.Guard, s guard.Subject) error {
				return o.run(cmd.Context(), f, g, s, who)
			})
		},
	}
	o.flags(cmd)
	byFlag(cmd, &o.By)
	cmd.Flags().BoolVar(&o.Cancel, "cancel", false, "let the lock hold on whose unlock is on its way")
	cmd.Flags().BoolVar(&o.PIN, "pin", false, "prove it by the number's port-out PIN, typed or read from stdin")
	fdFlag(cmd, &o.FD)
	keyFlag(cmd, &o.Key)
	yesFlag(cmd, &o.Yes)
	cmd.Flags().DurationVar(&o.Life, "expires", porting.StatementLife, "how long what is signed may take to arrive, at most 24h")
	cmd.Flags().StringVar(&o.StatementOut, "statement-out", "", "write the bytes to be signed to a file, and ask for nothing")
	cmd.Flags().StringArrayVar(&o.Signatures, "signature", nil, "file with a signature that was made elsewhere, beside what it signs (without .sig); repeatable")
	cmd.MarkFlagsMutuallyExclusive("cancel", "pin", "key", "statement-out", "signature")
	return cmd
}

func (o *unlockOptions) run(ctx context.Context, f *Factory, g *guard.Guard, s guard.Subject, who string) error {
	var err error
	switch {
	case o.Cancel:
		_, err = g.CancelUnlock(ctx, s, who, f.Now())
	case o.PIN:
		err = o.byPIN(ctx, f, g, s, who)
	case o.StatementOut != "":
		return o.writeChallenge(ctx, f, g, s)
	case len(o.Signatures) > 0:
		err = o.bySignatures(ctx, f, g, s, who)
	default:
		err = o.byOwnKey(ctx, f, g, s, who)
	}
	if err != nil {
		return err
	}
	return f.showProtection(ctx, g, s, 0)
}

func (o *unlockOptions) byPIN(ctx context.Context, f *Factory, g *guard.Guard, s guard.Subject, who string) error {
	pin, err := f.readPIN("PIN: ", o.FD)
	if err != nil {
		return err
	}
	_, err = g.UnlockByPIN(ctx, f.pinAttempt(s, pin, who), who)
	return err
}

func (o *unlockOptions) writeChallenge(ctx context.Context, f *Factory, g *guard.Guard, s guard.Subject) error {
	text, err := o.statement(ctx, f, g, s)
	if err != nil {
		return err
	}
	if err := writeFile(o.StatementOut, text, forOwner); err != nil {
		return err
	}
	written := map[string]string{"file": o.StatementOut, "namespace": approval.SSHNamespace, "digest": approval.Digest(text)}
	return f.Print(written, func(w io.Writer) {
		writeSigningSteps(w, approval.SSHNamespace, o.StatementOut, "portsaga number unlock ...")
	})
}

func (o *unlockOptions) statement(ctx context.Context, f *Factory, g *guard.Guard, s guard.Subject) ([]byte, error) {
	challenge, err := g.Challenge(ctx, s, f.Now())
	if err != nil {
		return nil, err
	}
	return guard.EncodeUnlock(challenge, porting.Approve, f.Now(), o.Life)
}

func (o *unlockOptions) byOwnKey(ctx context.Context, f *Factory, g *guard.Guard, s guard.Subject, who string) error {
	text, err := o.statement(ctx, f, g, s)
	if err != nil {
		return err
	}
	if err := f.confirm(fmt.Sprintf("Sign that the lock of %s may end, as %s asks?", s.Masked, oneLine(who)), o.Yes); err != nil {
		return err
	}
	signer, err := f.signer(ctx, o.Key)
	if err != nil {
		return err
	}
	signed, err := f.signDecision(signer, text)
	if err != nil {
		return err
	}
	_, err = g.UnlockBySignature(ctx, s, who, []guard.Signed{{Statement: signed.Statement, Signature: signed.Signature}}, f.Now())
	return err
}

func (o *unlockOptions) bySignatures(ctx context.Context, f *Factory, g *guard.Guard, s guard.Subject, who string) error {
	var decisions []guard.Signed
	for _, file := range o.Signatures {
		signature, err := readFile(file)
		if err != nil {
			return err
		}
		statement, err := readFile(strings.TrimSuffix(file, ".sig"))
		if err != nil {
			return err
		}
		decisions = append(decisions, guard.Signed{Statement: statement, Signature: string(signature)})
	}
	_, err := g.UnlockBySignature(ctx, s, who, decisions, f.Now())
	return err
}
