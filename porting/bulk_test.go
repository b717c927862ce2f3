package porting_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/portsaga/portsaga/porting"
)

var bulkStart = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// orderOf is an order of so many numbers.
func orderOf(i, numbers int) porting.Order {
	o := porting.Order{Reference: fmt.Sprintf("ACME-%04d", i), Version: 1, SubmittedBy: "sue@shop"}
	for n := range numbers {
		o.Numbers = append(o.Numbers, porting.Number(fmt.Sprintf("+1212%03d%04d", i, n)))
	}
	return o
}

// aBulk is a complete order of so many ports with two numbers each, all of them started.
func aBulk(ports int) *porting.Bulk {
	b := &porting.Bulk{ID: "bo-1", Reference: "ACME"}
	for i := range ports {
		b.Add(porting.AddPorts{Batch: i, Orders: []porting.Order{orderOf(i, 2)}, Last: i == ports-1})
		b.Start()
	}
	return b
}

func reports(b *porting.Bulk, i int, n porting.Progress) {
	n.Port = b.Ports[i].ID
	b.Report(n)
}

func TestBulkState(t *testing.T) {
	t.Parallel()
	ended := func(o porting.Outcome, moved int) porting.Progress {
		return porting.Progress{Stage: porting.Completed, Version: 1, Outcome: o, Moved: moved}
	}
	completed, rejected := ended(porting.OutcomeCompleted, 2), ended(porting.OutcomeRejected, 0)
	for _, c := range []struct {
		name   string
		second porting.Progress // the first port completed
		state  string
	}{
		{"all moved", completed, porting.BulkCompleted},
		{"one is open", porting.Progress{Stage: porting.Active, Moved: 2}, porting.BulkInProgress},
		{"one was rejected", rejected, porting.BulkPartial},
		{"one moved half", ended(porting.OutcomeCompleted, 1), porting.BulkPartial},
		{"one moved and is disputed", ended(porting.OutcomeDisputed, 2), porting.BulkPartial},
		{"one needs a person", porting.Progress{Stage: porting.Submitted, Attention: true}, porting.BulkNeedsAttention},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := aBulk(2)
			reports(b, 0, completed)
			reports(b, 1, c.second)
			require.Equal(t, c.state, b.Status().State)
		})
	}
	t.Run("none moved", func(t *testing.T) {
		t.Parallel()
		b := aBulk(1)
		reports(b, 0, rejected)
		require.Equal(t, porting.BulkNothingMoved, b.Status().State)
	})
	t.Run("nothing was ordered", func(t *testing.T) {
		t.Parallel()
		b := &porting.Bulk{}
		b.Add(porting.AddPorts{Last: true})
		require.True(t, b.Ended())
		require.Equal(t, porting.BulkNothingMoved, b.Status().State)
	})
	t.Run("the rest is late", func(t *testing.T) {
		t.Parallel()
		b := &porting.Bulk{RestLate: true}
		require.Equal(t, porting.BulkNeedsAttention, b.Status().State)
		b.Add(porting.AddPorts{Orders: []porting.Order{orderOf(0, 1)}})
		require.Equal(t, porting.BulkNeedsAttention, b.Status().State)
		b.Add(porting.AddPorts{Batch: 1, Last: true})
		require.Equal(t, porting.BulkInProgress, b.Status().State)
	})
}

// What was ordered and never started counts as not moved.
func TestARevokedBulkIsNeverCompleted(t *testing.T) {
	t.Parallel()
	b := &porting.Bulk{}
	b.Add(porting.AddPorts{Orders: []porting.Order{orderOf(0, 2), orderOf(1, 3)}})
	b.Start()
	b.Revoke(porting.Revoke{By: "ben@care"}, bulkStart)
	reports(b, 0, porting.Progress{Stage: porting.Completed, Outcome: porting.OutcomeCompleted, Moved: 2})

	s := b.Status()
	require.True(t, s.Ended)
	require.Equal(t, porting.BulkPartial, s.State)
	require.Equal(t, 2, s.Ports)
	require.Equal(t, 1, s.NotStarted)
	require.Equal(t, 5, s.Numbers)
}

