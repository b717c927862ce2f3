package chaos

import (
	"maps"
	"slices"
	"sync"
)

// tally counts what was done to the house, by kind.
type tally struct {
	mu     sync.Mutex
	faults map[string]int
	gone   []string // processes that ended by themselves, and what they said last
}

func newTally() *tally { return &tally{faults: map[string]int{}} }

func (t *tally) add(fault string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults[fault]++
}

func (t *tally) gaveUp(process, said string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gone = append(t.gone, process+": "+said)
}

func (t *tally) counts() (faults map[string]int, gone []string, total int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, n := range t.faults {
		total += n
	}
	return maps.Clone(t.faults), slices.Clone(t.gone), total
}
