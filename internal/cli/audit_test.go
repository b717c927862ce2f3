package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/approval/approvaltest"
	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/audit/evidence"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// logs is a session whose ledger has a port that ended, and whose checkpoints go to a directory.
func logs(t *testing.T) (s *session, books *ledger.Ledger, kept string) {
	t.Helper()
	s = newSession(t)
	s.config.SigningKey = approvaltest.NewDesk(t).Signing
	kept = t.TempDir()
	t.Setenv("PORTSAGA_AUDIT_CHECKPOINTS", kept)
	books = s.books(t)
	_, err := books.Claim(t.Context(), ledger.Claim{
		PortID: "pi-1", Direction: porting.PortIn, Tenant: "default", Carrier: "simulator", Pack: "us@1", Submitter: "ana@desk", At: now,
		Numbers: []ledger.NumberClaim{{Token: "0101", Masked: "+1…0101"}},
	})
	require.NoError(t, err)
	_, err = books.CloseFence(t.Context(), "pi-1", "subscriber", porting.UnauthorisedPort, now.Add(time.Minute))
	require.NoError(t, err)
	require.NoError(t, books.Release(t.Context(), "pi-1", porting.OutcomeRevoked, now.Add(time.Hour)))
	return s, books, kept
}

func TestAuditCheckpoint(t *testing.T) {
	s, books, kept := logs(t)
	require.Equal(t, 0, s.run(t, "portsaga audit checkpoint -o json"), s.err.String())
	var view checkpointView
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &view))
	require.EqualValues(t, 3, view.Size)
	require.True(t, strings.HasPrefix(view.Key, view.Origin+"+"))
	texts, err := audit.ReadCheckpoints(kept)
	require.NoError(t, err)
	require.Equal(t, view.Note, string(texts[0]))

	require.NoError(t, books.Quarantine(t.Context(), "a drill", now))
	require.Equal(t, 0, s.run(t, "portsaga audit checkpoint"), s.err.String())
	require.Contains(t, s.out.String(), "checkpoint  2\n")
}

func TestAuditVerifyLog(t *testing.T) {
	s, books, kept := logs(t)
	require.Equal(t, 0, s.run(t, "portsaga audit checkpoint"), s.err.String())
	require.Equal(t, 0, s.run(t, "portsaga audit verify"), s.out.String()+s.err.String())
	require.Contains(t, s.out.String(), "is the one that the checkpoints signed")

	require.NoError(t, books.Append(t.Context(), audit.Leaf{At: now, Kind: audit.KeyRotated}))
	require.Equal(t, 0, s.run(t, "portsaga audit checkpoint"), s.err.String())
	require.NoError(t, os.Remove(filepath.Join(kept, "checkpoint-000000001.txt")))
	require.NoError(t, os.WriteFile(filepath.Join(kept, "checkpoint-000000009.txt"), []byte("forged\n\n— nobody AAAA\n"), 0o600))
	s.factory.Now = func() time.Time { return now.Add(time.Hour) }
	require.Equal(t, 3, s.run(t, "portsaga audit verify -o json"), s.err.String())
	var seen audit.Examined
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &seen))
	require.Len(t, seen.Findings, 2)
	require.Equal(t, audit.CheckpointForged, seen.Findings[0].Code)
	require.Equal(t, audit.CheckpointWithheld, seen.Findings[1].Code)
	require.EqualValues(t, 1, seen.Findings[1].Number)
}

func TestAuditVerifyNamesAnotherLedger(t *testing.T) {
	s, _, kept := logs(t)
	require.Equal(t, 0, s.run(t, "portsaga audit checkpoint"), s.err.String())
	s.config.Ledger = filepath.Join(t.TempDir(), "ledger.db")
	s.books(t)
	require.Equal(t, 3, s.run(t, "portsaga audit verify --checkpoints", kept), s.err.String())
	require.Contains(t, s.out.String(), audit.LogReplaced)
}

