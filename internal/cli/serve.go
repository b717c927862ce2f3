package cli

import (
	"context"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/kelseyhightower/envconfig"
	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/internal/link"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/internal/serve"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
	"github.com/portsaga/portsaga/worker"
)

// outward is what PORTSAGA_* variables say about the world outside: how notices go out, and where answers come in.
type outward struct {
	notify.Settings
	Serve    serveSettings
	Fraud    worker.FraudSettings
	Audit    worker.AuditSettings
	Codec    codecSettings
	Watchdog watchdogSettings
}

type serveSettings struct {
	Addr        string `split_words:"true" default:"127.0.0.1:8470" desc:"host:port on which portsaga serve listens"`
	Tokens      string `split_words:"true" desc:"file with the services that may revoke ports"`
	Wholesalers string `split_words:"true" desc:"file with the wholesalers that ask before numbers leave"`
	Bearers     string `split_words:"true" desc:"file with the bearers of the portals where subscribers protect their numbers"`
	Help        string `split_words:"true" desc:"how customers reach people, shown on every page"`
	BehindProxy bool   `split_words:"true" desc:"believe the last X-Forwarded-For address"`
}

func readOutward() (outward, error) {
	var o outward
	err := envconfig.Process("PORTSAGA", &o)
	return o, err
}

// Desks are the settings of the desk that tells people and of the fraud desk.
func (f *Factory) Desks() (notify.Settings, worker.FraudSettings, error) {
	o, err := f.noticeSettings()
	return o.Settings, o.Fraud, err
}

func newServe(f *Factory) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve customers' links, carriers' news, services that revoke, wholesalers and portals",
		Long: "Serve until it is told to stop by SIGINT or SIGTERM: the page behind the link in customers' notices (/stop/...), revocations\n" +
			"by services with a token (POST /v1/ports/ID/revoke) and /healthz. Whoever stops a port closes its fence in the ledger before\n" +
			"the port is told. It needs the ledger and Temporal.\n\n" +
			"It takes carriers' news (POST /news/CARRIER) of those carriers in the file PORTSAGA_CARRIERS that have a news_key_file, or of a\n" +
			"simulated one with PORTSAGA_WEBHOOK_SECRET_FILE. It reads no other key of a carrier: what only the carrier can place waits in the\n" +
			"ledger for a gate.\n\n" +
			"With the deployment's key it also takes answers by SMS (POST /v1/sms), answers wholesalers that ask before a number leaves\n" +
			"(POST /v1/port-outs/validate, PORTSAGA_SERVE_WHOLESALERS) and serves the portals where subscribers protect their numbers\n" +
			"(/v1/protection, PORTSAGA_SERVE_BEARERS).\n\n" +
			"It speaks plain HTTP: put it behind a proxy that ends TLS, and set PORTSAGA_SERVE_BEHIND_PROXY.",
		Example: "  portsaga serve\n  portsaga serve token billing >> services.yaml\n  PORTSAGA_SERVE_ADDR=127.0.0.1:8470 PORTSAGA_SERVE_TOKENS=services.yaml portsaga serve",
		GroupID: groupRunning,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.serve(cmd.Context()) },
	}
	cmd.AddCommand(newServeToken(f), newServeWholesaler(f))
	return cmd
}

func newServeToken(f *Factory) *cobra.Command {
	var tenant string
	cmd := &cobra.Command{
		Use:   "token NAME",
		Short: "Make a token for a service",
		Long: "Make a token with which a service may revoke ports, and print its entry for the file that PORTSAGA_SERVE_TOKENS names.\n" +
			"The token itself is shown once, on stderr: the file holds its hash.",
		Example: "  portsaga serve token billing --tenant acme",
		Args:    exactly(1, "whose token? name the service"),
		RunE: func(_ *cobra.Command, args []string) error {
			service, token := serve.NewService(args[0], tenant)
			entry, err := yaml.Marshal([]serve.Service{service})
			if err != nil {
				return err
			}
			fmt.Fprintf(f.Streams.Err, "token of %s, shown once: %s\n", service.Name, token)
			return f.Print(service, func(w io.Writer) { fmt.Fprintf(w, "%s", entry) })
		},
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "the only tenant whose ports it may revoke (all)")
	return cmd
}

func (f *Factory) serve(ctx context.Context) error {
	settings, err := f.noticeSettings()
	if err != nil {
		return err
	}
	options, err := f.doorOptions(ctx, settings)
	if err != nil {
		return err
	}
	handler, err := serve.Handler(options)
	if err != nil {
		return err
	}
	codecServer, err := f.codecServer(ctx, settings.Codec)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", settings.Serve.Addr)
	if err != nil {
		return &porting.Error{
			Kind: porting.Failed, Code: "address-unusable", Op: "serve", Object: settings.Serve.Addr, Detail: err.Error(),
			Next: "set PORTSAGA_SERVE_ADDR to a free address", Err: err,
		}
	}
	f.Log().Info("serving", "addr", listener.Addr().String(), "services", len(options.Services))
	chores := []func(context.Context){serve.Retelling(options.Desk)}
	if options.Validation != nil {
		chores = append(chores, options.Validation.Run)
	}
	cfg, err := f.Config()
	if err != nil {
		return err
	}
	return together(ctx, codecServer,
		func(ctx context.Context) error { return f.serveMetrics(ctx, cfg, nil, nil, nil) }, // workers of sagas count the ports
		func(ctx context.Context) error { return serve.Run(ctx, listener, handler, chores...) })
}

// doorOptions are everything behind the door: the ledger, the sagas, and who may ask.
func (f *Factory) doorOptions(ctx context.Context, settings outward) (serve.Options, error) {
	var services []serve.Service
	var err error
	if settings.Serve.Tokens != "" {
		if services, err = serve.ReadServices(settings.Serve.Tokens); err != nil {
			return serve.Options{}, err
		}
	}
	inbound, err := settings.SMS.Inbound(config.ReadSecret)
	if err != nil {
		return serve.Options{}, err
	}
	books, err := f.noticeBooks(ctx)
	if err != nil {
		return serve.Options{}, err
	}
	cfg, err := f.Config()
	if err != nil {
		return serve.Options{}, err
	}
	connection, err := f.Connect(ctx)
	if err != nil {
		return serve.Options{}, err
	}
	c, err := f.dialLater(ctx)
	if err != nil {
		return serve.Options{}, err
	}
	book, err := f.book()
	if err != nil {
		return serve.Options{}, err
	}
	ports := starter.New(c, starter.Options{TaskQueue: cfg.TaskQueue, Clock: connection.Clock()})
	now := func() time.Time { return connection.Clock().Business(f.Now()) }
	var answers serve.Replies
	if inbound != nil {
		keys, err := vault.Load(cfg.KeyFile)
		if err != nil {
			return serve.Options{}, err
		}
		answers = replies{books, keys, ports, now}
	}
	options := serve.Options{
		Desk:   &link.Desk{Books: books, Ports: signals{ports, books}, Stops: stopsBy(book, now), Now: now, Log: f.Log()},
		Fences: books, Ports: ports, Services: services, Inbound: inbound, Replies: answers, Words: notify.NewDictionary(book.List()),
		Help: settings.Serve.Help, BehindProxy: settings.Serve.BehindProxy, Now: now, Health: books.Ping, Log: f.Log(),
	}
	if err := f.openNews(cfg, books, ports, &options); err != nil {
		return serve.Options{}, err
	}
	return options, f.openProtected(ctx, settings.Serve, books, book, ports, &options)
}
