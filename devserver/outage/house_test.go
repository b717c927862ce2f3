package outage

import (
	"context"
	"database/sql"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/devserver/engine"
	"github.com/portsaga/portsaga/internal/approval/approvaltest"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/ledger/pgtest"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/sealing"
	"github.com/portsaga/portsaga/starter"
)

// house is a deployment on loopback, in real time: an engine, a worker, a ledger and a carrier.
type house struct {
	*testing.T
	dir                         string
	guardian                    int    // group of all processes
	frontend, metrics, database string // addresses
	desk                        *approvaltest.Desk
	books                       string // DSN of the ledger
	carrier                     *simulator.Server
	ports                       *starter.Client

	engine, worker, postgres *process
}

// The counterparties do not wait as long as the rules make them, and the impatient one takes the number at once. Policy answers
// when half of the time is over.
const (
	impatient = "silence: 45s\n"
	patient   = "silence: 70s\nnever_activates: true\n"
	halfTime  = "lead: 1h\n"
)

// open raises the house. With a database of its own the ledger is there, else it is a file.
func open(t *testing.T, withDatabase bool) *house {
	t.Helper()
	if os.Getenv("PORTSAGA_TIER") == "short" {
		t.Skip("it waits for more than a minute; make test runs it")
	}
	h := &house{T: t, dir: t.TempDir(), desk: approvaltest.NewDesk(t)}
	h.books = h.path("ledger.db")
	h.choosePorts(&h.frontend, &h.metrics, &h.database)
	h.guard()
	if withDatabase {
		h.postgres = h.runDatabase()
	}
	h.keep("answers.yaml", halfTime)
	_, err := vault.Create(h.path("vault.key"))
	require.NoError(t, err)
	h.runCarrier()
	h.engine = h.run(&process{name: "engine", dies: syscall.SIGKILL, command: h.engineCommand, ready: h.engineAnswers})
	out, err := h.program("bootstrap").CombinedOutput()
	require.NoError(t, err, "%s", out)
	h.connect()
	h.worker = h.run(&process{name: "worker", dies: syscall.SIGKILL, command: func() *exec.Cmd { return h.program("worker") }, ready: func() bool {
		return answers(t.Context(), "http://"+h.metrics+"/metrics")
	}})
	return h
}

func (h *house) path(name string) string { return filepath.Join(h.dir, name) }

func (h *house) keep(name, text string) {
	h.Helper()
	require.NoError(h, os.WriteFile(h.path(name), []byte(text), 0o600))
}

// choosePorts finds free addresses on ports below those that the system hands out: nobody is given one while its process is
// away.
func (h *house) choosePorts(addresses ...*string) {
	h.Helper()
	const lowest, highest = 15_000, 32_000
	for len(addresses) > 0 {
		address := "127.0.0.1:" + strconv.Itoa(lowest+rand.IntN(highest-lowest))
		listener, err := (&net.ListenConfig{}).Listen(h.Context(), "tcp", address)
		if err != nil {
			continue
		}
		h.Cleanup(func() { _ = listener.Close() }) // it was closed before
		*addresses[0], addresses = address, addresses[1:]
		require.NoError(h, listener.Close())
	}
}

func portOf(address string) string {
	_, port, _ := net.SplitHostPort(address)
	return port
}

func (h *house) runCarrier() {
	h.Helper()
	var err error
	h.carrier, err = simulator.Start(h.Context(), simulator.Options{})
	require.NoError(h, err)
	h.Cleanup(func() { require.NoError(h, h.carrier.Close()) })
	for name, text := range map[string]string{"impatient": impatient, "patient": patient} {
		scenario, err := simulator.ParsePortOutScenario(name, []byte(text))
		require.NoError(h, err)
		h.carrier.LearnPortOut(scenario)
	}
}

func (h *house) engineCommand() *exec.Cmd {
	return h.grouped(h.dir, []string{asEngine + "=" + portOf(h.frontend), "HOME=" + h.dir, "TMPDIR=" + h.dir}, os.Args[0])
}

