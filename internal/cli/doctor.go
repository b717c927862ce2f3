package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/internal/doctor"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
)

func newDoctor(f *Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Find what is wrong with this deployment, and how to mend it",
		Long: "Look at what a worker on this machine would need: the configuration, the keys, the registry of approvers, the ledger, the\n" +
			"Temporal cluster and the carriers. It changes nothing and asks no carrier to do anything. It fails if something is bad.",
		Example: "  portsaga doctor\n  portsaga doctor -o json | jq '.[] | select(.state == \"bad\")'\n  portsaga doctor carrier telnyx",
		GroupID: groupRunning,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := f.Config()
			if err != nil {
				return err
			}
			return f.diagnose(cmd.Context(), f.checks(cfg))
		},
	}
	cmd.AddCommand(newDoctorCarrier(f))
	return cmd
}

// checks are everything that is looked at.
func (f *Factory) checks(cfg config.Config) []doctor.Check {
	checks := []doctor.Check{
		{Name: "vault key", Look: func(context.Context) doctor.Finding { return vaultKey(cfg) }},
		{Name: "signing key", Look: func(context.Context) doctor.Finding { return signingKey(cfg) }},
		{Name: "approvers", Look: func(context.Context) doctor.Finding { return f.approvers(cfg) }},
		{Name: "ledger", Look: func(ctx context.Context) doctor.Finding { return lookAtLedger(ctx, cfg) }},
		{Name: "quarantine", Look: func(ctx context.Context) doctor.Finding { return f.quarantine(ctx, cfg) }},
		{Name: "encryption", Look: func(context.Context) doctor.Finding { return encryption(cfg) }},
		{Name: "audit log", Look: func(ctx context.Context) doctor.Finding { return f.auditLog(ctx, cfg) }},
		{Name: "business time", Look: f.businessTime},
	}
	for _, kept := range audit.Retention(f.auditSettings().Keep) {
		checks = append(checks, doctor.Check{Name: "kept: " + kept.What, Look: func(context.Context) doctor.Finding {
			return doctor.Good(kept.For + "; then " + kept.Then)
		}})
	}
	return append(append(checks, f.engineChecks(cfg.TaskQueue)...), f.carrierChecks(cfg)...)
}

// diagnose looks, prints what was found, and fails if something is bad.
func (f *Factory) diagnose(ctx context.Context, checks []doctor.Check) error {
	found := doctor.Examine(ctx, checks)
	err := f.Print(found, func(w io.Writer) {
		var rows [][]string
		for _, one := range found {
			rows = append(rows, []string{string(one.State), one.Check, one.Detail})
			if one.Next != "" {
				rows = append(rows, []string{"", "", "-> " + one.Next})
			}
		}
		f.Table(w, []string{"STATE", "CHECK", "FOUND"}, rows)
	})
	if err == nil && doctor.Worst(found) == doctor.Bad {
		err = &porting.Error{Kind: porting.Failed, Code: "deployment-unwell", Op: "examine", Detail: "something is bad; see above", Next: "mend it and look again"}
	}
	return err
}

func encryption(cfg config.Config) doctor.Finding {
	if !cfg.Encrypts() {
		return doctor.Finding{State: doctor.Bad, Detail: "whoever reads Temporal's database reads customers' names", Next: "unset PORTSAGA_ENCRYPTION"}
	}
	if _, err := os.Stat(cfg.TenantKeys); err != nil && !strings.Contains(cfg.TenantKeys, "://") {
		return doctor.Warn("there are no keys of tenants yet; the first port makes them", "bring "+cfg.TenantKeys+" to every process that reads or starts ports")
	}
	return doctor.Good("payloads are sealed")
}

func vaultKey(cfg config.Config) doctor.Finding {
	if _, err := vault.Load(cfg.KeyFile); err != nil {
		return doctor.Wrong(err, "name the deployment's key with PORTSAGA_KEY_FILE")
	}
	return doctor.Good(cfg.KeyFile)
}

func signingKey(cfg config.Config) doctor.Finding {
	if cfg.Trusts() {
		return doctor.Skip("decisions are taken unsigned here")
	}
	if _, err := approval.LoadServiceKey(cfg.SigningKey); err != nil {
		return doctor.Wrong(err, "name the worker's key with PORTSAGA_SIGNING_KEY")
	}
	return doctor.Good(cfg.SigningKey)
}

// registryWarning is how long before its end a registry should be renewed.
const registryWarning = 14 * 24 * time.Hour

func (f *Factory) approvers(cfg config.Config) doctor.Finding {
	if cfg.Trusts() {
		return doctor.Warn("decisions are taken unsigned: whoever reaches Temporal can approve", "make a registry of approvers: portsaga approver init")
	}
	registry, err := approval.LoadRegistry(cfg.Registry, cfg.RegistryRoots, f.Now())
	if err != nil {
		return doctor.Wrong(err, "sign and install a registry: portsaga approver list shows what is there")
	}
	ends := registry.Expires().UTC().Format(time.DateOnly)
	if registry.Expires().Sub(f.Now()) < registryWarning {
		return doctor.Warn("the registry ends on "+ends+"; after that nobody can approve", "have its roots sign a new one: docs/approvals.md")
	}
	return doctor.Good("the registry holds until " + ends)
}

func lookAtLedger(ctx context.Context, cfg config.Config) doctor.Finding {
	if err := ledgerIsThere(cfg.Ledger); err != nil {
		return doctor.Wrong(err, "run portsaga bootstrap")
	}
	is, known, err := ledger.Versions(ctx, cfg.Ledger)
	switch {
	case err != nil:
		return doctor.Wrong(err, "start the database, or correct PORTSAGA_LEDGER")
	case is < known:
		return doctor.Warn(fmt.Sprintf("its schema has version %d, this program needs %d", is, known), "run portsaga bootstrap")
	case is > known:
		return doctor.Wrong(fmt.Errorf("its schema has version %d, this program knows %d", is, known), "use the newer portsaga that wrote it")
	}
	return doctor.Good(fmt.Sprintf("schema %d", is))
}

func (f *Factory) quarantine(ctx context.Context, cfg config.Config) doctor.Finding {
	if lookAtLedger(ctx, cfg).State != doctor.OK {
		return doctor.Skip("the ledger could not be looked into")
	}
	books, err := ledger.Open(ctx, cfg.Ledger)
	if err != nil {
		return doctor.Wrong(err, "start the database")
	}
	defer func() { _ = books.Close() }()
	state, err := books.State(ctx)
	if err != nil {
		return doctor.Wrong(err, "start the database")
	}
	if state.Quarantined() {
		return doctor.Finding{State: doctor.Bad, Detail: "no port is activated: " + state.QuarantineWhy, Next: "portsaga ledger reconcile, then portsaga ledger lift"}
	}
	return doctor.Good("ports may be activated")
}
