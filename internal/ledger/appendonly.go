package ledger

import (
	"context"
	"database/sql"
	"embed"

	"github.com/pressly/goose/v3"
)

// Triggers that keep the audit log from being changed. They are the one part of the schema that the databases write differently.
//
//go:embed appendonly/*.sql
var appendOnly embed.FS

const appendOnlyVersion = 19

// appendOnlyMigration makes the audit log append-only.
func appendOnlyMigration(dialect goose.Dialect) (*goose.Migration, error) {
	name := "appendonly/sqlite.sql"
	if dialect == goose.DialectPostgres {
		name = "appendonly/postgres.sql"
	}
	triggers, err := appendOnly.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return goose.NewGoMigration(appendOnlyVersion, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, string(triggers))
		return err
	}}, nil), nil
}
