package guard

import (
	"context"
	"log/slog"
	"time"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/porting"
)

// Notices tells people of what happened to a lock or a PIN. An event may come twice, with the same ID.
type Notices interface {
	Tell(ctx context.Context, e ledger.GuardEvent) error
}

// Deliver tells of up to limit events that nobody was told of yet, the oldest first, and returns how many were told. It stops
// at the first that cannot be told now: nothing is lost, it comes again.
func (g *Guard) Deliver(ctx context.Context, n Notices, limit int, at time.Time) (int, error) {
	events, err := g.books.UntoldGuardEvents(ctx, limit)
	if err != nil {
		return 0, err
	}
	for i, e := range events {
		if err := n.Tell(ctx, e); err != nil {
			return i, err
		}
		if err := g.books.GuardEventTold(ctx, e.ID, at); err != nil {
			return i, err
		}
	}
	return len(events), nil
}

// Outbox is where notices are written down. *notify.Notifier is one.
type Outbox interface {
	Record(ctx context.Context, plan []notify.Notice, at time.Time) ([]ledger.Notice, error)
}

// Teller tells people by notices, and the fraud desk by the services that hear of a tenant's ports.
type Teller struct {
	Guard    *Guard
	Outbox   Outbox
	Services func(tenant string) []string // nil: no service is told
}

// notices are the kinds of what people are told. Other events stay in the history.
var notices = map[string]notify.Kind{
	ledger.EventLocked: notify.Locked, ledger.EventUnlockCancelled: notify.Locked, ledger.EventUnlockAsked: notify.UnlockAsked,
	ledger.EventUnlocked: notify.Unlocked, ledger.EventPINSet: notify.PINChanged, ledger.EventPINChanged: notify.PINChanged,
	ledger.EventPINRemoved: notify.PINRemoved, ledger.EventPINFailed: notify.PINFailed, ledger.EventPINLocked: notify.PINLocked,
	ledger.EventContactChanged: notify.ContactChanged, ledger.EventSourceLocked: notify.SourceLocked,
}

// Tell writes down what is told of an event: to the people of its subject, on the contact that they have and on those that
// were replaced lately; of lockouts to the fraud desk, too. The same event again is written down once.
func (t Teller) Tell(ctx context.Context, e ledger.GuardEvent) error {
	kind, tells := notices[e.Kind]
	if !tells {
		return nil
	}
	facts := notify.Facts{Port: e.ID, Masked: []string{e.Masked}, Until: e.DueAt}
	if t.Services != nil && (kind == notify.PINLocked || kind == notify.SourceLocked) {
		facts.Services = t.Services(e.Tenant)
	}
	if kind != notify.SourceLocked { // its subject is a source, which has no people
		contacts, err := t.Guard.Contacts(ctx, e.Token, e.At)
		if err != nil {
			return err
		}
		facts.People = peopleOf(contacts)
		if len(contacts) > 0 {
			facts.Country = contacts[0].Country
		}
	}
	_, err := t.Outbox.Record(ctx, notify.Plan(notify.Event{Kind: kind, Key: e.ID}, facts, nil), e.At)
	return err
}

func peopleOf(contacts []Contact) []notify.Person {
	var people []notify.Person
	for _, c := range contacts {
		role := notify.Subscriber
		if c.Replaced {
			role = notify.PreviousContact
		}
		people = append(people, notify.Person{Role: role, Contact: c.Contact, Lang: c.Lang})
	}
	return people
}

const (
	tellEvery  = 5 * time.Second
	sweepEvery = time.Minute
	tellAtOnce = 100
)

// Run ends locks in the history and tells people, until ctx ends. Any number of processes may run it on one ledger. Without
// notices nobody is told, and the events wait.
func (g *Guard) Run(ctx context.Context, n Notices, log *slog.Logger) {
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	var swept time.Time
	for {
		now := time.Now()
		if now.Sub(swept) >= sweepEvery {
			swept = now
			if err := g.Sweep(ctx, now); err != nil && ctx.Err() == nil {
				log.Warn("locks could not be swept", "code", porting.CodeOf(err))
			}
		}
		if n != nil {
			if _, err := g.Deliver(ctx, n, tellAtOnce, now); err != nil && ctx.Err() == nil {
				log.Warn("people could not be told of locks and PINs", "code", porting.CodeOf(err))
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// counterLife is how long a counter of attempts is kept that nobody uses, and longer than any Forget or lockout.
const counterLife = 90 * 24 * time.Hour

// Sweep writes the end of locks whose time has come into the history, and forgets old counters and contacts. It is to be called every
// minute or so; locks end in time without it, and their subscribers are told by it.
func (g *Guard) Sweep(ctx context.Context, at time.Time) error {
	const atOnce = 1000
	if _, err := g.books.SettleUnlocks(ctx, at, atOnce); err != nil {
		return err
	}
	if _, err := g.books.ForgetAttempts(ctx, at.Add(-counterLife)); err != nil {
		return err
	}
	return g.books.ForgetContacts(ctx, at.Add(-contactMemory))
}
