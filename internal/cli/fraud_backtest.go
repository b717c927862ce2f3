package cli

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/fraud"
)

type backtestOptions struct{ Policy, Cases string }

func newFraudBacktest(f *Factory) *cobra.Command {
	o := backtestOptions{}
	cmd := &cobra.Command{
		Use:   "backtest --cases FILE",
		Short: "Judge past cases by a fraud policy, and count what it gets wrong",
		Long: "Judge past cases of which the truth is known, fraud or honest, and show the confusion matrix, precision and recall, and every\n" +
			"case that is judged wrongly. Cases are JSON Lines of {id, label, note, evidence}, or CSV with the columns id, label, note, at\n" +
			"and facts such as sim_swap.change; an empty cell is a missing fact.",
		Example: "  portsaga fraud backtest --cases examples/fraud/cases.jsonl\n" +
			"  portsaga fraud backtest --policy mine.yaml --cases cases.csv -o json | jq '{precision, recall}'",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd, f) },
	}
	policyFlag(cmd, &o.Policy)
	cmd.Flags().StringVar(&o.Cases, "cases", "", "past cases, JSON Lines or CSV; - reads stdin")
	return cmd
}

func (o backtestOptions) run(cmd *cobra.Command, f *Factory) error {
	switch {
	case o.Cases == "":
		return usage(cmd, "which cases? name their file with --cases")
	case o.Cases == "-" && o.Policy == "-":
		return usage(cmd, "only one of the two files can be stdin")
	}
	policy, err := f.fraudPolicy(o.Policy)
	if err != nil {
		return err
	}
	file, err := f.open(o.Cases)
	if err != nil {
		return err
	}
	defer file.Close()
	cases, err := fraud.ReadCases(file)
	if err != nil {
		return err
	}
	result := fraud.Try(policy, cases)
	return f.Print(result, func(w io.Writer) { f.writeBacktest(w, result) })
}

func (f *Factory) writeBacktest(w io.Writer, b fraud.Backtest) {
	row := func(label fraud.Label, r fraud.Row) []string {
		return []string{string(label), strconv.Itoa(r.Clear), strconv.Itoa(r.Review), strconv.Itoa(r.Block)}
	}
	fmt.Fprintf(w, "%d cases by %s@%s\n\n", b.Cases, b.Policy.ID, b.Policy.Version)
	f.Table(w, []string{"", "CLEAR", "REVIEW", "BLOCK"}, [][]string{row(fraud.Fraud, b.Matrix.Fraud), row(fraud.Honest, b.Matrix.Honest)})
	fmt.Fprintln(w)
	fields(w, "precision", percent(b.Precision), "recall", percent(b.Recall), "honest flagged", percent(b.FalsePositiveRate),
		"for missing evidence", percent(b.MissingRate))
	f.section(w, "Wrong", len(b.Wrong), func(i int) string { return wrongLine(b.Wrong[i]) })
}

func percent(share float64) string {
	const whole = 100
	return strconv.FormatFloat(share*whole, 'f', 1, 64) + " %"
}

// wrongLine is a case that was judged wrongly: "c7 is honest and judged review (60): sim-changed-3d".
func wrongLine(c fraud.WrongCase) string {
	line := fmt.Sprintf("%s is %s and judged %s (%d)", c.ID, c.Label, c.Verdict, c.Score)
	if len(c.Rules) > 0 {
		line += ": " + strings.Join(c.Rules, ", ")
	}
	if len(c.Missing) > 0 {
		line += "; evidence missing for " + strings.Join(c.Missing, ", ")
	}
	return line
}
