package manual_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/manual"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify/notifytest"
	"github.com/portsaga/portsaga/porting"
)

func (w *world) refused(t testing.TB, err error, kind porting.Kind, code string) {
	t.Helper()
	require.Equal(t, code, porting.CodeOf(err), "%v", err)
	require.Equal(t, kind, porting.KindOf(err))
	for _, private := range []string{"5550123", "Łukaszewicz", "Fable", "4412-77", "481516"} {
		require.NotContains(t, err.Error(), private)
	}
}

// A mail server takes the mail and its acknowledgement is lost: nobody can know, so the same mail goes again, and the order
// counts as sent once a server took it.
func TestALostAcknowledgementIsOneTaskAndOneMessageID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mailbox.behave(func(_ letter, before int) notifytest.Behaviour {
		if before < 2 {
			return loses
		}
		return takes
	})
	for range 2 {
		_, err := w.Submit(t.Context(), lsr("pi-1", 1))
		w.refused(t, err, porting.Failed, "carrier-unavailable")
		st := w.status(t, "pi-1")
		require.Equal(t, carrier.StatePending, st.State, "the carrier may have it, so a cancel must not forget it")
		require.Zero(t, st.Ref.Version, "and the order is sent again")
		require.Contains(t, st.Task, "may have been lost")
	}
	require.Equal(t, 1, w.submit(t, lsr("pi-1", 1)).Ref.Version)
	w.submit(t, lsr("pi-1", 1))

	require.Len(t, w.mailbox.all(), 3)
	require.Len(t, w.mailbox.Accepted(), 1)
	first, last := w.mailbox.all()[0], w.mailbox.all()[2]
	require.Equal(t, attachments(first), attachments(last), "the same mail, to the byte of its files")
	book, err := w.books.DeskBook(t.Context(), "pi-1")
	require.NoError(t, err)
	require.Len(t, book.Tasks, 1)
}

// attachments are the encoded files of a mail.
func attachments(l letter) []string {
	var files []string
	for _, part := range strings.Split(l.text, "Content-Disposition: attachment")[1:] {
		body, _, _ := strings.Cut(part, "\r\n--")
		files = append(files, body)
	}
	return files
}

func TestAMailThatWasSurelyNotSentIsNoOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.books.OpenDeskTask(t.Context(), ledger.DeskTask{
		ID: "pi-1/1/submit", PortID: "pi-1", Version: 1, Step: "submit", Carrier: "old-bell", Mail: ledger.DeskMailWritten,
		OpenedAt: monday, DueAt: monday, Sealed: []byte("x"),
	})
	require.NoError(t, err)
	_, err = w.Status(t.Context(), carrier.Ref{Port: "pi-1", Version: 1})
	w.refused(t, err, porting.NotFound, "carrier-order-unknown")
}

func TestWithoutAMailServerNothingIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mail := w.Mail
	w.Mail = nil
	_, err := w.Submit(t.Context(), lsr("pi-1", 1))
	w.refused(t, err, porting.Failed, "carrier-unavailable")
	_, err = w.Status(t.Context(), first)
	w.refused(t, err, porting.NotFound, "carrier-order-unknown")
	w.Mail = mail
	require.Equal(t, 1, w.submit(t, lsr("pi-1", 1)).Ref.Version, "the task that was written goes out")
}

func TestABusyServerIsAskedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mailbox.behave(func(letter, int) notifytest.Behaviour { return busy })
	_, err := w.Submit(t.Context(), lsr("pi-1", 1))
	w.refused(t, err, porting.Failed, "carrier-unavailable")
	require.Empty(t, w.mailbox.all())
	w.mailbox.behave(func(letter, int) notifytest.Behaviour { return takes })
	require.Equal(t, 1, w.submit(t, lsr("pi-1", 1)).Ref.Version)
}

// What a server refuses for good is for a person: the order goes by hand, and its clocks run.
func TestARefusedMailIsSentByHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(p *manual.Profile) { p.CodesByMail = true })
	w.mailbox.behave(func(letter, int) notifytest.Behaviour { return refuses })
	st := w.submit(t, lsr("pi-1", 1))
	require.Equal(t, 1, st.Ref.Version)
	require.Equal(t, "the mail with the order was refused; send it by hand, and answer by 2 Nov 17:00 UTC: portsaga desk show pi-1/1/submit", st.Task)
	code, err := w.Book.Code(t.Context(), "pi-1/1/submit", "ana")
	require.NoError(t, err)
	require.Equal(t, "481516", code.Reveal(), "the mail did not bring it")
	require.Equal(t, carrier.StateConfirmed, w.confirm(t, "pi-1").State)
}

