package oracle_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/devserver/chaos/oracle"
	"github.com/portsaga/portsaga/porting"
)

var start = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }

func told(events ...any) []porting.Entry {
	var timeline []porting.Entry
	for i := 0; i < len(events); i += 2 {
		timeline = append(timeline, porting.Entry{At: at(i), Event: events[i].(porting.Event), Stage: events[i+1].(porting.Stage)})
	}
	return timeline
}

func did(second int, port, name, key string, numbers ...string) oracle.Effect {
	return oracle.Effect{At: at(second), Port: port, Version: 1, Name: name, Key: key, Numbers: numbers}
}

// good is a campaign of four ports in which everything is as it should be: one is completed, one was revoked in time, one too
// late, and one waits for a person.
func good() oracle.Record {
	began := []any{porting.EventReceived, porting.Received, porting.EventAccepted, porting.Screening, porting.EventScreened, porting.Verifying}
	through := slices.Concat(began, []any{
		porting.EventApproved, porting.Submitting, porting.EventSubmitted, porting.Submitted, porting.EventConfirmed, porting.Confirmed,
		porting.EventActivationStarted, porting.Activating, porting.EventActivated, porting.Active,
	})
	return oracle.Record{
		At: at(300), Patience: 10 * time.Second,
		Started: []string{"moved", "revoked", "reversed", "waits"},
		Ports: []oracle.Port{
			{
				ID: "moved", Direction: porting.PortIn, Stage: porting.Completed, Outcome: porting.OutcomeCompleted,
				Timeline: told(slices.Concat(through, []any{porting.EventVerified, porting.Completed})...),
			},
			{
				ID: "revoked", Direction: porting.PortIn, Stage: porting.RollingBack, Outcome: porting.OutcomeRevoked,
				Timeline: told(slices.Concat(began, []any{porting.EventRevoked, porting.RollingBack, porting.EventRolledBack, porting.RollingBack})...),
				Undone:   []porting.Entry{{Event: porting.EventUndone, Note: "cancel the order"}, {Event: porting.EventUndone, Note: "free the numbers"}},
			},
			{
				ID: "reversed", Direction: porting.PortIn, Stage: porting.RollingBack, Outcome: porting.OutcomeReversed,
				Timeline: told(slices.Concat(through, []any{porting.EventRevoked, porting.RollingBack, porting.EventRolledBack, porting.RollingBack})...),
			},
			{
				ID: "waits", Direction: porting.PortIn, Stage: porting.Verifying, WaitingOn: porting.WaitingApprover, Open: true, DueAt: at(3600), Timers: 1,
				Timeline: told(began...), Holds: 1,
			},
		},
		Effects: []oracle.Effect{
			did(1, "moved", simulator.Submitted, "moved/1/submit", "+12125550100"), did(2, "moved", simulator.Confirmed, ""),
			did(3, "moved", simulator.ActivationAsked, "moved/1/activate"), did(4, "moved", simulator.Activated, ""),
			did(1, "revoked", simulator.Submitted, "revoked/1/submit", "+12125550101"), did(6, "revoked", simulator.CancelAsked, "revoked/1/cancel"),
			did(7, "revoked", simulator.Cancelled, ""),
			did(1, "reversed", simulator.Submitted, "reversed/1/submit", "+12125550102"), did(5, "reversed", simulator.ActivationAsked, "reversed/1/activate"),
			did(6, "reversed", simulator.Activated, ""), did(7, "reversed", simulator.ReversalAsked, "reversed/1/reverse"), did(8, "reversed", simulator.Reversed, ""),
		},
		Calls: []oracle.Call{
			{Port: "moved", Changes: true},
			{Port: "moved", Answered: true},
			{Port: "moved", Changes: true, Answered: true},
			{Port: "revoked", Changes: true, Answered: true},
			{Port: "revoked", Changes: true, Answered: true},
		},
		Revocations: []oracle.Revocation{{Port: "revoked", Acked: at(5), Closed: true}, {Port: "reversed", Acked: at(4)}},
		Tenures: []oracle.Tenure{
			{Number: "n", Port: "moved", From: at(0), To: at(60)}, {Number: "n", Port: "waits", From: at(60)}, {Number: "m", Port: "revoked", From: at(0), To: at(8)},
		},
		Notices: []oracle.Notice{{Port: "moved", ID: "nt-1"}, {Port: "reversed", ID: "nt-2"}},
		Mails:   []oracle.Mail{{At: at(2), ID: "nt-1"}, {At: at(9), ID: "nt-1"}, {At: at(2), ID: "nt-2"}},
		Replays: []oracle.Replay{{ID: "moved"}, {ID: "revoked"}},
		Forged:  []oracle.Forged{{At: at(3), Status: 401}},
	}
}

func TestGoodRecordBreaksNoLaw(t *testing.T) {
	t.Parallel()
	for _, found := range oracle.Judge(good()) {
		require.Empty(t, found.Breaches, found.Law)
	}
}

