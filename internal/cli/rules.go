package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

func newRules(f *Factory) *cobra.Command {
	return group(&cobra.Command{
		Use:   "rules",
		Short: "Ask the rule packs: deadlines, codes, refusals, cancels, compensation",
		Long: "A rule pack holds a jurisdiction's rules as data. Every answer names its rule and source, and says where a fact is not well\n" +
			"known. No server is asked. PORTSAGA_RULES_DIR names a directory of packs that replace or extend the embedded ones.\n\n" +
			"A pack is named by its ID, us-wireless, or with a version, us-wireless@2026-11. An answer ends with 0 whatever it says; a\n" +
			"question that the rules refuse, such as one about an unknown pack, ends with 3.",
		Example: "  portsaga rules list\n  portsaga rules show au-mobile\n  portsaga rules deadlines --pack us-wireline-simple --received 2026-11-20T14:30",
		GroupID: groupRules,
	}, newRulesList(f), newRulesShow(f), newRulesLint(f), newRulesDeadlines(f), newRulesCheck(f), newRulesRefusal(f), newRulesCancel(f),
		newRulesCompensation(f), newRulesClassify(f))
}

// book is every pack that the program knows.
func (f *Factory) book() (*rules.Book, error) {
	cfg, err := f.Config()
	if err != nil {
		return nil, err
	}
	if cfg.RulesDir == "" {
		return rules.Embedded()
	}
	return rules.LoadDir(cfg.RulesDir)
}

// packOf is the pack that --pack names.
func (f *Factory) packOf(cmd *cobra.Command, ref string) (*rules.Pack, error) {
	if ref == "" {
		return nil, usage(cmd, "which pack? name it with --pack")
	}
	book, err := f.book()
	if err != nil {
		return nil, err
	}
	return book.Pack(ref)
}

func packFlag(f *Factory, cmd *cobra.Command, ref *string) {
	cmd.Flags().StringVar(ref, "pack", "", "rule pack, with or without @version")
	_ = cmd.RegisterFlagCompletionFunc("pack", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return f.packNames(), cobra.ShellCompDirectiveNoFileComp
	})
}

func (f *Factory) packNames() []string {
	book, err := f.book()
	if err != nil {
		return nil
	}
	var names []string
	for _, p := range book.List() {
		names = append(names, p.ID)
	}
	return slices.Compact(names)
}

// packLine is a pack in the list.
type packLine struct {
	rules.Header
	rules.For
}

func newRulesList(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List every version of every pack",
		Long:    "List the packs with their versions, from when they bind, and how well they are known.",
		Example: "  portsaga rules list\n  portsaga rules list -o json | jq -r '.[].id'",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			book, err := f.book()
			if err != nil {
				return err
			}
			var lines []packLine
			for _, p := range book.List() {
				lines = append(lines, packLine{p.Header, p.Rules.For})
			}
			return f.Print(lines, func(w io.Writer) { f.writePacks(w, lines) })
		},
	}
}

func (f *Factory) writePacks(w io.Writer, lines []packLine) {
	var rows [][]string
	for _, p := range lines {
		binds := p.EffectiveFrom.String() + " –"
		if !p.EffectiveTo.IsZero() {
			binds += " " + p.EffectiveTo.String()
		}
		rows = append(rows, []string{p.ID, p.Version, p.Country, strings.Join(p.Kinds, ", "), binds, string(p.Status), string(p.Confidence), p.Title})
	}
	f.Table(w, []string{"PACK", "VERSION", "COUNTRY", "KINDS", "BINDS", "STATUS", "CONFIDENCE", "TITLE"}, rows)
}

func newRulesShow(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "show PACK",
		Short:   "Show what a pack says, and where it has it from",
		Long:    "Show a pack: its clocks, codes, grounds to refuse, what silence means, and its sources. In JSON it is all that the pack holds.",
		Example: "  portsaga rules show fr-mobile\n  portsaga rules show us-wireless@2026-11 -o json | jq .rules.clocks",
		Args:    exactly(1, "which pack? name it"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return f.packNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := f.packOf(cmd, args[0])
			if err != nil {
				return err
			}
			whole := struct {
				*rules.Pack
				Digest string `json:"digest"`
			}{p, p.Digest()}
			return f.Print(whole, func(w io.Writer) { f.writePack(w, p) })
		},
	}
}

