package bench

import (
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	sdkworker "go.temporal.io/sdk/worker"
	"golang.org/x/sync/errgroup"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/devserver/engine"
	"github.com/portsaga/portsaga/internal/codec"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
	"github.com/portsaga/portsaga/worker"
)

//go:embed rules/_desk.yaml
var rulesOfBench embed.FS

// stack is all that a bench runs on: an engine, and in this process the ledger, the simulated carrier, the door for its news,
// our worker, and beside it a worker that does nothing.
type stack struct {
	options    Options
	child      *child // nil where the engine is somebody else's
	watch      *watcher
	plain      client.Client // seals nothing: for the bare workflow
	sealed     client.Client
	working    client.Client
	keys       *ledger.Keys
	carrier    *simulator.Server
	neighbours worker.Neighbours
	ports      *starter.Client
	standing   *starter.Client // in real time
	clock      porting.Clock
	approver   *approver // nil where decisions are trusted as they come
	messages   messages  // whose way is measured
	bareWorks  []sdkworker.Worker
	running    *errgroup.Group
	cancel     context.CancelFunc
}

// startStack brings everything up, or nothing.
func startStack(ctx context.Context, o Options) (_ *stack, err error) {
	s := &stack{options: o, watch: newWatcher(), clock: benchClock(time.Now(), o.Kind)}
	ctx, s.cancel = context.WithCancel(ctx)
	s.running, ctx = errgroup.WithContext(ctx)
	defer func() {
		if err != nil {
			err = errors.Join(err, s.stop())
		}
	}()
	connection := o.Connection
	if o.Embedded() {
		if s.child, err = startChild(o.making()); err != nil {
			return nil, err
		}
		connection = s.child.connection()
	}
	if err := s.connect(ctx, connection); err != nil {
		return nil, err
	}
	return s, s.startNeighbours(ctx)
}

// connect opens the clients: a plain one, one that seals what it sends, and one for our workers.
func (s *stack) connect(ctx context.Context, o client.Options) (err error) {
	if s.keys, err = ledger.OpenKeys(s.options.ledger()); err != nil {
		return err
	}
	tenants := codec.TenantKeys(filepath.Join(s.options.Dir, "tenant-keys"))
	if err := tenants.Ready(); err != nil {
		return err
	}
	ring := codec.NewRing(s.keys, tenants)
	o.Interceptors = append(o.Interceptors, interceptor.ClientInterceptor(s.watch))
	if s.plain, err = client.DialContext(ctx, o); err != nil {
		return unreachable(o.HostPort, err)
	}
	seals, works := o, o
	ring.Seal(&seals)
	ring.SealWorker(&works)
	if s.sealed, err = client.NewClientFromExistingWithContext(ctx, s.plain, seals); err != nil {
		return unreachable(o.HostPort, err)
	}
	if s.working, err = client.NewClientFromExistingWithContext(ctx, s.plain, works); err != nil {
		return unreachable(o.HostPort, err)
	}
	return nil
}

func unreachable(address string, err error) error {
	return &porting.Error{
		Kind: porting.Failed, Code: "engine-unavailable", Op: "start bench", Object: address, Detail: "no server answers",
		Next: "name the frontend of a cluster, and its namespace with TEMPORAL_NAMESPACE", Err: err,
	}
}

func (s *stack) startNeighbours(ctx context.Context) error {
	secret := porting.Secret(rand.Text())
	door, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("open the door for carrier news: %w", err)
	}
	if s.carrier, err = simulator.Start(ctx, simulator.Options{
		Clock: s.clock, WebhookURL: "http://" + door.Addr().String() + "/news/simulator", WebhookSecret: secret,
		ScenarioFor: func(string) string { return quick },
	}); err != nil {
		return errors.Join(err, door.Close())
	}
	s.carrier.Learn(s.quickCarrier())
	settings, err := s.settings()
	if err == nil {
		s.neighbours, err = worker.Open(ctx, settings)
	}
	if err != nil {
		return errors.Join(err, door.Close())
	}
	starts := starter.Options{
		TaskQueue: s.options.queue(), Clock: s.clock, Secrets: worker.NewSecrets(s.neighbours.Ledger, s.neighbours.Vault, time.Now), Patience: time.Minute,
	}
	s.ports = starter.New(s.sealed, starts)
	starts.Clock = porting.Clock{}
	s.standing = starter.New(s.sealed, starts)
	quiet := slog.New(slog.DiscardHandler)
	s.running.Go(func() error {
		return worker.ServeNews(ctx, door, worker.NewsHandler(s.ports, secret, time.Now, quiet))
	})
	s.running.Go(func() error {
		return worker.Run(ctx, s.working, worker.Config{TaskQueue: s.options.queue(), Neighbours: s.neighbours, StopTimeout: 2 * time.Second})
	})
	return nil
}

func (s *stack) settings() (worker.Settings, error) {
	dir := filepath.Join(s.options.Dir, "rules")
	err := os.RemoveAll(dir) // that of an earlier bench
	if err = errors.Join(err, os.CopyFS(s.options.Dir, rulesOfBench)); err != nil {
		return worker.Settings{}, fmt.Errorf("write the rules of the bench: %w", err)
	}
	settings := worker.Settings{
		Ledger: s.options.ledger(), KeyFile: filepath.Join(s.options.Dir, "key"), CreateKey: true, RulesDir: dir, Trusted: true,
		Carrier: "simulator", CarrierURL: s.carrier.URL(), CarrierTimeout: 30 * time.Second, AllowScaledClock: true,
		WatermarkFile: filepath.Join(s.options.Dir, "gate.mark"),
	}
	if !s.options.Signed {
		return settings, nil
	}
	s.approver, err = newApprover(s.options.Dir, time.Now(), &settings)
	return settings, err
}

// stop brings everything down, the users of a part before the part.
func (s *stack) stop() error {
	s.cancel()
	for _, w := range s.bareWorks {
		w.Stop()
	}
	failures := []error{s.running.Wait()}
	if s.carrier != nil {
		failures = append(failures, s.carrier.Close())
	}
	failures = append(failures, s.neighbours.Close())
	for _, c := range []client.Client{s.working, s.sealed, s.plain} {
		if c != nil {
			c.Close()
		}
	}
	if s.keys != nil {
		failures = append(failures, s.keys.Close())
	}
	if s.child != nil {
		failures = append(failures, s.child.stop())
	}
	return errors.Join(failures...)
}

func (o Options) engineDir() string { return filepath.Join(o.Dir, "temporal") }

// making is the engine of a bench.
func (o Options) making() making {
	m := making{Dir: o.engineDir(), Synchronous: engine.Full, Postgres: o.Database, Profile: o.EngineProfile}
	if o.Fast {
		m.Synchronous = engine.Normal
	}
	return m
}
