package redteam

import (
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/portsaga/portsaga/devserver/authorizer"
	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/approval/approvaltest"
	"github.com/portsaga/portsaga/porting"
)

// decisions are sent by somebody who may send decisions. No frontend can tell a good one from a bad one: these rows are
// stopped at the same place on both servers.
var decisions = []attack{
	{
		name: "unsigned approval, by update and by signal", reaches: "the saga's check of messages", stock: atSaga,
		token: authorizer.Approver, guarded: atSaga, run: decideUnsigned,
	},
	statement("approval in ben's name, signed with a key of her own", "signer-unknown", func(v *victim, c porting.Challenge) porting.Decide {
		return approvaltest.Sign(v, approvaltest.NewKey(v), approves(c))
	}),
	statement("approval of another deployment", "statement-audience", func(v *victim, c porting.Challenge) porting.Decide {
		return v.signedFor(c, func(s *porting.Statement) { s.Audience = "staging" })
	}),
	statement("approval of another port", "statement-differs", func(v *victim, c porting.Challenge) porting.Decide {
		return v.signedFor(c, func(s *porting.Statement) { s.Port = "pi-another" })
	}),
	statement("approval of a run of before a reset", "statement-differs", func(v *victim, c porting.Challenge) porting.Decide {
		return v.signedFor(c, func(s *porting.Statement) { s.Run = "6d1c5e4c-6f0e-4c8e-9d9c-000000000000" })
	}),
	statement("approval of another version of the order", "decision-void", func(v *victim, c porting.Challenge) porting.Decide {
		return v.signedFor(c, func(s *porting.Statement) { s.OrderVersion = 2 })
	}),
	statement("approval of another stage", "decision-void", func(v *victim, c porting.Challenge) porting.Decide {
		return v.signedFor(c, func(s *porting.Statement) { s.Stage = porting.Active })
	}),
	statement("approval of another order with the same name", "decision-void", func(v *victim, c porting.Challenge) porting.Decide {
		return v.signedFor(c, func(s *porting.Statement) {
			s.OrderDigest = porting.OrderDigest("salt", v.newOrder("RED-0", "+14155550199"))
		})
	}),
	statement("approval of what somebody else was shown", "decision-void", func(v *victim, c porting.Challenge) porting.Decide {
		return v.signedFor(c, func(s *porting.Statement) { s.ShownDigest = porting.Shown{}.Digest() })
	}),
	statement("approval of an earlier screening", "decision-void", func(v *victim, c porting.Challenge) porting.Decide {
		return v.signedFor(c, func(s *porting.Statement) { s.Nonce = "bm9uY2U" })
	}),
	statement("approval under a milder policy", "decision-void", func(v *victim, c porting.Challenge) porting.Decide {
		return v.signedFor(c, func(s *porting.Statement) { s.Policy = porting.Policy{}.Ref("us-wireless@2026-11") })
	}),
	statement("approval that has expired", "statement-expired", func(v *victim, c porting.Challenge) porting.Decide {
		return v.signedFor(c, func(s *porting.Statement) {
			s.IssuedAt, s.ExpiresAt = s.IssuedAt.Add(-time.Hour), s.ExpiresAt.Add(-time.Hour)
		})
	}),
	statement("approval with a byte changed", "signature-invalid", func(v *victim, c porting.Challenge) porting.Decide {
		d := v.signedFor(c, func(s *porting.Statement) { s.Decision, s.Reason = porting.Reject, porting.SuspectedFraud })
		d.Statement = []byte(strings.Replace(string(d.Statement), `"reject"`, `"approve"`, 1))
		return d
	}),
	statement("approval by a key that was lost before", "credential-revoked", func(v *victim, c porting.Challenge) porting.Decide {
		v.people.revokeKeys("ben")
		return v.signedFor(c, func(*porting.Statement) {})
	}),
	statement("approval by the submitter", "decision-void", func(v *victim, c porting.Challenge) porting.Decide {
		return v.people.decide("ana", porting.Approve, c)
	}),
	{
		name: "approval by the submitter, who ordered under another of her names", reaches: "the trust worker", stock: atTrust,
		token: authorizer.Approver, guarded: atTrust, run: approveUnderAnotherName,
	},
	{
		name: "the same approval again and again, where two persons are asked", reaches: "the saga counts one person", stock: atSaga,
		token: authorizer.Approver, guarded: atSaga, setting: setting{low: porting.Policy{People: 2}}, run: approveAgain,
	},
	{
		name: "two keys of one person, where two persons are asked", reaches: "the saga counts one person", stock: atSaga,
		token: authorizer.Approver, guarded: atSaga, setting: setting{low: porting.Policy{People: 2}}, run: approveWithTwoKeys,
	},
	{
		name: "two persons of one team, where two teams are asked", reaches: "the saga counts one team", stock: atSaga,
		token: authorizer.Approver, guarded: atSaga, setting: setting{low: porting.Policy{People: 2, Teams: 2}}, run: approveInOneTeam,
	},
	{
		name: "two persons without hardware keys, where one is asked", reaches: "the saga counts no hardware key", stock: atSaga,
		token: authorizer.Approver, guarded: atSaga, setting: setting{low: porting.Policy{People: 2, Hardware: 1}}, run: approveWithoutHardware,
	},
	{
		name: "a reject whose message ID is used up beforehand", reaches: "the saga has the ID seen before", stock: harmless,
		token: authorizer.Submitter, guarded: harmless, run: burnReject,
	},
	{
		name: "a registry in which one key has two names", reaches: "the file of every worker, with the signatures of the roots", stock: atRegistry,
		token: authorizer.Approver, guarded: atRegistry, setting: setting{low: porting.Policy{People: 2}}, run: publishOneKeyTwice,
	},
	{
		name: "approval of version 1, played again for the corrected version 2", reaches: "the trust worker", stock: atTrust,
		token: authorizer.Approver, guarded: atTrust, setting: setting{scenario: picky}, run: replayAfterAmend,
	},
	{
		name: "a key that is lost between approval and activation", reaches: "the saga asks the gate to activate", stock: atGate,
		token: authorizer.Approver, guarded: atGate, setting: setting{scenario: leisurely}, run: loseKeyBeforeActivation,
	},
}