// Every law is broken by records that differ from the good one in one thing, and none of the others is.
// A rescue finds numbers that work, and stands guard over them.
func TestARescueFindsAPortActive(t *testing.T) {
	t.Parallel()
	r := oracle.Record{Ports: []oracle.Port{{
		ID: "rescued", Direction: porting.PortIn, Stage: porting.Completed, Rescued: true,
		Timeline: told(porting.EventReceived, porting.Received, porting.EventEscalated, porting.Active, porting.EventVerified, porting.Completed),
	}}}
	require.Empty(t, oracle.Judge(r)[7].Breaches)
	r.Ports[0].Rescued = false
	require.NotEmpty(t, oracle.Judge(r)[7].Breaches)
}

// What the ledger never heard of holds nothing, and nobody can end it.
func TestAnUnclaimedPortLeavesACode(t *testing.T) {
	t.Parallel()
	r := good()
	r.Ports = append(r.Ports, oracle.Port{ID: "early", Direction: porting.PortIn, Outcome: porting.OutcomeCancelled, Unclaimed: true, Secrets: 1})
	for _, found := range oracle.Judge(r) {
		require.Empty(t, found.Breaches, found.Law)
	}
	r.Ports[len(r.Ports)-1].Unclaimed = false
	require.NotEmpty(t, oracle.Judge(r)[4].Breaches)
}

