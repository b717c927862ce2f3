package worker

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/portsaga/portsaga/carrier"
)

const (
	// PortOutsEvery is how often carriers are asked for requests that no news announced: the shortest time for an answer is
	// half an hour.
	PortOutsEvery = time.Minute

	// firstLook is how far the first look goes back: further than any carrier waits for an answer.
	firstLook = 72 * time.Hour
	// overlap is how much of the time before the last look is looked at again, for what a carrier lists late.
	overlap = time.Hour
)

// PortOutPoller opens ports for the requests that carriers list, so that a request whose news got lost is not answered by
// silence.
type PortOutPoller struct {
	Ports    PortOutStarter
	Gateways map[string]carrier.Gateway // by carrier
	Now      func() time.Time           // of business time
	Log      *slog.Logger

	looked map[string]time.Time // by carrier: when it last told all
	opened map[string]time.Time // by port: when its request came in
}

// pollPortOuts looks for requests until ctx ends.
func (n Neighbours) pollPortOuts(ctx context.Context, ports PortOutStarter) {
	log := n.log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	ticker := time.NewTicker(PortOutsEvery)
	defer ticker.Stop()
	poller := &PortOutPoller{Ports: ports, Gateways: n.Carriers, Now: time.Now, Log: log}
	poller.Run(ctx, ticker.C)
}

// Run looks at once and then at every tick, until ctx ends.
func (p *PortOutPoller) Run(ctx context.Context, ticks <-chan time.Time) {
	for {
		p.Look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
	}
}

// Look asks every carrier that lets us answer. One that fails is asked for the same time again.
func (p *PortOutPoller) Look(ctx context.Context) {
	if p.looked == nil {
		p.looked, p.opened = map[string]time.Time{}, map[string]time.Time{}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Gateways)) {
		desk, asks := p.Gateways[name].(carrier.PortOuts)
		if !asks || !p.Gateways[name].Capabilities().PortOut {
			continue
		}
		now := p.Now()
		if err := p.openAll(ctx, name, desk, p.since(name, now)); err != nil {
			if ctx.Err() == nil {
				p.Log.WarnContext(ctx, "requests for our numbers could not be looked for", "carrier", name, "error", err)
			}
			continue
		}
		p.looked[name] = now
	}
	p.forget()
}

func (p *PortOutPoller) since(name string, now time.Time) time.Time {
	last, looked := p.looked[name]
	if !looked {
		return now.Add(-firstLook)
	}
	return last.Add(-overlap)
}

// openAll opens a port for every request since an instant that has none.
func (p *PortOutPoller) openAll(ctx context.Context, name string, desk carrier.PortOuts, since time.Time) error {
	requests, err := desk.PortOutRequests(ctx, since)
	if err != nil {
		return err
	}
	var failed error
	for _, r := range requests {
		r.Carrier = name
		if _, open := p.opened[r.PortID()]; open {
			continue
		}
		err := openPortOut(ctx, p.Ports, r)
		if err != nil && !gone(err) {
			failed = errors.Join(failed, err)
			continue
		}
		if err != nil {
			p.Log.WarnContext(ctx, "a request for our numbers was not taken", "carrier", name, "request", r.ID, "error", err)
		}
		p.opened[r.PortID()] = r.ReceivedAt
	}
	return failed
}

// forget drops what no look comes back to.
func (p *PortOutPoller) forget() {
	oldest := p.Now().Add(-2 * firstLook)
	maps.DeleteFunc(p.opened, func(_ string, received time.Time) bool { return received.Before(oldest) })
}
