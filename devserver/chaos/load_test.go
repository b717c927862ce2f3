package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/devserver/chaos/oracle"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
)

// choice is all that is random about a port. The same seed makes the same choices.
type choice struct {
	ID        string
	Direction porting.Direction
	Reference string
	Number    string
	Scenario  string
	American  bool // of a port-out: its donor may act on a revocation; in France only the recipient may
	Coded     bool // the authorization is a code, which the ledger keeps
	Rejected  bool // by the approver
	Revoked   time.Duration
}

// chooser makes choices.
type chooser struct {
	random *rand.Rand
	made   int
}

func newChooser(seed uint64) *chooser { return &chooser{random: rand.New(rand.NewPCG(seed, 1))} }

// Every tenth port wants a number that another one may have, and every third is revoked at some moment of its life.
const (
	recent    = 40
	wholeLife = 20 * time.Second
)

func (c *chooser) next() choice {
	c.made++
	r := c.random
	out := choice{Direction: porting.PortIn, Reference: fmt.Sprintf("CHAOS-%d", c.made)}
	number := c.made
	if r.IntN(10) == 0 {
		number = max(1, c.made-1-r.IntN(recent))
	}
	out.Number = fmt.Sprintf("+%s%04d", prefix, number%10_000)
	out.Scenario = []string{"prompt", "prompt", "prompt", "slow", "slow", "hasty"}[r.IntN(6)]
	out.Coded, out.Rejected = r.IntN(4) == 0, r.IntN(20) == 0
	if r.IntN(3) == 0 {
		out.Revoked = time.Duration(1 + r.Int64N(int64(wholeLife)))
	}
	if r.IntN(6) == 0 {
		out.Direction, out.Number, out.Scenario = porting.PortOut, fmt.Sprintf("+3363998%04d", number%10_000), "happy"
		if out.American = r.IntN(2) == 0; out.American {
			out.Number = fmt.Sprintf("+1646555%04d", number%10_000)
		}
		out.ID = requestOf(out).PortID()
		return out
	}
	out.ID = porting.PortID(porting.PortIn, "acme", out.Reference)
	return out
}

// load starts ports, revokes some of them, and decides on those that ask.
type load struct {
	house *house
	run   sync.WaitGroup

	mu          sync.Mutex
	choices     map[string]choice
	order       []string // IDs, as they were begun
	acked       []string
	refused     int      // starts that were refused
	failed      []string // starts that were never acknowledged
	decided     map[string]time.Time
	decisions   map[string]int
	forgetful   map[string]bool // ports that were reset without what they had been told
	reset       map[string]bool // ports that were reset
	givenUp     int             // ports that people revoked, because their decisions were void again and again
	revocations []oracle.Revocation
}

func newLoad(h *house) *load {
	return &load{house: h, choices: map[string]choice{}, decided: map[string]time.Time{}, decisions: map[string]int{}, forgetful: map[string]bool{}, reset: map[string]bool{}}
}

// start begins ports at a rate until ctx ends; what was begun is finished within grace.
func (l *load) start(ctx, grace context.Context, seed uint64, every time.Duration) {
	choices := newChooser(seed)
	begin := time.NewTicker(every)
	defer begin.Stop()
	for {
		c := choices.next()
		l.mu.Lock()
		l.choices[c.ID], l.order = c, append(l.order, c.ID)
		l.mu.Unlock()
		l.run.Go(func() { l.live(grace, c) })
		select {
		case <-ctx.Done():
			return
		case <-begin.C:
		}
	}
}

// live starts a port, and revokes it if that was chosen.
func (l *load) live(ctx context.Context, c choice) {
	begin := l.orders
	if c.Direction == porting.PortOut {
		begin = l.asks
	}
	started, err := insist(ctx, func() error { return begin(ctx, c) })
	l.mu.Lock()
	switch {
	case started:
		l.acked = append(l.acked, c.ID)
	case porting.KindOf(err) == porting.Refused:
		l.refused++
	default:
		l.failed = append(l.failed, c.ID)
	}
	l.mu.Unlock()
	if started && c.Revoked > 0 && (c.Direction == porting.PortIn || c.American) && pass(ctx, c.Revoked) {
		_, _ = insist(ctx, func() error { return l.revoke(ctx, c.ID) }) // what was not acknowledged is not asked for
	}
}

// insist does something until it succeeds or is refused for good, with the last error if it did not.
func insist(ctx context.Context, do func() error) (done bool, err error) {
	until(ctx, 500*time.Millisecond, func() bool {
		err = do()
		return err == nil || slices.Contains([]porting.Kind{porting.Refused, porting.Invalid, porting.NotFound}, porting.KindOf(err))
	})
	return err == nil, err
}

func (l *load) orders(ctx context.Context, c choice) error {
	order, err := orderOf(c)
	if err != nil {
		return err
	}
	if _, err := l.post(ctx, "carrier", "/scenarios", map[string]string{"reference": c.Reference, "scenario": c.Scenario}, nil); err != nil {
		return err
	}
	_, err = l.house.sagas.StartIfNotExists(ctx, order)
	return err
}

func (l *load) asks(ctx context.Context, c choice) error {
	asked := simulator.PortOut{Scenario: c.Scenario, Request: requestOf(c)}
	if c.Coded {
		asked.PIN = "482913"
	}
	_, err := l.post(ctx, "carrier", "/port-outs", asked, nil)
	return err
}

