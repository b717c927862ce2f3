// Package chaos runs portsaga as it is run in earnest, breaks whatever can be broken while ports live through it, and then has
// the oracle judge from outside what became of them. docs/chaos.md tells what it shows.
package chaos

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/devserver/chaos/oracle"
	"github.com/portsaga/portsaga/devserver/engine"
	"github.com/portsaga/portsaga/internal/approval/approvaltest"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify/notifytest"
	"github.com/portsaga/portsaga/internal/serve"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/sealing"
	"github.com/portsaga/portsaga/starter"
	"github.com/portsaga/portsaga/worker"
)

// Processes of the house. Those of roles run the lean program, as do the carrier and the front door.
const (
	theEngine   = "engine"
	theWorkflow = "workflow"
	theTrust    = "trust"
	theGate     = "gate"
	theFront    = "front"
	theCarrier  = "carrier"
	theDatabase = "database"
)

// house is a whole deployment on loopback, with a way to break each of its parts.
type house struct {
	*testing.T
	dir       string
	builds    [2]string // of the lean program
	guardian  int       // group of all processes
	ports     map[string]string
	processes map[string]*process
	supervise atomic.Bool // a process that ended by itself is started again
	tally     *tally

	desk     *approvaltest.Desk
	mail     *notifytest.MailServer
	mails    mailbook
	line     *line            // between the gate and the carrier
	post     *post            // between the carrier's news and the front door
	links    map[string]*link // between a process and the engine, and to the database
	database *database        // nil where the ledger is a file

	token  string        // with which a service revokes
	raw    client.Client // opens no payload
	client client.Client
	sagas  *starter.Client
	books  *ledger.Ledger // read past all links
}

// mailbook remembers which mail was accepted when.
type mailbook struct {
	mu    sync.Mutex
	mails []oracle.Mail
}

func (b *mailbook) heard(id string) {
	name, _, _ := strings.Cut(strings.TrimPrefix(id, "<"), "@")
	b.mu.Lock()
	defer b.mu.Unlock()
	b.mails = append(b.mails, oracle.Mail{At: time.Now(), ID: name})
}

func (h *house) path(elements ...string) string {
	return filepath.Join(append([]string{h.dir}, elements...)...)
}

func (h *house) address(port string) string { return "127.0.0.1:" + h.ports[port] }

// open raises the house. Everything in it ends with the test. In a brief campaign the reaper is in a hurry.
func open(t *testing.T, o options, brief bool) *house {
	t.Helper()
	h := &house{
		T: t, dir: t.TempDir(), ports: map[string]string{}, processes: map[string]*process{}, links: map[string]*link{}, tally: newTally(),
		desk: approvaltest.NewDesk(t), mail: notifytest.Start(t),
	}
	h.mail.OnMail(h.mails.heard)
	h.build()
	h.guard()
	h.choosePorts("engine", "carrier", "front", "database")
	h.furnish()
	if o.postgres {
		h.database = h.openDatabase()
	}
	h.line = newLine(t, "http://"+h.address("carrier"), h.tally)
	h.post = newPost(t, "http://"+h.address("front"), h.tally)
	h.run(&process{name: theEngine, command: h.engineCommand})
	h.await("the engine is ready", func() bool { return h.connect() == nil })
	h.do("bootstrap")
	h.employ()
	h.openBooks()
	if brief {
		h.hurryReaper()
	}
	h.supervise.Store(true)
	return h
}

// build makes two builds of the lean program. They differ in their stamp alone.
func (h *house) build() {
	h.Helper()
	for i := range h.builds {
		h.builds[i] = h.path("bin", fmt.Sprintf("portsaga-%d", i+1))
		cmd := exec.CommandContext(h.Context(), "go", "build", "-buildvcs=false", "-ldflags", fmt.Sprintf("-s -w -X main.stamp=%d", i+1), "-o", h.builds[i], "github.com/portsaga/portsaga/cmd/portsaga")
		out, err := cmd.CombinedOutput()
		require.NoError(h, err, "%s", out)
	}
}

// guard makes the group of all processes. They go when the test goes, however it ends.
func (h *house) guard() {
	h.Helper()
	guardian := exec.CommandContext(context.WithoutCancel(h.Context()), "sh", "-c", "cat >/dev/null; kill -9 0")
	guardian.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	held, err := guardian.StdinPipe()
	require.NoError(h, err)
	require.NoError(h, guardian.Start())
	h.guardian = guardian.Process.Pid
	h.Cleanup(func() {
		require.NoError(h, held.Close())
		_ = guardian.Wait() // it kills itself with the rest
	})
}

