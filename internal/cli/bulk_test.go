package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
)

// fakeBulks answers for bulk orders as it is told.
type fakeBulks struct {
	reference    string
	orders       []porting.Order
	bulkStatuses []porting.BulkStatus // one after the other; the last one stays
	bulkErrs     []error              // one after the other, before any status
	bulkMessage  any
}

func (b *fakeBulks) StartBulk(_ context.Context, reference string, orders []porting.Order, tell func(porting.BulkStatus)) (porting.BulkStatus, error) {
	b.reference, b.orders = reference, orders
	if len(b.bulkErrs) > 0 {
		return porting.BulkStatus{}, b.bulkErrs[0]
	}
	for i := 0; i <= len(orders); i++ {
		tell(porting.BulkStatus{Ports: i})
	}
	s := porting.BulkStatus{ID: "bo-1", Reference: reference, State: porting.BulkInProgress, Complete: true, Ports: len(orders)}
	for _, o := range orders {
		s.Numbers += len(o.Numbers)
	}
	return s, nil
}

func (b *fakeBulks) BulkStatus(context.Context, string) (porting.BulkStatus, error) {
	s := b.bulkStatuses[0]
	if len(b.bulkErrs) > 0 {
		err := b.bulkErrs[0]
		if b.bulkErrs = b.bulkErrs[1:]; err != nil {
			return porting.BulkStatus{}, err
		}
	}
	if len(b.bulkStatuses) > 1 {
		b.bulkStatuses = b.bulkStatuses[1:]
	}
	return s, nil
}

func (b *fakeBulks) DecideBulk(_ context.Context, id string, m porting.Decide) (porting.Answer, error) {
	b.bulkMessage = m
	return porting.Answer{ID: id, Accepted: true, Says: "passed on"}, nil
}

func (b *fakeBulks) RevokeBulk(_ context.Context, id string, m porting.Revoke) (porting.Answer, error) {
	b.bulkMessage = m
	return porting.Answer{ID: id, Accepted: true, Says: "passed on"}, nil
}

// bulkFiles writes a list of numbers and the order that goes with it.
func bulkFiles(t *testing.T, list string) (numbers, order string) {
	t.Helper()
	numbers = filepath.Join(t.TempDir(), "numbers.csv")
	require.NoError(t, os.WriteFile(numbers, []byte(list), 0o600))
	return numbers, orderFile(t, strings.Replace(anOrder, "numbers: [\"+12125550123\"]\n", "", 1))
}

const someNumbers = "number,account_number\n+12125550123,\n+12125550124,\n+12125550125,77\n"

func TestBulkStart(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	numbers, order := bulkFiles(t, someNumbers)

	require.Equal(t, 0, s.run(t, "portsaga bulk start -f", numbers, "--order", order), s.err.String())
	require.Equal(t, "bo-1: 3 numbers in 2 ports\nwatch it: portsaga bulk watch bo-1\nWeb UI:   http://localhost:8233/namespaces/portsaga/workflows/bo-1\n", s.out.String())
	require.Equal(t, "0 of 2 ports added\n1 of 2 ports added\n2 of 2 ports added\n", s.err.String())
	require.Equal(t, "ACME-2026-0117", s.ports.reference)
	require.Equal(t, "ACME-2026-0117-0002", s.ports.orders[1].Reference)
	require.Equal(t, "ana", s.ports.orders[1].SubmittedBy, "who submits an order may not decide on it")

	require.Equal(t, 0, s.run(t, "portsaga bulk start --ports-of 1 -o json -f", numbers, "--order", order))
	var started bulkStarted
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &started))
	require.Equal(t, 3, started.Ports)
	require.Equal(t, 3, started.Rows)
	require.Empty(t, s.err.String())
}

func TestBulkStartFromStdin(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	_, order := bulkFiles(t, "")
	s.factory.Streams.In = strings.NewReader(someNumbers)
	require.Equal(t, 0, s.run(t, "portsaga bulk start -f - --order", order), s.err.String())
	require.Len(t, s.ports.orders, 2)
}

