// Package patterns sees what no single port shows: a burst on one account, one signer over many accounts, a spike out of hours. It
// looks at what the ledger remembers of requests, which is keyed tokens and no names. Whoever exports metrics takes Counts, and
// whoever alerts takes what Look has seen.
package patterns

import (
	"context"
	"time"

	"github.com/portsaga/portsaga/internal/ledger"
)

// Pattern is something that many requests show together.
type Pattern string

// Patterns.
const (
	NumberBurst        Pattern = "number-burst"         // one number is asked for again and again
	AccountBurst       Pattern = "account-burst"        // many requests on one account
	EmailBurst         Pattern = "email-burst"          // one e-mail address on many requests
	AddressBurst       Pattern = "address-burst"        // one address on many requests
	RecipientBurst     Pattern = "recipient-burst"      // one recipient sends very many
	SignerOverAccounts Pattern = "signer-over-accounts" // one person signs for several accounts
	OutOfHoursSpike    Pattern = "out-of-hours-spike"   // many more than usual come while desks are closed
)

// All lists every pattern.
var All = []Pattern{NumberBurst, AccountBurst, EmailBurst, AddressBurst, RecipientBurst, SignerOverAccounts, OutOfHoursSpike}

// bursts are the patterns of one dimension that requests have in common. A signer counts by accounts, not by requests.
var bursts = map[string]Pattern{
	"number": NumberBurst, "account": AccountBurst, "email": EmailBurst, "address": AddressBurst, "recipient": RecipientBurst, "signer": SignerOverAccounts,
}

// Memory is what is asked of the ledger. *ledger.Ledger is one.
type Memory interface {
	Bursts(ctx context.Context, since time.Time, least int) ([]ledger.Burst, error)
	OddHours(ctx context.Context, since, until time.Time) (int, error)
}

// Limits say what makes a pattern. A bulk order is one request on one account.
type Limits struct {
	Back      time.Duration // how far back to look
	Least     int           // requests that make a burst, or a spike
	Accounts  int           // accounts that one person must not sign for
	Recipient int           // requests of one recipient that make a burst
	Times     int           // how many times the usual number makes a spike
}

// Usual are limits to begin with. They come from no data: calibrate them.
func Usual() Limits {
	return Limits{Back: 24 * time.Hour, Least: 5, Accounts: 3, Recipient: 200, Times: 3}
}

// usualDays is over how long the usual number of requests out of hours is taken, before the time that is looked at.
const usualDays = 30 * 24 * time.Hour

// Seen is a pattern that is there now. Its token says nothing but "the same".
type Seen struct {
	Pattern Pattern `json:"pattern"`
	ledger.Burst
	Usual float64 `json:"usual,omitempty"` // requests out of hours in as long a time before
}

// Look lists the patterns that are there now, the largest of a kind first.
func Look(ctx context.Context, m Memory, l Limits, now time.Time) ([]Seen, error) {
	all, err := m.Bursts(ctx, now.Add(-l.Back), min(l.Least, l.Accounts, l.Recipient))
	if err != nil {
		return nil, err
	}
	seen := []Seen{}
	for _, b := range all {
		if pattern, known := bursts[b.Dimension]; known && l.reached(pattern, b) {
			seen = append(seen, Seen{Pattern: pattern, Burst: b})
		}
	}
	spike, err := l.spike(ctx, m, now)
	if spike != nil {
		seen = append(seen, *spike)
	}
	return seen, err
}

func (l Limits) reached(p Pattern, b ledger.Burst) bool {
	switch p {
	case SignerOverAccounts:
		return b.Accounts >= l.Accounts
	case RecipientBurst:
		return b.Requests >= l.Recipient
	default:
		return b.Requests >= l.Least
	}
}

// spike compares the requests out of hours with those of the month before.
func (l Limits) spike(ctx context.Context, m Memory, now time.Time) (*Seen, error) {
	since := now.Add(-l.Back)
	odd, err := m.OddHours(ctx, since, now.Add(time.Microsecond))
	if err != nil || odd < l.Least {
		return nil, err
	}
	before, err := m.OddHours(ctx, since.Add(-usualDays), since)
	if err != nil {
		return nil, err
	}
	usual := float64(before) * float64(l.Back) / float64(usualDays)
	if float64(odd) <= usual*float64(l.Times) {
		return nil, nil
	}
	return &Seen{Pattern: OutOfHoursSpike, Burst: ledger.Burst{Dimension: "out-of-hours", Requests: odd}, Usual: usual}, nil
}

// Counts is how many of each pattern were seen, none of them left out, as a gauge exports it.
func Counts(seen []Seen) map[Pattern]int {
	counts := map[Pattern]int{}
	for _, p := range All {
		counts[p] = 0
	}
	for _, s := range seen {
		counts[s.Pattern]++
	}
	return counts
}
