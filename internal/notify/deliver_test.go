package notify_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/internal/notify/notifytest"
	"github.com/portsaga/portsaga/porting"
)

func TestAMailIsSentOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	records := w.tell(t, notify.Received, factsOf("pi-1"))
	require.Equal(t, records[0].ID, w.tell(t, notify.Received, factsOf("pi-1"))[0].ID)

	require.Equal(t, 1, w.deliver(t))
	require.Zero(t, w.deliver(t))

	require.Equal(t, map[string]int{"<" + records[0].ID + "@example.com>": 1}, w.mail.Accepted())
	sent := w.noticesOf(t, "pi-1")[0]
	require.Equal(t, ledger.NoticeSent, sent.State)
	require.Equal(t, noon, sent.SentAt)
	require.Equal(t, records[0].ID+"@example.com", sent.ProviderRef)
}

func TestAMailSaysWhatItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tell(t, notify.Received, factsOf("pi-1"))
	w.deliver(t)

	m := w.mail.LastMail(t)
	require.Equal(t, "<"+address+">", m.Header.Get("To"))
	require.Equal(t, `"Example Telecom" <notices@example.com>`, m.Header.Get("From"))
	require.Equal(t, "de", m.Header.Get("Content-Language"))
	require.Equal(t, "auto-generated", m.Header.Get("Auto-Submitted"))
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	require.NoError(t, err)
	require.Equal(t, "Auftrag zur Mitnahme von +4…3456", subject)
	body, err := io.ReadAll(m.Body)
	require.NoError(t, err)
	require.Contains(t, m.Header.Get("Content-Type"), "multipart/alternative")
	require.Contains(t, string(body), "text/plain")
	require.Contains(t, string(body), "text/html")
}

// A mail server that is down for an hour loses nothing, and nothing is sent twice.
func TestMailServerDownForAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mail.Behave(notifytest.Down)
	const ports = 40
	want := map[string]int{}
	for i := range ports {
		record := w.tell(t, notify.Received, factsOf(fmt.Sprintf("pi-%d", i)))[0]
		want["<"+record.ID+"@example.com>"] = 1
	}
	for range 120 {
		require.Zero(t, w.deliver(t))
		w.clock.advance(30 * time.Second)
	}
	require.Equal(t, "smtp-unavailable", w.noticesOf(t, "pi-0")[0].Failure)
	require.Less(t, w.noticesOf(t, "pi-0")[0].Attempts, 25, "a server that is down is not flooded")

	w.mail.Behave(notifytest.Accepting)
	accepted := 0
	for range 12 {
		accepted += w.deliver(t)
		w.clock.advance(30 * time.Second)
	}
	require.Equal(t, ports, accepted)
	require.Equal(t, want, w.mail.Accepted())
}

func TestAServerThatIsNotThere(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	gone := listener.Addr().String()
	require.NoError(t, listener.Close())
	w := newWorld(t, func(o *notify.Options) { o.Senders[notify.Email].(*notify.SMTP).Addr = gone })
	w.tell(t, notify.Received, factsOf("pi-1"))
	require.Zero(t, w.deliver(t))
	n := w.noticesOf(t, "pi-1")[0]
	require.Equal(t, ledger.NoticePending, n.State)
	require.Equal(t, "smtp-unavailable", n.Failure)
	require.Equal(t, noon.Add(5*time.Second), n.DueAt)
}

func TestWhatAMailServerAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		how     notifytest.Behaviour
		state   ledger.NoticeState
		failure string
	}{
		"no such user":                       {notifytest.Refusing, ledger.NoticeFailed, "smtp-refused"},
		"not now":                            {notifytest.Greylisting, ledger.NoticePending, "smtp-unavailable"},
		"accepted, and no goodbye":           {notifytest.HangingUp, ledger.NoticeSent, ""},
		"accepted, the acknowledgement lost": {notifytest.LosingTheReply, ledger.NoticePending, "smtp-unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.mail.Behave(c.how)
			w.tell(t, notify.Received, factsOf("pi-1"))
			w.deliver(t)
			n := w.noticesOf(t, "pi-1")[0]
			require.Equal(t, c.state, n.State)
			require.Equal(t, c.failure, n.Failure)
		})
	}
}

// What cannot be known is repeated under the same Message-ID: the recipient's server can tell.
func TestALostAcknowledgementRepeatsTheSameMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mail.Behave(notifytest.LosingTheReply)
	w.tell(t, notify.Received, factsOf("pi-1"))
	w.deliver(t)
	w.mail.Behave(notifytest.Accepting)
	w.clock.advance(time.Minute)
	require.Equal(t, 1, w.deliver(t))
	require.Len(t, w.mail.Accepted(), 1)
}