// choosePorts finds free ports below those that the system hands out, so that nobody is given one while its process is away.
func (h *house) choosePorts(names ...string) {
	h.Helper()
	const lowest, highest = 15_000, 32_000
	for candidate := lowest + mathrand.IntN(highest-lowest-1_000); len(names) > 0 && candidate <= highest; candidate++ {
		listener, err := (&net.ListenConfig{}).Listen(h.Context(), "tcp", "127.0.0.1:"+strconv.Itoa(candidate))
		if err != nil {
			continue
		}
		require.NoError(h, listener.Close())
		h.ports[names[0]] = strconv.Itoa(candidate)
		names = names[1:]
	}
	require.Empty(h, names, "there are not enough free ports")
}

// furnish writes the files that processes read: rules with short clocks, scenarios, secrets, the services that may revoke.
func (h *house) furnish() {
	h.Helper()
	for _, dir := range []string{"rules", "scenarios", "logs", "checkpoints", "engine"} {
		require.NoError(h, os.MkdirAll(h.path(dir), 0o700))
	}
	writeRules(h.T, h.path("rules"))
	for name, text := range scenarios {
		h.keep(filepath.Join("scenarios", name+".yaml"), text)
	}
	h.keep("webhook_secret", newsSecret)
	key := make([]byte, 32)
	_, _ = rand.Read(key) // it never fails
	h.keep("vault.key", base64.StdEncoding.EncodeToString(key))
	service, token := serve.NewService("chaos", "")
	entry, err := yaml.Marshal([]serve.Service{service})
	require.NoError(h, err)
	h.keep("services.yaml", string(entry))
	h.token = token
}

const newsSecret = "what the carrier and we share"

func (h *house) keep(name, text string) {
	h.Helper()
	require.NoError(h, os.WriteFile(h.path(name), []byte(text), 0o600))
}

// ledger is where the ledger is, for a process that reaches it over a link of its own.
func (h *house) ledger(link string) string {
	if h.database != nil {
		return h.database.dsn(h.links[link].address())
	}
	return h.path("ledger.db")
}

// settings are the environment of a process. Nothing is inherited but the path.
func (h *house) settings(name, temporal, books string) []string {
	keys := h.path("keys.db")
	if h.database != nil {
		keys = books
	}
	return append(h.desk.Settings(),
		"PATH="+os.Getenv("PATH"), "HOME="+h.dir, "TMPDIR="+h.dir, "PORTSAGA_DIR="+h.path("of-"+name),
		"TEMPORAL_ADDRESS="+temporal, "TEMPORAL_NAMESPACE="+engine.DefaultNamespace,
		"PORTSAGA_LEDGER="+books, "PORTSAGA_KEYS="+keys, "PORTSAGA_TENANT_KEYS="+h.path("tenant-keys"), "PORTSAGA_KEY_FILE="+h.path("vault.key"),
		"PORTSAGA_RULES_DIR="+h.path("rules"), "PORTSAGA_FRAUD_OFF=true", // whether a port is suspicious must not depend on the hour
		"PORTSAGA_CARRIER_URL="+h.line.url, "PORTSAGA_SMTP_ADDR="+h.mail.Addr(), "PORTSAGA_SMTP_TLS=none",
		"PORTSAGA_SMTP_FROM=Example Telecom <notices@example.com>", "PORTSAGA_AUDIT_CHECKPOINTS="+h.path("checkpoints")+"/",
		"PORTSAGA_SIMULATOR_ADDR="+h.address("carrier"), "PORTSAGA_SIMULATOR_STATE="+h.path("carrier.jsonl"),
		"PORTSAGA_SIMULATOR_WEBHOOK_URL="+h.post.url+"/news/simulator", "PORTSAGA_SIMULATOR_WEBHOOK_SECRET_FILE="+h.path("webhook_secret"),
		"PORTSAGA_SERVE_ADDR="+h.address("front"), "PORTSAGA_SERVE_TOKENS="+h.path("services.yaml"), "PORTSAGA_WEBHOOK_SECRET_FILE="+h.path("webhook_secret"),
	)
}

// do runs the program to its end, beside all links.
func (h *house) do(args ...string) string {
	h.Helper()
	out, err := h.tries(h.Context(), args...)
	require.NoError(h, err, "portsaga %s\n%s", strings.Join(args, " "), out)
	return string(out)
}

func (h *house) tries(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, h.builds[0], args...)
	books := h.path("ledger.db")
	if h.database != nil {
		books = h.database.dsn(h.address("database"))
	}
	cmd.Env, cmd.Dir = h.settings("campaign", h.address("engine"), books), h.dir
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, said.String())
	}
	return out, err
}

