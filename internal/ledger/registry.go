package ledger

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/portsaga/portsaga/porting"
)

// RegistrySeen remembers the newest registry of approvers that was used, by its version and digest. An older one, or
// another one of the same version, is Refused with code "registry-rolled-back": it may know credentials as good that were
// revoked since.
func (l *Ledger) RegistrySeen(ctx context.Context, version int, digest string) error {
	const op = "accept registry"
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := change(ctx, tx, `UPDATE ledger_state SET changes = changes + 1, registry_version = $1, registry_digest = $2
			WHERE registry_version < $1`, version, digest)
		if err != nil {
			return err
		}
		var newest int
		var known string
		row := tx.QueryRowContext(ctx, `SELECT registry_version, registry_digest FROM ledger_state`)
		if err := row.Scan(&newest, &known); err != nil {
			return err
		}
		return checkNewest(op, version, newest, digest == known)
	})
	return fault(op, "", err)
}

func checkNewest(op string, version, newest int, same bool) error {
	no := &porting.Error{
		Kind: porting.Refused, Code: "registry-rolled-back", Op: op,
		Next: "put the newest signed registry in place, and find out who replaced it",
	}
	switch {
	case version < newest:
		no.Detail = fmt.Sprintf("it has version %d, and version %d was in use", version, newest)
	case !same:
		no.Detail = fmt.Sprintf("another registry of version %d was in use", version)
	default:
		return nil
	}
	return no
}
