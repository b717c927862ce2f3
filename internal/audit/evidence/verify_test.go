package evidence_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/approval/approvaltest"
	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/audit/evidence"
	"github.com/portsaga/portsaga/porting"
)

// The bundle in testdata is of a port that went through the real steps:
// `go test ./activities -run TestEvidenceOfAPort -update-evidence` writes it.

func read(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return text
}

func pins(t testing.TB) evidence.Pins {
	t.Helper()
	return evidence.Pins{Key: string(read(t, "key.txt")), Roots: read(t, "roots.json")}
}

func opened(t testing.TB) evidence.Bundle {
	t.Helper()
	b, err := evidence.Open(read(t, "port.zip"))
	require.NoError(t, err)
	return b
}

func verify(t testing.TB, b evidence.Bundle, pins evidence.Pins) evidence.Verified {
	t.Helper()
	verified, err := evidence.Verify(b, pins)
	require.NoError(t, err)
	return verified
}

func failures(v evidence.Verified) []string {
	var names []string
	for _, check := range v.Checks {
		if check.State == evidence.Failed && !slices.Contains(names, check.Name) {
			names = append(names, check.Name)
		}
	}
	return names
}

func TestGoldenBundle(t *testing.T) {
	t.Parallel()
	v := verify(t, opened(t), pins(t))
	require.True(t, v.Proved, "%+v", v.Checks)
	require.Empty(t, failures(v))
	require.Equal(t, porting.OutcomeCompleted, v.Outcome)
	require.NotZero(t, v.Events)
	for _, event := range v.Events {
		require.NotContains(t, event.Detail, "cannot be read")
		require.False(t, event.By.IsZero(), "a checkpoint holds every leaf")
	}
}

func TestWithoutPinsItIsRemarked(t *testing.T) {
	t.Parallel()
	v := verify(t, opened(t), evidence.Pins{})
	require.True(t, v.Proved)
	var remarks []string
	for _, check := range v.Checks {
		if check.State == evidence.Remark {
			remarks = append(remarks, check.Name)
		}
	}
	require.Equal(t, []string{"checkpoint", "signatures"}, remarks)
}

// reseal writes a bundle again as a forger would, with a manifest that fits, and opens it.
func reseal(t *testing.T, b evidence.Bundle) evidence.Bundle {
	t.Helper()
	var file bytes.Buffer
	require.NoError(t, b.Write(&file))
	again, err := evidence.Open(file.Bytes())
	require.NoError(t, err)
	return again
}

// edit changes the leaf of a kind.
func edit(b evidence.Bundle, kind audit.Kind, was, is string) evidence.Bundle {
	for i, leaf := range b.Leaves {
		if r, err := audit.ReadRecord([]byte(leaf.Text)); err == nil && r.Kind == kind {
			b.Leaves[i].Text = strings.Replace(leaf.Text, was, is, 1)
		}
	}
	return b
}

func drop(b evidence.Bundle, kind audit.Kind) evidence.Bundle {
	b.Leaves = slices.DeleteFunc(b.Leaves, func(leaf evidence.Leaf) bool {
		r, err := audit.ReadRecord([]byte(leaf.Text))
		return err == nil && r.Kind == kind
	})
	return b
}

func dropFirst(b evidence.Bundle, kind audit.Kind) evidence.Bundle {
	first := slices.IndexFunc(b.Leaves, func(leaf evidence.Leaf) bool { return strings.Contains(leaf.Text, `"kind":"`+string(kind)+`"`) })
	b.Leaves = slices.Delete(b.Leaves, first, first+1)
	return b
}

// countedOnce has every count name one of its two decisions alone.
func countedOnce(b evidence.Bundle) evidence.Bundle {
	for i, leaf := range b.Leaves {
		r, err := audit.ReadRecord([]byte(leaf.Text))
		var fact audit.CountFact
		if err == nil && r.Kind == audit.Counted && r.Into(&fact) == nil && len(fact.Decisions) == 2 && fact.Policy.People == 2 {
			b.Leaves[i].Text = strings.Replace(leaf.Text, `,"`+fact.Decisions[1]+`"`, "", 1)
		}
	}
	return b
}

