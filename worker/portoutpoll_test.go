package worker_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/worker"
)

// lists is a carrier that lists requests for our numbers.
type lists struct {
	carrier.Gateway
	carrier.PortOuts
	requests []porting.PortOutRequest
	err      error
	since    []time.Time // that it was asked for
}

func (l *lists) Capabilities() carrier.Capabilities { return carrier.Capabilities{PortOut: true} }

func (l *lists) PortOutRequests(_ context.Context, since time.Time) ([]porting.PortOutRequest, error) {
	l.since = append(l.since, since)
	return l.requests, l.err
}

// pollsAt is a poller at a time that the test moves.
func pollsAt(at *time.Time, ports worker.PortOutStarter, gateways map[string]carrier.Gateway) *worker.PortOutPoller {
	return &worker.PortOutPoller{Ports: ports, Gateways: gateways, Now: func() time.Time { return *at }, Log: slog.New(slog.DiscardHandler)}
}

func asked(id string, at time.Time) porting.PortOutRequest {
	return porting.PortOutRequest{ID: id, Numbers: []porting.Number{"+12125550123"}, ReceivedAt: at}
}

func TestPollerOpensWhatNobodyAnnounced(t *testing.T) {
	t.Parallel()
	at, ports, desk := now, &opener{}, &lists{requests: []porting.PortOutRequest{asked("out-1", now)}}
	p := pollsAt(&at, ports, map[string]carrier.Gateway{"telnyx": desk, "twilio": &scriptless{}})
	p.Look(t.Context())
	require.Len(t, ports.opened, 1)
	require.Equal(t, "telnyx", ports.opened[0].Carrier)

	at = at.Add(time.Minute)
	desk.requests = append(desk.requests, asked("out-2", at))
	p.Look(t.Context())
	require.Len(t, ports.opened, 2, "each once")
	require.Equal(t, "out-2", ports.opened[1].ID)
	require.Equal(t, []time.Time{now.Add(-72 * time.Hour), now.Add(-time.Hour)}, desk.since, "with an overlap")
}

// scriptless is a carrier that asks nobody before numbers leave.
type scriptless struct{ carrier.Gateway }

func TestPollerTriesAgain(t *testing.T) {
	t.Parallel()
	at, ports, desk := now, &opener{}, &lists{requests: []porting.PortOutRequest{asked("out-1", now), asked("out-2", now)}}
	p := pollsAt(&at, ports, map[string]carrier.Gateway{"telnyx": desk})
	desk.err = errors.New("down")
	p.Look(t.Context())
	require.Empty(t, ports.opened)

	desk.err, ports.failed = nil, &porting.Error{Kind: porting.Failed, Code: "engine-unavailable"}
	at = at.Add(time.Minute)
	p.Look(t.Context())
	require.Len(t, ports.opened, 2, "one that fails holds up no other")

	ports.failed = &porting.Error{Kind: porting.Refused, Code: "port-exists"}
	at = at.Add(time.Minute)
	p.Look(t.Context())
	require.Len(t, ports.opened, 4)
	require.Equal(t, []time.Time{now.Add(-72 * time.Hour), now.Add(-71*time.Hour - 59*time.Minute), now.Add(-71*time.Hour - 58*time.Minute)}, desk.since, "nothing is left out")
	p.Look(t.Context())
	require.Len(t, ports.opened, 4, "a port that is open is left alone")
}

func TestPollerLooksAtEveryTick(t *testing.T) {
	t.Parallel()
	at, desk := now, &lists{}
	p := pollsAt(&at, &opener{}, map[string]carrier.Gateway{"telnyx": desk})
	ctx, stop := context.WithCancel(t.Context())
	ticks, ended := make(chan time.Time), make(chan struct{})
	go func() {
		p.Run(ctx, ticks)
		close(ended)
	}()
	ticks <- now
	ticks <- now
	stop()
	<-ended
	require.GreaterOrEqual(t, len(desk.since), 2)
}
