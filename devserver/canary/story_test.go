package canary

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/internal/notify/notifytest"
	"github.com/portsaga/portsaga/internal/simulate"
	"github.com/portsaga/portsaga/porting"
)

// chapter is one port: what happens to it, and the order or request that it begins with.
type chapter struct {
	scenario simulate.Scenario
	prefix   string // of the reference: what goes wrong
	pin      bool   // the authorization is a code, and the donor's record differs: people must look
}

// told are scenarios in which carriers and people say aloud what they should not.
var told = map[string]string{
	"names-in-a-reject": `
about: the carrier writes of a person in its reject, and people correct the order
carrier:
  about: it rejects once
  steps:
    - {on: submitted, after: 3h, then: rejected, code: ACCOUNT_NUMBER_MISMATCH, text: "` + inAReject + ` is our customer under ` + newAccount + `, not ` + holder + `"}
    - {on: supplemented, after: 2h, then: confirmed}
    - {on: activation-asked, after: 1m, then: activated}
people:
  - {on: verifying, do: approve, by: ben@approvals}
  - {on: exception, do: amend, by: ana@desk, account_number: ` + newAccount + `, name: ` + corrected + `, address: {street: ` + otherStreet + `, city: ` + town + `, country: US}}
  - {on: verifying, version: 2, do: approve, by: ben@approvals}
ends: completed`,
	"names-in-a-refusal": `
about: the numbers moved, and the carrier writes of a person when it is to move them back
carrier:
  about: it takes no reverse ports
  steps:
    - {on: submitted, after: 2h, then: confirmed}
    - {on: activation-asked, after: 1m, then: activated}
  answers:
    reverse: {refuse: "` + inAReject + ` of ` + street + ` wants to stay"}
people:
  - {on: verifying, do: approve, by: ben@approvals}
  - {on: active, do: revoke, by: carla@care, reason: UNAUTHORISED_PORT}
ends: disputed`,
	"names-in-notes": `
about: people write of a person where they should not
people:
  - {on: verifying, do: note, by: ana@desk, text: ` + inANote + ` called from ` + telephone + `}
  - {on: verifying, after: 1h, do: approve, by: ben@approvals}
  - {on: submitted, after: 30m, do: hold, by: ana@desk, why: ` + inANote + ` is asked}
  - {on: on-hold, after: 2h, do: resume, by: ana@desk}
ends: completed`,
}

// story is what happens in a house: in CI one port of each kind, otherwise every scenario that there is.
func story(t require.TestingT, everything bool) []chapter {
	var all []chapter
	for _, name := range slices.Sorted(maps.Keys(told)) {
		sc, err := simulate.Parse(name, []byte(told[name]))
		require.NoError(t, err)
		all = append(all, chapter{scenario: sc})
	}
	all = append(all, chapter{scenario: simulate.Builtin()[0], prefix: forGood})
	short := map[string]chapter{
		"happy": {pin: true}, "times-out-after-applying": {prefix: echoes}, "messaging-late": {prefix: panics}, "approver-rejects": {pin: true},
		"port-out-happy": {}, "port-out-wrong-pin": {}, "port-out-unauthorised": {},
	}
	var more []chapter
	for _, sc := range slices.Concat(simulate.Builtin(), simulate.BuiltinPortOuts()) {
		c, always := short[sc.Name]
		c.scenario = sc
		switch {
		case always: // first: what must be seen is in them
			all = append(all, c)
		case everything:
			more = append(more, c)
		}
	}
	return append(all, more...)
}

// forGood begins the references of orders that the carrier's line fails for good, with the subscriber's name and address.
const forGood = "FAILED-"

// full reports whether everything is to be played, as `make canary` does.
func full() bool { return os.Getenv("PORTSAGA_CANARY") == "full" }

// sideBySide is how many ports are played at once: more would be late for their scaled clocks on a slow machine.
const sideBySide = 12

// live plays the whole story for a while, and returns how many ports ended in each way. What has not ended by then stays open:
// on a busy machine people are late for clocks that run this fast. The mail server refuses its first recipients by name.
func (h *house) live(ctx context.Context, everything bool) (map[porting.Outcome]int, error) {
	ctx, cancel := context.WithTimeout(ctx, while(everything))
	defer cancel()
	quick, err := simulate.Find("revoke-before-submit")
	if err != nil {
		return nil, err
	}
	for prefix, how := range map[string]notifytest.Behaviour{"REFUSED-": notifytest.Refusing, "LATER-": notifytest.Greylisting} {
		h.mail.Behave(how)
		if _, err := h.play(ctx, chapter{scenario: quick, prefix: prefix}); err != nil {
			return nil, err
		}
	}
	h.mail.Behave(notifytest.Accepting)

	var mu sync.Mutex
	var playing errgroup.Group
	ended := map[porting.Outcome]int{}
	playing.SetLimit(sideBySide)
	for _, c := range story(h, everything) {
		playing.Go(func() error {
			outcome, err := h.play(ctx, c)
			mu.Lock()
			defer mu.Unlock()
			ended[outcome]++
			return err
		})
	}
	return ended, playing.Wait()
}

// while is how long a story may take.
func while(everything bool) time.Duration {
	if everything {
		return 10 * time.Minute
	}
	return 45 * time.Second
}