// TestForgeries changes a bundle as somebody would who wants another truth, and writes a manifest that fits.
func TestForgeries(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		forge  func(evidence.Bundle) evidence.Bundle
		failed string // the check that names it
	}{
		"another outcome": {func(b evidence.Bundle) evidence.Bundle { return edit(b, audit.Closed, "completed", "revoked") }, "inclusion"},
		"another approver": {func(b evidence.Bundle) evidence.Bundle {
			return edit(b, audit.Decided, `"by":"ben"`, `"by":"fay"`)
		}, "signatures"},
		"a stricter policy than was counted by": {func(b evidence.Bundle) evidence.Bundle {
			return edit(b, audit.Counted, `"people":2`, `"people":3`)
		}, "decision"},
		"a judgement on other evidence": {func(b evidence.Bundle) evidence.Bundle {
			b.Judgements[0].Evidence = "{}"
			return b
		}, "fraud desk"},
		"another judgement": {func(b evidence.Bundle) evidence.Bundle {
			b.Judgements[0].Said.Outcome = "clear "
			return b
		}, "fraud desk"},
		"another answer of the carrier": {func(b evidence.Bundle) evidence.Bundle {
			b.Exchanges[0].Answer = `{"ok":true}`
			return b
		}, "exchanges"},
		"a count of two with one of its decisions left out": {func(b evidence.Bundle) evidence.Bundle {
			return dropFirst(b, audit.Decided)
		}, "decision"},
		"a count by two that one person signed": {countedOnce, "decision"},
		"a count without its decision":          {func(b evidence.Bundle) evidence.Bundle { return drop(b, audit.Decided) }, "decision"},
		"a count that is left out":              {func(b evidence.Bundle) evidence.Bundle { return drop(b, audit.Counted) }, "inclusion"},
		"a claim that is left out":              {func(b evidence.Bundle) evidence.Bundle { return drop(b, audit.Claimed) }, "inclusion"},
		"an outcome that nobody had announced":  {func(b evidence.Bundle) evidence.Bundle { return drop(b, audit.Intent) }, "sequence"},
		"an activation without winning a fence": {func(b evidence.Bundle) evidence.Bundle { return drop(b, audit.ActivationBegun) }, "sequence"},
		"another order": {func(b evidence.Bundle) evidence.Bundle {
			b.Order.Order.Recipient.Name = "Somebody Else"
			return b
		}, "order"},
		"another document": {func(b evidence.Bundle) evidence.Bundle {
			for digest := range b.Documents {
				b.Documents[digest] = []byte("forged")
			}
			return b
		}, "documents"},
		"a document too many": {func(b evidence.Bundle) evidence.Bundle {
			b.Documents[audit.Digest([]byte("new"))] = []byte("new")
			return b
		}, "documents"},
		"another earlier checkpoint": {func(b evidence.Bundle) evidence.Bundle {
			b.Earlier[0].Proof = b.Earlier[0].Proof[:1]
			return b
		}, "consistency"},
		"leaves in another order": {func(b evidence.Bundle) evidence.Bundle {
			slices.Reverse(b.Leaves)
			return b
		}, "inclusion"},
		"a checkpoint with another size": {func(b evidence.Bundle) evidence.Bundle {
			b.Checkpoint = bytes.Replace(b.Checkpoint, []byte("\n"), []byte("\n1"), 1)
			return b
		}, "checkpoint"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := verify(t, reseal(t, c.forge(opened(t))), pins(t))
			require.False(t, v.Proved)
			require.Contains(t, failures(v), c.failed, "%+v", v.Checks)
		})
	}
}

func TestPinsOfSomebodyElse(t *testing.T) {
	t.Parallel()
	b := opened(t)
	desk := approvaltest.NewDesk(t)
	roots, err := os.ReadFile(desk.Roots)
	require.NoError(t, err)
	v := verify(t, b, evidence.Pins{Key: pins(t).Key, Roots: roots})
	require.Contains(t, failures(v), "signatures", "no root of ours signed that registry")

	other := "portsaga/other+" + strings.SplitN(pins(t).Key, "+", 2)[1]
	_, err = evidence.Verify(b, evidence.Pins{Key: other})
	require.Equal(t, "checkpoint-key-malformed", porting.CodeOf(err))
}