func TestAuditExportAndVerify(t *testing.T) {
	s, books, _ := logs(t)
	file := filepath.Join(t.TempDir(), "case.zip")
	require.Equal(t, 0, s.run(t, "portsaga audit export pi-1 --no-history --by ana --file", file), s.err.String())
	page, err := os.ReadFile(strings.TrimSuffix(file, ".zip") + ".html")
	require.NoError(t, err)
	require.Contains(t, string(page), "pi-1")
	last, err := books.LeavesOf(t.Context(), "")
	require.NoError(t, err)
	require.Equal(t, audit.Exported, last[len(last)-1].Kind)
	require.Contains(t, string(last[len(last)-1].Text), `"port":"pi-1","by":"ana","clear":false`)
	require.Equal(t, 4, s.run(t, "portsaga audit export pi-none --no-history --file", file), s.err.String())

	require.Equal(t, 0, s.run(t, "portsaga audit checkpoint -o json"), s.err.String())
	var view checkpointView
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &view))
	require.Equal(t, 0, s.run(t, "portsaga audit verify -o json", file, "--checkpoint-key", view.Key), s.err.String())
	var verified evidence.Verified
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &verified))
	require.True(t, verified.Proved)
	require.Equal(t, porting.OutcomeRevoked, verified.Outcome)
	require.Len(t, verified.Events, 3)

	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, text[:len(text)-10], 0o600))
	require.Equal(t, 3, s.run(t, "portsaga audit verify", file), s.out.String())
	require.Equal(t, 1, s.run(t, "portsaga audit verify", file+".missing"))
}

func TestAuditProve(t *testing.T) {
	s, _, _ := logs(t)
	require.Equal(t, 0, s.run(t, "portsaga audit prove pi-1"), s.err.String())
	require.Contains(t, s.out.String(), "by subscriber, ")
	require.Contains(t, s.out.String(), "All of them are among the 3 leaves that checkpoint 1 signs.")
	require.Equal(t, 0, s.run(t, "portsaga audit prove pi-1 -o json"), s.err.String())
	var proofs []provedLeaf
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &proofs))
	require.Len(t, proofs, 3)
	require.NotEmpty(t, proofs[0].Proof)
}

func TestAuditReport(t *testing.T) {
	s, _, _ := logs(t)
	day := now.UTC().Format(time.DateOnly)
	require.Equal(t, 0, s.run(t, "portsaga audit report -o json --from", day, "--to", now.AddDate(0, 0, 1).UTC().Format(time.DateOnly)), s.err.String())
	var table evidence.Table
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &table))
	require.Equal(t, 1, table.Requests)
	require.Equal(t, 1, table.Fraudulent)
	require.Equal(t, map[porting.Outcome]int{porting.OutcomeRevoked: 1}, table.Outcomes)
	require.Equal(t, evidence.Remediation{Ports: 1, Median: 59 * time.Minute, Worst: 59 * time.Minute}, table.Remediation)
	require.Equal(t, 0, s.run(t, "portsaga audit report --from", day, "--to", now.AddDate(0, 0, 1).UTC().Format(time.DateOnly)), s.err.String())
	require.Contains(t, s.out.String(), "1 (1 in, 0 out)")
	require.Equal(t, 2, s.run(t, "portsaga audit report --from", day, "--to", day))
	require.Equal(t, 2, s.run(t, "portsaga audit report --from yesterday --to", day))
}

func TestAuditRetention(t *testing.T) {
	s, books, _ := logs(t)
	require.Equal(t, 0, s.run(t, "portsaga audit retention"), s.err.String())
	require.Contains(t, s.out.String(), "3 years from the port's end")
	require.NoError(t, books.Append(t.Context(), audit.Leaf{At: now, Kind: audit.Decided, Port: "pi-1", Evidence: [][]byte{[]byte("a statement")}}))
	s.factory.Now = func() time.Time { return now.AddDate(4, 0, 0) }
	require.Equal(t, 0, s.run(t, "portsaga audit retention --shred -o json"), s.err.String())
	require.JSONEq(t, `{"shredded": 1}`, s.out.String())
}
