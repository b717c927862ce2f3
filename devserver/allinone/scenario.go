package allinone

import (
	"fmt"
	"strings"

	"github.com/portsaga/portsaga/porting"
)

// scenario is a demo: what the carrier does, and what people do when the port reaches a stage.
type scenario struct {
	name    string
	tells   string
	carrier string // scenario of the simulated carrier
	people  []act
	ends    porting.Outcome
}

// act is what a person does the first time that the port is in a stage with this order version.
type act struct {
	stage   porting.Stage
	version int
	who     string
	message string
	body    any
}

func approve(version int) act {
	return act{porting.Verifying, version, "ben@approvals", porting.MsgDecide, porting.Decide{ID: fmt.Sprintf("approve-%d", version), Decision: porting.Approve, By: "ben@approvals"}}
}

func revoke(in porting.Stage, why porting.Reason) act {
	return act{in, 1, "carla@care", porting.MsgRevoke, porting.Revoke{ID: "revoke", By: "carla@care", Reason: why}}
}

var scenarios = []scenario{
	{"happy", "everything goes well", "happy", []act{approve(1)}, porting.OutcomeCompleted},
	{"revoke-before-submit", "the subscriber revokes while people still look at the order", "happy",
		[]act{revoke(porting.Verifying, porting.AuthorizationRevoked)}, porting.OutcomeRevoked},
	{"revoke-after-submit", "the subscriber revokes while the carrier has the LSR", "revoke-after-submit",
		[]act{approve(1), revoke(porting.Submitted, porting.AuthorizationRevoked)}, porting.OutcomeRevoked},
	{"revoke-after-foc", "the subscriber revokes after the FOC", "revoke-after-foc",
		[]act{approve(1), revoke(porting.Confirmed, porting.AuthorizationRevoked)}, porting.OutcomeRevoked},
	{"revoke-after-activation", "the numbers moved, and the subscriber never asked for it", "happy",
		[]act{approve(1), revoke(porting.Active, porting.UnauthorisedPort)}, porting.OutcomeReversed},
	{"carrier-rejects-then-fix", "the carrier rejects the account number, people correct it", "carrier-rejects-then-fix",
		[]act{approve(1), {porting.Exception, 1, "ana@desk", porting.MsgAmend, porting.Amend{ID: "amend-1", By: "ana@desk", AccountNumber: "900-118-23"}}, approve(2)},
		porting.OutcomeCompleted},
	{"carrier-silent", "the carrier never answers", "carrier-silent", []act{approve(1)}, porting.OutcomeExpired},
	{"foc-slips", "the carrier moves the date", "foc-slips", []act{approve(1)}, porting.OutcomeCompleted},
	{"ports-although-cancelled", "revoked in time, and the carrier ports the numbers anyway", "ports-although-cancelled",
		[]act{approve(1), revoke(porting.Submitted, porting.AuthorizationRevoked)}, porting.OutcomeReversed},
	{"times-out-after-applying", "the carrier does what it is asked, and its answers are lost", "times-out-after-applying",
		[]act{approve(1)}, porting.OutcomeCompleted},
}

func scenarioNames() []string {
	names := make([]string, 0, len(scenarios))
	for _, s := range scenarios {
		names = append(names, s.name)
	}
	return names
}

func findScenario(name string) (scenario, error) {
	for _, s := range scenarios {
		if s.name == name {
			return s, nil
		}
	}
	return scenario{}, &porting.Error{Kind: porting.Invalid, Code: "scenario-unknown", Op: "run demo", Object: name,
		Detail: "there is no such scenario", Next: "choose one of: " + strings.Join(scenarioNames(), ", ")}
}
