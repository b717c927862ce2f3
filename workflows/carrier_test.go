package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

// story is a scenario and how it must go.
type story struct {
	scenario
	since     time.Duration // what is looked at begins here
	outcome   porting.Outcome
	reason    porting.Reason
	steps     string // steps between ReceiveOrder, ScreenOrder and the one that closes the port
	events    string
	numbers   string
	attention bool // a person is called, and still told so at the end
}

func (s story) live(t *testing.T) *world {
	t.Helper()
	w := run(t, s.scenario)
	w.requireEnd(s.outcome, s.reason)
	require.Equal(t, strings.Fields("ReceiveOrder ScreenOrder "+withEnd(s.steps, s.outcome)), w.steps)
	require.Equal(t, s.events, w.events(s.since))
	require.Equal(t, s.attention, w.status().NeedsAttention)
	for _, n := range w.status().Numbers {
		require.Equal(t, s.numbers, n.Status)
	}
	return w
}

// approved is a script that begins with the approval after an hour: the LSR goes out then, its FOC comes at the fourth
// hour, for the hundredth.
func approved(then ...beat) []beat { return append([]beat{at(1*h, approve)}, then...) }

func TestCarriers(t *testing.T) {
	t.Parallel()
	for _, s := range []story{
		{
			scenario: scenario{
				name:    "confirms in the answer to the LSR",
				replies: map[string][]reply{porting.StepSubmit: {{state: porting.CarrierConfirmed}}}, script: approved(),
			},
			since: 1 * h, outcome: porting.OutcomeCompleted, numbers: porting.NumberMoved,
			steps:  "SubmitPort ActivatePort",
			events: "decision approved submitted foc-received activation-started activated verified",
		},
		{
			scenario: scenario{name: "never hints: half of the clock finds the FOC", deaf: true, script: approved()},
			since:    1 * h, outcome: porting.OutcomeCompleted, numbers: porting.NumberMoved,
			steps:  "SubmitPort ReadCarrier ActivatePort",
			events: "decision approved submitted foc-received activation-started activated verified",
		},
		{
			scenario: scenario{
				name: "never hints: four fifths of the clock find the FOC", deaf: true, silent: true,
				script: approved(at(30*h, confirms(day))),
			},
			since: 2 * h, outcome: porting.OutcomeCompleted, numbers: porting.NumberMoved,
			steps:  "SubmitPort ReadCarrier ReadCarrier ActivatePort",
			events: "deadline-near foc-received activation-started activated verified",
		},
		{
			scenario: scenario{
				name: "never hints: the end of the clock finds the FOC", deaf: true, silent: true,
				script: approved(at(45*h, confirms(day))),
			},
			since: 2 * h, outcome: porting.OutcomeCompleted, numbers: porting.NumberMoved,
			steps:  "SubmitPort ReadCarrier ReadCarrier ReadCarrier ActivatePort",
			events: "deadline-near deadline-near foc-received activation-started activated verified",
		},
		{
			scenario: scenario{name: "is late, and answers a person", silent: true, script: approved(at(52*h, confirms(day)))},
			since:    2 * h, outcome: porting.OutcomeCompleted, numbers: porting.NumberMoved,
			steps:  "SubmitPort ReadCarrier ReadCarrier ReadCarrier ReadCarrier ActivatePort",
			events: "deadline-near deadline-near deadline-near escalated foc-received activation-started activated verified",
		},
		{
			scenario: scenario{name: "lets the FOC slip twice", script: approved(at(10*h, confirms(8*day)), at(20*h, confirms(9*day)), at(30*h, pokeAgain))},
			since:    5 * h, outcome: porting.OutcomeCompleted, numbers: porting.NumberMoved,
			steps:  "SubmitPort ReadCarrier ReadCarrier ReadCarrier ReadCarrier ActivatePort",
			events: "foc-changed escalated foc-changed escalated activation-started activated verified",
		},
		{
			scenario: scenario{name: "speaks in tongues", silent: true, script: approved(at(2*h, becomes(porting.CarrierUnknown)), at(4*h, confirms(day)))},
			since:    2 * h, outcome: porting.OutcomeCompleted, numbers: porting.NumberMoved,
			steps:  "SubmitPort ReadCarrier ReadCarrier ActivatePort",
			events: "carrier-status-unknown foc-received activation-started activated verified",
		},
		{
			scenario: scenario{name: "speaks in tongues after the FOC", script: approved(at(10*h, becomes(porting.CarrierUnknown)), at(20*h, confirms(80*h)))},
			since:    5 * h, outcome: porting.OutcomeCompleted, numbers: porting.NumberMoved,
			steps:  "SubmitPort ReadCarrier ReadCarrier ReadCarrier ActivatePort",
			events: "carrier-status-unknown activation-started activated verified",
		},
		{
			scenario: scenario{name: "refuses the LSR for good", replies: map[string][]reply{porting.StepSubmit: {{state: porting.CarrierRefused}}}, script: approved()},
			since:    1 * h, outcome: porting.OutcomeRejected, reason: porting.AccountNumberMismatch, numbers: porting.NumberNotMoved,
			steps:  "SubmitPort CancelPort",
			events: "decision approved carrier-refused undone undone rolled-back",
		},
		{
			scenario: scenario{name: "refuses for good after a while", silent: true, script: approved(at(2*h, becomes(porting.CarrierRefused)))},
			since:    2 * h, outcome: porting.OutcomeRejected, reason: porting.AccountNumberMismatch, numbers: porting.NumberNotMoved,
			steps:  "SubmitPort ReadCarrier CancelPort",
			events: "carrier-refused undone undone rolled-back",
		},
		{
			scenario: scenario{name: "cancels what it had confirmed", script: approved(at(10*h, becomes(porting.CarrierCancelled)))},
			since:    5 * h, outcome: porting.OutcomeRejected, reason: porting.OtherReason, numbers: porting.NumberNotMoved,
			steps:  "SubmitPort ReadCarrier ReadCarrier CancelPort",
			events: "carrier-refused undone undone rolled-back",
		},
		{
			scenario: scenario{name: "ports before its own date", script: approved(at(10*h, becomes(porting.CarrierActive)))},
			since:    5 * h, outcome: porting.OutcomeCompleted, numbers: porting.NumberMoved,
			steps:  "SubmitPort ReadCarrier ReadCarrier ActivatePort",
			events: "activation-started activated verified escalated", attention: true,
		},
		{
			scenario: scenario{
				name: "rejects, is corrected and confirms", replies: map[string][]reply{porting.StepSubmit: {{state: porting.CarrierRejected}}},
				script: approved(at(5*h, amend), at(6*h, approve)),
			},
			since: 1 * h, outcome: porting.OutcomeCompleted, numbers: porting.NumberMoved,
			steps: "SubmitPort ScreenOrder SubmitPort ReadCarrier ActivatePort",
			events: "decision approved carrier-rejected amended screened decision approved submitted foc-received " +
				"activation-started activated verified",
		},
		{
			scenario: scenario{name: "rejects what it had confirmed", script: approved(at(10*h, becomes(porting.CarrierRejected)), at(20*h, amend), at(21*h, approve))},
			since:    10 * h, outcome: porting.OutcomeCompleted, numbers: porting.NumberMoved,
			steps:  "SubmitPort ReadCarrier ReadCarrier ScreenOrder SubmitPort ReadCarrier ActivatePort",
			events: "carrier-rejected amended screened decision approved submitted foc-received activation-started activated verified",
		},
		{
			scenario: scenario{
				name:    "refuses the activation once, and then takes it",
				replies: map[string][]reply{porting.StepActivate: {{refused: &porting.Refusal{Reason: porting.NetworkNotReady, Note: "not ready"}}}},
				script:  approved(at(105*h, pokeAgain)),
			},
			since: 5 * h, outcome: porting.OutcomeCompleted, numbers: porting.NumberMoved,
			steps:  "SubmitPort ReadCarrier ActivatePort ReadCarrier ActivatePort",
			events: "activation-started activation-failed escalated activation-started activated verified",
		},
		{
			scenario: scenario{
				name:    "does not show the numbers as active after the guard",
				replies: map[string][]reply{porting.StepVerify: {{state: porting.CarrierPending}}},
				script:  approved(at(125*h, becomes(porting.CarrierActive))),
			},
			since: 101 * h, outcome: porting.OutcomeCompleted, numbers: porting.NumberMoved,
			steps:  "SubmitPort ReadCarrier ActivatePort VerifyPort ReadCarrier",
			events: "escalated verified",
		},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.live(t)
		})
	}
}

