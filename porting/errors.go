package porting

import (
	"errors"
	"strings"
)

// Kind says what sort of "no" an error is. The command line turns it into the exit code.
type Kind string

// The kinds of error, with the exit code of each.
const (
	Failed       Kind = "failed"         // 1: something broke
	Invalid      Kind = "invalid"        // 2: the request cannot be understood
	Refused      Kind = "refused"        // 3: understood, and a rule says no
	NotFound     Kind = "not-found"      // 4
	Unauthorised Kind = "not-authorised" // 5
)

// Error is how portsaga says no: what was being done, to what, why not, and what to do next. Code is stable; programs
// test it. No field holds personal data: Object is masked.
type Error struct {
	Kind   Kind   `json:"kind"`
	Code   string `json:"code"`
	Op     string `json:"operation"`
	Object string `json:"object,omitempty"`
	Detail string `json:"detail"`
	Next   string `json:"next,omitempty"`
	Err    error  `json:"-"`
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Object != "" {
		b.WriteString(" " + e.Object)
	}
	b.WriteString(": " + e.Detail)
	if e.Next != "" {
		b.WriteString("; " + e.Next)
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the first Error in err's chain, Failed for any other error.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Failed
}

// CodeOf returns the code of the first Error in err's chain, "" if there is none.
func CodeOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// ExitCode is the process exit code for err: 0 for nil, otherwise by kind.
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	switch KindOf(err) {
	case Invalid:
		return 2
	case Refused:
		return 3
	case NotFound:
		return 4
	case Unauthorised:
		return 5
	default:
		return 1
	}
}
