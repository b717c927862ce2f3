package manual

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/porting"
)

// Task is a task as people see it. What it says in Subject, Body, Numbers and Files holds personal data.
type Task struct {
	ledger.DeskTask
	State   carrier.State    `json:"state"`             // of the order, by the book
	FOC     time.Time        `json:"foc,omitzero"`      // of the order
	Trouble string           `json:"trouble,omitempty"` // why the book cannot be believed
	Todo    string           `json:"todo,omitempty"`    // of a task that waits; what a person does now
	HasCode bool             `json:"has_code"`          // an authorization code waits to be read, once
	Answers []carrier.State  `json:"answers,omitempty"` // that the carrier can give now
	Do      []string         `json:"do,omitempty"`
	To      string           `json:"to,omitempty"`
	Subject string           `json:"subject,omitempty"`
	Body    string           `json:"body,omitempty"`
	Numbers []porting.Number `json:"numbers,omitempty"` // in the order in which exceptions name them
	Files   []notify.File    `json:"-"`                 // as they go with the mail, but without the code
}

// Tasks lists the tasks that wait for a person, one a port. An empty carrier means all of them.
func (b *Book) Tasks(ctx context.Context, carrier string) ([]Task, error) {
	ports, err := b.Books.DeskPorts(ctx, carrier, time.Time{})
	if err != nil {
		return nil, err
	}
	tasks := []Task{}
	for _, port := range ports {
		now, err := b.read(ctx, port)
		if err != nil {
			return nil, err
		}
		if t := now.open(); t != nil {
			tasks = append(tasks, now.shown(t))
		}
	}
	return tasks, nil
}

// shown is a task without its sheet.
func (s standing) shown(t *ledger.DeskTask) Task {
	shown := Task{DeskTask: *t, State: s.state, FOC: s.foc, Trouble: s.trouble, HasCode: t.Code != nil, Answers: follows[s.state]}
	if open := s.open(); open != nil && open.ID == t.ID {
		shown.Todo = s.what(t)
	}
	return shown
}

// Task shows one task with all that it says. Codes: "desk-task-unknown" (NotFound), and those of the vault.
func (b *Book) Task(ctx context.Context, id string) (Task, error) {
	now, t, err := b.find(ctx, id)
	if err != nil {
		return Task{}, err
	}
	shown := now.shown(t)
	if t.Sealed == nil {
		return shown, nil
	}
	s, err := b.open(*t)
	if err != nil {
		return Task{}, err
	}
	shown.Do, shown.To, shown.Subject, shown.Body, shown.Numbers = s.Do, s.To, s.Subject, s.Body, s.Order.Numbers
	shown.Files, err = s.files("")
	return shown, err
}

// Code reads the authorization code of a task, once: whoever enters it in the carrier's portal. The ledger keeps who read it.
// Codes: "desk-code-gone" (NotFound), and those of the vault.
func (b *Book) Code(ctx context.Context, id, by string) (porting.Secret, error) {
	sealed, err := b.Books.TakeDeskCode(ctx, id, by, b.real())
	if err != nil {
		return "", err
	}
	return b.Vault.Open(codePlace(id), sealed)
}

// find reads the book in which a task stands.
func (b *Book) find(ctx context.Context, id string) (standing, *ledger.DeskTask, error) {
	port, _, _ := strings.Cut(id, "/")
	now, err := b.read(ctx, port)
	if err != nil {
		return now, nil, err
	}
	if t := now.task(id); t != nil {
		return now, t, nil
	}
	return now, nil, &porting.Error{
		Kind: porting.NotFound, Code: "desk-task-unknown", Op: "read desk task", Object: printable(id), Detail: "there is no such task",
		Next: "see portsaga desk list",
	}
}

// printable keeps what somebody typed on one line.
func printable(s string) string { return fmt.Sprintf("%.80q", s) }
