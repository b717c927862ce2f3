package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Limit is how many attempts may fail before no more are taken for a while. Each lockout in a row is twice as long as the
// one before, up to Longest.
type Limit struct {
	Attempts int
	Forget   time.Duration // after so long without an attempt, failures and lockouts are forgotten
	Lockout  time.Duration
	Longest  time.Duration
}

// Attempt is one attempt at the PIN of a number. Its times are real time.
type Attempt struct {
	Number     Subject
	Source     Subject // where it comes from
	Ref        string  // of a kept PIN, which is attempted once however often it is asked; empty for one that is typed
	At         time.Time
	PerNumber  Limit
	PerSource  Limit
	SourceName string // of the source, for those who are told
	Quiet      bool   // it counts, and the number's people are not told
}

// Begun is an attempt that may go on: whoever compares the PIN must end it.
type Begun struct {
	PIN         PIN
	Verdict     string    // of the same kept PIN before; empty if it is not known
	LockedUntil time.Time // no attempt is taken until then, and this one neither began nor counts
}

// BeginAttempt counts an attempt before the PIN is compared, so that attempts at once are never more than the limit: it
// counts as failed until EndAttempt says otherwise.
func (l *Ledger) BeginAttempt(ctx context.Context, a Attempt) (Begun, error) {
	const op = "begin PIN check"
	if a.Ref == "" { // a flood of guesses only reads
		until, err := lockedOut(ctx, l.db, a)
		if err != nil || !until.IsZero() {
			return Begun{LockedUntil: until}, fault(op, a.Number.Masked, err)
		}
	}
	var begun Begun
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		if begun.PIN, err = readPIN(ctx, tx, a.Number.Token); err != nil {
			return err
		}
		known, err := knownCheck(ctx, tx, a, &begun)
		if err != nil || known {
			return err
		}
		if begun.LockedUntil, err = countAttempt(ctx, tx, a); err != nil || !begun.LockedUntil.IsZero() {
			return err
		}
		return keepCheck(ctx, tx, a)
	})
	return begun, fault(op, a.Number.Masked, err)
}

// lockedOut is until when the number or the source is locked out, zero if neither is.
func lockedOut(ctx context.Context, q querier, a Attempt) (time.Time, error) {
	var until instant
	err := q.QueryRowContext(ctx, `SELECT max(locked_until) FROM pin_attempts WHERE counter IN ($1, $2) AND locked_until > $3`,
		numberCounter(a.Number.Token), sourceCounter(a.Source.Token), instant{a.At}).Scan(&until)
	return until.Time, err
}

// knownCheck reports whether the kept PIN of an attempt was counted before.
func knownCheck(ctx context.Context, tx *sql.Tx, a Attempt, begun *Begun) (bool, error) {
	if a.Ref == "" {
		return false, nil
	}
	err := tx.QueryRowContext(ctx, `SELECT verdict FROM pin_checks WHERE ref = $1 AND token = $2`, a.Ref, a.Number.Token).Scan(&begun.Verdict)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func keepCheck(ctx context.Context, tx *sql.Tx, a Attempt) error {
	if a.Ref == "" {
		return nil
	}
	_, err := change(ctx, tx, `INSERT INTO pin_checks (ref, token, verdict, at) VALUES ($1, $2, '', $3) ON CONFLICT (ref, token) DO NOTHING`,
		a.Ref, a.Number.Token, instant{a.At})
	return err
}

// countAttempt counts for the number and for the source, or for neither if one of them is locked out until an instant.
func countAttempt(ctx context.Context, tx *sql.Tx, a Attempt) (time.Time, error) {
	// Everybody holds the number's counter before the source's, so that two never wait for each other in a circle.
	number, err := holdCounter(ctx, tx, numberCounter(a.Number.Token))
	if err != nil {
		return time.Time{}, err
	}
	source, err := holdCounter(ctx, tx, sourceCounter(a.Source.Token))
	if err != nil {
		return time.Time{}, err
	}
	for _, c := range []counter{number, source} {
		if a.At.Before(c.lockedUntil) {
			return c.lockedUntil, nil
		}
	}
	if err := number.count(a.At, a.PerNumber).keep(ctx, tx); err != nil {
		return time.Time{}, err
	}
	return time.Time{}, source.count(a.At, a.PerSource).keep(ctx, tx)
}

// EndAttempt says what a begun attempt turned out to be. One that was right forgives its number all failures, and its source
// this one attempt. Any other one is told, and so is the lockout that it brought.
func (l *Ledger) EndAttempt(ctx context.Context, a Attempt, verdict string, right bool) error {
	err := l.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		end := failAttempt
		if right {
			end = forgiveAttempt
		}
		if err := end(ctx, tx, a); err != nil {
			return err
		}
		_, err := change(ctx, tx, `UPDATE pin_checks SET verdict = $3 WHERE ref = $1 AND token = $2`, a.Ref, a.Number.Token, verdict)
		return err
	})
	return fault("end PIN check", a.Number.Masked, err)
}