func TestTheSameRequestAtOnceIsOneTaskAndOneMessageID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all sync.WaitGroup
	failed := make(chan error, 8)
	for range 8 {
		all.Go(func() {
			_, err := w.Submit(t.Context(), lsr("pi-1", 1))
			failed <- err
		})
	}
	all.Wait()
	close(failed)
	for err := range failed {
		require.NoError(t, err)
	}
	require.Len(t, w.mailbox.Accepted(), 1)
	require.Equal(t, 1, w.status(t, "pi-1").Version)
}

// A code goes by mail only where the profile says so, and then in the PDF alone, never in the text.
func TestCodes(t *testing.T) {
	t.Parallel()
	for _, byMail := range []bool{true, false} {
		w := newWorld(t, func(p *manual.Profile) { p.CodesByMail = byMail })
		w.submit(t, lsr("pi-1", 1))
		without := newWorld(t, func(p *manual.Profile) { p.CodesByMail = byMail })
		order := lsr("pi-1", 1)
		order.Code = ""
		without.submit(t, order)
		require.NotContains(t, w.mailbox.all()[0].text, "481516")
		require.Equal(t, !byMail, attachments(w.mailbox.all()[0])[0] == attachments(without.mailbox.all()[0])[0], "the form tells it, by mail: %v", byMail)

		shown, err := w.Book.Task(t.Context(), "pi-1/1/submit")
		require.NoError(t, err)
		require.Equal(t, !byMail, shown.HasCode)
		require.Equal(t, !byMail, strings.Contains(strings.Join(shown.Do, "\n"), "Read it, once: portsaga desk show pi-1/1/submit --code"))
		code, err := w.Book.Code(t.Context(), "pi-1/1/submit", "ana")
		if byMail {
			w.refused(t, err, porting.NotFound, "desk-code-gone")
			continue
		}
		require.NoError(t, err)
		require.Equal(t, "481516", code.Reveal())
		_, err = w.Book.Code(t.Context(), "pi-1/1/submit", "ben")
		w.refused(t, err, porting.NotFound, "desk-code-gone")
	}
}

// Nothing personal lies open in the ledger's tables.
func TestTheLedgerHoldsNothingOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.submit(t, lsr("pi-1", 1))
	w.confirm(t, "pi-1")
	book, err := w.books.DeskBook(t.Context(), "pi-1")
	require.NoError(t, err)
	for _, task := range book.Tasks {
		for _, private := range []string{"5550123", "Łukaszewicz", "481516", "4412-77"} {
			require.NotContains(t, string(task.Sealed)+string(task.Code), private)
			require.NotContains(t, string(book.Answers[0].Statement), private)
		}
	}
	require.NoError(t, w.books.ForgetDesk(t.Context(), "pi-1"))
	st := w.status(t, "pi-1")
	require.Equal(t, carrier.StateConfirmed, st.State, "what was answered stays")
	require.Empty(t, st.Numbers)
}

func TestACarrierWithAPortalOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(p *manual.Profile) { p.Email = "" })
	st := w.submit(t, lsr("pi-1", 1))
	require.Equal(t, 1, st.Ref.Version)
	require.Equal(t, "enter the order in the carrier's portal, and answer by 2 Nov 17:00 UTC: portsaga desk show pi-1/1/submit", st.Task)
	require.Empty(t, w.mailbox.all())
	shown, err := w.Book.Task(t.Context(), "pi-1/1/submit")
	require.NoError(t, err)
	require.Equal(t, "Enter the order in the carrier's portal. The text below is to be pasted, the forms are to be uploaded.", shown.Do[0])
	require.Contains(t, shown.Body, "+12125550124", "a person needs the numbers")
	require.Len(t, shown.Files, 2)
}

func TestTheTaskStaysShort(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	port := "pi-abcdefghijklmnop"
	w.submit(t, lsr(port, 1))
	task := w.status(t, port).Task
	require.LessOrEqual(t, len([]rune(task)), 160, "the operator's page cuts what is longer")
	w.confirm(t, port)
	w.now = monday.Add(4 * 24 * time.Hour)
	_, err := w.Activate(t.Context(), carrier.Ref{Port: port, Version: 1})
	require.NoError(t, err)
	require.LessOrEqual(t, len([]rune(w.status(t, port).Task)), 160)
}
