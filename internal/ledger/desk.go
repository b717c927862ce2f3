package ledger

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// DeskMail is where the mail of a task stands.
type DeskMail string

// Where a mail can stand.
const (
	DeskMailNone    DeskMail = "none"    // the task has none: it is for a portal or the telephone
	DeskMailWritten DeskMail = "written" // surely not sent
	DeskMailTried   DeskMail = "tried"   // perhaps sent: nobody saw the mail server take it
	DeskMailSent    DeskMail = "sent"    // the mail server took it
	DeskMailRefused DeskMail = "refused" // the mail server refused it for good, so a person sends it
)

// DeskTask is something that a person does at a carrier without an API. Opened and due are business time.
type DeskTask struct {
	ID      string   `json:"id"` // port, version and step: the same request is the same task
	PortID  string   `json:"port_id"`
	Version int      `json:"version"` // of the order
	Step    string   `json:"step"`
	Carrier string   `json:"carrier"`
	Seq     int64    `json:"seq"` // its place in the port's book; 0 while its mail is not settled
	Mail    DeskMail `json:"mail"`

	OpenedAt time.Time `json:"opened_at"`
	DueAt    time.Time `json:"due_at"`

	Sealed     []byte    `json:"-"` // what it says, with personal data; nil when it was destroyed
	Code       []byte    `json:"-"` // sealed authorization code; nil where there is none any more
	CodeReadBy string    `json:"code_read_by,omitempty"`
	CodeReadAt time.Time `json:"code_read_at,omitzero"` // real time
}

// DeskAnswer is what a person says that the carrier answered, as it came. Nothing in it is verified.
type DeskAnswer struct {
	PortID    string
	Seq       int64 // its place in the port's book
	TaskID    string
	Statement []byte
	Signature string // empty where answers are trusted as they come
	By        string // claimed
	At        time.Time
}

// DeskBook is all that is written of one port, in order; tasks without a place come last.
type DeskBook struct {
	PortID  string
	Carrier string
	Entries int64
	Tasks   []DeskTask
	Answers []DeskAnswer
}

const deskTaskColumns = `t.id, t.port_id, t.version, t.step, b.carrier, t.seq, t.mail, t.opened_at, t.due_at, t.sealed, t.code, t.code_read_by, t.code_read_at`

const selectDeskTask = `SELECT ` + deskTaskColumns + ` FROM desk_tasks t JOIN desk_books b ON b.port_id = t.port_id`

// OpenDeskTask writes a task down, and returns the task of that ID as it is kept: the first one stays. One without a mail
// has its place at once.
func (l *Ledger) OpenDeskTask(ctx context.Context, t DeskTask) (DeskTask, error) {
	const op = "open desk task"
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := change(ctx, tx, `INSERT INTO desk_books (port_id, carrier, opened_at) VALUES ($1, $2, $3) ON CONFLICT (port_id) DO NOTHING`,
			t.PortID, t.Carrier, instant{t.OpenedAt}); err != nil {
			return err
		}
		fresh, err := change(ctx, tx, `INSERT INTO desk_tasks (id, port_id, version, step, mail, opened_at, due_at, sealed, code)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING`,
			t.ID, t.PortID, t.Version, t.Step, t.Mail, instant{t.OpenedAt}, instant{t.DueAt}, t.Sealed, t.Code)
		if err == nil && fresh == 1 && t.Mail == DeskMailNone {
			err = placeDeskTask(ctx, tx, t.ID)
		}
		if err != nil {
			return err
		}
		t, err = scanDeskTask(tx.QueryRowContext(ctx, selectDeskTask+` WHERE t.id = $1`, t.ID))
		return err
	})
	return t, fault(op, t.ID, err)
}

// TryDeskMail notes, before the first byte leaves, that a task's mail may have been sent.
func (l *Ledger) TryDeskMail(ctx context.Context, id string) error {
	_, err := l.change(ctx, `UPDATE desk_tasks SET mail = 'tried' WHERE id = $1 AND mail = 'written'`, id)
	return fault("try desk mail", id, err)
}

