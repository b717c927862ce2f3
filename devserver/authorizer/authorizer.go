package authorizer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/server/common/api"
	"go.temporal.io/server/common/authorization"

	"github.com/portsaga/portsaga/porting"
)

// Config is what a policy depends on. Namespace, TaskQueue and TaskKey are required.
type Config struct {
	Namespace string // the one namespace that callers may name
	TaskQueue string // of the sagas; those of the trust and gate workers follow from it
	TaskKey   []byte // at least 32 secret bytes, the same for every frontend of the cluster; it seals task tokens

	Log *slog.Logger // of denials; slog.Default() when nil
}

// Authorizer is the policy. It needs its Interceptor in the same frontend, and claims from NewClaimMapper.
type Authorizer struct {
	policy *policy
	log    *slog.Logger
}

// policy is what the checks know.
type policy struct {
	namespace string
	base      string // name of the queue of sagas
	queues    map[Role]string
	seal      seal
}

var _ authorization.Authorizer = (*Authorizer)(nil)

// New returns the policy for one namespace.
func New(c Config) (*Authorizer, error) {
	if c.Namespace == "" || c.TaskQueue == "" {
		return nil, errors.New("authorizer: it needs the name of a namespace and of a task queue")
	}
	if len(c.TaskKey) < keySize {
		return nil, fmt.Errorf("authorizer: the key that seals tasks must have %d bytes", keySize)
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return &Authorizer{log: c.Log, policy: &policy{
		namespace: c.Namespace, seal: seal{c.TaskKey}, base: c.TaskQueue,
		queues: map[Role]string{
			WorkflowWorker: c.TaskQueue,
			TrustWorker:    porting.TrustQueue(c.TaskQueue),
			GateWorker:     porting.GateQueue(c.TaskQueue),
		},
	}}, nil
}

// Reasons of denials that do not come from a check.
const (
	otherNamespace = denial("the call is not about the namespace of portsaga")
	unclassified   = denial("nobody may call this method: it is in no table")
	noRole         = denial("no role of the caller may call this method")
	noToken        = denial("the caller has no role: there is no token, or it names none")
)

// Authorize allows a call if one of the caller's roles may make it, just as it is. The reason of a denial goes to the
// caller and to the log; the subject of the token goes to neither, only the token's ID.
func (a *Authorizer) Authorize(ctx context.Context, claims *authorization.Claims, target *authorization.CallTarget) (authorization.Result, error) {
	caller := identityOf(claims)
	as, err := a.policy.decide(caller.Roles|anyone, target)
	if err != nil {
		a.log.WarnContext(ctx, "call denied", "method", target.APIName, "roles", caller.Roles.String(), "token", caller.Token, "reason", err.Error())
		return authorization.Result{Decision: authorization.DecisionDeny, Reason: err.Error()}, nil
	}
	a.log.DebugContext(ctx, "call allowed", "method", target.APIName, "as", as.String(), "token", caller.Token)
	result := authorization.Result{Decision: authorization.DecisionAllow, Reason: "allowed as " + as.String()}
	if claims != nil {
		result.Principal = &commonpb.Principal{Type: claims.AuthType, Name: claims.Subject}
	}
	return result, nil
}

// decide returns the role in which the caller may make the call, or why there is none.
func (p *policy) decide(roles Role, target *authorization.CallTarget) (Role, error) {
	if roles&system != 0 {
		return system, nil
	}
	if why, is := closed[target.APIName]; is {
		return nobody, denial("nobody may call this method: it " + why)
	}
	row, is := table[target.APIName]
	if !is {
		return nobody, unclassified
	}
	if row.who&roles == 0 {
		if roles == anyone {
			return nobody, noToken
		}
		return nobody, noRole
	}
	if isNamespaced(target.APIName) && target.Namespace != p.namespace {
		return nobody, otherNamespace
	}
	if row.must == nil {
		return (row.who & roles).each()[0], nil
	}
	var first error
	for _, as := range (row.who & roles).each() {
		err := row.must(p, as, target.Request)
		if err == nil {
			return as, nil
		}
		if first == nil {
			first = err
		}
	}
	return nobody, first
}

func isNamespaced(method string) bool {
	return api.GetMethodMetadata(method).Scope == api.ScopeNamespace
}
