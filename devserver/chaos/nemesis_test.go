package chaos

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// nemesis breaks the house by a schedule that its seed decides.
type nemesis struct {
	house *house
	load  *load
	run   sync.WaitGroup
	room  chan struct{} // for faults that take a part of the house away for a while

	mu  sync.Mutex
	due []fault // that have not struck yet
}

// atOnce is how many parts of the house may be away at the same time.
const atOnce = 2

// fault is one way to break something. strike reports whether it did; what only arms a trick is counted when it is played.
type fault struct {
	name   string
	weight int
	away   bool // it takes a part of the house away for a while
	armed  bool
	strike func(ctx context.Context, n *nemesis, r *rand.Rand) bool
}

func newNemesis(h *house, l *load) *nemesis {
	return &nemesis{house: h, load: l, room: make(chan struct{}, atOnce)}
}

// rage strikes again and again until ctx ends, and returns when everything it took away is back. mending outlives ctx. Every kind
// has its turn soon; beside that, they come by their weight.
func (n *nemesis) rage(ctx, mending context.Context, seed uint64, every time.Duration) {
	choose := rand.New(rand.NewPCG(seed, 2))
	faults := n.house.faults()
	n.due = slices.Clone(faults)
	choose.Shuffle(len(n.due), func(i, j int) { n.due[i], n.due[j] = n.due[j], n.due[i] })
	total := 0
	for _, f := range faults {
		total += f.weight
	}
	first := false
	until(ctx, every, func() bool {
		var f fault
		enters := false
		if first = !first; first { // every other time: one that cannot strike yet would keep all others from it
			f, enters = n.first()
		}
		if !enters {
			f = pick(faults, choose.IntN(total))
			enters = !f.away || n.enters()
		}
		r := rand.New(rand.NewPCG(choose.Uint64(), 3))
		if enters {
			n.run.Go(func() { n.strike(mending, f, r) })
		}
		return false
	})
	n.run.Wait()
}

// first takes the next fault that has not struck yet and can.
func (n *nemesis) first() (f fault, enters bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	i := slices.IndexFunc(n.due, func(f fault) bool { return !f.away || n.enters() })
	if i < 0 {
		return fault{}, false
	}
	f = n.due[i]
	n.due = slices.Delete(n.due, i, i+1)
	return f, true
}

// never are the kinds of faults that found no moment.
func (n *nemesis) never() []string {
	names := []string{}
	for _, f := range n.house.faults() {
		if n.house.tally.of(f.name) == 0 {
			names = append(names, f.name)
		}
	}
	return names
}

// again puts a fault back that could not strike.
func (n *nemesis) again(f fault) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.due = append(n.due, f)
}

func pick(faults []fault, at int) fault {
	for _, f := range faults {
		if at -= f.weight; at < 0 {
			return f
		}
	}
	return faults[len(faults)-1]
}

func (n *nemesis) enters() bool {
	select {
	case n.room <- struct{}{}:
		return true
	default:
		return false
	}
}

func (n *nemesis) strike(ctx context.Context, f fault, r *rand.Rand) {
	if f.away {
		defer func() { <-n.room }()
	}
	struck := f.strike(ctx, n, r)
	switch {
	case struck && !f.armed:
		n.house.tally.add(f.name)
	case !struck && n.house.tally.of(f.name) == 0:
		n.again(f)
	}
}

// between is a random time between two.
func between(r *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(r.Int64N(int64(most-least)))
}
