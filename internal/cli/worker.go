package cli

import (
	"context"
	"errors"
	"net"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
	"github.com/portsaga/portsaga/worker"
)

func newWorker(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "worker",
		Short: "Run a production worker",
		Long: "Run a worker until it is told to stop by SIGINT or SIGTERM; then it lets running steps end. It needs the deployment's key\n" +
			"(PORTSAGA_KEY_FILE), the ledger (PORTSAGA_LEDGER), a carrier (PORTSAGA_CARRIER_URL) and a cluster that `portsaga bootstrap`\n" +
			"has prepared. With PORTSAGA_WEBHOOK_ADDR it also takes the carrier's news, and answers /healthz there.\n\n" +
			"A worker lives in real time: it refuses ports with a demo's clock.",
		Example: "  portsaga worker\n  PORTSAGA_WEBHOOK_ADDR=127.0.0.1:8480 PORTSAGA_WEBHOOK_SECRET_FILE=secret portsaga worker",
		GroupID: groupRunning,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.work(cmd.Context()) },
	}
}

func (f *Factory) work(ctx context.Context) error {
	cfg, err := f.Config()
	if err != nil {
		return err
	}
	if err := cfg.MakeDir(); err != nil {
		return err
	}
	neighbours, err := worker.Open(ctx, worker.Settings{
		Ledger: cfg.Ledger, KeyFile: cfg.KeyFile, RulesDir: cfg.RulesDir,
		Carrier: cfg.Carrier, CarrierURL: cfg.CarrierURL,
	})
	if err != nil {
		return err
	}
	f.onClose(func() { _ = neighbours.Close() })
	door, err := f.openDoor(ctx, cfg)
	if err != nil {
		return err
	}
	c, err := f.Dial(ctx)
	if err != nil {
		return err
	}
	f.Log().Info("worker runs", "queue", cfg.TaskQueue, "carrier", cfg.Carrier, "news_on", door.address())
	return together(ctx,
		func(ctx context.Context) error {
			return worker.Run(ctx, c, worker.Config{TaskQueue: cfg.TaskQueue, Neighbours: neighbours})
		},
		func(ctx context.Context) error { return f.takeNews(ctx, door, c, cfg) })
}

// door is where the carrier's news come in; a nil one is shut.
type door struct {
	listener net.Listener
	secret   porting.Secret
}

func (f *Factory) openDoor(ctx context.Context, cfg config.Config) (*door, error) {
	if cfg.WebhookAddr == "" {
		return nil, nil
	}
	secret, err := config.ReadSecret(cfg.WebhookSecretFile)
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.WebhookAddr)
	if err != nil {
		return nil, &porting.Error{
			Kind: porting.Failed, Code: "address-unusable", Op: "listen for carrier news", Object: cfg.WebhookAddr,
			Detail: err.Error(), Next: "set PORTSAGA_WEBHOOK_ADDR to a free address", Err: err,
		}
	}
	f.onClose(func() { _ = listener.Close() })
	return &door{listener, secret}, nil
}

func (d *door) address() string {
	if d == nil {
		return ""
	}
	return d.listener.Addr().String()
}

func (f *Factory) takeNews(ctx context.Context, d *door, c client.Client, cfg config.Config) error {
	if d == nil {
		<-ctx.Done()
		return nil
	}
	ports := starter.New(c, starter.Options{TaskQueue: cfg.TaskQueue})
	return worker.ServeNews(ctx, d.listener, worker.NewsHandler(ports, d.secret, f.Now, f.Log()))
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
