// Package pgtest gives tests a real PostgreSQL. It starts one from the system's own programs, on a Unix socket in a
// directory that nobody else can enter, or uses the server that PORTSAGA_TEST_POSTGRES names.
package pgtest

import (
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	"github.com/stretchr/testify/require"
)

// EnvDSN names a server to use in place of one of our own: a postgres:// URL of a user who may create schemas.
const EnvDSN = "PORTSAGA_TEST_POSTGRES"

// Server is a PostgreSQL server.
type Server struct {
	admin *url.URL
	data  string
}

// Data is the directory of its files, where everything is that it has written. It is "" of a server that is not ours.
func (s *Server) Data() string { return s.data }

// Start returns a server that is gone when the test ends. It skips the test where there is no PostgreSQL.
func Start(t testing.TB) *Server {
	t.Helper()
	if dsn := os.Getenv(EnvDSN); dsn != "" {
		admin, err := url.Parse(dsn)
		require.NoError(t, err)
		return &Server{admin: admin}
	}
	initdb, pgCtl := Program(t, "initdb"), Program(t, "pg_ctl")
	runAs := User(t)

	// The path of a socket has a hundred characters at most: the test's own directory may be too deep.
	dir, err := os.MkdirTemp("", "pgtest-")
	require.NoError(t, err)
	if runAs != nil {
		require.NoError(t, os.Chown(dir, int(runAs.Uid), int(runAs.Gid)))
	}
	data := filepath.Join(dir, "data")
	command := func(program string, args ...string) *exec.Cmd {
		cmd := exec.Command(program, args...)
		cmd.Dir = dir
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: runAs, Setpgid: true}
		return cmd
	}
	stopAtEnd(t, command("sh", "-c", `cat; "$0" -D "$1" -m immediate -w stop; rm -rf "$PWD"`, pgCtl, data))

	run(t, command(initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"))
	run(t, command(pgCtl, "-D", data, "-w", "-l", filepath.Join(dir, "log"), "-o", fmt.Sprintf("-c listen_addresses='' "+
		"-c unix_socket_directories=%s -c fsync=off -c full_page_writes=off -c timezone=Asia/Kathmandu", dir), "start"))
	return &Server{data: data, admin: &url.URL{
		Scheme: "postgres", User: url.User("postgres"), Path: "/postgres",
		RawQuery: url.Values{"host": {dir}}.Encode(),
	}}
}

// stopAtEnd starts a command that stops the server once its input ends: when the test ends, or when its process dies.
func stopAtEnd(t testing.TB, stop *exec.Cmd) {
	t.Helper()
	input, err := stop.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, stop.Start())
	t.Cleanup(func() {
		require.NoError(t, input.Close())
		require.NoError(t, stop.Wait())
	})
}

func run(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s: %s", cmd.Path, out)
}

// New creates an empty schema and returns a DSN that sees nothing else. It is dropped when the test ends.
func (s *Server) New(t testing.TB) string {
	t.Helper()
	schema := "test_" + strings.ToLower(rand.Text())
	s.exec(t, `CREATE SCHEMA `+schema)
	t.Cleanup(func() { s.exec(t, `DROP SCHEMA `+schema+` CASCADE`) })
	dsn := *s.admin
	query := dsn.Query()
	query.Set("search_path", schema)
	dsn.RawQuery = query.Encode()
	return dsn.String()
}

func (s *Server) exec(t testing.TB, statement string) {
	t.Helper()
	db, err := sql.Open("pgx", s.admin.String())
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Exec(statement)
	require.NoError(t, err)
}

// Program finds one of PostgreSQL's programs; Debian keeps them outside the PATH. It skips the test where there is none.
func Program(t testing.TB, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	if paths, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name); len(paths) > 0 {
		return paths[len(paths)-1]
	}
	t.Skipf("PostgreSQL is not installed (no %s); install it or set %s", name, EnvDSN)
	return ""
}

// User is whom the server runs as: nil means the present user. PostgreSQL refuses to run as root.
func User(t testing.TB) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Skipf("PostgreSQL does not run as root, and there is no user postgres; set %s", EnvDSN)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	require.NoError(t, err)
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	require.NoError(t, err)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// Absent returns the URL of a database that is not there. Whoever makes it may make others whose names begin with its name; all of
// them are dropped when the test ends.
func (s *Server) Absent(t testing.TB) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text())
	t.Cleanup(func() {
		for _, made := range s.databases(t, name) {
			s.exec(t, `DROP DATABASE `+made+` WITH (FORCE)`)
		}
	})
	dsn := *s.admin
	dsn.Path = "/" + name
	return dsn.String()
}

// databases are those whose names begin so.
func (s *Server) databases(t testing.TB, prefix string) (names []string) {
	t.Helper()
	db, err := sql.Open("pgx", s.admin.String())
	require.NoError(t, err)
	defer db.Close()
	rows, err := db.Query(`SELECT datname FROM pg_database WHERE starts_with(datname, $1)`, prefix)
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var name string
		require.NoError(t, rows.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, rows.Err())
	return names
}
