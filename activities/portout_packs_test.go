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

// packCase is what can be true of a request.
type packCase struct {
	name    string
	badPIN  bool
	locked  bool
	review  bool   // the fraud desk wants people to look, and nobody does
	reply   string // of the subscriber
	apart   bool   // line separation
	confirm bool   // a YES where the pack asks for one
}

// packCases are the columns of the table: one thing each.
var packCases = []packCase{
	{name: "valid", confirm: true},
	{name: "wrong PIN", badPIN: true},
	{name: "locked", locked: true},
	{name: "fraud review, nobody decides", review: true},
	{name: "no subscriber reply"},
	{name: "reply NO", reply: porting.ReplyNo},
	{name: "reply YES", reply: porting.ReplyYes},
	{name: "line separation of a locked number", locked: true, apart: true, confirm: true},
}

// combinations are all of these things with all others.
func combinations() (all []packCase) {
	for _, reply := range []string{"", porting.ReplyYes, porting.ReplyNo} {
		for i := range 16 {
			all = append(all, packCase{badPIN: i&1 > 0, locked: i&2 > 0, review: i&4 > 0, apart: i&8 > 0, reply: reply})
		}
	}
	return all
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
	seen, tried, refused, called := 0, 0, 0, 0
	for _, pack := range d.Rules.List() {
		of, sampled := numberOf[pack.ID]
		if !sampled || pack.Status != rules.Effective {
			continue
		}
		seen++
		fmt.Fprintf(&table, "| `%s` |", pack.ID)
		request := d.requestUnder(pack.ID, of.number, of.kind, monday)
		for _, c := range packCases {
			answer, worry := request.lastWord(c)
			cell := strings.TrimSpace(string(answer.Kind) + " " + string(answer.Reason))
			if worry != "" {
				cell += ", a person is called"
			}
			fmt.Fprintf(&table, " %s |", cell)
		}
		table.WriteString("\n")
		for _, c := range combinations() {
			answer, worry := request.lastWord(c)
			tried++
			if answer.Kind == porting.AnswerRefuse {
				refused++
			} else if worry != "" {
				called++
			}
		}
	}
	require.Equal(t, len(numberOf), seen, "every sampled pack binds")
	fmt.Fprintf(&table, "\nAll %d combinations of wrong PIN, lock, fraud review, line separation and reply (none, YES, NO) under each of the %d packs have a\n"+
		"lawful answer before the deadline: %d answers, of which %d refuse and %d approve and call a person.\n\n", len(combinations()), seen, tried, refused, called)
	requirePage(t, table.String())
}

// packRequest is a request under one pack.
type packRequest struct {
	*donor
	in       porting.LeavingInput
	plan     porting.AnswerPlan
	screened map[packCase]porting.Findings // by what screening looks at
}

func (d *donor) requestUnder(packID string, number porting.Number, kind string, at time.Time) packRequest {
	d.t.Helper()
	d.server.SetLine(number, carrier.Line{Active: true, Account: "4412-77"})
	r := porting.PortOutRequest{
		ID: packID, Carrier: "simulator", Kind: kind, Numbers: []porting.Number{number}, Recipient: porting.Party{Name: "Other"},
		Given: porting.Given{Account: "4412-77"}, ReceivedAt: at,
	}
	plan := d.plan(r)
	require.Equal(d.t, packID, plan.Jurisdiction)
	require.True(d.t, plan.LastMoment.Before(plan.AnswerBy) && plan.LastMoment.After(at), "%s", packID)
	in := porting.LeavingInput{Port: r.PortID(), Request: r, Pack: plan.Pack, Carrier: "simulator", At: at}
	ref, err := d.Ledger.PutSecret(d.t.Context(), in.Port, d.Vault.Seal(in.Port, "482913"), at, at.AddDate(0, 1, 0))
	require.NoError(d.t, err)
	in.Request.Given.PINRef = ref
	return packRequest{d, in, plan, map[packCase]porting.Findings{}}
}

// screen looks once at everything that is the same for screening.
func (p packRequest) screen(c packCase) porting.Findings {
	p.t.Helper()
	same := packCase{badPIN: c.badPIN, locked: c.locked, apart: c.apart}
	if found, known := p.screened[same]; known {
		return found
	}
	g := &guarded{verdict: activities.PINRight, locked: c.locked}
	if c.badPIN {
		g.verdict = activities.PINWrong
	}
	p.Leaving.Guard = g
	in := p.in
	in.Request.LineSeparation = c.apart
	found, err := p.ScreenLeaving(p.t.Context(), in)
	require.NoError(p.t, err)
	p.screened[same] = found
	return found
}

// lastWord is the answer to the request at the last moment.
func (p packRequest) lastWord(c packCase) (porting.PortOutAnswer, string) {
	p.t.Helper()
	port := porting.NewPortOut(porting.PortOutInput{ID: p.in.Port, Request: p.in.Request})
	port.Found, port.Leaving.Plan, port.Leaving.Reply = p.screen(c), p.plan, c.reply
	port.Risk = port.Found.Risk
	if c.confirm && p.plan.Confirm {
		port.Leaving.Reply = porting.ReplyYes
	}
	if c.review && port.Found.Blocked == nil {
		port.Risk, port.Found.Policy = porting.RiskHigh, &porting.Policy{People: 2}
	}
	answer, worry := port.LastWord("")
	if answer.Kind == porting.AnswerRefuse {
		require.True(p.t, p.plan.Lawful(answer.Reason), "%s: %s", p.plan.Pack, answer.Reason)
	} else {
		require.Equal(p.t, porting.AnswerApprove, answer.Kind)
		require.Nil(p.t, p.plan.Forbids(answer, porting.Known{Reply: port.Leaving.Reply, Risk: port.Risk}), "%s: the gate would not send it", p.plan.Pack)
	}
	return answer, worry
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
