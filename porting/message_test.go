package porting_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/portsaga/portsaga/porting"
)

var start = time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)

func input() porting.PortInput {
	return porting.PortInput{ID: "pi-test", Order: porting.Order{
		Reference: "ORDER-1", Version: 1, SubmittedBy: "sue@shop", Numbers: []porting.Number{"+12025550123", "+12025550124"},
		Account: porting.Account{Number: "1111", BTN: "+12025550100"}, Subscriber: porting.Subscriber{Name: "Old Name"},
	}}
}

func portIn(stage porting.Stage) *porting.Port {
	p := porting.NewPort(input())
	p.Stage = stage
	return p
}

func TestCheck(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 201)
	decide := porting.Decide{Decision: porting.Approve, By: "ana@desk"}
	deciding := func(change func(*porting.Decide)) porting.Decide {
		d := decide
		change(&d)
		return d
	}
	for _, c := range []struct {
		name  string
		stage porting.Stage
		msg   any
		code  string
		kind  porting.Kind
	}{
		{name: "approve", stage: porting.Verifying, msg: decide},
		{name: "reject with a reason", stage: porting.Verifying, msg: porting.Decide{Decision: porting.Reject, By: "ana@desk", Reason: porting.SuspectedFraud}},
		{"no decision", porting.Verifying, porting.Decide{By: "ana@desk"}, "decision-unknown", porting.Invalid},
		{"unknown decision", porting.Verifying, deciding(func(d *porting.Decide) { d.Decision = "APPROVE" }), "decision-unknown", porting.Invalid},
		{"decision of nobody", porting.Verifying, deciding(func(d *porting.Decide) { d.By = "" }), "by-missing", porting.Invalid},
		{"decision of a very long name", porting.Verifying, deciding(func(d *porting.Decide) { d.By = long }), "by-missing", porting.Invalid},
		{"decision before its time", porting.Screening, decide, "port-not-deciding", porting.Refused},
		{"decision too late", porting.Submitted, decide, "port-not-deciding", porting.Refused},
		{"decision in the rollback", porting.RollingBack, decide, "port-not-deciding", porting.Refused},
		{name: "decision on this stage", stage: porting.Verifying, msg: deciding(func(d *porting.Decide) { d.Stage = porting.Verifying })},
		{"decision on another stage", porting.Verifying, deciding(func(d *porting.Decide) { d.Stage = porting.Active }), "stage-moved-on", porting.Refused},
		{name: "decision on this version", stage: porting.Verifying, msg: deciding(func(d *porting.Decide) { d.OrderVersion = 1 })},
		{"decision on a version that moved on", porting.Verifying, deciding(func(d *porting.Decide) { d.OrderVersion = 2 }), "order-moved-on", porting.Refused},
		{"decision of the submitter", porting.Verifying, deciding(func(d *porting.Decide) { d.By = "sue@shop" }), "submitter-may-not-decide", porting.Refused},

		{name: "revoke at once", stage: porting.Received, msg: porting.Revoke{By: "ben@care"}},
		{name: "revoke while activating", stage: porting.Activating, msg: porting.Revoke{By: "ben@care"}},
		{name: "revoke in the rollback", stage: porting.RollingBack, msg: porting.Revoke{By: "ben@care"}},
		{"revoke by nobody", porting.Submitted, porting.Revoke{}, "by-missing", porting.Invalid},

		{name: "amend", stage: porting.Exception, msg: porting.Amend{By: "ana@desk", AccountNumber: "4412-77"}},
		{"amend by nobody", porting.Exception, porting.Amend{AccountNumber: "4412-77"}, "by-missing", porting.Invalid},
		{"amend without an exception", porting.Submitted, porting.Amend{By: "ana@desk"}, "port-not-in-exception", porting.Refused},

		{name: "note", stage: porting.RollingBack, msg: porting.Note{By: "ana@desk", Text: "called the donor"}},
		{name: "longest note", stage: porting.Received, msg: porting.Note{By: "ana@desk", Text: strings.Repeat("x", 1000)}},
		{"empty note", porting.Received, porting.Note{By: "ana@desk"}, "note-length", porting.Invalid},
		{"endless note", porting.Received, porting.Note{By: "ana@desk", Text: strings.Repeat("x", 1001)}, "note-length", porting.Invalid},
		{"note of nobody", porting.Received, porting.Note{Text: "hello"}, "by-missing", porting.Invalid},

		{name: "carrier event", stage: porting.Submitted, msg: porting.CarrierEvent{}},
		{"carrier event of a very long name", porting.Submitted, porting.CarrierEvent{By: long}, "field-length", porting.Invalid},
		{"carrier event of a very long carrier", porting.Submitted, porting.CarrierEvent{Carrier: long}, "field-length", porting.Invalid},
		{"carrier event with an answer before there is a carrier", porting.Submitted, porting.CarrierEvent{Statement: []byte("{}")}, "no-desk-here", porting.Refused},
		{"carrier event that signs nothing", porting.Submitted, porting.CarrierEvent{Signature: "armor"}, "statement-missing", porting.Invalid},
		{"carrier event with a very long answer", porting.Submitted, porting.CarrierEvent{Statement: make([]byte, porting.MaxStatement+1)}, "field-length", porting.Invalid},
		{"carrier event with a very long hint", porting.Submitted, porting.CarrierEvent{Hint: long}, "field-length", porting.Invalid},

		{"a stranger", porting.Submitted, 42, "message-unknown", porting.Invalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := portIn(c.stage)
			err := p.Check(c.msg)
			require.Equal(t, c.code, porting.CodeOf(err))
			require.Equal(t, portIn(c.stage), p, "a check changes nothing")
			if c.code == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, c.kind, porting.KindOf(err))
			require.ErrorContains(t, err, "message to port pi-test: ")

			p.End(porting.OutcomeRevoked, porting.AuthorizationRevoked)
			require.Equal(t, "port-closed", porting.CodeOf(p.Check(c.msg)), "a port that has ended takes nothing")
		})
	}
}

