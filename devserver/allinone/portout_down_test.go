package allinone

import (
	"database/sql"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
)

// thirtySeconds makes half a minute of the thirty minutes in which a wireless carrier in the United States answers: time enough
// for the retries of steps, which live in real time.
func thirtySeconds(now time.Time) porting.Clock {
	return porting.Clock{Scale: 60, RealStart: now, BusinessStart: time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC)}
}

// hasty is a counterparty that does not wait for us any longer than the rules make it.
const hasty = "silence: 30m\nactivates: 5m\ncancel_after: 5m\n"

// siege is a port-out on a stack of its own, and what happens around it.
type siege struct {
	*testing.T
	*Stack
	options Options
	asks    simulator.PortOut
}

func newSiege(t *testing.T, number porting.Number) *siege {
	t.Helper()
	s := &siege{T: t, options: Options{Dir: t.TempDir(), Clock: thirtySeconds, Fast: true}}
	s.up()
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	s.asks = simulator.PortOut{Scenario: "hasty", Request: porting.PortOutRequest{
		ID: "WPR-" + t.Name(), Kind: porting.KindWireless, Country: "US", Numbers: []porting.Number{number},
		Recipient: porting.Party{Name: "Other Mobile", SPID: "OM"}, Donor: porting.Party{Name: "Acme Mobile", SPID: "AC"},
	}}
	return s
}

// up starts everything in the same directory and the same business time.
func (s *siege) up() {
	s.Helper()
	stack, err := Start(s.Context(), s.options)
	require.NoError(s, err)
	s.Stack = stack
	s.options.Clock = func(time.Time) porting.Clock { return stack.Clock }
	says, err := simulator.ParsePortOutScenario("hasty", []byte(hasty))
	require.NoError(s, err)
	stack.Carrier.LearnPortOut(says)
}

func (s *siege) ask() string {
	s.Helper()
	require.NoError(s, s.Carrier.SendPortOut(s.asks))
	request := s.asks.Request
	request.Carrier = "simulator"
	return request.PortID()
}

// until waits for a state of the port.
func (s *siege) until(id string, reached func(porting.Status) bool) (seen porting.Status) {
	s.Helper()
	require.Eventually(s, func() bool {
		status, err := s.Ports.Status(s.Context(), id)
		seen = status
		return err == nil && reached(status)
	}, patience, glance)
	return seen
}

// passes waits for an instant of business time.
func (s *siege) passes(at time.Time) {
	s.Helper()
	require.Eventually(s, func() bool { return !s.Clock.Business(time.Now()).Before(at) }, patience, glance)
}

// lockLedger makes the ledger unavailable to whoever writes, until it is let go.
func (s *siege) lockLedger() (letGo func()) {
	s.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.options.Dir, "ledger.db")+"?_txlock=exclusive&_pragma=busy_timeout(10000)")
	require.NoError(s, err)
	tx, err := db.Begin()
	require.NoError(s, err)
	letGo = func() {
		_ = tx.Rollback() // it was let go before
		_ = db.Close()
	}
	s.Cleanup(letGo)
	return letGo
}

func answered(p porting.Status) bool { return p.Leaving != nil && p.Leaving.Answer != nil }

// requireInTime checks that our answer was there before the counterparty's silence.
func (s *siege) requireInTime(p porting.Status, by time.Time) {
	s.Helper()
	i := slices.IndexFunc(p.Timeline, func(e porting.Entry) bool { return e.Event == porting.EventAnswered })
	require.GreaterOrEqual(s, i, 0)
	require.True(s, p.Timeline[i].At.Before(by), "answered at %s, due by %s", p.Timeline[i].At, by)
	for _, e := range p.Timeline {
		require.NotEqual(s, porting.EventBreached, e.Event)
	}
	require.Equal(s, []string{simulator.PortOutApproved}, s.given())
}

// given are the answers that the counterparty has from us.
func (s *siege) given() (names []string) {
	for _, e := range s.Carrier.Effects() {
		if e.Ref.Port == s.asks.Request.ID {
			names = append(names, e.Effect)
		}
	}
	return names
}

