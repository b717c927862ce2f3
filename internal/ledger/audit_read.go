package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/portsaga/portsaga/internal/audit"
	"github.com/portsaga/portsaga/porting"
)

// LogTree returns how far the audit log has come.
func (l *Ledger) LogTree(ctx context.Context) (*audit.Tree, error) {
	tree, err := readTree(ctx, l.db)
	return tree, fault("read the audit log", "", err)
}

func readTree(ctx context.Context, q querier) (*audit.Tree, error) {
	var size int64
	var edge []byte
	if err := q.QueryRowContext(ctx, `SELECT audit_size, audit_edge FROM ledger_state`).Scan(&size, &edge); err != nil {
		return nil, err
	}
	return audit.OpenTree(size, edge)
}

const (
	selectLeaf = `SELECT idx, at, kind, port_id, ref, leaf, hashes FROM audit_leaves`
	leafPage   = 1000
)

// Leaves reads the log from an index on, in order.
func (l *Ledger) Leaves(ctx context.Context, from int64) iter.Seq2[audit.Stored, error] {
	return l.pagesOfLeaves(ctx, from, ` WHERE idx >= $1 ORDER BY idx LIMIT $2`)
}

// Leaf reads one leaf; NotFound with code "leaf-unknown".
func (l *Ledger) Leaf(ctx context.Context, index int64) (audit.Stored, error) {
	page, err := l.leafPage(ctx, ` WHERE idx = $1`, []any{index})
	if err == nil && len(page) == 0 {
		err = &porting.Error{
			Kind: porting.NotFound, Code: "leaf-unknown", Op: "read the audit log", Object: strconv.FormatInt(index, 10),
			Detail: "the log has no such leaf", Next: "see how long the log is with `portsaga audit checkpoint`",
		}
	}
	if err != nil {
		return audit.Stored{}, fault("read the audit log", "", err)
	}
	return page[0], nil
}

// LeavesOf reads the leaves of a port, in order. An empty ID means those that concern no port.
func (l *Ledger) LeavesOf(ctx context.Context, portID string) ([]audit.Stored, error) {
	var all []audit.Stored
	for leaf, err := range l.pagesOfLeaves(ctx, 0, ` WHERE idx >= $1 AND port_id = $3 ORDER BY idx LIMIT $2`, portID) {
		if err != nil {
			return nil, err
		}
		all = append(all, leaf)
	}
	return all, nil
}

// LeavesBetween reads the leaves of some kinds that are of a time, which ends before until.
func (l *Ledger) LeavesBetween(ctx context.Context, since, until time.Time, kinds ...audit.Kind) iter.Seq2[audit.Stored, error] {
	args := []any{since.UnixMicro(), until.UnixMicro()}
	for _, kind := range kinds {
		args = append(args, kind)
	}
	wanted := list(len(kinds), func(i int) string { return fmt.Sprintf("$%d", i+5) })
	return l.pagesOfLeaves(ctx, 0, ` WHERE idx >= $1 AND at >= $3 AND at < $4 AND kind IN (`+wanted+`) ORDER BY idx LIMIT $2`, args...)
}

// pagesOfLeaves reads page after page, so that no read holds the database for long.
func (l *Ledger) pagesOfLeaves(ctx context.Context, from int64, where string, args ...any) iter.Seq2[audit.Stored, error] {
	return func(yield func(audit.Stored, error) bool) {
		for {
			page, err := l.leafPage(ctx, where, append([]any{from, leafPage}, args...))
			if err != nil {
				yield(audit.Stored{}, fault("read the audit log", "", err))
				return
			}
			for _, leaf := range page {
				if !yield(leaf, nil) {
					return
				}
			}
			if len(page) < leafPage {
				return
			}
			from = page[len(page)-1].Index + 1
		}
	}
}

func (l *Ledger) leafPage(ctx context.Context, where string, args []any) ([]audit.Stored, error) {
	rows, err := l.db.QueryContext(ctx, selectLeaf+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var page []audit.Stored
	for rows.Next() {
		var s audit.Stored
		var at instant
		var text string
		if err := rows.Scan(&s.Index, &at, &s.Kind, &s.Port, &s.Ref, &text, &s.Hashes); err != nil {
			return nil, err
		}
		s.At, s.Text = at.Time, []byte(text)
		page = append(page, s)
	}
	return page, rows.Err()
}

// LogHashes reads hashes of the tree, for proofs by tlog.
func (l *Ledger) LogHashes(ctx context.Context) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes, err := l.logHashes(ctx, indexes)
		return hashes, fault("read the audit log", "", err)
	})
}

func (l *Ledger) logHashes(ctx context.Context, indexes []int64) ([]tlog.Hash, error) {
	beside := map[int64][]tlog.Hash{}
	for batch := range slices.Chunk(indexes, batchSize) {
		if err := l.hashesBeside(ctx, batch, beside); err != nil {
			return nil, err
		}
	}
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		leaf, level := audit.KeptWith(index)
		if level >= len(beside[leaf]) {
			return nil, &audit.Finding{Code: audit.LeafMissing, Index: leaf, Detail: "the log has no such leaf, or not its hashes"}
		}
		hashes[i] = beside[leaf][level]
	}
	return hashes, nil
}

func (l *Ledger) hashesBeside(ctx context.Context, indexes []int64, beside map[int64][]tlog.Hash) error {
	var args []any
	for _, index := range indexes {
		leaf, _ := audit.KeptWith(index)
		args = append(args, leaf)
	}
	wanted := list(len(args), func(i int) string { return fmt.Sprintf("$%d", i+1) })
	//nolint:gosec // what is joined are placeholders
	rows, err := l.db.QueryContext(ctx, `SELECT idx, hashes FROM audit_leaves WHERE idx IN (`+wanted+`)`, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var leaf int64
		var joined []byte
		if err := rows.Scan(&leaf, &joined); err != nil {
			return err
		}
		if beside[leaf], err = audit.SplitHashes(joined); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Evidence returns the document that a leaf names; nil if it was destroyed.
func (l *Ledger) Evidence(ctx context.Context, digest, portID string) ([]byte, error) {
	var body []byte
	err := l.db.QueryRowContext(ctx, `SELECT body FROM audit_evidence WHERE digest = $1 AND port_id = $2`, digest, portID).Scan(&body)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return body, fault("read evidence", portID, err)
}

// ShredEvidence destroys the documents of ports that ended, and were kept, before an instant, and returns how many there were.
// Their leaves stay. Documents of ports under a legal hold stay too, and those that concern no port, such as registries.
func (l *Ledger) ShredEvidence(ctx context.Context, before, at time.Time) (shredded int64, err error) {
	err = l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		shredded, err = change(ctx, tx, `DELETE FROM audit_evidence WHERE at < $1
			AND port_id IN (SELECT port_id FROM ports WHERE released_at < $1)
			AND port_id NOT IN (SELECT owner FROM data_keys WHERE held_at IS NOT NULL)`, instant{before})
		if err != nil || shredded == 0 {
			return err
		}
		return appendLeaves(ctx, tx, audit.Leaf{At: at, Kind: audit.Erased, Data: audit.ErasedFact{Documents: shredded, Before: before}})
	})
	return shredded, fault("shred evidence", "", err)
}
