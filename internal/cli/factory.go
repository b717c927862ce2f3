package cli

import (
	"context"
	"fmt"
	"log/slog"
	"os/user"
	"runtime/debug"
	"slices"
	"time"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/portsaga/portsaga/internal/codec"
	"github.com/portsaga/portsaga/internal/config"
	"github.com/portsaga/portsaga/internal/telemetry"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
)

// Ports is what the commands ask of the sagas. *starter.Client is one.
type Ports interface {
	Start(ctx context.Context, order porting.Order) (porting.Answer, error)
	StartIfNotExists(ctx context.Context, order porting.Order) (porting.Answer, error)
	Decide(ctx context.Context, id string, d porting.Decide) (porting.Answer, error)
	Revoke(ctx context.Context, id string, r porting.Revoke) (porting.Answer, error)
	Amend(ctx context.Context, id string, a porting.Amend) (porting.Answer, error)
	Hold(ctx context.Context, id string, h porting.Hold) (porting.Answer, error)
	Resume(ctx context.Context, id string, r porting.Resume) (porting.Answer, error)
	Extend(ctx context.Context, id string, e porting.Extend) (porting.Answer, error)
	Reassign(ctx context.Context, id string, r porting.Reassign) (porting.Answer, error)
	Note(ctx context.Context, id string, n porting.Note) (porting.Answer, error)
	CarrierEvent(ctx context.Context, id string, e porting.CarrierEvent) error
	Status(ctx context.Context, id string) (porting.Status, error)
	Wait(ctx context.Context, id string) (porting.Status, error)
	List(ctx context.Context, f starter.Filter) ([]starter.Summary, error)
	Bulks
	PortOuts
}

// Factory hands a command what it needs of the world, and only when it asks.
type Factory struct {
	Streams Streams
	Format  Format

	Now     func() time.Time
	User    func() string // the login name
	Build   func() (*debug.BuildInfo, bool)
	Config  func() (config.Config, error)
	Connect func(ctx context.Context) (config.Connection, error) // where Temporal is; calls nobody but a local dev
	Dial    func(ctx context.Context) (client.Client, error)     // open until the program ends
	Ports   func(ctx context.Context) (Ports, error)             // open until the program ends
	Secrets func(ctx context.Context) (starter.SecretStore, error)
	Fences  func(ctx context.Context) (Fences, error) // nil where no ledger is at hand

	AgentSocket func() string // of the ssh-agent, "" if there is none
	Passphrase  func(question string) ([]byte, error)

	tells   *telemetry.Telemetry // what the process tells of itself, once it is opened
	command string               // the path of the command that ran
	ring    *codec.Ring          // once a command needed it
	closers []func()             // what the program closes when it ends
}

// NewFactory is the factory of the real world.
func NewFactory(streams Streams) *Factory {
	f := &Factory{Streams: streams, Format: Text, Now: time.Now, User: login, Build: debug.ReadBuildInfo, Config: config.Load}
	f.Connect = f.connect
	f.Dial = f.dial
	f.Ports = f.ports
	f.Secrets = f.secrets
	f.Fences = f.fences
	f.AgentSocket, f.Passphrase = agentSocket, f.passphrase
	return f
}

func login() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}

func (f *Factory) connect(ctx context.Context) (config.Connection, error) {
	cfg, err := f.Config()
	if err != nil {
		return config.Connection{}, err
	}
	connection, err := config.Connect(ctx, cfg.Dir)
	if err == nil && cfg.TokenFile != "" {
		connection.Options.HeadersProvider = &config.TokenFile{Path: cfg.TokenFile}
	}
	return connection, err
}

// dialPatience is how long a server may take to answer the first call.
const dialPatience = 10 * time.Second

func (f *Factory) dial(ctx context.Context) (client.Client, error) {
	options, err := f.clientOptions(ctx)
	if err != nil {
		return nil, err
	}
	return f.reach(ctx, options)
}

