package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/portsaga/portsaga/internal/audit"
)

// Append appends leaves to the audit log, all or none. A leaf with a Ref that is in the log already is left out.
func (l *Ledger) Append(ctx context.Context, leaves ...audit.Leaf) error {
	err := l.inTx(ctx, func(tx *sql.Tx) error { return appendLeaves(ctx, tx, leaves...) })
	return fault("append to the audit log", "", err)
}

// appendLeaves appends leaves in the transaction of the fact that they tell: neither is there without the other. It comes
// last, like countChange: all writers meet at the same row, and whoever holds it must wait for no other one.
func appendLeaves(ctx context.Context, tx *sql.Tx, leaves ...audit.Leaf) error {
	if len(leaves) == 0 {
		return nil
	}
	return growLog(ctx, tx, 0, leaves)
}

// growLog holds the row at which all writers meet, counts changes there, and lets the log grow.
func growLog(ctx context.Context, tx *sql.Tx, changes int, leaves []audit.Leaf) error {
	var size int64
	var edge []byte
	row := tx.QueryRowContext(ctx, `UPDATE ledger_state SET changes = changes + $1 RETURNING audit_size, audit_edge`, changes)
	if err := row.Scan(&size, &edge); err != nil {
		return err
	}
	leaves, err := leaveOutKnown(ctx, tx, leaves)
	if err != nil || len(leaves) == 0 {
		return err
	}
	tree, err := audit.OpenTree(size, edge)
	if err != nil {
		return err
	}
	if err := insertLeaves(ctx, tx, tree, leaves); err != nil {
		return err
	}
	_, err = change(ctx, tx, `UPDATE ledger_state SET audit_size = $1, audit_edge = $2`, tree.Size, tree.Edge())
	return err
}

const (
	leafColumns = 7
	leafBatch   = batchSize / leafColumns
)

func insertLeaves(ctx context.Context, tx *sql.Tx, tree *audit.Tree, leaves []audit.Leaf) error {
	for batch := range slices.Chunk(leaves, leafBatch) {
		var args []any
		for _, leaf := range batch {
			text, err := leaf.Encode()
			if err != nil {
				return err
			}
			index := tree.Size
			hashes, err := tree.Add(text)
			if err != nil {
				return err
			}
			args = append(args, index, instant{leaf.At}, leaf.Kind, leaf.Port, leaf.Ref, string(text), audit.JoinHashes(hashes))
		}
		_, err := change(ctx, tx, `INSERT INTO audit_leaves (idx, at, kind, port_id, ref, leaf, hashes) VALUES `+places(len(batch), leafColumns), args...)
		if err != nil {
			return err
		}
		if err := insertEvidence(ctx, tx, batch); err != nil {
			return err
		}
	}
	return nil
}

func insertEvidence(ctx context.Context, tx *sql.Tx, leaves []audit.Leaf) error {
	for _, leaf := range leaves {
		for _, document := range leaf.Evidence {
			_, err := change(ctx, tx, `INSERT INTO audit_evidence (digest, port_id, body, at) VALUES ($1, $2, $3, $4)
				ON CONFLICT DO NOTHING`, audit.Digest(document), leaf.Port, document, instant{leaf.At})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// leafName is what a leaf is known by.
type leafName struct {
	ref, port string
	kind      audit.Kind
}

// leaveOutKnown drops the leaves whose names are in the log, or come twice.
func leaveOutKnown(ctx context.Context, tx *sql.Tx, leaves []audit.Leaf) ([]audit.Leaf, error) {
	var names []leafName
	for _, leaf := range leaves {
		if leaf.Ref != "" {
			names = append(names, leafName{leaf.Ref, leaf.Port, leaf.Kind})
		}
	}
	known := map[leafName]bool{}
	for batch := range slices.Chunk(names, leafBatch) {
		if err := readKnown(ctx, tx, batch, known); err != nil {
			return nil, err
		}
	}
	var fresh []audit.Leaf
	for _, leaf := range leaves {
		name := leafName{leaf.Ref, leaf.Port, leaf.Kind}
		if leaf.Ref != "" && known[name] {
			continue
		}
		known[name] = true
		fresh = append(fresh, leaf)
	}
	return fresh, nil
}

func readKnown(ctx context.Context, tx *sql.Tx, names []leafName, known map[leafName]bool) error {
	var args []any
	for _, name := range names {
		args = append(args, name.ref, name.port, name.kind)
	}
	//nolint:gosec // what is joined are placeholders
	rows, err := tx.QueryContext(ctx, `SELECT ref, port_id, kind FROM audit_leaves
		WHERE ref <> '' AND (ref, port_id, kind) IN (VALUES `+places(len(names), 3)+`)`, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name leafName
		if err := rows.Scan(&name.ref, &name.port, &name.kind); err != nil {
			return err
		}
		known[name] = true
	}
	return rows.Err()
}

// places are the placeholders of n rows.
func places(n, columns int) string {
	return list(n, func(row int) string {
		marks := make([]string, columns)
		for i := range marks {
			marks[i] = fmt.Sprintf("$%d", row*columns+i+1)
		}
		return "(" + strings.Join(marks, ", ") + ")"
	})
}