// movedLately makes the number one that people are asked about.
func (s *siege) movedLately() {
	s.Helper()
	number := s.asks.Request.Numbers[0]
	before := ledger.Claim{
		PortID: "pi-before", Direction: porting.PortIn, At: s.Clock.BusinessStart.AddDate(0, 0, -1),
		Numbers: []ledger.NumberClaim{{Token: s.neighbours.Vault.LockToken(number), Masked: number.String()}},
	}
	_, err := s.neighbours.Ledger.Claim(s.Context(), before)
	require.NoError(s, err)
	require.NoError(s, s.neighbours.Ledger.Release(s.Context(), before.PortID, porting.OutcomeCompleted, before.At))
}

// deciding brings a port-out to where people decide, and says until when the answer is due.
func (s *siege) deciding() (id string, by time.Time) {
	s.Helper()
	s.movedLately()
	id = s.ask()
	waits := s.until(id, func(p porting.Status) bool { return p.Stage == porting.Deciding })
	require.Equal(s, porting.WaitingApprover, waits.WaitingOn, "a number that moved lately wants a person")
	return id, *waits.Leaving.AnswerBy
}

// Engine, worker, ledger and carrier are away for most of the time that an answer has: after the restart it goes out in time.
func TestAPortOutIsAnsweredAfterARestart(t *testing.T) {
	t.Parallel()
	s := newSiege(t, "+14155550141")
	id, by := s.deciding()
	require.NoError(t, s.Stop())
	s.passes(by.Add(-10 * time.Minute)) // of thirty
	s.up()
	p := s.until(id, answered)
	require.Equal(t, "policy", p.Leaving.Answer.By)
	s.requireInTime(p, by)
}

// The ledger is away for most of the time: the answer goes out in time all the same.
func TestAPortOutIsAnsweredAfterTheLedgerWasAway(t *testing.T) {
	t.Parallel()
	s := newSiege(t, "+14155550142")
	id, by := s.deciding()
	letGo := s.lockLedger()
	s.passes(by.Add(-6 * time.Minute))
	require.Empty(t, s.given())
	letGo()
	s.requireInTime(s.until(id, answered), by)
}

// Everything is away past the limit: the breach is written down at its own instant and alarmed, and the number, whose
// subscriber had said no, is ported back.
func TestAPortOutThatNobodyCouldAnswerComesBack(t *testing.T) {
	takesMinutes(t)
	t.Parallel()
	s := newSiege(t, "+14155550143")
	id, by := s.deciding()
	_, err := s.Ports.Hold(t.Context(), id, porting.Hold{By: "ana@desk", Why: "the subscriber is asked"})
	require.NoError(t, err)
	_, err = s.Ports.Reply(t.Context(), id, porting.CustomerReply{By: "subscriber", Reply: porting.ReplyNo})
	require.NoError(t, err)
	require.Empty(t, s.given(), "it is on hold")
	require.NoError(t, s.Stop())

	s.passes(by.Add(time.Minute))
	s.up()
	p := s.until(id, func(p porting.Status) bool { return p.Leaving.PortBack != "" })
	require.Empty(t, s.given(), "the counterparty did not wait")
	i := slices.IndexFunc(p.Timeline, func(e porting.Entry) bool { return e.Event == porting.EventBreached })
	require.GreaterOrEqual(t, i, 0, "%v", p.Timeline)
	require.WithinDuration(t, by, p.Timeline[i].At, time.Second, "at its own instant")
	require.Equal(t, porting.AuthorizationRevoked, p.Leaving.Answer.Reason, "what our answer would have been")
	require.Empty(t, s.Carrier.Released(id), "it works here until it is back")
	_, err = s.Ports.Status(t.Context(), p.Leaving.PortBack)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		found, err := s.Ports.List(t.Context(), starter.Filter{NeedsAttention: true})
		return err == nil && slices.ContainsFunc(found, func(f starter.Summary) bool { return f.ID == id })
	}, patience, glance, "operators find it")
}