func TestBatches(t *testing.T) {
	t.Parallel()
	b := &porting.Bulk{ID: "bo-1"}
	one, two := []porting.Order{orderOf(0, 1)}, []porting.Order{orderOf(1, 1)}
	refused := func(a porting.AddPorts) string { return porting.CodeOf(b.CheckBatch(a)) }
	require.Equal(t, "batch-missing", refused(porting.AddPorts{Batch: 1, Orders: one}))
	require.Equal(t, "batch-empty", refused(porting.AddPorts{}))
	require.NoError(t, b.CheckBatch(porting.AddPorts{Orders: one}))
	b.Add(porting.AddPorts{Orders: one})

	require.NoError(t, b.CheckBatch(porting.AddPorts{Orders: one}), "a repeated batch is answered")
	b.Add(porting.AddPorts{Orders: one, Last: true})
	require.Len(t, b.Waiting, 1, "and changes nothing")
	require.False(t, b.Complete)

	require.Equal(t, "order-twice", refused(porting.AddPorts{Batch: 1, Orders: one}))
	b.Start()
	require.Equal(t, "order-twice", refused(porting.AddPorts{Batch: 1, Orders: one}))
	require.Equal(t, "order-twice", refused(porting.AddPorts{Batch: 1, Orders: slices.Concat(two, two)}))
	require.NoError(t, b.CheckBatch(porting.AddPorts{Batch: 1, Orders: two}))

	b.Add(porting.AddPorts{Batch: 1, Last: true})
	require.Equal(t, "order-complete", refused(porting.AddPorts{Batch: 2, Orders: one}))
	b.Decide(porting.Decide{Decision: porting.Reject, By: "ana@desk"}, bulkStart)
	require.Equal(t, "order-stopped", refused(porting.AddPorts{Batch: 2, Orders: one}))
	require.NoError(t, b.CheckBatch(porting.AddPorts{Orders: one}))
}

func TestReportsThatChangeNothing(t *testing.T) {
	t.Parallel()
	b := aBulk(2)
	first, second := b.Ports[0].ID, b.Ports[1].ID
	b.Report(porting.Progress{Port: first, Stage: porting.Submitted, Version: 1, Step: 5})
	b.Report(porting.Progress{Port: second, Stage: porting.RollingBack, Outcome: porting.OutcomeRevoked, Step: 9})
	before := slices.Clone(b.Ports)
	for name, n := range map[string]porting.Progress{
		"of a stranger":       {Port: "pi-other", Stage: porting.Active},
		"old":                 {Port: first, Stage: porting.Verifying, Step: 4},
		"of an ended port":    {Port: second, Stage: porting.Active, Step: 10},
		"no stage":            {Port: first, Outcome: porting.OutcomeCompleted},
		"an unknown stage":    {Port: first, Stage: "lost", Step: 6},
		"an unknown outcome":  {Port: first, Stage: porting.Active, Outcome: "lost", Step: 6},
		"nothing, of nobody ": {},
	} {
		require.False(t, b.Report(n), name)
		require.Equal(t, before, b.Ports, name)
	}
	require.True(t, b.Report(porting.Progress{Port: first, Stage: porting.Active, Moved: 99}))
	require.Equal(t, 2, b.Ports[0].Moved, "no more numbers move than there are")
}

func TestTheWindowCountsPortsBeforeTheirDecision(t *testing.T) {
	t.Parallel()
	b := aBulk(5)
	require.Equal(t, 5, b.Starting())
	reports(b, 0, porting.Progress{Stage: porting.Screening})
	require.Equal(t, 5, b.Starting())
	reports(b, 0, porting.Progress{Stage: porting.Verifying})
	reports(b, 1, porting.Progress{Stage: porting.RollingBack, Outcome: porting.OutcomeRejected})
	b.Refuse(b.Ports[2].ID)
	b.CallPerson(b.Ports[3].ID)
	require.Equal(t, 1, b.Starting(), "a port that a person must look at does not hold up the others")
	require.Equal(t, 2, b.Status().Attention)
}

