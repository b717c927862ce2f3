package allinone

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/cli"
	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/porting"
)

type devOptions struct {
	port, uiPort int
	scenario     string
	scale        float64
	fast         bool
	auth         bool
	verbose      bool
}

// NewDev is the command that runs everything on this machine and stays up.
func NewDev(f *cli.Factory) *cobra.Command {
	signIn(f)
	var o devOptions
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run all of portsaga on this machine; its state survives a restart",
		Long: "Start an embedded Temporal server with its Web UI, a ledger, a simulated carrier and a worker in this process, and stay\n" +
			"up. State is kept in PORTSAGA_DIR (~/.portsaga) and survives a restart, also after kill -9. Other commands on this\n" +
			"machine find it by themselves. It is for a first look, development and one small desk. With --auth every call to the server\n" +
			"needs a token with a role; the commands of this machine's owner have theirs, and `portsaga dev token` prints others.",
		Example: "  portsaga dev\n  portsaga dev --auth\n  portsaga dev --clock-scale 30000 --scenario foc-slips\n  PORTSAGA_DIR=/srv/portsaga portsaga dev --ui-port 8080",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runDev(cmd.Context(), f, o) },
	}
	cmd.Flags().IntVar(&o.port, "port", 7233, "port of Temporal's frontend; a free one if it is taken, or with 0")
	cmd.Flags().IntVar(&o.uiPort, "ui-port", 8233, "port of the Web UI; a free one if it is taken, or with 0")
	cmd.Flags().StringVar(&o.scenario, "scenario", "happy", "what the simulated carrier does")
	cmd.Flags().Float64Var(&o.scale, "clock-scale", 1, "how many times faster business time runs; kept for the life of the directory")
	cmd.Flags().BoolVar(&o.fast, "fast", false, "give up safety against a loss of power for speed")
	cmd.Flags().BoolVar(&o.auth, "auth", false, "deny what no role of the caller allows")
	cmd.Flags().BoolVar(&o.verbose, "verbose", false, "show what the embedded server has to say")
	cmd.AddCommand(newToken(f))
	return cmd
}

func runDev(ctx context.Context, f *cli.Factory, o devOptions) (err error) {
	cfg, err := f.Config()
	if err != nil {
		return err
	}
	if err := cfg.MakeDir(); err != nil {
		return err
	}
	clock, err := devClock(cfg.Dir, o.scale)
	if err != nil {
		return err
	}
	tells, fraud, err := f.Desks()
	if err != nil {
		return err
	}
	started := time.Now()
	stack, err := Start(ctx, Options{
		Dir: cfg.Dir, Clock: clock, Scenario: o.scenario, FrontendPort: freeOr(o.port), UIPort: freeOr(o.uiPort),
		Fast: o.fast, Auth: o.auth, Verbose: o.verbose, Log: quietLog(f, o.verbose), Approvals: approvals(cfg),
		Notify: tells, Fraud: fraud, Reap: true, Answers: cfg.PortoutPolicy,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stack.Stop(), config.RemoveDevState(cfg.Dir)) }()
	state := config.DevState{
		PID: os.Getpid(), Address: stack.Engine.FrontendAddress(), Namespace: stack.Engine.Namespace(),
		UI: stack.Engine.UIAddress(), Clock: stack.Clock, StartedAt: started.UTC(),
	}
	if err := config.WriteDevState(cfg.Dir, state); err != nil {
		return err
	}
	page := f.NewStory(time.UTC)
	page.Say("portsaga dev is ready after %.1f s (%s, loopback only, not for production)", time.Since(started).Seconds(), protection(o.auth))
	page.Say("  Web UI    %s", state.UI)
	page.Say("  Temporal  %s, namespace %s", state.Address, state.Namespace)
	page.Say("  Carrier   simulated, %s, at %s", o.scenario, stack.Carrier.URL())
	page.Say("  Decisions %s", decisions(approvals(cfg)))
	page.Say("  State     %s", cfg.Dir)
	if o.auth {
		page.Say("  Tokens    commands on this machine have theirs, the Web UI is an operator; portsaga dev token --role reader")
	}
	if state.Clock.Scaled() {
		page.Say("  Clock     %.0f times real time; business time is now %s", state.Clock.Scale, state.Clock.Business(time.Now()).Format(time.RFC1123))
	}
	page.Say("  Try       portsaga port in start -f examples/orders/us-wireline-nonsimple.yaml")
	waitFor(ctx, stack)
	return nil
}

// approvals are the files for signed decisions; nil while dev trusts decisions as they come.
func approvals(cfg config.Config) *Approvals {
	if cfg.Trusts() {
		return nil
	}
	return &Approvals{Registry: cfg.Registry, Roots: cfg.RegistryRoots, SigningKey: cfg.SigningKey}
}

// decisions says in one line how decisions are taken.
func decisions(a *Approvals) string {
	if a == nil {
		return "trusted as they come, marked unsigned; portsaga approver init makes a registry"
	}
	return "signed, by the registry " + a.Registry
}

func protection(on bool) string {
	if on {
		return "authorization is on"
	}
	return "no authorization"
}

// devClock is the clock that the directory was started with, so that a restart goes on in the same business time; a fresh
// directory takes the scale that was asked for.
func devClock(dir string, scale float64) (func(time.Time) porting.Clock, error) {
	kept, found, err := readClock(dir)
	if err != nil {
		return nil, err
	}
	asked := porting.Clock{Scale: scale}
	if found && asked.Scaled() && kept.Scale != scale {
		return nil, &porting.Error{
			Kind: porting.Refused, Code: "clock-scale-kept", Op: "start dev", Object: dir,
			Detail: "the directory holds ports with another clock", Next: "leave --clock-scale out, or use another PORTSAGA_DIR",
		}
	}
	return func(now time.Time) porting.Clock {
		if found {
			return kept
		}
		if !asked.Scaled() {
			return porting.Clock{}
		}
		return porting.Clock{Scale: scale, RealStart: now, BusinessStart: now}
	}, nil
}

// quietLog shows warnings of our own parts, and everything if asked.
func quietLog(f *cli.Factory, verbose bool) *slog.Logger {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(f.Streams.Err, &slog.HandlerOptions{Level: level}))
}
