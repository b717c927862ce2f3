package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"golang.org/x/sync/errgroup"

	"github.com/portsaga/portsaga/internal/cli"
)

// Start is how long the embedded engine takes until it is there, in milliseconds; medians of rounds.
type Start struct {
	Open      int       `json:"open"`     // ports that stand open in its databases
	Ready     float64   `json:"ready_ms"` // from the start of its process until frontend and Web UI answer
	ByRound   []float64 `json:"ready_ms_by_round"`
	FirstTask float64   `json:"first_task_ms"`    // until a worker that connected then has completed a workflow
	CPU       float64   `json:"cpu_ms"`           // that it used until then
	Killed    float64   `json:"killed_ready_ms"`  // as Ready, after a kill -9 of its predecessor
	RSS       int64     `json:"engine_rss_bytes"` // after the first workflow

	Recovery Recovery `json:"recovery"`
}

// Recovery is what came after a kill -9 of the engine while ports were under way, in milliseconds from the kill; its successor was
// started at once. The worker, the ledger and the carrier went on meanwhile.
type Recovery struct {
	Ports int     `json:"ports"`         // that were under way
	Ready float64 `json:"ready_ms"`      // until the engine answered
	Moved float64 `json:"first_step_ms"` // until the first port got on
	Ended float64 `json:"all_ended_ms"`  // until the last of them was done; a port that is lost fails the bench
}

// measureStarts measures an engine with nothing in it, and one for each fleet that is asked for.
func measureStarts(ctx context.Context, o Options) (Report, error) {
	report := o.report()
	if o.Database == "" { // the databases of a server may have been used before
		empty, err := startsOf(ctx, o, 0)
		if err != nil {
			return report, err
		}
		report.Starts = append(report.Starts, empty)
	}
	for _, size := range o.Open {
		if err := prepareFleet(ctx, o, size); err != nil {
			return report, err
		}
		full, err := startsOf(ctx, o, size)
		if err != nil {
			return report, err
		}
		report.Starts = append(report.Starts, full)
	}
	return report, nil
}

func prepareFleet(ctx context.Context, o Options, size int) error {
	if k, err := o.kept(); err != nil || k.Open >= size {
		return err
	}
	s, err := startStack(ctx, o)
	if err != nil {
		return err
	}
	return errors.Join(s.grow(ctx, size), s.stop())
}

func startsOf(ctx context.Context, o Options, size int) (Start, error) {
	f := Start{Open: size}
	var tasks, cpu, killed []float64
	for round := range o.Rounds {
		o.Tell(fmt.Sprintf("start with %d open", size), round, o.Rounds)
		err := o.inRoom(size == 0, func(o Options) error {
			once, err := startTwice(ctx, o.making())
			f.ByRound, tasks, killed = append(f.ByRound, once.ready), append(tasks, once.task), append(killed, once.killed)
			cpu, f.RSS = append(cpu, milliseconds(once.used.CPU)), once.used.RSS
			return err
		})
		if err != nil {
			return f, err
		}
	}
	f.Ready, f.FirstTask, f.CPU, f.Killed = median(f.ByRound), median(tasks), median(cpu), median(killed)
	err := o.inRoom(size == 0, func(o Options) (err error) {
		f.Recovery, err = recoverOnce(ctx, o)
		return err
	})
	return f, err
}