func TestDecisionsForAll(t *testing.T) {
	t.Parallel()
	b := aBulk(3)
	verifying := porting.Progress{Stage: porting.Verifying, Version: 1}
	reports(b, 0, verifying)
	b.Decide(porting.Decide{ID: "d-1", Decision: porting.Approve, By: "ana@desk"}, bulkStart)
	b.Decide(porting.Decide{ID: "d-1", Decision: porting.Approve, By: "ana@desk"}, bulkStart)
	b.Decide(porting.Decide{Decision: porting.Approve, By: "ben@desk"}, bulkStart)
	require.Len(t, b.Decisions, 2)

	ana := porting.Decide{ID: "d-1", Decision: porting.Approve, By: "ana@desk", Stage: porting.Verifying, OrderVersion: 1}
	require.Equal(t, []porting.BulkMessage{{Port: b.Ports[0].ID, Name: porting.MsgDecide, Body: ana}}, b.PassOn(10), "one decision at a time, in their order")
	require.True(t, b.Untold())
	require.Equal(t, "ben@desk", b.PassOn(10)[0].Body.(porting.Decide).By)
	require.False(t, b.Untold())
	require.Empty(t, b.PassOn(10))

	reports(b, 1, verifying)
	require.Equal(t, 1, b.Status().Untold, "who comes later is told too")
	require.Len(t, b.PassOn(10), 1)
	require.Len(t, b.PassOn(10), 1)

	amended := porting.Progress{Stage: porting.Verifying, Version: 2}
	reports(b, 0, amended)
	reports(b, 2, amended)
	require.Empty(t, b.PassOn(10), "an amended order needs a decision of its own")
	require.Equal(t, porting.BulkNeedsAttention, b.Status().State)
	require.Equal(t, []string{b.Ports[0].ID, b.Ports[2].ID}, b.Status().NeedsAttention)
}

func TestWhoMayDecideForAll(t *testing.T) {
	t.Parallel()
	b := aBulk(1)
	approve := porting.Decide{Decision: porting.Approve, By: "ana@desk"}
	require.NoError(t, b.CheckDecide(approve))
	for code, m := range map[string]porting.Decide{
		"decision-unknown":         {Decision: "maybe", By: "ana@desk"},
		"by-missing":               {Decision: porting.Approve},
		"submitter-may-not-decide": {Decision: porting.Approve, By: "sue@shop"},
	} {
		require.Equal(t, code, porting.CodeOf(b.CheckDecide(m)))
	}
}

func TestRevocationOfAll(t *testing.T) {
	t.Parallel()
	b := aBulk(3)
	reports(b, 0, porting.Progress{Stage: porting.Verifying, Version: 1})
	reports(b, 1, porting.Progress{Stage: porting.Completed, Outcome: porting.OutcomeCompleted, Moved: 2})
	b.Decide(porting.Decide{Decision: porting.Approve, By: "ana@desk"}, bulkStart)
	b.Revoke(porting.Revoke{By: "ben@care"}, bulkStart)
	b.Revoke(porting.Revoke{By: "eve@care"}, bulkStart)

	want := porting.Revoke{ID: "bo-1-revoke", By: "ben@care", Reason: porting.AuthorizationRevoked}
	require.Equal(t, []porting.BulkMessage{{b.Ports[0].ID, porting.MsgRevoke, want}}, b.PassOn(1))
	require.Equal(t, []porting.BulkMessage{{b.Ports[2].ID, porting.MsgRevoke, want}}, b.PassOn(10), "open ports only, and no approval any more")
	require.False(t, b.Untold())
}

func TestNotesAreBounded(t *testing.T) {
	t.Parallel()
	b := &porting.Bulk{}
	for i := range 300 {
		b.Note(bulkStart, porting.EventNote, "ana", fmt.Sprint(i))
	}
	require.Len(t, b.Notes, 100)
	require.Equal(t, "299", b.Notes[99].Note)
}

