package simulator

import (
	"cmp"
	"crypto/rand"
	"slices"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// What can happen to a port-out: a counterparty asks us for numbers.
const (
	PortOutSent        = "port-out-sent"         // the counterparty asks
	PortOutApproved    = "port-out-approved"     // by our answer
	PortOutRefused     = "port-out-refused"      // by our answer
	PortOutCancelAsked = "port-out-cancel-asked" // we take our approval back
	PortOutSilence     = "port-out-silence"      // approved by the carrier, because we did not answer
	PortOutWithdrawn   = "port-out-withdrawn"    // the counterparty takes it back
	PortOutCancelled   = "port-out-cancelled"    // our cancel is acknowledged
	PortOutMoved       = "port-out-moved"        // the numbers work with the counterparty
)

// The carrier's words for where a port-out stands.
const (
	wordOutOpen      = "awaiting-answer"
	wordOutApproved  = "authorised"
	wordOutRefused   = "rejected"
	wordOutCancel    = "cancel-requested"
	wordOutCancelled = "cancelled"
	wordOutWithdrawn = "withdrawn"
	wordOutMoved     = "ported"
)

// outWord is where an event leaves a port-out.
var outWord = map[string]string{
	PortOutSent: wordOutOpen, PortOutApproved: wordOutApproved, PortOutSilence: wordOutApproved, PortOutRefused: wordOutRefused,
	PortOutCancelAsked: wordOutCancel, PortOutWithdrawn: wordOutWithdrawn, PortOutCancelled: wordOutCancelled, PortOutMoved: wordOutMoved,
}

// outAsked are the events that an answer of ours makes.
var outAsked = map[porting.AnswerKind]string{
	porting.AnswerApprove: PortOutApproved, porting.AnswerRefuse: PortOutRefused, porting.AnswerCancel: PortOutCancelAsked,
}

// PortOut is a request as a counterparty sends it, with the PIN that the subscriber gave it.
type PortOut struct {
	Scenario string                 `json:"scenario,omitempty"`
	Request  porting.PortOutRequest `json:"request"`
	PIN      string                 `json:"pin,omitempty"`
}

// Ask is a request as its counterparty sends it, with the PIN in it.
func Ask(scenario string, r porting.PortOutRequest) PortOut {
	return PortOut{Scenario: scenario, Request: r, PIN: r.Given.PIN.Reveal()}
}

// PortOutView is a port-out as the carrier shows it.
type PortOutView struct {
	PortOut
	Status     string    `json:"status"`
	Change     int       `json:"change"`
	AnsweredAt time.Time `json:"answered_at,omitzero"`
	BySilence  bool      `json:"by_silence,omitempty"`
}

// portOutLine is what the journal keeps of an event of a port-out.
type portOutLine struct {
	ID   string   `json:"id"`
	Sent *PortOut `json:"sent,omitempty"` // of port-out-sent
}

// portOut is one port-out at the carrier. Only applyOut changes it.
type portOut struct {
	PortOut
	word       string
	changes    int
	since      time.Time // when it came to its word
	sentAt     time.Time
	answeredAt time.Time
	bySilence  bool
}

// outKey is the key of a port-out among the orders, for timers and webhooks.
func outKey(id string) string { return "port-out/" + id }

// send has a counterparty ask for numbers. A request that is sent twice is one.
func (b *book) send(p PortOut, now time.Time) error {
	s, known := b.outScenarios[cmp.Or(p.Scenario, DefaultScenario)]
	switch {
	case !known:
		return &refusal{codeInvalid, "no port-out scenario " + p.Scenario}
	case p.Request.ID == "" || len(p.Request.Numbers) == 0:
		return &refusal{codeInvalid, "a port-out has an ID and numbers"}
	case b.outs[outKey(p.Request.ID)] != nil:
		return nil
	}
	p.Scenario = s.Name
	p.Request.Carrier, p.Request.ReceivedAt = "simulator", now.UTC()
	if s.Silence != (Span{}) {
		p.Request.SilenceAt = s.Silence.From(now).UTC()
	}
	return b.commitOut(PortOutSent, portOutLine{ID: p.Request.ID, Sent: &p}, "", now)
}

// answer takes our answer: once, and after an approval one cancel.
func (b *book) answer(o *portOut, a answerRequest, id string, now time.Time) (took bool, err error) {
	s := b.outScenarios[o.Scenario]
	switch {
	case outAsked[a.Kind] == "":
		return false, &refusal{codeInvalid, "no such answer"}
	case o.word == outWord[outAsked[a.Kind]], a.Kind == porting.AnswerCancel && o.word == wordOutCancelled:
		return false, nil
	case o.word == wordOutOpen:
		return true, b.commitOut(outAsked[a.Kind], portOutLine{ID: o.Request.ID}, id, now)
	case a.Kind == porting.AnswerCancel && o.word == wordOutApproved && s.Cancel != cancelRefused:
		return true, b.commitOut(PortOutCancelAsked, portOutLine{ID: o.Request.ID}, id, now)
	case a.Kind == porting.AnswerCancel && o.word == wordOutApproved:
		return false, &refusal{codeRefused, "the cancel is not taken"}
	default:
		return false, &refusal{codeAnswered, "the port-out is " + o.word}
	}
}

// runOut does everything of a port-out whose moment has come.
func (b *book) runOut(o *portOut, now time.Time) error {
	for {
		effect, due, waits := b.nextOut(o)
		if !waits || due.After(now) {
			return nil
		}
		if err := b.commitOut(effect, portOutLine{ID: o.Request.ID}, "", due); err != nil {
			return err
		}
	}
}

// nextOut is what the carrier or the counterparty does next by itself.
func (b *book) nextOut(o *portOut) (effect string, due time.Time, waits bool) {
	s := b.outScenarios[o.Scenario]
	plan := map[string]time.Time{}
	switch o.word {
	case wordOutOpen:
		plan[PortOutSilence] = s.Silence.after(o.sentAt)
		plan[PortOutWithdrawn] = s.Withdraws.after(o.sentAt)
	case wordOutApproved:
		plan[PortOutWithdrawn] = s.Withdraws.after(o.sentAt)
		if !s.NeverActivates {
			plan[PortOutMoved] = s.Activates.From(o.since)
		}
	case wordOutCancel:
		effect := PortOutCancelled
		if s.Cancel == cancelIgnored {
			effect = PortOutMoved
		}
		plan[effect] = s.CancelAfter.From(o.since)
	}
	for _, e := range []string{PortOutWithdrawn, PortOutSilence, PortOutMoved, PortOutCancelled} {
		if at := plan[e]; !at.IsZero() && (!waits || at.Before(due)) {
			effect, due, waits = e, at, true
		}
	}
	return effect, due, waits
}

// after is From, and the zero time for no span.
func (s Span) after(t time.Time) time.Time {
	if s == (Span{}) {
		return time.Time{}
	}
	return s.From(t)
}

func (b *book) commitOut(effect string, p portOutLine, requestID string, at time.Time) error {
	return b.commit(line{At: at, Effect: effect, RequestID: requestID, PortOut: &p, Webhook: "evt-" + rand.Text()})
}

// foldOut makes a line about a port-out true.
func (b *book) foldOut(l line) {
	key := outKey(l.PortOut.ID)
	if l.Effect == PortOutSent {
		b.outs[key] = &portOut{PortOut: *l.PortOut.Sent, sentAt: l.At}
	}
	o := b.outs[key]
	o.word, o.since = outWord[l.Effect], l.At
	o.changes++
	switch l.Effect {
	case PortOutApproved, PortOutRefused:
		o.answeredAt = l.At
	case PortOutSilence:
		o.answeredAt, o.bySilence = l.At, true
	}
	ref := carrier.Ref{Port: l.PortOut.ID}
	if slices.Contains([]string{PortOutApproved, PortOutRefused, PortOutCancelAsked}, l.Effect) {
		b.effects = append(b.effects, Effect{At: l.At, Ref: ref, Effect: l.Effect, RequestID: l.RequestID})
		return // we know what we answered
	}
	if how := b.outScenarios[o.Scenario].Webhooks; !how.Drop {
		view := o.PortOut
		b.news = append(b.news, news{how: how, Webhook: Webhook{ID: l.Webhook, Type: l.Effect, Order: ref, OccurredAt: l.At, Status: o.word, PortOut: &view}})
	}
}

func (o *portOut) view() PortOutView {
	return PortOutView{PortOut: o.PortOut, Status: o.word, Change: o.changes, AnsweredAt: o.answeredAt, BySilence: o.bySilence}
}

// sentSince lists port-outs by their age, the oldest first.
func (b *book) sentSince(since time.Time) []PortOutView {
	views := []PortOutView{}
	for _, o := range b.outs {
		if !o.sentAt.Before(since) {
			views = append(views, o.view())
		}
	}
	slices.SortFunc(views, func(x, y PortOutView) int {
		return cmp.Or(x.Request.ReceivedAt.Compare(y.Request.ReceivedAt), cmp.Compare(x.Request.ID, y.Request.ID))
	})
	return views
}
