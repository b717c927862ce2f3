package porting_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

// A subscriber who says no to a port-in's notice stops it; a yes is kept in the timeline and decides nothing.
func TestSubscriberAnswersAPortIn(t *testing.T) {
	t.Parallel()
	p := portIn(porting.Confirmed)
	yes := porting.CustomerReply{ID: "sms-1", By: "subscriber", Reply: porting.ReplyYes, Channel: "sms"}
	require.NoError(t, p.Check(yes))
	p.Receive(yes, start)
	require.Nil(t, p.Revocation)

	no := porting.CustomerReply{ID: "sms-2", By: "subscriber", Reply: porting.ReplyNo, Channel: "sms"}
	require.NoError(t, p.Check(no))
	p.Receive(no, start)
	require.Equal(t, porting.UnauthorisedPort, p.Revocation.Reason)
	p.Receive(no, start)
	require.Len(t, p.Timeline, 2, "the provider repeats itself")

	require.Equal(t, "reply-unknown", porting.CodeOf(p.Check(porting.CustomerReply{By: "subscriber", Reply: "perhaps"})))
	require.Equal(t, "by-missing", porting.CodeOf(p.Check(porting.CustomerReply{Reply: porting.ReplyNo})))
}
