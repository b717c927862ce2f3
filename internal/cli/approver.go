package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/porting"
)

// year is how long a registry and a key hold unless somebody says otherwise.
const year = 365 * 24 * time.Hour

func newApprover(f *Factory) *cobra.Command {
	return group(&cobra.Command{
		Use:   "approver",
		Short: "Keep the registry of those who may decide",
		Long: "The registry says whose key is whose: which persons may approve ports, and which workers may testify. Its root keys sign\n" +
			"it. A change makes a draft beside the registry (PORTSAGA_REGISTRY, with .draft behind it); it comes into force when\n" +
			"enough roots have signed it. docs/approvals.md tells more.",
		Example: "  portsaga approver init --root ana.pub --root ben.pub --threshold 2 --audience production\n" +
			"  portsaga approver add --person ana --team desk --key ana_work.pub\n" +
			"  portsaga approver sign --key agent",
		GroupID: groupApprovals,
	}, newApproverInit(f), newApproverAdd(f), newApproverRevoke(f), newApproverRoots(f), newApproverRenew(f), newApproverSign(f),
		newApproverList(f), newApproverCheck(f))
}

// validForFlag is on every command that makes a new version.
func validForFlag(cmd *cobra.Command, days *int) {
	cmd.Flags().IntVar(days, "valid-days", int(year/(24*time.Hour)), "days after which the registry needs a new version")
}

func newApproverRenew(f *Factory) *cobra.Command {
	var days int
	cmd := &cobra.Command{
		Use:   "renew",
		Short: "Draft a version that changes nothing but holds longer",
		Long: "Draft the next version of the registry with the same people and a later end. An expired registry knows no approvers, so\n" +
			"renew it in time.",
		Example: "  portsaga approver renew --valid-days 90",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.changeRegistry(cmd, days, func(*approval.Document, time.Time) error { return nil })
		},
	}
	validForFlag(cmd, &days)
	return cmd
}

// changeRegistry drafts the next version of the registry, unsigned, and says what is next.
func (f *Factory) changeRegistry(cmd *cobra.Command, days int, change func(d *approval.Document, now time.Time) error) error {
	if days < 1 {
		return usage(cmd, "--valid-days is at least 1")
	}
	files, err := f.registryFiles()
	if err != nil {
		return err
	}
	base, err := files.latest()
	if err != nil {
		return err
	}
	now := f.Now().UTC().Truncate(time.Second)
	next := base.Next(now, now.AddDate(0, 0, days))
	if err := change(&next, now); err != nil {
		return err
	}
	if err := fit(next); err != nil {
		return err
	}
	if err := files.writeDraft(approval.SignedFile{Document: next.Encode()}); err != nil {
		return err
	}
	return f.printDraft(files)
}

// fit refuses a document that no registry could be. One with nobody in it yet is still to be filled.
func fit(d approval.Document) error {
	_, err := approval.ParseDocument(d.Encode())
	if porting.CodeOf(err) == "registry-empty" {
		return nil
	}
	return err
}

// printDraft says how the draft differs from the registry in force, and who must sign it.
func (f *Factory) printDraft(files registryFiles) error {
	view, err := files.viewDraft(f.Now())
	if err != nil {
		return err
	}
	return f.Print(view, func(w io.Writer) {
		fmt.Fprintf(w, "version %d is a draft in %s\n", view.Version, view.File)
		writeLines(w, "  ", view.Changes)
		fmt.Fprintf(w, "next: %s\n", view.Next)
	})
}

func writeLines(w io.Writer, indent string, lines []string) {
	for _, line := range lines {
		fmt.Fprintf(w, "%s%s\n", indent, oneLine(line))
	}
}
