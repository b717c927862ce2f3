package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/internal/guard"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/serve"
	"github.com/portsaga/portsaga/rules"
	"github.com/portsaga/portsaga/starter"
	"github.com/portsaga/portsaga/worker"
)

// openProtected opens the doors that need the deployment's key: wholesalers that ask before a number leaves, and portals
// where subscribers protect their numbers.
func (f *Factory) openProtected(ctx context.Context, s serveSettings, books *ledger.Ledger, book *rules.Book, ports *starter.Client, o *serve.Options) error {
	if s.Wholesalers == "" && s.Bearers == "" {
		return nil
	}
	g, keys, err := f.openGuard(ctx, books)
	if err != nil {
		return err
	}
	if s.Bearers != "" {
		if _, err := guard.ReadBearers(s.Bearers); err != nil {
			return err
		}
		o.Protection = &guard.API{Guard: g, Bearers: guard.NewBearers(s.Bearers), Now: f.Now, Log: f.Log()}
	}
	if s.Wholesalers == "" {
		return nil
	}
	wholesalers, err := serve.ReadWholesalers(s.Wholesalers, config.ReadSecret)
	if err != nil {
		return err
	}
	o.Validation = serve.NewValidation(serve.ValidationOptions{
		Wholesalers: wholesalers, Books: books, Guard: g, Vault: keys, Rules: book, Ports: ports, Now: o.Now, Clock: f.Now, Log: f.Log(),
	})
	return nil
}

// openNews opens the door for the news of the carriers that are configured, with what verifies them and nothing else of theirs.
func (f *Factory) openNews(cfg config.Config, books *ledger.Ledger, ports *starter.Client, o *serve.Options) error {
	news, err := worker.OpenNews(worker.Settings{
		CarriersFile: cfg.Carriers, Carrier: cfg.Carrier, CarrierURL: cfg.CarrierURL, NewsKeyFile: cfg.WebhookSecretFile,
	}, ports, books, o.Log)
	if news != nil {
		news.Now, o.News = f.Now, news
	}
	return err
}

func newServeWholesaler(f *Factory) *cobra.Command {
	var tenant, gateway string
	var within, silence time.Duration
	var releases bool
	cmd := &cobra.Command{
		Use:   "wholesaler NAME",
		Short: "Make a token for a wholesaler that asks before numbers leave",
		Long: "Make a token with which a wholesaler may ask POST /v1/port-outs/validate, and print its entry for the file that\n" +
			"PORTSAGA_SERVE_WHOLESALERS names. The token itself is shown once, on stderr: the file holds its hash. One that signs its\n" +
			"requests instead has secret_file in place of sha256.",
		Example: "  portsaga serve wholesaler northwind --within 10s --silence 40m >> wholesalers.yaml",
		Args:    exactly(1, "whose token? name the wholesaler"),
		RunE: func(_ *cobra.Command, args []string) error {
			w, token := serve.NewWholesaler(args[0], tenant)
			w.Carrier, w.Within, w.Silence, w.ValidReleases = gateway, within, silence, releases
			entry, err := yaml.Marshal([]serve.Wholesaler{w})
			if err != nil {
				return err
			}
			fmt.Fprintf(f.Streams.Err, "token of %s, shown once: %s\n", w.Name, token)
			return f.Print(w, func(out io.Writer) { fmt.Fprintf(out, "%s", entry) })
		},
	}
	cmd.Flags().StringVar(&tenant, "tenant", "", "whose subscribers it asks for (default)")
	cmd.Flags().StringVar(&gateway, "carrier", "", "gateway by which ports answer it later (its name)")
	cmd.Flags().DurationVar(&within, "within", 0, "how long it waits for our answer (5s)")
	cmd.Flags().DurationVar(&silence, "silence", 0, "after so long without an answer it lets the numbers go (never)")
	cmd.Flags().BoolVar(&releases, "valid-releases", false, "it takes a yes as the release: it is told to wait instead")
	return cmd
}
