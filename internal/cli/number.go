package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
)

func newNumber(f *Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "number",
		Short: "Protect numbers of ours from leaving, by locks and port-out PINs",
		Long: "A locked number does not leave until it is unlocked, which takes a proof and a cool-off. A port-out PIN is asked when another\n" +
			"provider wants the number. It needs the ledger and the deployment's key, and no engine.",
		Example: "  portsaga number lock +12125550123\n  portsaga number status +12125550123\n  portsaga number pin set +12125550123",
		GroupID: groupPorts,
	}
	return group(cmd, newNumberLock(f), newNumberUnlock(f), newNumberStatus(f), newNumberAssign(f), newNumberContact(f), newNumberPIN(f), newNumberBearer(f))
}

// numberTarget names what a command is about: a number, or an account.
type numberTarget struct {
	Number, Account, Tenant string
}

func (t *numberTarget) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&t.Account, "account", "", "an account, with all its numbers, in place of a number")
	tenantFlag(cmd, &t.Tenant)
}

func tenantFlag(cmd *cobra.Command, tenant *string) {
	cmd.Flags().StringVar(tenant, "tenant", "", "tenant whose number it is (default)")
}

// oneTarget wants a number or --account.
func (t *numberTarget) oneTarget() cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 1 || (len(args) == 1) == (t.Account != "") {
			return fmt.Errorf("which number? write it like +12125550123, or name an --account")
		}
		if len(args) == 1 {
			t.Number = args[0]
		}
		return nil
	}
}

func (t *numberTarget) subject(g *guard.Guard) (guard.Subject, error) {
	if t.Account != "" {
		return g.Account(t.Tenant, t.Account), nil
	}
	number, err := porting.ParseNumber(t.Number)
	if err != nil {
		return guard.Subject{}, err
	}
	return g.Number(t.Tenant, number), nil
}

// withGuard opens the guard of the ledger that is configured. Locks and PINs live in real time, also in a dev that runs faster.
func (f *Factory) withGuard(ctx context.Context, t numberTarget, do func(*guard.Guard, guard.Subject) error) error {
	return f.withLedger(ctx, func(books *ledger.Ledger) error {
		g, _, err := f.openGuard(ctx, books)
		if err != nil {
			return err
		}
		subject, err := t.subject(g)
		if err != nil {
			return err
		}
		return do(g, subject)
	})
}

// openGuard opens the guard of a ledger, with the deployment's key and policies.
func (f *Factory) openGuard(ctx context.Context, books *ledger.Ledger) (*guard.Guard, *vault.Vault, error) {
	cfg, err := f.Config()
	if err != nil {
		return nil, nil, err
	}
	keys, err := vault.Load(cfg.KeyFile)
	if err != nil {
		return nil, nil, err
	}
	policies, err := guard.LoadPolicies(cfg.Protection)
	if err != nil {
		return nil, nil, err
	}
	approvers := approval.NewKeeper(cfg.Registry, cfg.RegistryRoots, books)
	g, err := guard.Open(ctx, books, keys, guard.Options{Policies: policies, Approvers: approvers}, f.Now())
	return g, keys, err
}

func newNumberLock(f *Factory) *cobra.Command {
	var t numberTarget
	var by, reason string
	cmd := &cobra.Command{
		Use:   "lock NUMBER|--account ACCOUNT",
		Short: "Keep a number, or all numbers of an account, from leaving",
		Long: "Lock a number or an account, at once. A lock that is about to end holds on. The subscriber is told. The reason stays in the\n" +
			"history: write no personal data.",
		Example: "  portsaga number lock +12125550123 --reason \"asked by the subscriber\"\n  portsaga number lock --account ACC-1001",
		Args:    t.oneTarget(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			who, err := f.who(by)
			if err != nil {
				return err
			}
			return f.withGuard(cmd.Context(), t, func(g *guard.Guard, s guard.Subject) error {
				if _, err := g.Lock(cmd.Context(), s, who, reason, f.Now()); err != nil {
					return err
				}
				return f.showProtection(cmd.Context(), g, s, 0)
			})
		},
	}
	t.flags(cmd)
	byFlag(cmd, &by)
	cmd.Flags().StringVar(&reason, "reason", "", "why, in a few words")
	return cmd
}

func newNumberStatus(f *Factory) *cobra.Command {
	var t numberTarget
	history := 0
	cmd := &cobra.Command{
		Use:     "status NUMBER|--account ACCOUNT",
		Short:   "Say how a number or an account is protected",
		Long:    "Print the lock of a number or an account, an unlock that is on its way, and whether there is a port-out PIN.",
		Example: "  portsaga number status +12125550123\n  portsaga number status +12125550123 --history 20 -o json | jq .locked",
		Args:    t.oneTarget(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.withGuard(cmd.Context(), t, func(g *guard.Guard, s guard.Subject) error {
				return f.showProtection(cmd.Context(), g, s, history)
			})
		},
	}
	t.flags(cmd)
	cmd.Flags().IntVar(&history, "history", 0, "how many of the last events to list too")
	return cmd
}

