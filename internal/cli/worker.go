package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
	sdk "go.temporal.io/sdk/worker"

	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/internal/fraud/patterns"
	"github.com/portsaga/portsaga/internal/telemetry"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
	"github.com/portsaga/portsaga/worker"
)

func newWorker(f *Factory) *cobra.Command {
	role := string(worker.RoleAll)
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Run a production worker",
		Long: "Run a worker until it is told to stop by SIGINT or SIGTERM; then it lets running steps end. It needs the deployment's key\n" +
			"(PORTSAGA_KEY_FILE), the ledger (PORTSAGA_LEDGER), a carrier (PORTSAGA_CARRIER_URL), the registry of approvers\n" +
			"(PORTSAGA_REGISTRY, PORTSAGA_REGISTRY_ROOTS), a key with which it signs what it has verified (PORTSAGA_SIGNING_KEY) and a\n" +
			"cluster that `portsaga bootstrap` has prepared. Carriers' news come in at `portsaga serve`.\n\n" +
			"With --role it does a part of the work, and needs a part of this: workflow runs the sagas (registry only), trust verifies\n" +
			"decisions and closes fences (ledger, registry, signing key), gate alone reaches the carrier and the vault (everything).\n\n" +
			"A worker lives in real time: it refuses ports with a demo's clock, and decisions that are not signed.",
		Example: "  portsaga worker\n  portsaga worker --role gate",
		GroupID: groupRunning,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !slices.Contains(worker.Roles, worker.Role(role)) {
				return usage(cmd, "--role is all, workflow, trust or gate")
			}
			return f.work(cmd.Context(), worker.Role(role))
		},
	}
	cmd.Flags().StringVar(&role, "role", role, "part of the work: all, workflow, trust or gate")
	return cmd
}

func (f *Factory) work(ctx context.Context, role worker.Role) error {
	cfg, err := f.Config()
	if err != nil {
		return err
	}
	if cfg.Approvals == config.ApprovalsTrusted {
		return &porting.Error{
			Kind: porting.Refused, Code: "approvals-trusted", Op: "start worker",
			Detail: "a production worker does not take decisions that are not signed", Next: "unset PORTSAGA_APPROVALS, or use portsaga dev",
		}
	}
	if err := cfg.MakeDir(); err != nil {
		return err
	}
	tells, fraud, err := f.Desks()
	if err != nil {
		return err
	}
	measured, err := f.telemetryOf(ctx, cfg)
	if err != nil {
		return err
	}
	calls, err := measured.Calls()
	if err != nil {
		return err
	}
	neighbours, err := worker.Open(ctx, worker.Settings{
		Ledger: cfg.Ledger, KeyFile: cfg.KeyFile, RulesDir: cfg.RulesDir,
		CarriersFile: cfg.Carriers, Carrier: cfg.Carrier, CarrierURL: cfg.CarrierURL, Calls: calls, Role: role, Notify: tells, Fraud: fraud, Audit: f.auditSettings(), Log: f.Log(),
		Registry: cfg.Registry, RegistryRoots: cfg.RegistryRoots, SigningKey: cfg.SigningKey, WatermarkFile: filepath.Join(cfg.Dir, "gate.mark"),
		Protection: cfg.Protection, PortoutPolicy: cfg.PortoutPolicy,
	})
	if err != nil {
		return err
	}
	f.onClose(func() { _ = neighbours.Close() })
	c, err := f.Dial(ctx)
	if err != nil {
		return err
	}
	connection, err := f.Connect(ctx)
	if err != nil {
		return err
	}
	works, err := f.workingClient(ctx, c, connection)
	if err != nil {
		return err
	}
	f.Log().Info("worker runs", "role", role, "queue", cfg.TaskQueue, "carrier", cfg.Carrier)
	ports := starter.New(c, starter.Options{TaskQueue: cfg.TaskQueue, Secrets: neighbours.Secrets(f.Now)})
	return together(ctx,
		func(ctx context.Context) error {
			return worker.Run(ctx, works, worker.Config{TaskQueue: cfg.TaskQueue, Role: role, Neighbours: neighbours, Ports: ports, Kept: cfg.Kept(), Version: versionFrom(os.Getenv)})
		},
		func(ctx context.Context) error {
			return f.serveMetrics(ctx, cfg, countedBy(role, works), seenBy(role, neighbours), func() time.Time { return connection.Clock().Business(f.Now()) })
		})
}

// versionFrom reads the variables that Temporal's worker controller sets. Both or neither: half a version is none.
func versionFrom(env func(string) string) sdk.WorkerDeploymentVersion {
	v := sdk.WorkerDeploymentVersion{DeploymentName: env("TEMPORAL_DEPLOYMENT_NAME"), BuildID: env("TEMPORAL_WORKER_BUILD_ID")}
	if v.DeploymentName == "" || v.BuildID == "" {
		return sdk.WorkerDeploymentVersion{}
	}
	return v
}

// countedBy is who counts the ports: workers that run sagas, and no others.
func countedBy(role worker.Role, c client.Client) telemetry.Visibility {
	if role != worker.RoleAll && role != worker.RoleWorkflow {
		return nil
	}
	return c
}

// seenBy is who sees patterns over many requests: gates, which keep them.
func seenBy(role worker.Role, n worker.Neighbours) patterns.Memory {
	if role != worker.RoleAll && role != worker.RoleGate {
		return nil
	}
	return n.Ledger
}

// together runs all until each has ended. The first that ends ends the others.
func together(ctx context.Context, all ...func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan error, len(all))
	for _, do := range all {
		go func() { results <- do(ctx) }()
	}
	var err error
	for range all {
		err = errors.Join(err, <-results)
		cancel()
	}
	return err
}
