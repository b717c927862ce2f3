package canary

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"golang.org/x/sync/errgroup"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/devserver/engine"
	"github.com/portsaga/portsaga/internal/approval/approvaltest"
	"github.com/portsaga/portsaga/internal/codec"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/internal/notify/notifytest"
	"github.com/portsaga/portsaga/internal/telemetry"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
	"github.com/portsaga/portsaga/worker"
	"github.com/portsaga/portsaga/workflows"
)

// scale makes a week pass in forty seconds.
const scale = 15_000

// house is a whole deployment in a directory: everything that writes, and where it writes.
type house struct {
	*testing.T
	sealed  bool
	dir     string
	books   books
	log     *journal // of the process
	spans   *journal
	tells   *telemetry.Telemetry
	engine  *engine.Engine
	raw     client.Client // opens nothing
	ports   *starter.Client
	clock   porting.Clock
	carrier *simulator.Server
	mail    *notifytest.MailServer
	people  *approvaltest.Desk
	numbers *directory

	neighbours worker.Neighbours
	logger     *slog.Logger
	running    *errgroup.Group
	stop       func()
}

// journal keeps what is written to it.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) bytes() []byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	return bytes.Clone(j.text.Bytes())
}

// ExportSpans implements sdktrace.SpanExporter: every span with all that it says.
func (j *journal) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	return json.NewEncoder(j).Encode(tracetest.SpanStubsFromReadOnlySpans(spans))
}

// Shutdown implements sdktrace.SpanExporter.
func (*journal) Shutdown(context.Context) error { return nil }

// openHouse starts a deployment with everything that it can tell switched on, sealed or not.
func openHouse(t *testing.T, sealed bool) *house {
	t.Helper()
	dir := t.TempDir()
	return openHouseOn(t, sealed, dir, sqliteBooks(dir))
}

func openHouseOn(t *testing.T, sealed bool, dir string, b books) *house {
	t.Helper()
	h := &house{T: t, sealed: sealed, dir: dir, books: b, log: &journal{}, spans: &journal{}, people: approvaltest.NewDesk(t), mail: notifytest.Start(t), numbers: &directory{}}
	h.logger = slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.clock = tuesday(time.Now())
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	h.running, ctx = errgroup.WithContext(ctx)
	h.stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, h.running.Wait())
	})
	t.Cleanup(h.stop)

	var err error
	h.tells, err = telemetry.Open(ctx, telemetry.Options{Version: "canary", Spans: h.spans})
	require.NoError(t, err)
	h.engine, err = engine.Start(ctx, engine.Options{
		Dir: filepath.Join(h.dir, "temporal"), Synchronous: engine.Normal, SearchAttributes: workflows.SearchAttributes(), Logger: h.logger, Verbose: true,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.engine.Stop()) })
	everybody, workers := h.clients(ctx)
	h.openCarrier(ctx)
	h.openNeighbours(ctx)
	h.ports = starter.New(everybody, starter.Options{Clock: h.clock, Secrets: worker.NewSecrets(h.neighbours.Ledger, h.neighbours.Vault, time.Now)})
	h.running.Go(func() error {
		return worker.Run(ctx, workers, worker.Config{TaskQueue: starter.DefaultTaskQueue, Neighbours: h.neighbours, StopTimeout: 2 * time.Second})
	})
	return h
}

// tuesday starts business time on a Tuesday morning in New York.
func tuesday(now time.Time) porting.Clock {
	day := now.UTC().AddDate(0, 0, 1)
	for day.Weekday() != time.Tuesday {
		day = day.AddDate(0, 0, 1)
	}
	return porting.Clock{Scale: scale, RealStart: now, BusinessStart: time.Date(day.Year(), day.Month(), day.Day(), 15, 0, 0, 0, time.UTC)}
}

