package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/porting"
)

type approverRevokeOptions struct {
	Person  string
	Service string
	Key     string
	Reason  string
	Days    int
}

func newApproverRevoke(f *Factory) *cobra.Command {
	o := approverRevokeOptions{}
	cmd := &cobra.Command{
		Use:   "revoke --person ID|--service ID|--key FINGERPRINT --reason TEXT",
		Short: "Draft a version in which keys no longer count",
		Long: "Revoke one key, or all keys of a person or a service. Revoked keys stay in the registry, so that they cannot come back.\n" +
			"Once the version is in force, approvals that were signed with them no longer count either: a port that waits for its\n" +
			"activation needs new ones. The reason is read by everybody: write no personal data.",
		Example: "  portsaga approver revoke --person ben --reason \"left the company\"\n" +
			"  portsaga approver revoke --key SHA256:… --reason \"laptop lost\"",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(cmd); err != nil {
				return err
			}
			return f.changeRegistry(cmd, o.Days, o.revoke)
		},
	}
	cmd.Flags().StringVar(&o.Person, "person", "", "ID of a person: all their keys")
	cmd.Flags().StringVar(&o.Service, "service", "", "ID of a service: all its keys")
	cmd.Flags().StringVar(&o.Key, "key", "", "fingerprint of one key, as approver list prints it")
	cmd.Flags().StringVar(&o.Reason, "reason", "", "why, in a few words")
	validForFlag(cmd, &o.Days)
	return cmd
}

func (o approverRevokeOptions) check(cmd *cobra.Command) error {
	given := 0
	for _, s := range []string{o.Person, o.Service, o.Key} {
		if s != "" {
			given++
		}
	}
	switch {
	case given != 1:
		return usage(cmd, "say one of --person, --service and --key")
	case o.Reason == "":
		return usage(cmd, "why? say so with --reason")
	}
	return nil
}

// revoke marks every key that is meant. One that was revoked before keeps its date and reason.
func (o approverRevokeOptions) revoke(d *approval.Document, now time.Time) error {
	met := 0
	for i := range d.Persons {
		if o.Key != "" || d.Persons[i].ID == o.Person {
			met += o.mark(d.Persons[i].Credentials, now)
		}
	}
	for i := range d.Services {
		if o.Key != "" || d.Services[i].ID == o.Service {
			met += o.mark(d.Services[i].Credentials, now)
		}
	}
	if met == 0 {
		return &porting.Error{
			Kind: porting.NotFound, Code: "approver-unknown", Op: "revoke", Object: o.Person + o.Service + o.Key,
			Detail: "the registry knows no such key that is not revoked", Next: "see portsaga approver list",
		}
	}
	return nil
}

func (o approverRevokeOptions) mark(credentials []approval.Credential, now time.Time) (met int) {
	for i := range credentials {
		c := &credentials[i]
		if c.RevokedAt != nil || (o.Key != "" && fingerprintOf(c.Key) != o.Key) {
			continue
		}
		at := now
		c.RevokedAt, c.Reason = &at, o.Reason
		met++
	}
	return met
}

// fingerprintOf is the fingerprint of a key in a document, or the key itself where it cannot be read.
func fingerprintOf(line string) string {
	key, err := approval.ParseKey(line)
	if err != nil {
		return line
	}
	return key.Fingerprint()
}
