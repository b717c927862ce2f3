package porting_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/porting"
)

var update = flag.Bool("update", false, "draw the stages anew in docs/stages.md")

const (
	drawnFrom = "<!-- drawn: go test ./porting -run TestStagesAreDrawn -update -->\n```mermaid\n"
	drawnTo   = "```\n<!-- end -->\n"
)

func TestStagesAreDrawn(t *testing.T) {
	t.Parallel()
	file := filepath.Join("..", "docs", "stages.md")
	page, err := os.ReadFile(file)
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(page), drawnFrom)
	require.True(t, found, "%s has lost its mark: %s", file, drawnFrom)
	_, after, found := strings.Cut(rest, drawnTo)
	require.True(t, found, "%s has lost its mark: %s", file, drawnTo)

	want := before + drawnFrom + porting.Mermaid(porting.PortIn) + drawnTo + after
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(page), "draw it anew with: go test ./porting -run TestStagesAreDrawn -update")
}

// The arrows are the legal moves and no others. Some start or end in a box that stands for many stages.
func TestMovesAndArrowsAreTheSame(t *testing.T) {
	t.Parallel()
	arrows := map[string]bool{"completed --> [*]: ": true}
	for _, move := range porting.Transitions(porting.PortIn) {
		from, to := boxOf(move.From), boxOf(move.To)
		switch move.On {
		case porting.EventHeld:
			from = "holdable"
		case porting.EventResumed:
			to = "holdable"
		case porting.EventRevoked, porting.EventCancelled:
			from = "open"
		}
		arrows[from+" --> "+to+": "+string(move.On)] = true
	}
	drawn := map[string]bool{}
	for line := range strings.Lines(porting.Mermaid(porting.PortIn)) {
		if strings.Contains(line, "confirmed<br>(stays on foc-changed)") {
			drawn["confirmed --> confirmed: foc-changed"] = true
		}
		arrow, events, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if strings.Contains(arrow, " --> ") {
			for event := range strings.SplitSeq(events, ", ") {
				drawn[arrow+": "+event] = true
			}
		}
	}
	require.Equal(t, arrows, drawn)
}

func boxOf(s porting.Stage) string {
	if s == "" {
		return "[*]"
	}
	return strings.ReplaceAll(string(s), "-", "_")
}

func TestNothingIsDrawnWithoutMoves(t *testing.T) {
	t.Parallel()
	require.Empty(t, porting.Mermaid("sideways"))
}
