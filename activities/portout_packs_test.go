package activities_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/activities"
	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
	"github.com/portsaga/portsaga/rules"
)

var updatePage = flag.Bool("update", false, "write the table of docs/port-out.md anew")

// numberOf is a number under each pack that binds.
var numberOf = map[string]struct {
	number porting.Number
	kind   string
}{
	"au-local": {"+61291234567", porting.KindWireline}, "au-mobile": {"+61412345678", porting.KindWireless}, "br": {"+5511961234567", ""},
	"ca-wireless": {"+16135550142", porting.KindWireless}, "ca-wireline": {"+16135550142", porting.KindWireline}, "de": {"+4930123456", ""},
	"es-mobile": {"+34612345678", ""}, "fr-fixed": {"+33142345678", ""}, "fr-mobile": {"+33639980123", ""}, "gb-fixed": {"+442071234567", ""},
	"gb-mobile": {"+447700900123", ""}, "hk": {"+85251234567", ""}, "in": {"+918123456789", ""}, "it-mobile": {"+393123456789", ""},
	"jp": {"+819012345678", ""}, "mx": {"+525512345678", porting.KindWireless}, "ng": {"+2348021234567", ""}, "nl": {"+31612345678", ""},
	"nz": {"+64211234567", ""}, "sg": {"+6581234567", ""}, "us-tollfree": {"+18005550123", porting.KindTollFree},
	"us-wireless": {"+14155550134", porting.KindWireless}, "us-wireline-simple": {"+12125550123", porting.KindWireline}, "za": {"+27711234567", ""},
}

// packCase is one thing that can be true of a request.
type packCase struct {
	name  string
	guard guarded
	reply string
	risk  porting.Risk
	apart bool // line separation
}

var packCases = []packCase{
	{name: "valid", reply: porting.ReplyYes},
	{name: "no reply"},
	{name: "wrong PIN", guard: guarded{verdict: activities.PINWrong}},
	{name: "locked", guard: guarded{locked: true}},
	{name: "fraud review, nobody decides", risk: porting.RiskHigh},
	{name: "reply NO", reply: porting.ReplyNo},
	{name: "line separation of a locked number", guard: guarded{locked: true}, apart: true, reply: porting.ReplyYes},
}

// Under every pack, whatever is true of a request, there is an answer before its time is over, and a refusal has a ground of
// that pack.
func TestEveryPackAnswersLawfully(t *testing.T) {
	t.Parallel()
	d := newDonor(t)
	monday := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
	var table strings.Builder
	table.WriteString("\n| Pack |")
	for _, c := range packCases {
		table.WriteString(" " + c.name + " |")
	}
	table.WriteString("\n|---|" + strings.Repeat("---|", len(packCases)) + "\n")
	seen := 0
	for _, pack := range d.Rules.List() {
		of, sampled := numberOf[pack.ID]
		if !sampled || pack.Status != rules.Effective {
			continue
		}
		seen++
		fmt.Fprintf(&table, "| `%s` |", pack.ID)
		for _, c := range packCases {
			answer, worry := d.lastWord(pack.ID, of.number, of.kind, c, monday)
			cell := strings.TrimSpace(string(answer.Kind) + " " + string(answer.Reason))
			if worry != "" {
				cell += ", a person is called"
			}
			fmt.Fprintf(&table, " %s |", cell)
		}
		table.WriteString("\n")
	}
	require.Equal(t, len(numberOf), seen, "every sampled pack binds")
	requirePage(t, table.String()+"\n")
}

// lastWord is the answer to a request at the last moment.
func (d *donor) lastWord(packID string, number porting.Number, kind string, c packCase, at time.Time) (porting.PortOutAnswer, string) {
	d.t.Helper()
	d.server.SetLine(number, carrier.Line{Active: true, Account: "4412-77"})
	d.Leaving.Guard = &guarded{verdict: orPIN(c.guard.verdict), locked: c.guard.locked}
	r := porting.PortOutRequest{
		ID: packID + c.name, Carrier: "simulator", Kind: kind, Numbers: []porting.Number{number}, Recipient: porting.Party{Name: "Other"},
		Given: porting.Given{Account: "4412-77"}, ReceivedAt: at, LineSeparation: c.apart,
	}
	plan := d.plan(r)
	require.Equal(d.t, packID, plan.Jurisdiction)
	require.True(d.t, plan.LastMoment.Before(plan.AnswerBy) && plan.LastMoment.After(at), "%s", packID)
	in := porting.LeavingInput{Port: r.PortID(), Request: r, Pack: plan.Pack, Carrier: "simulator", At: at}
	if c.guard.verdict == activities.PINWrong {
		ref, err := d.Ledger.PutSecret(d.t.Context(), in.Port, d.Vault.Seal(in.Port, "482913"), at, at.AddDate(0, 1, 0))
		require.NoError(d.t, err)
		in.Request.Given.PINRef = ref
	}
	found, err := d.ScreenLeaving(d.t.Context(), in)
	require.NoError(d.t, err)
	p := porting.NewPortOut(porting.PortOutInput{ID: in.Port, Request: r})
	p.Found, p.Risk, p.Leaving.Plan, p.Leaving.Reply = found, found.Risk, plan, c.reply
	if c.risk != "" {
		p.Risk, p.Found.Policy = c.risk, &porting.Policy{People: 2}
	}
	answer, worry := p.LastWord("")
	if answer.Kind == porting.AnswerRefuse {
		require.True(d.t, plan.Lawful(answer.Reason), "%s: %s", packID, answer.Reason)
	}
	return answer, worry
}

func orPIN(v activities.PINVerdict) activities.PINVerdict {
	if v == "" {
		return activities.PINNone
	}
	return v
}

// requirePage holds the table of the page against this one.
func requirePage(t *testing.T, table string) {
	t.Helper()
	const from, to = "<!-- generated: go test ./activities -run TestEveryPackAnswersLawfully -update -->\n", "<!-- end of table -->\n"
	file := filepath.Join("..", "docs", "port-out.md")
	page, err := os.ReadFile(file)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(page), from)
	require.True(t, found, "the page has lost its mark")
	_, after, found := strings.Cut(rest, to)
	require.True(t, found, "the page has lost its mark")
	want := before + from + table + to + after
	if *updatePage {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(page), "make it anew with: go test ./activities -run TestEveryPackAnswersLawfully -update")
}
