// Package codec seals every payload that portsaga hands to Temporal: inputs and results, messages, summaries and details,
// and the messages of failures. Each is AES-256-GCM under the data key of its order, bound to the namespace and the workflow
// that it is for. What is not sealed, was sealed elsewhere or for another workflow does not decode: whoever may write to the
// namespace can neither read what a saga knows nor put words in the mouth of a step.
//
// A fault of the key store is not an answer: it is waited out for a while, and then fails a workflow's task and never the
// workflow, an activity's attempt and never the activity. docs/encryption.md tells the whole of it.
package codec

import (
	"context"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/tink"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"github.com/portsaga/portsaga/porting"
)

// What a sealed payload says of itself in the clear.
const (
	Encoding = "binary/portsaga" // value of the metadata "encoding"
	forField = "for"             // the workflow that it is bound to
)

// envelope is the version of the associated data.
const envelope = "portsaga/payload/1"

// Codec seals and opens payloads. It is a converter.PayloadCodec that knows its workflow by WithSerializationContext; without
// one it refuses to seal, and opens nothing. The zero value is of no use: see Ring.Codec.
type Codec struct {
	ring      *Ring
	namespace string
	ctx       context.Context // the SDK hands its codecs none
	workflow  string          // whose payloads these are
	step      bool            // these are what an activity is given or answers
	starts    string          // tenant of an order that these payloads start; "" if they start none
	panics    bool            // a fault of the key store fails the workflow task
}

var _ converter.PayloadCodecWithSerializationContext = Codec{}

// WithSerializationContext is the codec of one workflow.
func (c Codec) WithSerializationContext(at converter.SerializationContext) converter.PayloadCodec {
	return c.of(at)
}

func (c Codec) of(at converter.SerializationContext) Codec {
	switch at := at.(type) {
	case converter.WorkflowSerializationContext:
		c.workflow, c.step = at.WorkflowID, false
	case converter.ActivitySerializationContext:
		c.workflow, c.step = at.WorkflowID, true
	}
	return c
}

// Encode seals payloads for the codec's workflow. Codes: "payload-unbound" if there is no workflow, and those of the key store.
func (c Codec) Encode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	place, err := c.place()
	if err != nil {
		return nil, err
	}
	key, err := c.key(place)
	if err != nil {
		return nil, c.fault(err)
	}
	return each(payloads, func(p *commonpb.Payload) (*commonpb.Payload, error) { return place.seal(key, p) })
}

// Decode opens payloads of the codec's workflow. Codes of Refused: "payload-plain" if one is not sealed, "payload-foreign" if
// it is for another workflow, "payload-broken" if it was changed or sealed with another key; and those of the key store.
func (c Codec) Decode(payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	mine, err := c.place()
	if err != nil {
		return nil, err
	}
	return each(payloads, func(p *commonpb.Payload) (*commonpb.Payload, error) {
		place, err := placeOf(c.namespace, p)
		if err != nil {
			return nil, err
		}
		if place != mine && !c.takes(place) {
			return nil, refuse("payload-foreign", mine.bound, "a payload was sealed for another workflow")
		}
		key, err := c.ring.key(c.ctx, place.owner())
		if err != nil {
			return nil, c.fault(err)
		}
		return place.open(key, p)
	})
}

// takes reports whether a workflow reads what was not sealed for it alone: people's messages from the Web UI, which knows no
// workflow. What a step answers is never one.
func (c Codec) takes(p place) bool { return p.bound == desk && !c.step }

func (c Codec) place() (place, error) {
	if c.workflow == "" {
		return place{}, refuse("payload-unbound", "", "a payload belongs to no workflow")
	}
	return place{c.namespace, bound(c.workflow)}, nil
}

func (c Codec) key(p place) (dataKey, error) {
	if c.starts == "" {
		return c.ring.key(c.ctx, p.owner())
	}
	return c.ring.newKey(c.ctx, p.owner(), c.starts)
}

