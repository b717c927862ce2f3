package cli

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

type checkOptions struct {
	Pack, Kind, Code, Number, Issued, At, Area, Carrier string
}

// codeAnswer is a rules.CodeResult for programs.
type codeAnswer struct {
	Pack       string           `json:"pack"`
	Kind       string           `json:"kind"`
	Valid      bool             `json:"valid"`
	Normalized string           `json:"normalized"`
	Reason     string           `json:"reason"`
	Until      *time.Time       `json:"until,omitempty"`
	Why        string           `json:"why"`
	Confidence rules.Confidence `json:"confidence"`
}

func newRulesCheck(f *Factory) *cobra.Command {
	o := checkOptions{}
	cmd := &cobra.Command{
		Use:   "check --pack PACK --code CODE",
		Short: "Check an authorization code offline: shape, checksum, age",
		Long: "Judge an authorization code without asking anybody: does it look like one, does it belong to the number, is it too old. The\n" +
			"age is judged where --issued is given. The code of another country ends with 3.",
		Example: "  portsaga rules check --pack gb-mobile --code ABC123456 --issued 2026-11-01 --at 2026-11-20\n" +
			"  portsaga rules check --pack fr-mobile --code 01P123456A1B --number +33612345678 -o json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd, f) },
	}
	packFlag(f, cmd, &o.Pack)
	flags := cmd.Flags()
	flags.StringVar(&o.Code, "code", "", "the code, as the customer wrote it")
	flags.StringVar(&o.Kind, "kind", "", "kind of code, where the pack knows several")
	flags.StringVar(&o.Number, "number", "", "the number that it is for, as + country code and digits")
	flags.StringVar(&o.Issued, "issued", "", "when it was issued or signed")
	flags.StringVar(&o.At, "at", "", "when it is used (now)")
	flags.StringVar(&o.Area, "area", "", "service area of the donor, where the validity differs by it")
	flags.StringVar(&o.Carrier, "carrier", "", "the donor, where the validity differs by it")
	return cmd
}

func (o checkOptions) run(cmd *cobra.Command, f *Factory) error {
	pack, err := f.packOf(cmd, o.Pack)
	if err != nil {
		return err
	}
	if o.Code == "" && o.Kind == "" {
		return usage(cmd, "which code? give it with --code")
	}
	number, err := numberOf(o.Number)
	if err != nil {
		return err
	}
	zone := zoneOf(pack, rules.Place{Number: number})
	issued, err := timeOf(cmd, "--issued", o.Issued, zone)
	if err != nil {
		return err
	}
	at, err := timeOf(cmd, "--at", cmp.Or(o.At, f.Now().Format(time.RFC3339)), zone)
	if err != nil {
		return err
	}
	r, err := pack.CheckCode(rules.CodeCheck{
		Kind: o.Kind, Code: porting.Secret(o.Code), Number: number, Issued: issued, At: at, Area: o.Area,
		Carrier: o.Carrier,
	})
	if err != nil {
		return err
	}
	answer := codeAnswer{pack.Ref(), r.Kind, r.Valid, r.Normalized.Reveal(), r.Reason, r.Until, r.Why, r.Confidence} //nolint:forbidigo // the user gave it and asks for its normal form
	return f.Print(answer, func(w io.Writer) {
		fmt.Fprintf(w, "%s: %s\n", verdict(answer.Valid, "valid", "not valid"), answer.Why)
		fields(w, "normalized", answer.Normalized, "reason", answer.Reason, "good until", moment(answer.Until), "pack", answer.Pack)
	})
}

func verdict(yes bool, ifYes, ifNo string) string {
	if yes {
		return ifYes
	}
	return ifNo
}

func newRulesRefusal(f *Factory) *cobra.Command {
	var ref, reason, party string
	cmd := &cobra.Command{
		Use:   "refusal --pack PACK --reason REASON",
		Short: "Say whether a party may lawfully refuse a port for a reason",
		Long: "Say whether the donor or the recipient may refuse a port for a reason, and where that is written. Some reasons are no ground\n" +
			"to refuse but allow a hold: a review by a person that ends with a clock.",
		Example: "  portsaga rules refusal --pack us-wireless --reason UNPAID_BALANCE\n" +
			"  portsaga rules refusal --pack gb-mobile --reason SUSPECTED_FRAUD --party recipient -o json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			pack, err := f.packOf(cmd, ref)
			if err != nil {
				return err
			}
			if reason == "" {
				return usage(cmd, "which reason? name it with --reason")
			}
			answer, err := pack.Refusal(porting.Reason(reason), party)
			if err != nil {
				return err
			}
			return f.Print(answer, func(w io.Writer) { writeRefusal(w, answer) })
		},
	}
	packFlag(f, cmd, &ref)
	reasonFlag(cmd, &reason, "canonical reason, such as PIN_MISMATCH")
	cmd.Flags().StringVar(&party, "party", rules.Donor, "who would refuse: donor or recipient")
	return cmd
}

