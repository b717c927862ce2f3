package porting

import (
	"fmt"
	"slices"
	"strings"
)

// Boxes of the diagram that stand for many stages.
const (
	boxHoldable Stage = "holdable"
	boxOpen     Stage = "open"
)

// Mermaid draws the moves of a direction as a Mermaid state diagram, in the order of the story. Moves that are legal in many
// stages start in one box that names them. It is empty for a direction without moves.
func Mermaid(d Direction) string {
	told, known := stories[d]
	if !known {
		return ""
	}
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for _, s := range openStages(told.table) {
		drawBox(&b, s, told.stageText(s))
	}
	drawBox(&b, Completed, string(Completed))
	drawBox(&b, OnHold, string(OnHold))
	drawBox(&b, boxHoldable, "one of: "+listed(told.holdable))
	drawBox(&b, boxOpen, "any stage before the end and the rollback")
	drawArrows(&b, told.drawn())
	fmt.Fprintf(&b, "    %s --> [*]\n", boxID(Completed))
	return b.String()
}

// drawn is the table as it is drawn: the moves of holds and of every open stage start in their boxes.
func (y story) drawn() []Transition {
	table := append(slices.Clone(y.table), Transition{boxHoldable, EventHeld, OnHold}, Transition{OnHold, EventResumed, boxHoldable})
	for _, t := range y.anywhere {
		table = append(table, Transition{boxOpen, t.On, t.To})
	}
	return table
}

// stageText is a stage and what leaves it as it is; Mermaid's arrows from a box to itself hide each other.
func (y story) stageText(s Stage) string {
	lines := []string{string(s)}
	for _, t := range y.table {
		if t.From == s && t.To == s {
			lines = append(lines, "(stays on "+string(t.On)+")")
		}
	}
	return strings.Join(lines, "<br>")
}

// drawBox declares a box. Mermaid lays boxes out in the order of their declarations.
func drawBox(b *strings.Builder, s Stage, text string) {
	fmt.Fprintf(b, "    state %q as %s\n", text, boxID(s))
}

// drawArrows draws one arrow from a box to another one, however many events lead there.
func drawArrows(b *strings.Builder, table []Transition) {
	var arrows []string
	events := map[string][]string{}
	for _, t := range table {
		if t.From == t.To {
			continue
		}
		arrow := boxID(t.From) + " --> " + boxID(t.To)
		if events[arrow] == nil {
			arrows = append(arrows, arrow)
		}
		events[arrow] = append(events[arrow], string(t.On))
	}
	for _, arrow := range arrows {
		fmt.Fprintf(b, "    %s: %s\n", arrow, strings.Join(events[arrow], ", "))
	}
}

// boxID names a stage in Mermaid's syntax, which takes no dashes. Before the first stage and after the end is a dot.
func boxID(s Stage) string {
	if s == closed {
		return "[*]"
	}
	return strings.ReplaceAll(string(s), "-", "_")
}

func listed(stages []Stage) string {
	names := make([]string, len(stages))
	for i, s := range stages {
		names[i] = string(s)
	}
	return strings.Join(names, ", ")
}
