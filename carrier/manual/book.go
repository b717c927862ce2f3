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

// Books is where the desk's book is written. *ledger.Ledger is one.
type Books interface {
	OpenDeskTask(ctx context.Context, t ledger.DeskTask) (ledger.DeskTask, error)
	TryDeskMail(ctx context.Context, id string) error
	SettleDeskMail(ctx context.Context, id string, mail ledger.DeskMail) error
	AnswerDeskTask(ctx context.Context, a ledger.DeskAnswer) error
	DeskBook(ctx context.Context, portID string) (ledger.DeskBook, error)
	DeskPorts(ctx context.Context, carrier string, since time.Time) ([]string, error)
	TakeDeskCode(ctx context.Context, id, by string, at time.Time) ([]byte, error)
	DropDeskCode(ctx context.Context, id string) error
}

// Sealer keeps personal data and codes from whoever reads the ledger. *vault.Vault is one.
type Sealer interface {
	Seal(place string, secret porting.Secret) []byte
	Open(place string, sealed []byte) (porting.Secret, error)
}

// Registry knows who is at the desk. *approval.Keeper is one.
type Registry interface {
	Current(ctx context.Context, now time.Time) (*approval.Registry, error)
}

// Book is the desk's book: what was asked of carriers, and what people signed that they answered.
type Book struct {
	Books    Books
	Vault    Sealer
	Registry Registry         // nil where answers are believed as they come: demo and dev only
	Real     func() time.Time // real time, in which signatures live; time.Now when nil
}

func (b *Book) real() time.Time {
	if b.Real == nil {
		return time.Now().UTC()
	}
	return b.Real().UTC()
}

// standing is where a port stands by its book.
type standing struct {
	book    ledger.DeskBook
	sent    *ledger.DeskTask // the last order or correction that counts; nil while none does
	doubted *ledger.DeskTask // an order or correction whose mail was perhaps sent; nil where there is none
	state   carrier.State
	foc     time.Time
	reasons []carrier.Rejection
	left    []approval.DeskLeft
	numbers []porting.Number
	alone   bool   // the carrier moves the numbers by itself at the FOC
	trouble string // why the book cannot be believed; empty where it can
}

// known reports whether the carrier may have the order: something was sent, perhaps.
func (s standing) known() bool { return s.sent != nil || s.doubted != nil }

// version is that of the order which surely went out; 0 while none did.
func (s standing) version() int {
	if s.sent == nil {
		return 0
	}
	return s.sent.Version
}

// asks are the steps that send an order or a correction.
func asks(t ledger.DeskTask) bool { return t.Step == stepSubmit || t.Step == stepSupplement }

// read folds the book of a port. Only the last answer is needed, because each says all that is known of the order; tasks
// that found their place behind it go on from there.
func (b *Book) read(ctx context.Context, port string) (standing, error) {
	book, err := b.Books.DeskBook(ctx, port)
	if err != nil {
		return standing{}, err
	}
	s := standing{book: book, state: carrier.StatePending}
	since := int64(0)
	if len(book.Answers) > 0 {
		last := book.Answers[len(book.Answers)-1]
		since = last.Seq
		if err := b.believe(ctx, &s, last); err != nil {
			return standing{}, err
		}
	}
	for i := range book.Tasks {
		s.take(&book.Tasks[i], since)
	}
	b.readOrder(&s)
	return s, nil
}

// believe takes an answer if a person of the desk signed it, for this place of this book. What does not hold is trouble, not
// an error: only a registry that cannot be read is.
func (b *Book) believe(ctx context.Context, s *standing, row ledger.DeskAnswer) error {
	says, _, err := b.verify(ctx, row.Statement, row.Signature, row.At)
	if porting.KindOf(err) == porting.Refused {
		s.trouble = fmt.Sprintf("entry %d of the desk's book is not signed as it must be: %s", row.Seq, porting.CodeOf(err))
		return nil
	}
	if err != nil {
		return err
	}
	if says.Port != s.book.PortID || says.Carrier != s.book.Carrier || says.Seq != row.Seq || s.task(says.Task) == nil {
		s.trouble = fmt.Sprintf("entry %d of the desk's book was signed for another place", row.Seq)
		return nil
	}
	s.state, s.foc, s.left = says.State, says.FOC, says.Left
	if says.Code != "" {
		s.reasons = []carrier.Rejection{{Code: says.Code, Text: says.Text, Reason: says.Reason}}
	}
	return nil
}

