package allinone

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/internal/notify/notifytest"
	"github.com/portsaga/portsaga/porting"
)

// telling is a stack that tells people through a mail server on loopback.
func telling(t testing.TB, clock func(time.Time) porting.Clock) (*Stack, *notifytest.MailServer) {
	t.Helper()
	mail := notifytest.Start(t)
	s, err := Start(t.Context(), Options{Dir: t.TempDir(), Clock: clock, Fast: true, Notify: notify.Settings{
		LinkURL: "https://port.example",
		SMTP:    notify.SMTPSettings{Addr: mail.Addr(), TLS: string(notify.TLSNone), From: "Example Telecom <notices@example.com>"},
	}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	return s, mail
}

// reachable is an order of somebody who is told by mail alone.
func reachable(t testing.TB, reference string, number porting.Number) porting.Order {
	t.Helper()
	order, err := readDemoOrder()
	require.NoError(t, err)
	order.Reference, order.Numbers = reference, []porting.Number{number}
	order.Subscriber.Contact = porting.Contact{Email: "office@bakery.example"}
	return order
}

// Every notice of a port is accepted by the mail server at its first try, once, and the ledger says when. How long each one
// took is printed and not asserted: a slow machine is no defect. The benchmark holds the two seconds.
func TestEveryNoticeOfAPortIsAccepted(t *testing.T) {
	t.Parallel()
	s, mail := telling(t, demoClock)
	answer, err := s.Ports.Start(t.Context(), reachable(t, "TOLD-1", "+12125550161"))
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		status, err := s.Ports.Status(t.Context(), answer.ID)
		return err == nil && status.Stage == porting.Verifying
	}, patience, glance)
	_, err = s.Ports.Decide(t.Context(), answer.ID, porting.Decide{Decision: porting.Approve, By: "ben@approvals"})
	require.NoError(t, err)
	ended, err := s.Ports.Wait(t.Context(), answer.ID)
	require.NoError(t, err)
	require.Equal(t, porting.OutcomeCompleted, ended.Outcome)

	var notices []ledger.Notice
	require.Eventually(t, func() bool {
		notices, err = s.neighbours.Ledger.Notices(t.Context(), answer.ID)
		return err == nil && len(unsent(notices)) == 0
	}, patience, glance, "what is recorded is delivered")
	var kinds []string
	once := map[string]int{}
	for _, n := range notices {
		kinds, once["<"+n.ProviderRef+">"] = append(kinds, n.Kind), 1
		require.Equal(t, 1, n.Attempts, n.Kind)
		t.Logf("%s: accepted %.1f ms after it was recorded", n.Kind, float64(n.SentAt.Sub(n.RecordedAt).Microseconds())/1000)
	}
	require.Subset(t, kinds, []string{
		string(notify.Received), string(notify.FOC), string(notify.BeforeEffectuation), string(notify.Completed), string(notify.NumberArrived),
	})
	require.Equal(t, once, mail.Accepted())
}

func unsent(notices []ledger.Notice) []ledger.Notice {
	var waiting []ledger.Notice
	for _, n := range notices {
		if n.State != ledger.NoticeSent {
			waiting = append(waiting, n)
		}
	}
	return waiting
}

// From the event, an order that comes in, to the mail that a server has accepted: through the embedded engine, its workers, the
// ledger and SMTP. It fails where one takes two seconds: the outbox is then polled and no longer woken.
func BenchmarkOrderToAcceptedMail(b *testing.B) {
	s, mail := telling(b, nil)
	accepted := make(chan string, 1) // in real time a port that nobody approves tells its receipt, and nothing else
	mail.OnMail(func(id string) { accepted <- id })
	var longest time.Duration
	i := 0
	for b.Loop() {
		i++
		began := time.Now()
		_, err := s.Ports.Start(b.Context(), reachable(b, fmt.Sprintf("TOLD-B%d", i), porting.Number(fmt.Sprintf("+1212%07d", 5551000+i))))
		require.NoError(b, err)
		<-accepted
		longest = max(longest, time.Since(began))
	}
	b.ReportMetric(float64(longest.Milliseconds()), "ms-longest")
	require.Less(b, longest, 2*time.Second)
}