func approves(c porting.Challenge) porting.Statement {
	return c.Statement(porting.Approve, "", time.Now(), porting.StatementLife)
}

// signedFor is a statement that ben really signed, but not for this port as it stands: whoever holds it plays it here.
func (v *victim) signedFor(c porting.Challenge, change func(*porting.Statement)) porting.Decide {
	v.Helper()
	s := approves(c)
	change(&s)
	return approvaltest.Sign(v, v.people.keys["ben"], s)
}

// statement is an attack with one bad statement, by update and by signal. The validator refuses what can be seen without the
// saga, and the trust worker the rest.
func statement(name, code string, bad func(*victim, porting.Challenge) porting.Decide) attack {
	stops := atDoor
	if code == "decision-void" {
		stops = atTrust
	}
	return attack{
		name: name, reaches: string(stops), stock: stops, token: authorizer.Approver, guarded: stops,
		run: func(v *victim, m *mallory) (place, error) {
			d := bad(v, v.waiting())
			events := len(v.history())
			_, err := m.decide(d)
			if isDenied(err) {
				return "", err
			}
			require.Equal(v, code, porting.CodeOf(err), "%v", err)
			if stops == atDoor {
				require.Len(v, v.history(), events, "what the validator refuses leaves no event")
			}
			if err := m.signal(porting.MsgDecide, d); err != nil {
				return "", err
			}
			v.see(v.id, "tells of the signal", func(s porting.Status) bool { return len(notes(s, porting.EventIgnored)) == 1 })
			return stops, v.stillWaits()
		},
	}
}

// stillWaits sees that nobody's decision was counted.
func (v *victim) stillWaits() error {
	v.Helper()
	status := v.atRest()
	require.Equal(v, porting.Verifying, status.Stage)
	require.Equal(v, porting.WaitingApprover, status.WaitingOn)
	return nil
}

func decideUnsigned(v *victim, m *mallory) (place, error) {
	v.waiting()
	bare := porting.Decide{Decision: porting.Approve, By: "ben@desk"}
	_, err := m.decide(bare)
	if isDenied(err) {
		return "", err
	}
	require.Equal(v, "decision-unsigned", porting.CodeOf(err))
	if err := m.signal(porting.MsgDecide, bare); err != nil {
		return "", err
	}
	v.see(v.id, "tells of the signal", func(s porting.Status) bool { return len(notes(s, porting.EventIgnored)) == 1 })
	return atSaga, v.stillWaits()
}

func approveUnderAnotherName(v *victim, m *mallory) (place, error) {
	v.order.SubmittedBy = submittersName
	c := v.waiting()
	_, err := m.decide(v.people.decide("ana", porting.Approve, c))
	if isDenied(err) {
		return "", err
	}
	require.Equal(v, "decision-void", porting.CodeOf(err))
	return atTrust, v.stillWaits()
}

