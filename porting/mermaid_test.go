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

var update = flag.Bool("update", false, "draw the stages anew in docs/stages.md and docs/port-out.md")

const (
	drawnFrom = "<!-- drawn: go test ./porting -run TestStagesAreDrawn -update -->\n```mermaid\n"
	drawnTo   = "```\n<!-- end -->\n"
)

func TestStagesAreDrawn(t *testing.T) {
	t.Parallel()
	for name, direction := range map[string]porting.Direction{"stages.md": porting.PortIn, "port-out.md": porting.PortOut} {
		file := filepath.Join("..", "docs", name)
		page, err := os.ReadFile(file)
		require.NoError(t, err)
		before, rest, found := strings.Cut(string(page), drawnFrom)
		require.True(t, found, "%s has lost its mark: %s", file, drawnFrom)
		_, after, found := strings.Cut(rest, drawnTo)
		require.True(t, found, "%s has lost its mark: %s", file, drawnTo)

		want := before + drawnFrom + porting.Mermaid(direction) + drawnTo + after
		if *update {
			require.NoError(t, os.WriteFile(file, []byte(want), 0o644))
			continue
		}
		require.Equal(t, want, string(page), "draw it anew with: go test ./porting -run TestStagesAreDrawn -update")
	}
}

// The arrows are the legal moves and no others. Some start or end in a box that stands for many stages.
func TestMovesAndArrowsAreTheSame(t *testing.T) {
	t.Parallel()
	for _, direction := range []porting.Direction{porting.PortIn, porting.PortOut} {
		require.Equal(t, arrowsOf(direction), drawnArrows(direction), direction)
	}
}

func arrowsOf(direction porting.Direction) map[string]bool {
	arrows := map[string]bool{"completed --> [*]: ": true}
	for _, move := range porting.Transitions(direction) {
		from, to := boxOf(move.From), boxOf(move.To)
		switch move.On {
		case porting.EventHeld:
			from = "holdable"
		case porting.EventResumed:
			to = "holdable"
		case porting.EventRevoked, porting.EventCancelled, porting.EventWithdrawn:
			from = "open"
		}
		arrows[from+" --> "+to+": "+string(move.On)] = true
	}
	return arrows
}

func drawnArrows(direction porting.Direction) map[string]bool {
	drawn := map[string]bool{}
	for line := range strings.Lines(porting.Mermaid(direction)) {
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
	return drawn
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
