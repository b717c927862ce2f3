package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/porting"
)

// decideSigned shows the port's challenge, and signs and sends the decision on it.
func (o decideOptions) decideSigned(ctx context.Context, f *Factory, status porting.Status, message porting.Decide) error {
	if err := o.fits(*status.Challenge); err != nil {
		return err
	}
	statement := status.Challenge.Statement(message.Decision, message.Reason, f.Now(), o.Life)
	text, err := approval.Encode(statement)
	if err != nil {
		return err
	}
	f.toPeople(o.Yes, func(w io.Writer) { f.writeSheet(w, statement, status) })
	if o.StatementOut != "" {
		return o.writeStatement(f, statement, text)
	}
	if err := f.confirm("Sign it?", o.Yes); err != nil {
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
	return o.deliver(ctx, f, signed)
}

// fits refuses a challenge that is not about what the user asked for.
func (o decideOptions) fits(c porting.Challenge) error {
	no := &porting.Error{Kind: porting.Refused, Op: "sign decision", Object: o.Port, Next: "look at the port again with portsaga port show"}
	switch {
	case c.Port != o.Port:
		no.Code, no.Detail = "statement-differs", "what is to be signed is for another port"
		return no
	case o.OrderVersion != 0 && o.OrderVersion != c.OrderVersion:
		no.Code, no.Detail = "order-moved-on", fmt.Sprintf("the decision is for order version %d, the order is at %d", o.OrderVersion, c.OrderVersion)
		return no
	}
	return nil
}

// toPeople writes what a person must see before they sign, beside the answer. A program that said yes in advance is spared.
func (f *Factory) toPeople(yes bool, write func(io.Writer)) {
	if f.Format == Text || !yes {
		write(f.Streams.Err)
	}
}

// signDecision makes the message of a signed statement. Who decides is for the key to say.
func (f *Factory) signDecision(signer ssh.Signer, statement []byte) (porting.Decide, error) {
	if strings.HasPrefix(signer.PublicKey().Type(), "sk-") {
		f.progress("touch the key %s", ssh.FingerprintSHA256(signer.PublicKey()))
	}
	signature, err := approval.SignWithSigner(signer, statement)
	if err != nil {
		return porting.Decide{}, err
	}
	return porting.Decide{ID: newMessageID(), Statement: statement, Signature: signature}, nil
}

// writtenStatement tells programs what is to be signed where.
type writtenStatement struct {
	Port      string    `json:"port"`
	File      string    `json:"file"`
	Namespace string    `json:"namespace"` // of the SSH signature
	Digest    string    `json:"digest"`
	ExpiresAt time.Time `json:"expires_at"`
}

func (o decideOptions) writeStatement(f *Factory, s porting.Statement, text []byte) error {
	if err := writeFile(o.StatementOut, text, forOwner); err != nil {
		return err
	}
	written := writtenStatement{s.Port, o.StatementOut, approval.SSHNamespace, approval.Digest(text), s.ExpiresAt}
	return f.Print(written, func(w io.Writer) {
		writeSigningSteps(w, approval.SSHNamespace, o.StatementOut, "portsaga decide "+s.Port)
		fmt.Fprintf(w, "before:   %s\n", timestamp(s.ExpiresAt))
	})
}

// sendSigned sends a decision that was signed elsewhere.
func (o decideOptions) sendSigned(cmd *cobra.Command, f *Factory) error {
	if o.Signature == "" {
		return usage(cmd, "where is its signature? name the file with --signature")
	}
	if o.Statement == "" {
		o.Statement = strings.TrimSuffix(o.Signature, ".sig")
		if o.Statement == o.Signature {
			return usage(cmd, "what does it sign? name the file with --statement")
		}
	}
	text, err := readFile(o.Statement)
	if err != nil {
		return err
	}
	signature, err := readFile(o.Signature)
	if err != nil {
		return err
	}
	statement, err := approval.ParseStatement(text)
	if err != nil {
		return err
	}
	if err := o.says(statement); err != nil {
		return err
	}
	return o.deliver(cmd.Context(), f, porting.Decide{ID: newMessageID(), Statement: text, Signature: string(signature)})
}

// says refuses a statement that does not say what the command line says.
func (o decideOptions) says(s porting.Statement) error {
	if s.Port == o.Port && (o.Approve == o.Reject || s.Decision == o.decision()) {
		return nil
	}
	return &porting.Error{
		Kind: porting.Refused, Code: "statement-differs", Op: "send decision", Object: o.Port,
		Detail: fmt.Sprintf("the statement is to %s %s", s.Decision, oneLine(s.Port)), Next: "name the statement of this port",
	}
}

// deliver sends a signed decision, or prints it for somebody who pastes it into the Web UI.
func (o decideOptions) deliver(ctx context.Context, f *Factory, signed porting.Decide) error {
	if !o.Paste {
		if o.Reject {
			f.recordReject(ctx, o.Port, signed)
		}
		return f.send(ctx, func(p Ports) (porting.Answer, error) { return p.Decide(ctx, o.Port, signed) })
	}
	body, err := json.Marshal(signed)
	if err != nil {
		return err
	}
	f.progress("%s: open the port in the Web UI, choose Send a signal, the name %s, and paste:", o.Port, porting.MsgDecide)
	fmt.Fprintf(f.Streams.Out, "%s\n", body)
	return nil
}