// The roll-up adds up, whatever happens in whatever order, and survives the cut of its history.
func TestTheRollUpAddsUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := &porting.Bulk{ID: "bo-1"}
		numbers, orders := 0, 0
		told := map[string]int{}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				a := porting.AddPorts{Batch: rapid.IntRange(max(b.NextBatch-1, 0), b.NextBatch).Draw(t, "batch"), Last: rapid.IntRange(0, 9).Draw(t, "last") == 0}
				for range rapid.IntRange(0, 5).Draw(t, "orders") {
					a.Orders = append(a.Orders, orderOf(orders+len(a.Orders), rapid.IntRange(1, 4).Draw(t, "numbers")))
				}
				if b.CheckBatch(a) != nil {
					return
				}
				if a.Batch == b.NextBatch {
					orders += len(a.Orders)
					for _, o := range a.Orders {
						numbers += len(o.Numbers)
					}
				}
				b.Add(a)
			},
			"start": func(*rapid.T) {
				if len(b.Waiting) > 0 {
					b.Start()
				}
			},
			"report": func(t *rapid.T) {
				if len(b.Ports) == 0 {
					return
				}
				b.Report(porting.Progress{
					Port: rapid.SampledFrom(b.Ports).Draw(t, "port").ID, Stage: rapid.SampledFrom(porting.Stages).Draw(t, "stage"),
					Version: rapid.IntRange(1, 2).Draw(t, "version"), Outcome: rapid.SampledFrom(append([]porting.Outcome{"", "", ""}, porting.Outcomes...)).Draw(t, "outcome"),
					Attention: rapid.Bool().Draw(t, "attention"), Moved: rapid.IntRange(-1, 5).Draw(t, "moved"), Step: rapid.IntRange(0, 9).Draw(t, "step"),
				})
			},
			"refuse": func(t *rapid.T) {
				if len(b.Ports) > 0 {
					b.Refuse(rapid.SampledFrom(b.Ports).Draw(t, "port").ID)
				}
			},
			"decide": func(t *rapid.T) {
				b.Decide(porting.Decide{ID: fmt.Sprint("d-", len(b.Decisions)), Decision: rapid.SampledFrom([]string{porting.Approve, porting.Approve, porting.Reject}).Draw(t, "decision"), By: "ana"}, bulkStart)
			},
			"revoke": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "whether") == 0 {
					b.Revoke(porting.Revoke{By: "ben"}, bulkStart)
				}
			},
			"pass on": func(t *rapid.T) {
				for _, m := range b.PassOn(rapid.IntRange(1, 5).Draw(t, "limit")) {
					key := fmt.Sprint(m.Port, m.Body)
					told[key]++
					require.Equal(t, 1, told[key], "a port is told once")
					require.True(t, b.Revoked == nil || m.Name == porting.MsgRevoke, "who is revoked is not decided on")
				}
			},
			"go on in a new run": func(t *rapid.T) {
				text, err := json.Marshal(b)
				require.NoError(t, err)
				next := new(porting.Bulk)
				require.NoError(t, json.Unmarshal(text, next))
				require.Equal(t, b.Status(), next.Status())
				b = next
			},
			"": func(t *rapid.T) { requireAddsUp(t, b, orders, numbers) },
		})
	})
}

func requireAddsUp(t *rapid.T, b *porting.Bulk, orders, numbers int) {
	s := b.Status()
	open, ended := 0, 0
	for _, n := range s.Stages {
		open += n
	}
	for _, n := range s.Outcomes {
		ended += n
	}
	require.Equal(t, orders, s.Ports)
	require.Equal(t, s.Ports, open+ended+s.Waiting+s.NotStarted)
	require.Equal(t, numbers, s.Numbers)
	require.True(t, 0 <= s.Moved && s.Moved <= s.Numbers)
	require.Equal(t, s.Complete && open == 0 && s.Waiting == 0, s.Ended)
	require.Equal(t, b.Untold(), s.Untold > 0)
	require.LessOrEqual(t, s.Untold, open)
	require.LessOrEqual(t, b.Starting(), open)
	if s.State == porting.BulkCompleted {
		require.True(t, s.Ended && s.Moved == s.Numbers && s.Outcomes[porting.OutcomeCompleted] == orders)
	}
	if b.Stopped() {
		require.Zero(t, s.Waiting)
	}
}

// An order of 20,000 ports goes on in a new run within one payload, and hears each of them in no time.
func TestTheLargestBulkFitsAPayload(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(largestBulk())
	require.NoError(t, err)
	t.Logf("20,000 ports take %d bytes", len(text))
	require.Less(t, len(text), 2_000_000)
}

func largestBulk() *porting.Bulk {
	b := &porting.Bulk{ID: "bo-jrnmntaoorcvfbja", Reference: "ACME-2026"}
	for i := range 20_000 {
		b.Waiting = append(b.Waiting, orderOf(i, 1))
		b.Start()
		reports(b, i, porting.Progress{Stage: porting.RollingBack, Version: 1, Outcome: porting.OutcomeCompleted, Moved: 1, Step: 12})
	}
	return b
}

func BenchmarkBulk(b *testing.B) {
	largest := largestBulk()
	text, err := json.Marshal(largest)
	require.NoError(b, err)
	b.Run("report", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			largest.Report(porting.Progress{Port: largest.Ports[i%20_000].ID, Stage: porting.Submitted})
		}
	})
	b.Run("status", func(b *testing.B) {
		for b.Loop() {
			largest.Status()
		}
	})
	b.Run("decode", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, json.Unmarshal(text, new(porting.Bulk)))
		}
	})
}
