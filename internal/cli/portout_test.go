package cli

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

// fakePortOuts answers as fakePorts does.
type fakePortOuts struct {
	request porting.PortOutRequest
	again   bool
	told    any
}

func (p *fakePortOuts) StartPortOut(_ context.Context, r porting.PortOutRequest) (porting.Answer, error) {
	p.request = r
	return porting.Answer{ID: r.PortID(), Accepted: true, Stage: porting.Screening, Says: "rules chosen"}, nil
}

func (p *fakePortOuts) StartPortOutIfNotExists(ctx context.Context, r porting.PortOutRequest) (porting.Answer, error) {
	p.again = true
	return p.StartPortOut(ctx, r)
}

func (p *fakePortOuts) Reply(_ context.Context, id string, r porting.CustomerReply) (porting.Answer, error) {
	p.told = r
	return porting.Answer{ID: id, Accepted: true, Stage: porting.Deciding, Says: "the subscriber says " + r.Reply}, nil
}

func (p *fakePortOuts) Dispute(_ context.Context, id string, d porting.Dispute) (porting.Answer, error) {
	p.told = d
	return porting.Answer{ID: id, Accepted: true, Stage: porting.Releasing, Says: "disputed"}, nil
}

const portOutRequest = "../../examples/portouts/us-wireless.yaml"

func TestPortOutStart(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	require.Equal(t, 0, s.run(t, "portsaga port out start -f "+portOutRequest))
	require.Equal(t, "WPR-2026-00077", s.ports.request.ID)
	require.Equal(t, "simulator", s.ports.request.Carrier, "the configured one")
	require.Equal(t, now, s.ports.request.ReceivedAt, "deadlines run from now")
	require.Equal(t, "482913", s.ports.request.Given.PIN.Reveal())
	require.Contains(t, s.out.String(), "watch it: portsaga port watch po-")
	require.NotContains(t, s.out.String()+s.err.String(), "482913")

	require.Equal(t, 0, s.run(t, "portsaga port out start --if-not-exists -o json -f "+portOutRequest))
	require.True(t, s.ports.again)
	require.Equal(t, 2, s.run(t, "portsaga port out start"))
	require.Equal(t, 2, s.run(t, "portsaga port out start -f ../../examples/orders/us-wireless.yaml"), "an order is no request")
}

func TestReplyAndDispute(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	require.Equal(t, 0, s.run(t, "portsaga port reply po-1 --no --channel phone"))
	reply := s.ports.told.(porting.CustomerReply)
	require.Equal(t, []string{porting.ReplyNo, "phone", "ana"}, []string{reply.Reply, reply.Channel, reply.By})
	require.Equal(t, 0, s.run(t, "portsaga port reply po-1 --yes"))
	require.Equal(t, 2, s.run(t, "portsaga port reply po-1"))
	require.Equal(t, 2, s.run(t, "portsaga port reply po-1 --yes --no"))

	require.Equal(t, 0, s.run(t, "portsaga port dispute po-1 --reason UNAUTHORISED_PORT --by ben@care"))
	dispute := s.ports.told.(porting.Dispute)
	require.Equal(t, porting.UnauthorisedPort, dispute.Reason)
	require.Equal(t, 2, s.run(t, "portsaga port dispute po-1 --reason NONSENSE"))
}

func TestRevokeOfAPortOut(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	s.factory.Fences = func(context.Context) (Fences, error) {
		require.Fail(t, "whether a donor may stop a port is the saga's to judge")
		return nil, nil
	}
	require.Equal(t, 0, s.run(t, "portsaga port revoke po-1 --authority-at 2026-11-23T16:00:00Z"))
	require.Equal(t, time.Date(2026, 11, 23, 16, 0, 0, 0, time.UTC), s.ports.message.(porting.Revoke).AuthorityAt)
	require.Equal(t, 2, s.run(t, "portsaga port revoke po-1 --authority-at yesterday"))
}

func TestAPortOutIsShown(t *testing.T) {
	t.Parallel()
	s := newSession(t)
	by := now.Add(time.Hour)
	s.ports.statuses = []porting.Status{{
		ID: "po-1", Direction: porting.PortOut, Stage: porting.Answered, WaitingOn: porting.WaitingCarrier,
		Leaving: &porting.LeavingStatus{
			Request: "WPR-77", Recipient: "Other Mobile", AnswerBy: &by, Reply: porting.ReplyYes,
			Answer: &porting.PortOutAnswer{Kind: porting.AnswerApprove, By: "checks"},
		},
	}}
	require.Equal(t, 0, s.run(t, "portsaga port show po-1"))
	for _, want := range []string{"port-out", "Other Mobile", "WPR-77", "approve by checks", "subscriber says"} {
		require.Contains(t, s.out.String(), want)
	}
}