// dialLater is a connection that is made with the first call, for what must start while Temporal is down.
func (f *Factory) dialLater(ctx context.Context) (client.Client, error) {
	options, err := f.clientOptions(ctx)
	if err != nil {
		return nil, err
	}
	options.Logger = f.sdkLog()
	c, err := client.NewLazyClient(options)
	if err == nil {
		f.onClose(c.Close)
	}
	return c, err
}

// clientOptions are those of every client that speaks to ports.
func (f *Factory) clientOptions(ctx context.Context) (client.Options, error) {
	connection, err := f.Connect(ctx)
	if err != nil {
		return client.Options{}, err
	}
	options, err := f.sealed(connection.Options)
	if err != nil {
		return client.Options{}, err
	}
	return options, f.observe(ctx, &options)
}

// reach opens a connection to Temporal.
func (f *Factory) reach(ctx context.Context, options client.Options) (client.Client, error) {
	options.Logger = f.sdkLog()
	ctx, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	c, err := client.DialContext(ctx, options)
	if err != nil {
		return nil, &porting.Error{
			Kind: porting.Failed, Code: "engine-unavailable", Op: "reach Temporal", Object: options.HostPort,
			Detail: "no server answers", Next: "start one with `portsaga dev`, or set TEMPORAL_ADDRESS", Err: err,
		}
	}
	f.onClose(c.Close)
	return c, nil
}

func (f *Factory) ports(ctx context.Context) (Ports, error) {
	cfg, err := f.Config()
	if err != nil {
		return nil, err
	}
	connection, err := f.Connect(ctx)
	if err != nil {
		return nil, err
	}
	store, err := f.Secrets(ctx)
	if err != nil {
		return nil, err
	}
	c, err := f.Dial(ctx)
	if err != nil {
		return nil, err
	}
	ring, err := f.keyRing()
	if err != nil {
		return nil, err
	}
	return knowsErased{starter.New(c, starter.Options{TaskQueue: cfg.TaskQueue, Secrets: store, Clock: connection.Clock()}), ring}, nil
}

func (f *Factory) secrets(ctx context.Context) (starter.SecretStore, error) {
	cfg, err := f.Config()
	if err != nil {
		return nil, err
	}
	connection, err := f.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return newLateSecrets(cfg, func() time.Time { return connection.Clock().Business(f.Now()) }), nil
}

// businessNow is the present in the time of packs, carriers and people.
func (f *Factory) businessNow(ctx context.Context) (time.Time, error) {
	connection, err := f.Connect(ctx)
	if err != nil {
		return time.Time{}, err
	}
	return connection.Clock().Business(f.Now()), nil
}

// sdkLog is the log of Temporal's SDK.
func (f *Factory) sdkLog() sdklog.Logger { return sdklog.NewStructuredLogger(f.Log()) }

// Log is the program's log, on stderr.
func (f *Factory) Log() *slog.Logger {
	cfg, err := f.Config()
	if err != nil {
		return slog.New(slog.NewTextHandler(f.Streams.Err, nil))
	}
	options := &slog.HandlerOptions{Level: cfg.Level()}
	if cfg.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(f.Streams.Err, options))
	}
	return slog.New(slog.NewTextHandler(f.Streams.Err, options))
}

// who is the name under which a person acts: claimed, not proven.
func (f *Factory) who(flag string) (string, error) {
	if flag != "" {
		return flag, nil
	}
	cfg, err := f.Config()
	if err != nil {
		return "", err
	}
	if cfg.By != "" {
		return cfg.By, nil
	}
	if name := f.User(); name != "" {
		return name, nil
	}
	return "", &porting.Error{Kind: porting.Invalid, Code: "by-missing", Op: "act", Detail: "it is not clear who you are", Next: "say so with --by"}
}

// onClose keeps what must be closed when the program ends.
func (f *Factory) onClose(do func()) { f.closers = append(f.closers, do) }

func (f *Factory) close() {
	for _, do := range slices.Backward(f.closers) {
		do()
	}
	f.closers = nil
}

// progress writes a line to stderr for people who wait; programs are spared.
func (f *Factory) progress(format string, args ...any) {
	if f.Format == Text {
		fmt.Fprintf(f.Streams.Err, format+"\n", args...)
	}
}