func TestCheckOfAClosedPort(t *testing.T) {
	t.Parallel()
	p := portIn(porting.Completed)
	p.End(porting.OutcomeCompleted, "")
	require.True(t, p.Closed())
	for _, msg := range messages {
		err := p.Check(msg)
		require.Equal(t, "port-closed", porting.CodeOf(err), "%T", msg)
		require.Equal(t, 3, porting.ExitCode(err))
	}
}

// messages has one of each kind, all with the same ID.
var messages = []any{
	porting.Decide{ID: "m-1", Decision: porting.Approve, By: "ana@desk"},
	porting.Revoke{ID: "m-1", By: "ben@care"},
	porting.Amend{ID: "m-1", By: "ana@desk", AccountNumber: "4412-77"},
	porting.Note{ID: "m-1", By: "ana@desk", Text: "called"},
	porting.CarrierEvent{ID: "m-1", By: "webhook"},
}

func TestReceiveDecide(t *testing.T) {
	t.Parallel()
	p := portIn(porting.Verifying)
	answer := p.Receive(porting.Decide{ID: "d-1", Decision: porting.Reject, By: "ana@desk", Reason: porting.SuspectedFraud}, start)

	require.Equal(t, porting.Answer{ID: "pi-test", Accepted: true, Stage: porting.Verifying, Says: "decision recorded: reject"}, answer)
	require.Equal(t, []porting.Decision{{
		ID: "d-1", Decision: porting.Reject, By: "ana@desk", At: start, Stage: porting.Verifying,
		OrderVersion: 1, Reason: porting.SuspectedFraud,
	}}, p.Decisions)
	require.Equal(t, []porting.Entry{{At: start, Stage: porting.Verifying, Event: porting.EventDecision, Actor: "ana@desk", Note: "reject (unsigned)"}}, p.Timeline)
	require.Equal(t, porting.Verifying, p.Stage, "the saga moves the port, not the message")
}

func TestReceiveRevoke(t *testing.T) {
	t.Parallel()
	p := portIn(porting.Submitted)
	require.Equal(t, "revoked", p.Receive(porting.Revoke{By: "ben@care"}, start).Says)
	require.Equal(t, &porting.Revoke{By: "ben@care", Reason: porting.AuthorizationRevoked}, p.Revocation)

	again := p.Receive(porting.Revoke{By: "eve", Reason: porting.UnauthorisedPort}, start)
	require.Equal(t, "revoked before; the rollback is under way", again.Says)
	require.Equal(t, "ben@care", p.Revocation.By, "the first revocation stays")

	p = portIn(porting.Active)
	p.Receive(porting.Revoke{By: "ben@care", Reason: porting.UnauthorisedPort}, start)
	require.Equal(t, porting.UnauthorisedPort, p.Revocation.Reason)
}

func TestReceiveAmend(t *testing.T) {
	t.Parallel()
	p := portIn(porting.Exception)
	before := p.Order
	answer := p.Receive(porting.Amend{By: "ana@desk", AccountNumber: "4412-77"}, start)

	require.Equal(t, "amended: order version 2", answer.Says)
	require.Equal(t, porting.Ref{Port: "pi-test", Version: 2}, p.Ref())
	require.Equal(t, 1, p.Amendments)
	require.Equal(t, "ana@desk", p.AmendedBy)
	want := before
	want.Version, want.Account.Number = 2, "4412-77"
	require.Equal(t, want, p.Order, "only what is set changes")

	address := porting.Address{Street: "1 New Street", Region: "NY"}
	p.Receive(porting.Amend{By: "ben@desk", BTN: "+12025550199", Name: "New Name", Address: &address, CodeRef: "vault:2", DueDate: "2026-02-01"}, start)
	want.Version, want.Account.BTN, want.Subscriber.Name, want.Subscriber.Address = 3, "+12025550199", "New Name", address
	want.Authorization.CodeRef, want.Wishes.DueDate = "vault:2", "2026-02-01"
	require.Equal(t, want, p.Order)
	require.Equal(t, "ben@desk", p.AmendedBy)
}

