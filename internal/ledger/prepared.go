package ledger

import (
	"context"
	"database/sql/driver"
	"errors"

	"modernc.org/sqlite"
)

// keptStatements bounds how many statements a connection keeps. The ledger's own fit; lists of any length do not.
const keptStatements = 512

// preparing opens connections to SQLite that keep the statements they have run: to parse them anew each time was an eighth
// of a worker's processor time. The driver of PostgreSQL does the same by itself.
type preparing struct{ dsn string }

// Connect implements driver.Connector.
func (p preparing) Connect(context.Context) (driver.Conn, error) {
	opened, err := p.Driver().Open(p.dsn)
	if err != nil {
		return nil, err
	}
	conn, ok := opened.(sqliteConn)
	if !ok {
		return nil, errors.Join(errors.New("the SQLite driver lost an interface that the ledger needs"), opened.Close())
	}
	return &preparedConn{sqliteConn: conn, kept: map[string]*statement{}}, nil
}

// Driver implements driver.Connector.
func (preparing) Driver() driver.Driver { return &sqlite.Driver{} }

// sqliteConn is what a connection of the SQLite driver can do beside running statements.
type sqliteConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// preparedConn is one connection. As database/sql demands of drivers, one goroutine uses it at a time.
type preparedConn struct {
	sqliteConn
	kept map[string]*statement
}

// ExecContext implements driver.ExecerContext.
func (c *preparedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	result, err := s.ExecContext(ctx, args)
	return result, errors.Join(err, s.done())
}

// QueryContext implements driver.QueryerContext.
func (c *preparedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, errors.Join(err, s.done())
	}
	return &preparedRows{Rows: rows, of: s}, nil
}

// Close implements driver.Conn.
func (c *preparedConn) Close() error {
	var failed error
	for _, s := range c.kept {
		failed = errors.Join(failed, s.Close())
	}
	return errors.Join(failed, c.sqliteConn.Close())
}

// statement is the kept statement of a query, or a new one where that is being read or there are enough.
func (c *preparedConn) statement(ctx context.Context, query string) (*statement, error) {
	s, known := c.kept[query]
	if known && !s.busy {
		s.busy = true
		return s, nil
	}
	made, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	runs, ok := made.(sqliteStmt)
	if !ok {
		return nil, errors.Join(errors.New("the SQLite driver lost an interface that the ledger needs"), made.Close())
	}
	s = &statement{sqliteStmt: runs, busy: true, once: known || len(c.kept) >= keptStatements}
	if !s.once {
		c.kept[query] = s
	}
	return s, nil
}

type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// statement is a prepared statement. While its rows are read it cannot run again.
type statement struct {
	sqliteStmt
	busy, once bool
}

func (s *statement) done() error {
	s.busy = false
	if s.once {
		return s.Close()
	}
	return nil
}

// preparedRows give their statement back when they are closed.
type preparedRows struct {
	driver.Rows
	of *statement
}

// Close implements driver.Rows.
func (r *preparedRows) Close() error {
	return errors.Join(r.Rows.Close(), r.of.done())
}
