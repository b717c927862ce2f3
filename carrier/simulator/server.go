package simulator

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// Options say how the carrier is run. The zero value listens on a free loopback port, keeps its state in memory, lives
// in real time and calls nobody back.
type Options struct {
	Addr        string        // host:port to listen on; 127.0.0.1:0 when empty
	Clock       porting.Clock // business time; with a state file it must be the same after a restart
	StateFile   string        // journal that survives a restart; memory only when empty
	ScenarioDir string        // directory of more scenarios

	Scenario    string                        // of every order that nothing else is said about; happy when empty
	ScenarioFor func(reference string) string // scenario of an order by its reference; "" leaves it to Scenario
	NotPortable []porting.Number              // numbers that the portability check denies

	WebhookURL    string         // where news go; none when empty
	WebhookSecret porting.Secret // signs them; needed with WebhookURL
	Log           *slog.Logger   // silent when nil
}

// Server is a running carrier.
type Server struct {
	*desk
	opts     Options
	listener net.Listener
	http     *http.Server
	postman  *postman
	ctx      context.Context // ends when the carrier closes
	cancel   context.CancelFunc
	closing  sync.Once
	closed   error
	timers   map[string]*time.Timer // by port: the next step; guarded by the desk's lock
	network  network
}

// Start reads the state, takes up what was left undone and listens. The carrier runs until Close, or until ctx ends.
func Start(ctx context.Context, o Options) (*Server, error) {
	o = o.withDefaults()
	if o.WebhookURL != "" && o.WebhookSecret == "" {
		return nil, &porting.Error{
			Kind: porting.Invalid, Code: "simulator-secret-missing", Op: "start simulator",
			Object: "webhooks", Detail: "webhooks are signed", Next: "set the webhook secret",
		}
	}
	b, err := openBook(o)
	if err != nil {
		return nil, err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Addr)
	if err != nil {
		return nil, errors.Join(err, b.journal.close())
	}
	s := &Server{
		desk: newDesk(b, func() time.Time { return o.Clock.Business(time.Now()) }), opts: o, listener: listener,
		timers: map[string]*time.Timer{},
	}
	s.desk.follow, s.notPortable = s.follow, o.NotPortable
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.postman = newPostman(s.ctx, o, s.noteDelivered) //nolint:contextcheck // s.ctx is ctx with an end of its own
	s.http = &http.Server{
		Handler: s.routes(), ReadHeaderTimeout: 5 * time.Second,
		BaseContext: func(net.Listener) context.Context { return s.ctx },
	}
	s.takeUp()
	go s.serve()
	context.AfterFunc(ctx, func() { _ = s.Close() })
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Scenario == "" {
		o.Scenario = DefaultScenario
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// openBook is the order book as its journal left it.
func openBook(o Options) (*book, error) {
	scenarios, err := LoadScenarios(o.ScenarioDir)
	if err != nil {
		return nil, err
	}
	if _, known := scenarios[o.Scenario]; !known {
		return nil, badScenario(o.Scenario, "no such scenario")
	}
	b := newBook(scenarios, o.scenarioFor)
	if o.StateFile == "" {
		return b, nil
	}
	b.journal, err = openJournal(o.StateFile, b.fold)
	return b, err
}

func (o Options) scenarioFor(reference string) string {
	if o.ScenarioFor != nil {
		if name := o.ScenarioFor(reference); name != "" {
			return name
		}
	}
	return o.Scenario
}

// URL is where the carrier listens.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// Close stops listening and calling back. What is due later waits in the state file.
func (s *Server) Close() error {
	s.closing.Do(func() {
		s.cancel()
		s.closed = s.http.Close()
		s.postman.close()
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, t := range s.timers {
			t.Stop()
		}
		s.closed = errors.Join(s.closed, s.book.journal.close())
	})
	return s.closed
}

func (s *Server) serve() {
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		s.opts.Log.Error("simulator stopped listening", "error", err)
	}
}

// takeUp continues every order that the journal holds, and sends the webhooks that nobody took.
func (s *Server) takeUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for port := range s.book.orders {
		s.follow(port)
	}
	for key := range s.book.outs {
		s.follow(key)
	}
}

// follow is called after every change of an order: it sends the news and sets the timer for the next step.
func (s *Server) follow(port string) {
	s.postman.send(s.book.takeNews())
	if t := s.timers[port]; t != nil {
		t.Stop()
		delete(s.timers, port)
	}
	if due, waits := s.book.next(port); waits {
		s.timers[port] = time.AfterFunc(s.opts.Clock.RealDuration(due.Sub(s.now())), func() { s.wake(port) })
	}
}

// wake does an order's steps that are due.
func (s *Server) wake(port string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return
	}
	if err := s.book.run(port, s.now()); err != nil {
		s.opts.Log.Error("simulator cannot write its state", "port", port, "error", err)
		return
	}
	s.follow(port)
}

func (s *Server) noteDelivered(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.book.delivered(id, s.now()); err != nil {
		s.opts.Log.Warn("simulator cannot note a delivery", "id", id, "error", err)
	}
}
