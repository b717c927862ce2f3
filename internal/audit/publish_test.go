package audit_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/audit/audittest"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// memory is a log for tests of what is made of one.
type memory struct {
	tree        *audit.Tree
	hashes      stored
	checkpoints []audit.SignedCheckpoint
	published   int
	faults      int // how many more looks fail
}

func newMemory(t *testing.T) *memory {
	t.Helper()
	tree, err := audit.OpenTree(0, nil)
	require.NoError(t, err)
	return &memory{tree: tree}
}

func (m *memory) grow(t *testing.T, name string, leaves int) {
	t.Helper()
	for i := range leaves {
		hashes, err := m.tree.Add(fmt.Appendf(nil, "%s %d", name, i))
		require.NoError(t, err)
		m.hashes = append(m.hashes, hashes...)
	}
}

func (m *memory) LogTree(context.Context) (*audit.Tree, error) {
	if m.faults > 0 {
		m.faults--
		return nil, errors.New("the database is away")
	}
	return m.tree, nil
}

func (m *memory) LogHashes(context.Context) tlog.HashReader { return m.hashes }

func (m *memory) LastCheckpoint(context.Context) (audit.SignedCheckpoint, error) {
	if len(m.checkpoints) == 0 {
		return audit.SignedCheckpoint{}, nil
	}
	return m.checkpoints[len(m.checkpoints)-1], nil
}

func (m *memory) AddCheckpoint(_ context.Context, c audit.SignedCheckpoint) (bool, error) {
	m.checkpoints = append(m.checkpoints, c)
	return true, nil
}

func (m *memory) UnpublishedCheckpoints(context.Context) ([]audit.SignedCheckpoint, error) {
	return m.checkpoints[m.published:], nil
}

func (m *memory) CheckpointPublished(_ context.Context, number int64, signed []byte, _ time.Time) error {
	m.published, m.checkpoints[number-1].Note = int(number), signed
	return nil
}

func testWitness(t *testing.T) (*audittest.Witness, *memory, *audit.Checkpointer) {
	t.Helper()
	log, m, w := audittest.NewSigner(t, "portsaga/TEST"), newMemory(t), audittest.NewWitness(t)
	w.Watch(log)
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	return w, m, &audit.Checkpointer{
		Log: m, Signer: log, To: []audit.Destination{audit.OpenDestination(server.URL)},
		Now: func() time.Time { return noon }, Tell: slog.New(slog.DiscardHandler),
	}
}

func TestWitnessSignsWhatFollows(t *testing.T) {
	t.Parallel()
	w, m, c := testWitness(t)
	for i := range 4 {
		m.grow(t, "leaf", 5+i)
		_, err := c.Once(t.Context())
		require.NoError(t, err)
	}
	require.Equal(t, m.tree.Size, w.Seen())
	last := m.checkpoints[len(m.checkpoints)-1]
	_, err := audit.OpenCheckpoint(last.Note, c.Signer)
	require.NoError(t, err)
	_, err = note.Open(last.Note, note.VerifierList(w.Key))
	require.NoError(t, err, "the witness's signature is kept")
}

func TestWitnessNamesAnotherLog(t *testing.T) {
	t.Parallel()
	t.Run("a shorter one", func(t *testing.T) {
		t.Parallel()
		w, m, c := testWitness(t)
		m.grow(t, "leaf", 9)
		_, err := c.Once(t.Context())
		require.NoError(t, err)
		restored := newMemory(t)
		restored.grow(t, "leaf", 5)
		c.Log, c.To = restored, []audit.Destination{&audit.Witness{URL: c.To[0].String()}} // another process
		_, err = c.Once(t.Context())
		requireCode(t, err, audit.LogShorter)
		require.EqualValues(t, 9, w.Seen())
	})
	t.Run("one with another past", func(t *testing.T) {
		t.Parallel()
		_, m, c := testWitness(t)
		m.grow(t, "leaf", 9)
		_, err := c.Once(t.Context())
		require.NoError(t, err)
		rewritten := newMemory(t)
		rewritten.grow(t, "other", 15)
		c.Log = rewritten
		_, err = c.Once(t.Context())
		requireCode(t, err, audit.TailRewritten)
	})
}

func requireCode(t *testing.T, err error, code string) {
	t.Helper()
	var found *audit.Finding
	require.ErrorAs(t, err, &found)
	require.Equal(t, code, found.Code)
}

func TestCheckpointWaitsForItsDestination(t *testing.T) {
	t.Parallel()
	m := newMemory(t)
	dir := t.TempDir()
	missing := filepath.Join(dir, "not-mounted")
	c := &audit.Checkpointer{Log: m, Signer: audittest.NewSigner(t, "portsaga/TEST"), To: []audit.Destination{audit.OpenDestination(missing + "/")}, Now: func() time.Time { return noon }}
	m.grow(t, "leaf", 3)
	_, err := c.Once(t.Context())
	require.Error(t, err)
	require.Zero(t, m.published)

	require.NoError(t, os.Mkdir(missing, 0o755))
	_, err = c.Once(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, m.published)
	require.Len(t, m.checkpoints, 1, "it was signed once")
	texts, err := audit.ReadCheckpoints(missing)
	require.NoError(t, err)
	require.Len(t, texts, 1)
}

func TestOneFileHoldsTheNewest(t *testing.T) {
	t.Parallel()
	m := newMemory(t)
	file := filepath.Join(t.TempDir(), "checkpoint.txt")
	signer := audittest.NewSigner(t, "portsaga/TEST")
	c := &audit.Checkpointer{Log: m, Signer: signer, To: []audit.Destination{audit.OpenDestination(file)}, Now: func() time.Time { return noon }}
	for range 3 {
		m.grow(t, "leaf", 3)
		_, err := c.Once(t.Context())
		require.NoError(t, err)
	}
	texts, err := audit.ReadCheckpoints(file)
	require.NoError(t, err)
	newest, err := audit.OpenCheckpoint(texts[0], signer)
	require.NoError(t, err)
	require.EqualValues(t, 3, newest.Number)
	require.Equal(t, noon, newest.At)
}

func TestQuietLogHasAHeartbeat(t *testing.T) {
	t.Parallel()
	m := newMemory(t)
	now := noon
	c := &audit.Checkpointer{Log: m, Signer: audittest.NewSigner(t, "portsaga/TEST"), Now: func() time.Time { return now }}
	m.grow(t, "leaf", 3)
	for _, after := range []struct {
		pause time.Duration
		want  int
	}{{0, 1}, {time.Minute, 1}, {audit.Heartbeat, 2}} {
		now = now.Add(after.pause)
		_, err := c.Once(t.Context())
		require.NoError(t, err)
		require.Len(t, m.checkpoints, after.want)
	}
}

func TestRunGoesOnAfterAFault(t *testing.T) {
	t.Parallel()
	m := newMemory(t)
	m.grow(t, "leaf", 3)
	m.faults = 2
	c := &audit.Checkpointer{Log: m, Signer: audittest.NewSigner(t, "portsaga/TEST"), Now: func() time.Time { return noon }, Tell: slog.New(slog.DiscardHandler)}
	ctx, stop := context.WithCancel(t.Context())
	ticks, ended := make(chan time.Time), make(chan error)
	go func() { ended <- c.Run(ctx, ticks) }()
	for range 3 {
		ticks <- noon
	}
	stop()
	require.NoError(t, <-ended)
	require.Len(t, m.checkpoints, 1)
}