// employ starts the carrier, the workers by role and the front door, each behind links of its own.
func (h *house) employ() {
	h.Helper()
	h.run(&process{name: theCarrier, command: func() *exec.Cmd {
		return h.lean(theCarrier, "", "simulator", "--scenario", "prompt", "--scenarios", h.path("scenarios"))
	}})
	h.await("the carrier is ready", func() bool { return answers(h.Context(), "http://"+h.address("carrier")+"/healthz") })
	for _, role := range []string{theWorkflow, theTrust, theGate, theFront} {
		h.links[role] = newLink(h.T, h.address("engine"))
		if h.database != nil {
			h.links[role+" to the database"] = newLink(h.T, h.address("database"))
		}
		h.run(&process{name: role, command: func() *exec.Cmd { return h.roleCommand(role) }})
	}
	h.await("the front door is open", func() bool { return answers(h.Context(), "http://"+h.address("front")+"/healthz") })
}

func (h *house) roleCommand(role string) *exec.Cmd {
	books := h.ledger(role + " to the database")
	if role == theFront {
		return h.lean(role, books, "serve")
	}
	return h.lean(role, books, "worker", "--role", role)
}

// lean is a process of the lean program, in the build that is deployed for it.
func (h *house) lean(name, books string, args ...string) *exec.Cmd {
	build := 0
	if p := h.processes[name]; p != nil {
		build = int(p.build.Load())
	}
	temporal := h.address("engine")
	if l := h.links[name]; l != nil {
		temporal = l.address()
	}
	cmd := exec.Command(h.builds[build], args...)
	cmd.Env = h.settings(name, temporal, books)
	return cmd
}

func answers(ctx context.Context, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(request)
	return err == nil && answer.Body.Close() == nil && answer.StatusCode < http.StatusMultipleChoices
}

// connect opens the campaign's own clients, once the engine answers.
func (h *house) connect() error {
	ctx, cancel := context.WithTimeout(h.Context(), time.Second)
	defer cancel()
	dialed, err := client.DialContext(ctx, plainOptions(h.address("engine")))
	if err != nil {
		return err
	}
	h.raw = dialed
	h.Cleanup(dialed.Close)
	return nil
}

// openBooks lets the campaign speak with ports, and read the ledger past all links.
func (h *house) openBooks() {
	h.Helper()
	books, keys := h.path("ledger.db"), h.path("keys.db")
	if h.database != nil {
		books = h.database.dsn(h.address("database"))
		keys = books
	}
	options := plainOptions(h.address("engine"))
	held, err := sealing.Seal(&options, sealing.Keys{Store: keys, TenantKeys: h.path("tenant-keys")})
	require.NoError(h, err)
	h.Cleanup(func() { require.NoError(h, held.Close()) })
	h.client, err = client.NewClientFromExistingWithContext(h.Context(), h.raw, options)
	require.NoError(h, err)
	h.Cleanup(h.client.Close)
	h.books, err = ledger.Open(h.Context(), books)
	require.NoError(h, err)
	h.Cleanup(func() { require.NoError(h, h.books.Close()) })
	key, err := vault.Load(h.path("vault.key"))
	require.NoError(h, err)
	h.sagas = starter.New(h.client, starter.Options{Patience: 10 * time.Second, Secrets: worker.NewSecrets(h.books, key, time.Now)})
}

// hurryReaper has the reaper look more often, and wait for last steps only as long as any takes in this house.
func (h *house) hurryReaper() {
	h.Helper()
	const every, grace = 10 * time.Second, 40 * time.Second
	reaper := h.client.ScheduleClient().GetHandle(h.Context(), porting.ScheduleReaper)
	require.NoError(h, reaper.Update(h.Context(), client.ScheduleUpdateOptions{DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
		in.Description.Schedule.Spec.Intervals = []client.ScheduleIntervalSpec{{Every: every}}
		in.Description.Schedule.Action.(*client.ScheduleWorkflowAction).Args = []any{porting.ReapInput{Grace: grace}}
		return &client.ScheduleUpdate{Schedule: &in.Description.Schedule}, nil
	}}))
}

// await looks again and again until something is seen.
func (h *house) await(what string, seen func() bool) {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.Context(), 3*time.Minute)
	defer cancel()
	if !until(ctx, 100*time.Millisecond, seen) {
		for name := range h.processes {
			h.Logf("%s said:\n%s", name, h.tail(name))
		}
		require.FailNow(h, "waited in vain", what)
	}
}

// until looks again and again until something is seen, or ctx ends.
func until(ctx context.Context, every time.Duration, seen func() bool) bool {
	look := time.NewTicker(every)
	defer look.Stop()
	for !seen() {
		select {
		case <-ctx.Done():
			return false
		case <-look.C:
		}
	}
	return true
}

// pass waits for a while, and reports whether ctx let it.
func pass(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
