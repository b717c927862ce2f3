package ledger

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
)

// groups lets writers who wait at once share a commit. SQLite has one writer, and each commit waits for the disk.
type groups struct {
	ledger *Ledger

	mu      sync.Mutex
	waiting []*member
	serving bool
}

// member is a transaction that may share its commit.
type member struct {
	ctx      context.Context
	do       func(context.Context, *sql.Tx) error
	done     chan error
	panicked any
}

// groupSize bounds how long those wait who only read.
const groupSize = 32

// take runs do in a commit that others may share. Whoever gives up while it waits has changed nothing; once begun, do is not
// interrupted, because SQLite would take back what the others did.
func (g *groups) take(ctx context.Context, do func(context.Context, *sql.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m := &member{ctx: context.WithoutCancel(ctx), do: do, done: make(chan error, 1)}
	g.join(m) //nolint:contextcheck // a commit is of all its members, and ends when none of them does
	select {
	case err := <-m.done:
		return m.result(err)
	case <-ctx.Done():
		if g.leave(m) {
			return ctx.Err()
		}
		return m.result(<-m.done)
	}
}

// result is how a member ended, to whoever waits for it: a panic of its own is theirs.
func (m *member) result(err error) error {
	if m.panicked != nil {
		panic(m.panicked)
	}
	return err
}

func (g *groups) join(m *member) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = append(g.waiting, m)
	if !g.serving {
		g.serving = true
		go g.serve()
	}
}

// leave takes a member out that has not begun.
func (g *groups) leave(m *member) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	before := len(g.waiting)
	g.waiting = slices.DeleteFunc(g.waiting, func(w *member) bool { return w == m })
	return len(g.waiting) < before
}

// serve commits until nobody waits.
func (g *groups) serve() {
	for group := g.next(); len(group) > 0; group = g.next() {
		failures, err := g.ledger.commit(group)
		for i, m := range group {
			if err == nil && failures != nil {
				m.done <- failures[i]
			} else {
				m.done <- err
			}
		}
	}
}

func (g *groups) next() []*member {
	g.mu.Lock()
	defer g.mu.Unlock()
	size := min(len(g.waiting), groupSize)
	group := slices.Clone(g.waiting[:size])
	g.waiting = slices.Delete(g.waiting, 0, size)
	g.serving = size > 0
	return group
}

// commit runs members one after the other and keeps what each did, except of those that failed. Where it fails itself, all
// have failed.
func (l *Ledger) commit(group []*member) (failures []error, err error) {
	if len(group) == 1 {
		return nil, l.alone(group[0].ctx, group[0].try)
	}
	failures = make([]error, len(group))
	err = l.alone(context.Background(), func(_ context.Context, tx *sql.Tx) error {
		for i, m := range group {
			if failures[i], err = m.runIn(tx); err != nil {
				return err
			}
		}
		return nil
	})
	return failures, err
}

// runIn returns the member's own failure, after which its changes are taken back, or that of the whole group.
func (m *member) runIn(tx *sql.Tx) (failure, err error) {
	if _, err := tx.ExecContext(m.ctx, "SAVEPOINT member"); err != nil {
		return nil, err
	}
	if failure = m.try(m.ctx, tx); failure != nil {
		_, err = tx.ExecContext(m.ctx, "ROLLBACK TO member")
		return failure, err
	}
	_, err = tx.ExecContext(m.ctx, "RELEASE member")
	return nil, err
}

// try makes a panic of one member a failure, so that the others go on.
func (m *member) try(ctx context.Context, tx *sql.Tx) (err error) {
	defer func() {
		if m.panicked = recover(); m.panicked != nil {
			err = errors.New("a transaction panicked")
		}
	}()
	return m.do(ctx, tx)
}
