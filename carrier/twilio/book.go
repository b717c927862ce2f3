package twilio

import (
	"context"
	"time"

	"github.com/portsaga/portsaga/carrier"
)

// Book says under which name Twilio holds each order of ours. It must outlive the process and be shared by all that send.
type Book interface {
	// Intend writes down that an order is about to be sent at an instant. It is true for the one caller that may send: the
	// order was never sent, or last before the instant called stale and Twilio never gave it a name.
	Intend(ctx context.Context, ref carrier.Ref, at, stale time.Time) (bool, error)
	// Remember writes down Twilio's name of an order, intended or not. The first name stays: another one for the same order
	// fails with twilio-order-doubled.
	Remember(ctx context.Context, ref carrier.Ref, sid string) error
	// Forget takes back an intention that Twilio refused. An order with a name stays.
	Forget(ctx context.Context, ref carrier.Ref) error
	// Lookup lists the versions of a port's order, the highest first.
	Lookup(ctx context.Context, port string) ([]Entry, error)
	// RefOf says which order Twilio's name stands for; false if the book does not know it.
	RefOf(ctx context.Context, sid string) (carrier.Ref, bool, error)
}

// Entry is one version of an order in the Book.
type Entry struct {
	Ref  carrier.Ref
	SID  string    // Twilio's name of the request; empty as long as no answer told it
	Sent time.Time // real time of the last try to send it; zero if it was found at Twilio
}
