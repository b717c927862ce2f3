package cli

import (
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/porting"
)

type approverAddOptions struct {
	Person   string
	Service  string
	Team     string
	Names    []string
	Role     string
	Keys     []string
	NotAfter string
	Days     int
}

func newApproverAdd(f *Factory) *cobra.Command {
	o := approverAddOptions{}
	cmd := &cobra.Command{
		Use:   "add --person ID --team TEAM|--service ID --key FILE.pub",
		Short: "Draft a version with another person, service or key",
		Long: "Add a person who may decide, a worker that may testify, or another key of one who is there. A person is one person\n" +
			"whichever key they use. With --name say under which other names they submit orders, so that nobody approves their own.",
		Example: "  portsaga approver add --person ana --team desk --name ana@desk --key ana_work.pub\n" +
			"  portsaga approver add --person ana --key ana_yubikey.pub --not-after 2027-06-30\n" +
			"  portsaga approver add --service gate-1 --key signing_key.pub",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(cmd); err != nil {
				return err
			}
			keys, err := readKeys(o.Keys)
			if err != nil {
				return err
			}
			notAfter, err := o.notAfter(cmd, f.Now())
			if err != nil {
				return err
			}
			return f.changeRegistry(cmd, o.Days, func(d *approval.Document, now time.Time) error {
				return o.add(d, credentialsOf(keys, now, notAfter))
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.Person, "person", "", "ID of a person")
	flags.StringVar(&o.Service, "service", "", "ID of a service")
	flags.StringVar(&o.Team, "team", "", "team of a person; two approvals can be asked to come from two teams")
	flags.StringArrayVar(&o.Names, "name", nil, "another name under which the person submits orders; repeatable")
	flags.StringVar(&o.Role, "role", "", "what they may do (approver for a person, verdict for a service)")
	flags.StringArrayVar(&o.Keys, "key", nil, "public key, a .pub file; repeatable")
	flags.StringVar(&o.NotAfter, "not-after", "", "last day of the key, like 2027-06-30 (a year from now)")
	validForFlag(cmd, &o.Days)
	return cmd
}

func (o approverAddOptions) check(cmd *cobra.Command) error {
	switch {
	case (o.Person == "") == (o.Service == ""):
		return usage(cmd, "say either --person or --service")
	case o.Service != "" && (o.Team != "" || len(o.Names) > 0):
		return usage(cmd, "--team and --name go with --person")
	case len(o.Keys) == 0:
		return usage(cmd, "with which key? name its file with --key")
	}
	return nil
}

// notAfter is the end of the last day of a key, in UTC.
func (o approverAddOptions) notAfter(cmd *cobra.Command, now time.Time) (time.Time, error) {
	if o.NotAfter == "" {
		return now.Add(year).UTC().Truncate(time.Second), nil
	}
	day, err := time.Parse(time.DateOnly, o.NotAfter)
	if err != nil {
		return time.Time{}, usage(cmd, "--not-after is not a day like 2027-06-30")
	}
	return day.AddDate(0, 0, 1), nil
}

func credentialsOf(keys []string, from, until time.Time) []approval.Credential {
	var credentials []approval.Credential
	for _, key := range keys {
		credentials = append(credentials, approval.Credential{Key: key, NotBefore: from, NotAfter: until})
	}
	return credentials
}

func (o approverAddOptions) add(d *approval.Document, credentials []approval.Credential) error {
	if o.Service != "" {
		o.addService(d, credentials)
		return nil
	}
	return o.addPerson(d, credentials)
}

func (o approverAddOptions) addPerson(d *approval.Document, credentials []approval.Credential) error {
	at := slices.IndexFunc(d.Persons, func(p approval.Person) bool { return p.ID == o.Person })
	if at < 0 {
		d.Persons = append(d.Persons, approval.Person{ID: o.Person, Team: o.Team})
		at = len(d.Persons) - 1
	}
	p := &d.Persons[at]
	if o.Team != "" && p.Team != o.Team {
		return &porting.Error{
			Kind: porting.Refused, Code: "registry-person-in-two-teams", Op: "add person", Object: o.Person,
			Detail: "the person is in team " + p.Team, Next: "a person is in one team",
		}
	}
	p.Names = union(p.Names, o.Names...)
	p.Roles = union(p.Roles, role(o.Role, approval.RoleApprover))
	p.Credentials = append(p.Credentials, credentials...)
	return nil
}

func (o approverAddOptions) addService(d *approval.Document, credentials []approval.Credential) {
	at := slices.IndexFunc(d.Services, func(s approval.Service) bool { return s.ID == o.Service })
	if at < 0 {
		d.Services = append(d.Services, approval.Service{ID: o.Service})
		at = len(d.Services) - 1
	}
	s := &d.Services[at]
	s.Roles = union(s.Roles, role(o.Role, approval.RoleVerdict))
	s.Credentials = append(s.Credentials, credentials...)
}

func role(given, usual string) string {
	if given == "" {
		return usual
	}
	return given
}

// union is the list with what is new behind it.
func union(list []string, more ...string) []string {
	for _, s := range more {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}
