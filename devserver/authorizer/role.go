// Package authorizer decides who may call which method of a Temporal frontend that portsaga lives on. It denies by default:
// a method that is not in its table is closed, and so is a request that its row does not expect. It looks into requests, so
// that a role that may start ports cannot start anything else, and one that may work off a queue cannot work off another.
//
// It is the outer wall. The gate verifies every decision again and trusts no state of a workflow; docs/authorization.md
// says what this wall does not stop.
package authorizer

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

// Role is what a caller may be, or several of these at once.
type Role uint16

// Roles. A token names them in its claim "portsaga_roles".
const (
	Submitter      Role = 1 << iota // starts ports and bulk orders, and corrects them
	Approver                        // sends decisions
	Webhook                         // brings the carriers' news
	CustomerCare                    // revokes for a subscriber
	WorkflowWorker                  // runs the sagas
	TrustWorker                     // takes orders, verifies decisions, closes fences
	GateWorker                      // speaks to carriers
	Operator                        // looks after ports that need attention
	Reader                          // looks and changes nothing
	Bootstrap                       // prepares the namespace: search attributes, schedules
	BreakGlass                      // an emergency of an hour at most: terminate, reset, pause
	system                          // the server's own calls; no token can name it
	anyone                          // every caller, with a token or without

	nobody Role = 0
)

// Groups of roles that the table speaks of.
const (
	people   = Submitter | Approver | CustomerCare | Operator | Reader | BreakGlass // they read ports
	watchers = Operator | Reader | BreakGlass                                       // they read everything in the namespace
	workers  = WorkflowWorker | TrustWorker | GateWorker
)

var roleNames = map[Role]string{
	Submitter: "submitter", Approver: "approver", Webhook: "webhook", CustomerCare: "customer-care",
	WorkflowWorker: "workflow-worker", TrustWorker: "trust-worker", GateWorker: "gate-worker",
	Operator: "operator", Reader: "reader", Bootstrap: "bootstrap", BreakGlass: "break-glass",
}

// Roles lists the roles that a token can name.
func Roles() []Role {
	var all []Role
	for role := range roleNames {
		all = append(all, role)
	}
	slices.Sort(all)
	return all
}

// ParseRoles reads the names of a token's claim. A name that is none of ours is refused: it is a mistake of the issuer.
func ParseRoles(names ...string) (Role, error) {
	var roles Role
	for _, name := range names {
		role, known := roleOf(name)
		if !known {
			return nobody, fmt.Errorf("%q is no role; there are %s", name, strings.Join(allRoles().names(), ", "))
		}
		roles |= role
	}
	return roles, nil
}

func roleOf(name string) (Role, bool) {
	for role, its := range roleNames {
		if its == name {
			return role, true
		}
	}
	return nobody, false
}

func allRoles() Role {
	all := nobody
	for role := range roleNames {
		all |= role
	}
	return all
}

func (r Role) String() string { return strings.Join(r.names(), "+") }

// names are in the order of the roles' declaration.
func (r Role) names() []string {
	var names []string
	for _, role := range r.each() {
		switch role {
		case system:
			names = append(names, "system")
		case anyone:
			names = append(names, "anyone")
		default:
			names = append(names, roleNames[role])
		}
	}
	return names
}

// each takes a set apart.
func (r Role) each() []Role {
	single := make([]Role, 0, bits.OnesCount16(uint16(r)))
	for rest := r; rest != 0; rest &= rest - 1 {
		single = append(single, rest&-rest)
	}
	return single
}