func TestReceiveNoteAndCarrierEvent(t *testing.T) {
	t.Parallel()
	p := portIn(porting.Submitted)
	require.Equal(t, "noted", p.Receive(porting.Note{By: "ana@desk", Text: "called"}, start).Says)
	require.Equal(t, []porting.Entry{{At: start, Stage: porting.Submitted, Event: porting.EventNote, Actor: "ana@desk", Note: "called"}}, p.Timeline)

	require.Equal(t, "heard; the carrier is read back", p.Receive(porting.CarrierEvent{Hint: "port.confirmed"}, start).Says)
	require.Equal(t, 1, p.CarrierHints)
	require.Len(t, p.Timeline, 1, "nothing in a hint is believed")

	require.Equal(t, "nothing to do", p.Receive(42, start).Says)
}

func TestReceiveOncePerID(t *testing.T) {
	t.Parallel()
	for _, msg := range messages {
		p := portIn(porting.Verifying)
		first := p.Receive(msg, start)
		after := *p
		again := p.Receive(msg, start.Add(time.Hour))
		require.Equal(t, after, *p, "%T received twice", msg)
		require.True(t, again.Accepted)
		require.NotEqual(t, first.Says, again.Says)
		require.Equal(t, "received before; nothing changes", again.Says)
	}
}

// Who sends a message again learns that it was received, also where it could not be sent for the first time any more.
func TestCheckPassesWhatWasReceived(t *testing.T) {
	t.Parallel()
	amend := porting.Amend{ID: "a-1", By: "ana@desk", AccountNumber: "4412-77"}
	p := portIn(porting.Exception)
	p.Receive(amend, start)
	p.Stage = porting.Screening
	require.NoError(t, p.Check(amend))
	amend.ID = "a-2"
	require.Equal(t, "port-not-in-exception", porting.CodeOf(p.Check(amend)))
	amend.ID = ""
	require.Equal(t, "port-not-in-exception", porting.CodeOf(p.Check(amend)))
}

// A stream of messages and the same stream with any of them repeated later lead to the same port.
func TestReceiveIsIdempotentByID(t *testing.T) {
	t.Parallel()
	by := rapid.SampledFrom([]string{"ana@desk", "ben@care"})
	message := rapid.Custom(func(t *rapid.T) any {
		id := rapid.StringMatching(`m-[0-9]{1,2}`).Draw(t, "id")
		switch rapid.IntRange(0, 4).Draw(t, "kind") {
		case 0:
			return porting.Decide{ID: id, By: by.Draw(t, "by"), Decision: rapid.SampledFrom([]string{porting.Approve, porting.Reject}).Draw(t, "decision")}
		case 1:
			return porting.Revoke{ID: id, By: by.Draw(t, "by")}
		case 2:
			return porting.Amend{ID: id, By: by.Draw(t, "by"), AccountNumber: rapid.StringMatching(`[0-9]{4}`).Draw(t, "account")}
		case 3:
			return porting.Note{ID: id, By: by.Draw(t, "by"), Text: rapid.StringMatching(`[a-z ]{1,9}`).Draw(t, "text")}
		default:
			return porting.CarrierEvent{ID: id}
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		once, repeated := portIn(porting.Verifying), portIn(porting.Verifying)
		sent := rapid.SliceOfN(message, 1, 20).Draw(t, "messages")
		for i, m := range sent {
			at := start.Add(time.Duration(i) * time.Minute)
			once.Receive(m, at)
			repeated.Receive(m, at)
			for range rapid.IntRange(0, 2).Draw(t, "repeats") {
				repeated.Receive(sent[rapid.IntRange(0, i).Draw(t, "which")], at.Add(time.Second))
			}
		}
		require.Equal(t, once, repeated)
	})
}

func TestMessageDocsCanBeSent(t *testing.T) {
	t.Parallel()
	stage := map[string]porting.Stage{
		porting.MsgDecide: porting.Verifying, porting.MsgAmend: porting.Exception,
		porting.MsgHold: porting.Confirmed, porting.MsgResume: porting.OnHold, porting.MsgExtend: porting.Verifying,
	}
	for _, doc := range porting.MessageDocs {
		msg := decode(t, doc)
		require.NoError(t, portIn(stage[doc.Name]).Check(msg), "the example of %s", doc.Name)
		require.NotEmpty(t, doc.Description)
	}
}