func (f *Factory) writePack(w io.Writer, p *rules.Pack) {
	fmt.Fprintf(w, "%s  %s\n", f.style(bold, p.Ref()), p.Title)
	until := ""
	if !p.EffectiveTo.IsZero() {
		until = p.EffectiveTo.String()
	}
	fields(w, "for", p.Rules.For.Country+": "+strings.Join(p.Rules.For.Kinds, ", "), "led by", p.Rules.Model, "status", string(p.Status),
		"binds from", p.EffectiveFrom.String(), "binds until", until, "read on", p.AsOf.String(), "confidence", string(p.Confidence))

	names := slices.Sorted(maps.Keys(p.Rules.Clocks))
	f.section(w, "Clocks", len(names), func(i int) string { return clockLine(p.Rules.Clocks[names[i]]) })
	f.section(w, "Codes", len(p.Rules.Codes), func(i int) string { return p.Rules.Codes[i].Title + ": " + p.Rules.Codes[i].Why() })
	f.section(w, "Papers", len(p.Rules.Documents), func(i int) string {
		d := p.Rules.Documents[i]
		return d.Name + " (" + d.When + "): " + d.Why()
	})
	for _, party := range []string{rules.Donor, rules.Recipient} {
		f.writeRefusals(w, party, p.Rules.Refusals[party])
	}
	f.section(w, "Silence", len(p.Rules.Silence), func(i int) string {
		s := p.Rules.Silence[i]
		return fmt.Sprintf("of the %s after %s: %s. %s", s.WaitingOn, s.After, s.Outcome, s.Why())
	})
	f.section(w, "Notices", len(p.Rules.Notices), func(i int) string {
		n := p.Rules.Notices[i]
		return fmt.Sprintf("%s, to the %s [%s]: %s", n.Event, n.Audience, n.Status, n.Why())
	})
	f.section(w, "Sources", len(p.Sources), func(i int) string { return p.Sources[i] })
}

func clockLine(c rules.Clock) string {
	return fmt.Sprintf("%s: %s in %ss from %s, then %s. %s (%s)", c.Name, c.For, strings.ReplaceAll(string(c.Unit), "_", " "), c.Start, c.OnExpiry,
		c.Rule, c.Cite)
}

func (f *Factory) writeRefusals(w io.Writer, party string, r rules.RefusalRules) {
	f.section(w, "The "+party+" may refuse for", len(r.Grounds), func(i int) string { return reasonsLine(r.Grounds[i]) })
	f.section(w, "The "+party+" may not refuse for", len(r.Forbidden), func(i int) string { return reasonsLine(r.Forbidden[i]) })
}

func reasonsLine(r rules.Reasons) string {
	var names []string
	for _, reason := range r.Reasons {
		names = append(names, string(reason))
	}
	return strings.Join(names, ", ") + ": " + r.Why()
}

// numberOf reads a --number; the empty one stays empty.
func numberOf(s string) (porting.Number, error) {
	if s == "" {
		return "", nil
	}
	return porting.ParseNumber(s)
}

// timeOf reads an instant; the empty one is zero. One without an offset is on the clocks of the zone, and refused where no
// zone is known.
func timeOf(cmd *cobra.Command, flag, s string, zone *time.Location) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		if zone == nil {
			return time.Time{}, usage(cmd, flag+" needs an offset, because the pack has several zones: write it like 2026-11-30T16:30:00-05:00")
		}
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone), nil
	}
	return time.Time{}, usage(cmd, flag+" is no time: write it like 2026-11-30T16:30:00-05:00, or 2026-11-30T16:30 on the pack's clocks")
}

// zoneOf is the zone of a pack's clocks, nil where it cannot be told.
func zoneOf(p *rules.Pack, at rules.Place) *time.Location {
	zone, err := p.ZoneAt(at)
	if err != nil {
		return nil
	}
	return zone
}