func TestEveryLawCanBeBroken(t *testing.T) {
	t.Parallel()
	type spoilt struct {
		name, law, says string
		spoil           func(*oracle.Record)
	}
	const (
		revocation = "no activation after an acknowledged revocation"
		alone      = "no number in two open ports"
		single     = "one effect per step"
		unknown    = "an unknown outcome is looked up before it is sent again"
		undo       = "exact undo"
		notice     = "every demanded notice before effectuation"
		clock      = "no lost clock"
		legal      = "legal transitions only"
		replays    = "every history replays"
		forged     = "forged news are refused"
		whole      = "the audit log is whole"
		canary     = "no canary in the clear"
		converges  = "nothing is lost, and everything converges"
	)
	broken := map[string]bool{}
	for _, c := range []spoilt{
		{"an activation after the acknowledgement", revocation, "activation asked 1s after", func(r *oracle.Record) {
			r.Revocations[1] = oracle.Revocation{Port: "reversed", Acked: at(4), Closed: true}
		}},
		{"a completed port that was revoked", revocation, "completed, though", func(r *oracle.Record) {
			r.Revocations[0] = oracle.Revocation{Port: "moved", Acked: at(5), Closed: true}
		}},
		{"a port-out that was revoked and goes on", revocation, "never taken back", func(r *oracle.Record) {
			r.Ports = append(r.Ports, oracle.Port{ID: "out", Direction: porting.PortOut, Stage: porting.Answered, WaitingOn: porting.WaitingCarrier, Open: true})
			r.Effects = append(r.Effects, did(9, "out", simulator.PortOutApproved, "out/1/approve"))
			r.Revocations = append(r.Revocations, oracle.Revocation{Port: "out", Acked: at(9), Taken: true})
		}},
		{"two ports at once", alone, "moved and waits", func(r *oracle.Record) { r.Tenures[1].From = at(59) }},
		{"two ports for ever", alone, "revoked and other", func(r *oracle.Record) {
			r.Tenures[2].To = time.Time{}
			r.Tenures = append(r.Tenures, oracle.Tenure{Number: "m", Port: "other", From: at(90)})
		}},
		{"two submissions", single, "submitted more than once", func(r *oracle.Record) {
			r.Effects = slices.Insert(r.Effects, 1, did(2, "moved", simulator.Submitted, "moved/1/submit-again"))
		}},
		{"one key for two things", single, "did two things", func(r *oracle.Record) { r.Effects[2].Key = "moved/1/submit" }},
		{"sent again without a look", unknown, "before the order was read", func(r *oracle.Record) { r.Calls = slices.Delete(r.Calls, 1, 2) }},
		{"sent again after a look without an answer", unknown, "before the order was read", func(r *oracle.Record) { r.Calls[1].Answered = false }},
		{"completed and never activated", undo, "the last thing at the carrier is activation-asked", func(r *oracle.Record) { r.Effects = slices.Delete(r.Effects, 3, 4) }},
		{"completed and cancelled before", undo, "asked to undo", func(r *oracle.Record) {
			r.Effects = slices.Insert(r.Effects, 2, did(2, "moved", simulator.CancelAsked, "moved/1/cancel"))
		}},
		{"revoked and left with the carrier", undo, "is cancel-asked", func(r *oracle.Record) { r.Effects = slices.Delete(r.Effects, 6, 7) }},
		{"revoked and moved", undo, "the numbers moved", func(r *oracle.Record) {
			r.Effects = append(r.Effects, did(20, "revoked", simulator.Activated, ""))
		}},
		{"reversed and still with us", undo, "is reversal-asked", func(r *oracle.Record) { r.Effects = r.Effects[:len(r.Effects)-1] }},
		{"disputed and never moved", undo, "never moved", func(r *oracle.Record) { r.Ports[1].Outcome = porting.OutcomeDisputed }},
		{"ended and holding numbers", undo, "holds 1 numbers", func(r *oracle.Record) { r.Ports[0].Holds = 1 }},
		{"ended and keeping secrets", undo, "1 secrets", func(r *oracle.Record) { r.Ports[0].Secrets = 1 }},
		{"undone twice", undo, "undone twice: cancel the order", func(r *oracle.Record) { r.Ports[1].Undone[1].Note = "cancel the order" }},
		{"a notice that nobody accepted", notice, "moved", func(r *oracle.Record) { r.Mails = r.Mails[2:] }},
		{"a notice that came after", notice, "moved", func(r *oracle.Record) { r.Mails[0].At = at(8) }},
		{"no notice at all", notice, "reversed", func(r *oracle.Record) { r.Notices = r.Notices[:1] }},
		{"no timer", clock, "no timer runs", func(r *oracle.Record) { r.Ports[3].Timers = 0 }},
		{"a date that is over", clock, "was due 1m40s ago", func(r *oracle.Record) { r.Ports[3].DueAt = at(200) }},
		{"a move that is not in the table", legal, "activated in verifying", func(r *oracle.Record) {
			r.Ports[3].Timeline = told(
				porting.EventReceived, porting.Received, porting.EventAccepted, porting.Screening, porting.EventScreened, porting.Verifying, porting.EventActivated, porting.Active,
			)
		}},
		{"a stage that no move leads to", legal, "and it says active", func(r *oracle.Record) { r.Ports[3].Timeline[1].Stage = porting.Active }},
		{"a history that does not replay", replays, "nondeterministic", func(r *oracle.Record) { r.Replays[0].Fault = "nondeterministic" }},
		{"forged news that were taken", forged, "200", func(r *oracle.Record) { r.Forged[0].Status = 200 }},
		{"a leaf that is gone", whole, "leaf 7", func(r *oracle.Record) { r.Log = []string{"leaf 7 is gone"} }},
		{"a name in the clear", canary, "ledger.db", func(r *oracle.Record) { r.Canaries = []string{"a name in ledger.db"} }},
		{"a port that stands still", converges, "waits: submitted", func(r *oracle.Record) {
			r.Ports[3].Stage, r.Ports[3].WaitingOn = porting.Submitted, porting.WaitingCarrier
		}},
		{"decisions that are void for ever", converges, "in vain: 5 times", func(r *oracle.Record) {
			for range 5 {
				r.Ports[3].Timeline = append(r.Ports[3].Timeline, told(porting.EventApproved, porting.Submitting, porting.EventApprovalVoid, porting.Verifying)...)
			}
		}},
		{"a port whose saga is gone", converges, "open false", func(r *oracle.Record) { r.Ports[3].Open = false }},
		{"an end whose workflow runs", converges, "open true", func(r *oracle.Record) { r.Ports[0].Open = true }},
		{"a port that does not answer", converges, "deadline", func(r *oracle.Record) { r.Ports[0].Unread = "deadline exceeded" }},
		{"a port that is not there", converges, "there is no such port", func(r *oracle.Record) { r.Started = append(r.Started, "lost") }},
	} {
		broken[c.law] = true
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := good()
			c.spoil(&r)
			for _, found := range oracle.Judge(r) {
				if found.Law != c.law {
					require.Empty(t, found.Breaches, found.Law)
					continue
				}
				require.Len(t, found.Breaches, 1)
				require.Contains(t, found.Breaches[0], c.says)
			}
		})
	}
	for _, law := range oracle.Laws {
		require.True(t, broken[law.Name], "no record breaks the law %q", law.Name)
	}
}

// A rescue begins anew, and an answered port-out may wait for whoever asked.
func TestWhatIsAllowed(t *testing.T) {
	t.Parallel()
	r := good()
	r.Ports = append(r.Ports, oracle.Port{
		ID: "rescued", Direction: porting.PortIn, Stage: porting.RollingBack, Outcome: porting.OutcomeCancelled,
		Timeline: told(porting.EventReceived, porting.Received, porting.EventNote, porting.Received, porting.EventCancelled, porting.RollingBack),
	}, oracle.Port{
		ID: "leaves", Direction: porting.PortOut, Stage: porting.Answered, WaitingOn: porting.WaitingCarrier, Open: true, DueAt: at(9000), Timers: 1,
	})
	for _, found := range oracle.Judge(r) {
		require.Empty(t, found.Breaches, found.Law)
	}
}
