package ledger_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/ledger/pgtest"
	"github.com/portsaga/portsaga/porting"
)

func TestDeskSQLite(t *testing.T) {
	t.Parallel()
	deskSuite(t, sqliteFile)
}

func TestDeskPostgres(t *testing.T) {
	t.Parallel()
	deskSuite(t, pgtest.Start(t).New)
}

func deskSuite(t *testing.T, dsn newDSN) {
	for name, test := range map[string]func(*testing.T, newDSN){
		"a task is opened once":              testDeskTask,
		"a mail gives its task a place":      testDeskMail,
		"answers have their place":           testDeskAnswers,
		"a code is read once":                testDeskCode,
		"personal data is forgotten":         testDeskForget,
		"ports of a carrier":                 testDeskPorts,
		"race: answers of one place":         testRaceDeskAnswers,
		"race: readers of one code":          testRaceDeskCode,
		"race: one task, opened and settled": testRaceDeskTask,
		"changes are counted":                testDeskCountsChanges,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, dsn)
		})
	}
}

func deskTask(port string, version int, step string) ledger.DeskTask {
	return ledger.DeskTask{
		ID: fmt.Sprintf("%s/%d/%s", port, version, step), PortID: port, Version: version, Step: step, Carrier: "old-bell",
		Mail: ledger.DeskMailWritten, OpenedAt: noon, DueAt: noon.Add(time.Hour), Sealed: []byte("sheet"), Code: []byte("code"),
	}
}

func openTask(t testing.TB, l *ledger.Ledger, task ledger.DeskTask) ledger.DeskTask {
	t.Helper()
	kept, err := l.OpenDeskTask(t.Context(), task)
	require.NoError(t, err)
	return kept
}

func deskBook(t testing.TB, l *ledger.Ledger, port string) ledger.DeskBook {
	t.Helper()
	book, err := l.DeskBook(t.Context(), port)
	require.NoError(t, err)
	return book
}

func testDeskTask(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	require.Empty(t, deskBook(t, l, "pi-1").Tasks)
	task := deskTask("pi-1", 1, "submit")
	require.Equal(t, task, openTask(t, l, task))

	again := task
	again.Sealed, again.DueAt = []byte("another"), noon.Add(time.Minute)
	require.Equal(t, task, openTask(t, l, again), "the first one stays")
	require.Equal(t, ledger.DeskBook{PortID: "pi-1", Carrier: "old-bell", Tasks: []ledger.DeskTask{task}}, deskBook(t, l, "pi-1"))

	call := deskTask("pi-1", 1, "stop")
	call.Mail = ledger.DeskMailNone
	require.EqualValues(t, 1, openTask(t, l, call).Seq, "what has no mail has its place at once")
	require.EqualValues(t, 1, openTask(t, l, call).Seq)
	require.EqualValues(t, 1, deskBook(t, l, "pi-1").Entries)
}

func testDeskMail(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	task := openTask(t, l, deskTask("pi-1", 1, "submit"))
	require.NoError(t, l.TryDeskMail(t.Context(), task.ID))
	kept := openTask(t, l, task)
	require.Equal(t, ledger.DeskMailTried, kept.Mail)
	require.Zero(t, kept.Seq)

	require.NoError(t, l.SettleDeskMail(t.Context(), task.ID, ledger.DeskMailSent))
	require.NoError(t, l.SettleDeskMail(t.Context(), task.ID, ledger.DeskMailRefused))
	require.NoError(t, l.TryDeskMail(t.Context(), task.ID))
	kept = openTask(t, l, task)
	require.Equal(t, ledger.DeskMailSent, kept.Mail, "the first word stays")
	require.EqualValues(t, 1, kept.Seq)
	require.EqualValues(t, 1, deskBook(t, l, "pi-1").Entries)
}

func deskAnswer(port string, seq int64, says string) ledger.DeskAnswer {
	return ledger.DeskAnswer{
		PortID: port, Seq: seq, TaskID: port + "/1/submit", Statement: []byte(says), Signature: "signature of " + says, By: "ana", At: noon,
	}
}

func testDeskAnswers(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	openTask(t, l, deskTask("pi-1", 1, "submit"))
	require.NoError(t, l.SettleDeskMail(t.Context(), "pi-1/1/submit", ledger.DeskMailSent))

	first := deskAnswer("pi-1", 2, "confirmed")
	require.NoError(t, l.AnswerDeskTask(t.Context(), first))
	require.NoError(t, l.AnswerDeskTask(t.Context(), first), "the same again changes nothing")
	for _, late := range []ledger.DeskAnswer{deskAnswer("pi-1", 2, "rejected"), deskAnswer("pi-1", 1, "rejected"), deskAnswer("pi-1", 4, "rejected"), deskAnswer("pi-9", 1, "x")} {
		requireCode(t, l.AnswerDeskTask(t.Context(), late), porting.Refused, "desk-book-moved-on")
	}
	second := deskAnswer("pi-1", 3, "cancelled")
	require.NoError(t, l.AnswerDeskTask(t.Context(), second))
	book := deskBook(t, l, "pi-1")
	require.Equal(t, []ledger.DeskAnswer{first, second}, book.Answers)
	require.EqualValues(t, 3, book.Entries)
}