func newNumberAssign(f *Factory) *cobra.Command {
	var t numberTarget
	var account, by string
	cmd := &cobra.Command{
		Use:   "assign NUMBER --account ACCOUNT",
		Short: "Say which account a number belongs to",
		Long: "Say which account a number belongs to, so that a lock of the account keeps it. A number does not leave an account that is\n" +
			"locked.",
		Example: "  portsaga number assign +12125550123 --account ACC-1001",
		Args:    exactly(1, "which number? write it like +12125550123"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if account == "" {
				return usage(cmd, "to which account? say so with --account")
			}
			who, err := f.who(by)
			if err != nil {
				return err
			}
			t.Number = args[0]
			return f.withGuard(cmd.Context(), t, func(g *guard.Guard, s guard.Subject) error {
				if err := g.Assign(cmd.Context(), s, g.Account(t.Tenant, account), who, f.Now()); err != nil {
					return err
				}
				return f.showProtection(cmd.Context(), g, s, 0)
			})
		},
	}
	cmd.Flags().StringVar(&account, "account", "", "the account")
	tenantFlag(cmd, &t.Tenant)
	byFlag(cmd, &by)
	return cmd
}

func newNumberBearer(f *Factory) *cobra.Command {
	var t numberTarget
	var days int
	cmd := &cobra.Command{
		Use:   "bearer NUMBER",
		Short: "Make a token with which a subscriber's portal protects one number",
		Long: "Make a bearer token for the protection API (/v1/protection), and print its entry for the file of bearers. The token itself is\n" +
			"shown once, on stderr: the file holds its hash, and the number only as a token.",
		Example: "  portsaga number bearer +12125550123 --days 30 >> bearers.yaml",
		Args:    exactly(1, "for which number? write it like +12125550123"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if days < 1 || days > 366 {
				return usage(cmd, "--days is 1 to 366")
			}
			t.Number = args[0]
			return f.withGuard(cmd.Context(), t, func(_ *guard.Guard, s guard.Subject) error {
				bearer, token := guard.NewBearer(s, f.Now().AddDate(0, 0, days))
				entry, err := bearer.Entry()
				if err != nil {
					return err
				}
				fmt.Fprintf(f.Streams.Err, "token for %s, shown once: %s\n", s.Masked, token)
				return f.Print(bearer, func(w io.Writer) { fmt.Fprintf(w, "%s", entry) })
			})
		},
	}
	cmd.Flags().IntVar(&days, "days", 90, "how long it works")
	tenantFlag(cmd, &t.Tenant)
	return cmd
}

// protection is how a subject is protected, with what happened to it last.
type protection struct {
	guard.Status
	History []ledger.GuardEvent `json:"history,omitempty"`
}

func (f *Factory) showProtection(ctx context.Context, g *guard.Guard, s guard.Subject, history int) error {
	status, err := g.Status(ctx, s, f.Now())
	if err != nil {
		return err
	}
	shown := protection{Status: status}
	if history > 0 {
		if shown.History, err = g.History(ctx, s, history); err != nil {
			return err
		}
	}
	return f.Print(shown, func(w io.Writer) {
		fields(w, "subject", shown.Subject, "lock", f.lockLine(shown.Lock), "account lock", f.lockLine(shown.Account), "port-out PIN", pinLine(shown.PIN))
		for _, e := range shown.History {
			fmt.Fprintf(w, "%s  %-16s  %s\n", timestamp(e.At), e.Kind, oneLine(e.Actor+" "+e.Detail))
		}
	})
}

func (f *Factory) lockLine(l *ledger.Lock) string {
	switch {
	case l == nil:
		return "none"
	case l.UnlockDueAt.IsZero():
		return f.style(good, "held") + " since " + timestamp(l.LockedAt) + " by " + oneLine(l.LockedBy)
	default:
		return f.style(bad, "ends "+timestamp(l.UnlockDueAt)) + " as " + oneLine(l.UnlockBy) + " asked, unless it is cancelled"
	}
}

func pinLine(p *ledger.PINState) string {
	switch {
	case p == nil:
		return ""
	case !p.LockedUntil.IsZero():
		return "locked until " + timestamp(p.LockedUntil) + " by wrong attempts"
	case p.SetAt.IsZero():
		return "none"
	default:
		return "set " + p.SetAt.UTC().Format(time.DateOnly)
	}
}
