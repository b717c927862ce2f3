package browser

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/devserver/allinone"
	"github.com/portsaga/portsaga/internal/approval/approvaltest"
	"github.com/portsaga/portsaga/internal/cli"
	"github.com/portsaga/portsaga/porting"
)

// An approver's day in the Web UI: the port says what is missing and how to sign; what the command line signed is pasted
// into the Web UI's own dialog; a signature that is worth nothing is refused there.
func TestApproverSignsForTheWebUI(t *testing.T) {
	chromium := findChromium(t)
	approvers := approvaltest.NewDesk(t)
	desk := openDeskWith(t, &allinone.Approvals{Registry: approvers.Registry, Roots: approvers.Roots, SigningKey: approvers.Signing})
	o := newOperator(t, chromium)
	answer, err := desk.Ports.Start(t.Context(), readOrder(t, "us-wireline-nonsimple"))
	require.NoError(t, err)
	id := answer.ID
	awaitStage(t, desk, id, porting.Verifying)

	o.open(linkOfView(t, desk, "Awaiting approval"))
	o.click(portList+" a", id)
	o.click(metadataTab, "")
	o.reads(currentDetails, "To approve it: 1 more person must approve", "portsaga decide "+id+" --approve --paste")
	o.picture("signed-details-before-decision")

	body := pasted(t, desk, id, approvers.KeyFile("ben"))
	forged := strings.Replace(body, `"statement":"e`, `"statement":"f`, 1)
	require.NotEqual(t, body, forged)
	o.send("update", porting.MsgDecide, forged)
	o.reads(openDialog, "signature-invalid")
	o.picture("forged-decision-refused")
	o.open(desk.PageOf(id))
	o.click(metadataTab, "")

	o.send("signal", porting.MsgDecide, body)
	o.gone(openDialog)
	status := awaitStage(t, desk, id, porting.Submitted)
	require.True(t, status.Decisions[0].Signed)
	require.Equal(t, "ben", status.Decisions[0].By)
	o.readsAnew(currentDetails, "decision: approve (signed) ben", "In submitted, waiting for the carrier until")
	o.picture("signed-details-after-decision")
	o.requireQuiet(t)
}

// pasted is what `portsaga decide --paste` prints.
func pasted(t *testing.T, s *allinone.Stack, id, key string) string {
	t.Helper()
	t.Setenv("TEMPORAL_ADDRESS", s.Engine.FrontendAddress())
	t.Setenv("TEMPORAL_NAMESPACE", s.Engine.Namespace())
	t.Setenv("PORTSAGA_DIR", s.Dir) // where the keys of its payloads are
	var out bytes.Buffer
	code := cli.Main(t.Context(), []string{"portsaga", "decide", id, "--approve", "--yes", "--paste", "--key", key},
		cli.Streams{In: strings.NewReader(""), Out: &out, Err: os.Stderr})
	require.Zero(t, code)
	return strings.TrimSpace(out.String())
}
