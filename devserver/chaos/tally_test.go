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
	gone   []string // processes that ended by themselves, and the last line of each
	words  []string // more of what they said
}

func newTally() *tally { return &tally{faults: map[string]int{}} }

func (t *tally) add(fault string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults[fault]++
}

// of is how often a fault struck.
func (t *tally) of(fault string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.faults[fault]
}

func (t *tally) gaveUp(process, said string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gone = append(t.gone, process+": "+lastLine(said))
	t.words = append(t.words, process+" said:\n"+said)
}

// lastWords are of every process that ended by itself all that it said in the end.
func (t *tally) lastWords() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.words)
}

func (t *tally) counts() (faults map[string]int, gone []string, total int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, n := range t.faults {
		total += n
	}
	return maps.Clone(t.faults), slices.Clone(t.gone), total
}
