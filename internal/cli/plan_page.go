package cli

import (
	"fmt"
	"io"
	"time"

	"github.com/portsaga/portsaga/rules"
)

// writePlan writes a plan for people to read from top to bottom. The rule behind each deadline is in the JSON.
func (f *Factory) writePlan(w io.Writer, p plan) {
	fmt.Fprintf(w, "%s  port-in of %s, if it arrives %s\n", f.style(bold, p.Reference), numbersOf(p.Numbers), momentOf(p.Received))
	if p.Refused != nil {
		fmt.Fprintln(w, f.style(bad, fmt.Sprintf("It will be refused: %s (%s)", p.Refused.Note, p.Refused.Reason)))
	}
	fmt.Fprintln(w)
	fields(w, "port", p.ID, "rules", p.Pack, "", p.PackWhy, "received", momentOf(p.Deemed), "FOC due", momentOf(p.FOCDue),
		"eligible from", momentOf(p.EligibleFrom), "earliest", momentOf(p.Earliest), "wished for", wishLine(p.DueDate),
		"authorization", proofLine(p.Authorization), "", p.Authorization.Why, "approvals", approvalsLine(p.Approvals))
	f.section(w, "Papers", len(p.Documents), func(i int) string { return p.Documents[i].Name + ": " + p.Documents[i].When })

	fmt.Fprintf(w, "\n%s\n", f.style(bold, "Deadlines"))
	var rows [][]string
	for _, c := range p.Clocks {
		rows = append(rows, []string{momentOf(c.At), c.Clock, c.OnExpiry, orDash(c.Assumes)})
	}
	f.Table(w, []string{"DUE", "CLOCK", "THEN", "IF"}, rows)

	fmt.Fprintf(w, "\n%s\n", f.style(bold, "Clocks that only run if something happens"))
	rows = nil
	for _, c := range p.Conditional {
		rows = append(rows, []string{c.Start, c.Name, lengthOf(c), c.OnExpiry})
	}
	f.Table(w, []string{"AFTER", "CLOCK", "RUNS", "THEN"}, rows)

	f.section(w, "Tests of a simple port", len(p.Tests), func(i int) string {
		return verdict(p.Tests[i].Passed, "pass", "FAIL") + "  " + p.Tests[i].Name
	})
	f.section(w, "Warnings", len(p.Warnings), func(i int) string { return f.style(warning, p.Warnings[i].String()) })
	fmt.Fprintf(w, "\nThe rule behind each deadline, and its source: portsaga rules show %s\n", p.Pack)
}

// units are what clocks count, in words.
var units = map[rules.Unit]string{
	rules.BusinessHour: "business hours", rules.BusinessDay: "business days", rules.CalendarDay: "calendar days",
	rules.ClockHourExclWeekend: "hours, weekends not counted", rules.WallClock: "on the wall clock",
}

func lengthOf(c rules.Clock) string { return c.For.String() + ", " + units[c.Unit] }

func wishLine(w *wish) string {
	switch {
	case w == nil:
		return ""
	case w.Accepted:
		return w.Date + ", will do"
	default:
		return fmt.Sprintf("%s, will not do; the first date is %s: %s", w.Date, w.Earliest, w.Why)
	}
}

func proofLine(p proof) string {
	line := p.Kind
	if p.Valid != nil {
		line += verdict(*p.Valid, ", valid", ", NOT VALID")
	}
	if p.Until != nil {
		line += fmt.Sprintf(" (until %s)", p.Until.Format(time.DateOnly))
	}
	return line
}

func approvalsLine(a approvals) string {
	line := "one person"
	if a.People > 1 {
		line = fmt.Sprintf("%d persons", a.People)
	}
	if a.NotBy != "" {
		line += ", not " + oneLine(a.NotBy)
	}
	return line
}
