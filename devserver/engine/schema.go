package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.temporal.io/server/common/headers"
	"go.temporal.io/server/schema"
	sqliteschema "go.temporal.io/server/schema/sqlite"
	_ "modernc.org/sqlite" // the driver that the server uses too

	"github.com/portsaga/portsaga/porting"
)

// The server neither migrates nor checks a SQLite schema, so each file carries the versions it was made with.
const (
	createRecord = `CREATE TABLE portsaga_engine (server_version TEXT NOT NULL, schema_version TEXT NOT NULL)`
	insertRecord = `INSERT INTO portsaga_engine (server_version, schema_version) VALUES (?, ?)`
	selectRecord = `SELECT server_version, schema_version FROM portsaga_engine`
	countTables  = `SELECT count(*) FROM sqlite_schema WHERE type = 'table'`
	countRecord  = countTables + ` AND name = 'portsaga_engine'`
	listIndexes  = `SELECT name FROM sqlite_schema WHERE type = 'index' AND name LIKE 'by\_%' ESCAPE '\'`
)

// keptIndexes are those of the visibility file that questions about ports use: by ID, type, status, parent and root, and by the
// columns that an attribute of ports may be given. Every write of a row rewrites every index of it; the server makes 58.
var keptIndexes = regexp.MustCompile(`^by_(workflow_id|workflow_type|status|parent_workflow_id|root_workflow_id|(keyword|datetime|int|bool)_\d+)$`)

// storeFile is one of the engine's two SQLite files.
type storeFile struct {
	name   string
	schema string // path in the server's embedded schemas
	record versions
}

// versions are what a file was made with. Patch releases of one server line share a schema; lines do not.
type versions struct{ server, schema string }

func (v versions) compatible(with versions) bool {
	return v.schema == with.schema && serverLine(v.server) == serverLine(with.server)
}

func (v versions) String() string { return fmt.Sprintf("server %s, schema %s", v.server, v.schema) }

// serverLine is the major and minor part: "1.32" of "1.32.1".
func serverLine(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

var (
	mainFile = storeFile{
		name: "temporal.db", schema: "sqlite/v3/temporal/schema.sql",
		record: versions{headers.ServerVersion, sqliteschema.Version},
	}
	visibilityFile = storeFile{
		name: "visibility.db", schema: "sqlite/v3/visibility/schema.sql",
		record: versions{headers.ServerVersion, sqliteschema.VisibilityVersion},
	}
)

// prepareFiles makes the files that are missing and checks the versions of those that are there. The visibility file comes
// first: a start that died between the two leaves no main file, and the next start carries on.
func prepareFiles(ctx context.Context, o Options) error {
	if exists(o.path(mainFile)) && !exists(o.path(visibilityFile)) {
		return &porting.Error{
			Kind: porting.Refused, Code: "engine-file-missing", Op: "start engine", Object: o.path(visibilityFile),
			Detail: "the file is missing beside " + mainFile.name + ", and listing workflows needs it",
			Next:   "restore both files from one backup, or start in an empty directory",
		}
	}
	for _, f := range []storeFile{visibilityFile, mainFile} {
		if err := prepareFile(ctx, o, f); err != nil {
			return err
		}
	}
	return nil
}

func prepareFile(ctx context.Context, o Options, f storeFile) error {
	if err := touch(o.path(f)); err != nil {
		return directoryError(o.Dir, err)
	}
	db, err := openFile(o, f)
	if err != nil {
		return directoryError(o.path(f), err)
	}
	defer func() { _ = db.Close() }()

	// Schema and record are one transaction: no file is ever half made.
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return directoryError(o.path(f), err)
	}
	defer func() { _ = tx.Rollback() }()

	var tables int
	if err := tx.QueryRowContext(ctx, countTables).Scan(&tables); err != nil {
		return directoryError(o.path(f), err)
	}
	if tables > 0 {
		err = checkRecord(ctx, tx, o, f)
	} else {
		err = applySchema(ctx, tx, f)
	}
	if err == nil && f == visibilityFile {
		err = dropIndexes(ctx, tx)
	}
	if err != nil {
		return err
	}
	return tx.Commit()
}

