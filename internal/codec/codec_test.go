package codec

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

func sortedKeys(rows map[string]ledger.DataKey) []string { return slices.Sorted(maps.Keys(rows)) }

func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sealed := w.start(t, port, "acme")
	require.NotContains(t, string(sealed.Data), "ACME-1")
	require.Equal(t, Encoding, string(sealed.Metadata[converter.MetadataEncoding]))
	require.Equal(t, "acme", w.shelf.rows[port].Tenant)

	var in porting.PortInput
	require.NoError(t, w.of(port).FromPayload(sealed, &in))
	require.Equal(t, "ACME-1", in.Order.Reference)

	other := &world{Ring: w.ring(), shelf: w.shelf, file: w.file}
	require.NoError(t, other.of(port).FromPayload(sealed, &in), "another process opens it")
}

// Whatever is sealed is read as it was, by its own workflow and by no other.
func TestAnyValue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t, port, "acme")
	w.start(t, another, "acme")
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.String().Draw(t, "value")
		sealed, err := w.of(port).ToPayload(value)
		require.NoError(t, err)
		var read string
		require.NoError(t, w.of(port).FromPayload(sealed, &read))
		require.Equal(t, value, read)
		require.Error(t, w.of(another).FromPayload(sealed, &read))
	})
}

func TestNothingElseOpens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t, port, "acme")
	w.start(t, another, "acme")
	sealed := w.seal(t, port, "clear")
	stranger := newWorld(t)
	stranger.start(t, port, "acme")
	plain, err := converter.GetDefaultDataConverter().ToPayload("approved")
	require.NoError(t, err)
	null, err := converter.GetDefaultDataConverter().ToPayload(nil)
	require.NoError(t, err)

	changed := func(do func(*commonpb.Payload)) *commonpb.Payload {
		p := proto.Clone(sealed).(*commonpb.Payload)
		do(p)
		return p
	}
	for name, c := range map[string]struct {
		payload *commonpb.Payload
		code    string
	}{
		"plaintext":                      {plain, "payload-plain"},
		"a plain null":                   {null, "payload-plain"},
		"nothing at all":                 {&commonpb.Payload{}, "payload-plain"},
		"no payload":                     {nil, "payload-missing"},
		"another workflow's":             {w.seal(t, another, "clear"), "payload-foreign"},
		"another's, said to be for this": {changed(func(p *commonpb.Payload) { p.Data = w.seal(t, another, "clear").Data }), "payload-broken"},
		"another deployment's":           {stranger.seal(t, port, "clear"), "payload-broken"},
		"for nobody":                     {changed(func(p *commonpb.Payload) { delete(p.Metadata, forField) }), "payload-foreign"},
		"cut short":                      {changed(func(p *commonpb.Payload) { p.Data = p.Data[:len(p.Data)-1] }), "payload-broken"},
		"empty":                          {changed(func(p *commonpb.Payload) { p.Data = nil }), "payload-broken"},
		"one bit":                        {changed(func(p *commonpb.Payload) { p.Data[len(p.Data)/2] ^= 1 }), "payload-broken"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var read string
			err := w.of(port).FromPayload(c.payload, &read)
			requireCode(t, err, porting.Refused, c.code)
			require.Empty(t, read)
			require.NotContains(t, err.Error(), "clear")
		})
	}
}

func TestAnotherNamespaceDoesNotOpen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sealed := w.start(t, port, "acme")
	elsewhere := w.Converter("elsewhere").WithSerializationContext(saga(port))
	var in porting.PortInput
	requireCode(t, elsewhere.FromPayload(sealed, &in), porting.Refused, "payload-broken")
}

// An activity's result that is not there would count as an empty one: no risk, nobody to ask.
func TestAbsentPayloadsAreNoEmptyValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t, port, "acme")
	step := w.Converter(namespace).WithSerializationContext(stepOf(port))
	var found porting.Findings
	requireCode(t, step.FromPayloads(nil, &found), porting.Refused, "payload-missing")
	requireCode(t, step.FromPayloads(&commonpb.Payloads{}, &found), porting.Refused, "payload-missing")
	require.NoError(t, step.FromPayloads(nil), "nothing was asked for")
}

// People's messages from the Web UI are for sagas. None of them is what a step answers.
func TestMessagesOfTheDesk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t, port, "acme")
	plain, err := converter.GetDefaultDataConverter().ToPayload(map[string]string{"decision": "approve"})
	require.NoError(t, err)
	sealed, err := w.sealForDesk(t.Context(), namespace, []*commonpb.Payload{plain})
	require.NoError(t, err)

	var message map[string]string
	require.NoError(t, w.of(port).FromPayload(sealed[0], &message))
	require.Equal(t, "approve", message["decision"])
	step := w.Converter(namespace).WithSerializationContext(stepOf(port))
	requireCode(t, step.FromPayload(sealed[0], &message), porting.Refused, "payload-foreign")
}

