package worker_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	sdk "go.temporal.io/sdk/worker"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/carrier/manual"
	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/approval/approvaltest"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/internal/vault"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// letterbox keeps the mails to a carrier's desk.
type letterbox struct {
	mu    sync.Mutex
	mails []string // their IDs
	loses bool     // every acknowledgement, once
}

func (l *letterbox) Send(_ context.Context, m notify.Message) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := slices.Contains(l.mails, m.ID)
	l.mails = append(l.mails, m.ID)
	if l.loses && !before {
		return "", errors.New("the server hung up")
	}
	return "", nil
}

// deskSaga is a saga with its real steps, through a carrier that people work with.
type deskSaga struct {
	downDesk
	books   *ledger.Ledger
	gateway *manual.Gateway
	people  *approvaltest.Desk
	mail    *letterbox
}

func newDeskSaga(t *testing.T) deskSaga {
	t.Helper()
	dir := t.TempDir()
	n, err := worker.Open(t.Context(), worker.Settings{
		Ledger: filepath.Join(dir, "ledger.db"), KeyFile: filepath.Join(dir, "key"), CreateKey: true, Carrier: "simulator", CarrierURL: "http://127.0.0.1:1", Trusted: true,
	})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, n.Close()) })
	keys, err := vault.Load(filepath.Join(dir, "key"))
	require.NoError(t, err)
	s := deskSaga{books: n.Ledger, people: approvaltest.NewDesk(t), mail: &letterbox{}}
	s.people.Grant("ana", approval.RoleDesk)
	s.gateway = &manual.Gateway{
		Profile: manual.Profile{Name: "old-bell", Email: "ports@old-bell.example", Language: "en", OnDemand: true, AnswerWithin: 8 * time.Hour},
		Book:    &manual.Book{Books: n.Ledger, Vault: keys, Registry: s.people.Keeper()}, Mail: s.mail, Now: time.Now,
	}
	n.Carriers["old-bell"] = s.gateway
	suite := &testsuite.WorkflowTestSuite{}
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	s.downDesk = downDesk{T: t, env: suite.NewTestWorkflowEnvironment(), port: porting.PortID(porting.PortIn, "default", "DESK-1")}
	s.env.SetWorkerOptions(sdk.Options{DeadlockDetectionTimeout: time.Minute}) // the machine may be busy
	worker.Register(s.env, n.Activities)
	s.env.SetTestTimeout(time.Minute)
	s.env.SetStartTime(time.Now())
	s.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: s.port, TaskQueue: "portsaga"})
	return s
}

func (s deskSaga) run() {
	s.env.ExecuteWorkflow(porting.WorkflowPortIn, porting.PortInput{ID: s.port, Order: porting.Order{
		Tenant: "default", Reference: "DESK-1", Version: 1, Kind: porting.KindWireless, Country: "US", Carrier: "old-bell", Numbers: []porting.Number{"+12125550123"},
		Donor: porting.Party{Name: "Hudson Wireless", SPID: "1234"}, Recipient: porting.Party{Name: "Acme Voice", SPID: "567A"},
		Subscriber:    porting.Subscriber{Name: "Jordan Example", Address: porting.Address{Street: "1 Example Plaza", City: "New York", Region: "NY", PostalCode: "10001"}},
		Account:       porting.Account{Number: "4412-77"},
		Authorization: porting.Authorization{Kind: "consent", SignedAt: time.Now().Add(-time.Hour)}, SubmittedBy: "ana@desk",
	}})
	require.True(s, s.env.IsWorkflowCompleted())
	require.NoError(s, s.env.GetWorkflowError())
}

func (s deskSaga) after(minutes int, do func()) {
	s.env.RegisterDelayedCallback(do, time.Duration(minutes)*time.Minute)
}

func (s deskSaga) approve() {
	s.env.SignalWorkflow(porting.MsgDecide, porting.Decide{Decision: porting.Approve, By: "ben@approvals"})
}

// answer is ana's signed word, and the hint that there is one.
func (s deskSaga) answer(step string, says manual.Says) {
	s.Helper()
	said := s.signed("ana", step, says)
	_, err := s.gateway.Book.Take(s.Context(), said.Statement, said.Signature, "ana")
	require.NoError(s, err)
	s.hint()
}

