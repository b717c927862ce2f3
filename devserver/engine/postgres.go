package engine

import (
	"context"
	"errors"
	"io/fs"
	"net/url"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/metrics"
	serversql "go.temporal.io/server/common/persistence/sql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql/driver"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql/session"
	"go.temporal.io/server/common/resolver"
	"go.temporal.io/server/schema"
	postgresschema "go.temporal.io/server/schema/postgresql/v12"

	"github.com/portsaga/portsaga/porting"
)

// On PostgreSQL the engine has two databases, as a cluster has: the one that Options.Postgres names, and one for visibility
// beside it. They are made with the schema that this release carries, and are not migrated.

// The server looks for its version here at every start.
const insertPostgresVersion = `INSERT INTO schema_version (version_partition, db_name, creation_time, curr_version, min_compatible_version)
	VALUES (0, $1, now(), $2, $2)`

// Connections of one service to one database, as Temporal's own configuration has them.
const postgresConnections = 20

// VisibilityDatabase is the name of the database beside a database.
func VisibilityDatabase(name string) string { return name + "_visibility" }

// postgresStore is where on PostgreSQL a file's content is.
func postgresStore(o Options, f storeFile) *config.SQL {
	at, _ := url.Parse(o.Postgres) // withDefaults has parsed it
	password, _ := at.User.Password()
	store := &config.SQL{
		PluginName: postgresql.PluginNamePGX, ConnectAddr: at.Host, User: at.User.Username(), Password: password,
		DatabaseName: databaseOf(at), ConnectAttributes: map[string]string{},
		MaxConns: postgresConnections, MaxIdleConns: postgresConnections,
	}
	if f.name == visibilityFile.name {
		store.DatabaseName = VisibilityDatabase(store.DatabaseName)
	}
	for name := range at.Query() {
		store.ConnectAttributes[name] = at.Query().Get(name)
	}
	return store
}

func databaseOf(at *url.URL) string {
	if len(at.Path) > 1 {
		return at.Path[1:]
	}
	return ""
}

// checkPostgres refuses what names no database.
func checkPostgres(address string) error {
	at, err := url.Parse(address)
	if err == nil && at.Scheme == "postgres" && databaseOf(at) != "" {
		return nil
	}
	return &porting.Error{
		Kind: porting.Invalid, Code: "engine-option-invalid", Op: "start engine", Detail: "the address names no database of PostgreSQL",
		Next: "write postgres://user@host:5432/database",
	}
}

// preparePostgres makes the databases that are missing. The server refuses by itself those with the schema of another release.
func preparePostgres(ctx context.Context, o Options) error {
	for _, made := range []struct {
		file            storeFile
		schema, version string
	}{
		{visibilityFile, "postgresql/v12/visibility/schema.sql", postgresschema.VisibilityVersion},
		{mainFile, "postgresql/v12/temporal/schema.sql", postgresschema.Version},
	} {
		if err := prepareDatabase(ctx, postgresStore(o, made.file), made.schema, made.version); err != nil {
			return &porting.Error{
				Kind: porting.Failed, Code: "engine-database-unusable", Op: "start engine", Detail: err.Error(),
				Next: "name a server that answers, and a user who may create databases and extensions on it", Err: err,
			}
		}
	}
	return nil
}

func prepareDatabase(ctx context.Context, store *config.SQL, schemaFile, version string) error {
	db, err := openDatabase(store)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	if err := db.CreateSchemaVersionTables(); err != nil {
		return err
	}
	if _, err := db.ReadSchemaVersion(store.DatabaseName); err == nil {
		return nil
	}
	return createTables(ctx, store, schemaFile, version)
}

// openDatabase makes a database where none of the name is.
func openDatabase(store *config.SQL) (sqlplugin.AdminDB, error) {
	if db, err := administer(store); err == nil {
		return db, nil
	}
	elsewhere := *store
	elsewhere.DatabaseName = "" // whichever is there
	db, err := administer(&elsewhere)
	if err != nil {
		return nil, err
	}
	defer func() { _ = db.Close() }()
	if err := db.CreateDatabase(store.DatabaseName); err != nil {
		return nil, err
	}
	return administer(store)
}

func administer(store *config.SQL) (sqlplugin.AdminDB, error) {
	db, err := serversql.NewSQLAdminDB(sqlplugin.DbKindUnknown, store, resolver.NewNoopResolver(), log.NewNoopLogger(), metrics.NoopMetricsHandler)
	if err != nil {
		return nil, err
	}
	if err := db.Exec("SELECT 1"); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// createTables writes schema and version in one transaction: no database is ever half made.
func createTables(ctx context.Context, store *config.SQL, schemaFile, version string) error {
	statements, err := fs.ReadFile(schema.Assets(), schemaFile)
	if err != nil {
		return err
	}
	db, err := session.NewSession(store, &driver.PGXDriver{}, resolver.NewNoopResolver())
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.ExecContext(ctx, string(statements)); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, insertPostgresVersion, store.DatabaseName, version); err != nil {
		return err
	}
	return tx.Commit()
}