// A history holds payloads for several workflows: its own, its children's, those that it signals.
func TestOpenAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t, port, "acme")
	w.start(t, another, "acme")
	plain, err := converter.GetDefaultDataConverter().ToPayload("plain")
	require.NoError(t, err)
	opened, err := w.OpenAll(t.Context(), namespace, []*commonpb.Payload{w.seal(t, port, "mine"), plain, w.seal(t, another, "theirs")})
	require.NoError(t, err)
	require.Equal(t, []string{`"mine"`, `"plain"`, `"theirs"`}, []string{string(opened[0].Data), string(opened[1].Data), string(opened[2].Data)})
	_, err = w.OpenAll(t.Context(), "elsewhere", []*commonpb.Payload{w.seal(t, port, "mine")})
	requireCode(t, err, porting.Refused, "payload-broken")
}

func TestWithoutAWorkflowNothingIsSealed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.Converter(namespace).ToPayload("x")
	requireCode(t, err, porting.Refused, "payload-unbound")
	var read string
	requireCode(t, w.Converter(namespace).FromPayload(w.start(t, port, "acme"), &read), porting.Refused, "payload-unbound")
}

// Only a start makes a key: a message to a port that never was is refused, and leaves nothing behind.
func TestOnlyAStartMakesAKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.of(port).ToPayload(porting.Revoke{By: "ana"})
	requireCode(t, err, porting.NotFound, "port-not-found")
	require.Empty(t, w.shelf.rows)
}

func TestBinding(t *testing.T) {
	t.Parallel()
	for workflow, c := range map[string]struct{ bound, owner string }{
		"pi-1":                      {"pi-1", "pi-1"},
		"rescue-pi-1":               {"rescue-pi-1", "pi-1"},
		"reap":                      {"reap", "reap"},
		"reap-2026-11-22T20:33:00Z": {"reap", "reap"},
		"bo-2026-11-22":             {"bo-2026-11-22", "bo-2026-11-22"},
		"concern-ledger-quarantine": {"concern-ledger-quarantine", "concern-ledger-quarantine"},
	} {
		require.Equal(t, c.bound, bound(workflow))
		require.Equal(t, c.owner, place{namespace, bound(workflow)}.owner())
	}
}

// The rescue of a port is sealed with the port's key, so that erasing the port erases it, and is bound to itself.
func TestRescueSharesItsPortsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start(t, port, "acme")
	sealed := w.seal(t, porting.RescueID(port), porting.RescueInput{Port: port})
	require.Len(t, w.shelf.rows, 1)
	var in porting.RescueInput
	require.NoError(t, w.of(porting.RescueID(port)).FromPayload(sealed, &in))
	requireCode(t, w.of(port).FromPayload(sealed, &in), porting.Refused, "payload-foreign")
}

// A payload grows by little: histories are kept for weeks, and read again and again.
func TestOverhead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const id = "pi-jrnmntaoorcvfbja"
	w.start(t, id, "acme")
	plain, err := converter.GetDefaultDataConverter().ToPayload("Screen the order")
	require.NoError(t, err)
	require.LessOrEqual(t, proto.Size(w.seal(t, id, "Screen the order"))-proto.Size(plain), 100)
}

// FuzzDecode brings any bytes: none opens, and none does harm.
func FuzzDecode(f *testing.F) {
	w := newWorld(f)
	sealed := w.start(f, port, "acme")
	f.Add([]byte(Encoding), []byte(port), sealed.Data)
	f.Add([]byte("json/plain"), []byte{}, []byte(`"approved"`))
	f.Add([]byte(Encoding), []byte(desk), sealed.Data[:7])
	f.Fuzz(func(t *testing.T, encoding, bound, data []byte) {
		p := &commonpb.Payload{Metadata: map[string][]byte{converter.MetadataEncoding: encoding, forField: bound}, Data: data}
		var in json.RawMessage
		if w.of(port).FromPayload(p, &in) == nil {
			require.Equal(t, sealed.Data, data, "nothing else opens")
		}
	})
}

func BenchmarkCodec(b *testing.B) {
	w := newWorld(b)
	w.start(b, port, "acme")
	for name, size := range map[string]int{"300B": 300, "3KB": 3_000, "30KB": 30_000} {
		value := string(slices.Repeat([]byte{'x'}, size))
		sealed := w.seal(b, port, value)
		b.Run("encode/"+name, func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				_ = w.seal(b, port, value)
			}
		})
		b.Run("decode/"+name, func(b *testing.B) {
			b.SetBytes(int64(size))
			var read string
			for b.Loop() {
				require.NoError(b, w.of(port).FromPayload(sealed, &read))
			}
		})
	}
}
