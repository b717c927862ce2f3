package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
)

func newNotices(f *Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "notices",
		Short: "See, preview and resend what customers and services are told",
		Long: "Customers are told of every step of a port by e-mail and SMS, services by signed webhooks. Every notice is recorded in the\n" +
			"ledger, with its words and its address sealed, and tried again until it is accepted.\n\n" +
			"PORTSAGA_SMTP_*, PORTSAGA_SMS_* and PORTSAGA_WEBHOOKS_FILE say how they are sent, PORTSAGA_LINK_URL where customers' links\n" +
			"lead, PORTSAGA_TEMPLATES_DIR which texts replace ours.",
		Example: "  portsaga notices preview received --lang de\n  portsaga notices list PORT\n  portsaga notices resend NOTICE",
		GroupID: groupRunning,
	}
	return group(cmd, newNoticesList(f), newNoticesPreview(f), newNoticesResend(f), newNoticesDeliver(f))
}

func newNoticesList(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:     "list PORT",
		Short:   "List what was told of a port, and what became of it",
		Long:    "List the notices of a port: to whom by role, by which channel, and whether they were accepted. Addresses are not shown.",
		Example: "  portsaga notices list pi-...\n  portsaga notices list pi-... -o json",
		Args:    exactly(1, "which port? name it by its ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			books, err := f.noticeBooks(cmd.Context())
			if err != nil {
				return err
			}
			notices, err := books.Notices(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return f.Print(append([]ledger.Notice{}, notices...), func(w io.Writer) { f.writeNotices(w, notices) })
		},
	}
}

func (f *Factory) writeNotices(w io.Writer, notices []ledger.Notice) {
	if len(notices) == 0 {
		fmt.Fprintln(w, "Nothing was told of this port.")
		return
	}
	var rows [][]string
	for _, n := range notices {
		rows = append(rows, []string{n.ID, timestamp(n.RecordedAt), n.Kind, n.Recipient, n.Channel, string(n.State), strconv.Itoa(n.Attempts), orDash(why(n))})
	}
	f.Table(w, []string{"NOTICE", "RECORDED", "KIND", "TO", "BY", "STATE", "ATTEMPTS", "WHY"}, rows)
}

func why(n ledger.Notice) string {
	if n.Suppressed != "" {
		return oneLine(n.Suppressed)
	}
	return n.Failure
}

func newNoticesPreview(f *Factory) *cobra.Command {
	lang, shape := "en", "text"
	cmd := &cobra.Command{
		Use:   "preview KIND",
		Short: "Show a notice as customers get it",
		Long: "Show the text of a notice with sample facts: as mail (text or html) or as sms. It reads the texts that\n" +
			"PORTSAGA_TEMPLATES_DIR names over the embedded ones, and says what is wrong with them.",
		Example:   "  portsaga notices preview received --lang de\n  portsaga notices preview foc --as html > foc.html",
		ValidArgs: kindNames(),
		Args:      exactly(1, "which kind? "+strings.Join(kindNames(), ", ")),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(kindNames(), args[0]) {
				return usage(cmd, fmt.Sprintf("there is no notice of kind %q; there are %s", args[0], strings.Join(kindNames(), ", ")))
			}
			return f.preview(cmd, notify.Kind(args[0]), lang, shape)
		},
	}
	cmd.Flags().StringVar(&lang, "lang", lang, "language, like de or es-MX")
	cmd.Flags().StringVar(&shape, "as", shape, "text, html or sms")
	return cmd
}

func kindNames() []string {
	var names []string
	for _, kind := range notify.Kinds {
		names = append(names, string(kind))
	}
	return names
}

