package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

type deadlinesOptions struct {
	Pack     string
	Received string
	Number   string
	Holidays []string
	Lines    int
	Region   string
	Zone     string
	Kind     string
	Area     string
}

// deadlines is everything that the receipt of a request starts. What a pack does not have is left out.
type deadlines struct {
	Pack           string      `json:"pack"`
	Received       time.Time   `json:"received"`
	DeemedReceived time.Time   `json:"deemed_received"`
	FOCDue         time.Time   `json:"foc_due,omitzero"`
	EligibleFrom   time.Time   `json:"eligible_from,omitzero"`
	Clocks         []rules.Due `json:"clocks"`
}

func newRulesDeadlines(f *Factory) *cobra.Command {
	o := deadlinesOptions{}
	cmd := &cobra.Command{
		Use:   "deadlines --pack PACK --received TIME",
		Short: "Compute what the receipt of a request starts",
		Long: "Compute every clock that starts when a request is received: when it counts as received, when the answer is due, from when\n" +
			"the number may move. Times are in the zone that the pack names; where the number decides the zone, give the number or the\n" +
			"region. The donor's own closed days replace those that the pack assumes, where the donor owns the calendar.",
		Example: "  portsaga rules deadlines --pack us-wireline-simple --received 2026-11-20T14:30 --number +12125550123\n" +
			"  portsaga rules deadlines --pack us-wireline-nonsimple --received 2026-11-20T14:30 --region AZ --donor-holidays 2026-11-27\n" +
			"  portsaga rules deadlines --pack gb-mobile --received 2026-11-20T09:00:00Z -o json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd, f) },
	}
	packFlag(f, cmd, &o.Pack)
	flags := cmd.Flags()
	flags.StringVar(&o.Received, "received", "", "when the request came, with an offset or on the pack's clocks")
	flags.StringVar(&o.Number, "number", "", "a number of the order, as + country code and digits")
	flags.StringSliceVar(&o.Holidays, "donor-holidays", nil, "closed days of the donor, like 2026-11-27,2026-12-24")
	flags.IntVar(&o.Lines, "lines", 0, "lines on the account; a simple port has no more than its pack says")
	flags.StringVar(&o.Region, "region", "", "state, province or Land, where the zone does not follow from the number")
	flags.StringVar(&o.Zone, "zone", "", "time zone like America/Denver; goes before everything")
	flags.StringVar(&o.Kind, "kind", "", "kind of line, where a clock differs by it: wireline, wireless, toll-free")
	flags.StringVar(&o.Area, "area", "", "\"other\" where donor and recipient serve different areas")
	return cmd
}

func (o deadlinesOptions) run(cmd *cobra.Command, f *Factory) error {
	pack, err := f.packOf(cmd, o.Pack)
	if err != nil {
		return err
	}
	if err := checkLines(pack, o.Lines); err != nil {
		return err
	}
	at, err := o.place()
	if err != nil {
		return err
	}
	zone, err := pack.ZoneAt(at)
	if err != nil {
		return err
	}
	received, err := timeOf(cmd, "--received", o.Received, zone)
	if err != nil {
		return err
	}
	if received.IsZero() {
		return usage(cmd, "when did the request come? say so with --received")
	}
	all, err := pack.Deadlines(received, at)
	if err != nil {
		return err
	}
	answer := deadlines{pack.Ref(), received.In(zone), all.DeemedReceived, all.FOCDue, all.EligibleFrom, all.Clocks}
	return f.Print(answer, func(w io.Writer) { f.writeDeadlines(w, answer) })
}

func (o deadlinesOptions) place() (rules.Place, error) {
	number, err := numberOf(o.Number)
	if err != nil {
		return rules.Place{}, err
	}
	place := rules.Place{Number: number, Region: o.Region, Zone: o.Zone, Kind: o.Kind, Area: o.Area}
	for _, day := range o.Holidays {
		date, err := rules.ParseDate(day)
		if err != nil {
			return rules.Place{}, err
		}
		place.DonorHolidays = append(place.DonorHolidays, date)
	}
	return place, nil
}

// checkLines refuses a pack of simple ports for an account that has too many lines to be one.
func checkLines(p *rules.Pack, lines int) error {
	if p.Rules.For.Simple == nil || !*p.Rules.For.Simple {
		return nil
	}
	for _, test := range p.Rules.Tests {
		if test.MaxLines > 0 && lines > test.MaxLines {
			return &porting.Error{
				Kind: porting.Refused, Code: "facts-contradict", Op: "compute deadlines", Object: p.ID,
				Detail: fmt.Sprintf("an account with %d lines is no simple port: %s", lines, test.Why()), Next: "take the pack for non-simple ports",
			}
		}
	}
	return nil
}

func (f *Factory) writeDeadlines(w io.Writer, d deadlines) {
	fields(w, "pack", d.Pack, "received", momentOf(d.Received), "deemed received", momentOf(d.DeemedReceived), "FOC due", momentOf(d.FOCDue),
		"eligible from", momentOf(d.EligibleFrom))
	f.section(w, "Clocks", len(d.Clocks), func(i int) string {
		c := d.Clocks[i]
		return fmt.Sprintf("%s  %s, then %s: %s", momentOf(c.At), c.Clock, c.OnExpiry, c.Why)
	})
}