// signed is what somebody pastes into the Web UI as the body of a carrier-event.
func (s deskSaga) signed(who, step string, says manual.Says) porting.CarrierEvent {
	s.Helper()
	statement, err := s.gateway.Book.Draft(s.Context(), s.port+"/1/"+step, says, time.Hour)
	require.NoError(s, err)
	signature, err := approval.SignDeskAnswer(s.people.Key(who), statement)
	require.NoError(s, err)
	return porting.CarrierEvent{Statement: statement, Signature: signature}
}

func (s deskSaga) hint() {
	s.env.SignalWorkflow(porting.MsgCarrierEvent, porting.CarrierEvent{By: "ana", Carrier: "old-bell", Hint: "desk"})
}

func (s deskSaga) events() []porting.Event {
	var events []porting.Event
	for _, e := range s.status().Timeline {
		events = append(events, e.Event)
	}
	return events
}

func (s deskSaga) notes(event porting.Event) []string {
	var notes []string
	for _, e := range s.status().Timeline {
		if e.Event == event {
			notes = append(notes, e.Note)
		}
	}
	return notes
}

// update sends a carrier-event and notes how it was answered: "taken", or with which code it was refused.
func (s deskSaga) update(e porting.CarrierEvent, answers *[]string) {
	s.env.UpdateWorkflow(porting.MsgCarrierEvent, "", &testsuite.TestUpdateCallback{
		OnAccept: func() {}, OnReject: func(err error) { require.NoError(s, err) },
		OnComplete: func(_ any, err error) {
			answer := "taken"
			if no, refused := errors.AsType[*temporal.ApplicationError](err); refused {
				answer = no.Type()
			}
			*answers = append(*answers, answer)
		},
	}, e)
}

// A port goes through people from its order to its end: what they do is on its page, and what they sign moves it.
func TestAPortThroughTheManualDesk(t *testing.T) {
	t.Parallel()
	s := newDeskSaga(t)
	s.after(1, s.approve)
	s.after(10, func() {
		require.Equal(t, porting.Submitted, s.status().Stage)
		require.Contains(t, s.status().Task, "the order was mailed; get the carrier's word, and answer by")
		s.answer("submit", manual.Says{State: carrier.StateConfirmed, FOC: time.Now()})
	})
	s.after(30, func() {
		require.Equal(t, porting.Activating, s.status().Stage, "asked is not done")
		require.Contains(t, s.status().Task, "the activation was mailed")
		s.answer("activate", manual.Says{State: carrier.StateActive})
	})
	s.run()
	end := s.status()
	require.Equal(t, porting.OutcomeCompleted, end.Outcome)
	require.Equal(t, porting.NumberMoved, end.Numbers[0].Status)
	require.Empty(t, end.Task)
	require.Equal(t, []string{s.port + "/1/submit", s.port + "/1/activate"}, s.mail.mails)
}

// Every mail is taken and its acknowledgement lost, once: the same mail goes again, and is one order and one activation.
func TestLostAcknowledgementsThroughTheManualDesk(t *testing.T) {
	t.Parallel()
	s := newDeskSaga(t)
	s.mail.loses = true
	s.after(1, s.approve)
	s.after(20, func() { s.answer("submit", manual.Says{State: carrier.StateConfirmed, FOC: time.Now()}) })
	s.after(60, func() { s.answer("activate", manual.Says{State: carrier.StateActive}) })
	s.run()
	require.Equal(t, porting.OutcomeCompleted, s.status().Outcome)
	submit, activate := s.port+"/1/submit", s.port+"/1/activate"
	require.Equal(t, []string{submit, submit, activate, activate}, s.mail.mails)
	book, err := s.books.DeskBook(t.Context(), s.port)
	require.NoError(t, err)
	require.Len(t, book.Tasks, 2)
}

