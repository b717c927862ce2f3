package manual_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	_ "modernc.org/sqlite" // to write into the ledger behind its back

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/manual"
	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/approval/approvaltest"
	"github.com/portsaga/portsaga/porting"
)

// forge writes into the ledger's file, as whoever has access to the database can.
func (w *world) forge(t testing.TB, statement string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+w.file+"?_pragma=busy_timeout(10000)")
	require.NoError(t, err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), statement, args...)
	require.NoError(t, err)
}

func (w *world) forgeAnswer(t testing.TB, seq int64, statement []byte, signature string) {
	t.Helper()
	w.forge(t, `INSERT INTO desk_answers (port_id, seq, task_id, statement, signature, by_name, at) VALUES ('pi-1', ?, 'pi-1/1/submit', ?, ?, 'ana', ?)`,
		seq, statement, signature, time.Now().UnixMicro())
}

// signed is somebody's word that the order is confirmed.
func (w *world) signed(t testing.TB, signer ssh.Signer) (statement []byte, signature string) {
	t.Helper()
	statement, signature, err := w.sign(t.Context(), signer, "pi-1/1/submit", manual.Says{State: carrier.StateConfirmed, FOC: monday})
	require.NoError(t, err)
	return statement, signature
}

// Who can write into the database cannot say what a carrier answered: the order becomes unknown, is parked and shown, and
// nothing goes on until a person of the desk signs how it stands.
func TestForgedAnswersAreUnknown(t *testing.T) {
	t.Parallel()
	for name, forge := range map[string]func(t *testing.T, w *world){
		"nobody signed it": func(t *testing.T, w *world) {
			statement, _ := w.signed(t, w.people.Key("ana"))
			w.forgeAnswer(t, 2, statement, "")
		},
		"a stranger signed it": func(t *testing.T, w *world) {
			statement, signature := w.signed(t, approvaltest.NewKey(t))
			w.forgeAnswer(t, 2, statement, signature)
		},
		"an approver signed it who is not at the desk": func(t *testing.T, w *world) {
			statement, signature := w.signed(t, w.people.Key("ben"))
			w.forgeAnswer(t, 2, statement, signature)
		},
		"changed after it was signed": func(t *testing.T, w *world) {
			w.confirm(t, "pi-1")
			w.forge(t, `UPDATE desk_answers SET statement = CAST(replace(CAST(statement AS TEXT), '2026-11-05', '2026-11-03') AS BLOB)`)
		},
		"an earlier answer once more": func(t *testing.T, w *world) {
			w.confirm(t, "pi-1")
			w.says(t, "pi-1/1/submit", manual.Says{State: carrier.StateRejected, Code: "7401"})
			w.forge(t, `INSERT INTO desk_answers SELECT port_id, 4, task_id, statement, signature, by_name, at FROM desk_answers WHERE seq = 2`)
		},
		"another port's answer": func(t *testing.T, w *world) {
			w.submit(t, lsr("pi-2", 1))
			w.confirm(t, "pi-2")
			w.forge(t, `INSERT INTO desk_answers SELECT 'pi-1', seq, 'pi-1/1/submit', statement, signature, by_name, at FROM desk_answers WHERE port_id = 'pi-2'`)
		},
		"a revoked key": func(t *testing.T, w *world) {
			w.confirm(t, "pi-1")
			w.people.Revoke("ana")
			w.people.Grant("fay", approval.RoleDesk)
		},
		"another order in the task": func(t *testing.T, w *world) {
			w.submit(t, lsr("pi-2", 1))
			w.forge(t, `UPDATE desk_tasks SET sealed = (SELECT sealed FROM desk_tasks WHERE port_id = 'pi-2') WHERE port_id = 'pi-1'`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.submit(t, lsr("pi-1", 1))
			forge(t, w)
			st := w.status(t, "pi-1")
			require.Equal(t, carrier.StateUnknown, st.State)
			require.NotEmpty(t, st.Raw)
			require.Contains(t, st.Task, "cannot be believed")
			require.True(t, st.FOC.IsZero())

			w.now = monday.AddDate(0, 0, 9)
			_, err := w.Activate(t.Context(), st.Ref)
			w.refused(t, err, porting.Failed, "carrier-unavailable")
			_, err = w.Reverse(t.Context(), st.Ref, porting.AuthorizationRevoked)
			w.refused(t, err, porting.Failed, "carrier-unavailable")
			refs, err := w.Orders(t.Context(), time.Time{})
			require.NoError(t, err)
			require.Contains(t, refs, st.Ref, "it is open, for whoever looks for orders")
		})
	}
}

