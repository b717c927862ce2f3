package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/ledger"
	"github.com/portsaga/portsaga/porting"
)

func submissionOf(portID string, version int, orderDigest string) ledger.Submission {
	return ledger.Submission{
		PortID: portID, Version: version, Carrier: "telnyx", OrderDigest: orderDigest, ShownDigest: "sha256:5e",
		Nonce: "nonce", Policy: "us@1/two-people", At: noon,
	}
}

func testSubmissions(t *testing.T, dsn newDSN) {
	l := open(t, dsn(t))
	ctx := t.Context()
	claim(t, l, "pi-1", "0101")
	first, second := submissionOf("pi-1", 9, "sha256:aa"), submissionOf("pi-1", 10, "sha256:bb")

	_, err := l.RecordSubmission(ctx, submissionOf("pi-unknown", 1, "sha256:aa"))
	requireCode(t, err, porting.NotFound, "port-unknown")
	_, err = l.LastSubmission(ctx, "pi-1")
	requireCode(t, err, porting.NotFound, "submission-unknown")

	kept, err := l.RecordSubmission(ctx, first)
	require.NoError(t, err)
	require.Equal(t, first, kept)

	again := first
	again.Carrier, again.Nonce, again.At = "twilio", "another", noon.Add(time.Hour)
	kept, err = l.RecordSubmission(ctx, again)
	require.NoError(t, err)
	require.Equal(t, first, kept, "the first record stays")

	_, err = l.RecordSubmission(ctx, submissionOf("pi-1", 9, "sha256:bb"))
	requireCode(t, err, porting.Refused, "submission-differs")

	_, err = l.RecordSubmission(ctx, second)
	require.NoError(t, err)
	got, err := l.Submission(ctx, "pi-1", 9)
	require.NoError(t, err)
	require.Equal(t, first, got)
	last, err := l.LastSubmission(ctx, "pi-1")
	require.NoError(t, err)
	require.Equal(t, second, last)
	_, err = l.Submission(ctx, "pi-1", 11)
	requireCode(t, err, porting.NotFound, "submission-unknown")

	quarantine(t, l)
	_, err = l.RecordSubmission(ctx, submissionOf("pi-1", 11, "sha256:cc"))
	require.NoError(t, err, "a quarantine stops activations and nothing else")
}
