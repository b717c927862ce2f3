package cli

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// books makes the session's ledger.
func (s *session) books(t *testing.T) *ledger.Ledger {
	t.Helper()
	books, err := ledger.Open(t.Context(), s.config.Ledger)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, books.Close()) })
	return books
}

// compares makes the workers answer a comparison.
func (s *session) compares(found porting.Reconciliation, err error) *mocks.Client {
	run := &mocks.WorkflowRun{}
	run.On("Get", mock.Anything, mock.Anything).Return(err).Run(func(args mock.Arguments) { *args.Get(1).(*porting.Reconciliation) = found })
	engine := &mocks.Client{}
	engine.On("ExecuteWorkflow", mock.Anything, mock.Anything, porting.WorkflowReconcile, mock.Anything).Return(run, nil)
	s.factory.Dial = func(context.Context) (client.Client, error) { return engine, nil }
	return engine
}

var question = porting.Mismatch{Port: "pi-2", What: "its carrier has no such order", Next: "ask the carrier"}

func TestLedgerStatus(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	require.Equal(t, 1, s.run(t, "portsaga ledger status"), "a ledger that is not there is not made")
	books := s.books(t)
	require.Equal(t, 0, s.run(t, "portsaga ledger status"), s.err.String())
	require.Contains(t, s.out.String(), "activations   allowed\n")

	require.NoError(t, books.Quarantine(t.Context(), "restored", now))
	require.Equal(t, 0, s.run(t, "portsaga ledger status -o json"), s.err.String())
	var state ledgerState
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &state))
	require.True(t, state.Quarantined)
	require.Equal(t, "restored", state.QuarantineWhy)
}

func TestLedgerQuarantine(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	books := s.books(t)
	require.Equal(t, 2, s.run(t, "portsaga ledger quarantine"))
	require.Equal(t, 0, s.run(t, "portsaga ledger quarantine", "--why", "last night's backup"), s.err.String())
	require.Contains(t, s.out.String(), "in quarantine since 2026-11-23T15:00:00Z: last night's backup")
	state, err := books.State(t.Context())
	require.NoError(t, err)
	require.True(t, state.Quarantined())
}

func TestLedgerReconcile(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	repaired := porting.Mismatch{Port: "pi-1", What: "its fence is open", Repair: "the fence is closed"}
	engine := s.compares(porting.Reconciliation{Looked: 7, Repaired: []porting.Mismatch{repaired}, Questions: []porting.Mismatch{question}}, nil)
	require.Equal(t, 3, s.run(t, "portsaga ledger reconcile --gone"))
	require.Equal(t, "repaired pi-1: its fence is open; the fence is closed\nquestion pi-2: its carrier has no such order; ask the carrier\n"+
		"7 open ports, 1 repaired, 1 questions\n", s.out.String())
	require.Equal(t, porting.ReapInput{Gone: true}, engine.Calls[0].Arguments.Get(3))

	s.compares(porting.Reconciliation{Looked: 7, Repaired: []porting.Mismatch{}, Questions: []porting.Mismatch{}}, nil)
	require.Equal(t, 0, s.run(t, "portsaga ledger reconcile -o json"), s.err.String())
	require.JSONEq(t, `{"looked": 7, "repaired": [], "questions": []}`, s.out.String())
}

func TestLedgerReconcileDenied(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.compares(porting.Reconciliation{}, serviceerror.NewPermissionDenied("no", ""))
	require.Equal(t, 5, s.run(t, "portsaga ledger reconcile"))
	s.compares(porting.Reconciliation{}, serviceerror.NewUnavailable("no"))
	require.Equal(t, 1, s.run(t, "portsaga ledger reconcile"))
}

// A quarantine is lifted after a comparison that leaves nothing open, or by somebody who answers for it.
func TestLedgerLift(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		line      string
		questions []porting.Mismatch
		code      int
		by        string
	}{
		"no question is open":  {"portsaga ledger lift --by ana@desk", nil, 0, "ana@desk"},
		"a question is open":   {"portsaga ledger lift --by ana@desk", []porting.Mismatch{question}, 3, ""},
		"forced":               {"portsaga ledger lift --force --by ben@desk", []porting.Mismatch{question}, 0, "ben@desk"},
		"forced by nobody":     {"portsaga ledger lift --force", nil, 2, ""},
		"by whoever logged in": {"portsaga ledger lift", nil, 0, "ana"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSession(t)
			books := s.books(t)
			require.NoError(t, books.Quarantine(t.Context(), "restored", now))
			s.compares(porting.Reconciliation{Questions: c.questions}, nil)
			require.Equal(t, c.code, s.run(t, c.line), s.err.String())
			state, err := books.State(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.code != 0, state.Quarantined())
			require.Equal(t, c.by, state.LiftedBy)
		})
	}
}
