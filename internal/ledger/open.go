package ledger

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	"github.com/pressly/goose/v3"

	"github.com/portsaga/portsaga/porting"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// sqliteSettings make an acknowledged write survive a power cut, let processes wait for one another, and overwrite
	// what is deleted.
	sqliteSettings = "_txlock=immediate&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)" +
		"&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)&_pragma=secure_delete(ON)"

	postgresConnections = 16
)

// Open opens the ledger and brings its schema up to date; any number of processes may do so at once. A DSN that starts
// with postgres:// or postgresql:// is PostgreSQL, any other is a SQLite file: a path, or a URI like file:/path/ledger.db.
// A file that it creates is for its owner alone; one that is there keeps the mode that it was given.
// A schema that is newer than this program is refused with code "ledger-newer".
func Open(ctx context.Context, dsn string) (*Ledger, error) {
	const op = "open ledger"
	db, dialect, err := connect(dsn)
	if err != nil {
		return nil, fault(op, "", err)
	}
	err = migrate(ctx, db, dialect)
	if err == nil {
		err = incarnate(ctx, db)
	}
	if err != nil {
		_ = db.Close()
		return nil, fault(op, "", err)
	}
	l := &Ledger{db: db}
	if dialect == goose.DialectSQLite3 {
		l.groups = &groups{ledger: l}
	}
	return l, nil
}

func connect(dsn string) (*sql.DB, goose.Dialect, error) {
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		db, err := sql.Open("pgx", dsn)
		if err != nil {
			return nil, "", err
		}
		db.SetMaxOpenConns(postgresConnections)
		db.SetMaxIdleConns(postgresConnections)
		return db, goose.DialectPostgres, nil
	}
	uri := sqliteURI(dsn)
	if err := createPrivate(uri); err != nil {
		return nil, "", err
	}
	db := sql.OpenDB(preparing{dsn: withSettings(uri)})
	db.SetMaxOpenConns(1) // SQLite has one writer: callers queue here in turn, not by polling the file's lock
	return db, goose.DialectSQLite3, nil
}

func sqliteURI(dsn string) string {
	if strings.HasPrefix(dsn, "file:") {
		return dsn
	}
	return (&url.URL{Scheme: "file", OmitHost: true, Path: dsn}).String()
}

func withSettings(uri string) string {
	if strings.Contains(uri, "?") {
		return uri + "&" + sqliteSettings
	}
	return uri + "?" + sqliteSettings
}

// createPrivate creates the file of a new database for its owner alone; SQLite gives the same mode to the -wal and -shm
// files. A file that exists is never opened here: to close it again would drop the locks that this process holds on it.
func createPrivate(uri string) error {
	path, err := fileToCreate(uri)
	if err != nil || path == "" {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return file.Close()
}

// fileToCreate is the file that SQLite would create for a URI: "" if it is kept in memory, or not to be created.
func fileToCreate(uri string) (string, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return "", err
	}
	path := u.Path
	if u.Opaque != "" { // a relative path
		if path, err = url.PathUnescape(u.Opaque); err != nil {
			return "", err
		}
	}
	if mode := u.Query().Get("mode"); path == ":memory:" || (mode != "" && mode != "rwc") {
		return "", nil
	}
	return path, nil
}

// Versions tells which schema a ledger that is there has, and which this program knows. It migrates nothing.
func Versions(ctx context.Context, dsn string) (is, known int64, err error) {
	const op = "look at ledger"
	db, dialect, err := connect(dsn)
	if err != nil {
		return 0, 0, fault(op, "", err)
	}
	defer func() { _ = db.Close() }()
	provider, err := providerOf(db, dialect)
	if err == nil {
		is, known, err = provider.GetVersions(ctx)
	}
	return is, known, fault(op, "", err)
}

// migrate applies what is missing. Each migration is one transaction: of two processes that apply it at once one fails
// whole, looks again and finds the work done.
func migrate(ctx context.Context, db *sql.DB, dialect goose.Dialect) error {
	provider, err := providerOf(db, dialect)
	if err != nil {
		return err
	}
	for range len(provider.ListSources()) + 2 { // the table of versions is made once, too
		if _, err = provider.Up(ctx); err == nil {
			return refuseNewer(ctx, provider)
		}
	}
	return err
}

func providerOf(db *sql.DB, dialect goose.Dialect) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	appendOnly, err := appendOnlyMigration(dialect)
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(dialect, db, files, goose.WithTableName("ledger_version"), goose.WithGoMigrations(appendOnly))
}

// refuseNewer keeps an old program away from a schema whose rules it does not know.
func refuseNewer(ctx context.Context, provider *goose.Provider) error {
	is, known, err := provider.GetVersions(ctx)
	if err != nil || is <= known {
		return err
	}
	return &porting.Error{
		Kind: porting.Refused, Code: "ledger-newer", Op: "open ledger",
		Detail: fmt.Sprintf("its schema has version %d and this program knows %d", is, known),
		Next:   "use the newer portsaga that wrote it",
	}
}