// clients are those of everybody, of workers, and one that sees what the server has.
func (h *house) clients(ctx context.Context) (everybody, workers client.Client) {
	h.Helper()
	o := h.engine.ClientOptions()
	o.Logger = sdklog.NewStructuredLogger(h.logger)
	raw, err := client.DialContext(ctx, h.engine.ClientOptions())
	require.NoError(h, err)
	h.raw = raw
	h.Cleanup(raw.Close)
	require.NoError(h, h.tells.Observe(&o))
	forWorkers := o
	if h.sealed {
		books, err := ledger.Open(ctx, h.books.keys)
		require.NoError(h, err)
		h.Cleanup(func() { require.NoError(h, books.Close()) })
		keys := codec.TenantKeys(filepath.Join(h.dir, "tenant-keys"))
		require.NoError(h, keys.Ready())
		ring := codec.NewRing(books.Keys(), keys)
		ring.Seal(&o)
		ring.SealWorker(&forWorkers)
	}
	everybody, err = client.NewClientFromExistingWithContext(ctx, raw, o)
	require.NoError(h, err)
	h.Cleanup(everybody.Close)
	workers, err = client.NewClientFromExistingWithContext(ctx, raw, forWorkers)
	require.NoError(h, err)
	h.Cleanup(workers.Close)
	return everybody, workers
}

// openCarrier starts the carrier, and the door for its news. What the carrier keeps is its own, and not looked at.
func (h *house) openCarrier(ctx context.Context) {
	h.Helper()
	const secret = porting.Secret("the carrier's and ours, and nobody else's")
	door, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	require.NoError(h, err)
	h.carrier, err = simulator.Start(ctx, simulator.Options{
		Clock: h.clock, StateFile: filepath.Join(h.TempDir(), "carrier.jsonl"), WebhookURL: "http://" + door.Addr().String() + "/news/simulator",
		WebhookSecret: secret, Log: h.logger,
	})
	require.NoError(h, err)
	h.Cleanup(func() { require.NoError(h, h.carrier.Close()) })
	h.running.Go(func() error {
		return worker.ServeNews(ctx, door, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			worker.NewsHandler(h.ports, secret, time.Now, h.logger).ServeHTTP(w, r)
		}))
	})
}

func (h *house) openNeighbours(ctx context.Context) {
	h.Helper()
	calls, err := h.tells.Calls()
	require.NoError(h, err)
	h.neighbours, err = worker.Open(ctx, worker.Settings{
		Ledger: h.books.ledger, KeyFile: filepath.Join(h.dir, "key"), CreateKey: true, RulesDir: h.rules(),
		Carrier: "simulator", CarrierURL: h.clumsyLine(), CarrierTimeout: 2 * time.Second, AllowScaledClock: true, Calls: calls,
		Registry: h.people.Registry, RegistryRoots: h.people.Roots, SigningKey: h.people.Signing, WatermarkFile: filepath.Join(h.dir, "gate.mark"),
		Notify: h.channels(), Audit: worker.AuditSettings{Checkpoints: []string{h.checkpoints() + "/"}}, Log: h.logger,
	})
	require.NoError(h, err)
	h.Cleanup(func() { require.NoError(h, h.neighbours.Close()) })
	adapter, is := h.neighbours.Carriers["simulator"].(*simulator.Client)
	require.True(h, is)
	h.neighbours.Carriers["simulator"] = &trapdoor{Client: adapter}
	_, err = worker.NewDocuments(h.neighbours.Ledger, h.neighbours.Vault).Add(ctx, porting.DocumentLOA, []byte(letter), time.Now())
	require.NoError(h, err)
}

// rules are the usual ones for approvers who decide by two and have no hardware keys, and who have a day also where a port has only
// hours.
func (h *house) rules() string {
	h.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "rules", "packs", "_desk.yaml"))
	require.NoError(h, err)
	for _, change := range [][2]string{{"  people: 1\n", "  people: 2\n"}, {"hardware: 1}", "hardware: 0}"}, {"    within: port\n    on_expiry: expire\n", "    on_expiry: expire\n"}} {
		require.Contains(h, string(text), change[0])
		text = bytes.Replace(text, []byte(change[0]), []byte(change[1]), 1)
	}
	dir := h.TempDir()
	require.NoError(h, os.WriteFile(filepath.Join(dir, "_desk.yaml"), text, 0o600))
	return dir
}

