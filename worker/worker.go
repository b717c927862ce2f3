// Package worker puts workflows, activities and neighbours together and runs them against a Temporal cluster.
package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// Config says how a worker runs.
type Config struct {
	TaskQueue   string
	Role        Role // RoleAll when empty
	Neighbours  Neighbours
	Ports       NewsPorts     // told of the news that the door left to gates, and opened for requests; a gate looks for neither when nil
	StopTimeout time.Duration // how long running steps may end after a stop; 20 s when zero
	Kept        int           // sagas that stay in memory between their tasks, of all workers of the process; 1,500 when zero

	// Version is the code that this worker runs, as a worker deployment of Temporal knows it; no version when zero. Ports move
	// on to the deployment's current version by themselves: their histories replay under newer code.
	Version worker.WorkerDeploymentVersion
}

// keptSagas leaves room in 512 MB. Ports wait for days: the SDK's 10,000 would be 2 GB of sagas that do nothing.
const keptSagas = 1500

// Run works until ctx ends, then lets running steps end. It fails if the worker cannot start or meets a fatal error.
func Run(ctx context.Context, c client.Client, cfg Config) error {
	if cfg.StopTimeout == 0 {
		cfg.StopTimeout = 20 * time.Second
	}
	worker.SetStickyWorkflowCacheSize(cmp.Or(cfg.Kept, keptSagas))
	fatal := make(chan error, 1)
	var running []worker.Worker
	defer func() {
		for _, w := range running {
			w.Stop()
		}
	}()
	for _, part := range slices.Concat(cfg.Role.parts(), cfg.Neighbours.lineParts()) {
		o := options(cfg, fatal)
		o.DisableWorkflowWorker = part.role != RoleWorkflow // sagas live on their own queue only
		o.TaskQueueActivitiesPerSecond = part.pace
		w := worker.New(c, part.queue(cfg.TaskQueue), o)
		part.register(w, cfg.Neighbours.Activities)
		if err := w.Start(); err != nil {
			return fmt.Errorf("start %s worker on queue %s: %w", part.role, part.queue(cfg.TaskQueue), err)
		}
		running = append(running, w)
	}
	if n := cfg.Neighbours.Notices; n != nil && cfg.Role.has(RoleGate) {
		go func() { _ = n.Run(ctx) }() // ends with ctx; what is due then is delivered by the next worker
	}
	if cfg.Ports != nil && cfg.Role.has(RoleGate) {
		go cfg.Neighbours.pollPortOuts(ctx, cfg.Ports)
		go cfg.Neighbours.readNews(ctx, cfg.Ports)
	}
	if cfg.Neighbours.protection != nil {
		go cfg.Neighbours.protect(ctx)
	}
	if log := cfg.Neighbours.checkpoints; log != nil {
		go keepLog(ctx, log, cfg.Neighbours.Ledger, cfg.Neighbours.keep)
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-fatal:
		return errors.Join(errors.New("the worker met a fatal error"), err)
	}
}

func options(cfg Config, fatal chan<- error) worker.Options {
	o := worker.Options{
		WorkerStopTimeout: cfg.StopTimeout,
		OnFatalError: func(err error) {
			select {
			case fatal <- err:
			default:
			}
		},
	}
	if cfg.Version != (worker.WorkerDeploymentVersion{}) {
		o.DeploymentOptions = worker.DeploymentOptions{
			UseVersioning: true, Version: cfg.Version, DefaultVersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
		}
	}
	o.Interceptors = []interceptor.WorkerInterceptor{&manners{}}
	if n := cfg.Neighbours; n.Activities != nil && n.Ledger != nil {
		o.Interceptors = append(o.Interceptors, &scribe{books: n.Ledger})
	}
	if cfg.Neighbours.registry != nil {
		o.Interceptors = append(o.Interceptors, &frontDoor{registry: cfg.Neighbours.registry, now: time.Now})
	}
	return o
}
