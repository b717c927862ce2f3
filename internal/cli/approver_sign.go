package cli

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/hiddeco/sshsig"
	"github.com/spf13/cobra"
	"golang.org/x/crypto/ssh"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/porting"
)

type approverSignOptions struct {
	Key         string
	DocumentOut string
	Signature   string
	Yes         bool
}

func newApproverSign(f *Factory) *cobra.Command {
	o := approverSignOptions{}
	cmd := &cobra.Command{
		Use:   "sign --key FILE|agent",
		Short: "Sign the draft as one of the roots",
		Long: "Show what the draft changes, and sign it with a root's key. Several roots sign the same file one after the other; with the\n" +
			"last that is needed it comes into force. --key is a private key, a public key whose private half the ssh-agent holds, or\n" +
			"\"agent\" for the agent's only key.\n\n" +
			"For a key on another machine, --document-out writes the exact bytes; sign them there with ssh-keygen, and bring the\n" +
			"signature back with --signature.",
		Example: "  portsaga approver sign --key agent\n" +
			"  portsaga approver sign --document-out registry.txt\n" +
			"  ssh-keygen -Y sign -n portsaga.registry.v1 -f root_key registry.txt\n" +
			"  portsaga approver sign --signature registry.txt.sig",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), f)
		},
	}
	keyFlag(cmd, &o.Key)
	cmd.Flags().StringVar(&o.DocumentOut, "document-out", "", "write the bytes to be signed to a file, and sign nothing")
	cmd.Flags().StringVar(&o.Signature, "signature", "", "file with a signature that ssh-keygen made")
	yesFlag(cmd, &o.Yes)
	cmd.MarkFlagsMutuallyExclusive("key", "document-out", "signature")
	return cmd
}

func (o approverSignOptions) run(ctx context.Context, f *Factory) error {
	files, err := f.registryFiles()
	if err != nil {
		return err
	}
	draft, document, err := files.signable()
	if err != nil {
		return err
	}
	view, err := files.viewOf(draft, document, f.Now())
	if err != nil {
		return err
	}
	switch {
	case o.DocumentOut != "":
		return o.writeDocument(f, draft, view)
	case o.Signature != "":
		err = o.addSignature(&draft, view)
	default:
		err = o.sign(ctx, f, &draft, view)
	}
	if err != nil {
		return err
	}
	if err := files.writeDraft(draft); err != nil {
		return err
	}
	adopted, err := files.adopt(draft, f.Now())
	if err != nil {
		return err
	}
	if !adopted {
		return f.printDraft(files)
	}
	return f.printRegistry(files)
}

// signable is the draft, if it could come into force once it is signed.
func (r registryFiles) signable() (approval.SignedFile, approval.Document, error) {
	draft, _, err := r.readDraft()
	if err != nil {
		return draft, approval.Document{}, err
	}
	document, err := approval.ParseDocument(draft.Document)
	if err != nil {
		return draft, document, err
	}
	before, err := r.replaced()
	if err != nil {
		return draft, document, err
	}
	if document.Version <= before.Version {
		return draft, document, &porting.Error{
			Kind: porting.Refused, Code: "registry-rolled-back", Op: "sign draft", Object: r.draft,
			Detail: fmt.Sprintf("it is version %d, and version %d is in force", document.Version, before.Version), Next: "draft the change anew",
		}
	}
	return draft, document, nil
}

func (o approverSignOptions) writeDocument(f *Factory, draft approval.SignedFile, view registryView) error {
	if err := writeFile(o.DocumentOut, draft.Document, forAll); err != nil {
		return err
	}
	return f.Print(view, func(w io.Writer) {
		writeLines(w, "", view.Changes)
		writeSigningSteps(w, approval.RegistryNamespace, o.DocumentOut, "portsaga approver sign")
	})
}

// writeSigningSteps says how bytes are signed where this program is not.
func writeSigningSteps(w io.Writer, namespace, file, then string) {
	fmt.Fprintf(w, "sign it:  ssh-keygen -Y sign -n %s -f KEY %s\nthen:     %s --signature %s.sig\n", namespace, file, then, file)
}

// addSignature takes a signature that was made elsewhere. One by no root helps nobody, and is refused.
func (o approverSignOptions) addSignature(draft *approval.SignedFile, view registryView) error {
	signature, err := readFile(o.Signature)
	if err != nil {
		return err
	}
	if err := draft.Add(string(signature)); err != nil {
		return err
	}
	signer, err := sshsig.Unarmor(signature)
	if err != nil {
		return err
	}
	return mustBeRoot(signer.PublicKey, view)
}

func (o approverSignOptions) sign(ctx context.Context, f *Factory, draft *approval.SignedFile, view registryView) error {
	f.toPeople(o.Yes, func(w io.Writer) {
		fmt.Fprintf(w, "version %d of the registry of %s, until %s:\n", view.Version, oneLine(view.Audience), timestamp(view.Expires))
		writeLines(w, "  ", view.Changes)
	})
	if err := f.confirm("Sign it as a root?", o.Yes); err != nil {
		return err
	}
	signer, err := f.signer(ctx, o.Key)
	if err != nil {
		return err
	}
	if err := mustBeRoot(signer.PublicKey(), view); err != nil {
		return err
	}
	return draft.Sign(signer)
}

func mustBeRoot(key ssh.PublicKey, view registryView) error {
	fingerprint := ssh.FingerprintSHA256(key)
	if slices.ContainsFunc(view.Roots, func(r rootView) bool { return r.Fingerprint == fingerprint }) {
		return nil
	}
	return &porting.Error{
		Kind: porting.Refused, Code: "not-a-root", Op: "sign draft", Object: fingerprint, Detail: "the key is no root of this registry",
		Next: "sign with one of the keys that portsaga approver list --draft shows as roots",
	}
}