func TestNoMailInTheClearWhereTLSIsMandatory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *notify.Options) { o.Senders[notify.Email].(*notify.SMTP).TLS = notify.TLSMandatory })
	w.tell(t, notify.Received, factsOf("pi-1"))
	require.Zero(t, w.deliver(t))
	require.Empty(t, w.mail.Accepted())
	require.Equal(t, ledger.NoticePending, w.noticesOf(t, "pi-1")[0].State)
}

func TestResendingIsAnotherMail(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.tell(t, notify.Received, factsOf("pi-1"))[0].ID
	w.deliver(t)
	_, err := w.books.ResendNotice(t.Context(), id, noon)
	require.NoError(t, err)
	require.Equal(t, 1, w.deliver(t))
	require.Equal(t, map[string]int{"<" + id + "@example.com>": 1, "<" + id + ".2@example.com>": 1}, w.mail.Accepted())
}

// crashing is an outbox whose process dies before it can say that a mail was accepted.
type crashing struct{ *ledger.Ledger }

func (crashing) NoticeAccepted(context.Context, string, string, time.Time) error {
	return errors.New("killed")
}

func TestAProcessThatDiesAfterTheAcceptance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dying := notify.New(notify.Options{
		Outbox: crashing{w.books}, Vault: w.keys, Templates: templates(t), Now: w.clock.Now, Senders: map[notify.Channel]notify.Sender{notify.Email: w.smtp()},
	})
	w.tell(t, notify.Completed, factsOf("pi-1"))
	_, err := dying.DeliverDue(t.Context())
	require.NoError(t, err)
	require.Zero(t, w.deliver(t), "it is leased to the dead")
	w.clock.advance(3 * time.Minute)
	require.Equal(t, 1, w.deliver(t))
	require.Len(t, w.mail.Accepted(), 1, "both had one Message-ID")
}

func TestRunDeliversAtOnce(t *testing.T) {
	t.Parallel()
	delivered := make(chan ledger.Notice, 1)
	w := newWorld(t, func(o *notify.Options) {
		o.Now = time.Now
		o.Delivered = func(n ledger.Notice) { delivered <- n }
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	record := w.tell(t, notify.FOC, factsOf("pi-1"))[0]
	n := <-delivered
	require.Equal(t, record.ID, n.ID)
	require.False(t, n.SentAt.Before(n.RecordedAt))
	stop()
	require.NoError(t, <-ended)
}

func TestAChannelThatIsMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	facts := factsOf("pi-1")
	facts.People[0].Contact = porting.Contact{Phone: phone}
	w.tell(t, notify.Received, facts)
	require.Zero(t, w.deliver(t))
	n := w.noticesOf(t, "pi-1")[0]
	require.Equal(t, ledger.NoticePending, n.State)
	require.Zero(t, n.Attempts, "it waits for a process that has the channel")
}

func TestGivenUpAtLast(t *testing.T) {
	t.Parallel()
	no := &sender{err: errors.New("never")}
	w := newWorld(t, func(o *notify.Options) { o.Senders[notify.Email] = no })
	w.tell(t, notify.Received, factsOf("pi-1"))
	for w.noticesOf(t, "pi-1")[0].State == ledger.NoticePending {
		w.deliver(t)
		w.clock.advance(5 * time.Minute)
	}
	require.Len(t, no.sent, 1000)
	require.Greater(t, w.clock.Now().Sub(noon), 72*time.Hour)
}

// Nothing personal, and no link, is in the ledger in the clear.
func TestTheLedgerHoldsNothingPersonal(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "ledger.db")
	books, err := ledger.Open(t.Context(), file)
	require.NoError(t, err)
	w := newWorld(t, func(o *notify.Options) { o.Outbox = books })
	facts := factsOf("pi-1")
	facts.People[0].Contact.Phone = phone
	records := w.tell(t, notify.Received, facts)
	require.Len(t, records, 2)
	_, err = w.DeliverDue(t.Context())
	require.NoError(t, err)
	require.NoError(t, books.Close())
	require.Contains(t, w.mail.Texts()[0], "https://port.example/stop/")

	held, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(held), records[0].ID, "it looks where the notices are")
	for _, secret := range []string{address, "sentinel", phone, phone[2:], "4930123456", "port.example"} {
		require.NotContains(t, string(held), secret)
	}
	for _, record := range records {
		require.Nil(t, record.Sealed)
		require.NotContains(t, fmt.Sprintf("%+v", record), "sentinel")
	}
}

func TestAnErrorHoldsNoAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mail.Behave(notifytest.Refusing)
	_, err := w.smtp().Send(t.Context(), notify.Message{ID: "n", Key: "n", To: address, Content: notify.Content{Subject: "s", Text: "t", HTML: "h"}})
	require.Equal(t, porting.Refused, porting.KindOf(err))
	require.NotContains(t, strings.ToLower(err.Error()), "sentinel", "the server repeats it")
	_, err = w.smtp().Send(t.Context(), notify.Message{To: "no address, sentinel"})
	require.Equal(t, "address-invalid", porting.CodeOf(err))
	require.NotContains(t, err.Error(), "sentinel")
}

func TestSuppressedIsRecordedAndNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	facts := factsOf("pi-1")
	facts.People = append(facts.People, notify.Person{Role: notify.AccountHolder, Contact: porting.Contact{Email: "other@example.org"}})
	facts.LineSeparation = &notify.Quiet{By: "ben@care"}
	w.tell(t, notify.Received, facts)
	require.Equal(t, 1, w.deliver(t))
	require.Equal(t, "<"+address+">", w.mail.LastMail(t).Header.Get("To"))
	var suppressed []string
	for _, n := range w.noticesOf(t, "pi-1") {
		if n.State == ledger.NoticeSuppressed {
			suppressed = append(suppressed, n.Recipient+": "+n.Suppressed)
		}
	}
	require.Equal(t, []string{"account-holder: line separation, by ben@care"}, suppressed)
}

func TestAwaited(t *testing.T) {
	t.Parallel()
	record := func(recipient, channel string, state ledger.NoticeState) ledger.Notice {
		return ledger.Notice{Kind: "received", Event: "v1", Recipient: recipient, Channel: channel, State: state, Demand: "47 CFR 52.37(c)"}
	}
	const pending, sent, failed, suppressed = ledger.NoticePending, ledger.NoticeSent, ledger.NoticeFailed, ledger.NoticeSuppressed
	undemanded := record("s", "email", pending)
	undemanded.Demand = ""
	for name, c := range map[string]struct {
		records []ledger.Notice
		awaited int
	}{
		"nothing demanded":                   {[]ledger.Notice{undemanded}, 0},
		"not sent yet":                       {[]ledger.Notice{record("s", "email", pending), record("s", "sms", pending)}, 2},
		"told by one channel":                {[]ledger.Notice{record("s", "email", sent), record("s", "sms", pending)}, 0},
		"the old contact is not told yet":    {[]ledger.Notice{record("s", "email", sent), record("p", "email", pending)}, 1},
		"the old contact cannot be reached":  {[]ledger.Notice{record("s", "email", sent), record("p", "email", failed)}, 0},
		"nobody can be reached":              {[]ledger.Notice{record("s", "email", failed), record("p", "email", failed)}, 2},
		"suppressed, and the other one told": {[]ledger.Notice{record("s", "email", sent), record("h", "email", suppressed)}, 0},
		"all suppressed":                     {[]ledger.Notice{record("h", "email", suppressed)}, 0},
	} {
		require.Len(t, notify.Awaited(c.records), c.awaited, name)
	}
}

func TestADemandIsMetByTheAcceptance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	facts := factsOf("po-1")
	facts.Direction = porting.PortOut
	_, err := w.Record(t.Context(), notify.Plan(notify.Event{Kind: notify.PortOutRequested, Key: "1"}, facts, usDemand), noon)
	require.NoError(t, err)
	require.Len(t, notify.Awaited(w.noticesOf(t, "po-1")), 1)
	w.deliver(t)
	require.Empty(t, notify.Awaited(w.noticesOf(t, "po-1")))
}

// From an event to a mail that a server has accepted.
func BenchmarkRecordToAccepted(b *testing.B) {
	delivered := make(chan ledger.Notice, 1)
	w := newWorld(b, func(o *notify.Options) {
		o.Now = time.Now
		o.Delivered = func(n ledger.Notice) { delivered <- n }
	})
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	i := 0
	for b.Loop() {
		i++
		w.tell(b, notify.Received, factsOf(fmt.Sprintf("pi-%d", i)))
		<-delivered
	}
	stop()
	require.NoError(b, <-ended)
}
