package simulator

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/portsaga/portsaga/carrier"
)

// Lines of the journal that are about no order's standing.
const (
	scenarioChosen   = "scenario-chosen"
	webhookDelivered = "webhook-delivered"
)

// book is the carrier's order book: what it knows and how it decides, without a clock and without a network. Callers
// say what time it is, and lock.
type book struct {
	scenarios    map[string]Scenario
	scenarioFor  func(reference string) string
	journal      *journal
	lines        int
	orders       map[string]*order
	chosen       map[string]string // scenario by reference or port
	effects      []Effect
	outs         map[string]*portOut // by outKey
	outScenarios map[string]PortOutScenario
	news         []news // not yet taken, in the order in which they happened
}

func newBook(scenarios map[string]Scenario, scenarioFor func(reference string) string) *book {
	return &book{scenarios: scenarios, scenarioFor: scenarioFor, orders: map[string]*order{}, chosen: map[string]string{}, outs: map[string]*portOut{}, outScenarios: maps.Clone(BuiltinPortOuts())}
}

// news is a webhook on its way out, and how the scenario wants it sent.
type news struct {
	Webhook
	how Webhooks
}

// request is one request about one order.
type request struct {
	op      string
	port    string
	version int
	id      string
	order   OrderRequest
	reason  string
}

// asks names the event that a request asks for.
var asks = map[string]string{opCancel: CancelAsked, opActivate: ActivationAsked, opReverse: ReversalAsked}

// do answers a request. took says whether it did anything.
func (b *book) do(q request, now time.Time) (took bool, err error) {
	o := b.orders[q.port]
	switch {
	case q.op == opSubmit:
		return b.submit(o, q, now)
	case o == nil:
		return false, &refusal{codeUnknown, "no order " + q.port}
	case q.op == opStatus:
		return false, nil
	default:
		return b.ask(o, q, now)
	}
}

func (b *book) submit(o *order, q request, now time.Time) (bool, error) {
	l := line{
		At: now, Ref: carrier.Ref{Port: q.port, Version: q.version}, Effect: Submitted, RequestID: q.id,
		Reference: q.order.Reference, Scenario: b.scenarioOf(q).Name, Numbers: q.order.Numbers, DDD: q.order.DDD,
	}
	if o != nil {
		if q.version <= o.ref.Version {
			return false, nil
		}
		l.Effect, l.Scenario = Supplemented, ""
		if !slices.Contains(moves[Supplemented].from, o.word) {
			return false, &refusal{codeRefused, "the order is " + o.word}
		}
	}
	if no := b.scenarioOf(q).Answers[q.op].Refuse; no != "" {
		return false, &refusal{codeRefused, no}
	}
	return true, b.commit(l)
}

func (b *book) ask(o *order, q request, now time.Time) (bool, error) {
	effect := asks[q.op]
	if slices.Contains(moves[effect].already, o.word) {
		return false, nil
	}
	if no := b.objection(o, q, now); no != "" {
		code := codeRefused
		if q.op == opCancel {
			code = codeLocked
		}
		return false, &refusal{code, no}
	}
	l := line{At: now, Ref: o.ref, Effect: effect, RequestID: q.id}
	if q.reason != "" {
		l.Reason = &Reason{Code: q.reason}
	}
	return true, b.commit(l)
}

// punctuality is how far the carrier's clock and the asker's may differ at the FOC.
const punctuality = time.Minute

// objection is why the carrier does not do what it is asked, "" if it does.
func (b *book) objection(o *order, q request, now time.Time) string {
	s := b.scenarioOf(q)
	switch {
	case !slices.Contains(moves[asks[q.op]].from, o.word):
		return "the order is " + o.word
	case s.Answers[q.op].Refuse != "":
		return s.Answers[q.op].Refuse
	case q.op == opActivate && now.Add(punctuality).Before(o.foc) && !s.EarlyActivation:
		return "foc not reached"
	case q.op == opCancel && s.locks(o.foc, now):
		return "too close to the foc"
	default:
		return ""
	}
}

// run does every step of an order whose moment has come. A step is dated to its moment, also when the carrier was down.
func (b *book) run(port string, now time.Time) error {
	if out := b.outs[port]; out != nil {
		return b.runOut(out, now)
	}
	o := b.orders[port]
	if o == nil {
		return nil
	}
	for {
		j := o.next()
		if j == nil || o.due(*j).After(now) {
			return nil
		}
		if err := b.commit(b.step(o, *j)); err != nil {
			return err
		}
	}
}

