package ledger

import (
	"context"
	"database/sql"
	"errors"
)

// KeepLetterPrint keeps the fingerprint of a letter's text, by the digest of its file. The first one stays.
func (l *Ledger) KeepLetterPrint(ctx context.Context, sha256, fingerprint string) error {
	_, err := l.change(ctx, `INSERT INTO letter_prints (sha256, print) VALUES ($1, $2) ON CONFLICT DO NOTHING`, sha256, fingerprint)
	return fault("keep fingerprint", sha256, err)
}

// LetterPrint is the fingerprint of a letter, "" where its text was never read.
func (l *Ledger) LetterPrint(ctx context.Context, sha256 string) (fingerprint string, err error) {
	err = l.db.QueryRowContext(ctx, `SELECT print FROM letter_prints WHERE sha256 = $1`, sha256).Scan(&fingerprint)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return fingerprint, fault("read fingerprint", sha256, err)
}

// LetterPrintsElsewhere are the fingerprints of up to limit other letters that came last for other accounts. The same file is no other
// letter: LettersElsewhere counts it.
func (l *Ledger) LetterPrintsElsewhere(ctx context.Context, sha256, account string, limit int) ([]string, error) {
	const op = "read fingerprints"
	rows, err := l.db.QueryContext(ctx, `SELECT p.print FROM letters l JOIN letter_prints p ON p.sha256 = l.sha256
		WHERE l.account <> $1 AND l.sha256 <> $2 GROUP BY p.sha256, p.print ORDER BY max(l.at) DESC, p.sha256 LIMIT $3`, account, sha256, limit)
	if err != nil {
		return nil, fault(op, "", err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			return nil, fault(op, "", err)
		}
		all = append(all, one)
	}
	return all, fault(op, "", rows.Err())
}
