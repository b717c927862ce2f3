package chaos

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/internal/notify/notifytest"
)

// faults are all ways in which this house can be broken, in an order that is the same in every run.
func (h *house) faults() []fault {
	all := []fault{
		{name: carrierFails, weight: 7, armed: true, strike: carrierPlays(carrierFails)},
		{name: carrierHangs, weight: 2, armed: true, strike: carrierPlays(carrierHangs)},
		{name: carrierLoses, weight: 8, armed: true, strike: carrierPlays(carrierLoses)},
		{name: newsTwice, weight: 14, armed: true, strike: postPlays(newsTwice)},
		{name: newsLate, weight: 8, armed: true, strike: postPlays(newsLate)},
		{name: newsReordered, weight: 10, armed: true, strike: postPlays(newsReordered)},
		{name: "news forged", weight: 14, strike: lies(false)},
		{name: "news signed, and not true", weight: 14, strike: lies(true)},
		{name: "reset", weight: 3, strike: resets(false)},
		{name: "reset without messages", weight: 2, strike: resets(true)},
		{name: "steps paused", weight: 4, strike: pausesSteps},
		{name: "rolling deploy", weight: 1, away: true, strike: deploys},
		{name: "key store down", weight: 2, away: true, strike: hidesKeys},
		{name: "disk full under engine", weight: 2, away: true, strike: fillsDisk},
		{name: "mail server down", weight: 2, away: true, strike: mailIs(notifytest.Down)},
		{name: "mail greylisted", weight: 2, away: true, strike: mailIs(notifytest.Greylisting)},
		{name: "mail accepted, answer lost", weight: 2, away: true, strike: mailIs(notifytest.LosingTheReply)},
		{name: "terminate", weight: 2, strike: terminates},
		{name: "delete", weight: 1, strike: deletes},
	}
	for name, weight := range map[string]int{theEngine: 2, theWorkflow: 3, theTrust: 2, theGate: 3, theFront: 2, theCarrier: 3} {
		all = append(all, fault{name: "kill -9 " + name, weight: weight, away: true, strike: kills(name)},
			fault{name: "SIGSTOP " + name, weight: 1, away: true, strike: stops(name)})
	}
	for _, name := range []string{theEngine, theGate, theCarrier, theTrust} {
		all = append(all, fault{name: name + " " + killsAtOnce, weight: 2, armed: true, strike: killsAfterEffect(name)})
	}
	for name := range h.links {
		all = append(all, fault{name: "partition of " + name, weight: 2, away: true, strike: cuts(name)})
	}
	if h.database != nil {
		all = append(all, fault{name: "database crash", weight: 2, away: true, strike: crashes})
	} else {
		all = append(all, fault{name: "ledger locked", weight: 3, away: true, strike: locks("ledger.db")},
			fault{name: "key store locked", weight: 2, away: true, strike: locks("keys.db")})
	}
	slices.SortFunc(all, func(a, b fault) int { return cmp.Compare(a.name, b.name) })
	return all
}

// kills takes a process away without a word, and brings it back after a while.
func kills(name string) func(context.Context, *nemesis, *rand.Rand) bool {
	return func(ctx context.Context, n *nemesis, r *rand.Rand) bool {
		p := n.house.processes[name]
		if !p.disturbed.TryLock() {
			return false
		}
		defer p.disturbed.Unlock()
		p.kill()
		pass(ctx, between(r, 0, 2*time.Second))
		_ = n.house.start(p) // if it does not start, the supervisor tries again
		return true
	}
}

// killsAfterEffect kills a process when something has just been done at the carrier, and nobody knows of it yet.
func killsAfterEffect(name string) func(context.Context, *nemesis, *rand.Rand) bool {
	return func(_ context.Context, n *nemesis, _ *rand.Rand) bool {
		p := n.house.processes[name]
		return n.house.line.plays(trick{name: name + " " + killsAtOnce, then: func() {
			if p.disturbed.TryLock() {
				defer p.disturbed.Unlock()
				p.kill()
				_ = n.house.start(p)
			}
		}})
	}
}

func stops(name string) func(context.Context, *nemesis, *rand.Rand) bool {
	return func(ctx context.Context, n *nemesis, r *rand.Rand) bool {
		p := n.house.processes[name]
		if !p.disturbed.TryLock() {
			return false
		}
		defer p.disturbed.Unlock()
		p.send(syscall.SIGSTOP)
		pass(ctx, between(r, 500*time.Millisecond, 4*time.Second))
		p.send(syscall.SIGCONT)
		return true
	}
}

