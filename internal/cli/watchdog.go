package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/watchdog"
	"github.com/portsaga/portsaga/porting"
)

type watchdogSettings struct {
	To    string        `split_words:"true" desc:"mail addresses that the watchdog tells of dates, separated by commas"`
	Ahead time.Duration `split_words:"true" default:"1h" desc:"how long before a date the watchdog tells people"`
}

func newWatchdog(f *Factory) *cobra.Command {
	var once, list bool
	cmd := &cobra.Command{
		Use:   "watchdog",
		Short: "Tell people of dates that nobody answers, also when Temporal is dead",
		Long: "Read in the ledger what open ports wait for and until when, and tell people when a date is near or over: by mail\n" +
			"(PORTSAGA_WATCHDOG_TO), by a signed webhook to the services that hear of every tenant (PORTSAGA_WEBHOOKS_FILE), by the log and\n" +
			"by metrics. It asks nothing of Temporal. Each date is told once, also over a restart: PORTSAGA_DIR keeps what was told.\n\n" +
			"It looks every minute until it is told to stop. With --once, for cron, it looks once, and fails if there was something new.\n" +
			"With --list it prints every date that the ledger knows, the earliest first, and tells nobody.",
		Example: "  portsaga watchdog\n  portsaga watchdog --once\n  portsaga watchdog --list\n  PORTSAGA_WATCHDOG_TO=desk@example.com PORTSAGA_WATCHDOG_AHEAD=2h portsaga watchdog",
		GroupID: groupRunning,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			options, err := f.watchdogOptions()
			if err != nil {
				return err
			}
			switch {
			case list:
				return f.listDates(cmd.Context(), options.Dates)
			case once:
				return f.watchOnce(cmd.Context(), options)
			}
			return f.watchDates(cmd.Context(), options)
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "look once, and exit with 1 if there was something new")
	cmd.Flags().BoolVar(&list, "list", false, "print every date that the ledger knows, and tell nobody")
	cmd.MarkFlagsMutuallyExclusive("once", "list")
	return cmd
}

// watchdogOptions are what a watchdog needs: one table of the ledger, and ways to people.
func (f *Factory) watchdogOptions() (watchdog.Options, error) {
	cfg, err := f.Config()
	if err != nil {
		return watchdog.Options{}, err
	}
	settings, err := f.noticeSettings()
	if err != nil {
		return watchdog.Options{}, err
	}
	senders, err := settings.Senders(config.ReadSecret)
	if err != nil {
		return watchdog.Options{}, err
	}
	services, err := settings.Webhooks()
	if err != nil {
		return watchdog.Options{}, err
	}
	ways, err := watchdog.Ways(strings.FieldsFunc(settings.Watchdog.To, isComma), senders, services.Names(""))
	if err != nil {
		return watchdog.Options{}, err
	}
	if err := ledgerIsThere(cfg.Ledger); err != nil {
		return watchdog.Options{}, err
	}
	dates, err := ledger.OpenDates(cfg.Ledger)
	if err != nil {
		return watchdog.Options{}, err
	}
	f.onClose(func() { _ = dates.Close() })
	return watchdog.Options{
		Dates: dates, Memory: filepath.Join(cfg.Dir, "watchdog.json"), Ways: ways, Ahead: settings.Watchdog.Ahead, Now: f.Now, Log: f.Log(),
	}, nil
}

func isComma(r rune) bool { return r == ',' || r == ' ' }

func (f *Factory) watchOnce(ctx context.Context, o watchdog.Options) error {
	dog, err := watchdog.New(o)
	if err != nil {
		return err
	}
	alarms, err := dog.Look(ctx)
	if err != nil {
		return err
	}
	if alarms == nil {
		alarms = []watchdog.Alarm{}
	}
	var dates []ledger.Awaited
	for _, a := range alarms {
		dates = append(dates, a.Awaited)
	}
	err = f.Print(alarms, func(w io.Writer) { f.dateTable(w, dates) })
	if err == nil && len(alarms) > 0 {
		err = &porting.Error{
			Kind: porting.Failed, Code: "dates-near", Op: "watch dates", Detail: fmt.Sprintf("dates that need people: %d", len(alarms)),
			Next: "see whether the cluster lives: portsaga doctor",
		}
	}
	return err
}

// most bounds what is listed of the dates.
const most = 10_000

func (f *Factory) listDates(ctx context.Context, dates watchdog.Dates) error {
	all, err := dates.AwaitedUntil(ctx, f.Now().AddDate(100, 0, 0), most)
	if err != nil {
		return err
	}
	if all == nil {
		all = []ledger.Awaited{}
	}
	return f.Print(all, func(w io.Writer) { f.dateTable(w, all) })
}

func (f *Factory) dateTable(w io.Writer, dates []ledger.Awaited) {
	if len(dates) == 0 {
		return
	}
	var rows [][]string
	for _, a := range dates {
		rows = append(rows, []string{a.DueAt.Format(time.RFC3339), a.PortID, a.Clock, string(a.OwedBy)})
	}
	f.Table(w, []string{"DUE", "PORT", "AWAITS", "OF"}, rows)
}

// watchDates looks until ctx ends, and serves what it sees as metrics.
func (f *Factory) watchDates(ctx context.Context, o watchdog.Options) error {
	cfg, err := f.Config()
	if err != nil {
		return err
	}
	tells, err := f.telemetryOf(ctx, cfg)
	if err != nil {
		return err
	}
	seen, err := tells.Dates()
	if err != nil {
		return err
	}
	o.Seen = seen.Seen
	dog, err := watchdog.New(o)
	if err != nil {
		return err
	}
	f.Log().Info("watching dates", "ways", len(o.Ways), "ahead", o.Ahead.String())
	return together(ctx,
		func(ctx context.Context) error { return f.serveMetrics(ctx, cfg, nil, nil, nil) },
		dog.Run)
}
