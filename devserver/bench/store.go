package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	_ "modernc.org/sqlite"             // driver "sqlite"

	"github.com/portsaga/portsaga/devserver/engine"
)

// stored is how many bytes the databases hold; zero where they are somebody else's.
type stored struct{ engine, ledger int64 }

func (s stored) less(was stored) stored { return stored{s.engine - was.engine, s.ledger - was.ledger} }

// isServer tells the address of a database server from a file.
func isServer(dsn string) bool { return strings.Contains(dsn, "://") }

// stored looks at the databases of the engine and of the ledger.
func (o Options) stored(ctx context.Context) (s stored, err error) {
	if s.engine, err = o.engineStored(ctx); err != nil {
		return s, err
	}
	if isServer(o.ledger()) {
		s.ledger, err = serverSize(ctx, o.ledger(), "")
	} else {
		s.ledger, err = fileSize(ctx, o.ledger())
	}
	return s, err
}

func (o Options) engineStored(ctx context.Context) (size int64, err error) {
	var parts []func() (int64, error)
	switch {
	case !o.Embedded():
	case o.Database != "":
		at, err := url.Parse(o.Database)
		if err != nil {
			return 0, err
		}
		name := strings.TrimPrefix(at.Path, "/")
		for _, name := range []string{name, engine.VisibilityDatabase(name)} {
			parts = append(parts, func() (int64, error) { return serverSize(ctx, o.Database, name) })
		}
	default:
		files, err := filepath.Glob(filepath.Join(o.engineDir(), "*.db"))
		if err != nil {
			return 0, err
		}
		for _, file := range files {
			parts = append(parts, func() (int64, error) { return fileSize(ctx, file) })
		}
	}
	for _, part := range parts {
		n, err := part()
		if err != nil {
			return 0, err
		}
		size += n
	}
	return size, nil
}

// fileSize is the size of a SQLite database with what still is in its write-ahead log.
func fileSize(ctx context.Context, file string) (int64, error) {
	dsn := (&url.URL{Scheme: "file", OmitHost: true, Path: file, RawQuery: "mode=ro"}).String()
	size, err := ask(ctx, "sqlite", dsn, `SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()`)
	if err != nil {
		return 0, fmt.Errorf("size of %s: %w", filepath.Base(file), err)
	}
	return size, nil
}

// serverSize is the size of a database of a PostgreSQL server, of that which an address names where name is empty.
func serverSize(ctx context.Context, dsn, name string) (int64, error) {
	size, err := ask(ctx, "pgx", dsn, `SELECT pg_database_size(coalesce(nullif($1, ''), current_database()))`, name)
	if err != nil {
		return 0, fmt.Errorf("size of a database: %w", err)
	}
	return size, nil
}

func ask(ctx context.Context, driver, dsn, question string, args ...any) (answer int64, err error) {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return answer, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.QueryRowContext(ctx, question, args...).Scan(&answer)
	return answer, err
}

// databaseCPU is what the PostgreSQL servers of the engine and of the ledger have had of the processors. A SQLite database is part
// of its user's process, and a server on another machine does not tell.
func (o Options) databaseCPU(ctx context.Context) (total time.Duration, err error) {
	counted := map[int]bool{}
	for _, dsn := range []string{o.Database, o.Ledger} {
		if !isServer(dsn) {
			continue
		}
		pid, err := serverBehind(ctx, dsn)
		if err != nil {
			return 0, fmt.Errorf("ask a database for its process: %w", err)
		}
		if pid == 0 || counted[pid] {
			continue
		}
		counted[pid] = true
		total += familyTime(pid)
	}
	return total, nil
}

// serverBehind is the server that answers at an address; zero where it is none of this machine.
func serverBehind(ctx context.Context, dsn string) (pid int, err error) {
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := db.QueryRowContext(ctx, `SELECT pg_backend_pid()`).Scan(&pid); err != nil {
		return 0, err
	}
	return serverOf(pid), nil // while the connection is open: the process that answers it ends with it
}
