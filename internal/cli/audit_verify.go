package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/audit/evidence"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

type auditVerify struct {
	Key         string
	Roots       string
	Page        string
	Checkpoints []string
}

func newAuditVerify(f *Factory) *cobra.Command {
	var o auditVerify
	cmd := &cobra.Command{
		Use:   "verify [FILE]",
		Short: "Verify a port's evidence offline, or the whole log",
		Long: "Verify a file that `portsaga audit export` wrote. It needs no server, no ledger and no secret: every leaf is proved to be\n" +
			"in the log that the checkpoint signs, every signature is verified by the registry of then, and every decision of the gate\n" +
			"is made again. Pin the checkpoint's public key with --checkpoint-key and the registry's roots with --roots: what is not\n" +
			"pinned is taken from the file, and remarked.\n\n" +
			"Without FILE, read the ledger's whole log and hold it against the checkpoints that others keep\n" +
			"(PORTSAGA_AUDIT_CHECKPOINTS, or --checkpoints): what was changed, dropped, rewritten, restored or withheld is named.\n\n" +
			"The exit code is 3 if something does not hold.",
		Example: "  portsaga audit verify pi_7Q4M....zip --checkpoint-key \"$(cat log.pub)\" --roots registry-roots.json\n  portsaga audit verify\n  portsaga audit verify --checkpoints /mnt/auditor/checkpoints",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return f.withLedger(cmd.Context(), func(books *ledger.Ledger) error { return f.examineLog(cmd.Context(), books, o) })
			}
			return f.verifyEvidence(args[0], o)
		},
	}
	cmd.Flags().StringVar(&o.Key, "checkpoint-key", "", "public key of the log's checkpoints, as audit checkpoint prints it")
	cmd.Flags().StringVar(&o.Roots, "roots", "", "file with the roots of the registry")
	cmd.Flags().StringVar(&o.Page, "page", "", "write what was found as a page of HTML")
	cmd.Flags().StringArrayVar(&o.Checkpoints, "checkpoints", nil, "directory or file where checkpoints are kept (PORTSAGA_AUDIT_CHECKPOINTS)")
	return cmd
}

func (f *Factory) verifyEvidence(file string, o auditVerify) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return &porting.Error{Kind: porting.Failed, Code: "file-unreadable", Op: "verify evidence", Object: file, Detail: because(err), Err: err}
	}
	pins := evidence.Pins{Key: strings.TrimSpace(o.Key)}
	if o.Roots != "" {
		if pins.Roots, err = os.ReadFile(o.Roots); err != nil {
			return &porting.Error{Kind: porting.Failed, Code: "file-unreadable", Op: "verify evidence", Object: o.Roots, Detail: because(err), Err: err}
		}
	}
	bundle, err := evidence.Open(text)
	if err != nil {
		return err
	}
	verified, err := evidence.Verify(bundle, pins)
	if err != nil {
		return err
	}
	if o.Page != "" {
		if err := writePage(o.Page, verified); err != nil {
			return err
		}
	}
	if err := f.Print(verified, func(w io.Writer) { f.writeVerified(w, verified) }); err != nil {
		return err
	}
	if !verified.Proved {
		return answered(porting.Refused)
	}
	return nil
}

func writePage(file string, v evidence.Verified) error {
	page, err := os.Create(file)
	if err == nil {
		err = v.WritePage(page)
		if closed := page.Close(); err == nil {
			err = closed
		}
	}
	if err != nil {
		return &porting.Error{Kind: porting.Failed, Code: "file-unwritable", Op: "write page", Object: file, Detail: because(err), Err: err}
	}
	return nil
}

func (f *Factory) writeVerified(w io.Writer, v evidence.Verified) {
	fields(w, "port", v.Port, "outcome", string(v.Outcome), "log", v.Log, "checkpoint", strconv.FormatInt(v.Size, 10)+" leaves, signed "+timestamp(v.SignedAt))
	fmt.Fprintln(w)
	styles := map[evidence.State]lipgloss.Style{evidence.OK: good, evidence.Remark: warning, evidence.Failed: bad}
	var rows [][]string
	for _, c := range v.Checks {
		rows = append(rows, []string{f.style(styles[c.State], string(c.State)), c.Name, oneLine(c.Detail)})
	}
	f.Table(w, []string{"", "CHECK", "DETAIL"}, rows)
	fmt.Fprintln(w)
	if v.Proved {
		fmt.Fprintln(w, f.style(good, "Everything that can be checked holds."))
		return
	}
	fmt.Fprintln(w, f.style(bad, "Something does not hold."))
}

