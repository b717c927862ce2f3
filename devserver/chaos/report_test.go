package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/devserver/chaos/oracle"
)

// report is what became of a campaign.
type report struct {
	Tier      string           `json:"tier"`
	Seed      uint64           `json:"seed"`
	Ledger    string           `json:"ledger"`
	Ports     int              `json:"ports"`
	Refused   int              `json:"refused"`   // starts that were refused, such as those of numbers in another port
	Unstarted int              `json:"unstarted"` // starts that were never acknowledged
	GivenUp   int              `json:"given_up"`  // ports that people revoked after deciding on them in vain
	Outcomes  map[string]int   `json:"outcomes"`
	Faults    int              `json:"faults"`
	ByKind    map[string]int   `json:"faults_by_kind"`
	Gone      []string         `json:"ended_by_themselves"` // processes that were started again, and what they said last
	LastWords []string         `json:"last_words"`          // more of what they said
	Never     []string         `json:"never_struck"`        // kinds of faults that found no moment
	Judged    map[string]int   `json:"judged"`              // of what the oracle was shown how much
	Findings  []oracle.Finding `json:"findings"`
	Stories   []string         `json:"stories"`      // of ports that broke a law
	Latest    []string         `json:"last_to_rest"` // the same of those that came to rest last
	Settled   float64          `json:"settled_after_seconds"`
	Seconds   float64          `json:"seconds"`
}

func (r *report) count(record oracle.Record, t *tally) {
	r.ByKind, r.Gone, r.Faults = t.counts()
	r.Gone = append([]string{}, r.Gone...) // in JSON an empty list is none
	r.LastWords = append([]string{}, t.lastWords()...)
	r.Judged = map[string]int{
		"effects at the carrier": len(record.Effects), "calls to the carrier": len(record.Calls), "acknowledged revocations": len(record.Revocations),
		"accepted mails": len(record.Mails), "demanded notices": len(record.Notices), "histories replayed": len(record.Replays),
		"forged news": len(record.Forged), "tenures of numbers": len(record.Tenures),
	}
}

func (r report) String() string {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "chaos campaign\t%s, seed %d, ledger on %s, %.0f s\n", r.Tier, r.Seed, r.Ledger, r.Seconds)
	fmt.Fprintf(table, "ports\t%d, %d starts refused, %d never acknowledged, %d given up; at rest %.0f s after the faults\n", r.Ports, r.Refused, r.Unstarted, r.GivenUp, r.Settled)
	lines(table, r.Outcomes)
	fmt.Fprintf(table, "faults\t%d\n", r.Faults)
	lines(table, r.ByKind)
	fmt.Fprintf(table, "faults that found no moment\t%d\n", len(r.Never))
	fmt.Fprintf(table, "ended by themselves, and started again\t%d\n", len(r.Gone))
	fmt.Fprintln(table, "judged\t")
	lines(table, r.Judged)
	fmt.Fprintln(table, "oracle\tbreaches")
	for _, f := range r.Findings {
		fmt.Fprintf(table, "  %s\t%d\n", f.Law, len(f.Breaches))
	}
	_ = table.Flush() // into memory
	for _, line := range slices.Concat(r.Never, r.Gone, r.Stories, r.Latest) {
		fmt.Fprintln(&b, line)
	}
	return b.String()
}

// breached is what the oracle says, which names the ports that broke a law.
func breached(findings []oracle.Finding) string {
	var breaches strings.Builder
	for _, f := range findings {
		fmt.Fprintln(&breaches, f.Breaches)
	}
	return breaches.String()
}

// storiesOf tells what happened to the ports that a text names, there and at the carrier.
func storiesOf(ports []oracle.Port, named string, effects []oracle.Effect) []string {
	stories := []string{}
	for _, p := range ports {
		if !strings.Contains(named, p.ID) {
			continue
		}
		var b strings.Builder
		fmt.Fprintf(&b, "%s: %s, %s, waiting on %s until %s %s", p.ID, p.Stage, p.Outcome, p.WaitingOn, p.DueAt.Format(time.TimeOnly), p.Unread)
		for _, e := range p.Timeline {
			fmt.Fprintf(&b, "\n  %s  %s, %s: %s", e.At.Format(moment), e.Stage, e.Event, e.Note)
		}
		for _, e := range effects {
			if e.Port == p.ID {
				fmt.Fprintf(&b, "\n  %s  at the carrier: %s, version %d", e.At.Format(moment), e.Name, e.Version)
			}
		}
		stories = append(stories, b.String())
	}
	return stories
}

const moment = "15:04:05.000"

func lines(table *tabwriter.Writer, counts map[string]int) {
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(table, "  %s\t%d\n", name, counts[name])
	}
}

// save writes the report where PORTSAGA_CHAOS_REPORT says, as JSON, and as text beside it.
func (r report) save(t *testing.T) {
	t.Helper()
	name := os.Getenv("PORTSAGA_CHAOS_REPORT")
	if name == "" {
		return
	}
	text, err := json.MarshalIndent(r, "", "  ")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(name, append(text, '\n'), 0o600))
	require.NoError(t, os.WriteFile(strings.TrimSuffix(name, filepath.Ext(name))+".txt", []byte(r.String()), 0o600))
}

// bar says on a terminal how far a campaign is.
type bar struct {
	house *house
	load  *load
	whole time.Duration
}

func newBar(h *house, l *load, t tier) bar { return bar{h, l, t.faults + t.still} }

func (b bar) run(ctx context.Context) {
	info, err := os.Stdout.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return
	}
	const width = 30
	began := time.Now()
	until(ctx, time.Second, func() bool {
		_, _, faults := b.house.tally.counts()
		done := min(width, int(float64(width)*float64(time.Since(began))/float64(b.whole)))
		fmt.Printf("\r\x1b[2K[%s%s] %s, %d ports, %d faults", strings.Repeat("#", done), strings.Repeat(".", width-done),
			time.Since(began).Round(time.Second), len(b.load.begun()), faults)
		return false
	})
	fmt.Print("\r\x1b[2K")
}