// step is the line that a job writes.
func (b *book) step(o *order, j job) line {
	l := line{At: o.due(j), Ref: o.ref, Effect: j.step.Then, Job: &j.key}
	if !slices.Contains(moves[l.Effect].from, o.word) {
		l.Effect = passed
		return l
	}
	l.Webhook, l.Left = "evt-"+rand.Text(), j.step.leftBy(o)
	switch l.Effect {
	case Confirmed:
		l.FOC = j.step.focFor(o, l.At)
	case FOCChanged:
		l.FOC = j.step.By.From(o.foc)
	case Rejected:
		l.Reason = &Reason{Code: j.step.Code, Text: j.step.Text}
	}
	return l
}

// next is when an order's next step is due; false if none is.
func (b *book) next(port string) (time.Time, bool) {
	if out := b.outs[port]; out != nil {
		_, due, waits := b.nextOut(out)
		return due, waits
	}
	if o := b.orders[port]; o != nil {
		if j := o.next(); j != nil {
			return o.due(*j), true
		}
	}
	return time.Time{}, false
}

// open lists the orders that were first sent at or after an instant and may still move numbers either way, oldest first.
func (b *book) open(since time.Time) []carrier.Ref {
	var open []*order
	for _, o := range b.orders {
		if !slices.Contains([]string{wordActive, wordCancelled, wordReversed}, o.word) && !o.sent.Before(since) {
			open = append(open, o)
		}
	}
	slices.SortFunc(open, func(x, y *order) int { return cmp.Or(x.sent.Compare(y.sent), cmp.Compare(x.ref.Port, y.ref.Port)) })
	refs := make([]carrier.Ref, 0, len(open))
	for _, o := range open {
		refs = append(refs, o.ref)
	}
	return refs
}

// choose sets the scenario of an order, also of one that is yet to come. Steps that wait already keep waiting.
func (b *book) choose(c scenarioChoice, now time.Time) error {
	if _, known := b.scenarios[c.Scenario]; !known || c.Reference == "" {
		return &refusal{codeInvalid, "name an order's reference and a known scenario"}
	}
	return b.commit(line{At: now, Effect: scenarioChosen, Reference: c.Reference, Scenario: c.Scenario})
}

// scenarioOf is the scenario that governs a request.
func (b *book) scenarioOf(q request) Scenario {
	if o := b.orders[q.port]; o != nil {
		return b.scenarios[o.scenario]
	}
	for _, name := range []string{b.chosen[q.order.Reference], b.chosen[q.port], b.scenarioFor(q.order.Reference)} {
		if s, known := b.scenarios[name]; known {
			return s
		}
	}
	return b.scenarios[DefaultScenario]
}

// delivered notes that a webhook arrived. Losing the note repeats the webhook, so it need not be durable.
func (b *book) delivered(id string, now time.Time) error {
	return b.append(line{At: now, Effect: webhookDelivered, Webhook: id}, false)
}

// takeNews hands over the webhooks that are to be sent.
func (b *book) takeNews() []news {
	taken := b.news
	b.news = nil
	return taken
}

// commit makes a line durable and then true.
func (b *book) commit(l line) error { return b.append(l, true) }

func (b *book) append(l line, durable bool) error {
	l.Line = b.lines + 1
	if err := b.journal.write(l, durable); err != nil {
		return err
	}
	return b.fold(l)
}

// fold makes a line true. It is all that a restart does.
func (b *book) fold(l line) error {
	b.lines = l.Line
	if l.PortOut != nil {
		b.foldOut(l)
		return nil
	}
	switch l.Effect {
	case scenarioChosen:
		b.foldChoice(l)
		return nil
	case webhookDelivered:
		b.news = slices.DeleteFunc(b.news, func(n news) bool { return n.ID == l.Webhook })
		return nil
	default:
		return b.foldOrder(l)
	}
}

func (b *book) foldChoice(l line) {
	b.chosen[l.Reference] = l.Scenario
	for port, o := range b.orders {
		if port == l.Reference || o.reference == l.Reference {
			o.scenario = l.Scenario
		}
	}
}

func (b *book) foldOrder(l line) error {
	o := b.orders[l.Ref.Port]
	if l.Effect == Submitted {
		o = &order{reference: l.Reference, scenario: l.Scenario, sent: l.At}
		b.orders[l.Ref.Port] = o
	}
	if o == nil {
		return fmt.Errorf("line %d: no order %s", l.Line, l.Ref)
	}
	s, known := b.scenarios[o.scenario]
	if !known {
		return fmt.Errorf("line %d: no scenario %q", l.Line, o.scenario)
	}
	o.apply(l, s)
	if moves[l.Effect].asked {
		b.effects = append(b.effects, Effect{At: l.At, Ref: l.Ref, Effect: l.Effect, RequestID: l.RequestID})
	}
	if l.Webhook != "" && !s.Webhooks.Drop {
		b.news = append(b.news, news{how: s.Webhooks, Webhook: Webhook{
			ID: l.Webhook, Type: "order." + l.Effect, Order: l.Ref,
			OccurredAt: l.At, Status: o.word,
		}})
	}
	return nil
}
