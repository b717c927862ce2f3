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
	rows = append(rows, "missing", strings.Join(missing(status), ", "), "deployment", oneLine(s.Audience), "expires", timestamp(s.ExpiresAt))
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

// missing is what the port waits for, before this decision.
func missing(s porting.Status) []string {
	policy, known := policyOf(s.Challenge.Policy)
	if !known {
		return nil
	}
	_, lacks := policy.Decide(porting.Facts{Version: s.Challenge.OrderVersion, Run: s.Challenge.Run}, s.Decisions)
	return lacks
}

// policyOf reads back what porting.Policy.Ref wrote.
func policyOf(ref string) (porting.Policy, bool) {
	var p porting.Policy
	pack, _, _ := strings.Cut(ref, " ")
	_, err := fmt.Sscanf(strings.TrimPrefix(ref, pack), " people=%d teams=%d hardware=%d", &p.People, &p.Teams, &p.Hardware)
	return p, err == nil && p.Ref(pack) == ref
}