// A cancel goes out whatever somebody wrote into the book, and a signed answer mends it.
func TestAForgedBookIsMended(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, lsr("pi-1", 1))
	statement, signature := w.signed(t, approvaltest.NewKey(t))
	w.forgeAnswer(t, 2, statement, signature)
	w.forge(t, `UPDATE desk_books SET entries = 2 WHERE port_id = 'pi-1'`)
	require.Equal(t, carrier.StateUnknown, w.status(t, "pi-1").State)

	st, err := w.Cancel(t.Context(), carrier.Ref{Port: "pi-1", Version: 1}, porting.AuthorizationRevoked)
	require.NoError(t, err)
	require.Equal(t, carrier.StateUnknown, st.State)
	require.Equal(t, []string{"pi-1/1/submit", "pi-1/1/cancel"}, w.mailbox.tasks("pi-1"))
	require.Equal(t, carrier.StateCancelled, w.says(t, "pi-1/1/cancel", manual.Says{State: carrier.StateCancelled}).State)
}

func TestAnswersThatAreNotTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, lsr("pi-1", 1))
	for name, c := range map[string]struct {
		signer ssh.Signer
		code   string
	}{
		"a stranger": {approvaltest.NewKey(t), "signer-unknown"}, "an approver": {w.people.Key("ben"), "not-of-the-desk"},
	} {
		statement, signature := w.signed(t, c.signer)
		_, err := w.Book.Take(t.Context(), statement, signature, "ana")
		require.Equal(t, c.code, porting.CodeOf(err), name)
	}
	require.Equal(t, carrier.StatePending, w.status(t, "pi-1").State)

	late, signature := w.signed(t, w.people.Key("ana"))
	w.confirm(t, "pi-1")
	_, err := w.Book.Take(t.Context(), late, signature, "ana")
	require.Equal(t, "desk-book-moved-on", porting.CodeOf(err), "it was signed before something else happened")
	w.Book.Real = func() time.Time { return time.Now().Add(time.Hour) }
	_, err = w.Book.Take(t.Context(), late, signature, "ana")
	require.Equal(t, "statement-expired", porting.CodeOf(err))
	w.Book.Real = nil

	for _, c := range []struct {
		task string
		says manual.Says
		code string
	}{
		{"pi-9/1/submit", manual.Says{State: carrier.StateActive}, "desk-task-unknown"},
		{"pi-1/1/submit", manual.Says{State: carrier.StateReversed}, "desk-answer-unfit"},
		{"pi-1/1/submit", manual.Says{State: carrier.StateActive, Left: []approval.DeskLeft{{Position: 3, Reason: porting.NumberInactive}}}, "desk-answer-unfit"},
		{"pi-1/1/submit", manual.Says{State: carrier.StateRejected}, "statement-malformed"},
	} {
		_, err := w.Book.Draft(t.Context(), c.task, c.says, time.Hour)
		require.Equal(t, c.code, porting.CodeOf(err), "%+v", c)
	}
}

func TestTheSameAnswerAgainChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, lsr("pi-1", 1))
	statement, signature := w.signed(t, w.people.Key("ana"))
	for range 2 {
		taken, err := w.Book.Take(t.Context(), statement, signature, "somebody")
		require.NoError(t, err)
		require.Equal(t, "ana", taken.Person, "who it is, the key says")
		require.Equal(t, 2, taken.Status.Version)
	}
}

// Where decisions are trusted as they come, so are answers.
func TestUnsignedAnswersWhereNobodySigns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, lsr("pi-1", 1))
	signedBook := w.Book
	trusting := *w.Book
	trusting.Registry = nil
	w.Book = &trusting
	statement, err := w.Book.Draft(t.Context(), "pi-1/1/submit", manual.Says{State: carrier.StateConfirmed, FOC: monday}, time.Hour)
	require.NoError(t, err)
	taken, err := w.Book.Take(t.Context(), statement, "", "ana@desk")
	require.NoError(t, err)
	require.Equal(t, "ana@desk", taken.Person)
	require.Equal(t, carrier.StateConfirmed, taken.Status.State)

	w.Book = signedBook
	require.Equal(t, carrier.StateUnknown, w.status(t, "pi-1").State, "a gate with a registry believes none of it")
}

// A registry that cannot be read says nothing about the book: the carrier is out of reach until it can.
func TestARegistryOutOfReach(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, lsr("pi-1", 1))
	w.confirm(t, "pi-1")
	blind := *w.Book
	blind.Registry = approval.NewKeeper(w.file+".missing", w.file+".missing", nil)
	w.Book = &blind
	_, err := w.Status(t.Context(), carrier.Ref{Port: "pi-1"})
	w.refused(t, err, porting.Failed, "carrier-unavailable")
}
