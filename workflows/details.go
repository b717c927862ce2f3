package workflows

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portsaga/portsaga/porting"
)

// maxDetails keeps the page small enough for the Web UI, which sends it in an address.
const maxDetails = 4000

// details is the operator's page: what the port waits for, what happened, what can be done now, what happens if nobody
// acts, and the rollback. It holds no personal data but masked numbers.
func details(p *porting.Port) string {
	var b strings.Builder
	fmt.Fprintf(&b, "> **%s**\n\n", headline(p))
	if p.Attention != "" {
		fmt.Fprintf(&b, "**A person must look:** %s\n\n", plain(p.Attention))
	}
	fmt.Fprintf(&b, "%s, order `%s` version %d, %s\n\n", numbersLine(p), plain(p.Order.Reference), p.Order.Version, rulesLine(p))
	if p.Receipt.Signed && p.Deciding() {
		_, missing := p.Ruling("")
		fmt.Fprintf(&b, "**To approve it:** %s\n\n", strings.Join(missing, "; "))
	}
	if !p.Closed() {
		if p.Task != "" {
			fmt.Fprintf(&b, "**At the carrier's desk:** %s\n\n", plain(p.Task))
		}
		writeActions(&b, p)
		if p.DueWhat != "" && !p.DueAt.IsZero() && p.Stage != porting.OnHold {
			fmt.Fprintf(&b, "**If nobody acts** by %s: %s.\n\n", day(p.DueAt), p.DueWhat)
		}
	}
	if len(p.Undone) > 0 {
		b.WriteString("**Rollback**\n\n")
		for _, e := range p.Undone {
			fmt.Fprintf(&b, "- %s %s\n", e.At.Format("2 Jan 15:04"), e.Note)
		}
		b.WriteString("\n")
	}
	return b.String() + timeline(p.Timeline, maxDetails-b.Len())
}

func headline(p *porting.Port) string {
	if p.Closed() {
		if p.Reason == "" {
			return "Ended: " + string(p.Outcome)
		}
		return fmt.Sprintf("Ended: %s (%s)", p.Outcome, plain(string(p.Reason)))
	}
	if p.Stage == porting.OnHold {
		return "On hold in " + string(p.HeldIn) + "; people's clocks stand still"
	}
	if p.WaitingOn == porting.WaitingNobody || p.DueAt.IsZero() {
		return "In " + string(p.Stage)
	}
	return fmt.Sprintf("In %s, waiting for the %s until %s", p.Stage, p.WaitingOn, day(p.DueAt))
}

func numbersLine(p *porting.Port) string {
	switch len(p.Numbers) {
	case 0:
		return "No numbers"
	case 1:
		return "`" + p.Numbers[0].Number + "`"
	default:
		return fmt.Sprintf("`%s` and %d more", p.Numbers[0].Number, len(p.Numbers)-1)
	}
}

func rulesLine(p *porting.Port) string {
	if p.Receipt.Pack == "" {
		return "rules not chosen yet"
	}
	line := fmt.Sprintf("rules `%s`, carrier `%s`, risk %s", p.Receipt.Pack, p.Receipt.Carrier, p.Risk)
	if p.Clock.Scaled() {
		line += fmt.Sprintf(", **demo clock** (%.0f times real time)", p.Clock.Scale)
	}
	return line
}

// writeActions lists the messages that the port takes now, each with a body to paste.
func writeActions(b *strings.Builder, p *porting.Port) {
	b.WriteString("**What you can do now** (More Actions, Send a Signal)\n\n| Signal | Body | What it does |\n|---|---|---|\n")
	for _, doc := range porting.DocsOf(p.Direction) {
		if takes(p, doc.Name) {
			if doc.Name == porting.MsgDecide && p.Receipt.Signed {
				doc = signedDecide(p)
			}
			if doc.Name == porting.MsgCarrierEvent && p.Task != "" {
				doc = deskAnswer
			}
			fmt.Fprintf(b, "| `%s` | `%s` | %s |\n", doc.Name, doc.Example, doc.Description)
		}
	}
	b.WriteString("\n")
}

// signedDecide says where the body of a signed decision comes from: nobody signs in a browser.
func signedDecide(p *porting.Port) porting.MessageDoc {
	return porting.MessageDoc{
		Name: porting.MsgDecide, Example: `{"statement": "…", "signature": "…"}`,
		Description: "Signed by an approver: `portsaga decide " + p.ID + " --approve --paste` shows what is signed and prints the body",
	}
}

// deskAnswer says where the body comes from that tells what a carrier without an API answered.
var deskAnswer = porting.MessageDoc{
	Name: porting.MsgCarrierEvent, Example: `{"statement": "…", "signature": "…"}`,
	Description: "What the carrier answered, signed by a person of the desk: `portsaga desk answer TASK --confirmed --foc … --paste` shows what is signed and prints the body",
}

// takes reports whether a message makes sense where the port is.
func takes(p *porting.Port, message string) bool {
	stage := p.Stage
	switch message {
	case porting.MsgDecide:
		return p.Deciding()
	case porting.MsgExtend:
		return stage == porting.Verifying || stage == porting.Exception
	case porting.MsgResume:
		return stage == porting.OnHold
	case porting.MsgHold:
		return porting.Holdable(stage)
	case porting.MsgAmend:
		return stage == porting.Exception
	case porting.MsgRevoke:
		return stage != porting.RollingBack && stage != porting.Releasing
	case porting.MsgDispute:
		return stage == porting.Releasing
	case porting.MsgCustomerReply:
		if p.Direction == porting.PortIn {
			return stage != porting.RollingBack
		}
		return stage == porting.Deciding || stage == porting.Notifying || stage == porting.Answered
	default:
		return true
	}
}

// timeline prints the latest steps that fit, newest last.
func timeline(entries []porting.Entry, room int) string {
	const head, dropped = "| When (UTC) | Stage | What | Who |\n|---|---|---|---|\n", "| … | | earlier steps are in the history | |\n"
	room -= len(head) + len(dropped)
	var rows []string
	for _, entrie := range slices.Backward(entries) {
		row := timelineRow(entrie)
		if room -= len(row); room < 0 {
			rows = append(rows, dropped)
			break
		}
		rows = append(rows, row)
	}
	var b strings.Builder
	b.WriteString(head)
	for _, row := range slices.Backward(rows) {
		b.WriteString(row)
	}
	return b.String()
}

func timelineRow(e porting.Entry) string {
	what := string(e.Event)
	if e.Note != "" {
		what += ": " + plain(e.Note)
	}
	return fmt.Sprintf("| %s | %s | %s | %s |\n", e.At.Format("2 Jan 15:04"), e.Stage, what, plain(e.Actor))
}

// plain keeps a text short, and from breaking out of its place or into markup.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch r {
		case '|', '\n', '\r', '<', '>', '`', '[', ']':
			return ' '
		}
		return r
	}, s)
	const long = 160
	if r := []rune(s); len(r) > long {
		return string(r[:long]) + "…"
	}
	return s
}
