package carrier

import (
	"context"
	"time"
)

// CheckReport is what a look at a carrier found, without asking it to do anything.
type CheckReport struct {
	Reachable  bool          `json:"reachable"`        // it answered over HTTP, whatever it said
	Authorised bool          `json:"authorised"`       // it takes our credentials
	Skew       time.Duration `json:"skew_ns"`          // its clock less ours, to the second; 0 where it did not tell the time
	Detail     string        `json:"detail,omitempty"` // what is wrong, in one sentence
}

// Checker is a gateway whose credentials, clock and reachability can be looked at.
type Checker interface {
	// Check sends one request that changes nothing. A carrier that is out of reach, or takes no credentials of ours, is a
	// report; the only error is that ctx is done.
	Check(ctx context.Context) (CheckReport, error)
}
