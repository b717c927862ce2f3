// Package worker puts workflows, activities and neighbours together and runs them against a Temporal cluster.
package worker

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/portsaga/portsaga/activities"
	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
	"github.com/portsaga/portsaga/workflows"
)

// Settings say which neighbours a worker has.
type Settings struct {
	Ledger           string        // DSN or SQLite file
	KeyFile          string        // the deployment's key
	CreateKey        bool          // make a key where there is none; demo and dev only
	RulesDir         string        // packs that replace and extend the embedded ones; none when empty
	Carrier          string        // name of the default carrier
	CarrierURL       string        // where it is
	CarrierTimeout   time.Duration // how long one call may take; the adapter's own bound when zero
	AllowScaledClock bool          // demo and dev only
}

// Neighbours are everything around the sagas, opened.
type Neighbours struct {
	*activities.Activities
}

// Open opens the neighbours. Close them when the worker has stopped.
func Open(ctx context.Context, s Settings) (Neighbours, error) {
	book, err := openRules(s.RulesDir)
	if err != nil {
		return Neighbours{}, err
	}
	keys, err := openVault(s)
	if err != nil {
		return Neighbours{}, err
	}
	gateway, err := openCarrier(s)
	if err != nil {
		return Neighbours{}, err
	}
	books, err := openLedger(ctx, s)
	if err != nil {
		return Neighbours{}, err
	}
	return Neighbours{&activities.Activities{
		Rules: book, Ledger: books, Vault: keys, DefaultCarrier: s.Carrier,
		Carriers: map[string]carrier.Gateway{s.Carrier: gateway}, AllowScaledClock: s.AllowScaledClock,
	}}, nil
}

// openLedger opens the ledger and destroys the codes that nobody needs any more: their ports never ended. Where business
// time is not real time, the wall's clock cannot tell which these are.
func openLedger(ctx context.Context, s Settings) (*ledger.Ledger, error) {
	books, err := ledger.Open(ctx, s.Ledger)
	if err != nil || s.AllowScaledClock {
		return books, err
	}
	if _, err := books.DestroyExpiredSecrets(ctx, time.Now()); err != nil {
		return nil, errors.Join(err, books.Close())
	}
	return books, nil
}

// Close closes the ledger.
func (n Neighbours) Close() error { return n.Ledger.Close() }

func openRules(dir string) (*rules.Book, error) {
	if dir == "" {
		return rules.Embedded()
	}
	return rules.LoadDir(dir)
}

func openVault(s Settings) (*vault.Vault, error) {
	if s.CreateKey {
		return vault.LoadOrCreate(s.KeyFile)
	}
	return vault.Load(s.KeyFile)
}

func openCarrier(s Settings) (carrier.Gateway, error) {
	if s.Carrier != "simulator" {
		return nil, &porting.Error{
			Kind: porting.Invalid, Code: "carrier-unknown", Op: "open carrier", Object: s.Carrier,
			Detail: "there is no adapter of this name", Next: "set PORTSAGA_CARRIER=simulator",
		}
	}
	if s.CarrierURL == "" {
		return nil, &porting.Error{
			Kind: porting.Invalid, Code: "carrier-url-missing", Op: "open carrier", Object: s.Carrier,
			Detail: "the carrier's address is not set", Next: "set PORTSAGA_CARRIER_URL",
		}
	}
	gateway := &simulator.Client{URL: s.CarrierURL}
	if s.CarrierTimeout > 0 {
		gateway.HTTP = &http.Client{Timeout: s.CarrierTimeout}
	}
	return gateway, nil
}

// sagas are the workflows by the names that histories and the Web UI know.
var sagas = []struct {
	name string
	run  any
}{
	{porting.WorkflowPortIn, workflows.PortIn},
	{porting.WorkflowBulk, workflows.Bulk},
}

// WorkflowTypes lists the names of the workflows that a worker runs.
func WorkflowTypes() []string {
	var names []string
	for _, s := range sagas {
		names = append(names, s.name)
	}
	return names
}

// RegisterWorkflows registers the workflows alone, as a replay needs them.
func RegisterWorkflows(r worker.WorkflowRegistry) {
	for _, s := range sagas {
		r.RegisterWorkflowWithOptions(s.run, workflow.RegisterOptions{Name: s.name})
	}
}

// Register registers everything that portsaga runs, by the names that histories and the Web UI know.
func Register(r worker.Registry, a *activities.Activities) {
	RegisterWorkflows(r)
	for _, step := range []struct {
		name string
		do   any
	}{
		{porting.StepReceive, a.ReceiveOrder},
		{porting.StepScreen, a.ScreenOrder},
		{porting.StepDeadline, a.ComputeDeadline},
		{porting.StepWindow, a.ComputeWindow},
		{porting.StepCorrect, a.PlanCorrection},
		{porting.StepSubmit, a.SubmitPort},
		{porting.StepRead, a.ReadCarrier},
		{porting.StepActivate, a.ActivatePort},
		{porting.StepCancel, a.CancelPort},
		{porting.StepReverse, a.ReversePort},
		{porting.StepCloseFence, a.CloseFence},
		{porting.StepVerify, a.VerifyPort},
		{porting.StepClose, a.ClosePort},
	} {
		r.RegisterActivityWithOptions(step.do, activity.RegisterOptions{Name: step.name})
	}
}

// Config says how a worker runs.
type Config struct {
	TaskQueue   string
	Neighbours  Neighbours
	StopTimeout time.Duration // how long running steps may end after a stop; 20 s when zero
}

// Run works until ctx ends, then lets running steps end. It fails if the worker cannot start or meets a fatal error.
func Run(ctx context.Context, c client.Client, cfg Config) error {
	if cfg.StopTimeout == 0 {
		cfg.StopTimeout = 20 * time.Second
	}
	fatal := make(chan error, 1)
	w := worker.New(c, cfg.TaskQueue, worker.Options{
		WorkerStopTimeout: cfg.StopTimeout,
		OnFatalError: func(err error) {
			select {
			case fatal <- err:
			default:
			}
		},
	})
	Register(w, cfg.Neighbours.Activities)
	if err := w.Start(); err != nil {
		return fmt.Errorf("start worker on queue %s: %w", cfg.TaskQueue, err)
	}
	defer w.Stop()
	select {
	case <-ctx.Done():
		return nil
	case err := <-fatal:
		return errors.Join(errors.New("the worker met a fatal error"), err)
	}
}
