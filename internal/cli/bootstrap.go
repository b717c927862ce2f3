package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/portsaga/portsaga/internal/codec"
	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
	"github.com/portsaga/portsaga/workflows"
)

// Retention is how long the history of an ended port stays readable.
const Retention = 30 * 24 * time.Hour

// bootstrapped is what a bootstrap found and made.
type bootstrapped struct {
	Namespace        string   `json:"namespace"`
	NamespaceCreated bool     `json:"namespace_created"`
	AttributesAdded  []string `json:"search_attributes_added"`
	Ledger           bool     `json:"ledger"` // its schema is up to date
	ReaperCreated    bool     `json:"reaper_created"`
	TenantRate       *float64 `json:"tenant_rate,omitempty"` // as set now; absent if it was left alone
}

func newBootstrap(f *Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "bootstrap",
		Short: "Prepare a Temporal cluster and the ledger",
		Long: "Create what portsaga needs and leave alone what is there: the namespace, with a retention of 30 days, the search attributes,\n" +
			"the ledger's schema, and the schedule of the reaper, which looks every minute for ports whose saga is gone. It may be run at\n" +
			"every deployment.\n\n" +
			"With PORTSAGA_TENANT_RATE the cluster hands gates no more steps a second of one tenant, so that its burst of orders leaves room\n" +
			"for others. Unset, the limit stays as it is.",
		Example: "  portsaga bootstrap\n  TEMPORAL_ADDRESS=temporal:7233 PORTSAGA_LEDGER=postgres://... portsaga bootstrap -o json",
		GroupID: groupRunning,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.bootstrap(cmd.Context()) },
	}
}

func (f *Factory) bootstrap(ctx context.Context) error {
	cfg, err := f.Config()
	if err != nil {
		return err
	}
	connection, err := f.Connect(ctx)
	if err != nil {
		return err
	}
	if err := prepareLedger(ctx, cfg); err != nil {
		return err
	}
	c, err := f.Dial(ctx)
	if err != nil {
		return err
	}
	done := bootstrapped{Namespace: connection.Options.Namespace, Ledger: true}
	if done.NamespaceCreated, err = createNamespace(ctx, c, done.Namespace); err != nil {
		return bootstrapFailed("create namespace", done.Namespace, err)
	}
	if done.AttributesAdded, err = addSearchAttributes(ctx, c, done.Namespace); err != nil {
		return bootstrapFailed("add search attributes to", done.Namespace, err)
	}
	if done.ReaperCreated, err = worker.ScheduleReaper(ctx, c, cfg.TaskQueue, porting.ReapInput{Clock: connection.Clock()}); err != nil {
		return bootstrapFailed("create the reaper's schedule in", done.Namespace, err)
	}
	if done.TenantRate, err = limitTenants(ctx, c, done.Namespace, cfg); err != nil {
		return bootstrapFailed("limit the steps of tenants in", done.Namespace, err)
	}
	return f.Print(done, func(w io.Writer) {
		fields(w, "namespace", done.Namespace+" ("+made(done.NamespaceCreated)+")",
			"search attributes", fmt.Sprintf("%d, %d of them new", len(workflows.SearchAttributes()), len(done.AttributesAdded)),
			"ledger", "up to date", "reaper", made(done.ReaperCreated), "tenant rate", rated(done.TenantRate))
	})
}

func made(created bool) string {
	if created {
		return "created"
	}
	return "was there"
}

func prepareLedger(ctx context.Context, cfg config.Config) error {
	if err := cfg.MakeDir(); err != nil {
		return err
	}
	books, err := ledger.Open(ctx, cfg.Ledger)
	if err != nil {
		return err
	}
	if err := books.Close(); err != nil || !cfg.Encrypts() {
		return err
	}
	keys, err := ledger.Open(ctx, cfg.Keys)
	if err != nil {
		return err
	}
	return errors.Join(firstTenantKeys(ctx, cfg, keys.Keys()), keys.Close())
}

// firstTenantKeys makes the file of tenants' keys for a deployment that has sealed nothing yet. Later, a file that is missing
// is a mistake to be seen: a new one would open nothing.
func firstTenantKeys(ctx context.Context, cfg config.Config, keys *ledger.Keys) error {
	sealed, err := keys.DataKeys(ctx, "", 1)
	if err != nil || len(sealed) > 0 {
		return err
	}
	return codec.TenantKeys(cfg.TenantKeys).Ready()
}

// createNamespace does nothing if the namespace exists.
func createNamespace(ctx context.Context, c client.Client, name string) (created bool, err error) {
	_, err = c.WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace:                        name,
		Description:                      "portsaga: numbers on the move",
		WorkflowExecutionRetentionPeriod: durationpb.New(Retention),
	})
	if _, exists := errors.AsType[*serviceerror.NamespaceAlreadyExists](err); exists {
		return false, nil
	}
	return err == nil, err
}

// addSearchAttributes adds those that the namespace lacks and returns their names in order.
func addSearchAttributes(ctx context.Context, c client.Client, namespace string) ([]string, error) {
	present, err := searchAttributesOf(ctx, c, namespace)
	if err != nil {
		return nil, err
	}
	missing := map[string]enums.IndexedValueType{}
	for name, wanted := range workflows.SearchAttributes() {
		found, ok := present[name]
		if ok && found != wanted {
			return nil, &porting.Error{
				Kind: porting.Refused, Code: "search-attribute-type", Op: "add search attribute", Object: name,
				Detail: "it exists with another type: " + strings.ToLower(found.String()), Next: "use a namespace of its own for portsaga",
			}
		}
		if !ok {
			missing[name] = wanted
		}
	}
	names := slices.AppendSeq([]string{}, maps.Keys(missing))
	slices.Sort(names)
	if len(names) == 0 {
		return names, nil
	}
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: missing})
	return names, err
}

// namespacePatience is how long a cluster may take to know a namespace that was just created.
const namespacePatience = time.Minute

func searchAttributesOf(ctx context.Context, c client.Client, namespace string) (map[string]enums.IndexedValueType, error) {
	ctx, cancel := context.WithTimeout(ctx, namespacePatience)
	defer cancel()
	again := time.NewTicker(500 * time.Millisecond)
	defer again.Stop()
	for {
		list, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
		if _, unknown := errors.AsType[*serviceerror.NamespaceNotFound](err); !unknown {
			return list.GetCustomAttributes(), err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-again.C:
		}
	}
}

func bootstrapFailed(op, namespace string, err error) error {
	if _, ours := errors.AsType[*porting.Error](err); ours {
		return err
	}
	kind, next := porting.Failed, "try again; it is safe to repeat"
	if _, denied := errors.AsType[*serviceerror.PermissionDenied](err); denied {
		kind, next = porting.Unauthorised, "run it as an operator of the cluster"
	}
	return &porting.Error{Kind: kind, Code: "bootstrap-failed", Op: op, Object: namespace, Detail: err.Error(), Next: next, Err: err}
}
