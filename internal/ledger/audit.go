package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/portsaga/portsaga/internal/audit"
)

// Append appends leaves to the audit log, all or none. A leaf with a Ref that is in the log already is left out. Exchanges that
// were gathered come with them.
func (l *Ledger) Append(ctx context.Context, leaves ...audit.Leaf) error {
	return fault("append to the audit log", "", l.appendWithSaid(ctx, leaves))
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
	known, err := readKnown(ctx, tx, leaves)
	if err != nil {
		return err
	}
	leaves = known.leaveOut(leaves)
	if len(leaves) == 0 {
		return nil
	}
	tree, err := audit.OpenTree(size, edge)
	if err != nil {
		return err
	}
	if err := insertLeaves(ctx, tx, tree, known.last, leaves); err != nil {
		return err
	}
	_, err = change(ctx, tx, `UPDATE ledger_state SET audit_size = $1, audit_edge = $2`, tree.Size, tree.Edge())
	return err
}

const (
	leafColumns = 7
	leafBatch   = batchSize / leafColumns
)

func insertLeaves(ctx context.Context, tx *sql.Tx, tree *audit.Tree, last map[string]*int64, leaves []audit.Leaf) error {
	for batch := range slices.Chunk(leaves, leafBatch) {
		var args []any
		for _, leaf := range batch {
			text, err := leaf.Encode(last[leaf.Port])
			if err != nil {
				return err
			}
			index := tree.Size
			if leaf.Port != "" {
				last[leaf.Port] = &index
			}
			hashes, err := tree.Add(text)
			if err != nil {
				return err
			}
			args = append(args, index, instant{leaf.At}, leaf.Kind, leaf.Port, leaf.Ref, string(text), audit.JoinHashes(hashes))
		}
		_, err := change(ctx, tx, `INSERT INTO audit_leaves (idx, at, kind, port_id, ref, leaf, hashes) VALUES `+places(0, len(batch), leafColumns), args...)
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

// known is what the log has of some leaves already.
type known struct {
	names map[leafName]bool
	last  map[string]*int64 // by port, the index of its last leaf
}

// leaveOut drops the leaves whose names are in the log, or come twice.
func (k known) leaveOut(leaves []audit.Leaf) []audit.Leaf {
	var fresh []audit.Leaf
	for _, leaf := range leaves {
		name := leafName{leaf.Ref, leaf.Port, leaf.Kind}
		if leaf.Ref != "" && k.names[name] {
			continue
		}
		k.names[name] = true
		fresh = append(fresh, leaf)
	}
	return fresh
}

func readKnown(ctx context.Context, tx *sql.Tx, leaves []audit.Leaf) (known, error) {
	k := known{map[leafName]bool{}, map[string]*int64{}}
	for batch := range slices.Chunk(leaves, leafBatch) {
		if err := k.read(ctx, tx, batch); err != nil {
			return known{}, err
		}
	}
	return k, nil
}

// read asks in one question for the names of leaves that have one, and for the last leaf of every port.
func (k known) read(ctx context.Context, tx *sql.Tx, leaves []audit.Leaf) error {
	var names, ports []any
	asked := map[string]bool{"": true}
	for _, leaf := range leaves {
		if leaf.Ref != "" {
			names = append(names, leaf.Ref, leaf.Port, leaf.Kind)
		}
		if !asked[leaf.Port] {
			asked[leaf.Port] = true
			ports = append(ports, leaf.Port)
		}
	}
	var questions []string
	if len(names) > 0 {
		questions = append(questions, `SELECT ref, port_id, kind, idx FROM audit_leaves
			WHERE ref <> '' AND (ref, port_id, kind) IN (VALUES `+places(0, len(names)/3, 3)+`)`)
	}
	if len(ports) > 0 {
		questions = append(questions, `SELECT '', port_id, '', max(idx) FROM audit_leaves
			WHERE port_id IN `+places(len(names), 1, len(ports))+` GROUP BY port_id`)
	}
	if len(questions) == 0 {
		return nil
	}
	rows, err := tx.QueryContext(ctx, strings.Join(questions, " UNION ALL "), slices.Concat(names, ports)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name leafName
		var index int64
		if err := rows.Scan(&name.ref, &name.port, &name.kind, &index); err != nil {
			return err
		}
		if name.ref == "" {
			k.last[name.port] = &index
		} else {
			k.names[name] = true
		}
	}
	return rows.Err()
}

// places are the placeholders of n rows, behind those that are used already.
func places(used, n, columns int) string {
	return list(n, func(row int) string {
		marks := make([]string, columns)
		for i := range marks {
			marks[i] = fmt.Sprintf("$%d", used+row*columns+i+1)
		}
		return "(" + strings.Join(marks, ", ") + ")"
	})
}
