package link

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// Books is what a desk asks of the ledger. *ledger.Ledger is one.
type Books interface {
	StopByLink(ctx context.Context, hash, by string, why porting.Reason, at time.Time, stops func(ledger.Fence) bool) (ledger.LinkUse, error)
	KeepLockByLink(ctx context.Context, hash, by string, at time.Time) (ledger.Lock, error)
	UntoldLinks(ctx context.Context, limit int) ([]ledger.Link, error)
	LinkTold(ctx context.Context, hash string, at time.Time) error
}

// Teller tells a port that its customer stopped it. It must work with no worker running: a signal does.
type Teller interface {
	Tell(ctx context.Context, port string, r porting.Revoke) error
}

// Desk is where links are used.
type Desk struct {
	Books    Books
	Ports    Teller
	Stops    func(ledger.Fence) bool // whether the rules let us stop a port; every one when nil
	Now      func() time.Time        // business time
	Real     func() time.Time        // in which locks live; time.Now when nil
	Patience time.Duration           // how long telling a port may take while the customer waits; 5 s when zero
	Log      *slog.Logger
}

// by is who acts by link, in timelines and histories.
const by = "customer link"

// Use closes the fence of the token's port, if it is ours to stop, then tells the port. The fence holds even where the port
// cannot be told now: Retell does it later. NotFound, code "link-unknown", is every token that does not work, whatever the cause.
func (d *Desk) Use(ctx context.Context, text string) (ledger.LinkUse, error) {
	token, ok := Read(text)
	if !ok {
		return ledger.LinkUse{}, &porting.Error{Kind: porting.NotFound, Code: "link-unknown", Op: "use link", Detail: "there is no such link"}
	}
	use, err := d.Books.StopByLink(ctx, token.Hash(), by, porting.UnauthorisedPort, d.Now(), d.stops)
	if err != nil {
		return ledger.LinkUse{}, err
	}
	if err := d.tell(ctx, use.Link); err != nil {
		d.Log.Warn("a port could not be told that its customer stopped it; it is told again", "port", use.Link.PortID, "code", porting.CodeOf(err))
	}
	return use, nil
}

// Keep lets the lock hold on whose unlock a token's notice told of; kept is false where that was too late. The number's people are
// told, as of every change of a lock. NotFound as of Use.
func (d *Desk) Keep(ctx context.Context, text string) (lock ledger.Lock, kept bool, err error) {
	token, ok := Read(text)
	if !ok {
		return ledger.Lock{}, false, &porting.Error{Kind: porting.NotFound, Code: "link-unknown", Op: "use link", Detail: "there is no such link"}
	}
	now := d.real()
	lock, err = d.Books.KeepLockByLink(ctx, token.Hash(), by, now)
	return lock, lock.Holds(now) && !lock.Ending(now), err
}

func (d *Desk) real() time.Time {
	if d.Real == nil {
		return time.Now()
	}
	return d.Real()
}

func (d *Desk) stops(f ledger.Fence) bool { return d.Stops == nil || d.Stops(f) }

// Retell tells the ports that could not be told when their link was used.
func (d *Desk) Retell(ctx context.Context) error {
	const atOnce = 100
	links, err := d.Books.UntoldLinks(ctx, atOnce)
	for _, link := range links {
		err = errors.Join(err, d.tell(ctx, link))
	}
	return err
}

// tell is safe to repeat: the message has the link's own ID. A port that has ended, or never began, needs no telling.
func (d *Desk) tell(ctx context.Context, link ledger.Link) error {
	const enough = 16
	patient, cancel := context.WithTimeout(ctx, cmp.Or(d.Patience, 5*time.Second))
	defer cancel()
	err := d.Ports.Tell(patient, link.PortID, porting.Revoke{ID: "link-" + link.Hash[:enough], By: by, Reason: porting.UnauthorisedPort})
	if code := porting.CodeOf(err); err != nil && code != "port-closed" && code != "port-not-found" {
		return err
	}
	return d.Books.LinkTold(ctx, link.Hash, d.Now())
}
