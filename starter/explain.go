package starter

import (
	"errors"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"

	"github.com/portsaga/portsaga/porting"
)

// explain turns what Temporal says into what a porting desk understands.
func explain(op, id string, err error) error {
	if err == nil {
		return nil
	}
	if ours, ok := errors.AsType[*porting.Error](err); ok {
		return ours // of the data converter, which has no key for a port that never was
	}
	say := func(kind porting.Kind, code, detail, next string) error {
		return &porting.Error{Kind: kind, Code: code, Op: op, Object: id, Detail: detail, Next: next, Err: err}
	}
	if refusal, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return fromSaga(refusal, op, id)
	}
	var notFound *serviceerror.NotFound
	var denied *serviceerror.PermissionDenied
	var noNamespace *serviceerror.NamespaceNotFound
	var unavailable *serviceerror.Unavailable
	switch {
	case temporal.IsWorkflowExecutionAlreadyStartedError(err):
		return say(porting.Refused, "port-exists", "this order was started before", "look at it with `port show`, or use --if-not-exists")
	case errors.As(err, &noNamespace):
		return say(porting.NotFound, "namespace-not-found", "the Temporal namespace does not exist", "run `portsaga bootstrap`")
	case errors.As(err, &notFound) && notFound.Message == "workflow execution already completed":
		return say(porting.Refused, "port-closed", "the port has ended", "look at it with `port show`")
	case errors.As(err, &notFound):
		return say(porting.NotFound, "port-not-found", "there is no such port", "find it with `port list`")
	case errors.As(err, &denied):
		return say(porting.Unauthorised, "not-authorised", "Temporal refuses this to you", "ask an operator for the role")
	case errors.As(err, &unavailable):
		return say(porting.Failed, "engine-unavailable", "no Temporal server answers", "is it running? try `portsaga dev`, or set TEMPORAL_ADDRESS")
	}
	return say(porting.Failed, "engine-error", err.Error(), "")
}

// fromSaga restores the saga's own refusal.
func fromSaga(e *temporal.ApplicationError, op, id string) error {
	var refusal porting.Error
	if e.HasDetails() && e.Details(&refusal) == nil && refusal.Code != "" {
		return &refusal
	}
	return &porting.Error{Kind: porting.Failed, Code: e.Type(), Op: op, Object: id, Detail: e.Message(), Err: e}
}
