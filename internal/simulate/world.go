package simulate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	sdkworker "go.temporal.io/sdk/worker"

	"github.com/portsaga/portsaga/activities"
	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
	"github.com/portsaga/portsaga/worker"
)

const (
	// longest is how much simulated time a port gets from its arrival, or from the date that it wishes for. One that still
	// runs then waits for something that never comes.
	longest = 183 * 24 * time.Hour
	// patience is how much real time a step may take before the simulation is given up.
	patience = time.Minute
)

// Run carries an order through the saga, from the instant at which it arrives, and returns the port as it ended, or as it
// stood half a year after it should have. The error is about the simulation, never about how the port ended.
func Run(ctx context.Context, book *rules.Book, order porting.Order, s Scenario, at time.Time) (status porting.Status, err error) {
	w := newWorld(s, at)
	if err := w.open(ctx, book); err != nil {
		return status, err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	in, err := w.receive(ctx, s.Fit(order))
	if err != nil {
		return status, err
	}
	if err := w.carrier.Choose(in.ID, s.Carrier.Name); err != nil {
		return status, err
	}
	w.env.SetWorkflowRunTimeout(patienceFor(order, at))
	w.env.ExecuteWorkflow(porting.WorkflowPortIn, in)
	return w.ended(in.ID)
}

// patienceFor is how much simulated time an order gets.
func patienceFor(order porting.Order, at time.Time) time.Duration {
	wish, err := time.Parse(time.DateOnly, order.Wishes.DueDate)
	if err != nil {
		return longest // no wish
	}
	return longest + max(wish.Sub(at), 0)
}

// world is everything around one saga: the environment that skips time, the steps with their neighbours, the carrier and
// the people.
type world struct {
	env     *testsuite.TestWorkflowEnvironment
	steps   *activities.Activities
	carrier *simulator.Virtual
	script  *Script
	back    *Script // of the port-in that brings numbers back
	dir     string  // holds the key, for as long as the run takes

	portBack string // ID of that port-in, once it is known
}

func newWorld(s Scenario, at time.Time) *world {
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	w := &world{env: suite.NewTestWorkflowEnvironment(), script: NewScript(s), back: BackScript(s)}
	w.env.SetStartTime(at)
	w.env.SetTestTimeout(patience)
	w.env.SetWorkerOptions(sdkworker.Options{DeadlockDetectionTimeout: patience, Interceptors: []interceptor.WorkerInterceptor{&watcher{look: w.look}}})
	w.carrier = simulator.NewVirtual(simulator.World{
		Now: w.env.Now, Tell: w.tell,
		After: func(wait time.Duration, then func()) { w.env.RegisterDelayedCallback(then, wait) },
	})
	w.carrier.Learn(s.Carrier)
	return w
}

// open opens the neighbours: a ledger in memory, and a vault whose key lives as long as the run.
func (w *world) open(ctx context.Context, book *rules.Book) (err error) {
	if w.dir, err = os.MkdirTemp("", "portsaga-simulate-"); err != nil {
		return fmt.Errorf("make a directory for the key: %w", err)
	}
	keys, err := vault.Create(filepath.Join(w.dir, "key"))
	if err != nil {
		return errors.Join(err, w.close())
	}
	books, err := ledger.Open(ctx, "file::memory:")
	if err != nil {
		return errors.Join(err, w.close())
	}
	w.steps = &activities.Activities{
		Rules: book, Ledger: books, Vault: keys, Prefer: []string{"simulator"},
		Carriers: map[string]carrier.Gateway{"simulator": w.carrier}, AllowScaledClock: true,
	}
	worker.Register(w.env, w.steps)
	w.playGate()
	return nil
}

func (w *world) close() (err error) {
	if w.steps != nil {
		err = w.steps.Ledger.Close()
	}
	return errors.Join(err, os.RemoveAll(w.dir))
}

// receive is what the client does with an order before it starts a port: its code goes to the vault. Every order goes to
// the simulated carrier.
func (w *world) receive(ctx context.Context, order porting.Order) (porting.PortInput, error) {
	in := porting.PortInput{ID: porting.PortID(porting.PortIn, order.TenantOrDefault(), order.Reference), Order: order}
	in.Order.Carrier = ""
	if code := order.Authorization.Code; code != "" {
		ref, err := worker.NewSecrets(w.steps.Ledger, w.steps.Vault, w.env.Now).PutSecret(ctx, in.ID, code)
		if err != nil {
			return in, err
		}
		in.Order.Authorization.Code, in.Order.Authorization.CodeRef = "", ref
	}
	return in, nil
}

// ended is the port after the run. A port that ran out of its time stands where it stands; one whose saga broke down before
// the port could end tells of a defect.
func (w *world) ended(id string) (porting.Status, error) {
	status, err := w.status()
	var late *temporal.TimeoutError
	if broken := w.env.GetWorkflowError(); err == nil && status.Outcome == "" && !errors.As(broken, &late) {
		err = broken
	}
	if err == nil {
		return status, nil
	}
	return status, &porting.Error{
		Kind: porting.Failed, Code: "simulation-failed", Op: "simulate port", Object: id,
		Detail: err.Error(), Next: "this is a defect: report it with the order and the scenario", Err: err,
	}
}
