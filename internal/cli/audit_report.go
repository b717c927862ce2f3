package cli

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/audit/evidence"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

func newAuditReport(f *Factory) *cobra.Command {
	var from, to string
	cmd := &cobra.Command{
		Use:   "report --from DAY --to DAY",
		Short: "Count what a regulator asks for",
		Long: "Count requests, refusals, fraudulent ports, the time that it took to put them right, and the measures in force, from the\n" +
			"leaves of the log. --from is the first day, --to the day after the last one, both in UTC.",
		Example: "  portsaga audit report --from 2026-01-01 --to 2026-04-01\n  portsaga audit report --from 2026-01-01 --to 2026-04-01 -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			first, err := time.Parse(time.DateOnly, from)
			if err != nil {
				return usage(cmd, "--from is a day like 2026-01-01")
			}
			last, err := time.Parse(time.DateOnly, to)
			if err != nil || !first.Before(last) {
				return usage(cmd, "--to is a day behind --from, like 2026-04-01")
			}
			return f.withLedger(cmd.Context(), func(books *ledger.Ledger) error { return f.reportTo(cmd.Context(), books, first, last) })
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "first day")
	cmd.Flags().StringVar(&to, "to", "", "day after the last one")
	return cmd
}

func (f *Factory) reportTo(ctx context.Context, books *ledger.Ledger, from, to time.Time) error {
	table, err := evidence.Count(from, to, books.LeavesBetween(ctx, from, to, evidence.TableKinds...))
	if err != nil {
		return err
	}
	return f.Print(table, func(w io.Writer) { writeTable(w, table) })
}

func writeTable(w io.Writer, t evidence.Table) {
	count := strconv.Itoa
	fmt.Fprintf(w, "From %s to %s (UTC)\n\n", t.From.Format(time.DateOnly), t.To.Format(time.DateOnly))
	fields(w, "requests", fmt.Sprintf("%d (%d in, %d out)", t.Requests, t.In, t.Out), "refused", count(t.Refused), "fraudulent", count(t.Fraudulent),
		"revocations", fmt.Sprintf("%d (%d too late to stop the port)", t.Revocations, t.TooLate), "remediated", remediated(t.Remediation))
	fmt.Fprintln(w, "\nOutcomes")
	for _, outcome := range slices.Sorted(maps.Keys(t.Outcomes)) {
		fields(w, "  "+string(outcome), count(t.Outcomes[outcome]))
	}
	m := t.Measures
	fmt.Fprintln(w, "\nMeasures in force")
	fields(w, "  screenings", count(m.Screenings), "  signed decisions", fmt.Sprintf("%d (%d with hardware keys)", m.SignedDecisions, m.Hardware),
		"  notices sent", count(m.NoticesSent), "  locks placed", fmt.Sprintf("%d (%d ended)", m.Locks, m.Unlocks),
		"  PINs set", fmt.Sprintf("%d (%d wrong attempts)", m.PINsSet, m.PINFailures), "  activations stopped", count(m.Quarantines),
		"  fraud policies", strings.Join(m.FraudPolicies, ", "), "  rule packs", strings.Join(m.Packs, ", "))
}

func remediated(r evidence.Remediation) string {
	if r.Ports == 0 {
		return "none"
	}
	return fmt.Sprintf("%d, half of them within %s, the last after %s", r.Ports, r.Median.Round(time.Second), r.Worst.Round(time.Second))
}

// provedLeaf is a leaf with all that it takes to prove it.
type provedLeaf struct {
	evidence.Event
	Leaf       string   `json:"leaf"`
	Proof      []string `json:"proof"`
	Size       int64    `json:"size"` // of the log that the proof leads to
	Checkpoint string   `json:"checkpoint"`
}

func newAuditProve(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "prove ID",
		Short: "List a port's leaves, each proved to be in the log",
		Long: "List the leaves of a port and prove each of them against the newest checkpoint. As JSON each comes with its exact bytes, the\n" +
			"proof (RFC 6962) and the signed checkpoint, for any program that verifies transparency logs.",
		Example: "  portsaga audit prove pi_7Q4M...\n  portsaga audit prove pi_7Q4M... -o json | jq '.[0].proof'",
		Args:    exactly(1, "which port? name its ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.withLedger(cmd.Context(), func(books *ledger.Ledger) error { return f.prove(cmd.Context(), books, args[0]) })
		},
	}
}

func (f *Factory) prove(ctx context.Context, books *ledger.Ledger, port string) error {
	c, err := f.checkpointer(ctx, books)
	if err != nil {
		return err
	}
	if _, err := c.Once(ctx); err != nil {
		return auditError("sign checkpoint", err)
	}
	bundle, err := evidence.Export{Ledger: books, Key: c.Signer.VerifierKey()}.Of(ctx, port)
	if err != nil {
		return err
	}
	checkpoint, err := audit.OpenCheckpoint(bundle.Checkpoint, c.Signer)
	if err != nil {
		return auditError("prove", err)
	}
	proofs, err := proofsOf(bundle, checkpoint)
	if err != nil {
		return err
	}
	return f.Print(proofs, func(w io.Writer) {
		var rows [][]string
		for _, p := range proofs {
			rows = append(rows, []string{strconv.FormatInt(p.Index, 10), timestamp(p.At), string(p.Kind), oneLine(p.Detail)})
		}
		f.Table(w, []string{"LEAF", "TIME", "KIND", "DETAIL"}, rows)
		fmt.Fprintf(w, "\nAll of them are among the %d leaves that checkpoint %d signs.\n", checkpoint.Size, checkpoint.Number)
	})
}

func proofsOf(b evidence.Bundle, c audit.SignedCheckpoint) ([]provedLeaf, error) {
	var all []provedLeaf
	for _, leaf := range b.Leaves {
		text := []byte(leaf.Text)
		if tlog.CheckRecord(leaf.Proof, c.Size, c.Root, leaf.Index, tlog.RecordHash(text)) != nil {
			return nil, &porting.Error{
				Kind: porting.Refused, Code: audit.LeafUnproved, Op: "prove", Object: b.Manifest.Port, Detail: fmt.Sprintf("leaf %d is not what the checkpoint signs", leaf.Index),
				Next: "find out who changed the ledger, with `portsaga audit verify`",
			}
		}
		event, err := evidence.EventOf(audit.Stored{Index: leaf.Index, Text: text})
		if err != nil {
			return nil, err
		}
		p := provedLeaf{Event: event, Leaf: leaf.Text, Size: c.Size, Checkpoint: string(c.Note)}
		for _, h := range leaf.Proof {
			p.Proof = append(p.Proof, base64.StdEncoding.EncodeToString(h[:]))
		}
		all = append(all, p)
	}
	return all, nil
}