func (f *Factory) preview(cmd *cobra.Command, kind notify.Kind, lang, shape string) error {
	settings, err := f.noticeSettings()
	if err != nil {
		return err
	}
	templates, err := notify.LoadTemplates(settings.TemplatesDir)
	if err != nil {
		return err
	}
	content, err := templates.Render(kind, templates.Match(lang), notify.SampleWords(), "https://port.example/stop/SAMPLE?lang="+templates.Match(lang))
	if err != nil {
		return err
	}
	shown, ok := map[string]string{"text": content.Subject + "\n\n" + content.Text, "html": content.HTML, "sms": content.SMS + "\n"}[shape]
	if !ok {
		return usage(cmd, "--as is text, html or sms")
	}
	return f.Print(content, func(w io.Writer) { fmt.Fprint(w, shown) })
}

func newNoticesResend(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "resend NOTICE...",
		Short: "Send notices once more",
		Long: "Send notices once more, by their IDs: those that failed, or were accepted and did not arrive. A mail goes out as a new mail,\n" +
			"a webhook with the ID that it had. A notice that was suppressed is never sent.",
		Example: "  portsaga notices resend nt-...",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			books, err := f.noticeBooks(cmd.Context())
			if err != nil {
				return err
			}
			var sent []ledger.Notice
			for _, id := range args {
				n, err := books.ResendNotice(cmd.Context(), id, f.Now())
				if err != nil {
					return err
				}
				sent = append(sent, n)
			}
			return f.Print(sent, func(w io.Writer) { f.writeNotices(w, sent) })
		},
	}
}

func newNoticesDeliver(f *Factory) *cobra.Command {
	once := false
	cmd := &cobra.Command{
		Use:   "deliver",
		Short: "Deliver what is due",
		Long: "Deliver recorded notices until it is told to stop by SIGINT or SIGTERM. It needs the ledger and the deployment's key, and may run\n" +
			"beside workers that deliver, too: each notice goes to one of them.",
		Example: "  portsaga notices deliver\n  portsaga notices deliver --once",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			notifier, err := f.notifier(cmd.Context())
			if err != nil {
				return err
			}
			if !once {
				return notifier.Run(cmd.Context())
			}
			accepted, err := notifier.DeliverDue(cmd.Context())
			if err != nil {
				return err
			}
			return f.Print(map[string]int{"accepted": accepted}, func(w io.Writer) { fmt.Fprintf(w, "accepted: %d\n", accepted) })
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "attempt what is due now, once, and end")
	return cmd
}

// notifier is one that records and delivers with everything that the environment names.
func (f *Factory) notifier(ctx context.Context) (*notify.Notifier, error) {
	cfg, err := f.Config()
	if err != nil {
		return nil, err
	}
	settings, err := f.noticeSettings()
	if err != nil {
		return nil, err
	}
	templates, err := notify.LoadTemplates(settings.TemplatesDir)
	if err != nil {
		return nil, err
	}
	senders, err := settings.Senders(config.ReadSecret)
	if err != nil {
		return nil, err
	}
	keys, err := vault.Load(cfg.KeyFile)
	if err != nil {
		return nil, err
	}
	books, err := f.noticeBooks(ctx)
	if err != nil {
		return nil, err
	}
	return notify.New(notify.Options{
		Outbox: books, Vault: keys, Templates: templates, Senders: senders, LinkBase: settings.LinkURL, Now: f.Now, Log: f.Log(),
	}), nil
}

// noticeBooks opens the ledger that is there; it stays open until the program ends.
func (f *Factory) noticeBooks(ctx context.Context) (*ledger.Ledger, error) {
	cfg, err := f.Config()
	if err != nil {
		return nil, err
	}
	books, err := openBooks(ctx, cfg.Ledger)
	if err != nil {
		return nil, err
	}
	f.onClose(func() { _ = books.Close() })
	return books, nil
}

// noticeSettings reads how notices are sent and served.
func (f *Factory) noticeSettings() (outward, error) {
	settings, err := readOutward()
	if err != nil {
		return outward{}, &porting.Error{Kind: porting.Invalid, Code: "config-invalid", Op: "read environment", Detail: "a setting of notices cannot be read", Next: "see docs/notices.md", Err: err}
	}
	return settings, nil
}