// What a carrier can do to a revocation.
func TestCarriersInTheRollback(t *testing.T) {
	t.Parallel()
	toldToCancel := func(r ...reply) map[string][]reply { return map[string][]reply{porting.StepCancel: r} }
	for _, s := range []story{
		{
			scenario: scenario{
				name:    "acknowledges the cancel later",
				replies: toldToCancel(reply{state: porting.CarrierCancelPending, then: []beat{at(2*h, becomes(porting.CarrierCancelled))}}),
				script:  approved(at(10*h, revoke)),
			},
			since: 10 * h, outcome: porting.OutcomeRevoked, reason: porting.AuthorizationRevoked, numbers: porting.NumberNotMoved,
			steps:  "SubmitPort ReadCarrier CloseFence CancelPort ReadCarrier",
			events: "revoked undone undone rolled-back",
		},
		{
			scenario: scenario{
				name: "acknowledges the cancel without a hint", deaf: true,
				replies: toldToCancel(reply{state: porting.CarrierCancelPending, then: []beat{at(2*h, becomes(porting.CarrierCancelled))}}),
				script:  approved(at(2*h, revoke)),
			},
			since: 2 * h, outcome: porting.OutcomeRevoked, reason: porting.AuthorizationRevoked, numbers: porting.NumberNotMoved,
			steps:  "SubmitPort CloseFence CancelPort ReadCarrier",
			events: "revoked undone undone rolled-back",
		},
		{
			scenario: scenario{
				name:    "acknowledges the cancel after a person called",
				replies: toldToCancel(reply{state: porting.CarrierCancelPending, then: []beat{at(5*h, becomes(porting.CarrierCancelled))}}),
				script:  approved(at(10*h, revoke)),
			},
			since: 10 * h, outcome: porting.OutcomeRevoked, reason: porting.AuthorizationRevoked, numbers: porting.NumberNotMoved, attention: true,
			steps:  "SubmitPort ReadCarrier CloseFence CancelPort ReadCarrier ReadCarrier ReadCarrier ReadCarrier",
			events: "revoked deadline-near deadline-near deadline-near escalated undone undone rolled-back",
		},
		{
			scenario: scenario{
				name:    "never got the LSR",
				replies: map[string][]reply{porting.StepSubmit: {{state: porting.CarrierNothing}}},
				script:  approved(at(2*h, revoke)),
			},
			since: 2 * h, outcome: porting.OutcomeRevoked, reason: porting.AuthorizationRevoked, numbers: porting.NumberNotMoved,
			steps:  "SubmitPort CloseFence CancelPort",
			events: "revoked undone undone rolled-back",
		},
		{
			scenario: scenario{
				name:    "is inside its cancel lock, and people cancel it",
				replies: toldToCancel(reply{state: porting.CarrierLocked, then: []beat{at(1*h, becomes(porting.CarrierConfirmed)), at(3*h, becomes(porting.CarrierCancelled))}}),
				script:  approved(at(90*h, revoke)),
			},
			since: 90 * h, outcome: porting.OutcomeRevoked, reason: porting.AuthorizationRevoked, numbers: porting.NumberNotMoved, attention: true,
			steps:  "SubmitPort ReadCarrier CloseFence CancelPort ReadCarrier ReadCarrier ReadCarrier",
			events: "revoked escalated deadline-near undone undone rolled-back",
		},
		{
			scenario: scenario{
				name:    "is inside its cancel lock, and ports",
				replies: toldToCancel(reply{state: porting.CarrierLocked, then: []beat{at(1*h, becomes(porting.CarrierActive))}}),
				script:  approved(at(90*h, revoke)),
			},
			since: 90 * h, outcome: porting.OutcomeReversed, reason: porting.AuthorizationRevoked, numbers: porting.NumberMovedBack, attention: true,
			steps:  "SubmitPort ReadCarrier CloseFence CancelPort ReadCarrier ReadCarrier ReversePort ReadCarrier",
			events: "revoked escalated escalated undone undone rolled-back",
		},
		{
			scenario: scenario{
				name:    "ports although the cancel was asked",
				replies: toldToCancel(reply{state: porting.CarrierCancelPending, then: []beat{at(2*h, becomes(porting.CarrierActive))}}),
				script:  approved(at(10*h, revoke)),
			},
			since: 10 * h, outcome: porting.OutcomeReversed, reason: porting.AuthorizationRevoked, numbers: porting.NumberMovedBack, attention: true,
			steps:  "SubmitPort ReadCarrier CloseFence CancelPort ReadCarrier ReadCarrier ReversePort ReadCarrier",
			events: "revoked escalated undone undone rolled-back",
		},
		{
			scenario: scenario{
				name:    "had ported already when the cancel was asked",
				replies: toldToCancel(reply{state: porting.CarrierActive}), script: approved(at(10*h, revoke)),
			},
			since: 10 * h, outcome: porting.OutcomeReversed, reason: porting.AuthorizationRevoked, numbers: porting.NumberMovedBack, attention: true,
			steps:  "SubmitPort ReadCarrier CloseFence CancelPort ReadCarrier ReversePort ReadCarrier",
			events: "revoked escalated undone undone rolled-back",
		},
		{
			scenario: scenario{
				name:    "says something unknown to the cancel, and then cancels",
				replies: toldToCancel(reply{state: porting.CarrierUnknown, then: []beat{at(1*h, pokeAgain), at(90*time.Minute, becomes(porting.CarrierCancelled))}}),
				script:  approved(at(10*h, revoke)),
			},
			since: 10 * h, outcome: porting.OutcomeRevoked, reason: porting.AuthorizationRevoked, numbers: porting.NumberNotMoved,
			steps:  "SubmitPort ReadCarrier CloseFence CancelPort ReadCarrier ReadCarrier",
			events: "revoked carrier-status-unknown undone undone rolled-back",
		},
		{
			scenario: scenario{
				name:    "reverses in its answer",
				replies: map[string][]reply{porting.StepReverse: {{state: porting.CarrierReversed}}}, script: approved(at(110*h, revoke)),
			},
			since: 110 * h, outcome: porting.OutcomeReversed, reason: porting.AuthorizationRevoked, numbers: porting.NumberMovedBack,
			steps:  "SubmitPort ReadCarrier ActivatePort CloseFence ReadCarrier ReversePort",
			events: "revoked undone undone undone rolled-back",
		},
		{
			scenario: scenario{name: "reverses without a hint", deaf: true, script: approved(at(130*h, revoke)), clocks: map[string]time.Duration{"guard": 10 * day}},
			since:    130 * h, outcome: porting.OutcomeReversed, reason: porting.AuthorizationRevoked, numbers: porting.NumberMovedBack,
			steps:  "SubmitPort ReadCarrier ActivatePort CloseFence ReadCarrier ReversePort ReadCarrier",
			events: "revoked undone undone undone rolled-back",
		},
		{
			scenario: scenario{
				name:    "never reverses",
				replies: map[string][]reply{porting.StepReverse: {{state: porting.CarrierReversing}}}, script: approved(at(110*h, revoke)),
			},
			since: 110 * h, outcome: porting.OutcomeDisputed, reason: porting.AuthorizationRevoked, numbers: porting.NumberMoved, attention: true,
			steps: "SubmitPort ReadCarrier ActivatePort CloseFence ReadCarrier ReversePort" + strings.Repeat(" ReadCarrier", 6),
			events: "revoked deadline-near deadline-near deadline-near escalated deadline-near deadline-near deadline-near escalated " +
				"undone undone undone rolled-back",
		},
		{
			scenario: scenario{
				name:    "reverses in the dispute",
				replies: map[string][]reply{porting.StepReverse: {{state: porting.CarrierReversing, then: []beat{at(10*day, becomes(porting.CarrierReversed))}}}},
				script:  approved(at(110*h, revoke)),
			},
			since: 110 * h, outcome: porting.OutcomeReversed, reason: porting.AuthorizationRevoked, numbers: porting.NumberMovedBack, attention: true,
			steps:  "SubmitPort ReadCarrier ActivatePort CloseFence ReadCarrier ReversePort" + strings.Repeat(" ReadCarrier", 4),
			events: "revoked deadline-near deadline-near deadline-near escalated undone undone undone rolled-back",
		},
		{
			scenario: scenario{
				name:    "takes back the activation that a revocation was too late for",
				replies: map[string][]reply{porting.StepActivate: {{state: porting.CarrierPending, then: []beat{at(3*h, becomes(porting.CarrierConfirmed))}}}},
				script:  approved(at(101*h, revoke)),
			},
			since: 101 * h, outcome: porting.OutcomeRevoked, reason: porting.AuthorizationRevoked, numbers: porting.NumberNotMoved,
			steps:  "SubmitPort ReadCarrier ActivatePort CloseFence ActivatePort ReadCarrier CancelPort",
			events: "revoked undone undone undone rolled-back",
		},
		{
			scenario: scenario{
				name: "rejects the activation that a revocation was too late for",
				replies: map[string][]reply{porting.StepActivate: {
					{state: porting.CarrierPending, then: []beat{at(3*h, becomes(porting.CarrierRejected))}},
					{refused: &porting.Refusal{Reason: porting.NetworkNotReady, Note: "rejected"}},
				}},
				script: approved(at(101*h, revoke)),
			},
			since: 101 * h, outcome: porting.OutcomeRevoked, reason: porting.AuthorizationRevoked, numbers: porting.NumberNotMoved,
			steps:  "SubmitPort ReadCarrier ActivatePort CloseFence ActivatePort ReadCarrier CancelPort",
			events: "activation-failed escalated revoked undone undone undone rolled-back",
		},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.live(t)
		})
	}
}
