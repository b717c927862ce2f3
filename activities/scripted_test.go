package activities_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

// scripted is a carrier that says what the test wants, and remembers what it was asked. A call that is left out of the
// script must not be made.
type scripted struct {
	t        *testing.T
	passive  bool // it activates by itself
	status   func() (carrier.Status, error)
	submit   func(carrier.LSR) (carrier.Status, error)
	cancel   func() (carrier.Status, error)
	activate func() (carrier.Status, error)
	reverse  func() (carrier.Status, error)

	mu    sync.Mutex
	calls []string
}

func (s *scripted) note(name string, known bool) {
	require.True(s.t, known, "the carrier must not be asked to %s", name)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, name)
}

// asked lists the calls that want something of the carrier.
func (s *scripted) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.calls), func(name string) bool { return name == "status" })
}

func (s *scripted) Capabilities() carrier.Capabilities {
	return carrier.Capabilities{Name: "scripted", Supplement: true, Reverse: true, OnDemand: !s.passive}
}

func (s *scripted) Portability(_ context.Context, numbers []porting.Number) ([]carrier.Portability, error) {
	var answers []carrier.Portability
	for _, n := range numbers {
		answers = append(answers, carrier.Portability{Number: n, Portable: true})
	}
	return answers, nil
}

func (s *scripted) Submit(_ context.Context, lsr carrier.LSR) (carrier.Status, error) {
	s.note("submit", s.submit != nil)
	return s.submit(lsr)
}

func (s *scripted) Status(context.Context, carrier.Ref) (carrier.Status, error) {
	s.note("status", s.status != nil)
	return s.status()
}

func (s *scripted) Cancel(context.Context, carrier.Ref, porting.Reason) (carrier.Status, error) {
	s.note("cancel", s.cancel != nil)
	return s.cancel()
}

func (s *scripted) Activate(context.Context, carrier.Ref) (carrier.Status, error) {
	s.note("activate", s.activate != nil)
	return s.activate()
}

func (s *scripted) Reverse(context.Context, carrier.Ref, porting.Reason) (carrier.Status, error) {
	s.note("reverse", s.reverse != nil)
	return s.reverse()
}

var (
	errDown    = &porting.Error{Kind: porting.Failed, Code: "carrier-unavailable", Op: "ask carrier", Detail: "no answer"}
	errUnknown = &porting.Error{Kind: porting.NotFound, Code: "carrier-order-unknown", Op: "ask carrier", Detail: "no such order"}
	errLocked  = &porting.Error{Kind: porting.Refused, Code: "carrier-cancel-locked", Op: "cancel order", Detail: "too close to the foc"}
	errNo      = &porting.Error{Kind: porting.Refused, Code: "carrier-refused", Op: "ask carrier", Detail: "not today"}
)

// reached is a date that has come.
var reached = time.Now().Add(-time.Hour).UTC().Truncate(time.Microsecond)

// says answers with a state; the FOC is reached.
func says(state carrier.State) func() (carrier.Status, error) {
	return func() (carrier.Status, error) {
		return carrier.Status{Ref: carrier.Ref{Port: portID, Version: 1}, State: state, FOC: reached}, nil
	}
}

func fails(err error) func() (carrier.Status, error) {
	return func() (carrier.Status, error) { return carrier.Status{}, err }
}
