package sources

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/portsaga/portsaga/internal/fraud"
)

// Source is one place to ask. More than one may give the same evidence: of each fact the first in the list that knows is believed.
type Source struct {
	Name  string        // of the evidence, such as "sim_swap"
	Limit time.Duration // for all that the source does; DefaultLimit where it is 0
	Ask   func(ctx context.Context, s Subject) (fraud.Facts, error)
}

// DefaultLimit is how long a source may take.
const DefaultLimit = 3 * time.Second

// MissingError says why a source gave nothing. Its text holds no personal data.
type MissingError struct {
	Why fraud.Why
	Err error // what lies behind it; may be nil
}

func (e *MissingError) Error() string {
	if e.Err == nil {
		return string(e.Why)
	}
	return fmt.Sprintf("%s: %v", e.Why, e.Err)
}

func (e *MissingError) Unwrap() error { return e.Err }

func missing(why fraud.Why, format string, args ...any) error {
	return &MissingError{why, fmt.Errorf(format, args...)}
}

// whyOf is why a source gave nothing, by its error.
func whyOf(err error) fraud.Why {
	if told, ok := errors.AsType[*MissingError](err); ok {
		return told.Why
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return fraud.TimedOut
	}
	return fraud.Unavailable
}

// Failure is what went wrong with a source, for logs and counters. Its error holds no personal data.
type Failure struct {
	Source string
	Why    fraud.Why
	Err    error
}

// Gather asks all sources at once. It returns when each has answered or used up its time, or when ctx ends, whatever the
// sources do: one that does not listen to its context is left behind.
func Gather(ctx context.Context, all []Source, s Subject) (fraud.Evidence, []Failure) {
	answers := make([]chan answer, len(all))
	for i, source := range all {
		answers[i] = make(chan answer, 1)
		go func() { answers[i] <- source.ask(ctx, s) }()
	}
	e := fraud.Evidence{At: s.At}
	var failures []Failure
	for i, source := range all {
		got := <-answers[i]
		if got.err != nil {
			why := whyOf(got.err)
			e.Miss(source.Name, why)
			failures = append(failures, Failure{source.Name, why, got.err})
			continue
		}
		e.Fill(got.facts)
	}
	return e, failures
}

type answer struct {
	facts fraud.Facts
	err   error
}

// ask asks the source, and gives up on it when its time is over.
func (source Source) ask(ctx context.Context, s Subject) answer {
	limit := source.Limit
	if limit == 0 {
		limit = DefaultLimit
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	got := make(chan answer, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil { // a source that breaks must not take the worker with it
				got <- answer{err: missing(fraud.Unreadable, "the source %s broke", source.Name)}
			}
		}()
		facts, err := source.Ask(ctx, s)
		got <- answer{facts, err}
	}()
	select {
	case a := <-got:
		return a
	case <-ctx.Done():
		return answer{err: ctx.Err()}
	}
}
