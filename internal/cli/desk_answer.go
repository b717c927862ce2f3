package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/manual"
	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/porting"
)

type deskAnswerOptions struct {
	Task string

	Confirmed, Cancelled, CancelRefused, Active, Reversed bool
	Rejected, Refused                                     string // the carrier's code

	FOC    string
	Text   string
	Reason string
	Left   []string
	By     string
	Paste  bool
	signOptions
}

func newDeskAnswer(f *Factory) *cobra.Command {
	o := deskAnswerOptions{}
	cmd := &cobra.Command{
		Use:   "answer TASK",
		Short: "Say what the carrier answered, signed with your SSH key",
		Long: "Write down what the carrier said to a task. The command shows what you sign, asks, signs with your SSH key and writes it into\n" +
			"the ledger, where the port reads it back; then it hints to the port. Who you are is what the registry says of the key: a\n" +
			"person of the role desk. Whatever you do not say stays as it was, such as the date or the numbers that stay behind.\n\n" +
			"Keep personal data out of --text: it is shown on the port's page.\n\n" +
			"For a key on another machine, --statement-out writes the exact bytes; sign them there with ssh-keygen, and bring the\n" +
			"signature back with --signature. With --paste nothing is written: the command prints the body of a carrier-event for somebody\n" +
			"who sends it in the Web UI, and the port has it verified and written into the book. Where decisions are trusted as they\n" +
			"come nothing is signed, and --by says who answers.",
		Example: "  portsaga desk answer TASK --confirmed --foc 2026-12-03T09:00:00-05:00\n" +
			"  portsaga desk answer TASK --confirmed --foc 2026-12-03T09:00:00-05:00 --left 2=TN_INACTIVE\n" +
			"  portsaga desk answer TASK --rejected 7401 --reason ACCOUNT_NUMBER_MISMATCH\n" +
			"  portsaga desk answer TASK --active\n" +
			"  portsaga desk answer TASK --active --paste\n" +
			"  portsaga desk answer TASK --cancelled --statement-out answer.json\n" +
			"  ssh-keygen -Y sign -n portsaga.desk.v1 -f KEY answer.json\n" +
			"  portsaga desk answer TASK --signature answer.json.sig",
		Args: exactly(1, "which task? portsaga desk list names them"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Task = args[0]
			return f.withDesk(cmd.Context(), func(b *manual.Book) error { return o.run(cmd, f, b) })
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.Confirmed, "confirmed", false, "it confirmed the order, or moved its date, to --foc")
	flags.StringVar(&o.Rejected, "rejected", "", "it rejected the order with this code; the order can be corrected")
	flags.StringVar(&o.Refused, "refused", "", "it refused the order with this code, for good")
	flags.BoolVar(&o.Active, "active", false, "the numbers work with us")
	flags.BoolVar(&o.Cancelled, "cancelled", false, "the order is cancelled")
	flags.BoolVar(&o.CancelRefused, "cancel-refused", false, "it does not cancel any more")
	flags.BoolVar(&o.Reversed, "reversed", false, "the numbers are back with the losing provider")
	flags.StringVar(&o.FOC, "foc", "", "the confirmed date, like 2026-12-03T09:00:00-05:00")
	flags.StringVar(&o.Text, "text", "", "the carrier's own words, without personal data")
	reasonFlag(cmd, &o.Reason, "what the carrier's code means (the code itself where it is a reason)")
	flags.StringArrayVar(&o.Left, "left", nil, "a number that stays behind, by its position in the task, and why, like 2=TN_INACTIVE; repeatable")
	byFlag(cmd, &o.By)
	o.signFlags(cmd)
	flags.BoolVar(&o.Paste, "paste", false, "print the body of a carrier-event for the Web UI, and write nothing")
	flags.StringVar(&o.StatementOut, "statement-out", "", "write the bytes to be signed to a file, and answer nothing")
	flags.StringVar(&o.Signature, "signature", "", "file with a signature that was made elsewhere, beside what it signs (without .sig)")
	cmd.MarkFlagsMutuallyExclusive("confirmed", "rejected", "refused", "active", "cancelled", "cancel-refused", "reversed", "signature")
	cmd.MarkFlagsOneRequired("confirmed", "rejected", "refused", "active", "cancelled", "cancel-refused", "reversed", "signature")
	cmd.MarkFlagsMutuallyExclusive("statement-out", "signature", "key")
	cmd.MarkFlagsMutuallyExclusive("statement-out", "paste")
	return cmd
}

func (o deskAnswerOptions) run(cmd *cobra.Command, f *Factory, b *manual.Book) error {
	ctx := cmd.Context()
	if o.Signature != "" {
		return o.bring(ctx, f, b)
	}
	says, err := o.says(cmd)
	if err != nil {
		return err
	}
	task, err := b.Task(ctx, o.Task)
	if err != nil {
		return err
	}
	statement, err := b.Draft(ctx, o.Task, says, o.Life)
	if err != nil {
		return err
	}
	answer, err := approval.ParseDeskAnswer(statement)
	if err != nil {
		return err
	}
	f.toPeople(o.Yes, func(w io.Writer) { f.writeAnswer(w, answer, task) })
	if o.StatementOut != "" {
		return o.writeStatement(f, answer, statement)
	}
	if b.Registry == nil {
		return o.take(ctx, f, b, statement, "")
	}
	return o.sign(ctx, f, b, statement)
}

func (o deskAnswerOptions) sign(ctx context.Context, f *Factory, b *manual.Book, statement []byte) error {
	if err := f.confirm("Sign it?", o.Yes); err != nil {
		return err
	}
	signer, err := f.signer(ctx, o.Key)
	if err != nil {
		return err
	}
	signature, err := approval.SignDeskAnswer(signer, statement)
	if err != nil {
		return err
	}
	return o.take(ctx, f, b, statement, signature)
}

// says is the answer that the flags tell.
func (o deskAnswerOptions) says(cmd *cobra.Command) (manual.Says, error) {
	says := manual.Says{State: o.state(), Code: o.Rejected + o.Refused, Text: o.Text}
	var err error
	if says.Reason, err = reasonOf(cmd, o.Reason); err != nil {
		return says, err
	}
	if o.Confirmed && o.FOC == "" {
		return says, usage(cmd, "for when? say so with --foc")
	}
	if o.Life <= 0 || o.Life > porting.MaxStatementLife {
		return says, usage(cmd, "--expires is between 1s and 24h")
	}
	if o.FOC != "" {
		if says.FOC, err = time.Parse(time.RFC3339, o.FOC); err != nil {
			return says, usage(cmd, "--foc is no time like 2026-12-03T09:00:00-05:00")
		}
	}
	for _, left := range o.Left {
		position, code, _ := strings.Cut(left, "=")
		at, err := strconv.Atoi(position)
		reason, unknown := reasonOf(cmd, code)
		if err != nil || unknown != nil || reason == "" {
			return says, usage(cmd, "--left is a position and a reason, like 2=TN_INACTIVE")
		}
		says.Left = append(says.Left, approval.DeskLeft{Position: at, Reason: reason})
	}
	return says, nil
}

func (o deskAnswerOptions) state() carrier.State {
	switch {
	case o.Rejected != "":
		return carrier.StateRejected
	case o.Refused != "":
		return porting.CarrierRefused
	case o.Active:
		return carrier.StateActive
	case o.Cancelled:
		return carrier.StateCancelled
	case o.CancelRefused:
		return porting.CarrierLocked
	case o.Reversed:
		return carrier.StateReversed
	default:
		return carrier.StateConfirmed
	}
}

// writeAnswer writes what a person must know before they sign.
func (f *Factory) writeAnswer(w io.Writer, a approval.DeskAnswer, task manual.Task) {
	fmt.Fprintf(w, "%s\n\n", f.style(bold, fmt.Sprintf("You say that %s answered: %s", oneLine(a.Carrier), a.State)))
	rows := []string{
		"task", oneLine(a.Task), "order", fmt.Sprintf("%s, now %s", oneLine(a.Port), task.State), "FOC", dateOrNone(a.FOC), "code", oneLine(a.Code), "means", string(a.Reason),
		"text", oneLine(a.Text),
	}
	for _, left := range a.Left {
		rows = append(rows, "stays behind", leftLine(left, task.Numbers))
	}
	fields(w, append(rows, "deployment", oneLine(a.Audience), "expires", timestamp(a.ExpiresAt))...)
	fmt.Fprintln(w)
}

func leftLine(left approval.DeskLeft, numbers []porting.Number) string {
	if left.Position > len(numbers) {
		return fmt.Sprintf("number %d: %s", left.Position, left.Reason)
	}
	return fmt.Sprintf("number %d, %s: %s", left.Position, numbers[left.Position-1], left.Reason)
}

func (o deskAnswerOptions) writeStatement(f *Factory, a approval.DeskAnswer, text []byte) error {
	if err := writeFile(o.StatementOut, text, forOwner); err != nil {
		return err
	}
	written := writtenStatement{a.Port, o.StatementOut, approval.DeskNamespace, approval.Digest(text), a.ExpiresAt}
	return f.Print(written, func(w io.Writer) {
		writeSigningSteps(w, approval.DeskNamespace, o.StatementOut, "portsaga desk answer "+a.Task)
		fmt.Fprintf(w, "before:   %s\n", timestamp(a.ExpiresAt))
	})
}

// bring takes an answer that was signed elsewhere.
func (o deskAnswerOptions) bring(ctx context.Context, f *Factory, b *manual.Book) error {
	signature, err := readFile(o.Signature)
	if err != nil {
		return err
	}
	statement, err := readFile(strings.TrimSuffix(o.Signature, ".sig"))
	if err != nil {
		return err
	}
	answer, err := approval.ParseDeskAnswer(statement)
	if err != nil {
		return err
	}
	if answer.Task != o.Task {
		return &porting.Error{
			Kind: porting.Refused, Code: "statement-differs", Op: "answer desk task", Object: o.Task,
			Detail: "the statement answers " + oneLine(answer.Task), Next: "name the statement of this task",
		}
	}
	return o.take(ctx, f, b, statement, string(signature))
}

// answeredTask is what is in the book now.
type answeredTask struct {
	Task   string        `json:"task"`
	Person string        `json:"person"`
	State  carrier.State `json:"state"`
	FOC    time.Time     `json:"foc,omitzero"`
	Told   bool          `json:"told"` // the port knows that there is news
}

func (o deskAnswerOptions) take(ctx context.Context, f *Factory, b *manual.Book, statement []byte, signature string) error {
	who, err := f.who(o.By)
	if err != nil {
		return err
	}
	if o.Paste {
		return o.printBody(f, porting.CarrierEvent{ID: newMessageID(), By: who, Statement: statement, Signature: signature})
	}
	taken, err := b.Take(ctx, statement, signature, who)
	if err != nil {
		return err
	}
	answered := answeredTask{o.Task, taken.Person, taken.Status.State, taken.Status.FOC, f.hint(ctx, taken)}
	return f.Print(answered, func(w io.Writer) {
		fields(w, "task", o.Task, "order", string(answered.State), "FOC", dateOrNone(answered.FOC), "by", oneLine(answered.Person), "port told", mark(answered.Told))
	})
}

// printBody prints an answer for somebody who pastes it into the Web UI.
func (o deskAnswerOptions) printBody(f *Factory, answer porting.CarrierEvent) error {
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	port, _, _ := strings.Cut(o.Task, "/")
	f.progress("%s: open the port in the Web UI, choose Send a signal, the name %s, and paste:", port, porting.MsgCarrierEvent)
	fmt.Fprintf(f.Streams.Out, "%s\n", body)
	return nil
}

// hint tells the port to read the book. The answer stands there whether it hears or not: it also looks by itself.
func (f *Factory) hint(ctx context.Context, taken manual.Taken) bool {
	ports, err := f.Ports(ctx)
	if err == nil {
		err = ports.CarrierEvent(ctx, taken.Status.Ref.Port, porting.CarrierEvent{ID: newMessageID(), By: taken.Person, Hint: "desk: " + string(taken.Status.State)})
	}
	if err != nil {
		f.Log().Warn("the answer is in the book, and the port could not be told; it looks by itself", "port", taken.Status.Ref.Port, "code", porting.CodeOf(err))
	}
	return err == nil
}