func TestBulkStartLeavesNothingHalf(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	numbers, order := bulkFiles(t, someNumbers+"+1212555,\n+12125550123,\n")

	require.Equal(t, 2, s.run(t, "portsaga bulk start -f", numbers, "--order", order))
	errorsFile := strings.TrimSuffix(numbers, ".csv") + ".errors.csv"
	require.Equal(t, fmt.Sprintf("error: read list of numbers %s: 2 of 5 rows are bad, see %s; correct them, or leave them out with --skip-bad-rows\n", numbers, errorsFile), s.err.String())
	require.Empty(t, s.ports.orders)
	listed, err := os.ReadFile(errorsFile)
	require.NoError(t, err)
	require.Equal(t, "line,column,code,message,next\n"+
		"5,number,number-invalid,+1…2555 is not a valid telephone number,\"check the digits, and write it like +12125550123\"\n"+
		"6,number,number-twice,+1…0123 is already listed on line 2,list each number once\n", string(listed))

	other := filepath.Join(t.TempDir(), "bad.csv")
	require.Equal(t, 0, s.run(t, "portsaga bulk start --skip-bad-rows -f", numbers, "--order", order, "--errors", other))
	require.Contains(t, s.out.String(), "left out: 2 of 5 rows, see "+other+"\n")
	require.FileExists(t, other)
	require.Len(t, s.ports.orders, 2)

	require.Equal(t, 2, s.run(t, "portsaga bulk start -f", numbers, "--order", order, "--errors", filepath.Join(numbers, "x")))
	require.Contains(t, s.err.String(), "name a file that you may write with --errors")
}

func TestBulkStartWithoutAGoodRow(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	numbers, order := bulkFiles(t, "number\n1\n")
	require.Equal(t, 2, s.run(t, "portsaga bulk start --skip-bad-rows -f", numbers, "--order", order))
	require.Contains(t, s.err.String(), "1 of 1 rows are bad")
	require.Empty(t, s.ports.orders)
}

func TestBulkStartRefused(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.ports.bulkErrs = []error{&porting.Error{Kind: porting.Refused, Code: "order-differs", Op: "start order", Object: "bo-1", Detail: "it was started with other numbers"}}
	numbers, order := bulkFiles(t, someNumbers)
	require.Equal(t, 3, s.run(t, "portsaga bulk start -f", numbers, "--order", order))
	require.Equal(t, 2, s.run(t, "portsaga bulk start -f", order, "--order", order), "an order file is no list of numbers")
	require.Equal(t, 2, s.run(t, "portsaga bulk start -f", numbers, "--order", numbers))
	require.Equal(t, 2, s.run(t, "portsaga bulk start -f missing.csv --order", order))
	require.Equal(t, 2, s.run(t, "portsaga bulk start -f x --order missing.yaml"))
}

func TestTheBarIsForTerminals(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.factory.Streams.Terminal = true
	numbers, order := bulkFiles(t, someNumbers)
	require.Equal(t, 0, s.run(t, "portsaga bulk start -f", numbers, "--order", order))
	require.Contains(t, s.out.String(), "\r\x1b[2K███████████████░░░░░░░░░░░░░░░ 1 of 2 ports added\r\x1b[2K██████████████████████████████ 2 of 2 ports added\r\x1b[2Kbo-1: ")
	require.Empty(t, s.err.String())
}

var aRollUp = porting.BulkStatus{
	ID: "bo-1", Reference: "ACME-2026", Tenant: "acme", State: porting.BulkNeedsAttention, NextBatch: 4, Ports: 40, Numbers: 7_940, Moved: 200,
	Waiting: 3, NotStarted: 1, Untold: 2, Stages: map[porting.Stage]int{porting.Verifying: 30, porting.Exception: 2}, Outcomes: map[porting.Outcome]int{porting.OutcomeCompleted: 4},
	Attention: 2, NeedsAttention: []string{"pi-7", "pi-9"}, Notes: []porting.Entry{{At: *at(2026, 11, 23, 10), Event: porting.EventDecision, Actor: "ana@desk", Note: "approve (unsigned), for all ports"}},
}

func TestBulkShow(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.ports.bulkStatuses = []porting.BulkStatus{aRollUp}
	require.Equal(t, 0, s.run(t, "portsaga bulk show bo-1"))
	golden(t, "bulk-show.txt", s.out.String())
	require.Equal(t, 0, s.run(t, "portsaga bulk show bo-1 -o json"))
	var back porting.BulkStatus
	require.NoError(t, json.Unmarshal(s.out.Bytes(), &back))
	require.Equal(t, 30, back.Stages[porting.Verifying])
}