// inRoom does something in the directory of a bench, or in an empty one inside it.
func (o Options) inRoom(empty bool, do func(Options) error) (err error) {
	if !empty {
		return do(o)
	}
	if o.Dir, err = os.MkdirTemp(o.Dir, "empty-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.Dir)) }()
	return do(o)
}

// started is what one start took, in milliseconds.
type started struct {
	ready, task, killed float64
	used                usage
}

// startTwice starts an engine, has it complete a workflow, kills it, and starts it again.
func startTwice(ctx context.Context, m making) (s started, err error) {
	began := time.Now()
	first, err := startChild(m)
	if err != nil {
		return s, err
	}
	s.ready = milliseconds(first.ready)
	if err := completeOne(ctx, first.connection()); err != nil {
		return s, errors.Join(err, first.stop())
	}
	s.task = milliseconds(time.Since(began))
	s.used, err = first.used()
	if err = errors.Join(err, first.kill()); err != nil {
		return s, err
	}
	second, err := startChild(m)
	if err != nil {
		return s, err
	}
	s.killed = milliseconds(second.ready)
	return s, second.stop()
}

// completeOne connects a worker and has it complete a workflow that does nothing.
func completeOne(ctx context.Context, to client.Options) error {
	c, err := client.DialContext(ctx, to)
	if err != nil {
		return err
	}
	defer c.Close()
	const queue = "portsaga-bench-start"
	w := sdkworker.New(c, queue, sdkworker.Options{WorkerStopTimeout: time.Second})
	w.RegisterWorkflowWithOptions(func(workflow.Context) error { return nil }, workflow.RegisterOptions{Name: queue})
	if err := w.Start(); err != nil {
		return err
	}
	defer w.Stop()
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: queue}, queue)
	if err != nil {
		return err
	}
	return run.Get(ctx, nil)
}

// recoverOnce kills the engine while ports are under way, and waits until all of them are done.
func recoverOnce(ctx context.Context, o Options) (r Recovery, err error) {
	s, err := startStack(ctx, o)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	ports, err := s.underWay(ctx, o.InProgress)
	if err != nil {
		return r, err
	}
	r.Ports = len(ports)
	began := time.Now()
	if err := s.killEngine(); err != nil {
		return r, err
	}
	r.Ready = milliseconds(time.Since(began))
	var once sync.Once
	moved := make(chan float64, 1)
	s.watch.onMove(func() { once.Do(func() { moved <- milliseconds(time.Since(began)) }) })
	for _, t := range ports {
		if err := t.awaitEnd(ctx); err != nil {
			return r, err
		}
		s.watch.forget(t)
	}
	r.Ended, r.Moved = milliseconds(time.Since(began)), <-moved
	return r, nil
}

// underWay are ports that people have approved and the carrier has not moved yet.
func (s *stack) underWay(ctx context.Context, n int) ([]*trip, error) {
	k, err := s.options.kept()
	if err != nil {
		return nil, err
	}
	first := k.Done
	k.Done += n
	if err := s.options.keep(k); err != nil {
		return nil, err
	}
	run := fmt.Sprintf("recovery-%x", time.Now().UnixMilli())
	ports := make([]*trip, n)
	g, ctx := errgroup.WithContext(ctx)
	for i := range n {
		g.Go(func() (err error) {
			if ports[i], err = s.open(ctx, run, first+i); err != nil {
				return err
			}
			return s.approve(ctx, ports[i].id)
		})
	}
	return ports, g.Wait()
}

// killEngine kills the engine and returns when its successor answers at the same address.
func (s *stack) killEngine() (err error) {
	m := s.options.making()
	m.Port = s.child.port()
	err = s.child.kill()
	s.child = nil
	if err != nil {
		return err
	}
	s.child, err = startChild(m)
	return err
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (r *Report) writeStarts(f *cli.Factory, w io.Writer) {
	fmt.Fprintf(w, "Starts and recoveries after kill -9, %d rounds; engine: %s. Milliseconds.\n\n", r.Rounds, r.Engine)
	var rows [][]string
	for _, s := range r.Starts {
		row := []string{fmt.Sprint(s.Open)}
		for _, value := range []float64{s.Ready, s.FirstTask, s.CPU, s.Killed} {
			row = append(row, fmt.Sprintf("%.0f", value))
		}
		row = append(row, fmt.Sprint(s.RSS>>20), fmt.Sprint(s.Recovery.Ports))
		for _, value := range []float64{s.Recovery.Ready, s.Recovery.Moved, s.Recovery.Ended} {
			row = append(row, fmt.Sprintf("%.0f", value))
		}
		rows = append(rows, row)
	}
	f.Table(w, []string{"OPEN", "READY", "FIRST WORKFLOW", "CPU", "READY AFTER KILL", "RSS MB", "PORTS KILLED IN", "READY", "FIRST STEP", "ALL DONE"}, rows)
}