// dropIndexes also thins out a file that was made before it was done: a list by another column reads all rows from then on.
func dropIndexes(ctx context.Context, tx *sql.Tx) error {
	names, err := indexNames(ctx, tx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if keptIndexes.MatchString(name) {
			continue
		}
		if _, err := tx.ExecContext(ctx, `DROP INDEX `+name); err != nil {
			return fmt.Errorf("engine: drop index %s: %w", name, err)
		}
	}
	return nil
}

func indexNames(ctx context.Context, tx *sql.Tx) ([]string, error) {
	rows, err := tx.QueryContext(ctx, listIndexes)
	if err != nil {
		return nil, fmt.Errorf("engine: list indexes: %w", err)
	}
	defer func() { _ = rows.Close() }()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("engine: list indexes: %w", err)
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

func applySchema(ctx context.Context, tx *sql.Tx, f storeFile) error {
	statements, err := fs.ReadFile(schema.Assets(), f.schema)
	if err == nil {
		_, err = tx.ExecContext(ctx, string(statements))
	}
	if err == nil {
		_, err = tx.ExecContext(ctx, createRecord)
	}
	if err == nil {
		_, err = tx.ExecContext(ctx, insertRecord, f.record.server, f.record.schema)
	}
	if err != nil {
		return fmt.Errorf("engine: create %s: %w", f.name, err)
	}
	return nil
}

func checkRecord(ctx context.Context, tx *sql.Tx, o Options, f storeFile) error {
	var records int
	if err := tx.QueryRowContext(ctx, countRecord).Scan(&records); err != nil {
		return directoryError(o.path(f), err)
	}
	if records == 0 {
		return schemaMismatch(o, f, "the file carries no record of the versions it was made with")
	}
	var found versions
	if err := tx.QueryRowContext(ctx, selectRecord).Scan(&found.server, &found.schema); err != nil {
		return directoryError(o.path(f), err)
	}
	if !found.compatible(f.record) {
		return schemaMismatch(o, f, fmt.Sprintf("the file was made with %s, this program has %s", found, f.record))
	}
	return nil
}

func schemaMismatch(o Options, f storeFile, detail string) error {
	return &porting.Error{
		Kind: porting.Refused, Code: "engine-schema-mismatch", Op: "start engine", Object: o.path(f), Detail: detail,
		Next: "let the program that made it finish its open ports, then start this one in an empty directory; " +
			"or move to PostgreSQL, whose schema is migrated (docs/embedded-engine.md)",
	}
}

// checkpointFiles folds each write-ahead log into its file, so that a stopped engine is backed up by copying its files:
// the server's own connections stay open until the process ends and would leave the logs as they are.
func checkpointFiles(o Options) error {
	var failures []error
	for _, f := range []storeFile{mainFile, visibilityFile} {
		failures = append(failures, checkpoint(o, f))
	}
	return errors.Join(failures...)
}

func checkpoint(o Options, f storeFile) error {
	db, err := openFile(o, f)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	if _, err := db.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`); err != nil {
		return fmt.Errorf("engine: fold the log of %s: %w", f.name, err)
	}
	return nil
}

func openFile(o Options, f storeFile) (*sql.DB, error) {
	query := url.Values{"_txlock": {"immediate"}}
	for name, value := range o.pragmas() {
		query.Add("_pragma", name+"="+value)
	}
	return sql.Open("sqlite", "file:"+o.uriPath(f)+"?"+query.Encode())
}

// pragmas are the settings of every connection to a file, ours and the server's.
func (o Options) pragmas() map[string]string {
	return map[string]string{"journal_mode": "wal", "synchronous": string(o.Synchronous), "busy_timeout": "10000"}
}

func (o Options) path(f storeFile) string { return filepath.Join(o.Dir, f.name) }

// uriPath is the path as SQLite wants it in a "file:" URI, where ?, # and % have a meaning of their own.
func (o Options) uriPath(f storeFile) string {
	return (&url.URL{Path: filepath.ToSlash(o.path(f))}).EscapedPath()
}

// touch makes an empty file that only this user may read, if there is none. SQLite takes it for a new database and gives its
// logs the same permissions.
func touch(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
