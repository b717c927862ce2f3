package simulator

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// desk serves the book to whoever asks, one request at a time, and counts. The Server gives it a network and the real
// clock, Virtual the time of a simulation.
type desk struct {
	now         func() time.Time  // business time
	follow      func(port string) // called under the lock after every change of an order
	notPortable []porting.Number

	mu     sync.Mutex
	book   *book
	counts map[string]int // requests by operation
	failed map[string]int // 503 answers by operation and port
}

func newDesk(b *book, now func() time.Time) *desk {
	return &desk{now: now, book: b, counts: map[string]int{}, failed: map[string]int{}}
}

// Effects lists what our requests did, each once, in order.
func (d *desk) Effects() []Effect {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.book.effects)
}

// Requests counts the requests by operation since the start, repetitions and refused ones included.
func (d *desk) Requests() map[string]int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.counts)
}

// Learn adds a scenario, or replaces the one of its name. A state file that names it can only be read by a carrier whose
// ScenarioDir holds it.
func (d *desk) Learn(s Scenario) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.book.scenarios[s.Name] = s
}

// Choose sets the scenario of an order by the customer's reference or the port's ID, also before it is sent.
func (d *desk) Choose(reference, scenario string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.book.choose(scenarioChoice{reference, scenario}, d.now())
}

// perform does one request about an order: its answer, and how the scenario lets it be answered.
func (d *desk) perform(q request) (view OrderView, took bool, how Answer, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.counts[q.op]++
	how = d.book.scenarioOf(q).Answers[q.op]
	if d.fails(q, how.Fail) {
		return OrderView{}, false, how, &refusal{codeDown, "try again later"}
	}
	now := d.now()
	if err := d.book.run(q.port, now); err != nil {
		return OrderView{}, false, how, err
	}
	took, err = d.book.do(q, now)
	d.follow(q.port)
	if err != nil {
		return OrderView{}, false, how, err
	}
	return d.book.orders[q.port].view(), took, how, nil
}

// fails reports whether a request is among the first ones that its scenario lets fail.
func (d *desk) fails(q request, limit int) bool {
	key := q.op + " " + q.port
	if d.failed[key] >= limit {
		return false
	}
	d.failed[key]++
	return true
}

// list lists the open orders, each as it stands now.
func (d *desk) list(since time.Time) (orderList, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.counts[opList]++
	now := d.now()
	for _, port := range slices.Sorted(maps.Keys(d.book.orders)) {
		if err := d.book.run(port, now); err != nil {
			return orderList{}, err
		}
		d.follow(port)
	}
	return orderList{d.book.open(since)}, nil
}

// check says which numbers can be ported.
func (d *desk) check(numbers []porting.Number) portabilityView {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.counts[opPortability]++
	view := portabilityView{}
	for _, n := range numbers {
		answer := numberPortability{Number: n, Portable: true}
		if slices.Contains(d.notPortable, n) {
			answer = numberPortability{Number: n, Code: string(porting.NumberNotPortable)}
		}
		view.Results = append(view.Results, answer)
	}
	return view
}