func forgiveAttempt(ctx context.Context, tx *sql.Tx, a Attempt) error {
	if _, err := change(ctx, tx, `UPDATE pin_attempts SET used = 0, lockouts = 0, locked_until = NULL WHERE counter = $1`, numberCounter(a.Number.Token)); err != nil {
		return err
	}
	_, err := change(ctx, tx, `UPDATE pin_attempts SET used = used - 1,
		lockouts = CASE WHEN used >= $2 THEN lockouts - 1 ELSE lockouts END,
		locked_until = CASE WHEN used >= $2 THEN NULL ELSE locked_until END
		WHERE counter = $1 AND used > 0`, sourceCounter(a.Source.Token), a.PerSource.Attempts)
	return err
}

func failAttempt(ctx context.Context, tx *sql.Tx, a Attempt) error {
	number, err := holdCounter(ctx, tx, numberCounter(a.Number.Token))
	if err != nil {
		return err
	}
	source, err := holdCounter(ctx, tx, sourceCounter(a.Source.Token))
	if err != nil {
		return err
	}
	if !a.Quiet {
		failed := GuardEvent{Subject: a.Number, Kind: EventPINFailed, Actor: a.SourceName, At: a.At}
		if err := recordEvent(ctx, tx, failed); err != nil {
			return err
		}
		if err := recordLockout(ctx, tx, EventPINLocked, a.Number, number, a); err != nil {
			return err
		}
	}
	return recordLockout(ctx, tx, EventSourceLocked, a.Source, source, a)
}

// recordLockout writes a lockout down once, whichever of the failed attempts ends first.
func recordLockout(ctx context.Context, tx *sql.Tx, kind string, s Subject, c counter, a Attempt) error {
	if !a.At.Before(c.lockedUntil) {
		return nil
	}
	id := fmt.Sprintf("ge-%s-%s-%d", kind, s.Token, c.lockedUntil.UnixMicro())
	return recordEvent(ctx, tx, GuardEvent{ID: id, Subject: s, Kind: kind, Actor: a.SourceName, At: a.At, DueAt: c.lockedUntil})
}

// ForgetAttempts deletes counters that nobody used since an instant, and the verdicts of kept PINs that are older.
func (l *Ledger) ForgetAttempts(ctx context.Context, before time.Time) (int64, error) {
	const op = "forget attempts"
	forgotten, err := l.change(ctx, `DELETE FROM pin_attempts WHERE last_at < $1 AND (locked_until IS NULL OR locked_until < $1)`, instant{before})
	if err != nil {
		return 0, fault(op, "", err)
	}
	_, err = l.change(ctx, `DELETE FROM pin_checks WHERE at < $1`, instant{before})
	return forgotten, fault(op, "", err)
}

// counter counts attempts that have not turned out right.
type counter struct {
	name                string
	used, lockouts      int
	lastAt, lockedUntil time.Time
}

func numberCounter(token string) string { return "n:" + token }
func sourceCounter(token string) string { return "s:" + token }

// holdCounter makes a counter that is not there, and keeps others from changing it until the commit.
func holdCounter(ctx context.Context, tx *sql.Tx, name string) (counter, error) {
	c := counter{name: name}
	var last, until instant
	row := tx.QueryRowContext(ctx, `INSERT INTO pin_attempts (counter) VALUES ($1)
		ON CONFLICT (counter) DO UPDATE SET used = pin_attempts.used RETURNING used, lockouts, last_at, locked_until`, name)
	err := row.Scan(&c.used, &c.lockouts, &last, &until)
	c.lastAt, c.lockedUntil = last.Time, until.Time
	return c, err
}

// count takes one attempt more, which the limit may answer with a lockout.
func (c counter) count(at time.Time, limit Limit) counter {
	if at.Sub(latest(c.lastAt, c.lockedUntil)) >= limit.Forget {
		c.used, c.lockouts = 0, 0
	}
	if !c.lockedUntil.IsZero() { // it is over
		c.used, c.lockedUntil = 0, time.Time{}
	}
	c.used++
	c.lastAt = at
	if c.used >= limit.Attempts {
		c.lockedUntil = at.Add(limit.lockout(c.lockouts))
		c.lockouts++
	}
	return c
}

// lockout is how long the next lockout is, after so many in a row.
func (l Limit) lockout(before int) time.Duration {
	long := l.Lockout
	for range before {
		if long >= l.Longest {
			break
		}
		long *= 2
	}
	return min(long, l.Longest)
}

func (c counter) keep(ctx context.Context, tx *sql.Tx) error {
	var until any
	if !c.lockedUntil.IsZero() {
		until = instant{c.lockedUntil}
	}
	_, err := change(ctx, tx, `UPDATE pin_attempts SET used = $2, lockouts = $3, last_at = $4, locked_until = $5 WHERE counter = $1`,
		c.name, c.used, c.lockouts, instant{c.lastAt}, until)
	return err
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
