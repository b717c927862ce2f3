package sources

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/porting"
)

// Subject is the port that evidence is gathered for. What is not known of it stays empty; the sources that need it are then
// not asked.
type Subject struct {
	At         time.Time // now, in the time of business
	Correlator string    // ties our requests to the port in the logs of others; no personal data
	Number     porting.Number
	Contact    porting.Number // on which the subscriber is told
	Mobile     bool           // mobile networks know nothing of other lines
	Person     Person
	HeldSince  time.Time // the day from which the subscriber says to hold the number

	// OurPortAt is when we last ported the number ourselves, and ActivatedAt when the line was first switched on. Networks
	// report both as a change of SIM and of handset, which they are not.
	OurPortAt, ActivatedAt time.Time

	Ours   []string             // tokens of numbers of ours that leave; none where they come to us
	Tokens map[Dimension]string // keyed digests of what requests may have in common
	Letter Letter
}

// Person is what the order says of its subscriber. It prints as "[person]".
type Person struct {
	Name, Street, PostalCode, City, Region, Country, Email string

	Birthdate string // 2006-01-02
	Document  string // number of an identity document
}

// Format keeps every verb from printing the person.
func (Person) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "[person]") }

// LogValue keeps log lines clean.
func (Person) LogValue() slog.Value { return slog.StringValue("[person]") }

// Letter is what is known of a letter of authorization without its text.
type Letter struct {
	SHA256        string // of the file
	Account       string // keyed digest of the account that it is for
	SignedAt      time.Time
	RequestedAt   time.Time // when the port was asked for
	CustomerSince time.Time
}

// began is when the line began to be what it is now, zero where that is not known. Networks report it as a change.
func (s Subject) began() time.Time {
	if s.ActivatedAt.After(s.OurPortAt) {
		return s.ActivatedAt
	}
	return s.OurPortAt
}

// margin is how far apart we and a network may put the same port.
const margin = 6 * time.Hour

// changeAt is the age of a change of SIM or handset at an instant; none where a port of ours or the first activation explains it.
func (s Subject) changeAt(at time.Time) (fraud.Age, error) {
	if at.After(s.At.Add(time.Hour)) {
		return fraud.Age{}, missing(fraud.Unreadable, "the change lies in the future")
	}
	for _, ours := range []time.Time{s.OurPortAt, s.ActivatedAt} {
		if !ours.IsZero() && at.Sub(ours).Abs() <= margin {
			return fraud.None(), nil
		}
	}
	return fraud.AgeOf(at, s.At), nil
}

// facts keeps only facts that came without an error.
func factsOr(facts fraud.Facts, err error) (fraud.Facts, error) {
	if err != nil {
		return nil, err
	}
	return facts, nil
}
