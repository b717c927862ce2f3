package integration

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger/pgtest"
)

// database is the town's PostgreSQL: one server, a database for each of its users, and a password for each.
type database struct {
	passwords map[string]string
}

// openDatabase starts PostgreSQL and gives it the roles of the deployment.
func (w *town) openDatabase() {
	w.t.Helper()
	initdb, postgres := pgtest.Program(w.t, "initdb"), pgtest.Program(w.t, "postgres")
	w.database.passwords = map[string]string{}
	for _, role := range []string{"postgres", "temporal", "portsaga", "portsaga_keys", "portsaga_watchdog"} {
		w.database.passwords[role] = rand.Text()
	}
	c := w.settle("postgres").isKnown("postgres")
	out, err := c.command(w.t.Context(), initdb, "-D", c.path("data"), "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync",
		"-A", "scram-sha-256", "--pwfile="+c.keeps("password", []byte(w.database.passwords["postgres"]))).CombinedOutput()
	require.NoError(w.t, err, "%s", out)
	w.run(&process{
		citizen: c, ports: []string{"postgres"}, stop: syscall.SIGINT, // SIGTERM would wait until all have gone home
		args: []string{
			postgres, "-D", c.path("data"), "-p", w.port("postgres"), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + c.home,
			"-c", "max_connections=200", "-c", "fsync=off", "-c", "full_page_writes=off",
		},
		ready: func() bool { return w.query("postgres", "postgres", "SELECT 1") == nil },
	})
	w.initialise()
}

// initialise runs what the deployment's own PostgreSQL runs at its first start, with passwords from here and not from files.
func (w *town) initialise() {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", "postgres", "init.sql"))
	require.NoError(w.t, err)
	var script strings.Builder
	for name, role := range map[string]string{"temporal": "temporal", "ledger": "portsaga", "keys": "portsaga_keys", "watchdog": "portsaga_watchdog"} {
		fmt.Fprintf(&script, "\\set %s_password '%s'\n", name, w.database.passwords[role])
	}
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, `\set`) {
			script.WriteString(line)
		}
	}
	psql := w.settle("psql").command(w.t.Context(), pgtest.Program(w.t, "psql"), "--no-psqlrc", "--set=ON_ERROR_STOP=1", w.database.address("postgres", "postgres", w.port("postgres")))
	psql.Stdin = strings.NewReader(script.String())
	out, err := psql.CombinedOutput()
	require.NoError(w.t, err, "%s", out)
}

// grantKeys gives the data keys and the dates to those who need nothing else of the ledger; docs/encryption.md says who.
func (w *town) grantKeys() {
	w.t.Helper()
	require.NoError(w.t, w.query("portsaga", "portsaga", `GRANT SELECT, INSERT, UPDATE ON data_keys TO portsaga_keys`))
	require.NoError(w.t, w.query("portsaga", "portsaga", `GRANT SELECT ON awaited TO portsaga_watchdog`))
}

// query asks a database as one of its roles.
func (w *town) query(role, name, statement string) error {
	db, err := sql.Open("pgx", w.database.address(role, name, w.port("postgres")))
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.ExecContext(context.WithoutCancel(w.t.Context()), statement)
	return err
}

// address is that of a database for one of its roles.
func (d database) address(role, name, port string) string {
	address := url.URL{
		Scheme: "postgres", User: url.UserPassword(role, d.passwords[role]), Host: "127.0.0.1:" + port, Path: name, RawQuery: "sslmode=disable",
	}
	return address.String()
}

// ledger is the address of our database for a citizen, who has its password in a file.
func (c *citizen) ledger(role string) string {
	c.town.t.Helper()
	file := c.path(role + ".pgpass")
	if _, err := os.Stat(file); err != nil {
		c.keeps(role+".pgpass", fmt.Appendf(nil, "127.0.0.1:%s:portsaga:%s:%s\n", c.town.port("postgres"), role, c.town.database.passwords[role]))
	}
	return fmt.Sprintf("postgres://%s@127.0.0.1:%s/portsaga?sslmode=disable&passfile=%s", role, c.town.port("postgres"), file)
}