func testDeskCode(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	task := openTask(t, l, deskTask("pi-1", 1, "submit"))
	code, err := l.TakeDeskCode(t.Context(), task.ID, "ana", noon)
	require.NoError(t, err)
	require.Equal(t, []byte("code"), code)
	_, err = l.TakeDeskCode(t.Context(), task.ID, "ben", noon)
	requireCode(t, err, porting.NotFound, "desk-code-gone")
	kept := openTask(t, l, task)
	require.Nil(t, kept.Code)
	require.Equal(t, "ana", kept.CodeReadBy)
	require.Equal(t, noon, kept.CodeReadAt)

	mailed := openTask(t, l, deskTask("pi-1", 2, "supplement"))
	require.NoError(t, l.DropDeskCode(t.Context(), mailed.ID))
	_, err = l.TakeDeskCode(t.Context(), mailed.ID, "ben", noon)
	requireCode(t, err, porting.NotFound, "desk-code-gone")
}

func testDeskForget(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	openTask(t, l, deskTask("pi-1", 1, "submit"))
	openTask(t, l, deskTask("pi-2", 1, "submit"))
	require.NoError(t, l.ForgetDesk(t.Context(), "pi-1"))
	gone := deskBook(t, l, "pi-1").Tasks[0]
	require.Nil(t, gone.Sealed)
	require.Nil(t, gone.Code)
	require.NotNil(t, deskBook(t, l, "pi-2").Tasks[0].Sealed)
}

func testDeskPorts(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	later := deskTask("pi-2", 1, "submit")
	later.OpenedAt = noon.Add(time.Hour)
	other := deskTask("pi-3", 1, "submit")
	other.Carrier = "new-bell"
	for _, task := range []ledger.DeskTask{later, deskTask("pi-1", 1, "submit"), other} {
		openTask(t, l, task)
	}
	for _, c := range []struct {
		carrier string
		since   time.Time
		want    []string
	}{
		{"old-bell", time.Time{}, []string{"pi-1", "pi-2"}},
		{"old-bell", noon.Add(time.Minute), []string{"pi-2"}},
		{"", noon, []string{"pi-1", "pi-3", "pi-2"}},
		{"nobody", time.Time{}, nil},
	} {
		ports, err := l.DeskPorts(t.Context(), c.carrier, c.since)
		require.NoError(t, err)
		require.Equal(t, c.want, ports)
	}
}

func testRaceDeskAnswers(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	openTask(t, l, deskTask("pi-1", 1, "submit"))
	var won sync.Map
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			if err := l.AnswerDeskTask(t.Context(), deskAnswer("pi-1", 1, fmt.Sprint("answer ", i))); err == nil {
				won.Store(i, true)
			}
		})
	}
	all.Wait()
	winners := 0
	won.Range(func(any, any) bool { winners++; return true })
	require.Equal(t, 1, winners)
	require.Len(t, deskBook(t, l, "pi-1").Answers, 1)
}

func testRaceDeskCode(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	task := openTask(t, l, deskTask("pi-1", 1, "submit"))
	read := make(chan []byte, 8)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if code, err := l.TakeDeskCode(t.Context(), task.ID, "ana", noon); err == nil {
				read <- code
			}
		})
	}
	all.Wait()
	require.Len(t, read, 1)
}

func testRaceDeskTask(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	task := deskTask("pi-1", 1, "submit")
	var all sync.WaitGroup
	failed := make(chan error, 16)
	for range 8 {
		all.Go(func() {
			_, err := l.OpenDeskTask(t.Context(), task)
			if err == nil {
				err = l.SettleDeskMail(t.Context(), task.ID, ledger.DeskMailSent)
			}
			failed <- err
		})
	}
	all.Wait()
	close(failed)
	for err := range failed {
		require.NoError(t, err)
	}
	book := deskBook(t, l, "pi-1")
	require.Len(t, book.Tasks, 1)
	require.EqualValues(t, 1, book.Entries)
}

func testDeskCountsChanges(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	before := state(t, l).Changes
	openTask(t, l, deskTask("pi-1", 1, "submit"))
	require.NoError(t, l.SettleDeskMail(t.Context(), "pi-1/1/submit", ledger.DeskMailSent))
	require.NoError(t, l.AnswerDeskTask(t.Context(), deskAnswer("pi-1", 2, "confirmed")))
	require.Equal(t, before+2, state(t, l).Changes)
}
