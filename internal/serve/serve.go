// Package serve is the door for the world outside: customers who stop a port by the link in their notice, services that
// revoke, the SMS provider that brings customers' answers, carriers that send news, wholesalers that ask before a number leaves,
// and portals where subscribers protect their numbers. Whoever stops a port here closes its fence first; the saga is told afterwards.
//
// A GET changes nothing, because mail scanners open every link. Tokens that do not work are answered alike, whatever the
// cause. Only wholesalers and portals need the vault's key.
package serve

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/link"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/porting"
)

// Fences is what a service's revocation asks of the ledger. *ledger.Ledger is one.
type Fences interface {
	Fence(ctx context.Context, port string) (ledger.Fence, error)
	CloseFence(ctx context.Context, port, by string, why porting.Reason, at time.Time) (ledger.Fence, error)
}

// Ports is what a service's revocation asks of the sagas. *starter.Client is one.
type Ports interface {
	Revoke(ctx context.Context, id string, r porting.Revoke) (porting.Answer, error)
}

// Reply is a customer's answer by SMS. Its words stay at the door: they may hold a code.
type Reply struct {
	ID     string // the provider's name of the message; the same answer comes again under the same
	From   porting.Number
	Answer notify.Answer
	At     time.Time
}

// Replies takes the answers of customers to the ports that wait for them. NotFound means that no port of this number does.
type Replies interface {
	CustomerReply(ctx context.Context, r Reply) error
}

// Options configure the door. What is nil is not served.
type Options struct {
	Desk     *link.Desk
	Fences   Fences
	Ports    Ports
	Services []Service
	Inbound  notify.Inbound
	Replies  Replies
	News     News
	Words    notify.Dictionary

	Validation *Validation
	Protection *guard.API // its AddressOf is the door's

	Help        string // how a customer reaches people, shown on every page
	Now         func() time.Time
	BehindProxy bool // the last X-Forwarded-For address is the customer's
	Health      func(ctx context.Context) error
	Log         *slog.Logger
}

type door struct {
	Options
	pages  pages
	limits *limits
}

// Handler serves the door.
func Handler(o Options) (http.Handler, error) {
	written, err := readPages()
	if err != nil {
		return nil, err
	}
	d := &door{Options: o, pages: written, limits: newLimits()}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", d.health)
	if o.Desk != nil {
		mux.HandleFunc("GET "+link.Path+"{token}", d.ask(d.pages.port))
		mux.HandleFunc("POST "+link.Path+"{$}", d.stop)
		mux.HandleFunc("GET "+link.KeepPath+"{token}", d.ask(d.pages.lock))
		mux.HandleFunc("POST "+link.KeepPath+"{$}", d.keep)
	}
	if len(o.Services) > 0 {
		mux.HandleFunc("POST /v1/ports/{id}/revoke", d.revoke)
	}
	if o.Inbound != nil && o.Replies != nil {
		mux.HandleFunc("POST /v1/sms", d.sms)
	}
	if o.News != nil {
		mux.HandleFunc("POST /news/{carrier}", d.news)
	}
	if o.Validation != nil {
		mux.HandleFunc("POST /v1/port-outs/validate", d.validate)
	}
	if o.Protection != nil {
		o.Protection.AddressOf = func(r *http.Request) string { return d.addressOf(r).String() }
		protection := o.Protection.Handler()
		mux.Handle(guard.Path, protection)
		mux.Handle(guard.Path+"/", protection)
	}
	return guarded(mux), nil
}

// guarded sets the headers that every answer has: nothing is kept, framed, guessed or told to the next site.
func guarded(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Cache-Control":                "no-store",
			"Content-Security-Policy":      contentPolicy,
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Permissions-Policy":           "interest-cohort=()",
			"Referrer-Policy":              "no-referrer",
			"X-Content-Type-Options":       "nosniff",
			"X-Frame-Options":              "DENY",
			"X-Robots-Tag":                 "noindex, nofollow",
		} {
			w.Header().Set(name, value)
		}
		h.ServeHTTP(w, r)
	})
}

func (d *door) health(w http.ResponseWriter, r *http.Request) {
	if d.Health != nil && d.Health(r.Context()) != nil {
		http.Error(w, "the ledger does not answer", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// retellEvery is how often ports are told again that could not be told when their customer stopped them.
const retellEvery = 10 * time.Second

// Run serves on a listener until ctx ends. Beside it run the chores of what is served: to tell the ports whose customers
// stopped them, and to open those that wholesalers asked for.
func Run(ctx context.Context, on net.Listener, h http.Handler, chores ...func(context.Context)) error {
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 90 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}
	stop := context.AfterFunc(ctx, func() {
		quiet, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(quiet) // what is cut off was written to the ledger, or was not answered
	})
	defer stop()
	var running sync.WaitGroup
	defer running.Wait()
	working, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, chore := range chores {
		running.Go(func() { chore(working) })
	}
	if err := server.Serve(on); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Retelling keeps telling ports that could not be told when their customer stopped them.
func Retelling(desk *link.Desk) func(context.Context) {
	return func(ctx context.Context) { retell(ctx, desk) }
}

func retell(ctx context.Context, desk *link.Desk) {
	tick := time.NewTicker(retellEvery)
	defer tick.Stop()
	for {
		if err := desk.Retell(ctx); err != nil && ctx.Err() == nil {
			desk.Log.Warn("ports could not be told yet that their customers stopped them", "code", porting.CodeOf(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
