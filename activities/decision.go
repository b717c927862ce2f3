package activities

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// Approvals is what signed decisions need.
type Approvals struct {
	Registry *approval.Keeper     // who may decide
	Key      *approval.ServiceKey // with which this worker signs what it has verified
}

// VerifyDecision verifies a signed decision and signs that it did. What it answers is history; the gate looks at the
// signatures again before anything moves.
func (a *Activities) VerifyDecision(ctx context.Context, in porting.DecisionInput) (porting.Judged, error) {
	if a.Approvals == nil {
		return porting.Judged{}, never(noRegistry("verify decision", in.Challenge.Port))
	}
	registry, err := a.Approvals.Registry.Current(ctx, time.Now())
	if err != nil {
		return porting.Judged{}, err
	}
	saga := activity.GetInfo(ctx).WorkflowExecution
	in.Challenge.Port, in.Challenge.Run = saga.ID, saga.RunID
	now := time.Now().UTC()
	signed, err := registry.Verify(in.Decide.Statement, in.Decide.Signature, now)
	if err == nil {
		err = signed.Statement.Answers(in.Challenge)
	}
	if err == nil {
		err = notTheSubmitter(registry, signed.Person, in.Submitter)
	}
	if no, ok := refusal(err, porting.ApprovalVoid); ok {
		return porting.Judged{Refused: no}, nil
	}
	if err != nil {
		return porting.Judged{}, err
	}
	if signed.Statement.Decision == porting.Reject {
		if err := a.Ledger.RecordReject(ctx, saga.ID, ledger.Reject{Statement: in.Decide.Statement, Signature: in.Decide.Signature, At: now}); err != nil {
			return porting.Judged{}, err
		}
	}
	judged, err := a.judged(in, signed, saga.RunID, now)
	if err != nil {
		return porting.Judged{}, err
	}
	return judged, a.recordDecision(ctx, saga.ID, registry, judged.Decision)
}

func (a *Activities) judged(in porting.DecisionInput, signed approval.Approved, run string, now time.Time) (porting.Judged, error) {
	digest := approval.Digest(in.Decide.Statement)
	// A statement can be foretold and be signed by two, a signature cannot: nobody uses up its ID beforehand.
	id := cmp.Or(in.Decide.ID, approval.Digest([]byte(in.Decide.Signature)))
	verdict, err := a.Approvals.Key.Sign(approval.DecisionVerdict{
		Port: in.Challenge.Port, Run: run, StatementDigest: digest, Person: signed.Person, Team: signed.Team,
		Credential: signed.Credential, Hardware: signed.Hardware, Registry: signed.Registry, At: now,
	})
	if err != nil {
		return porting.Judged{}, err
	}
	return porting.Judged{ID: id, Decision: porting.Decision{
		ID: id, Decision: signed.Statement.Decision, By: signed.Person, At: in.At, Stage: signed.Statement.Stage,
		OrderVersion: signed.Statement.OrderVersion, Reason: signed.Statement.Reason, Signed: true, Team: signed.Team,
		Credential: signed.Credential, Hardware: signed.Hardware, Run: run, Registry: signed.Registry,
		Proof: &porting.Proof{Statement: in.Decide.Statement, Signature: in.Decide.Signature, Verdict: verdict},
	}}, nil
}

// notTheSubmitter refuses who decides on their own order, under whatever name they submitted it.
func notTheSubmitter(registry *approval.Registry, person, submitter string) error {
	if known, ok := registry.Person(submitter); ok {
		submitter = known
	}
	if person != submitter {
		return nil
	}
	return &porting.Error{
		Kind: porting.Refused, Code: "submitter-may-not-decide", Op: "verify decision",
		Detail: "who submits an order does not decide on it", Next: "ask another person",
	}
}

// unguessable is 128 random bits as text.
func unguessable() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails, by its documentation
	return base64.RawURLEncoding.EncodeToString(b)
}

func noRegistry(op, port string) error {
	return &porting.Error{
		Kind: porting.Refused, Code: "registry-missing", Op: op, Object: port,
		Detail: "this worker has no registry of approvers", Next: "set PORTSAGA_REGISTRY and PORTSAGA_REGISTRY_ROOTS",
	}
}
