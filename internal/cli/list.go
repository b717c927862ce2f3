package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
)

type listOptions struct {
	starter.Filter
	Number string
	CSV    bool
}

// mostExported is how many ports an export holds: as many as a bulk order can have.
const mostExported = 20_000

func newPortList(f *Factory) *cobra.Command {
	o := listOptions{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List ports by stage, tenant, number or anything else",
		Long: "List ports, newest first. What is listed lags a moment behind what is: decide on what `port show` says.\n\n" +
			"--number finds the ports of one telephone number of a tenant. The number itself is nowhere in Temporal: it is looked for\n" +
			"by a token that only the deployment's key can make. --query takes any further list filter of Temporal.\n\n" +
			"--csv exports the list for spreadsheets, with times as RFC 3339; it lists up to 20,000 ports unless --limit says less.",
		Example: "  portsaga port list --open\n" +
			"  portsaga port list --waiting-on approver --tenant acme\n" +
			"  portsaga port list --number +12125550123\n" +
			"  portsaga port list --order ORDER --csv > ports.csv\n" +
			"  portsaga port list --query \"PortDueAt < '2026-12-01T00:00:00Z'\" -o json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Limit < 1 {
				return usage(cmd, "--limit is at least 1")
			}
			if o.CSV && f.Format == JSON {
				return usage(cmd, "say either --csv or -o json")
			}
			if o.CSV && !cmd.Flags().Changed("limit") {
				o.Limit = mostExported
			}
			return o.run(cmd.Context(), f)
		},
	}
	flags := cmd.Flags()
	flags.StringVar((*string)(&o.Stage), "stage", "", "only ports in this stage")
	flags.StringVar(&o.Tenant, "tenant", "", "only ports of this tenant")
	flags.StringVar((*string)(&o.WaitingOn), "waiting-on", "", "only ports that wait for: approver, carrier, customer, date, operator")
	flags.StringVar(&o.Jurisdiction, "jurisdiction", "", "only ports under this rule pack")
	flags.StringVar(&o.Carrier, "carrier", "", "only ports through this carrier")
	flags.StringVar(&o.Order, "order", "", "only ports of this bulk order")
	flags.StringVar(&o.Number, "number", "", "only ports of this number, as + country code and digits")
	flags.BoolVar(&o.NeedsAttention, "needs-attention", false, "only ports that a person must look at")
	flags.BoolVar(&o.OpenOnly, "open", false, "only ports that have not ended")
	flags.StringVar(&o.Query, "query", "", "further list filter in Temporal's words")
	flags.IntVar(&o.Limit, "limit", 100, "most ports to list")
	flags.BoolVar(&o.CSV, "csv", false, "export as CSV")
	_ = cmd.RegisterFlagCompletionFunc("stage", cobra.FixedCompletions(stages(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// stages are those that a port can be in, in the order of its story.
func stages() []string {
	var all []string
	seen := map[porting.Stage]bool{}
	for _, t := range slices.Concat(porting.Transitions(porting.PortIn), porting.Transitions(porting.PortOut)) {
		if t.To != "" && !seen[t.To] {
			seen[t.To] = true
			all = append(all, string(t.To))
		}
	}
	return all
}

func (o listOptions) run(ctx context.Context, f *Factory) error {
	if o.Number != "" {
		token, err := f.searchToken(o.Tenant, o.Number)
		if err != nil {
			return err
		}
		o.NumberToken = token
	}
	ports, err := f.Ports(ctx)
	if err != nil {
		return err
	}
	found, err := ports.List(ctx, o.Filter)
	if err != nil {
		return err
	}
	if o.CSV {
		return writeListCSV(f.Streams.Out, found)
	}
	return f.Print(found, func(w io.Writer) { f.writeList(w, found) })
}

// searchToken is what stands for a number in Temporal.
func (f *Factory) searchToken(tenant, number string) (string, error) {
	n, err := porting.ParseNumber(number)
	if err != nil {
		return "", err
	}
	cfg, err := f.Config()
	if err != nil {
		return "", err
	}
	keys, err := vault.Load(cfg.KeyFile)
	if err != nil {
		return "", err
	}
	return keys.SearchToken(cmp.Or(tenant, porting.Order{}.TenantOrDefault()), n), nil
}

func (f *Factory) writeList(w io.Writer, found []starter.Summary) {
	if len(found) == 0 {
		fmt.Fprintln(w, "no ports")
		return
	}
	var rows [][]string
	for _, p := range found {
		rows = append(rows, []string{
			p.ID, string(p.Stage), p.State, orDash(string(p.WaitingOn)), orDash(moment(p.DueAt)),
			strconv.Itoa(p.Numbers), orDash(p.Jurisdiction), orDash(p.Carrier), p.Tenant, attention(p.NeedsAttention),
		})
	}
	f.Table(w, []string{"PORT", "STAGE", "STATE", "WAITING ON", "DUE", "NUMBERS", "RULES", "CARRIER", "TENANT", "ATTENTION"}, rows)
}

func attention(needed bool) string {
	if needed {
		return "needed"
	}
	return "-"
}
