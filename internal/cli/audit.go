package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/worker"
)

func newAudit(f *Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Prove what happened: the log, its checkpoints, and the evidence of a port",
		Long: "Everything that happens to a port is a leaf of a Merkle log in the ledger, and signed checkpoints of the log leave for\n" +
			"places of others (PORTSAGA_AUDIT_CHECKPOINTS). With them anybody can see whether the log was changed, cut or rewritten,\n" +
			"and whether a port's evidence is what was logged.",
		Example: "  portsaga audit verify\n  portsaga audit export pi_7Q4M... && portsaga audit verify pi_7Q4M....zip\n  portsaga audit report --from 2026-01-01 --to 2026-04-01",
		GroupID: groupRunning,
	}
	return group(cmd, newAuditVerify(f), newAuditExport(f), newAuditProve(f), newAuditReport(f), newAuditCheckpoint(f), newAuditRetention(f))
}

// auditSettings are those of the audit log. What is wrong with the environment is told by whoever reads it whole.
func (f *Factory) auditSettings() worker.AuditSettings {
	o, _ := f.noticeSettings()
	return o.Audit
}

// checkpointer is what signs checkpoints of the configured ledger.
func (f *Factory) checkpointer(ctx context.Context, books *ledger.Ledger) (*audit.Checkpointer, error) {
	cfg, err := f.Config()
	if err != nil {
		return nil, err
	}
	c, err := worker.OpenCheckpointer(ctx, books, f.auditSettings(), cfg.SigningKey)
	if err == nil {
		c.Now, c.Tell = f.Now, f.Log()
	}
	return c, err
}

// checkpointView is a checkpoint as the command prints it.
type checkpointView struct {
	Origin string    `json:"origin"`
	Number int64     `json:"number"`
	Size   int64     `json:"size"`
	At     time.Time `json:"at"`
	Key    string    `json:"key"` // to be pinned
	Note   string    `json:"note"`
}

func newAuditCheckpoint(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "checkpoint",
		Short: "Sign a checkpoint of the log now, and bring it out",
		Long: "Sign what the log holds now, if there is anything new, and bring every checkpoint that has not left yet to the places that\n" +
			"PORTSAGA_AUDIT_CHECKPOINTS names. A gate does so by itself every half minute. Print the newest one, and the public key that\n" +
			"auditors pin.",
		Example: "  portsaga audit checkpoint\n  portsaga audit checkpoint -o json | jq -r .key",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.withLedger(cmd.Context(), func(books *ledger.Ledger) error { return f.checkpoint(cmd.Context(), books) })
		},
	}
}

func (f *Factory) checkpoint(ctx context.Context, books *ledger.Ledger) error {
	c, err := f.checkpointer(ctx, books)
	if err != nil {
		return err
	}
	newest, err := c.Once(ctx)
	if err != nil {
		return auditError("sign checkpoint", err)
	}
	view := checkpointView{c.Signer.Name(), newest.Number, newest.Size, newest.At, c.Signer.VerifierKey(), string(newest.Note)}
	return f.Print(view, func(w io.Writer) {
		fields(w, "log", view.Origin, "checkpoint", strconv.FormatInt(view.Number, 10), "leaves", strconv.FormatInt(view.Size, 10),
			"signed at", view.At.UTC().Format(time.RFC3339), "key to pin", view.Key)
		fmt.Fprintf(w, "\n%s", view.Note)
	})
}