// fault hands a fault of the key store on as the codec's user needs it. In a workflow task an error would become part of the
// saga's story; a panic fails the task, and the server brings it again.
func (c Codec) fault(err error) error {
	if c.panics {
		panic(err)
	}
	return err
}

// place is what a payload is bound to.
type place struct{ namespace, bound string }

func (p place) associated() []byte { return []byte(envelope + "\x00" + p.namespace + "\x00" + p.bound) }

func (p place) seal(key tink.AEAD, payload *commonpb.Payload) (*commonpb.Payload, error) {
	plain, err := proto.Marshal(payload)
	if err != nil {
		return nil, fmt.Errorf("seal payload: %w", err)
	}
	sealed, err := key.Encrypt(plain, p.associated())
	if err != nil {
		return nil, fmt.Errorf("seal payload: %w", err)
	}
	return &commonpb.Payload{
		Metadata: map[string][]byte{converter.MetadataEncoding: []byte(Encoding), forField: []byte(p.bound)}, Data: sealed,
	}, nil
}

func (p place) open(key tink.AEAD, sealed *commonpb.Payload) (*commonpb.Payload, error) {
	plain, err := key.Decrypt(sealed.GetData(), p.associated())
	if err != nil {
		return nil, refuse("payload-broken", p.bound, "a payload was changed, or sealed with another key")
	}
	var payload commonpb.Payload
	if err := proto.Unmarshal(plain, &payload); err != nil {
		return nil, refuse("payload-broken", p.bound, "what was sealed is no payload")
	}
	return &payload, nil
}

// placeOf is what a sealed payload says that it is bound to. It is believed once the payload has opened.
func placeOf(namespace string, p *commonpb.Payload) (place, error) {
	if string(p.GetMetadata()[converter.MetadataEncoding]) != Encoding {
		return place{}, refuse("payload-plain", "", "a payload is not sealed")
	}
	return place{namespace, string(p.GetMetadata()[forField])}, nil
}

// IsSealed reports whether a payload says that this package sealed it.
func IsSealed(p *commonpb.Payload) bool {
	return string(p.GetMetadata()[converter.MetadataEncoding]) == Encoding
}

func each(payloads []*commonpb.Payload, do func(*commonpb.Payload) (*commonpb.Payload, error)) ([]*commonpb.Payload, error) {
	done := make([]*commonpb.Payload, len(payloads))
	for i, p := range payloads {
		var err error
		if done[i], err = do(p); err != nil {
			return nil, err
		}
	}
	return done, nil
}

func refuse(code, workflow, detail string) error {
	return &porting.Error{
		Kind: porting.Refused, Code: code, Op: "open payload", Object: workflow, Detail: detail,
		Next: "find out who wrote it: portsaga seals everything that it hands to Temporal",
	}
}

// OpenAll opens payloads of a namespace whatever they are bound to, for a history that is read or replayed as a whole. What is
// not sealed stays as it is.
func (r *Ring) OpenAll(ctx context.Context, namespace string, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	return each(payloads, func(p *commonpb.Payload) (*commonpb.Payload, error) {
		if !IsSealed(p) {
			return p, nil
		}
		place, err := placeOf(namespace, p)
		if err != nil {
			return nil, err
		}
		key, err := r.key(ctx, place.owner())
		if err != nil {
			return nil, err
		}
		return place.open(key, p)
	})
}

// sealForDesk seals messages that people send from the Web UI: any workflow of the namespace takes them as messages.
func (r *Ring) sealForDesk(ctx context.Context, namespace string, payloads []*commonpb.Payload) ([]*commonpb.Payload, error) {
	key, err := r.newKey(ctx, desk, ours)
	if err != nil {
		return nil, err
	}
	return each(payloads, func(p *commonpb.Payload) (*commonpb.Payload, error) { return place{namespace, desk}.seal(key, p) })
}
