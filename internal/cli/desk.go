package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/carrier/manual"
	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
)

func newDesk(f *Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "desk",
		Short: "Work with carriers that have no API: see tasks, and say what carriers answered",
		Long: "What a port asks of a carrier without an API is a task for a person. The forms are mailed by themselves; you see that the\n" +
			"carrier answers, and write down what it said. The port reads your answer from the ledger, and believes it because you signed it.",
		Example: "  portsaga desk list\n  portsaga desk show pi-.../1/submit\n  portsaga desk answer pi-.../1/submit --confirmed --foc 2026-12-03T09:00:00-05:00",
		GroupID: groupPorts,
	}
	return group(cmd, newDeskList(f), newDeskShow(f), newDeskAnswer(f))
}

// withDesk opens the desk's book. Answers are believed unsigned only where decisions are: in a dev, and where it was said.
func (f *Factory) withDesk(ctx context.Context, do func(*manual.Book) error) error {
	cfg, err := f.Config()
	if err != nil {
		return err
	}
	connection, err := f.Connect(ctx)
	if err != nil {
		return err
	}
	return f.withVault(ctx, func(books *ledger.Ledger, keys *vault.Vault) error {
		book := &manual.Book{Books: books, Vault: keys, Real: f.Now}
		if cfg.Approvals != config.ApprovalsTrusted && (connection.Dev == nil || !cfg.Trusts()) {
			book.Registry = approval.NewKeeper(cfg.Registry, cfg.RegistryRoots, books)
		}
		return do(book)
	})
}

func newDeskList(f *Factory) *cobra.Command {
	var carrier string
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List what waits for a person",
		Long:    "List the tasks that wait for a person, one a port, with until when and what to do. Nothing in the list is personal.",
		Example: "  portsaga desk list\n  portsaga desk list --carrier old-bell -o json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.withDesk(cmd.Context(), func(b *manual.Book) error {
				tasks, err := b.Tasks(cmd.Context(), carrier)
				if err != nil {
					return err
				}
				return f.Print(tasks, func(w io.Writer) { f.writeTasks(w, tasks) })
			})
		},
	}
	cmd.Flags().StringVar(&carrier, "carrier", "", "only tasks at this carrier")
	return cmd
}

func (f *Factory) writeTasks(w io.Writer, tasks []manual.Task) {
	if len(tasks) == 0 {
		fmt.Fprintln(w, "Nothing waits for a person.")
		return
	}
	var rows [][]string
	for _, t := range tasks {
		rows = append(rows, []string{t.ID, t.Carrier, timestamp(t.DueAt), string(t.Mail), orDash(t.Trouble), t.Todo})
	}
	f.Table(w, []string{"TASK", "CARRIER", "BY", "MAIL", "TROUBLE", "WHAT TO DO"}, rows)
}

type deskShowOptions struct {
	Code  bool
	Files string
	By    string
}

func newDeskShow(f *Factory) *cobra.Command {
	o := deskShowOptions{}
	cmd := &cobra.Command{
		Use:   "show TASK",
		Short: "Show a task: what to do, the text to paste, the forms",
		Long: "Show a task with all that it says. The text is what was mailed, and can be pasted into a portal. --files writes the forms,\n" +
			"without an authorization code, into a directory. The text and the forms hold personal data.\n\n" +
			"--code prints the authorization code that the carrier's portal asks for, and nothing else. It can be read once; the ledger\n" +
			"keeps who did.",
		Example: "  portsaga desk show pi-.../1/submit\n  portsaga desk show pi-.../1/submit --files .\n  portsaga desk show pi-.../1/submit --code --by ana@desk",
		Args:    exactly(1, "which task? portsaga desk list names them"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return f.withDesk(cmd.Context(), func(b *manual.Book) error {
				if o.Code {
					return o.printCode(cmd.Context(), f, b, args[0])
				}
				return o.show(cmd.Context(), f, b, args[0])
			})
		},
	}
	cmd.Flags().BoolVar(&o.Code, "code", false, "print the authorization code, once")
	cmd.Flags().StringVar(&o.Files, "files", "", "directory to write the forms into")
	byFlag(cmd, &o.By)
	cmd.MarkFlagsMutuallyExclusive("code", "files")
	return cmd
}

func (o deskShowOptions) printCode(ctx context.Context, f *Factory, b *manual.Book, task string) error {
	who, err := f.who(o.By)
	if err != nil {
		return err
	}
	code, err := b.Code(ctx, task, who)
	if err != nil {
		return err
	}
	typed := code.Reveal() //nolint:forbidigo // a person types it into the carrier's portal
	return f.Print(map[string]string{"task": task, "code": typed}, func(w io.Writer) { fmt.Fprintln(w, typed) })
}

func (o deskShowOptions) show(ctx context.Context, f *Factory, b *manual.Book, id string) error {
	task, err := b.Task(ctx, id)
	if err != nil {
		return err
	}
	if o.Files != "" {
		for _, file := range task.Files {
			if err := writeFile(filepath.Join(o.Files, file.Name), file.Bytes, forOwner); err != nil {
				return err
			}
		}
	}
	return f.Print(task, func(w io.Writer) { f.writeTask(w, task) })
}

func (f *Factory) writeTask(w io.Writer, t manual.Task) {
	fmt.Fprintf(w, "%s  at %s\n", f.style(bold, t.ID), t.Carrier)
	if t.Todo != "" {
		fmt.Fprintf(w, "%s, by %s\n", f.style(warning, t.Todo), timestamp(t.DueAt))
	}
	fmt.Fprintln(w)
	fields(w, "order", string(t.State), "FOC", dateOrNone(t.FOC), "trouble", oneLine(t.Trouble), "mail", string(t.Mail), "to", t.To, "opened", timestamp(t.OpenedAt),
		"code", codeLine(t), "answers", fmt.Sprint(t.Answers))
	f.section(w, "What to do", len(t.Do), func(i int) string { return fmt.Sprintf("%d. %s", i+1, oneLine(t.Do[i])) })
	f.section(w, "Forms (--files DIR writes them)", len(t.Files), func(i int) string { return t.Files[i].Name })
	if t.Body != "" {
		fmt.Fprintf(w, "\n%s\n\nSubject: %s\n\n%s", f.style(bold, "Text"), oneLine(t.Subject), t.Body)
	}
}

func codeLine(t manual.Task) string {
	switch {
	case t.HasCode:
		return "waits to be read, once, with --code"
	case t.CodeReadBy != "":
		return "read by " + oneLine(t.CodeReadBy) + " at " + timestamp(t.CodeReadAt)
	default:
		return ""
	}
}

func dateOrNone(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return timestamp(t)
}