// verify reads an answer, and says who signed it; nobody where answers are believed as they come.
func (b *Book) verify(ctx context.Context, statement []byte, signature string, seenAt time.Time) (approval.DeskAnswer, string, error) {
	if b.Registry == nil {
		says, err := approval.ParseDeskAnswer(statement)
		return says, "", err
	}
	now := b.real()
	registry, err := b.Registry.Current(ctx, now)
	if err != nil {
		return approval.DeskAnswer{}, "", &porting.Error{
			Kind: porting.Failed, Code: "registry-unusable", Op: "read desk book", Detail: "the registry of approvers cannot be used: " + porting.CodeOf(err), Err: err,
		}
	}
	signed, err := registry.VerifyDesk(statement, signature, seenAt, now)
	return signed.DeskAnswer, signed.Person, err
}

// take folds one task. since is the place of the last answer.
func (s *standing) take(t *ledger.DeskTask, since int64) {
	if t.Seq == 0 {
		if asks(*t) && t.Mail == ledger.DeskMailTried && t.Version > s.version() {
			s.doubted = t
		}
		return
	}
	if asks(*t) {
		s.sent = t
	}
	if t.Seq < since {
		return
	}
	switch step(t.Step) {
	case stepSubmit, stepSupplement:
		s.state, s.foc, s.reasons, s.left = carrier.StatePending, time.Time{}, nil, nil
	case stepCancel:
		s.state = carrier.StateCancelPending
	case stepReverse:
		s.state = carrier.StateReversing
	}
}

// readOrder takes the numbers from the order as it was sent. They are gone where the port has ended.
func (b *Book) readOrder(s *standing) {
	order := s.sent
	if order == nil {
		order = s.doubted
	}
	if order == nil || order.Sealed == nil {
		return
	}
	sheet, err := b.open(*order)
	if err != nil {
		s.trouble = "the order in the desk's book cannot be opened"
		return
	}
	s.numbers, s.alone = sheet.Order.Numbers, sheet.Alone
}

func (s standing) task(id string) *ledger.DeskTask {
	i := slices.IndexFunc(s.book.Tasks, func(t ledger.DeskTask) bool { return t.ID == id })
	if i < 0 {
		return nil
	}
	return &s.book.Tasks[i]
}

// status is the standing as the saga hears it.
func (s standing) status() carrier.Status {
	st := carrier.Status{
		Ref: carrier.Ref{Port: s.book.PortID, Version: s.version()}, State: s.state, FOC: s.foc, Version: int(s.book.Entries), Reasons: s.reasons,
		Raw: string(s.state), Task: s.todo(),
	}
	if s.sent == nil {
		st.Version++ // the order that is in doubt will take the next place
	}
	if s.trouble != "" {
		st.State, st.Raw, st.FOC, st.Reasons = carrier.StateUnknown, s.trouble, time.Time{}, nil
	}
	for i, n := range s.numbers {
		st.Numbers = append(st.Numbers, s.numberState(i, n, st.State))
	}
	return st
}

// numberState is a number's own state: that of its order, unless it stays behind.
func (s standing) numberState(i int, n porting.Number, state carrier.State) carrier.NumberState {
	at := slices.IndexFunc(s.left, func(left approval.DeskLeft) bool { return left.Position == i+1 })
	if at < 0 || s.trouble != "" {
		return carrier.NumberState{Number: n, State: state}
	}
	return carrier.NumberState{Number: n, State: carrier.StateRejected, Reason: s.left[at].Reason}
}