// TestErasure leaves the leaves: what is destroyed is remarked, and the decisions cannot be verified any more.
func TestErasure(t *testing.T) {
	t.Parallel()
	b := opened(t)
	clear(b.Documents)
	b.Order = nil
	v := verify(t, reseal(t, b), pins(t))
	require.NotContains(t, failures(v), "inclusion")
	require.NotContains(t, failures(v), "documents")
	require.Contains(t, failures(v), "signatures")
}

// files are those of the bundle, and pack makes a zip of them.
func files(t *testing.T) map[string][]byte {
	t.Helper()
	text := read(t, "port.zip")
	archive, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	require.NoError(t, err)
	all := map[string][]byte{}
	for _, entry := range archive.File {
		r, err := entry.Open()
		require.NoError(t, err)
		all[entry.Name], err = io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
	}
	return all
}

func pack(t *testing.T, all map[string][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		entry, err := w.Create(name)
		require.NoError(t, err)
		_, err = entry.Write(all[name])
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return out.Bytes()
}

// TestEveryByteCounts changes each file of the bundle without touching the manifest.
func TestEveryByteCounts(t *testing.T) {
	t.Parallel()
	for name := range files(t) {
		if name == "manifest.json" {
			continue
		}
		altered, missing := files(t), files(t)
		altered[name][len(altered[name])/2] ^= 1
		delete(missing, name)
		for _, bundle := range []map[string][]byte{altered, missing} {
			_, err := evidence.Open(pack(t, bundle))
			require.Equal(t, "evidence-altered", porting.CodeOf(err), name)
			require.ErrorContains(t, err, name)
		}
	}
	added := files(t)
	added["statement.json"] = []byte("{}")
	_, err := evidence.Open(pack(t, added))
	require.ErrorContains(t, err, "the file was added")
}

func TestOpenRefusesWhatIsNoBundle(t *testing.T) {
	t.Parallel()
	noManifest := files(t)
	delete(noManifest, "manifest.json")
	for name, file := range map[string][]byte{"nothing": nil, "text": []byte("hello"), "a zip": pack(t, map[string][]byte{"a": nil}), "no manifest": pack(t, noManifest)} {
		_, err := evidence.Open(file)
		require.Equal(t, "evidence-altered", porting.CodeOf(err), name)
	}
}

// TestStatementsAreExactBytes is for auditors who trust OpenSSH more than us: the documents are the exact bytes.
func TestStatementsAreExactBytes(t *testing.T) {
	t.Parallel()
	statements := 0
	for _, document := range opened(t).Documents {
		if s, err := approval.ParseStatement(document); err == nil {
			statements++
			again, err := json.Marshal(s)
			require.NoError(t, err)
			require.Equal(t, document, again)
		}
	}
	require.NotZero(t, statements)
}

func TestPage(t *testing.T) {
	t.Parallel()
	var page bytes.Buffer
	v := verify(t, opened(t), pins(t))
	v.Checks = append(v.Checks, evidence.Check{Name: "a check", State: evidence.Failed, Detail: "<script>alert(1)</script>"})
	require.NoError(t, v.WritePage(&page))
	require.Contains(t, page.String(), v.Port)
	require.NotContains(t, page.String(), "<script>")
	require.NotContains(t, page.String(), "http", "it loads nothing from elsewhere")
}

// BenchmarkVerify verifies one bundle, from the file on; the aim is less than 100 ms.
func BenchmarkVerify(b *testing.B) {
	file, pinned := read(b, "port.zip"), pins(b)
	for b.Loop() {
		bundle, err := evidence.Open(file)
		require.NoError(b, err)
		v, err := evidence.Verify(bundle, pinned)
		require.NoError(b, err)
		require.True(b, v.Proved)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(read(f, "port.zip"))
	f.Fuzz(func(_ *testing.T, file []byte) {
		b, err := evidence.Open(file)
		if err == nil {
			_, _ = evidence.Verify(b, evidence.Pins{})
		}
	})
}