// SettleDeskMail notes what became of a task's mail, sent or refused, and gives the task its place in the book. The first
// word stays.
func (l *Ledger) SettleDeskMail(ctx context.Context, id string, mail DeskMail) error {
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		settled, err := change(ctx, tx, `UPDATE desk_tasks SET mail = $2 WHERE id = $1 AND mail IN ('written', 'tried')`, id, mail)
		if err != nil || settled == 0 {
			return err
		}
		return placeDeskTask(ctx, tx, id)
	})
	return fault("settle desk mail", id, err)
}

// placeDeskTask gives a task the next place in its port's book.
func placeDeskTask(ctx context.Context, tx *sql.Tx, id string) error {
	const book = `(SELECT port_id FROM desk_tasks WHERE id = $1)`
	if _, err := change(ctx, tx, `UPDATE desk_books SET entries = entries + 1 WHERE port_id = `+book, id); err != nil {
		return err
	}
	if _, err := change(ctx, tx, `UPDATE desk_tasks SET seq = (SELECT entries FROM desk_books WHERE port_id = `+book+`) WHERE id = $1`, id); err != nil {
		return err
	}
	return countChange(ctx, tx)
}

// AnswerDeskTask writes an answer at the place that it names, if that is the next one. The same answer again changes
// nothing. Code of Refused: "desk-book-moved-on".
func (l *Ledger) AnswerDeskTask(ctx context.Context, a DeskAnswer) error {
	const op = "answer desk task"
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		next, err := change(ctx, tx, `UPDATE desk_books SET entries = $2 WHERE port_id = $1 AND entries = $2 - 1`, a.PortID, a.Seq)
		if err != nil {
			return err
		}
		if next == 0 {
			return repeatedDeskAnswer(ctx, tx, a)
		}
		if _, err := change(ctx, tx, `INSERT INTO desk_answers (port_id, seq, task_id, statement, signature, by_name, at)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`, a.PortID, a.Seq, a.TaskID, a.Statement, a.Signature, a.By, instant{a.At}); err != nil {
			return err
		}
		return countChange(ctx, tx, a.leaf())
	})
	return fault(op, a.TaskID, err)
}

