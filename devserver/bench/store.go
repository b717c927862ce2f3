package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // driver "sqlite"
)

// stored is how many bytes the databases hold; zero where they are not files of ours.
type stored struct{ engine, ledger int64 }

func (s stored) less(was stored) stored { return stored{s.engine - was.engine, s.ledger - was.ledger} }

// stored looks at the files of the engine and of the ledger.
func (o Options) stored(ctx context.Context) (s stored, err error) {
	if o.Embedded() {
		files, err := filepath.Glob(filepath.Join(o.Dir, "temporal", "*.db"))
		if err != nil {
			return s, err
		}
		for _, file := range files {
			size, err := databaseSize(ctx, file)
			if err != nil {
				return s, err
			}
			s.engine += size
		}
	}
	if !strings.Contains(o.ledger(), "://") {
		s.ledger, err = databaseSize(ctx, o.ledger())
	}
	return s, err
}

// databaseSize is the size of a SQLite database with what still is in its write-ahead log.
func databaseSize(ctx context.Context, file string) (size int64, err error) {
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", OmitHost: true, Path: file, RawQuery: "mode=ro"}).String())
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	row := db.QueryRowContext(ctx, `SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()`)
	if err := row.Scan(&size); err != nil {
		return 0, fmt.Errorf("size of %s: %w", filepath.Base(file), err)
	}
	return size, nil
}
