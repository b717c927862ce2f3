package main

import (
	"cmp"
	"context"
	"os"

	"github.com/spf13/cobra"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	_ "go.temporal.io/server/common/persistence/sql/sqlplugin/mysql" // stores that the settings may name
	_ "go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	_ "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/temporal"

	"github.com/portsaga/portsaga/starter"
)

// settings are those that the stock server has not.
type settings struct {
	configFile  string
	services    []string
	namespace   string
	taskQueue   string
	audience    string
	taskKeyFile string
}

func newCommand() *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:   "portsaga-temporal",
		Short: "Run a Temporal server behind portsaga's authorizer",
		Long: "Run a Temporal server with the stock settings, from a file or, without one, from the environment variables that the\n" +
			"server's own image reads, behind an authorizer that denies whatever portsaga does not need. Every caller proves a role\n" +
			"with a JWT; docs/authorization.md lists roles and rights.\n\n" +
			"The settings must name where the public keys of tokens are (global.authorization.jwtKeyProvider.keySourceURIs, or\n" +
			"TEMPORAL_JWT_KEY_SOURCE1) and have an internal frontend (services.internal-frontend, or USE_INTERNAL_FRONTEND=1): the\n" +
			"server's own calls go there, so keep that port, and those of history, matching and worker, on a network of their own.\n\n" +
			"These hold whatever the dynamic configuration says: streams are authorized, commands stay in their namespace, no time is\n" +
			"skipped, and events name who caused them.",
		Example: "  portsaga-temporal --config-file temporal.yaml --audience portsaga-prod --task-key-file /run/secrets/task-key\n" +
			"  DB=postgres12_pgx USE_INTERNAL_FRONTEND=1 TEMPORAL_JWT_KEY_SOURCE1=file:///keys/jwks.json portsaga-temporal --audience portsaga-prod",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return run(cmd.Context(), s) },
	}
	flags := cmd.Flags()
	flags.StringVar(&s.configFile, "config-file", os.Getenv(config.EnvKeyConfigFile), "the server's settings ("+config.EnvKeyConfigFile+"); the environment when empty")
	flags.StringSliceVar(&s.services, "service", withInternalFrontend(), "services of this process")
	flags.StringVar(&s.namespace, "namespace", cmp.Or(os.Getenv("TEMPORAL_NAMESPACE"), "portsaga"), "the one namespace that callers may name (TEMPORAL_NAMESPACE)")
	flags.StringVar(&s.taskQueue, "task-queue", cmp.Or(os.Getenv("PORTSAGA_TASK_QUEUE"), starter.DefaultTaskQueue), "queue of the sagas (PORTSAGA_TASK_QUEUE)")
	flags.StringVar(&s.audience, "audience", os.Getenv("PORTSAGA_TOKEN_AUDIENCE"), "audience that tokens must name (PORTSAGA_TOKEN_AUDIENCE, or global.authorization.audience)")
	flags.StringVar(&s.taskKeyFile, "task-key-file", os.Getenv("PORTSAGA_TASK_KEY_FILE"), "64 hexadecimal digits that seal tasks (PORTSAGA_TASK_KEY_FILE); a new key at every start when empty")
	cmd.AddCommand(newTokens())
	return cmd
}

// run serves until ctx ends.
func run(ctx context.Context, s settings) error {
	cfg, err := load(s.configFile)
	if err != nil {
		return err
	}
	cfg.Global.Authorization.Audience = cmp.Or(s.audience, cfg.Global.Authorization.Audience)
	logger := log.NewZapLogger(log.BuildZapLogger(cfg.Log))
	server, err := newServer(ctx, cfg, s, logger)
	if err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return err
	}
	<-ctx.Done()
	return server.Stop()
}

func load(file string) (*config.Config, error) {
	if file == "" {
		return config.Load(config.WithEmbedded())
	}
	return config.Load(config.WithConfigFile(file))
}

func withInternalFrontend() []string {
	return append([]string{"internal-frontend"}, temporal.DefaultServices...)
}