// repeatedDeskAnswer is nil if the answer stands at its place already.
func repeatedDeskAnswer(ctx context.Context, tx *sql.Tx, a DeskAnswer) error {
	same := 0
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM desk_answers WHERE port_id = $1 AND seq = $2 AND statement = $3 AND signature = $4`,
		a.PortID, a.Seq, a.Statement, a.Signature).Scan(&same)
	if err != nil || same == 1 {
		return err
	}
	return &porting.Error{
		Kind: porting.Refused, Code: "desk-book-moved-on", Op: "answer desk task", Object: a.TaskID,
		Detail: "something was done or said since", Next: "look at it again with portsaga desk show, and answer anew",
	}
}

// DeskBook returns the book of a port as it was at one instant; an empty one where there is none.
func (l *Ledger) DeskBook(ctx context.Context, portID string) (DeskBook, error) {
	const op = "read desk book"
	for {
		book, err := l.readDeskBook(ctx, portID)
		if err != nil {
			return book, fault(op, portID, err)
		}
		_, entries, err := l.deskEntries(ctx, portID)
		if err != nil || entries == book.Entries {
			return book, fault(op, portID, err)
		}
	}
}

func (l *Ledger) readDeskBook(ctx context.Context, portID string) (DeskBook, error) {
	book := DeskBook{PortID: portID}
	var err error
	if book.Carrier, book.Entries, err = l.deskEntries(ctx, portID); err != nil || book.Carrier == "" {
		return book, err
	}
	if book.Tasks, err = l.deskTasks(ctx, portID); err == nil {
		book.Answers, err = l.deskAnswers(ctx, portID)
	}
	return book, err
}

// deskEntries is how much stands in a port's book, and of which carrier; nothing where there is no book.
func (l *Ledger) deskEntries(ctx context.Context, portID string) (carrier string, entries int64, err error) {
	err = l.db.QueryRowContext(ctx, `SELECT carrier, entries FROM desk_books WHERE port_id = $1`, portID).Scan(&carrier, &entries)
	if errors.Is(err, sql.ErrNoRows) {
		return "", 0, nil
	}
	return carrier, entries, err
}

func (l *Ledger) deskTasks(ctx context.Context, portID string) ([]DeskTask, error) {
	rows, err := l.db.QueryContext(ctx, selectDeskTask+` WHERE t.port_id = $1 ORDER BY t.seq = 0, t.seq, t.opened_at, t.id`, portID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var tasks []DeskTask
	for rows.Next() {
		t, err := scanDeskTask(rows)
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, t)
	}
	return tasks, rows.Err()
}

func (l *Ledger) deskAnswers(ctx context.Context, portID string) ([]DeskAnswer, error) {
	rows, err := l.db.QueryContext(ctx, `SELECT port_id, seq, task_id, statement, signature, by_name, at FROM desk_answers
		WHERE port_id = $1 ORDER BY seq`, portID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var answers []DeskAnswer
	for rows.Next() {
		var a DeskAnswer
		var at instant
		if err := rows.Scan(&a.PortID, &a.Seq, &a.TaskID, &a.Statement, &a.Signature, &a.By, &at); err != nil {
			return nil, err
		}
		a.At = at.Time
		answers = append(answers, a)
	}
	return answers, rows.Err()
}

// DeskPorts lists the ports of a carrier whose first task was opened at or after an instant, oldest first. An empty carrier
// is all of them, the zero instant all time.
func (l *Ledger) DeskPorts(ctx context.Context, carrier string, since time.Time) ([]string, error) {
	const op = "list desk books"
	from := int64(0)
	if !since.IsZero() {
		from = since.UnixMicro()
	}
	rows, err := l.db.QueryContext(ctx, `SELECT port_id FROM desk_books WHERE ($1 = '' OR carrier = $1) AND opened_at >= $2
		ORDER BY opened_at, port_id`, carrier, from)
	if err != nil {
		return nil, fault(op, carrier, err)
	}
	defer rows.Close()
	var ports []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fault(op, carrier, err)
		}
		ports = append(ports, id)
	}
	return ports, fault(op, carrier, rows.Err())
}

// TakeDeskCode returns the sealed authorization code of a task and destroys it: it is read once. at is real time. NotFound
// is "desk-code-gone".
func (l *Ledger) TakeDeskCode(ctx context.Context, id, by string, at time.Time) ([]byte, error) {
	const op = "read desk code"
	var code []byte
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		err := tx.QueryRowContext(ctx, `SELECT code FROM desk_tasks WHERE id = $1 AND code IS NOT NULL`, id).Scan(&code)
		if err != nil {
			return err
		}
		taken, err := change(ctx, tx, `UPDATE desk_tasks SET code = NULL, code_read_by = $2, code_read_at = $3
			WHERE id = $1 AND code IS NOT NULL`, id, by, instant{at})
		if err == nil && taken == 0 {
			err = sql.ErrNoRows // somebody else read it in this moment
		}
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, &porting.Error{
			Kind: porting.NotFound, Code: "desk-code-gone", Op: op, Object: id,
			Detail: "the task has no code, or it was read before", Next: "ask the subscriber for a new code and amend the order",
		}
	}
	return code, fault(op, id, err)
}

const forgetDesk = `UPDATE desk_tasks SET sealed = NULL, code = NULL WHERE port_id = $1`

// ForgetDesk destroys the personal data and the codes in a port's book. What was done and answered stays.
func (l *Ledger) ForgetDesk(ctx context.Context, portID string) error {
	_, err := l.change(ctx, forgetDesk, portID)
	return fault("forget desk", portID, err)
}

// DropDeskCode destroys the code of a task whose mail has brought it to the carrier.
func (l *Ledger) DropDeskCode(ctx context.Context, id string) error {
	_, err := l.change(ctx, `UPDATE desk_tasks SET code = NULL WHERE id = $1`, id)
	return fault("destroy desk code", id, err)
}

func scanDeskTask(row interface{ Scan(dest ...any) error }) (DeskTask, error) {
	var t DeskTask
	var opened, due, read instant
	err := row.Scan(&t.ID, &t.PortID, &t.Version, &t.Step, &t.Carrier, &t.Seq, &t.Mail, &opened, &due, &t.Sealed, &t.Code, &t.CodeReadBy, &read)
	t.OpenedAt, t.DueAt, t.CodeReadAt = opened.Time, due.Time, read.Time
	return t, err
}
