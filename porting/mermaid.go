package porting

import (
	"fmt"
	"slices"
	"strings"
)

// Mermaid draws the moves of a direction as a Mermaid state diagram, in the order of the story. Moves that start in many
// stages start in one box that names them. It is empty for a direction without moves.
func Mermaid(d Direction) string {
	if d != PortIn {
		return ""
	}
	return drawStages() + drawArrows(portIn) + drawHolds() + drawAnywhere()
}

// drawStages names the stages that Mermaid's syntax cannot name as they are.
func drawStages() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for _, s := range append(openStages(portIn), OnHold) {
		if id := mermaidID(s); id != string(s) {
			fmt.Fprintf(&b, "    state %q as %s\n", s, id)
		}
	}
	return b.String()
}

// drawArrows draws one arrow from a stage to another, whatever number of events leads there.
func drawArrows(table []Transition) string {
	var arrows []string
	events := map[string][]string{}
	for _, t := range table {
		arrow := mermaidID(t.From) + " --> " + mermaidID(t.To)
		if events[arrow] == nil {
			arrows = append(arrows, arrow)
		}
		events[arrow] = append(events[arrow], string(t.On))
	}
	var b strings.Builder
	for _, arrow := range arrows {
		fmt.Fprintf(&b, "    %s: %s\n", arrow, strings.Join(events[arrow], ", "))
	}
	fmt.Fprintf(&b, "    %s --> [*]\n", mermaidID(Completed))
	return b.String()
}

func drawHolds() string {
	return fmt.Sprintf("    state %q as holdable\n    holdable --> %[2]s: %[3]s\n    %[2]s --> holdable: %[4]s\n",
		join(holdable), mermaidID(OnHold), EventHeld, EventResumed)
}

func drawAnywhere() string {
	var b strings.Builder
	open := slices.DeleteFunc(append(openStages(portIn), OnHold), func(s Stage) bool { return s == RollingBack })
	fmt.Fprintf(&b, "    state %q as open\n", join(open))
	for _, t := range anywhere {
		fmt.Fprintf(&b, "    open --> %s: %s\n", mermaidID(t.To), t.On)
	}
	return b.String()
}
