package ledger

import (
	"context"
	"database/sql"
	"time"
)

// EraseJudgements destroys what the fraud desk judged a port by, and tells how many judgements there were. None of them can be
// made again.
func (l *Ledger) EraseJudgements(ctx context.Context, portID string) (int64, error) {
	n, err := l.forgetJudgements(ctx, `port_id = $1`, portID)
	return n, fault("erase judgements", portID, err)
}

// ForgetJudgements destroys the judgements on ports that ended before an instant, unless they are under legal hold, and tells how
// many there were.
func (l *Ledger) ForgetJudgements(ctx context.Context, before time.Time) (int64, error) {
	n, err := l.forgetJudgements(ctx, `signed_at < $1
		AND port_id NOT IN (SELECT port_id FROM ports WHERE released_at IS NULL OR released_at >= $1)
		AND port_id NOT IN (SELECT owner FROM data_keys WHERE held_at IS NOT NULL)`, instant{before})
	return n, fault("forget judgements", "", err)
}

// forgetJudgements deletes judgements, and then the policies by which no other one was made.
func (l *Ledger) forgetJudgements(ctx context.Context, which string, arg any) (n int64, err error) {
	err = l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if n, err = change(ctx, tx, `DELETE FROM judgements WHERE `+which, arg); err != nil || n == 0 {
			return err
		}
		_, err := change(ctx, tx, `DELETE FROM fraud_policies WHERE digest NOT IN (SELECT policy FROM judgements)`)
		return err
	})
	return n, err
}

// ForgetRequests deletes what requests before an instant had in common with others, letters among it, and tells how much that was.
func (l *Ledger) ForgetRequests(ctx context.Context, before time.Time) (forgotten int64, err error) {
	err = l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		forgotten = 0
		for _, table := range []string{"requests", "letters"} {
			n, err := change(ctx, tx, `DELETE FROM `+table+` WHERE at < $1`, instant{before})
			if err != nil {
				return err
			}
			forgotten += n
		}
		if forgotten == 0 {
			return nil
		}
		if _, err := change(ctx, tx, `DELETE FROM request_origins
			WHERE port_id NOT IN (SELECT port_id FROM requests) AND port_id NOT IN (SELECT port_id FROM letters)`); err != nil {
			return err
		}
		if _, err := change(ctx, tx, `DELETE FROM request_bulks WHERE bulk NOT IN (SELECT bulk FROM request_origins)`); err != nil {
			return err
		}
		_, err := change(ctx, tx, `DELETE FROM letter_prints
			WHERE sha256 NOT IN (SELECT sha256 FROM letters) AND sha256 NOT IN (SELECT sha256 FROM documents)`)
		return err
	})
	return forgotten, fault("forget requests", "", err)
}
