package ledger

import (
	"context"
	"time"
)

// GuardPast is what was done to numbers of ours, and to the accounts that they belong to, as their protection remembers it. Its
// times are real time; a zero time is never.
type GuardPast struct {
	Contacts          int       // numbers of which it is known whom to tell
	ContactSince      time.Time // since when the newest of these contacts stands
	ContactReplacedAt time.Time // when one was last put in another one's place, as long as that is remembered
	PINSetAt          time.Time // of the newest PIN
	UnlockedAt        time.Time // when a lock last ended
	Failed            int       // wrong PINs since an instant
}

// GuardPast says what was done to numbers by an instant, by their lock tokens, and how many wrong PINs there were after since.
func (l *Ledger) GuardPast(ctx context.Context, tokens []string, since, at time.Time) (GuardPast, error) {
	var p GuardPast
	if len(tokens) == 0 {
		return p, nil
	}
	args := []any{since.UnixMicro(), at.UnixMicro(), EventUnlocked, EventPINFailed}
	used := len(args)
	for _, token := range tokens {
		args = append(args, token)
	}
	var contact, replaced, pin, unlocked instant
	err := l.db.QueryRowContext(ctx, `WITH numbers (token) AS (VALUES `+places(used, len(tokens), 1)+`),
		subjects (token) AS (SELECT token FROM numbers UNION SELECT account FROM locks WHERE token IN (SELECT token FROM numbers) AND account <> '')
		SELECT
			(SELECT count(*) FROM guard_contacts WHERE replaced_at IS NULL AND token IN (SELECT token FROM numbers)),
			(SELECT max(set_at) FROM guard_contacts WHERE replaced_at IS NULL AND token IN (SELECT token FROM numbers)),
			(SELECT max(replaced_at) FROM guard_contacts WHERE token IN (SELECT token FROM subjects)),
			(SELECT max(set_at) FROM pins WHERE token IN (SELECT token FROM numbers)),
			(SELECT max(ended) FROM (
				SELECT at AS ended FROM guard_events WHERE kind = $3 AND token IN (SELECT token FROM subjects)
				UNION ALL SELECT unlock_due_at FROM locks WHERE unlock_due_at <= $2 AND token IN (SELECT token FROM subjects)) AS ends),
			(SELECT count(*) FROM guard_events WHERE kind = $4 AND at > $1 AND at <= $2 AND token IN (SELECT token FROM numbers))`, args...).
		Scan(&p.Contacts, &contact, &replaced, &pin, &unlocked, &p.Failed)
	p.ContactSince, p.ContactReplacedAt, p.PINSetAt, p.UnlockedAt = contact.Time, replaced.Time, pin.Time, unlocked.Time
	return p, fault("look up what changed", "", err)
}
