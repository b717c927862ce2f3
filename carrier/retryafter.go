package carrier

import (
	"errors"
	"time"
)

// WithRetryAfter keeps with an error how long its carrier asks us to stay away. The error stays what it is to errors.As and
// porting.CodeOf. Without a wait, or without an error, err is returned as it came.
func WithRetryAfter(err error, wait time.Duration) error {
	if err == nil || wait <= 0 {
		return err
	}
	return &waiting{err: err, wait: wait}
}

// RetryAfter is how long the carrier that answered with err asks us to stay away; false if it did not say.
func RetryAfter(err error) (time.Duration, bool) {
	if w, asked := errors.AsType[*waiting](err); asked {
		return w.wait, true
	}
	return 0, false
}

// waiting is an error whose carrier said when to come back.
type waiting struct {
	err  error
	wait time.Duration
}

func (w *waiting) Error() string { return w.err.Error() }
func (w *waiting) Unwrap() error { return w.err }
