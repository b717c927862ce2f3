package cli

import (
	"encoding/csv"
	"io"
	"strconv"
	"time"

	"github.com/portsaga/portsaga/starter"
)

// writeListCSV exports a list of ports. Times are RFC 3339.
func writeListCSV(w io.Writer, found []starter.Summary) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"port", "direction", "stage", "state", "waiting_on", "due_at", "foc_at", "numbers", "rules", "carrier", "tenant", "risk", "needs_attention", "started_at"}}
	for _, p := range found {
		rows = append(rows, []string{
			p.ID, p.Direction, string(p.Stage), p.State, string(p.WaitingOn), rfc3339(p.DueAt), rfc3339(p.FOCAt), strconv.Itoa(p.Numbers),
			p.Jurisdiction, p.Carrier, p.Tenant, string(p.Risk), strconv.FormatBool(p.NeedsAttention), rfc3339(&p.StartedAt),
		})
	}
	return out.WriteAll(rows)
}

func rfc3339(t *time.Time) string {
	if t == nil || t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}
