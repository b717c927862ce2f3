package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/audit/evidence"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
)

type auditExport struct {
	File      string
	Clear     bool
	NoHistory bool
	By        string
}

func newAuditExport(f *Factory) *cobra.Command {
	var o auditExport
	cmd := &cobra.Command{
		Use:   "export ID",
		Short: "Write everything that proves what happened to a port into one file",
		Long: "Write the port's leaves with their proofs, the checkpoints, the statements that people signed with their signatures, the\n" +
			"verdicts, the registry of then, what the fraud desk said and what was said with the carrier, and Temporal's history, into\n" +
			"ID.zip; and beside it ID.html, the same for people. `portsaga audit verify` verifies it without us.\n\n" +
			"Of the order only the digest leaves, and what the history has is sealed. With --clear the order and the evidence of the\n" +
			"fraud desk are in the file in clear: whoever gets it sees the subscriber's data. A port whose key was erased has neither.",
		Example: "  portsaga audit export pi_7Q4M... --no-history\n  portsaga audit export pi_7Q4M... --clear --file case-17.zip",
		Args:    exactly(1, "which port? name its ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.withLedger(cmd.Context(), func(books *ledger.Ledger) error { return f.export(cmd.Context(), books, args[0], o) })
		},
	}
	cmd.Flags().StringVar(&o.File, "file", "", "where the evidence is written (ID.zip)")
	cmd.Flags().BoolVar(&o.Clear, "clear", false, "with the order and the fraud desk's evidence in clear")
	cmd.Flags().BoolVar(&o.NoHistory, "no-history", false, "without Temporal's history, and without asking its server")
	byFlag(cmd, &o.By)
	return cmd
}

// exported says what was written.
type exported struct {
	Port   string `json:"port"`
	File   string `json:"file"`
	Page   string `json:"page"`
	SHA256 string `json:"sha256"`
	Leaves int    `json:"leaves"`
	Proved bool   `json:"proved"`
}

func (f *Factory) export(ctx context.Context, books *ledger.Ledger, port string, o auditExport) error {
	c, err := f.checkpointer(ctx, books)
	if err != nil {
		return err
	}
	if _, err := c.Once(ctx); err != nil {
		return auditError("sign checkpoint", err)
	}
	x := evidence.Export{Ledger: books, Key: c.Signer.VerifierKey()}
	if err := f.addClear(ctx, &x, port, o); err != nil {
		return err
	}
	bundle, err := x.Of(ctx, port)
	if err != nil {
		return err
	}
	if o.File == "" {
		o.File = port + ".zip"
	}
	if err := f.recordExport(ctx, books, port, o); err != nil {
		return err
	}
	done, err := writeEvidence(bundle, o.File)
	if err != nil {
		return err
	}
	return f.Print(done, func(w io.Writer) {
		fields(w, "evidence", done.File, "for people", done.Page, "leaves", strconv.Itoa(done.Leaves), "digest", done.SHA256)
	})
}

// recordExport writes down who takes evidence away: what cannot be recorded does not leave.
func (f *Factory) recordExport(ctx context.Context, books *ledger.Ledger, port string, o auditExport) error {
	who, err := f.who(o.By)
	if err != nil {
		return err
	}
	return books.Append(ctx, audit.Leaf{At: f.Now(), Kind: audit.Exported, Data: audit.ExportFact{Port: port, By: who, Clear: o.Clear}})
}

