// Package doctor looks at a deployment and says what is wrong with it, and how to mend it. It changes nothing.
package doctor

import (
	"context"
	"errors"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// State is how a thing was found.
type State string

// States, from good to bad.
const (
	OK      State = "ok"
	Skipped State = "skipped" // it is not used here, or could not be looked at because of another finding
	Warning State = "warning" // it works, and should not stay so
	Bad     State = "bad"     // ports suffer
)

// Finding is what a look at one thing showed.
type Finding struct {
	Check  string `json:"check"`
	State  State  `json:"state"`
	Detail string `json:"detail"`
	Next   string `json:"next,omitempty"` // what to do about it
}

// Check is one thing to look at. Look leaves Finding.Check empty; it has until its context ends.
type Check struct {
	Name string
	Look func(ctx context.Context) Finding
}

// patience is how long one look may take.
const patience = 10 * time.Second

// Examine looks at one thing after the other.
func Examine(ctx context.Context, checks []Check) []Finding {
	findings := make([]Finding, 0, len(checks))
	for _, c := range checks {
		findings = append(findings, c.examine(ctx))
	}
	return findings
}

func (c Check) examine(ctx context.Context) Finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	f := c.Look(ctx)
	f.Check = c.Name
	return f
}

// Worst is the worst state of all.
func Worst(findings []Finding) State {
	worst := OK
	rank := map[State]int{OK: 0, Skipped: 0, Warning: 1, Bad: 2}
	for _, f := range findings {
		if rank[f.State] > rank[worst] {
			worst = f.State
		}
	}
	return worst
}

// Good is a finding that all is well.
func Good(detail string) Finding { return Finding{State: OK, Detail: detail} }

// Wrong is a finding from an error: bad, in the error's own words and with its advice.
func Wrong(err error, next string) Finding {
	f := Finding{State: Bad, Detail: err.Error(), Next: next}
	if ours, is := errors.AsType[*porting.Error](err); is {
		f.Detail = ours.Detail
		if ours.Next != "" {
			f.Next = ours.Next
		}
	}
	return f
}

// Warn is a finding that works, and should not stay so.
func Warn(detail, next string) Finding { return Finding{State: Warning, Detail: detail, Next: next} }

// Skip is a finding about something that was not looked at.
func Skip(detail string) Finding { return Finding{State: Skipped, Detail: detail} }
