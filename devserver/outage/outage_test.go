package outage

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier/simulator"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/starter"
)

func TestTheEngineIsKilled(t *testing.T) {
	t.Parallel()
	h := open(t, false)
	h.livesWithout(h.engine)
}

func TestTheWorkerIsKilled(t *testing.T) {
	t.Parallel()
	h := open(t, false)
	h.livesWithout(h.worker)
}

func TestTheLedgerIsKilled(t *testing.T) {
	t.Parallel()
	h := open(t, true)
	h.livesWithout(h.postgres)
}

// livesWithout kills a part while two counterparties wait, and starts it when the impatient one has gone on by itself. The
// patient one, for which it was away for most of the time, has our answer before it would go on, too. The number that the
// impatient one took comes back, because its subscriber had said no.
func (h *house) livesWithout(part *process) {
	const stolen, asked = porting.Number("+14155550161"), porting.Number("+14155550162")
	h.movedLately(stolen, asked)
	taken := h.asks("impatient", stolen)
	_, err := h.ports.Hold(h.Context(), taken, porting.Hold{By: "ana@desk", Why: "the subscriber is asked"})
	require.NoError(h, err)
	_, err = h.ports.Reply(h.Context(), taken, porting.CustomerReply{By: "subscriber", Reply: porting.ReplyNo})
	require.NoError(h, err)
	left := h.asks("patient", asked)

	part.kill()
	killed := time.Now()
	require.Empty(h, h.carrier.Effects(), "nothing was answered before")
	await(h.T, "the impatient counterparty goes on by itself", func() bool { return h.view("impatient").BySilence })
	away := time.Since(killed)
	part.start()

	h.requireInTime(left, away)
	h.requireBack(taken)
}

// asks has a counterparty ask for a number, and waits until people are to decide.
func (h *house) asks(scenario string, number porting.Number) (id string) {
	h.Helper()
	request := porting.PortOutRequest{
		ID: scenario, Kind: porting.KindWireless, Country: "US", Numbers: []porting.Number{number},
		Recipient: porting.Party{Name: "Other Mobile", SPID: "OM"}, Donor: porting.Party{Name: "Acme Mobile", SPID: "AC"},
	}
	require.NoError(h, h.carrier.SendPortOut(simulator.PortOut{Scenario: scenario, Request: request}))
	request = h.view(scenario).Request
	_, err := h.ports.StartPortOut(h.Context(), request)
	require.NoError(h, err)
	id = request.PortID()
	p := h.until(id, "people are asked", func(p porting.Status) bool { return p.Stage == porting.Deciding })
	require.Equal(h, porting.WaitingApprover, p.WaitingOn)
	return id
}

// until waits for a state of a port, whatever is away meanwhile.
func (h *house) until(id, what string, reached func(porting.Status) bool) (seen porting.Status) {
	h.Helper()
	await(h.T, id+": "+what, func() bool {
		status, err := h.ports.Status(h.Context(), id)
		seen = status
		return err == nil && reached(status)
	})
	return seen
}

// view is a port-out as the carrier has it.
func (h *house) view(request string) (v simulator.PortOutView) {
	h.Helper()
	require.NoError(h, json.Unmarshal(h.get(h.carrier.URL()+"/port-outs/"+request), &v))
	return v
}

func (h *house) get(url string) []byte {
	h.Helper()
	request, err := http.NewRequestWithContext(h.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(h, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(h, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(h, err)
	require.Equal(h, http.StatusOK, answer.StatusCode, "%s", body)
	return body
}

// given are the answers that a counterparty has from us.
func (h *house) given(request string) (names []string) {
	for _, e := range h.carrier.Effects() {
		if e.Ref.Port == request {
			names = append(names, e.Effect)
		}
	}
	return names
}

// requireInTime sees our answer at the carrier before the counterparty would have gone on.
func (h *house) requireInTime(id string, away time.Duration) {
	h.Helper()
	p := h.until(id, "is answered", func(p porting.Status) bool { return p.Leaving.Answer != nil })
	v := h.view("patient")
	require.False(h, v.BySilence, "%v", p.Timeline)
	require.True(h, v.AnsweredAt.Before(v.Request.SilenceAt), "answered at %s, due by %s", v.AnsweredAt, v.Request.SilenceAt)
	h.Logf("away for %.0f s of %.0f, answered %.1f s before the counterparty would have gone on", away.Seconds(),
		v.Request.SilenceAt.Sub(v.Request.ReceivedAt).Seconds(), v.Request.SilenceAt.Sub(v.AnsweredAt).Seconds())
	require.Greater(h, away, v.Request.SilenceAt.Sub(v.Request.ReceivedAt)/2, "it was away for most of the time")
	require.Equal(h, []string{simulator.PortOutApproved}, h.given("patient"), "once")
	require.Equal(h, "policy", p.Leaving.Answer.By)
	require.Negative(h, slices.IndexFunc(p.Timeline, isEvent(porting.EventBreached)))
}

// requireBack sees the breach at its own instant, the alarm, and the port that brings the number back.
func (h *house) requireBack(id string) {
	h.Helper()
	p := h.until(id, "is ported back", func(p porting.Status) bool { return p.Leaving.PortBack != "" })
	require.Empty(h, h.given("impatient"), "the counterparty did not wait for us")
	i := slices.IndexFunc(p.Timeline, isEvent(porting.EventBreached))
	require.GreaterOrEqual(h, i, 0, "%v", p.Timeline)
	v := h.view("impatient")
	require.WithinDuration(h, v.Request.SilenceAt, p.Timeline[i].At, time.Millisecond, "at its own instant")
	require.Equal(h, porting.AuthorizationRevoked, p.Leaving.Answer.Reason, "what our answer would have been")
	require.True(h, p.NeedsAttention)
	require.Empty(h, h.carrier.Released(id), "it works here until it is back")

	back := h.until(p.Leaving.PortBack, "has begun", func(p porting.Status) bool { return p.Stage != "" })
	require.Equal(h, porting.PortIn, back.Direction)
	await(h.T, "operators find it", func() bool {
		found, err := h.ports.List(h.Context(), starter.Filter{NeedsAttention: true})
		return err == nil && slices.ContainsFunc(found, func(f starter.Summary) bool { return f.ID == id })
	})
	await(h.T, "the metrics alarm", func() bool { return alarm.Match(h.get("http://" + h.metrics + "/metrics")) })
}

// alarm is what deployments are alarmed by.
var alarm = regexp.MustCompile(`(?m)^portsaga_ports_attention(\{.*\})? [1-9]`)

func isEvent(event porting.Event) func(porting.Entry) bool {
	return func(e porting.Entry) bool { return e.Event == event }
}
