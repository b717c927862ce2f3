package sources_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/fraud/sources"
)

// past is what our books say of a number of ours.
type past struct {
	said sources.Past
	err  error
}

func (p past) Past(_ context.Context, numbers []string) (sources.Past, error) {
	if len(numbers) != 1 || numbers[0] != "ours" {
		return sources.Past{}, errors.New("asked for another number")
	}
	p.said.At = now
	return p.said, p.err
}

// leaving is a number of ours that leaves.
func leaving() sources.Subject {
	s := subject()
	s.Ours, s.Tokens = []string{"ours"}, map[sources.Dimension]string{sources.ByRecipient: "r"}
	return s
}

func TestAccountChanges(t *testing.T) {
	t.Parallel()
	never := new(fraud.None())
	hours := func(n int) time.Time { return now.Add(-time.Duration(n) * time.Hour) }
	for name, c := range map[string]struct {
		past sources.Past
		want fraud.Account
	}{
		"nothing is known of the contact": {sources.Past{}, fraud.Account{PINCreated: never, LockRemoved: never, Failed24h: new(0)}},
		"the contact has stood for 30 hours, and what was before is not known": {
			sources.Past{ContactKnown: true, ContactSince: hours(30)},
			fraud.Account{ContactChange: new(fraud.AtLeast(30)), PINCreated: never, LockRemoved: never, Failed24h: new(0)},
		},
		"the contact was replaced": {
			sources.Past{ContactKnown: true, ContactSince: hours(5), ContactMoved: hours(5)},
			fraud.Account{ContactChange: new(fraud.AgeOf(hours(5), now)), PINCreated: never, LockRemoved: never, Failed24h: new(0)},
		},
		"a fresh PIN, a lock that is off, and tries": {
			sources.Past{PINSet: hours(0), Unlocked: hours(2), Failed: 4},
			fraud.Account{PINCreated: new(fraud.AgeOf(now, now)), LockRemoved: new(fraud.AgeOf(hours(2), now)), Failed24h: new(4)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := ask(t, []sources.Source{sources.Account(past{c.past, nil})}, "account", leaving())
			require.Equal(t, &c.want, e.Account.Known)
		})
	}
}

func TestAccountChangesThatNobodyKnows(t *testing.T) {
	t.Parallel()
	e := ask(t, []sources.Source{sources.Account(past{})}, "account", subject())
	require.Equal(t, fraud.NotApplicable, e.Account.Missing, "the number is another carrier's")
	e = ask(t, []sources.Source{sources.Account(past{err: errors.New("no ledger")})}, "account", leaving())
	require.Equal(t, fraud.Unavailable, e.Account.Missing)
	slow := sources.Account(past{err: context.DeadlineExceeded})
	e = ask(t, []sources.Source{slow}, "account", leaving())
	require.Equal(t, fraud.TimedOut, e.Account.Missing)
}

// frauds is how often numbers were taken back from a recipient.
type frauds int

func (f frauds) Frauds(_ context.Context, recipient string, since time.Time) (int, error) {
	if recipient != "r" || !since.Equal(now.Add(-90*24*time.Hour)) {
		return 0, errors.New("asked for another one")
	}
	return int(f), nil
}

func TestRecipientHistory(t *testing.T) {
	t.Parallel()
	all := []sources.Source{sources.Recipient(frauds(3))}
	require.Equal(t, &fraud.Recipient{Frauds90d: new(3)}, ask(t, all, "recipient", leaving()).Recipient.Known)
	require.Equal(t, fraud.NotApplicable, ask(t, all, "recipient", subject()).Recipient.Missing, "the recipient is ourselves")
}

// told is what came of notices.
type told sources.Told

func (n told) Told(context.Context) (sources.Told, error) { return sources.Told(n), nil }

func TestNoticesToTheSubscriber(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		told told
		want *fraud.Notice
	}{
		"nobody was told":          {told{Reply: fraud.ReplyNone}, nil},
		"on its way":               {told{Waiting: 1, Failed: 1, Reply: fraud.ReplyNone}, nil},
		"sent on one of two ways":  {told{Sent: 1, Failed: 1, Reply: fraud.ReplyNone}, &fraud.Notice{Reply: new(fraud.ReplyNone), Undelivered: new(false)}},
		"nobody was reached":       {told{Failed: 2, Reply: fraud.ReplyNone}, &fraud.Notice{Reply: new(fraud.ReplyNone), Undelivered: new(true)}},
		"whoever answers was told": {told{Waiting: 1, Reply: fraud.ReplyNo}, &fraud.Notice{Reply: new(fraud.ReplyNo), Undelivered: new(false)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := ask(t, []sources.Source{sources.Notice(c.told)}, "notice", subject()).Notice
			require.Equal(t, c.want, report.Known)
			require.Equal(t, c.want == nil, report.Missing != "")
		})
	}
}
