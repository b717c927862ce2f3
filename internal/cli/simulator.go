package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/internal/config"
)

func newSimulator(f *Factory) *cobra.Command {
	var scenario, scenarios string
	cmd := &cobra.Command{
		Use:   "simulator",
		Short: "Run the simulated carrier",
		Long: "Run a carrier that is not there, for trials: a real HTTP service with its own state and webhooks. PORTSAGA_SIMULATOR_*\n" +
			"says where it listens, where it keeps its orders and whom it calls back.",
		Example: "  portsaga simulator\n  portsaga simulator --scenario rejects-then-accepts",
		GroupID: groupRunning,
		Hidden:  true,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.simulate(cmd.Context(), scenario, scenarios) },
	}
	cmd.Flags().StringVar(&scenario, "scenario", "", "how it treats orders (happy)")
	cmd.Flags().StringVar(&scenarios, "scenarios", "", "directory of more scenarios, *.yaml")
	return cmd
}

func (f *Factory) simulate(ctx context.Context, scenario, scenarios string) error {
	cfg, err := f.Config()
	if err != nil {
		return err
	}
	options := simulator.Options{
		Addr: cfg.Simulator.Addr, StateFile: cfg.Simulator.State, Scenario: scenario, ScenarioDir: scenarios,
		WebhookURL: cfg.Simulator.WebhookURL, Log: f.Log(),
	}
	if options.WebhookURL != "" {
		if options.WebhookSecret, err = config.ReadSecret(cfg.Simulator.WebhookSecretFile); err != nil {
			return err
		}
	}
	carrier, err := simulator.Start(ctx, options)
	if err != nil {
		return err
	}
	f.Log().Info("simulated carrier listens", "url", carrier.URL())
	<-ctx.Done()
	return carrier.Close()
}
