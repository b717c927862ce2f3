package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

// refusingMail knows no recipient.
type refusingMail struct{}

func (refusingMail) Send(context.Context, notify.Message) (string, error) {
	return "", &porting.Error{Kind: porting.Refused, Code: "smtp-refused"}
}

// demanded is a world whose port may not be activated before its subscriber was told, with a mail server that answers as sender
// does. The notice was recorded so long ago.
func demanded(t *testing.T, s *scripted, sender notify.Sender, ago time.Duration) *world {
	t.Helper()
	w := gated(t, s)
	texts, err := notify.EmbeddedTemplates()
	require.NoError(t, err)
	o := notify.Options{Outbox: w.Ledger, Vault: w.Vault, Templates: texts, Senders: map[notify.Channel]notify.Sender{notify.Email: sender}}
	w.Notices = notify.New(o)
	o.Now = func() time.Time { return time.Now().Add(-ago) }
	_, err = notify.New(o).Record(t.Context(), notify.Plan(notify.Event{Kind: notify.Received}, notify.Facts{
		Port: portID, Direction: porting.PortIn, Country: "BR", Numbers: []porting.Number{number},
		People: []notify.Person{{Role: notify.Subscriber, Contact: porting.Contact{Email: "jordan@example.com"}}},
	}, []rules.Notice{{Party: "recipient", Before: "activation", Fact: rules.Fact{Cite: "Rule 7"}}}), monday)
	require.NoError(t, err)
	return w
}

func (w *world) deliver() {
	w.t.Helper()
	_, err := w.Notices.DeliverDue(w.t.Context())
	require.NoError(w.t, err)
}

// Where the pack demands it, nothing moves before the customer was told: the gate looks, whatever the saga says.
func TestActivationWaitsForADemandedNotice(t *testing.T) {
	t.Parallel()
	s := &scripted{activate: says(porting.CarrierActive)}
	w := demanded(t, s, &mailbox{}, 0)
	_, err := w.ActivatePort(t.Context(), activation())
	requireRetried(t, "notice-awaited", err)
	require.ErrorContains(t, err, "Rule 7")
	require.Empty(t, s.asked())
	require.Equal(t, ledger.FenceOpen, w.fence().State)

	w.deliver()
	require.Equal(t, porting.CarrierActive, w.activate(activation()).Status.State)
}

func TestActivationIsRefusedWhereNobodyCanBeTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sender notify.Sender
		ago    time.Duration
	}{
		"refused for good":         {refusingMail{}, 0},
		"not accepted in an hour":  {&mailbox{}, time.Hour},
		"not accepted in two days": {&mailbox{}, 48 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &scripted{}
			w := demanded(t, s, c.sender, c.ago)
			if c.ago == 0 {
				w.deliver()
			}
			answer := w.activate(activation())
			requireRefused(t, porting.OtherReason, answer)
			require.Contains(t, answer.Refused.Note, "Rule 7")
			require.Empty(t, s.asked())
		})
	}
}

// A revocation goes before, and an activation that was sent is looked up whatever became of notices.
func TestADemandedNoticeHidesNoRevocation(t *testing.T) {
	t.Parallel()
	w := demanded(t, &scripted{}, refusingMail{}, 0)
	w.deliver()
	require.False(t, w.revoke())
	require.True(t, w.activate(activation()).Fenced)
}
