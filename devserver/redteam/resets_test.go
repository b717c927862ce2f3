package redteam

import (
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/devserver/authorizer"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// resets take a port back in time: to before a revocation, or to before its decisions were counted.
var resets = []attack{
	unrevoke("to its start", asks(porting.StepReceive)),
	unrevoke("to before the screening", asks(porting.StepScreen)),
	unrevoke("to before the decision", asks(porting.StepDecision)),
	unrevoke("to before the order was sent", asks(porting.StepSubmit)),
	unrevoke("to just before the revocation", asks(porting.StepCloseFence)),
	reapply("to before the decision, which is applied again", asks(porting.StepDecision)),
	reapply("to after the decision, before the order was sent", asks(porting.StepSubmit)),
	reapply("to after the order was sent", never),
	{
		name: "Reset to before the screening of an approved order", reaches: "the saga asks people again", stock: atDoor,
		token: authorizer.BreakGlass, guarded: atDoor, setting: setting{scenario: leisurely}, run: rescreen,
	},
}

// withoutMessages leaves out what people said.
var withoutMessages = []enums.ResetReapplyExcludeType{enums.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL, enums.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE}

// unrevoke is a Reset that loses a revocation. Whoever is then asked to decide knows nothing of it, and approves.
func unrevoke(where string, before func(*historypb.HistoryEvent) bool) attack {
	return attack{
		name: "Reset without messages, after a revocation, " + where, reaches: "a run that knows of no revocation, and people who approve it again", stock: atFence,
		token: authorizer.BreakGlass, guarded: atFrontend, setting: setting{scenario: leisurely},
		run: func(v *victim, m *mallory) (place, error) {
			v.confirmed()
			v.off(worker.RoleGate) // the rollback waits
			v.revoke()
			if err := m.reset(before, withoutMessages...); err != nil {
				return "", err
			}
			v.on(worker.RoleGate)
			v.keepApproving("ben")
			require.False(v, v.did(simulator.ActivationAsked))
			return atFence, nil
		},
	}
}

// keepApproving approves whenever the port asks, until it has ended.
func (v *victim) keepApproving(person string) {
	v.Helper()
	v.see(v.id, "ends", func(s porting.Status) bool {
		if s.Challenge != nil && s.WaitingOn == porting.WaitingApprover && s.Outcome == "" {
			_, _ = v.ports.Decide(v.Context(), v.id, v.people.decide(person, porting.Approve, *s.Challenge)) // the port may have moved on
		}
		return s.Outcome != ""
	})
}

// reapply is a Reset that keeps the approval. The gate counts only what was said to the run that asks it.
func reapply(where string, before func(*historypb.HistoryEvent) bool) attack {
	return attack{
		name: "Reset with the old approval, " + where, reaches: "a run that has, or is given, an approval of another run", stock: atGate,
		token: authorizer.BreakGlass, guarded: atGate, setting: setting{scenario: leisurely},
		run: func(v *victim, m *mallory) (place, error) {
			v.confirmed()
			if err := m.reset(before); err != nil {
				return "", err
			}
			c := v.challenge(v.id)
			require.False(v, v.did(simulator.ActivationAsked))
			v.approve("ben", c)
			v.keepApproving("ben")
			v.ends(porting.OutcomeCompleted)
			return atGate, nil
		},
	}
}

func rescreen(v *victim, m *mallory) (place, error) {
	v.confirmed()
	if err := m.reset(asks(porting.StepScreen)); err != nil {
		return "", err
	}
	v.challenge(v.id)
	require.False(v, v.did(simulator.ActivationAsked))
	v.giveUp()
	return atDoor, nil
}