// writeEvidence writes the file, verifies it as its reader will, and writes the page beside it. Both are for their owner alone.
func writeEvidence(b evidence.Bundle, file string) (exported, error) {
	var text, page bytes.Buffer
	if err := b.Write(&text); err != nil {
		return exported{}, err
	}
	opened, err := evidence.Open(text.Bytes())
	if err != nil {
		return exported{}, err
	}
	verified, err := evidence.Verify(opened, evidence.Pins{})
	if err != nil {
		return exported{}, err
	}
	if err := verified.WritePage(&page); err != nil {
		return exported{}, err
	}
	done := exported{
		Port: b.Manifest.Port, File: file, Page: strings.TrimSuffix(file, ".zip") + ".html", SHA256: audit.Digest(text.Bytes()),
		Leaves: len(b.Leaves), Proved: verified.Proved,
	}
	for name, content := range map[string][]byte{done.File: text.Bytes(), done.Page: page.Bytes()} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return done, &porting.Error{Kind: porting.Failed, Code: "file-unwritable", Op: "export evidence", Object: name, Detail: because(err), Err: err}
		}
	}
	return done, nil
}

// addClear adds what is not in the ledger, and what only the deployment's keys open.
func (f *Factory) addClear(ctx context.Context, x *evidence.Export, port string, o auditExport) error {
	if o.Clear {
		cfg, err := f.Config()
		if err != nil {
			return err
		}
		if x.Vault, err = vault.Load(cfg.KeyFile); err != nil {
			return err
		}
	}
	if o.NoHistory {
		return nil
	}
	c, err := f.Dial(ctx)
	if err != nil {
		return err
	}
	told, err := fetch(ctx, c, workflow.Execution{ID: port})
	if err != nil {
		return err
	}
	if x.Events, err = protojson.Marshal(told.history); err != nil {
		return err
	}
	if x.Events, err = compact(x.Events); err != nil {
		return err
	}
	f.addTransitions(ctx, x, port)
	if !o.Clear {
		return nil
	}
	x.Order, err = f.orderIn(ctx, told.history, port)
	return err
}

// addTransitions adds how far a port has come that has not ended: it is logged at its end. Where no worker answers, the file goes
// without.
func (f *Factory) addTransitions(ctx context.Context, x *evidence.Export, port string) {
	var status porting.Status
	ports, err := f.Ports(ctx)
	if err == nil {
		status, err = ports.Status(ctx, port)
	}
	if err != nil {
		f.Log().Warn("how far the port has come is not in the file", "error", err)
		return
	}
	if status.Outcome == "" {
		x.Timeline = status.Timeline
	}
}

// compact removes the spaces that protojson puts in at random, so that the same history is the same file.
func compact(text []byte) ([]byte, error) {
	var out bytes.Buffer
	err := json.Compact(&out, text)
	return out.Bytes(), err
}

// orderIn is the order as it was last screened or sent.
func (f *Factory) orderIn(ctx context.Context, h *history.History, port string) (*evidence.Order, error) {
	reads, err := f.converterOf(ctx, port)
	if err != nil {
		return nil, err
	}
	var found *evidence.Order
	for _, event := range h.GetEvents() {
		if event.GetEventType() != enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED {
			continue
		}
		step := event.GetActivityTaskScheduledEventAttributes()
		switch step.GetActivityType().GetName() {
		case porting.StepScreen, porting.StepSubmit:
			var in evidence.Order
			if err := reads.FromPayloads(step.GetInput(), &in); err != nil {
				return nil, &porting.Error{
					Kind: porting.Refused, Code: "history-sealed", Op: "export evidence", Object: port, Detail: "the history cannot be read with the keys at hand",
					Next: "export it without --clear", Err: err,
				}
			}
			found = &in
		}
	}
	return found, nil
}

// converterOf reads the payloads of a port.
func (f *Factory) converterOf(ctx context.Context, port string) (converter.DataConverter, error) {
	ring, err := f.keyRing()
	if err != nil || ring == nil {
		return converter.GetDefaultDataConverter(), err
	}
	connection, err := f.Connect(ctx)
	if err != nil {
		return nil, err
	}
	namespace := connection.Options.Namespace
	return ring.Converter(namespace).WithSerializationContext(converter.WorkflowSerializationContext{Namespace: namespace, WorkflowID: port}), nil
}

func asFinding(err error) (*audit.Finding, bool) { return errors.AsType[*audit.Finding](err) }
