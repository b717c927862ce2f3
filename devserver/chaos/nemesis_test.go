package chaos

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"
)

// nemesis breaks the house by a schedule that its seed decides.
type nemesis struct {
	house *house
	load  *load
	run   sync.WaitGroup
	room  chan struct{} // for faults that take a part of the house away for a while
}

// atOnce is how many parts of the house may be away at the same time.
const atOnce = 2

// fault is one way to break something. strike reports whether it did; what only arms a trick is counted when it is played.
type fault struct {
	name   string
	weight int
	away   bool // it takes a part of the house away for a while
	later  bool // what mends it takes minutes: only where there is time for that
	armed  bool
	strike func(ctx context.Context, n *nemesis, r *rand.Rand) bool
}

func newNemesis(h *house, l *load) *nemesis {
	return &nemesis{house: h, load: l, room: make(chan struct{}, atOnce)}
}

// rage strikes again and again until ctx ends, and returns when everything it took away is back. mending outlives ctx.
func (n *nemesis) rage(ctx, mending context.Context, seed uint64, every time.Duration, long bool) {
	choose := rand.New(rand.NewPCG(seed, 2))
	faults := n.house.faults(long)
	total := 0
	for _, f := range faults {
		total += f.weight
	}
	until(ctx, every, func() bool {
		f := pick(faults, choose.IntN(total))
		r := rand.New(rand.NewPCG(choose.Uint64(), 3))
		if !f.away || n.enters() {
			n.run.Go(func() { n.strike(mending, f, r) })
		}
		return false
	})
	n.run.Wait()
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
	if f.strike(ctx, n, r) && !f.armed {
		n.house.tally.add(f.name)
	}
}

// between is a random time between two.
func between(r *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(r.Int64N(int64(most-least)))
}
