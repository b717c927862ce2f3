package manual

import (
	"context"
	"errors"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/porting"
)

// call is one request of the saga.
type call struct {
	*Gateway
	op  string
	ref carrier.Ref
}

// read reads the port's book. A ledger that fails is a carrier out of reach.
func (c call) read(ctx context.Context) (standing, error) {
	now, err := c.Book.read(ctx, c.ref.Port)
	if err != nil {
		return now, c.unavailable("the desk's book cannot be read", err)
	}
	return now, nil
}

// knownOrder reads the book of an order that was sent, perhaps.
func (c call) knownOrder(ctx context.Context) (standing, error) {
	now, err := c.read(ctx)
	if err == nil && !now.known() {
		err = &porting.Error{Kind: porting.NotFound, Code: "carrier-order-unknown", Op: c.op, Object: c.ref.String(), Detail: "the carrier was sent no such order"}
	}
	return now, err
}

// believedOrder reads a book on which something irreversible may stand.
func (c call) believedOrder(ctx context.Context) (standing, error) {
	now, err := c.knownOrder(ctx)
	if err == nil && now.trouble != "" {
		err = c.unavailable("the desk's book cannot be believed", nil)
	}
	return now, err
}

// follow opens a task about an order that was sent, with the order as it was sent.
func (c call) follow(ctx context.Context, now standing, what string, why porting.Reason) (carrier.Status, error) {
	about := now.sent
	if about == nil {
		about = now.doubted
	}
	order := sheet{Ref: carrier.Ref{Port: c.ref.Port, Version: about.Version}}
	if about.Sealed != nil {
		sent, err := c.Book.open(*about)
		if err != nil {
			return carrier.Status{}, c.unavailable("the order in the desk's book cannot be opened", err)
		}
		order.Order, order.DDD = sent.Order, sent.DDD
	}
	order.Step, order.FOC, order.Why = now.nextStep(about.Version, what), now.foc, why
	return c.ask(ctx, what, order, "")
}

// ask opens a task and mails it, unless that was done before, and answers with the standing afterwards.
func (c call) ask(ctx context.Context, what string, s sheet, code porting.Secret) (carrier.Status, error) {
	task, err := c.openTask(ctx, what, s, code)
	if err != nil {
		return carrier.Status{}, err
	}
	if task.Seq == 0 {
		if err := c.mail(ctx, task); err != nil {
			return carrier.Status{}, err
		}
	}
	now, err := c.read(ctx)
	return now.status(), err
}

// openTask writes the task down before anything leaves. One that is there already stays as it is.
func (c call) openTask(ctx context.Context, what string, s sheet, code porting.Secret) (ledger.DeskTask, error) {
	at := c.Now().UTC()
	id := taskID(s.Ref, s.Step)
	s.At, s.Lang, s.Alone = at, c.Profile.Language, !c.Profile.OnDemand
	s.Letter = (what == stepSubmit || what == stepSupplement) && c.Profile.needs("loa")
	task := ledger.DeskTask{
		ID: id, PortID: s.Ref.Port, Version: s.Ref.Version, Step: s.Step, Carrier: c.Profile.Name, Mail: ledger.DeskMailNone,
		OpenedAt: at, DueAt: c.Profile.due(what, at),
	}
	if c.Profile.Email != "" && what != stepStop {
		task.Mail, s.To = ledger.DeskMailWritten, c.Profile.Email
		s.Mailed = code != "" && c.Profile.CodesByMail
	}
	s.Subject, s.Body = s.subject(), s.body()
	s.Do = c.Profile.instructions(what, s, code != "")
	if code != "" {
		task.Code = c.Book.Vault.Seal(codePlace(id), code)
	}
	var err error
	if task.Sealed, err = c.Book.seal(id, s); err != nil {
		return task, c.unavailable("the task cannot be written", err)
	}
	kept, err := c.Book.Books.OpenDeskTask(ctx, task)
	if err != nil {
		return kept, c.unavailable("the task cannot be written", err)
	}
	return kept, nil
}

// mail sends a task's mail and notes what became of it. What a mail server refuses for good is for a person to send; whatever
// else goes wrong leaves the outcome unknown, and the same mail is sent again.
func (c call) mail(ctx context.Context, task ledger.DeskTask) error {
	if c.Mail == nil {
		return c.unavailable("no mail server is set up", nil)
	}
	s, err := c.Book.open(task)
	if err != nil {
		return c.unavailable("the task cannot be opened", err)
	}
	message, err := c.message(task, s)
	if err != nil {
		return c.unavailable("the mail cannot be written", err)
	}
	if err := c.Book.Books.TryDeskMail(ctx, task.ID); err != nil {
		return c.unavailable("the mail cannot be noted", err)
	}
	_, err = c.Mail.Send(ctx, message)
	outcome := ledger.DeskMailSent
	if porting.KindOf(err) == porting.Refused {
		outcome, err = ledger.DeskMailRefused, nil
	}
	if err != nil {
		return c.unavailable("the mail server did not take the mail: "+porting.CodeOf(err), err)
	}
	books := context.WithoutCancel(ctx)
	if err := c.Book.Books.SettleDeskMail(books, task.ID, outcome); err != nil {
		return c.unavailable("the mail cannot be noted", err)
	}
	if outcome == ledger.DeskMailSent && s.Mailed {
		err = c.Book.Books.DropDeskCode(books, task.ID)
	}
	if err != nil {
		return c.unavailable("the code cannot be destroyed", err)
	}
	return nil
}

// message is the mail of a task, the same for every attempt.
func (c call) message(task ledger.DeskTask, s sheet) (notify.Message, error) {
	var code porting.Secret
	var err error
	if s.Mailed && task.Code != nil {
		if code, err = c.Book.Vault.Open(codePlace(task.ID), task.Code); err != nil {
			return notify.Message{}, err
		}
	}
	files, err := s.files(code)
	return notify.Message{
		ID: task.ID, Key: mailKey(task.ID), To: s.To, Files: files,
		Content: notify.Content{Subject: s.Subject, Text: s.Body, Lang: s.Lang},
	}, err
}

func (c call) refused(code, detail, next string) error {
	return &porting.Error{Kind: porting.Refused, Code: code, Op: c.op, Object: c.ref.String(), Detail: detail, Next: next}
}

// unavailable is a fault after which nobody knows whether the carrier heard of it.
func (c call) unavailable(detail string, cause error) error {
	e := &porting.Error{Kind: porting.Failed, Code: "carrier-unavailable", Op: c.op, Object: c.ref.String(), Detail: detail, Next: "it is asked again", Err: cause}
	if c.ref.Port == "" {
		e.Object = c.Profile.Name
	}
	if errors.Is(cause, context.Canceled) || errors.Is(cause, context.DeadlineExceeded) {
		e.Detail = "it took too long"
	}
	return e
}
