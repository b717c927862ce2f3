package manual

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// Says is what a carrier answered, as a person tells it.
type Says struct {
	State  carrier.State
	FOC    time.Time           // of a confirmation; what is known already when zero
	Code   string              // of a rejection: the carrier's own
	Text   string              // the carrier's own words, without personal data
	Reason porting.Reason      // what the code means; the code itself where it is one of ours
	Left   []approval.DeskLeft // numbers that do not go with the others; those that were left out before stay so
}

// follows says what a carrier can answer where.
var follows = map[carrier.State][]carrier.State{
	carrier.StatePending: {
		carrier.StateConfirmed, carrier.StateRejected, porting.CarrierRefused, carrier.StateActive, carrier.StateCancelled,
	},
	carrier.StateRejected:      {carrier.StateConfirmed, carrier.StateRejected, porting.CarrierRefused, carrier.StateCancelled},
	carrier.StateConfirmed:     {carrier.StateConfirmed, carrier.StateRejected, porting.CarrierRefused, carrier.StateActive, carrier.StateCancelled},
	carrier.StateCancelPending: {carrier.StateCancelled, porting.CarrierLocked, carrier.StateActive},
	porting.CarrierLocked:      {carrier.StateCancelled, carrier.StateActive},
	carrier.StateCancelled:     {carrier.StateActive},
	porting.CarrierRefused:     {carrier.StateActive},
	carrier.StateActive:        {carrier.StateReversed},
	carrier.StateReversing:     {carrier.StateReversed, carrier.StateActive},
}

// unsigned is the audience of answers where nobody signs.
const unsigned = "unsigned"

// Draft writes what a person signs to answer a task, for a while from now. It completes what the person says with what the
// book knows. Codes: "desk-task-unknown" (NotFound), "desk-answer-unfit" (Refused), those of the registry, and
// "statement-malformed".
func (b *Book) Draft(ctx context.Context, task string, says Says, life time.Duration) ([]byte, error) {
	now, t, err := b.find(ctx, task)
	if err != nil {
		return nil, err
	}
	if now.trouble == "" && !slices.Contains(follows[now.state], says.State) {
		return nil, unfit(task, fmt.Sprintf("an order that is %s cannot become %s", now.state, says.State))
	}
	audience, err := b.audience(ctx)
	if err != nil {
		return nil, err
	}
	a := approval.DeskAnswer{
		Audience: audience, Carrier: now.book.Carrier, Port: now.book.PortID, Task: t.ID, Seq: now.nextPlace(*t), State: says.State,
		FOC: says.FOC, Code: says.Code, Text: says.Text, Reason: says.Reason, Left: merged(now.left, says.Left),
		IssuedAt: b.real(), ExpiresAt: b.real().Add(life),
	}
	if a.FOC.IsZero() && says.State != carrier.StateRejected && says.State != porting.CarrierRefused {
		a.FOC = now.foc
	}
	if a.Reason == "" && a.Code != "" {
		a.Reason = known(a.Code)
	}
	if i := slices.IndexFunc(a.Left, func(left approval.DeskLeft) bool { return left.Position > len(now.numbers) }); i >= 0 {
		return nil, unfit(task, fmt.Sprintf("the order has %d numbers, and no number %d", len(now.numbers), a.Left[i].Position))
	}
	if t.Sealed != nil {
		shown, err := b.open(*t)
		if err != nil {
			return nil, err
		}
		a.Sheet = shown.digest()
	}
	return approval.EncodeDeskAnswer(a)
}

// known is a code that is one of our reasons.
func known(code string) porting.Reason {
	if r := porting.Reason(code); slices.Contains(porting.Reasons, r) {
		return r
	}
	return porting.OtherReason
}

// merged holds every number that stays behind once.
func merged(before, now []approval.DeskLeft) []approval.DeskLeft {
	left := slices.Clone(now)
	for _, l := range before {
		if !slices.ContainsFunc(left, func(n approval.DeskLeft) bool { return n.Position == l.Position }) {
			left = append(left, l)
		}
	}
	slices.SortFunc(left, func(x, y approval.DeskLeft) int { return x.Position - y.Position })
	return left
}

// nextPlace is where an answer to a task will stand. A task whose mail nobody saw arrive takes its own place first: what was
// answered has arrived.
func (s standing) nextPlace(t ledger.DeskTask) int64 {
	if t.Seq == 0 {
		return s.book.Entries + 2
	}
	return s.book.Entries + 1
}

// Taken is an answer that stands in the book.
type Taken struct {
	Status carrier.Status
	Person string // who signed it; whoever says so where nobody signs
}

// Take verifies an answer and writes it into the book, where Status finds it and verifies it again. by is who brings it,
// claimed. The same answer again changes nothing. Codes: those of approval.Registry.VerifyDesk, "desk-task-unknown"
// (NotFound), "desk-answer-unfit" and "desk-book-moved-on" (Refused).
func (b *Book) Take(ctx context.Context, statement []byte, signature, by string) (Taken, error) {
	at := b.real()
	says, person, err := b.verify(ctx, statement, signature, at)
	if err != nil {
		return Taken{}, err
	}
	if person == "" {
		person, signature = by, ""
	}
	now, t, err := b.find(ctx, says.Task)
	if err != nil {
		return Taken{}, err
	}
	if says.Port != t.PortID || says.Carrier != t.Carrier {
		return Taken{}, unfit(says.Task, "it was signed for another order")
	}
	if t.Seq == 0 && says.Seq == now.nextPlace(*t) {
		if err := b.Books.SettleDeskMail(ctx, t.ID, ledger.DeskMailSent); err != nil {
			return Taken{}, err
		}
	}
	if err := b.Books.AnswerDeskTask(ctx, ledger.DeskAnswer{
		PortID: t.PortID, Seq: says.Seq, TaskID: t.ID, Statement: statement, Signature: signature, By: person, At: at,
	}); err != nil {
		return Taken{}, err
	}
	after, err := b.read(ctx, t.PortID)
	return Taken{after.status(), person}, err
}

// TakeAnswer implements carrier.Desk: what came to a port with a carrier-event goes where Take writes it.
func (g *Gateway) TakeAnswer(ctx context.Context, in porting.DeskInput) (porting.DeskTaken, error) {
	says, err := approval.ParseDeskAnswer(in.Statement)
	if err != nil {
		return porting.DeskTaken{}, err
	}
	if says.Port != in.Port || says.Carrier != g.Profile.Name {
		return porting.DeskTaken{}, unfit(says.Task, "it was signed for another order")
	}
	taken, err := g.Book.Take(ctx, in.Statement, in.Signature, in.By)
	return porting.DeskTaken{By: taken.Person, Signed: g.Book.Registry != nil, State: taken.Status.State}, err
}

// audience is the deployment that answers are signed for.
func (b *Book) audience(ctx context.Context) (string, error) {
	if b.Registry == nil {
		return unsigned, nil
	}
	registry, err := b.Registry.Current(ctx, b.real())
	if err != nil {
		return "", err
	}
	return registry.Audience(), nil
}

func unfit(task, detail string) error {
	return &porting.Error{
		Kind: porting.Refused, Code: "desk-answer-unfit", Op: "answer desk task", Object: task, Detail: detail, Next: "look at it with portsaga desk show",
	}
}
