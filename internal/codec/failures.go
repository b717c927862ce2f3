package codec

import (
	"errors"

	failurepb "go.temporal.io/api/failure/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
)

// failures converts errors with their messages and stack traces sealed; in the clear stands the type of the error, which is
// one of a closed list, for those who see it without a codec: in the Web UI's dialogs, for one. While the key store cannot be had it says only that
// something failed: a fault must be told even then, and in the clear nothing of it may be.
type failures struct {
	converter.FailureConverter
	data converter.DataConverter
}

var _ converter.FailureConverterWithSerializationContext = failures{}

func newFailures(data converter.DataConverter) failures {
	return failures{
		temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: data, EncodeCommonAttributes: true}), data,
	}
}

// WithSerializationContext is the converter of one workflow.
func (f failures) WithSerializationContext(at converter.SerializationContext) converter.FailureConverter {
	return newFailures(converter.WithDataConverterSerializationContext(f.data, at))
}

// ErrorToFailure converts an error. Temporal's own converter panics where a message cannot be sealed.
func (f failures) ErrorToFailure(err error) (failure *failurepb.Failure) {
	defer func() {
		if recover() != nil {
			failure = unsaid(err)
		}
	}()
	return named(f.FailureConverter.ErrorToFailure(err))
}

// named has a failure and its causes say their types in place of what was sealed.
func named(failure *failurepb.Failure) *failurepb.Failure {
	for f := failure; f != nil; f = f.GetCause() {
		if f.GetEncodedAttributes() == nil {
			continue
		}
		f.Message = "failed; what it says is sealed"
		if code := f.GetApplicationFailureInfo().GetType(); code != "" {
			f.Message = code + "; what it says is sealed"
		}
	}
	return failure
}

// unsaid is a failure without its message. It may be tried again unless the error said otherwise.
func unsaid(err error) *failurepb.Failure {
	info := &failurepb.ApplicationFailureInfo{Type: "unsaid"}
	if said, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		info.Type, info.NonRetryable = said.Type(), said.NonRetryable()
	}
	return &failurepb.Failure{
		Source: "GoSDK", Message: "what it says could not be sealed: its key could not be had",
		FailureInfo: &failurepb.Failure_ApplicationFailureInfo{ApplicationFailureInfo: info},
	}
}
