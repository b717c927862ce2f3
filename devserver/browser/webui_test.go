package browser

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/devserver/allinone"
	"github.com/portsaga/portsaga/examples"
	"github.com/portsaga/portsaga/internal/cli"
	"github.com/portsaga/portsaga/internal/orders"
	"github.com/portsaga/portsaga/porting"
)

// Where the Web UI shows a port.
const (
	portList       = "[data-testid=workflows-summary-configurable-table-row]"
	savedViews     = "[data-testid=saved-views-bar]"
	portPage       = "main"
	metadataTab    = "[data-testid=user-metadata-tab]"
	staticSummary  = "#user-metadata-summary"
	staticDetails  = "#user-metadata-details"
	currentDetails = "#user-metadata-current-details"
)

const approver = "ben@approvals"

// An operator finds a port, reads its page, decides from the Web UI's own dialog, and sees the port move on. All of it
// happens on this machine alone.
func TestOperatorDecidesInTheWebUI(t *testing.T) {
	chromium := findChromium(t)
	desk := openDesk(t)
	o := newOperator(t, chromium)
	order := readOrder(t, "us-wireline-nonsimple")
	answer, err := desk.Ports.Start(t.Context(), order)
	require.NoError(t, err)
	id := answer.ID
	awaitStage(t, desk, id, porting.Verifying)

	o.open(listOf(desk, "PortStage='verifying' AND PortWaitingOn='approver'"))
	o.reads(portList, id)
	o.picture("found-by-search-attributes")

	const view = "Awaiting approval"
	o.open(linkOfView(t, desk, view))
	o.reads(portList, id)
	o.reads(savedViews, view)
	o.picture("found-by-saved-view")

	o.click(portList+" a", id)
	o.reads(portPage, "Decision of an approver, by ", "Screen the order: portability, authorization, history")
	o.picture("timeline-before-decision")

	o.click(metadataTab, "")
	body := readPage(o, order)
	o.picture("details-before-decision")

	o.send("signal", porting.MsgDecide, signedBy(t, body, approver))
	o.gone(openDialog)
	status := awaitStage(t, desk, id, porting.Submitted)
	require.Equal(t, approver, status.Decisions[0].By)
	o.readsAnew(currentDetails, "In submitted, waiting for the carrier until", "approved: order version 1 "+approver)
	require.NotContains(t, o.bodies(currentDetails), porting.MsgDecide, "nobody can decide any more")
	o.picture("details-after-decision")

	o.send("update", porting.MsgNote, `{"by":"ana@desk","text":"called the donor"}`)
	o.gone(openDialog)
	o.readsAnew(currentDetails, "note: called the donor ana@desk")
	o.picture("details-after-note")

	o.send("update", porting.MsgDecide, `{"decision":"reject","by":"carla@approvals"}`)
	o.reads(openDialog, "port-not-deciding") // the Web UI's dialog does not have the message opened
	o.picture("second-decision-refused")

	o.requireQuiet(t)
}

// readPage holds the port's page before the decision to its design, and returns the body that it offers for a decision.
func readPage(o *operator, order porting.Order) string {
	o.t.Helper()
	masked := order.Numbers[0].String()
	shown := o.reads(staticSummary, "Port-in "+masked+" and 11 more, Hudson Telephone → Acme Voice, order "+order.Reference) +
		o.reads(staticDetails, order.Reference, "Donor Hudson Telephone", "Recipient Acme Voice") +
		o.reads(currentDetails, "In verifying, waiting for the approver until ", masked+" and 11 more, order "+order.Reference,
			"What you can do now", "If nobody acts by ", "the port expires and is rolled back", "received received ana@desk")
	for _, n := range order.Numbers {
		require.NotContains(o.t, shown, strings.TrimPrefix(string(n), "+"), "a number in the clear")
	}
	o.fits(currentDetails)

	bodies := o.bodies(currentDetails)
	for _, message := range []string{porting.MsgDecide, porting.MsgRevoke, porting.MsgNote, porting.MsgCarrierEvent} {
		require.Contains(o.t, bodies, message)
		require.True(o.t, json.Valid([]byte(bodies[message])), "%s: %s", message, bodies[message])
	}
	require.NotContains(o.t, bodies, porting.MsgAmend, "there is nothing to correct yet")
	return bodies[porting.MsgDecide]
}

// openDesk runs portsaga on real time, so that nothing expires while somebody looks.
func openDesk(t *testing.T) *allinone.Stack {
	t.Helper()
	return openDeskWith(t, nil)
}

func openDeskWith(t *testing.T, approvals *allinone.Approvals) *allinone.Stack {
	t.Helper()
	s, err := allinone.Start(t.Context(), allinone.Options{Dir: t.TempDir(), Fast: true, Approvals: approvals})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	return s
}

func readOrder(t *testing.T, name string) porting.Order {
	t.Helper()
	file, err := examples.Orders.Open("orders/" + name + ".yaml")
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	order, err := orders.Read(file, orders.Options{Now: time.Now()})
	require.NoError(t, err)
	return order
}

func awaitStage(t *testing.T, s *allinone.Stack, id string, stage porting.Stage) porting.Status {
	t.Helper()
	var status porting.Status
	require.Eventually(t, func() bool {
		var err error
		status, err = s.Ports.Status(t.Context(), id)
		return err == nil && status.Stage == stage
	}, patience, glance, "the port reaches %s", stage)
	return status
}

func listOf(s *allinone.Stack, query string) string {
	return s.Engine.UIAddress() + "/namespaces/" + s.Engine.Namespace() + "/workflows?" + url.Values{"query": {query}}.Encode()
}

// linkOfView is a link that `portsaga views` prints.
func linkOfView(t *testing.T, s *allinone.Stack, name string) string {
	t.Helper()
	t.Setenv("TEMPORAL_ADDRESS", s.Engine.FrontendAddress())
	t.Setenv("TEMPORAL_NAMESPACE", s.Engine.Namespace())
	var out bytes.Buffer
	code := cli.Main(t.Context(), []string{"portsaga", "views", "--ui", s.Engine.UIAddress(), "-o", "json"},
		cli.Streams{In: strings.NewReader(""), Out: &out, Err: os.Stderr})
	require.Zero(t, code)
	var views []struct{ Name, URL string }
	require.NoError(t, json.Unmarshal(out.Bytes(), &views))
	for _, v := range views {
		if v.Name == name {
			return v.URL
		}
	}
	require.Failf(t, "no such view", "%s is not among %v", name, views)
	return ""
}

// signedBy puts a name of their own where the page's example has one, as people do.
func signedBy(t *testing.T, body, who string) string {
	t.Helper()
	var message map[string]string
	require.NoError(t, json.Unmarshal([]byte(body), &message))
	require.NotEmpty(t, message["by"])
	message["by"] = who
	text, err := json.Marshal(message)
	require.NoError(t, err)
	return string(text)
}