func (h *house) checkpoints() string {
	dir := filepath.Join(h.dir, "checkpoints")
	require.NoError(h, os.MkdirAll(dir, 0o700))
	return dir
}

// channels tell people by a mail server, an SMS provider and a service, all on loopback. Provider and service say aloud whom
// they do not want to tell.
func (h *house) channels() notify.Settings {
	h.Helper()
	provider := h.serve(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = fmt.Fprintf(w, `{"code": 21211, "message": "The 'To' number %s (%s) is not valid"}`, r.FormValue("To"), holder)
	})
	service := h.serve(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusConflict)
		_, _ = fmt.Fprintf(w, "%s is no customer of ours", holder)
	})
	token, services := filepath.Join(h.TempDir(), "token"), filepath.Join(h.TempDir(), "services.yaml")
	require.NoError(h, os.WriteFile(token, []byte("token"), 0o600))
	require.NoError(h, os.WriteFile(services, []byte("services: [{name: crm, url: '"+service+"', secrets: [whsec_Y2FuYXJ5]}]"), 0o600))
	return notify.Settings{
		LinkURL: "https://port.example", WebhooksFile: services, WebhooksPrivate: true,
		SMTP: notify.SMTPSettings{Addr: h.mail.Addr(), TLS: string(notify.TLSNone), From: "Example Telecom <notices@example.com>"},
		SMS:  notify.SMSSettings{Provider: "twilio", Account: "AC1", TokenFile: token, From: "Example", URL: provider},
	}
}

func (h *house) serve(answer http.HandlerFunc) string {
	h.Helper()
	server := httptest.NewServer(answer)
	h.Cleanup(server.Close)
	return server.URL
}

// clumsyLine is the carrier behind something that repeats in its errors what it was told: twice for some orders, which it then lets
// through, and for good when it is asked about one number.
func (h *house) clumsyLine() string {
	h.Helper()
	target, err := url.Parse(h.carrier.URL())
	require.NoError(h, err)
	through := httputil.NewSingleHostReverseProxy(target)
	var tried sync.Map
	return h.serve(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if bytes.Contains(body, []byte(national(unlucky))) && r.URL.Path == "/portability" {
			w.WriteHeader(http.StatusUnprocessableEntity)
			_, _ = fmt.Fprintf(w, `{"code": "invalid", "message": "%s of %s is unknown to us under %s"}`, holder, street, national(unlucky))
			return
		}
		if err != nil || r.Method != http.MethodPut || !bytes.Contains(body, []byte(echoes)) {
			r.Body = io.NopCloser(bytes.NewReader(body))
			through.ServeHTTP(w, r)
			return
		}
		times, _ := tried.LoadOrStore(r.URL.Path, new(atomic.Int32))
		switch times.(*atomic.Int32).Add(1) {
		case 1:
			w.WriteHeader(http.StatusBadGateway)
			_, _ = fmt.Fprintf(w, "no route for %s", body)
		case 2:
			_, _ = fmt.Fprintf(w, "thank you, %s: %s", inAReject, body)
		default:
			r.Body = io.NopCloser(bytes.NewReader(body))
			through.ServeHTTP(w, r)
		}
	})
}

// echoes begins the references of orders that the line is clumsy with.
const echoes = "ECHO-"

// trapdoor is a carrier's adapter with a mistake: the first submission of some orders panics, with all of the order.
type trapdoor struct {
	*simulator.Client
	sprung sync.Map
}

// panics begins the references of orders that make the adapter panic.
const panics = "PANIC-"

func (d *trapdoor) Submit(ctx context.Context, lsr carrier.LSR) (carrier.Status, error) {
	if _, again := d.sprung.LoadOrStore(lsr.Ref.Port, true); !again && strings.HasPrefix(lsr.Order.Reference, panics) {
		panic(fmt.Sprintf("no rule for %+v of %s, born as %s, %s", lsr.Order, lsr.Order.Numbers[0].E164(), lsr.Order.Subscriber.Name, lsr.Code.Reveal()))
	}
	return d.Client.Submit(ctx, lsr)
}
