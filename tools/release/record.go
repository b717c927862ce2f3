package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// record is what became of a step: a file in JSON, so that a page can be made again, and a step be repeated alone.
type record struct {
	Step    string          `json:"step"`
	Commit  string          `json:"commit"`
	Tier    string          `json:"tier"`
	Seed    uint64          `json:"seed"` // that campaigns of chaos were given
	Command []string        `json:"command"`
	Began   time.Time       `json:"began"`
	Seconds float64         `json:"seconds"`
	Load    [2]string       `json:"load_average"` // of the minute before it began, and before it ended
	Failed  string          `json:"failed,omitempty"`
	Log     string          `json:"log"`
	Said    string          `json:"said,omitempty"` // the log's last lines, of a step that failed
	Figures json.RawMessage `json:"figures,omitempty"`
}

// recordFile is where the record of a step is.
func (o options) recordFile(step string) string { return filepath.Join(o.out, step+".json") }

func (o options) save(r record) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write the record of %s: %w", r.Step, err)
	}
	return os.WriteFile(o.recordFile(r.Step), append(text, '\n'), 0o644) //nolint:gosec // everybody may read what was measured
}

// take reads the records that are there. One of another commit or tier says nothing of this page's; the page says why it is not
// taken. A campaign that failed is kept as well: it is not run again until it happens to be green.
func (r *results) take(o options) {
	for _, s := range r.Steps {
		text, err := os.ReadFile(o.recordFile(s.name))
		if err != nil {
			continue
		}
		var there record
		switch err := json.Unmarshal(text, &there); {
		case err != nil:
			r.Refused[s.name] = "its figures cannot be read"
		case there.Tier != r.Tier:
			r.Refused[s.name] = "its figures are of the tier " + there.Tier
		case o.anyCommit:
			r.Records[s.name] = there
		case there.Commit != r.Commit || strings.HasSuffix(r.Commit, changedMark): // nobody knows which changes
			r.Refused[s.name] = "its figures are of " + short(there.Commit)
		default:
			r.Records[s.name] = there
		}
	}
}

// wrong lists the steps that failed.
func (r results) wrong() []string {
	var wrong []string
	for _, s := range r.Steps {
		if failed := r.Records[s.name].Failed; failed != "" {
			wrong = append(wrong, s.name+" failed: "+failed)
		}
	}
	return wrong
}
