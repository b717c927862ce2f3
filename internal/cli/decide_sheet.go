package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/portsaga/portsaga/porting"
)

// writeSheet writes what an approver must know before they sign: the order as the signature binds it, and what it changes.
func (f *Factory) writeSheet(w io.Writer, s porting.Statement, status porting.Status) {
	c := status.Challenge
	fmt.Fprintf(w, "%s\n\n", f.style(bold, fmt.Sprintf("You %s %s, version %d of its order", s.Decision, oneLine(s.Port), s.OrderVersion)))
	rows := []string{
		"numbers", shownNumbers(c.Shown), "kind", oneLine(c.Shown.Kind), "from", oneLine(c.Shown.Donor), "to", oneLine(c.Shown.Recipient),
		"carrier", oneLine(c.Shown.Carrier), "risk", string(c.Shown.Risk),
	}
	for _, finding := range c.Shown.Findings {
		rows = append(rows, "finding", oneLine(finding))
	}
	rows = append(rows, "reason", string(s.Reason), "rules", oneLine(c.Policy))
	for _, d := range status.Decisions {
		rows = append(rows, "so far", oneLine(decisionLine(d)))
	}
	rows = append(rows, "missing", strings.Join(status.Missing, ", "), "deployment", oneLine(s.Audience), "expires", timestamp(s.ExpiresAt))
	fields(w, rows...)
	fmt.Fprintln(w)
}

// shownNumbers are the masked numbers that a statement binds.
func shownNumbers(s porting.Shown) string {
	line := fmt.Sprintf("%s: %s", thousands(s.Count), oneLine(strings.Join(s.Numbers, ", ")))
	if more := s.Count - len(s.Numbers); more > 0 {
		line += fmt.Sprintf(" and %s more", thousands(more))
	}
	return line
}