// A hint is no answer, and neither is a row in the database that nobody signed: the port is parked, says so, and goes on when a
// person of the desk has signed how it stands.
func TestTheSagaBelievesNothingButTheSignedBook(t *testing.T) {
	t.Parallel()
	s := newDeskSaga(t)
	s.after(1, s.approve)
	s.after(5, s.hint)
	s.after(10, func() {
		require.Equal(t, porting.Submitted, s.status().Stage, "a hint alone moves nothing")
		statement, err := s.gateway.Book.Draft(t.Context(), s.port+"/1/submit", manual.Says{State: carrier.StateActive}, time.Hour)
		require.NoError(t, err)
		forged, err := approval.SignDeskAnswer(s.people.Key("ben"), statement)
		require.NoError(t, err)
		require.NoError(t, s.books.AnswerDeskTask(t.Context(), ledger.DeskAnswer{
			PortID: s.port, Seq: 2, TaskID: s.port + "/1/submit", Statement: statement, Signature: forged, By: "ana", At: time.Now(),
		}))
		s.hint()
	})
	s.after(20, func() {
		require.Equal(t, porting.Submitted, s.status().Stage)
		require.Contains(t, s.events(), porting.EventUnknownState)
		require.Contains(t, s.status().Task, "the book of this order cannot be believed")
		s.answer("submit", manual.Says{State: carrier.StateRejected, Code: "ACCOUNT_NUMBER_MISMATCH"})
	})
	s.after(30, func() {
		require.Equal(t, porting.Exception, s.status().Stage)
		s.env.SignalWorkflow(porting.MsgRevoke, porting.Revoke{By: "ben@care"})
	})
	s.after(60, func() { s.answer("cancel", manual.Says{State: carrier.StateCancelled}) })
	s.run()
	require.Equal(t, porting.OutcomeRevoked, s.status().Outcome)
	require.Equal(t, []string{s.port + "/1/submit", s.port + "/1/cancel"}, s.mail.mails)
}

// What is signed comes with the carrier-event itself, and a bad signature is refused and shown.
func TestAPortThroughSignedCarrierEvents(t *testing.T) {
	t.Parallel()
	s := newDeskSaga(t)
	confirmed := manual.Says{State: carrier.StateConfirmed, FOC: time.Now()}
	var answers []string
	s.after(1, s.approve)
	s.after(10, func() {
		s.env.SignalWorkflow(porting.MsgCarrierEvent, s.signed("ben", "submit", confirmed))
	})
	s.after(20, func() {
		require.Equal(t, porting.Submitted, s.status().Stage, "ben is not of the desk")
		require.Contains(t, s.notes(porting.EventIgnored)[0], "the signer may not answer for carriers")
		tampered := s.signed("ana", "submit", confirmed)
		tampered.Statement = bytes.Replace(tampered.Statement, []byte(`"code":""`), []byte(`"code":"x"`), 1)
		s.env.SignalWorkflow(porting.MsgCarrierEvent, tampered)
		s.env.SignalWorkflow(porting.MsgCarrierEvent, porting.CarrierEvent{Statement: s.signed("ana", "submit", confirmed).Statement})
	})
	s.after(30, func() {
		require.Equal(t, porting.Submitted, s.status().Stage)
		require.Len(t, s.notes(porting.EventIgnored), 3)
		s.env.SignalWorkflow(porting.MsgCarrierEvent, s.signed("ana", "submit", confirmed))
	})
	s.after(50, func() {
		require.Equal(t, porting.Activating, s.status().Stage)
		said := s.signed("ana", "activate", manual.Says{State: carrier.StateActive})
		s.update(s.signed("ben", "activate", manual.Says{State: carrier.StateActive}), &answers)
		s.update(said, &answers)
		s.env.SignalWorkflow(porting.MsgCarrierEvent, said) // again
	})
	s.run()
	require.Equal(t, porting.OutcomeCompleted, s.status().Outcome)
	require.ElementsMatch(t, []string{"not-of-the-desk", "taken"}, answers)
	require.Equal(t, []string{
		"the carrier's answer is in the desk's book: confirmed (signed)", "the carrier's answer is in the desk's book: active (signed)",
		"the carrier's answer is in the desk's book: active (signed)",
	}, s.notes(porting.EventCarrierNews))
	book, err := s.books.DeskBook(t.Context(), s.port)
	require.NoError(t, err)
	require.Len(t, book.Answers, 2, "one a task")
}
