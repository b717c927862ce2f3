package cli

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/portsaga/portsaga/porting"
)

// style writes text in a style where the stream shows colours, and plainly elsewhere.
func (f *Factory) style(s lipgloss.Style, text string) string {
	if !f.Streams.Color {
		return text
	}
	return s.Render(text)
}

var (
	bold    = lipgloss.NewStyle().Bold(true)
	faint   = lipgloss.NewStyle().Faint(true)
	good    = lipgloss.NewStyle().Foreground(lipgloss.Green)
	warning = lipgloss.NewStyle().Foreground(lipgloss.Yellow)
	bad     = lipgloss.NewStyle().Foreground(lipgloss.Red)
)

// WritePage writes a port for people to read from top to bottom.
func (f *Factory) WritePage(w io.Writer, s porting.Status) {
	fmt.Fprintf(w, "%s  %s, order %s version %d\n", f.style(bold, s.ID), s.Direction, s.Reference, s.OrderVersion)
	fmt.Fprintln(w, f.style(tone(s), headline(s)))
	if s.NeedsAttention {
		fmt.Fprintln(w, f.style(bad, "A person must look: "+s.Attention))
	}
	fmt.Fprintln(w)
	fields(w, "owner", oneLine(s.Owner), "bulk order", s.Bulk, "tenant", s.Tenant, "rules", s.Pack, "", s.PackWhy, "carrier", s.Carrier, "FOC", moment(s.FOCAt), "risk", string(s.Risk),
		"at the desk", oneLine(s.Task), "clock", demoClock(s))
	writeLeaving(w, s.Leaving)
	f.section(w, "Numbers", len(s.Numbers), func(i int) string {
		n := s.Numbers[i]
		return strings.TrimSpace(fmt.Sprintf("%s  %s  %s", n.Number, n.Status, n.Reason))
	})
	f.section(w, "Decisions", len(s.Decisions), func(i int) string { return decisionLine(s.Decisions[i]) })
	f.section(w, "Timeline", len(s.Timeline), func(i int) string { return entryLine(s.Timeline[i]) })
	f.section(w, "Rollback", len(s.Undone), func(i int) string { return entryLine(s.Undone[i]) })
}

// writeLeaving writes what only a port-out knows.
func writeLeaving(w io.Writer, l *porting.LeavingStatus) {
	if l == nil {
		return
	}
	answer := "none yet"
	if a := l.Answer; a != nil {
		answer = strings.TrimSpace(fmt.Sprintf("%s %s", a.Kind, a.Reason)) + " by " + a.By
	}
	fields(w, "asked by", oneLine(l.Recipient), "request", oneLine(l.Request), "answer", answer, "answer by", moment(l.AnswerBy), "last word", moment(l.LastWord),
		"subscriber says", l.Reply, "port-back", l.PortBack)
}

// section writes a title and a line an item; a section without items is left out.
func (f *Factory) section(w io.Writer, title string, items int, line func(int) string) {
	if items == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", f.style(bold, title))
	for i := range items {
		fmt.Fprintf(w, "  %s\n", line(i))
	}
}

// headline says in one line where a port is and what it waits for, or how it ended.
func headline(s porting.Status) string {
	switch {
	case s.Outcome != "" && s.Reason != "":
		return fmt.Sprintf("Ended: %s (%s)", s.Outcome, s.Reason)
	case s.Outcome != "":
		return "Ended: " + string(s.Outcome)
	case s.WaitingOn == porting.WaitingNobody || s.WaitingOn == "":
		return standing(s)
	case s.DueAt == nil:
		return fmt.Sprintf("%s, waiting for the %s", standing(s), s.WaitingOn)
	default:
		return fmt.Sprintf("%s, waiting for the %s until %s", standing(s), s.WaitingOn, moment(s.DueAt))
	}
}

func standing(s porting.Status) string {
	if s.Stage == porting.OnHold {
		return "On hold in " + string(s.HeldIn)
	}
	return "In " + string(s.Stage)
}

// tone colours a headline by what it means for the numbers.
func tone(s porting.Status) lipgloss.Style {
	switch {
	case s.NeedsAttention:
		return bad
	case s.Outcome == porting.OutcomeCompleted:
		return good
	case s.Outcome != "" || s.Stage == porting.RollingBack || s.Stage == porting.Exception:
		return warning
	default:
		return bold
	}
}

func demoClock(s porting.Status) string {
	if s.Scaled {
		return "demo: faster than real time"
	}
	return ""
}

func decisionLine(d porting.Decision) string {
	line := fmt.Sprintf("%s  %s by %s, version %d (%s)", timestamp(d.At), d.Decision, d.By, d.OrderVersion, proofOf(d))
	if d.Reason != "" {
		line += ", " + string(d.Reason)
	}
	return line
}

// proofOf says what stands behind a decision: a claim, or a key of somebody in a team.
func proofOf(d porting.Decision) string {
	if !d.Signed {
		return "unsigned"
	}
	proof := "signed"
	if d.Team != "" {
		proof += ", team " + d.Team
	}
	if d.Hardware {
		proof += ", hardware key"
	}
	return proof
}

// WriteEntry writes one line of a timeline.
func (f *Factory) WriteEntry(w io.Writer, e porting.Entry) { fmt.Fprintln(w, entryLine(e)) }

func entryLine(e porting.Entry) string {
	line := fmt.Sprintf("%s  %-12s  %-18s  %s", timestamp(e.At), e.Stage, e.Event, oneLine(e.Actor))
	if e.Note != "" {
		line += ": " + oneLine(e.Note)
	}
	return strings.TrimRight(line, " ")
}

// oneLine keeps what people wrote from breaking a line, or steering the terminal.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || (r >= 0x7f && r < 0xa0) {
			return ' '
		}
		return r
	}, s)
}

// timestamp is an instant for lists, in UTC.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04Z") }

// moment is a deadline or a date in the zone in which it was computed.
func moment(t *time.Time) string {
	if t == nil {
		return ""
	}
	return momentOf(*t)
}

func momentOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("Mon 2006-01-02 15:04 Z07:00")
}

// orDash stands for a value that is not there.
func orDash(s string) string { return cmp.Or(s, "-") }