func cuts(name string) func(context.Context, *nemesis, *rand.Rand) bool {
	return func(ctx context.Context, n *nemesis, r *rand.Rand) bool {
		l := n.house.links[name]
		if !l.cut() {
			return false
		}
		defer l.mend()
		pass(ctx, between(r, 500*time.Millisecond, 5*time.Second))
		return true
	}
}

func carrierPlays(name string) func(context.Context, *nemesis, *rand.Rand) bool {
	return func(_ context.Context, n *nemesis, r *rand.Rand) bool {
		return n.house.line.plays(trick{name: name, pause: between(r, 2*time.Second, 6*time.Second)})
	}
}

func postPlays(name string) func(context.Context, *nemesis, *rand.Rand) bool {
	return func(_ context.Context, n *nemesis, r *rand.Rand) bool {
		n.house.post.plays(trick{name: name, pause: between(r, time.Second, 5*time.Second)})
		return true
	}
}

// lies tells of a port what is not so. Who has no key of the carrier must be refused; what is signed is a hint, and no more.
func lies(signed bool) func(context.Context, *nemesis, *rand.Rand) bool {
	return func(ctx context.Context, n *nemesis, r *rand.Rand) bool {
		victim, found := n.load.some(r)
		if !found {
			return false
		}
		word := []string{simulator.Activated, simulator.Cancelled, simulator.Rejected, simulator.Confirmed, simulator.Reversed}[r.IntN(5)]
		body, err := json.Marshal(simulator.Webhook{
			ID: "evt-lie-" + victim.Reference + "-" + word, Type: "order." + word, Order: carrier.Ref{Port: victim.ID, Version: 1},
			OccurredAt: time.Now(), Status: "active",
		})
		return err == nil && n.house.post.lie(ctx, body, signed)
	}
}

// deploys brings out the other build, one role after the other.
func deploys(ctx context.Context, n *nemesis, r *rand.Rand) bool {
	for _, role := range []string{theWorkflow, theTrust, theGate, theFront} {
		p := n.house.processes[role]
		p.disturbed.Lock()
		n.house.end(p)
		p.build.Store(1 - p.build.Load())
		err := n.house.start(p)
		p.disturbed.Unlock()
		if err != nil || !pass(ctx, between(r, 0, time.Second)) {
			return false
		}
	}
	return true
}

// hidesKeys takes away what wraps the keys of payloads.
func hidesKeys(ctx context.Context, n *nemesis, r *rand.Rand) bool {
	name := n.house.path("tenant-keys")
	if os.Rename(name, name+".away") != nil {
		return false
	}
	defer func() { _ = os.Rename(name+".away", name) }() // nobody else touches it
	pass(ctx, between(r, 500*time.Millisecond, 4*time.Second))
	return true
}

func fillsDisk(ctx context.Context, n *nemesis, r *rand.Rand) bool {
	p := n.house.processes[theEngine]
	if !p.disturbed.TryLock() {
		return false
	}
	defer p.disturbed.Unlock()
	if p.fillDisk(true) != nil {
		return false
	}
	defer func() { _ = p.fillDisk(false) }() // it fails if the engine has ended, and then it is not needed
	pass(ctx, between(r, 500*time.Millisecond, 3*time.Second))
	return true
}

func mailIs(how notifytest.Behaviour) func(context.Context, *nemesis, *rand.Rand) bool {
	return func(ctx context.Context, n *nemesis, r *rand.Rand) bool {
		n.house.mail.Behave(how)
		defer n.house.mail.Behave(notifytest.Accepting)
		pass(ctx, between(r, 500*time.Millisecond, 4*time.Second))
		return true
	}
}

// locks keeps everybody else from writing into a SQLite file.
func locks(name string) func(context.Context, *nemesis, *rand.Rand) bool {
	return func(ctx context.Context, n *nemesis, r *rand.Rand) bool {
		db, err := sql.Open("sqlite", "file:"+n.house.path(name)+"?_pragma=busy_timeout(2000)")
		if err != nil {
			return false
		}
		defer db.Close()
		held, err := db.Conn(ctx)
		if err != nil {
			return false
		}
		defer held.Close()
		if _, err := held.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
			return false
		}
		pass(ctx, between(r, time.Second, 8*time.Second))
		_, err = held.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		return err == nil
	}
}
