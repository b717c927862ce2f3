package cli

import (
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/porting"
)

type approverRootsOptions struct {
	Add       []string
	Remove    []string
	Threshold int
	Days      int
}

func newApproverRoots(f *Factory) *cobra.Command {
	o := approverRootsOptions{}
	cmd := &cobra.Command{
		Use:   "roots --add KEY.pub --remove FINGERPRINT --threshold N",
		Short: "Draft a version with other roots",
		Long: "Change the root keys, or how many of them must sign. Enough of the present roots and enough of the new ones must sign the\n" +
			"version. When it comes into force the file of pinned roots changes with it: take both files to every worker.",
		Example: "  portsaga approver roots --add dee.pub --remove SHA256:…\n  portsaga approver roots --threshold 3",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(o.Add) == 0 && len(o.Remove) == 0 && o.Threshold == 0 {
				return usage(cmd, "say what to change: --add, --remove or --threshold")
			}
			added, err := readKeys(o.Add)
			if err != nil {
				return err
			}
			return f.changeRegistry(cmd, o.Days, func(d *approval.Document, _ time.Time) error { return o.change(d, added) })
		},
	}
	cmd.Flags().StringArrayVar(&o.Add, "add", nil, "public key of a new root, a .pub file; repeatable")
	cmd.Flags().StringArrayVar(&o.Remove, "remove", nil, "fingerprint of a root that goes; repeatable")
	cmd.Flags().IntVar(&o.Threshold, "threshold", 0, "how many roots must sign (as many as now)")
	validForFlag(cmd, &o.Days)
	return cmd
}

func (o approverRootsOptions) change(d *approval.Document, added []string) error {
	for _, fingerprint := range o.Remove {
		at := slices.IndexFunc(d.Roots, func(line string) bool { return fingerprintOf(line) == fingerprint })
		if at < 0 {
			return &porting.Error{
				Kind: porting.NotFound, Code: "root-unknown", Op: "remove root", Object: fingerprint, Detail: "the registry has no such root",
				Next: "see portsaga approver list",
			}
		}
		d.Roots = slices.Delete(d.Roots, at, at+1)
	}
	d.Roots = append(d.Roots, added...)
	if o.Threshold != 0 {
		d.Threshold = o.Threshold
	}
	return nil
}
