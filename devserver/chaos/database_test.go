package chaos

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger/pgtest"
)

// database is a PostgreSQL of the house's own, reached over TCP so that the way to it can be cut.
type database struct {
	dir string
}

func (*database) dsn(address string) string {
	return "postgres://postgres@" + address + "/postgres?sslmode=disable&connect_timeout=5"
}

func (h *house) openDatabase() *database {
	h.Helper()
	initdb, postgres, user := pgtest.Program(h, "initdb"), pgtest.Program(h, "postgres"), pgtest.User(h)
	dir, err := os.MkdirTemp("", "chaos-") // its user cannot enter a directory of the test
	require.NoError(h, err)
	h.Cleanup(func() { require.NoError(h, os.RemoveAll(dir)) })
	if user != nil {
		require.NoError(h, os.Chown(dir, int(user.Uid), int(user.Gid)))
	}
	d := &database{dir: filepath.Join(dir, "data")}
	command := func(program string, args ...string) *exec.Cmd {
		cmd := exec.Command(program, args...)
		cmd.Dir, cmd.Env, cmd.SysProcAttr = dir, []string{"PATH=" + os.Getenv("PATH")}, &syscall.SysProcAttr{Credential: user}
		return cmd
	}
	out, err := command(initdb, "-D", d.dir, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync").CombinedOutput()
	require.NoError(h, err, "%s", out)
	h.run(&process{name: theDatabase, command: func() *exec.Cmd {
		return command(postgres, "-D", d.dir, "-p", h.ports["database"], "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="+dir, "-c", "max_connections=200")
	}})
	h.await("the database is ready", func() bool { return d.isReady(h.Context(), h.address("database")) })
	return d
}

func (d *database) isReady(ctx context.Context, address string) bool {
	db, err := sql.Open("pgx", d.dsn(address))
	if err != nil {
		return false
	}
	defer db.Close()
	return db.PingContext(ctx) == nil
}

// crashes has the database end as in a crash: it leaves nothing tidy, and recovers at its next start.
func crashes(ctx context.Context, n *nemesis, r *rand.Rand) bool {
	p := n.house.processes[theDatabase]
	if !p.disturbed.TryLock() {
		return false
	}
	defer p.disturbed.Unlock()
	p.send(syscall.SIGQUIT)
	<-p.ended
	pass(ctx, between(r, 0, 2*time.Second))
	return n.house.start(p) == nil
}
