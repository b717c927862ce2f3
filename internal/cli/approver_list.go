package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/approval"
)

func newApproverList(f *Factory) *cobra.Command {
	var draft bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List who may decide, and with which keys",
		Long: "List the registry in force, once its signatures are seen to be good: persons, teams, roles, keys and whether they count,\n" +
			"services, roots and which of them signed. With --draft list the draft, which nobody may have signed yet.",
		Example: "  portsaga approver list\n  portsaga approver list --draft -o json | jq .next",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			files, err := f.registryFiles()
			if err != nil {
				return err
			}
			if !draft {
				return f.printRegistry(files)
			}
			view, err := files.viewDraft(f.Now())
			if err != nil {
				return err
			}
			return f.Print(view, func(w io.Writer) { f.writeRegistry(w, view, f.Now()) })
		},
	}
	cmd.Flags().BoolVar(&draft, "draft", false, "the draft, rather than what is in force")
	return cmd
}

func newApproverCheck(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Check that the registry would be believed now",
		Long: "Check the registry in force as a worker does: that enough pinned roots signed it, that it has not expired, and that nobody\n" +
			"in it could be counted twice. The command ends with 3 if a worker would refuse it, and says why.",
		Example: "  portsaga approver check\n  PORTSAGA_REGISTRY=new.json portsaga approver check -o json",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			files, err := f.registryFiles()
			if err != nil {
				return err
			}
			view, err := files.viewRegistry(f.Now())
			if err != nil {
				return err
			}
			if _, err := approval.LoadRegistry(files.registry, files.roots, f.Now()); err != nil {
				return err
			}
			return f.Print(view, func(w io.Writer) {
				fmt.Fprintf(w, "%s: version %d of %s is good until %s\n", view.File, view.Version, oneLine(view.Audience), timestamp(view.Expires))
			})
		},
	}
}

// viewRegistry shows the registry in force, also one that has expired.
func (r registryFiles) viewRegistry(now time.Time) (registryView, error) {
	registry, err := r.inForce()
	if err != nil {
		return registryView{}, err
	}
	text, err := readFile(r.registry)
	if err != nil {
		return registryView{}, err
	}
	signed, err := approval.ParseSignedFile(text)
	if err != nil {
		return registryView{}, err
	}
	view, err := r.view(r.registry, signed, registry.Document(), now)
	view.InForce = now.Before(registry.Expires())
	switch {
	case !view.InForce:
		view.Next = "it has expired: portsaga approver renew"
	case exists(r.draft):
		view.Next = "a draft waits: portsaga approver list --draft"
	}
	return view, err
}

func (f *Factory) printRegistry(files registryFiles) error {
	view, err := files.viewRegistry(f.Now())
	if err != nil {
		return err
	}
	return f.Print(view, func(w io.Writer) { f.writeRegistry(w, view, f.Now()) })
}

// writeRegistry writes a registry for people to read from top to bottom.
func (f *Factory) writeRegistry(w io.Writer, view registryView, now time.Time) {
	fmt.Fprintln(w, f.style(bold, fmt.Sprintf("%s, version %d: %s", oneLine(view.Audience), view.Version, standingOf(view, now))))
	fields(w, "file", view.File, "issued", timestamp(view.Issued), "expires", timestamp(view.Expires), "digest", view.Digest, "next", view.Next)
	var rows [][]string
	for _, holder := range append(view.Persons, view.Services...) {
		for _, key := range holder.Keys {
			rows = append(rows, []string{
				oneLine(holder.ID), orDash(oneLine(holder.Team)), oneLine(strings.Join(holder.Roles, ",")), key.Fingerprint, kindOfKey(key.Hardware), stateOf(key),
			})
		}
	}
	if len(rows) > 0 {
		fmt.Fprintln(w)
		f.Table(w, []string{"WHO", "TEAM", "ROLES", "KEY", "KIND", "STATE"}, rows)
	}
	f.section(w, fmt.Sprintf("Roots, %d must sign", view.Threshold), len(view.Roots), func(i int) string { return rootLine(view.Roots[i]) })
	f.section(w, "Changes", len(view.Changes), func(i int) string { return oneLine(view.Changes[i]) })
}

func standingOf(view registryView, now time.Time) string {
	switch {
	case view.InForce:
		return "in force"
	case now.Before(view.Expires):
		return "draft"
	default:
		return "expired"
	}
}

func kindOfKey(hardware bool) string {
	if hardware {
		return "hardware"
	}
	return "software"
}

func stateOf(key keyView) string {
	switch key.State {
	case "revoked":
		return fmt.Sprintf("revoked %s: %s", timestamp(*key.RevokedAt), oneLine(key.Reason))
	case "valid":
		return "valid until " + timestamp(key.NotAfter)
	default:
		return key.State
	}
}

func rootLine(r rootView) string {
	says := "has not signed"
	if r.Signed {
		says = "has signed"
	}
	switch {
	case !r.Pinned:
		says += ", is new"
	case !r.Listed:
		says += ", goes"
	}
	return fmt.Sprintf("%s  %s  %s", r.Fingerprint, kindOfKey(r.Hardware), says)
}
