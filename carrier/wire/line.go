package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/time/rate"
)

// Line is one carrier's line: an http.RoundTripper. Its fields must not change once it is used; nil ones do nothing.
type Line struct {
	Carrier string
	Base    http.RoundTripper // http.DefaultTransport when nil
	Limit   *rate.Limiter     // calls a second; a call waits for its turn as long as its context lets it
	Breaker *Breaker
	Record  func(ctx context.Context, e Exchange) // after each exchange; must not block for long
	Now     func() time.Time                      // of real time; time.Now when nil
}

// DownError says that a call was not made, because the carrier would not answer it, or asks for fewer.
type DownError struct {
	Carrier string
	Wait    time.Duration // until it is worth another try
	Why     string
}

func (e *DownError) Error() string {
	return fmt.Sprintf("%s was not called: %s; the next call is let through in %s", e.Carrier, e.Why, e.Wait.Round(time.Second))
}

// Client is an HTTP client on this line, each of whose calls may take so long.
func (l *Line) Client(timeout time.Duration) *http.Client {
	return &http.Client{Transport: l, Timeout: timeout}
}

// RoundTrip implements http.RoundTripper. Its error is a *DownError where no call was made.
func (l *Line) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := l.turn(r.Context()); err != nil {
		return nil, err
	}
	sent, err := keep(&r.Body)
	if err != nil {
		return nil, fmt.Errorf("read request: %w", err)
	}
	began := l.now()
	res, err := l.base().RoundTrip(r)
	e := Exchange{Carrier: l.Carrier, At: began, Took: l.now().Sub(began), Method: r.Method, Path: redactPath(r.URL), Request: Redact(sent)}
	if err != nil {
		l.after(r.Context(), nil, err)
		e.Failure = failureOf(err)
		l.record(r.Context(), e)
		return nil, err
	}
	answer, err := keep(&res.Body)
	e.Status, e.Answer, e.Failure = res.StatusCode, Redact(answer), failureOf(err)
	l.after(r.Context(), res, err)
	l.record(r.Context(), e)
	return res, err
}

// turn waits for the limit, and refuses while the breaker is open.
func (l *Line) turn(ctx context.Context) error {
	if l.Breaker != nil {
		if wait, ok := l.Breaker.allow(); !ok {
			return &DownError{Carrier: l.Carrier, Wait: wait, Why: "it does not answer at present"}
		}
	}
	if l.Limit == nil {
		return nil
	}
	if err := l.Limit.Wait(ctx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &DownError{Carrier: l.Carrier, Wait: time.Second, Why: "its limit of calls is used up"}
	}
	return nil
}

// after tells the breaker how a call ended. What we did not wait for says nothing about the carrier.
func (l *Line) after(ctx context.Context, res *http.Response, err error) {
	switch {
	case l.Breaker == nil || errors.Is(ctx.Err(), context.Canceled):
	case err != nil:
		l.Breaker.failed(0)
	case res.StatusCode >= http.StatusInternalServerError, res.StatusCode == http.StatusTooManyRequests:
		l.Breaker.failed(RetryAfter(res.Header, l.now()))
	default:
		l.Breaker.worked()
	}
}

func (l *Line) record(ctx context.Context, e Exchange) {
	if l.Record != nil {
		l.Record(ctx, e)
	}
}

func (l *Line) base() http.RoundTripper {
	if l.Base == nil {
		return http.DefaultTransport
	}
	return l.Base
}

func (l *Line) now() time.Time {
	if l.Now == nil {
		return time.Now()
	}
	return l.Now()
}

// RetryAfter is how long a Retry-After header asks us to stay away; zero if it does not, or not in a way that RFC 9110 knows.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil {
		return max(time.Duration(seconds)*time.Second, 0)
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

// maxKept is how much of a body is kept for the record, in bytes; adapters bound what they read themselves.
const maxKept = 1 << 20

// keep reads the beginning of a body and puts it back, so that it can be read again from its start.
func keep(body *io.ReadCloser) ([]byte, error) {
	if *body == nil || *body == http.NoBody {
		return nil, nil
	}
	original := *body
	head, err := io.ReadAll(io.LimitReader(original, maxKept))
	*body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), original), original}
	return head, err
}

// failureOf is a transport fault as a word, without addresses.
func failureOf(err error) string {
	var timeout interface{ Timeout() bool }
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	default:
		return "no-answer"
	}
}
