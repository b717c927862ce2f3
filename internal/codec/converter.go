package codec

import (
	"context"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
)

// Seal has a client of a namespace seal what it sends and open what it receives. A key store that cannot be had is an error
// of the call.
func (r *Ring) Seal(o *client.Options) {
	install(o, Converter{codec: r.Codec(o.Namespace)})
}

// SealWorker does the same for the client of a worker: there, a key store that cannot be had fails the workflow task, which
// the server then brings again, and never the workflow.
func (r *Ring) SealWorker(o *client.Options) {
	c := r.Codec(o.Namespace)
	c.panics = true
	install(o, workflow.DataConverterWithoutDeadlockDetection(Converter{codec: c}))
}

func install(o *client.Options, dc converter.DataConverter) {
	o.DataConverter, o.FailureConverter = dc, newFailures(dc)
}

// Converter is Temporal's own data converter with every payload sealed. Unlike it, it takes no absent payload for an empty
// value: an answer that says nothing was not given by one of our steps.
type Converter struct{ codec Codec }

var (
	_ converter.DataConverterWithSerializationContext = Converter{}
	_ workflow.ContextAware                           = Converter{}
)

// Converter is a data converter of a namespace, for those who read histories.
func (r *Ring) Converter(namespace string) Converter { return Converter{r.Codec(namespace)} }

// WithSerializationContext is the converter of one workflow.
func (c Converter) WithSerializationContext(at converter.SerializationContext) converter.DataConverter {
	c.codec = c.codec.of(at)
	return c
}

// WithContext is the converter of a call or an activity: both can take an error, and are over with their context.
func (c Converter) WithContext(ctx context.Context) converter.DataConverter {
	c.codec.ctx, c.codec.panics = ctx, false
	return c
}

// WithWorkflowContext is the same converter: a saga's context bounds no wait of ours.
func (c Converter) WithWorkflowContext(workflow.Context) converter.DataConverter { return c }

func (c Converter) sealed() converter.DataConverter {
	return converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), c.codec)
}

// startedBy is the converter of a workflow that these values may start.
func (c Converter) startedBy(values ...any) Converter {
	for _, v := range values {
		if tenant, starts := startsFor(v); starts {
			c.codec.starts = tenant
		}
	}
	return c
}

// ToPayload seals a value.
func (c Converter) ToPayload(value any) (*commonpb.Payload, error) {
	return c.startedBy(value).sealed().ToPayload(value)
}

// ToPayloads seals values.
func (c Converter) ToPayloads(values ...any) (*commonpb.Payloads, error) {
	return c.startedBy(values...).sealed().ToPayloads(values...)
}

// FromPayload opens a value.
func (c Converter) FromPayload(payload *commonpb.Payload, into any) error {
	if payload == nil {
		return c.missing()
	}
	return c.sealed().FromPayload(payload, into)
}

// FromPayloads opens values.
func (c Converter) FromPayloads(payloads *commonpb.Payloads, into ...any) error {
	if len(payloads.GetPayloads()) < len(into) {
		return c.missing()
	}
	return c.sealed().FromPayloads(payloads, into...)
}

func (c Converter) missing() error {
	return refuse("payload-missing", c.codec.workflow, "a payload that was asked for is not there")
}

// ToString shows a value, or why it cannot be shown.
func (c Converter) ToString(payload *commonpb.Payload) string { return c.sealed().ToString(payload) }

// ToStrings shows values.
func (c Converter) ToStrings(payloads *commonpb.Payloads) []string {
	return c.sealed().ToStrings(payloads)
}
