package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

// testPortOuts keeps what a port-out must know when its saga does not.
func testPortOuts(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	ctx := t.Context()
	none, err := l.PinnedAnswers(ctx, "po-1")
	require.NoError(t, err)
	require.Nil(t, none)
	first := porting.AnswerPolicy{Ref: "sha256:aa", Lead: 20 * time.Minute, Defaults: porting.AnswerDefaults{High: porting.AnswerApprove}}
	for _, p := range []porting.AnswerPolicy{first, {Ref: "sha256:bb"}} {
		pinned, err := l.PinAnswers(ctx, "po-1", p)
		require.NoError(t, err)
		require.Equal(t, first, pinned, "a started port keeps its rules")
	}

	known := func() porting.Known {
		k, err := l.KnownOf(ctx, "po-1")
		require.NoError(t, err)
		return k
	}
	says := func(id, reply string, after time.Duration) {
		require.NoError(t, l.RecordReply(ctx, "po-1", ledger.Reply{ID: id, Reply: reply, Channel: "sms", At: noon.Add(after)}))
	}
	require.Zero(t, known())
	says("m-1", porting.ReplyNo, 0)
	require.NoError(t, l.RecordScreening(ctx, "po-1", "n-1", porting.RiskHigh, noon))
	require.Equal(t, porting.Known{Reply: porting.ReplyNo, Risk: porting.RiskHigh}, known())
	says("m-2", porting.ReplyYes, time.Minute)
	says("m-1", porting.ReplyNo, time.Hour)
	require.Equal(t, porting.ReplyYes, known().Reply, "a message that comes twice is one")
	require.Error(t, l.RecordReply(ctx, "po-1", ledger.Reply{ID: "m-3", Reply: "perhaps", At: noon}))

	claim(t, l, "po-1", "0101")
	revoke(t, l, "po-1")
	require.Equal(t, porting.ReplyNo, known().Reply, "whoever revoked said no")

	gone, err := l.SecretOf(ctx, "po-1")
	require.NoError(t, err)
	require.Empty(t, gone)
	_, err = l.PutSecret(ctx, "po-1", []byte("sealed"), noon, noon.Add(time.Hour))
	require.NoError(t, err)
	last, err := l.PutSecret(ctx, "po-1", []byte("sealed"), noon.Add(time.Minute), noon.Add(time.Hour))
	require.NoError(t, err)
	found, err := l.SecretOf(ctx, "po-1")
	require.NoError(t, err)
	require.Equal(t, last, found)
}