// play takes a port to its end, if it comes in time.
func (h *house) play(ctx context.Context, c chapter) (porting.Outcome, error) {
	begin := h.order
	if c.scenario.PortOut != nil {
		begin = h.request
	}
	id, err := begin(ctx, c)
	switch {
	case err != nil && ctx.Err() != nil:
		return "", nil //nolint:nilerr // time is up
	case err != nil:
		return "", fmt.Errorf("%s: %w", c.scenario.Name, err)
	}
	p := player{house: h, script: simulate.NewScript(c.scenario), back: simulate.BackScript(c.scenario)}
	return p.follow(ctx, id), nil
}

func (h *house) order(ctx context.Context, c chapter) (string, error) {
	number := h.numbers.number()
	if c.prefix == forGood {
		number = unlucky
	}
	order := newOrder(c.prefix+c.scenario.Name, number)
	if c.pin {
		order = withPIN(order)
	}
	order = c.scenario.Fit(order)
	h.carrier.Learn(c.scenario.Carrier)
	if err := h.carrier.Choose(order.Reference, c.scenario.Carrier.Name); err != nil {
		return "", err
	}
	answer, err := h.ports.Start(ctx, order)
	return answer.ID, err
}

// request has a counterparty ask for a number of ours that is protected.
func (h *house) request(ctx context.Context, c chapter) (string, error) {
	request := newRequest(c.scenario.Name, h.numbers.number(), portOutPIN)
	record := c.scenario.Record
	if record.PIN != "" {
		record.PIN = wrongPIN
	}
	if err := h.protect(ctx, request, record); err != nil {
		return "", err
	}
	h.carrier.Learn(c.scenario.Carrier)
	if err := h.carrier.Choose(request.Reference()+":back", c.scenario.Carrier.Name); err != nil {
		return "", err
	}
	h.carrier.LearnPortOut(*c.scenario.PortOut)
	return request.PortID(), h.carrier.SendPortOut(simulator.Ask(c.scenario.PortOut.Name, request))
}

// protect keeps our own record of a number, its PIN, its lock, its account and the contact of its people.
func (h *house) protect(ctx context.Context, request porting.PortOutRequest, r simulate.Record) error {
	now := time.Now()
	if err := r.Keep(ctx, request, h.carrier, h.neighbours.Ledger, h.neighbours.Vault, h.clock.Business(now)); err != nil {
		return err
	}
	g, err := guard.Open(ctx, h.neighbours.Ledger, h.neighbours.Vault, guard.Options{}, now)
	if err != nil {
		return err
	}
	pin := request.Given.PIN
	if r.PIN != "" {
		pin = porting.Secret(r.PIN)
	}
	number := g.Number("", request.Numbers[0])
	for _, step := range []func() error{
		func() error { return g.SetPIN(ctx, number, pin, "subscriber", now) },
		func() error { return g.Assign(ctx, number, g.Account("", account), "subscriber", now) },
		func() error {
			return g.SetContact(ctx, number, guard.Contact{Contact: porting.Contact{Email: emailLine, Phone: telephone}, Country: "US"}, "care", now)
		},
		func() error {
			if !r.Locked {
				return nil
			}
			_, err := g.Lock(ctx, number, "subscriber", "", now)
			return err
		},
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// player does what people do to a port, and to the one that brings its numbers back.
type player struct {
	*house
	script, back *simulate.Script
	due          []task
}

type task struct {
	simulate.Moment
	port string
}

const glance = 50 * time.Millisecond

// follow looks at a port until it has ended, or time is up.
func (p *player) follow(ctx context.Context, id string) porting.Outcome {
	next := time.NewTicker(glance)
	defer next.Stop()
	for {
		status, err := p.ports.Status(ctx, id)
		if err == nil {
			if status.Outcome != "" {
				return status.Outcome
			}
			p.see(ctx, status)
		}
		select {
		case <-ctx.Done():
			return ""
		case <-next.C:
		}
	}
}

func (p *player) see(ctx context.Context, status porting.Status) {
	p.plan(status, p.script)
	p.act(ctx, status)
	if status.Leaving != nil && status.Leaving.PortBack != "" {
		if back, err := p.ports.Status(ctx, status.Leaving.PortBack); err == nil { // it may not be there yet
			p.plan(back, p.back)
			p.act(ctx, back)
		}
	}
}

func (p *player) plan(status porting.Status, script *simulate.Script) {
	for _, m := range script.Follow(status) {
		p.due = append(p.due, task{m, status.ID})
	}
}

// act does what is due. What was not taken is tried again at the next glance.
func (p *player) act(ctx context.Context, status porting.Status) {
	now := p.clock.Business(time.Now())
	p.due = slices.DeleteFunc(p.due, func(t task) bool {
		if t.port != status.ID || t.At.After(now) {
			return false
		}
		if decision, is := t.Body.(porting.Decide); is {
			return p.decide(ctx, status, decision.Decision)
		}
		return p.ports.Signal(ctx, t.port, t.Message, t.Body) == nil
	})
	if status.Challenge != nil && status.Stage == porting.Confirmed {
		p.decide(ctx, status, porting.Approve) // the gate asks again: the risk rose
	}
}

// decide has two people sign. Where one is enough, as for a no, the second comes too late.
func (p *player) decide(ctx context.Context, status porting.Status, decision string) bool {
	if status.Challenge == nil {
		return false
	}
	_, first := p.ports.Decide(ctx, status.ID, p.people.Decide("ben", decision, *status.Challenge))
	_, second := p.ports.Decide(ctx, status.ID, p.people.Decide("fay", decision, *status.Challenge))
	return first == nil || second == nil
}
