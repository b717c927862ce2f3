package activities

import (
	"context"
	"strings"
	"time"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/fraud/sources"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/porting"
)

// ownSources ask our own memory, as it was when the port was asked for: what others ask for later says nothing of this one.
func (a *Activities) ownSources(in porting.ScreenInput, asked time.Time) []sources.Source {
	memory := requests{a.Ledger, asked}
	return []sources.Source{
		sources.Velocity(memory), sources.LOA(memory), sources.Recipient(memory), sources.Account(accounts{a.Ledger}),
		sources.Notice(notices{a.Ledger, in.Port}),
	}
}

// remember adds the request to our own memory, where the next one finds it.
func (a *Activities) remember(ctx context.Context, in porting.ScreenInput, s sources.Subject, odd *bool) error {
	return a.Ledger.RecordRequest(ctx, ledger.Request{
		PortID: in.Port, Tokens: named(s.Tokens), Account: s.Letter.Account, Letter: s.Letter.SHA256, Bulk: in.Bulk, Odd: odd != nil && *odd, At: s.Letter.RequestedAt,
	})
}

// requests is the ledger as the fraud desk's memory of what was asked for.
type requests struct {
	ledger *ledger.Ledger
	until  time.Time
}

func (r requests) Count(ctx context.Context, tokens map[sources.Dimension]string, at time.Time) (map[sources.Dimension]sources.Met, error) {
	counted, err := r.ledger.Velocities(ctx, named(tokens), ledger.Span{Since: at.Add(-sources.Month), Lately: at.Add(-sources.Day), Until: r.until})
	met := map[sources.Dimension]sources.Met{}
	for by, v := range counted {
		met[sources.Dimension(by)] = sources.Met{Day: v.Lately, Month: v.Requests, Accounts: v.Accounts}
	}
	return met, err
}

// named are tokens by the names under which the ledger keeps them.
func named(tokens map[sources.Dimension]string) map[string]string {
	plain := map[string]string{}
	for by, token := range tokens {
		plain[string(by)] = token
	}
	return plain
}

func (r requests) OtherAccounts(ctx context.Context, digest, account string) (int, error) {
	return r.ledger.LettersElsewhere(ctx, digest, account)
}

func (r requests) Fingerprint(ctx context.Context, digest string) (fraud.Fingerprint, error) {
	own, err := r.ledger.LetterPrint(ctx, digest)
	return fraud.Fingerprint(own), err
}

// maxLetters is with how many letters one is compared, the newest of all: that takes a few milliseconds.
const maxLetters = 10_000

func (r requests) Fingerprints(ctx context.Context, digest, account string) ([]fraud.Fingerprint, error) {
	prints, err := r.ledger.LetterPrintsElsewhere(ctx, digest, account, maxLetters)
	all := make([]fraud.Fingerprint, len(prints))
	for i, other := range prints {
		all[i] = fraud.Fingerprint(other)
	}
	return all, err
}

func (r requests) Frauds(ctx context.Context, recipient string, since time.Time) (int, error) {
	return r.ledger.RecipientFrauds(ctx, recipient, since)
}

// accounts is the ledger as the memory of how numbers of ours were protected. That lives in real time, whatever time ports live in.
type accounts struct{ ledger *ledger.Ledger }

func (a accounts) Past(ctx context.Context, numbers []string) (sources.Past, error) {
	now := time.Now()
	past, err := a.ledger.GuardPast(ctx, numbers, now.Add(-sources.Day), now)
	return sources.Past{
		At: now, ContactKnown: past.Contacts == len(numbers), ContactSince: past.ContactSince, ContactMoved: past.ContactReplacedAt,
		PINSet: past.PINSetAt, Unlocked: past.UnlockedAt, Failed: past.Failed,
	}, err
}

// notices is the ledger as the memory of what the people of a port were told, and answered.
type notices struct {
	ledger *ledger.Ledger
	port   string
}

func (n notices) Told(ctx context.Context) (sources.Told, error) {
	told := sources.Told{Reply: fraud.ReplyNone}
	records, err := n.ledger.Notices(ctx, n.port)
	if err != nil {
		return told, err
	}
	for _, record := range records {
		if !strings.HasPrefix(record.Recipient, string(notify.Subscriber)) && !strings.HasPrefix(record.Recipient, string(notify.AccountHolder)) {
			continue // a service, or a contact of before
		}
		switch record.State {
		case ledger.NoticeSent:
			told.Sent++
		case ledger.NoticeFailed:
			told.Failed++
		case ledger.NoticePending:
			told.Waiting++
		case ledger.NoticeSuppressed:
		}
	}
	reply, err := n.ledger.LastReply(ctx, n.port)
	if reply != "" {
		told.Reply = fraud.Reply(reply)
	}
	return told, err
}