// examineLog holds the whole log against the checkpoints that others keep.
func (f *Factory) examineLog(ctx context.Context, books *ledger.Ledger, o auditVerify) error {
	by, err := f.pinned(ctx, books, o.Key)
	if err != nil {
		return err
	}
	e := audit.Examination{Leaves: books.Leaves(ctx, 0), Later: func() (*audit.Tree, error) { return books.LogTree(ctx) }, Grace: 5 * time.Minute, Now: f.Now()}
	var forged []audit.Finding
	if e.Checkpoints, e.Complete, forged, err = f.keptCheckpoints(by, o.Checkpoints); err != nil {
		return err
	}
	// After the checkpoints and before the leaves: the log grows while it is read.
	if e.Tree, err = books.LogTree(ctx); err != nil {
		return err
	}
	seen, err := e.Examine()
	if err != nil {
		return auditError("verify the audit log", err)
	}
	seen.Findings = append(forged, seen.Findings...)
	err = f.Print(seen, func(w io.Writer) { f.writeExamined(w, seen) })
	if err == nil && len(seen.Findings) > 0 {
		err = answered(porting.Refused)
	}
	return err
}

// pinned is the key that checkpoints are believed by: the one that is given, or that of this deployment.
func (f *Factory) pinned(ctx context.Context, books *ledger.Ledger, key string) (note.Verifier, error) {
	if key == "" {
		c, err := f.checkpointer(ctx, books)
		if err != nil {
			return nil, err
		}
		return c.Signer, nil
	}
	by, err := note.NewVerifier(strings.TrimSpace(key))
	if err != nil {
		return nil, &porting.Error{Kind: porting.Invalid, Code: "checkpoint-key-malformed", Op: "verify the audit log", Detail: "it is no public key of a log", Next: "take it from `portsaga audit checkpoint`"}
	}
	return by, nil
}

// keptCheckpoints reads what others keep. complete says that one place has every checkpoint. One that is not signed by the
// pinned key is a finding, and proves nothing.
func (f *Factory) keptCheckpoints(by note.Verifier, places []string) (kept []audit.SignedCheckpoint, complete bool, forged []audit.Finding, err error) {
	if len(places) == 0 {
		places = f.auditSettings().Checkpoints
	}
	for _, place := range places {
		if _, ok := audit.OpenDestination(place).(*audit.Witness); ok {
			continue // it names what it does not sign when it is asked to
		}
		texts, err := audit.ReadCheckpoints(place)
		if err != nil {
			return nil, false, nil, &porting.Error{Kind: porting.Failed, Code: "checkpoints-unreadable", Op: "verify the audit log", Object: place, Detail: because(err), Err: err}
		}
		if info, err := os.Stat(place); err == nil && info.IsDir() {
			complete = true
		}
		for _, text := range texts {
			c, err := audit.OpenCheckpoint(text, by)
			if err != nil {
				if found, ok := asFinding(err); ok {
					forged = append(forged, *found)
				}
				continue
			}
			kept = append(kept, c)
		}
	}
	return kept, complete, forged, nil
}

func (f *Factory) writeExamined(w io.Writer, seen audit.Examined) {
	fields(w, "leaves", strconv.FormatInt(seen.Leaves, 10), "root", seen.Root, "checkpoints", strconv.Itoa(seen.Checkpoints))
	fmt.Fprintln(w)
	for _, found := range seen.Findings {
		fmt.Fprintf(w, "%s  %s\n", f.style(bad, found.Code), oneLine(found.Detail))
	}
	switch {
	case len(seen.Findings) > 0:
	case seen.Checkpoints == 0:
		fmt.Fprintln(w, f.style(warning, "The log is sound in itself. No checkpoint was there to hold it against."))
	default:
		fmt.Fprintln(w, f.style(good, "The log is sound, and is the one that the checkpoints signed."))
	}
}

// auditError says what is wrong with the log in the words of errors.
func auditError(op string, err error) error {
	if found, ok := asFinding(err); ok {
		return &porting.Error{
			Kind: porting.Refused, Code: found.Code, Op: op, Detail: found.Detail,
			Next: "find out who changed or restored the ledger, with `portsaga audit verify`", Err: err,
		}
	}
	return err
}
