package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/porting"
)

type approverInitOptions struct {
	Roots     []string
	Threshold int
	Audience  string
	Days      int
}

func newApproverInit(f *Factory) *cobra.Command {
	o := approverInitOptions{}
	cmd := &cobra.Command{
		Use:   "init --root KEY.pub... --threshold N --audience NAME",
		Short: "Begin a registry: its roots, and a first draft with nobody in it",
		Long: "Pin the root keys of a deployment (PORTSAGA_REGISTRY_ROOTS) and draft the first version of its registry. Root keys sign\n" +
			"registries and nothing else: give each to another person, in hardware if you can. The audience is the deployment's name;\n" +
			"a decision for one deployment counts in no other.",
		Example: "  portsaga approver init --root ana.pub --root ben.pub --root cy.pub --threshold 2 --audience production",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case len(o.Roots) == 0:
				return usage(cmd, "whose keys are the roots? name their files with --root")
			case o.Audience == "":
				return usage(cmd, "for which deployment? name it with --audience")
			case o.Days < 1:
				return usage(cmd, "--valid-days is at least 1")
			}
			return o.run(f)
		},
	}
	cmd.Flags().StringArrayVar(&o.Roots, "root", nil, "public key of a root, a .pub file; give it once for each root")
	cmd.Flags().IntVar(&o.Threshold, "threshold", 2, "how many of the roots must sign a version")
	cmd.Flags().StringVar(&o.Audience, "audience", "", "name of the deployment")
	validForFlag(cmd, &o.Days)
	return cmd
}

func (o approverInitOptions) run(f *Factory) error {
	files, err := f.registryFiles()
	if err != nil {
		return err
	}
	if files.begun() {
		return &porting.Error{
			Kind: porting.Refused, Code: "registry-exists", Op: "begin registry", Object: files.registry,
			Detail: "there is one already, or a draft or roots of one", Next: "change it with the other commands, or move its files away",
		}
	}
	roots, err := readKeys(o.Roots)
	if err != nil {
		return err
	}
	now := f.Now().UTC().Truncate(time.Second)
	document := approval.NewDocument(o.Audience, roots, o.Threshold, now, now.AddDate(0, 0, o.Days))
	pinned := approval.Roots{Threshold: o.Threshold, Roots: roots}.Encode()
	if _, err := approval.ParseRoots(pinned); err != nil {
		return err
	}
	if err := writeFile(files.roots, pinned, forAll); err != nil {
		return err
	}
	if err := files.writeDraft(approval.SignedFile{Document: document.Encode()}); err != nil {
		return err
	}
	return f.printDraft(files)
}

// readKeys reads public keys from files, without their comments.
func readKeys(files []string) ([]string, error) {
	var lines []string
	for _, file := range files {
		key, err := readKey(file)
		if err != nil {
			return nil, err
		}
		lines = append(lines, key.String())
	}
	return lines, nil
}

func readKey(file string) (approval.Key, error) {
	text, err := readFile(file)
	if err != nil {
		return approval.Key{}, err
	}
	return approval.ParseKey(string(text))
}