func TestBulkWatch(t *testing.T) {
	t.Parallel()
	open, ended := aRollUp, aRollUp
	open.State, open.RestLate = porting.BulkInProgress, true
	ended.State, ended.Ended = porting.BulkPartial, true
	down := &porting.Error{Kind: porting.Failed, Code: "engine-error", Detail: "no worker"}
	for _, format := range []string{"text", "json"} {
		s := newSession(t)
		s.ports.bulkStatuses = []porting.BulkStatus{open, open, ended}
		s.ports.bulkErrs = []error{nil, down}
		require.Equal(t, 0, s.run(t, "portsaga bulk watch bo-1 --interval 1ms -o", format))
		lines := strings.Split(s.out.String(), "\n")
		if format == "json" {
			require.Len(t, lines, 3, "two roll-ups and the end")
			continue
		}
		require.Equal(t, "in progress, 200/7,940 numbers moved, 5/40 ports ended", lines[0])
		require.Equal(t, "partial, 200/7,940 numbers moved, 5/40 ports ended", lines[1])
		require.Equal(t, "Ended: partial, 200 of 7,940 numbers moved, 5 of 40 ports ended", lines[3])
	}
	s := newSession(t)
	s.ports.bulkStatuses, s.ports.bulkErrs = []porting.BulkStatus{open}, []error{down}
	require.Equal(t, 1, s.run(t, "portsaga bulk watch bo-1"), "what was never seen is not waited for")

	live := newSession(t)
	live.factory.Streams.Terminal, live.factory.Streams.Color = true, true
	for _, state := range []string{porting.BulkCompleted, porting.BulkNothingMoved} {
		ended.State = state
		live.ports.bulkStatuses = []porting.BulkStatus{open, ended}
		require.Equal(t, 0, live.run(t, "portsaga bulk watch bo-1 --interval 1ms"))
		require.Contains(t, live.out.String(), "\r\x1b[2K\x1b[1min progress")
	}
}

func TestBulkMessages(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]any{
		"portsaga bulk decide bo-1 --approve":                    porting.Decide{Decision: porting.Approve, By: "ana"},
		"portsaga bulk decide bo-1 --reject --by ben@desk":       porting.Decide{Decision: porting.Reject, By: "ben@desk"},
		"portsaga bulk revoke bo-1 --reason UNAUTHORISED_PORT":   porting.Revoke{By: "ana", Reason: porting.UnauthorisedPort},
		"portsaga bulk revoke bo-1 --by ben@care --output text ": porting.Revoke{By: "ben@care"},
	} {
		s := newSession(t)
		require.Equal(t, 0, s.run(t, line), s.err.String())
		require.Equal(t, "bo-1: passed on\n", s.out.String())
		id, message := withoutID(s.ports.bulkMessage)
		require.Equal(t, want, message)
		require.NotEmpty(t, id)
	}
}

func TestListOfABulkOrderAsCSV(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.ports.summary = []starter.Summary{{
		ID: "pi-1", Direction: "port-in", Stage: porting.Verifying, State: "open", WaitingOn: porting.WaitingApprover, DueAt: at(2026, 11, 24, 17),
		Jurisdiction: "us-wireless", Carrier: "simulator", Tenant: "acme", Risk: porting.RiskLow, NeedsAttention: true, Numbers: 12, StartedAt: *at(2026, 11, 23, 10),
	}}
	require.Equal(t, 0, s.run(t, "portsaga port list --order bo-1 --csv"))
	require.Equal(t, "port,direction,stage,state,waiting_on,due_at,foc_at,numbers,rules,carrier,tenant,risk,needs_attention,started_at\n"+
		"pi-1,port-in,verifying,open,approver,2026-11-24T17:00:00-05:00,,12,us-wireless,simulator,acme,low,true,2026-11-23T10:00:00-05:00\n", s.out.String())
	require.Equal(t, starter.Filter{Order: "bo-1", Limit: 20_000}, s.ports.filter)
	require.Equal(t, 0, s.run(t, "portsaga port list --order bo-1 --csv --limit 5"))
	require.Equal(t, 5, s.ports.filter.Limit)
}