func (h *house) engineAnswers() bool {
	ctx, cancel := context.WithTimeout(h.Context(), time.Second)
	defer cancel()
	c, err := client.DialContext(ctx, h.connection())
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// program is the lean program with a command.
func (h *house) program(command string) *exec.Cmd {
	settings := append(h.desk.Settings(), asProgram+"=1", "HOME="+h.dir, "TMPDIR="+h.dir, "PORTSAGA_DIR="+h.path("worker"),
		"TEMPORAL_ADDRESS="+h.frontend, "TEMPORAL_NAMESPACE="+engine.DefaultNamespace, "PORTSAGA_CARRIER_URL="+h.carrier.URL(),
		"PORTSAGA_LEDGER="+h.books, "PORTSAGA_KEYS="+h.path("keys.db"), "PORTSAGA_TENANT_KEYS="+h.path("tenant-keys"),
		"PORTSAGA_KEY_FILE="+h.path("vault.key"), "PORTSAGA_PORTOUT_POLICY="+h.path("answers.yaml"), "PORTSAGA_METRICS_ADDR="+h.metrics)
	return h.grouped(h.dir, settings, os.Args[0], command)
}

func answers(ctx context.Context, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false
	}
	answer, err := http.DefaultClient.Do(request)
	return err == nil && answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
}

func (h *house) connection() client.Options {
	return client.Options{HostPort: h.frontend, Namespace: engine.DefaultNamespace, Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))}
}

// connect opens the test's own client, which lives through the engine's death.
func (h *house) connect() {
	h.Helper()
	options := h.connection()
	keys, err := sealing.Seal(&options, sealing.Keys{Store: h.path("keys.db"), TenantKeys: h.path("tenant-keys")})
	require.NoError(h, err)
	h.Cleanup(func() { require.NoError(h, keys.Close()) })
	c, err := client.DialContext(h.Context(), options)
	require.NoError(h, err)
	h.Cleanup(c.Close)
	h.ports = starter.New(c, starter.Options{Patience: 10 * time.Second})
}

// runDatabase starts a PostgreSQL for the ledger alone.
func (h *house) runDatabase() *process {
	h.Helper()
	initdb, postgres, user := pgtest.Program(h, "initdb"), pgtest.Program(h, "postgres"), pgtest.User(h)
	dir, err := os.MkdirTemp("", "outage-") // the database's user cannot enter a directory of the test
	require.NoError(h, err)
	h.Cleanup(func() { require.NoError(h, os.RemoveAll(dir)) })
	if user != nil {
		require.NoError(h, os.Chown(dir, int(user.Uid), int(user.Gid)))
	}
	command := func(program string, args ...string) *exec.Cmd {
		cmd := h.grouped(dir, []string{"PATH=" + os.Getenv("PATH")}, program, append([]string{"-D", filepath.Join(dir, "data")}, args...)...)
		cmd.SysProcAttr.Credential = user
		return cmd
	}
	out, err := command(initdb, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync").CombinedOutput()
	require.NoError(h, err, "%s", out)
	h.books = "postgres://postgres@" + h.database + "/postgres?sslmode=disable"
	return h.run(&process{
		name: "database", dies: syscall.SIGQUIT, // its own word for going without a checkpoint
		command: func() *exec.Cmd {
			return command(postgres, "-p", portOf(h.database), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="+dir)
		},
		ready: func() bool {
			db, err := sql.Open("pgx", h.books)
			return err == nil && db.PingContext(h.Context()) == nil && db.Close() == nil
		},
	})
}

// movedLately makes numbers such that people are asked before they leave.
func (h *house) movedLately(numbers ...porting.Number) {
	h.Helper()
	books, err := ledger.Open(h.Context(), h.books)
	require.NoError(h, err)
	defer func() { require.NoError(h, books.Close()) }()
	key, err := vault.Load(h.path("vault.key"))
	require.NoError(h, err)
	yesterday := time.Now().AddDate(0, 0, -1)
	for _, n := range numbers {
		before := ledger.Claim{
			PortID: "pi-of-" + key.LockToken(n), Direction: porting.PortIn, At: yesterday,
			Numbers: []ledger.NumberClaim{{Token: key.LockToken(n), Masked: n.String()}},
		}
		_, err := books.Claim(h.Context(), before)
		require.NoError(h, err)
		require.NoError(h, books.Release(h.Context(), before.PortID, porting.OutcomeCompleted, yesterday))
	}
}