func writeRefusal(w io.Writer, r rules.Refusal) {
	fmt.Fprintf(w, "%s for the %s to refuse for %s: %s\n", verdict(r.Lawful, "lawful", "not lawful"), r.Party, r.Reason, r.Why)
	if r.Hold != nil {
		fmt.Fprintf(w, "it may hold the port for a review that ends with the clock %s: %s\n", r.Hold.Within, r.Hold.Why)
	}
}

func newRulesCancel(f *Factory) *cobra.Command {
	var ref, foc, at, via string
	cmd := &cobra.Command{
		Use:   "cancel --pack PACK",
		Short: "Say whether the customer may still cancel, and until when",
		Long: "Say whether a customer may cancel through the donor or the recipient at an instant, if the activation is set for --foc. Without\n" +
			"--foc no date is confirmed yet.",
		Example: "  portsaga rules cancel --pack us-wireline-simple --foc 2026-11-24T11:00:00-05:00 --at 2026-11-23T09:00:00-05:00 --via recipient\n" +
			"  portsaga rules cancel --pack gb-mobile --via donor -o json",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			pack, err := f.packOf(cmd, ref)
			if err != nil {
				return err
			}
			answer, err := f.mayCancel(cmd, pack, foc, at, via)
			if err != nil {
				return err
			}
			return f.Print(answer, func(w io.Writer) {
				fmt.Fprintf(w, "%s: %s\n", verdict(answer.Allowed, "allowed", "not allowed"), answer.Why)
				fields(w, "until", moment(answer.Until), "evidence", answer.Evidence)
			})
		},
	}
	packFlag(f, cmd, &ref)
	cmd.Flags().StringVar(&foc, "foc", "", "when the activation is set for")
	cmd.Flags().StringVar(&at, "at", "", "when the customer asks (now)")
	cmd.Flags().StringVar(&via, "via", rules.Recipient, "through whom: donor or recipient")
	return cmd
}

func (f *Factory) mayCancel(cmd *cobra.Command, pack *rules.Pack, foc, at, via string) (rules.CancelRule, error) {
	zone := zoneOf(pack, rules.Place{})
	set, err := timeOf(cmd, "--foc", foc, zone)
	if err != nil {
		return rules.CancelRule{}, err
	}
	asked, err := timeOf(cmd, "--at", cmp.Or(at, f.Now().Format(time.RFC3339)), zone)
	if err != nil {
		return rules.CancelRule{}, err
	}
	return pack.Cancel(set, asked, via)
}

func newRulesCompensation(f *Factory) *cobra.Command {
	var ref string
	var late int
	cmd := &cobra.Command{
		Use:     "compensation --pack PACK --late DAYS",
		Short:   "Say what a customer is owed for a late port",
		Long:    "Compute what the customer is owed for a port that is late by so many working days.",
		Example: "  portsaga rules compensation --pack nl --late 3\n  portsaga rules compensation --pack gb-mobile --late 2 -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			pack, err := f.packOf(cmd, ref)
			if err != nil {
				return err
			}
			if !cmd.Flags().Changed("late") {
				return usage(cmd, "how late is the port? say so with --late")
			}
			answer, err := pack.Compensation(late)
			if err != nil {
				return err
			}
			return f.Print(answer, func(w io.Writer) {
				fmt.Fprintf(w, "%s %s: %s\n", answer.Amount, answer.Currency, answer.Why)
				fields(w, "payer", answer.Payer)
			})
		},
	}
	packFlag(f, cmd, &ref)
	cmd.Flags().IntVar(&late, "late", 0, "working days of delay")
	return cmd
}

func newRulesClassify(f *Factory) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "classify -f ORDER",
		Short: "Say which pack an order falls under, and why",
		Long: "Choose the pack for an order, from its numbers and the kind of line. Where a country tells simple ports from others, the tests\n" +
			"are run and shown: it is found out, not asked.",
		Example: "  portsaga rules classify -f order.yaml\n  portsaga rules classify -f order.yaml -o json | jq .simple",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if file == "" {
				return usage(cmd, "which order? name its file with -f")
			}
			order, err := f.readOrder(cmd.Context(), file)
			if err != nil {
				return err
			}
			book, err := f.book()
			if err != nil {
				return err
			}
			now, err := f.businessNow(cmd.Context())
			if err != nil {
				return err
			}
			chosen, err := book.Select(order, now)
			if err != nil {
				return err
			}
			return f.Print(chosen, func(w io.Writer) { f.writeSelection(w, chosen) })
		},
	}
	cmd.Flags().StringVarP(&file, "file", "f", "", "order file; - reads stdin")
	return cmd
}

func (f *Factory) writeSelection(w io.Writer, s rules.Selection) {
	fmt.Fprintf(w, "%s: %s\n", f.style(bold, s.Ref), s.Why)
	f.section(w, "Tests of a simple port", len(s.Tests), func(i int) string {
		t := s.Tests[i]
		return fmt.Sprintf("%s  %s: %s", verdict(t.Passed, "pass", "FAIL"), t.Name, t.Why)
	})
}