// revoke has a service revoke at the front door, and remembers what it was told.
func (l *load) revoke(ctx context.Context, id string) error {
	var told struct {
		Fence ledger.FenceState
		Told  bool
	}
	status, err := l.post(ctx, "front", "/v1/ports/"+id+"/revoke",
		map[string]any{"id": "chaos", "reason": porting.AuthorizationRevoked, "authority_at": time.Now()}, &told)
	acked := time.Now()
	if status == http.StatusConflict || status == http.StatusNotFound {
		return &porting.Error{Kind: porting.Refused, Code: "revocation-refused", Op: "revoke port", Object: id}
	}
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.revocations = append(l.revocations, oracle.Revocation{Port: id, Acked: acked, Closed: told.Fence == ledger.FenceClosed, Taken: told.Told})
	return nil
}

// post sends JSON to a door of the house, and reads the answer.
func (l *load) post(ctx context.Context, door, path string, body, into any) (status int, err error) {
	text, err := json.Marshal(body)
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+l.house.address(door)+path, bytes.NewReader(text))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+l.house.token)
	answer, err := patient.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= http.StatusMultipleChoices {
		err = errors.New(answer.Status)
	}
	if err == nil && into != nil {
		err = json.Unmarshal(said, into)
	}
	return answer.StatusCode, err
}

// patient waits longer than the front door does for a saga.
var patient = &http.Client{Timeout: 20 * time.Second}

// decide answers every port that asks for a decision, until ctx ends. A port that was reset asks anew.
func (l *load) decide(ctx context.Context) {
	until(ctx, 400*time.Millisecond, func() bool {
		waiting, err := l.house.sagas.List(ctx, starter.Filter{WaitingOn: porting.WaitingApprover, OpenOnly: true, Limit: 500})
		if err != nil {
			return false
		}
		var all errgroup.Group
		all.SetLimit(people)
		for _, p := range waiting {
			if l.mayDecide(p.ID) {
				all.Go(func() error {
					l.decideOn(ctx, p.ID)
					return nil
				})
			}
		}
		return all.Wait() != nil // never: what was not decided is asked again
	})
}

// people are how many decide at once.
const people = 20

// mayDecide keeps to one decision on a port in a while: the list lags behind. A port-out that one person cannot decide on is left
// to policy.
func (l *load) mayDecide(id string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.decided[id]) < 2*time.Second || l.leaves(id) {
		return false
	}
	l.decided[id] = time.Now()
	return true
}

// enough is how often people decide on one port before they revoke it: a port that was reset to before its order was sent
// asks them in vain.
const enough = 8

func (l *load) leaves(id string) bool {
	return l.choices[id].Direction == porting.PortOut && l.decisions[id] >= enough
}

// asksStill reports whether a port waits for people who will decide on it.
func (l *load) asksStill(p oracle.Port) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return p.Outcome == "" && p.WaitingOn == porting.WaitingApprover && !l.leaves(p.ID)
}

func (l *load) decideOn(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	status, err := l.house.sagas.Status(ctx, id)
	if err != nil || status.Challenge == nil {
		return
	}
	l.mu.Lock()
	decision := porting.Approve
	if l.choices[id].Rejected {
		decision = porting.Reject
	}
	tired := l.decisions[id] >= enough
	l.mu.Unlock()
	if tired {
		_ = l.revoke(ctx, id) // it is asked for again with the next look
		return
	}
	_, err = l.house.sagas.Decide(ctx, id, l.house.desk.Decide("ben", decision, *status.Challenge))
	if err == nil || porting.KindOf(err) == porting.Refused {
		l.hasDecided(id) // otherwise that was lost, and it asks again
	}
}

func (l *load) hasDecided(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.decisions[id]++
	if l.decisions[id] == enough && l.choices[id].Direction == porting.PortIn {
		l.givenUp++
	}
}

// goesBack notes that a port was reset, with what it had been told since or without.
func (l *load) goesBack(id string, forgets bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reset[id] = true
	l.forgetful[id] = l.forgetful[id] || forgets
}

// acknowledged are the revocations that callers were told of. A saga that is reset may be taken back to before its own.
func (l *load) acknowledged() []oracle.Revocation {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := slices.Clone(l.revocations)
	for i, v := range all {
		all[i].Taken = v.Taken && !l.reset[v.Port]
	}
	return all
}

// remind has those who forgot their carrier's news look again, as an operator does who resets them so.
func (l *load) remind(ctx context.Context, ports []choice) {
	for _, c := range ports {
		l.mu.Lock()
		forgot := l.forgetful[c.ID]
		l.mu.Unlock()
		if forgot {
			_ = l.house.sagas.CarrierEvent(ctx, c.ID, porting.CarrierEvent{ID: fmt.Sprint("chaos-", time.Now().UnixNano())}) // it is told again
		}
	}
}

// some is a port that was begun lately, and its choice.
func (l *load) some(r *rand.Rand) (choice, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.order) == 0 {
		return choice{}, false
	}
	last := l.order[max(0, len(l.order)-recent):]
	return l.choices[last[r.IntN(len(last))]], true
}

// begun are the ports so far.
func (l *load) begun() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.order)
}
