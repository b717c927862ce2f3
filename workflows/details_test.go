package workflows

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// busyPort is a port to which much has happened.
func busyPort(entries int) *porting.Port {
	p := porting.NewPort(porting.PortInput{ID: "pi-test", Order: porting.Order{Reference: "ORDER-1", Numbers: []porting.Number{"+12025550123"}}})
	p.Stage = porting.Verifying
	p.Receipt = porting.Receipt{Pack: "us-wireline@2026.1", Carrier: "simulator"}
	p.Wait(porting.WaitingApprover, monday, "the port expires")
	for i := range entries {
		p.Record(porting.EventNote, monday.Add(time.Duration(i)*time.Minute), "ana@desk", fmt.Sprintf("note number %d", i))
	}
	return p
}

func TestDetailsStaySmall(t *testing.T) {
	t.Parallel()
	p := busyPort(500)
	page := details(p)
	require.LessOrEqual(t, len(page), 4096)
	require.Contains(t, page, "note number 499", "the latest steps stay")
	require.NotContains(t, page, "note number 0 ")
	require.Contains(t, page, "earlier steps are in the history")

	p.Attention = "the fence could not be closed: " + strings.Repeat("a long story | with\n# headings <b> ", 500)
	p.Order.Reference = strings.Repeat("`REFERENCE`\n", 100)
	for range 5 {
		p.Undone = append(p.Undone, porting.Entry{At: monday, Note: "cancel the order at the carrier"})
	}
	require.LessOrEqual(t, len(details(p)), 4096)

	p.End(porting.OutcomeRevoked, porting.Reason(strings.Repeat("WHY ", 2000)))
	require.LessOrEqual(t, len(details(p)), 4096)
}

// Where decisions must be signed, the page says what is missing and where the body to paste comes from.
func TestDetailsOfASignedPort(t *testing.T) {
	t.Parallel()
	p := busyPort(3)
	p.Receipt.Signed, p.Found.Policy = true, &porting.Policy{People: 2, Teams: 2, Hardware: 1}
	page := details(p)
	require.Contains(t, page, "**To approve it:** 2 more persons must approve; 2 more teams must be among them; 1 of them with a hardware key")
	require.Contains(t, page, "portsaga decide pi-test --approve --paste")
	require.NotContains(t, page, `"by": "ben@approvals"`, "nothing unsigned is offered")

	p.Stage, p.Reapproval = porting.Confirmed, true
	require.Contains(t, details(p), "--paste", "approved again, after a reset")
}

// Where the carrier has no API, the page says what a person must do there, as long as there is something to do.
func TestDetailsOfATaskAtTheDesk(t *testing.T) {
	t.Parallel()
	p := busyPort(3)
	require.NotContains(t, details(p), "At the carrier's desk")
	require.Contains(t, details(p), porting.DocOf(porting.MsgCarrierEvent).Example)
	p.Task = "order mailed; wait for the FOC until 3 Mar 12:00, `portsaga desk show pi-test/1/submit`"
	require.Contains(t, details(p), "**At the carrier's desk:** order mailed; wait for the FOC until 3 Mar 12:00,  portsaga desk show pi-test/1/submit \n\n")
	require.Contains(t, details(p), "| `carrier-event` | `{\"statement\": \"…\", \"signature\": \"…\"}` |", "what to paste")
	require.Equal(t, p.Task, p.Status().Task)

	p.End(porting.OutcomeCompleted, "")
	require.NotContains(t, details(p), "At the carrier's desk")
	require.Empty(t, p.Status().Task)
}

func TestDetailsOfAShortStoryHaveAllOfIt(t *testing.T) {
	t.Parallel()
	page := details(busyPort(10))
	require.NotContains(t, page, "earlier steps")
	require.Equal(t, 10, strings.Count(page, "| note: note number "))
}

// Whatever people write, the page keeps its shape: one row for a line of the timeline, no markup but ours.
func TestDetailsKeepTheirShape(t *testing.T) {
	t.Parallel()
	nasty := []string{
		"a | b | c", "line one\nline two\r\n| forged | row | of | table |", "<script>alert(1)</script>", "<img src=x onerror=y>",
		"[click](https://example.com)", "![image](https://example.com/x.png)", "`code` and ```\nfence", "# heading\n\n---\n> quote",
		strings.Repeat("very long ", 100), strings.Repeat("é", 500), `ends with a backslash \`,
	}
	for _, text := range nasty {
		p := busyPort(0)
		p.Record(porting.EventNote, monday, "ana@desk", text)
		p.Record(porting.EventNote, monday, text, "by somebody")
		p.Attention = text
		p.Order.Reference = text
		page := details(p)

		rows := strings.Split(strings.TrimSpace(page[strings.Index(page, "| When (UTC) |"):]), "\n")
		require.Len(t, rows, 4, "head, rule, and one row a line: %q", text)
		for _, row := range rows {
			require.Equal(t, 5, strings.Count(row, "|"), "%q", row)
		}
		head, _, _ := strings.Cut(page, "**What you can do now**")
		require.Len(t, strings.Split(strings.TrimSpace(head), "\n\n"), 3, "headline, attention, order: %q", text)
		for _, markup := range []string{"<script", "<img", "](", "```"} {
			require.NotContains(t, page, markup)
		}
	}
}

func TestDetailsOfferWhatThePortTakes(t *testing.T) {
	t.Parallel()
	for stage, offered := range map[porting.Stage][]string{
		porting.Verifying:   {porting.MsgDecide, porting.MsgRevoke, porting.MsgNote, porting.MsgCarrierEvent},
		porting.Exception:   {porting.MsgAmend, porting.MsgRevoke},
		porting.Activating:  {porting.MsgRevoke},
		porting.RollingBack: {porting.MsgNote, porting.MsgCarrierEvent},
	} {
		p := busyPort(0)
		p.Stage = stage
		page := details(p)
		for _, doc := range porting.MessageDocs {
			row := "| `" + doc.Name + "` | `" + doc.Example + "` |"
			require.Equal(t, takes(&porting.Port{Direction: porting.PortIn, Stage: stage}, doc.Name), strings.Contains(page, row), "%s in %s", doc.Name, stage)
		}
		for _, name := range offered {
			require.True(t, takes(&porting.Port{Direction: porting.PortIn, Stage: stage}, name), "%s in %s", name, stage)
		}
	}
	require.False(t, takes(&porting.Port{Direction: porting.PortIn, Stage: porting.Submitted}, porting.MsgDecide))
	require.False(t, takes(&porting.Port{Direction: porting.PortIn, Stage: porting.Submitted}, porting.MsgAmend))
	require.False(t, takes(&porting.Port{Direction: porting.PortIn, Stage: porting.RollingBack}, porting.MsgRevoke))

	ended := busyPort(0)
	ended.End(porting.OutcomeCompleted, "")
	require.NotContains(t, details(ended), "What you can do now")
}
