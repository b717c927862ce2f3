package sources

import (
	"context"
	"time"

	"github.com/portsaga/portsaga/internal/fraud"
)

// Accounts remembers what was done to the accounts of our own subscribers.
type Accounts interface {
	// Past is what was done to numbers of ours, by their tokens, and to the accounts that they belong to.
	Past(ctx context.Context, numbers []string) (Past, error)
}

// Past is what was done to an account. Its times are by one clock, At being now; a zero time is never.
type Past struct {
	At           time.Time
	ContactKnown bool      // of every number it is known whom to tell
	ContactSince time.Time // since when these contacts stand
	ContactMoved time.Time // when one was last put in another one's place
	PINSet       time.Time // of the newest PIN
	Unlocked     time.Time // when a lock was last taken off
	Failed       int       // wrong PINs within Day
}

// Account says what changed lately on the account of a subscriber who leaves us: the contact, the PIN, the lock. What only a
// portal or a billing system knows, such as a new user, a new payer and the device, is not told.
func Account(all Accounts) Source {
	return Source{Name: "account", Ask: func(ctx context.Context, s Subject) (fraud.Facts, error) {
		if len(s.Ours) == 0 {
			return nil, missing(fraud.NotApplicable, "the number is not one of ours")
		}
		past, err := all.Past(ctx, s.Ours)
		if err != nil {
			return nil, err
		}
		return fraud.Account{
			ContactChange: past.contactChange(), PINCreated: past.since(past.PINSet), LockRemoved: past.since(past.Unlocked), Failed24h: &past.Failed,
		}, nil
	}}
}

// contactChange is the age of the last change, nil where it is not known whom to tell. A contact that took no other one's place has
// stood at least since it was set: who was told before that, nobody knows.
func (p Past) contactChange() *fraud.Age {
	switch {
	case !p.ContactMoved.IsZero():
		return new(fraud.AgeOf(p.ContactMoved, p.At))
	case p.ContactKnown:
		return new(fraud.AtLeast(int(p.At.Sub(p.ContactSince).Hours())))
	default:
		return nil
	}
}

func (p Past) since(at time.Time) *fraud.Age {
	if at.IsZero() {
		return new(fraud.None())
	}
	return new(fraud.AgeOf(at, p.At))
}

// Recipients remembers what became of numbers that left us.
type Recipients interface {
	// Frauds counts the ports to a recipient, by its token, that were found fraudulent since an instant.
	Frauds(ctx context.Context, recipient string, since time.Time) (int, error)
}

// recipientMemory is how far back a recipient's frauds count.
const recipientMemory = 90 * Day

// Recipient says how ports to the recipient went before. Whether the new line is anonymous, and how old the account there is, the
// recipient alone knows.
func Recipient(all Recipients) Source {
	return Source{Name: "recipient", Ask: func(ctx context.Context, s Subject) (fraud.Facts, error) {
		token := s.Tokens[ByRecipient]
		if len(s.Ours) == 0 || token == "" {
			return nil, missing(fraud.NotApplicable, "the recipient is ourselves, or has no name")
		}
		frauds, err := all.Frauds(ctx, token, s.At.Add(-recipientMemory))
		if err != nil {
			return nil, err
		}
		return fraud.Recipient{Frauds90d: &frauds}, nil
	}}
}

// Notices remembers what came of telling the subscriber.
type Notices interface {
	Told(ctx context.Context) (Told, error)
}

// Told is what came of the notices to the people of a port.
type Told struct {
	Sent, Failed, Waiting int
	Reply                 fraud.Reply
}

// Notice says whether the subscriber was reached, and what they answered. As long as notices are on their way, nobody was missed.
func Notice(all Notices) Source {
	return Source{Name: "notice", Ask: func(ctx context.Context, _ Subject) (fraud.Facts, error) {
		told, err := all.Told(ctx)
		if err != nil {
			return nil, err
		}
		switch {
		case told.Sent > 0 || told.Reply != fraud.ReplyNone:
			return fraud.Notice{Reply: &told.Reply, Undelivered: new(false)}, nil
		case told.Waiting > 0 || told.Failed == 0:
			return nil, missing(fraud.NotAsked, "nobody was told yet")
		default:
			return fraud.Notice{Reply: &told.Reply, Undelivered: new(true)}, nil
		}
	}}
}
