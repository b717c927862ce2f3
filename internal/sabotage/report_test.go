package sabotage

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// envReport names a file for what became of the saboteurs, as JSON.
const envReport = "PORTSAGA_SABOTEURS_REPORT"

// report is what became of those that worked.
type report struct {
	Caught int      `json:"caught"`
	Of     int      `json:"of"`
	List   []*tried `json:"list"`
}

// tried is a saboteur that worked.
type tried struct {
	Name   string `json:"name"`
	File   string `json:"file"`
	Test   string `json:"test"`
	Caught bool   `json:"caught"`
}

func (r *report) add(s saboteur) *tried {
	added := &tried{Name: s.name, File: s.file, Test: s.pkg + " " + s.test}
	r.List = append(r.List, added)
	return added
}

func (r *report) count() {
	r.Caught, r.Of = 0, len(r.List)
	for _, s := range r.List {
		if s.Caught {
			r.Caught++
		}
	}
}

func (r *report) write(t *testing.T) {
	t.Helper()
	file := os.Getenv(envReport)
	if file == "" {
		return
	}
	text, err := json.MarshalIndent(r, "", "  ")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, append(text, '\n'), 0o600))
}
