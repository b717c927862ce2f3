// Package allinone runs all of portsaga in one process: the embedded engine with its Web UI, the ledger, the simulated
// carrier, the door for its news and a worker. The commands demo and dev are built on it.
package allinone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/devserver/engine"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
	"github.com/portsaga/portsaga/worker"
	"github.com/portsaga/portsaga/workflows"
)

// Options say how a stack runs. Only Dir is required.
type Options struct {
	Dir          string                            // holds every file of the stack; one stack at a time
	Clock        func(now time.Time) porting.Clock // asked once, when the engine is ready; real time when nil
	Scenario     string                            // what the simulated carrier does; happy when empty
	FrontendPort int                               // 0 picks a free one
	UIPort       int                               // 0 picks a free one
	Fast         bool                              // give up safety against a loss of power for speed
	Auth         bool                              // deny what no role of a caller allows; Ports may then only bring news
	Verbose      bool                              // show the server's own warnings
	Log          *slog.Logger                      // silent when nil
	Approvals    *Approvals                        // decisions are trusted as they come when nil
	Notify       notify.Settings                   // nobody is told where no channel is set
	Reap         bool                              // look every minute for ports whose saga is gone
	Fraud        worker.FraudSettings              // the embedded policy, on our own memory, when zero
	Answers      string                            // file with the answers to port-outs at the last moment; the usual ones when empty
	Plain        bool                              // seal no payload: for tests that look for what leaks
}

// Approvals are the files with which decisions are verified.
type Approvals struct {
	Registry, Roots, SigningKey string
}

// Stack is a running portsaga.
type Stack struct {
	Dir     string
	Engine  *engine.Engine
	Carrier *simulator.Server
	Client  client.Client
	Ports   *starter.Client
	Clock   porting.Clock

	seals      *seals
	working    client.Client // of the worker
	neighbours worker.Neighbours
	running    *errgroup.Group
	ctx        context.Context // ends when a part stops by itself, or on Stop
	cancel     context.CancelFunc
}

// Start brings everything up, or nothing.
func Start(ctx context.Context, o Options) (*Stack, error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s := &Stack{Dir: o.Dir, cancel: cancel}
	s.running, s.ctx = errgroup.WithContext(ctx)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := s.start(s.ctx, o); err != nil { //nolint:contextcheck // s.ctx is ctx with an end of its own
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Stack) start(ctx context.Context, o Options) (err error) {
	if s.seals, err = openSeals(ctx, o); err != nil {
		return err
	}
	if err := s.startEngine(ctx, o); err != nil {
		return err
	}
	s.running.Go(func() error { return s.seals.serve(ctx, s.Engine, o.Log) })
	if o.Clock != nil {
		s.Clock = o.Clock(time.Now())
	}
	if err := keepClock(o.Dir, s.Clock); err != nil {
		return err
	}
	secret, err := webhookSecret(o.Dir)
	if err != nil {
		return err
	}
	door, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("open the door for carrier news: %w", err)
	}
	if s.Carrier, err = simulator.Start(ctx, simulator.Options{
		Clock: s.Clock, Scenario: o.Scenario, StateFile: filepath.Join(o.Dir, "carrier.jsonl"),
		WebhookURL: "http://" + door.Addr().String() + "/news/simulator", WebhookSecret: secret, Log: o.Log,
	}); err != nil {
		return errors.Join(err, door.Close())
	}
	if s.neighbours, err = worker.Open(ctx, o.neighbours(s.Carrier.URL())); err != nil {
		return errors.Join(err, door.Close())
	}
	s.Ports = starter.New(s.Client, starter.Options{Clock: s.Clock, Secrets: worker.NewSecrets(s.neighbours.Ledger, s.neighbours.Vault, time.Now)})
	if o.Reap {
		if _, err := worker.ScheduleReaper(ctx, s.Client, starter.DefaultTaskQueue, porting.ReapInput{Clock: s.Clock}); err != nil {
			return errors.Join(err, door.Close())
		}
	}
	s.running.Go(func() error {
		return worker.ServeNews(ctx, door, worker.NewsHandler(s.Ports, secret, time.Now, o.Log))
	})
	s.running.Go(func() error {
		return worker.Run(ctx, s.working, worker.Config{TaskQueue: starter.DefaultTaskQueue, Neighbours: s.neighbours, StopTimeout: 2 * time.Second})
	})
	return nil
}

func (o Options) neighbours(carrierURL string) worker.Settings {
	settings := worker.Settings{
		Ledger: filepath.Join(o.Dir, "ledger.db"), KeyFile: filepath.Join(o.Dir, "key"), CreateKey: true,
		Carrier: "simulator", CarrierURL: carrierURL, CarrierTimeout: time.Second, AllowScaledClock: true,
		WatermarkFile: filepath.Join(o.Dir, "gate.mark"), Trusted: o.Approvals == nil, Notify: o.Notify, Fraud: o.Fraud,
		PortoutPolicy: o.Answers, Log: o.Log,
	}
	if o.Approvals != nil {
		settings.Registry, settings.RegistryRoots, settings.SigningKey = o.Approvals.Registry, o.Approvals.Roots, o.Approvals.SigningKey
	}
	return settings
}

func (s *Stack) startEngine(ctx context.Context, o Options) (err error) {
	durable := engine.Full
	if o.Fast {
		durable = engine.Normal
	}
	options := engine.Options{
		Dir: filepath.Join(o.Dir, "temporal"), Synchronous: durable, FrontendPort: o.FrontendPort, UIPort: o.UIPort,
		SearchAttributes: workflows.SearchAttributes(), Logger: o.Log, Verbose: o.Verbose, CodecEndpoint: s.seals.endpoint(),
	}
	var g *guard
	if o.Auth {
		if g, err = openGuard(o.Dir, o.Log); err != nil {
			return err
		}
		g.guardEngine(&options)
	}
	if s.Engine, err = engine.Start(ctx, options); err != nil {
		return err
	}
	connection := s.Engine.ClientOptions()
	if g != nil {
		connection.HeadersProvider = g.issuer.Headers("dev", stackRoles)
	}
	connection.Identity = "portsaga-allinone"
	s.Client, s.working, err = s.seals.clients(ctx, connection)
	return err
}

// CodecEndpoint is where the Web UI and the temporal CLI have payloads opened; empty where none is sealed.
func (s *Stack) CodecEndpoint() string { return s.seals.endpoint() }

// Stopped is closed when a part stopped by itself; Stop then says why.
func (s *Stack) Stopped() <-chan struct{} { return s.ctx.Done() }

// PageOf is the address of a port's page in the Web UI.
func (s *Stack) PageOf(id string) string {
	return fmt.Sprintf("%s/namespaces/%s/workflows/%s", s.Engine.UIAddress(), s.Engine.Namespace(), id)
}

// Stop brings everything down, the users of a part before the part.
func (s *Stack) Stop() error {
	s.cancel()
	failures := []error{s.running.Wait()}
	if s.Carrier != nil {
		failures = append(failures, s.Carrier.Close())
	}
	if s.neighbours.Activities != nil {
		failures = append(failures, s.neighbours.Close())
	}
	if s.working != nil {
		s.working.Close()
	}
	if s.Client != nil {
		s.Client.Close()
	}
	if s.Engine != nil {
		failures = append(failures, s.Engine.Stop())
	}
	failures = append(failures, s.seals.close())
	return errors.Join(failures...)
}
