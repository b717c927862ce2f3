package cli

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/porting"
)

func newFraud(f *Factory) *cobra.Command {
	return group(&cobra.Command{
		Use:   "fraud",
		Short: "Try fraud policies: faults, a verdict on evidence, a backtest over past cases",
		Long: "A fraud policy holds the rules by which evidence makes a port clear, one to review, or one to block on a lawful ground. No\n" +
			"server is asked. docs/fraud.md explains the default policy rule by rule.\n\n" +
			"An answer ends with 0 whatever it says. A policy, evidence or cases that cannot be read end with 2.",
		Example: "  portsaga fraud lint mine.yaml\n  portsaga fraud evaluate --policy mine.yaml --evidence evidence.json\n" +
			"  portsaga fraud backtest --policy mine.yaml --cases cases.jsonl",
		GroupID: groupRules,
	}, newFraudPolicy(f), newFraudLint(f), newFraudEvaluate(f), newFraudBacktest(f), newFraudReplay(f), newFraudWatch(f))
}

func newFraudPolicy(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "policy",
		Short:   "Print the default policy",
		Long:    "Print the policy that the program has built in, to be copied and changed.",
		Example: "  portsaga fraud policy > mine.yaml",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := f.Streams.Out.Write(fraud.DefaultText())
			return err
		},
	}
}

// policyReport is what is wrong with a fraud policy.
type policyReport struct {
	File     string          `json:"file"` // empty: the default policy
	Valid    bool            `json:"valid"`
	Findings []fraud.Finding `json:"findings"`
}

func newFraudLint(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "lint [FILE]",
		Short: "List every fault in a fraud policy, with file and line",
		Long: "Compile a policy and list what is wrong with it: fields, facts and types that do not exist, rules that could cost too much,\n" +
			"thresholds that nothing reaches. The default policy is checked where no file is named. A policy with an error is not loaded,\n" +
			"and the exit code is 2.",
		Example: "  portsaga fraud lint\n  portsaga fraud lint mine.yaml\n  portsaga fraud lint mine.yaml -o json | jq '.findings[].message'",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return f.lintPolicy("", fraud.DefaultName, fraud.DefaultText())
			}
			text, err := f.readAll(args[0])
			if err != nil {
				return err
			}
			return f.lintPolicy(args[0], args[0], text)
		},
	}
}

// readAll reads a file, - being stdin.
func (f *Factory) readAll(name string) ([]byte, error) {
	file, err := f.open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	const enough = 1 << 20 // above the readers' own limits, so that they can say that the file is too large
	text, err := io.ReadAll(io.LimitReader(file, enough))
	if err != nil {
		return nil, &porting.Error{Kind: porting.Failed, Code: "file-unreadable", Op: "read", Object: name, Detail: because(err), Err: err}
	}
	return text, nil
}

func (f *Factory) lintPolicy(file, name string, text []byte) error {
	findings := fraud.Lint(name, text)
	report := policyReport{File: file, Findings: append([]fraud.Finding{}, findings...)}
	report.Valid = !slices.ContainsFunc(findings, fraud.Finding.IsError)
	if err := f.Print(report, func(w io.Writer) { f.writePolicyReport(w, report) }); err != nil || report.Valid {
		return err
	}
	return answered(porting.Invalid)
}

func (f *Factory) writePolicyReport(w io.Writer, r policyReport) {
	for _, found := range r.Findings {
		style := warning
		if found.IsError() {
			style = bad
		}
		fmt.Fprintln(w, f.style(style, found.String()))
	}
	if r.Valid {
		fmt.Fprintln(w, "the policy can be used")
	}
}

// policyFlag is the flag that names a policy.
func policyFlag(cmd *cobra.Command, name *string) {
	cmd.Flags().StringVar(name, "policy", "", "fraud policy, YAML; - reads stdin (the default policy)")
}

// fraudPolicy is the policy that --policy names.
func (f *Factory) fraudPolicy(name string) (*fraud.Policy, error) {
	if name == "" {
		return fraud.Default(), nil
	}
	text, err := f.readAll(name)
	if err != nil {
		return nil, err
	}
	return fraud.Load(name, text)
}

type evaluateOptions struct{ Policy, Evidence string }

func newFraudEvaluate(f *Factory) *cobra.Command {
	o := evaluateOptions{}
	cmd := &cobra.Command{
		Use:   "evaluate --evidence FILE",
		Short: "Judge evidence by a fraud policy",
		Long: "Judge evidence as a worker would, and show which rules fired, which could not be answered, and what that makes. The same policy\n" +
			"and evidence always make the same verdict, so that a past one can be looked at again.",
		Example: "  portsaga fraud evaluate --evidence examples/fraud/evidence.json\n" +
			"  portsaga fraud evaluate --policy mine.yaml --evidence evidence.json -o json | jq -r .verdict",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd, f) },
	}
	policyFlag(cmd, &o.Policy)
	cmd.Flags().StringVar(&o.Evidence, "evidence", "", "evidence, JSON; - reads stdin")
	return cmd
}

func (o evaluateOptions) run(cmd *cobra.Command, f *Factory) error {
	switch {
	case o.Evidence == "":
		return usage(cmd, "which evidence? name its file with --evidence")
	case o.Evidence == "-" && o.Policy == "-":
		return usage(cmd, "only one of the two files can be stdin")
	}
	policy, err := f.fraudPolicy(o.Policy)
	if err != nil {
		return err
	}
	text, err := f.readAll(o.Evidence)
	if err != nil {
		return err
	}
	evidence, err := fraud.ReadEvidence(text)
	if err != nil {
		return err
	}
	verdict := fraud.Evaluate(policy, evidence)
	return f.Print(verdict, func(w io.Writer) { f.writeVerdict(w, policy, verdict) })
}

// outcomeStyles show how serious an outcome is.
var outcomeStyles = map[fraud.Outcome]lipgloss.Style{fraud.Clear: good, fraud.Review: warning, fraud.Block: bad}

func (f *Factory) writeVerdict(w io.Writer, p *fraud.Policy, v fraud.Verdict) {
	fmt.Fprintf(w, "%s  score %d (review from %d", f.style(outcomeStyles[v.Verdict], string(v.Verdict)), v.Score, p.Thresholds.Review)
	if p.Thresholds.Block > 0 {
		fmt.Fprintf(w, ", block from %d", p.Thresholds.Block)
	}
	fmt.Fprintln(w, ")")
	fields(w, "ground", string(v.Ground), "policy", v.Policy.ID+"@"+v.Policy.Version, "digest", v.Policy.Digest)
	f.section(w, "Fired", len(v.Reasons), func(i int) string {
		r := v.Reasons[i]
		return fmt.Sprintf("+%d %s (%s): %s", r.Weight, r.Rule, r.Reason, r.Message)
	})
	f.section(w, "Not answered, because evidence is missing", len(v.Missing), func(i int) string { return gapLine(v.Missing[i]) })
}

// gapLine is a rule that could not be answered: "sim-changed-3d reviews: sim_swap.change (timed-out)".
func gapLine(g fraud.Gap) string {
	effect := map[fraud.WhenMissing]string{
		fraud.MissingReviews: "reviews", fraud.MissingIgnored: "is ignored", fraud.MissingWeighs: "adds " + strconv.Itoa(g.Weight),
	}[g.Effect]
	facts := make([]string, len(g.Facts))
	for i, missing := range g.Facts {
		facts[i] = missing.Fact + " (" + string(missing.Why) + ")"
	}
	return g.Rule + " " + effect + ": " + strings.Join(facts, ", ")
}