func approveAgain(v *victim, m *mallory) (place, error) {
	c := v.waiting()
	d := v.people.decide("ben", porting.Approve, c)
	for _, id := range []string{"", "other", "another"} {
		d.ID = id
		if _, err := m.decide(d); err != nil {
			return "", err
		}
	}
	if _, err := m.decide(v.people.decide("ben", porting.Approve, c)); err != nil {
		return "", err
	}
	return atSaga, v.stillWaits()
}

// bothDecide are two approvals that are counted, and are not enough.
func (v *victim) bothDecide(m *mallory, c porting.Challenge, keys ...ssh.Signer) (place, error) {
	v.Helper()
	for _, key := range keys {
		if _, err := m.decide(approvaltest.Sign(v, key, approves(c))); err != nil {
			return "", err
		}
	}
	status := v.see(v.id, "shows both", func(s porting.Status) bool { return len(s.Decisions) == len(keys) })
	require.Len(v, notes(status, porting.EventDecision), len(keys))
	return atSaga, v.stillWaits()
}

func approveWithTwoKeys(v *victim, m *mallory) (place, error) {
	return v.bothDecide(m, v.waiting(), v.people.keys["cleo"], v.people.keys["cleo/2"])
}

func approveInOneTeam(v *victim, m *mallory) (place, error) {
	return v.bothDecide(m, v.waiting(), v.people.keys["ben"], v.people.keys["cleo"])
}

func approveWithoutHardware(v *victim, m *mallory) (place, error) {
	return v.bothDecide(m, v.waiting(), v.people.keys["ben"], v.people.keys["fay"])
}

// burnReject sends a note under the ID that fay's reject would have if it were the digest of her statement: everything in a
// statement can be foretold. The reject must count all the same.
func burnReject(v *victim, m *mallory) (place, error) {
	c := v.waiting()
	reject := v.people.decide("fay", porting.Reject, c)
	if err := m.signal(porting.MsgNote, porting.Note{ID: approval.Digest(reject.Statement), By: "mallory", Text: "hello"}); err != nil {
		return "", err
	}
	v.see(v.id, "has the note", func(s porting.Status) bool { return len(notes(s, porting.EventNote)) == 1 })
	_, err := v.ports.Decide(v.Context(), v.id, reject)
	require.NoError(v, err)
	v.ends(porting.OutcomeRejected)
	return harmless, nil
}

// publishOneKeyTwice puts a registry in everybody's place in which mallory's name has ben's key. The roots signed it: they
// were deceived.
func publishOneKeyTwice(v *victim, m *mallory) (place, error) {
	c := v.waiting()
	twice := v.people.document.Next(v.people.began, v.people.document.Expires)
	twice.Persons = append(twice.Persons, approval.Person{
		ID: "mallory", Names: []string{}, Team: "fraud", Roles: []string{approval.RoleApprover}, Credentials: v.people.credentials(v.people.keys["ben"]),
	})
	_, err := approval.OpenRegistry(v.people.signed(twice), v.people.pinned(), time.Now())
	require.Equal(v, "registry-key-twice", porting.CodeOf(err))
	v.people.document = twice
	v.people.publish()
	if _, err := m.decide(v.people.decide("ben", porting.Approve, c)); err != nil {
		return "", err
	}
	return atRegistry, v.stillWaits()
}

func replayAfterAmend(v *victim, m *mallory) (place, error) {
	first := v.people.decide("ben", porting.Approve, v.waiting())
	if _, err := m.decide(first); err != nil {
		return "", err
	}
	v.stage(porting.Exception)
	_, err := v.ports.Amend(v.Context(), v.id, porting.Amend{By: submitter, AccountNumber: "88002215"})
	require.NoError(v, err)
	v.see(v.id, "waits for a decision on version 2", func(s porting.Status) bool { return s.Challenge != nil && s.Challenge.OrderVersion == 2 })
	first.ID = "again"
	_, err = m.decide(first)
	require.Equal(v, "decision-void", porting.CodeOf(err))
	return atTrust, v.stillWaits()
}

func loseKeyBeforeActivation(v *victim, m *mallory) (place, error) {
	if _, err := m.decide(v.people.decide("ben", porting.Approve, v.waiting())); err != nil {
		return "", err
	}
	v.stage(porting.Confirmed)
	v.people.revokeKeys("ben")
	v.withheld()
	v.approve("fay", v.challenge(v.id))
	v.ends(porting.OutcomeCompleted)
	return atGate, nil
}
