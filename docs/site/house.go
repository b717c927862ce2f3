package main

import (
	"cmp"
	"fmt"
	"html"
	"regexp"
	"strings"
)

// Sizes of a drawing, in its own units.
const (
	letter  = 7.4 // of a label, on average
	padding = 24
	line    = 20
	between = 26
	rows    = 62 // from the end of a row to the next
	width   = 860
)

// box is a node of a flowchart: a name, or a group with what is in it.
type box struct {
	id         string
	lines      []string
	rank       int
	x, y, w, h float64 // of the upper left corner
}

// chart is a flowchart that is drawn from top to bottom.
type chart struct {
	boxes map[string]*box
	order []string
	edges []edge
}

var subgraph = regexp.MustCompile(`^subgraph (\w+)\[`)

// draw draws a flowchart as SVG, in the colours of the page.
func draw(diagram string) string {
	c := readChart(diagram)
	c.rank()
	height := c.place()
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="diagram" role="img" aria-label="Diagram" viewBox="0 0 %d %.0f">`+"\n", width, height)
	for _, e := range c.edges {
		from, to := c.boxes[e.from], c.boxes[e.to]
		x1, y1, x2, y2 := from.x+from.w/2, from.y+from.h, to.x+to.w/2, to.y
		fmt.Fprintf(&b, `<path d="M%.0f %.0f C%.0f %.0f %.0f %.0f %.0f %.0f"/><polygon points="%.0f,%.0f %.0f,%.0f %.0f,%.0f"/>`+"\n",
			x1, y1, x1, y1+rows/2, x2, y2-rows/2, x2, y2-7, x2-4, y2-8, x2+4, y2-8, x2, y2)
	}
	for _, id := range c.order {
		n := c.boxes[id]
		fmt.Fprintf(&b, `<rect x="%.0f" y="%.0f" width="%.0f" height="%.0f" rx="6"/>`, n.x, n.y, n.w, n.h)
		for i, text := range n.lines {
			fmt.Fprintf(&b, `<text x="%.0f" y="%.0f">%s</text>`, n.x+n.w/2, n.y+float64(i)*line+22, html.EscapeString(text))
		}
		b.WriteString("\n")
	}
	return b.String() + "</svg>\n"
}

// readChart reads boxes and arrows. What stands in a group that an arrow leads to is part of the group's box.
func readChart(diagram string) *chart {
	names, group, within := map[string]string{}, "", map[string]string{}
	var members []string
	var found []edge
	for text := range strings.Lines(diagram) {
		text = strings.TrimSpace(text)
		if m := subgraph.FindStringSubmatch(text); m != nil {
			group = m[1]
		} else if text == "end" {
			group = ""
		}
		if m := naming.FindStringSubmatch(text); m != nil {
			names[m[1]] = m[2]
			if group != "" && m[1] != group {
				within[m[1]] = group
				members = append(members, m[1])
			}
		}
		if m := arrow.FindStringSubmatch(text); m != nil {
			remember(names, m[1], m[2])
			remember(names, m[3], m[4])
			found = append(found, edge{from: m[1], to: m[3]})
		}
	}
	c := &chart{boxes: map[string]*box{}}
	for _, e := range found {
		e.from, e.to = cmp.Or(within[e.from], e.from), cmp.Or(within[e.to], e.to)
		c.take(e.from, names)
		c.take(e.to, names)
		c.edges = append(c.edges, e)
	}
	for _, id := range members {
		if b := c.boxes[within[id]]; b != nil {
			b.lines = append(b.lines, names[id])
		}
	}
	return c
}

func (c *chart) take(id string, names map[string]string) {
	if c.boxes[id] == nil {
		c.boxes[id] = &box{id: id, lines: []string{called(names, id)}}
		c.order = append(c.order, id)
	}
}

// rank puts every box below all that lead to it. A chart that goes round is drawn as far as it goes.
func (c *chart) rank() {
	for range c.order {
		for _, e := range c.edges {
			c.boxes[e.to].rank = max(c.boxes[e.to].rank, min(c.boxes[e.from].rank+1, len(c.order)))
		}
	}
}

// place lays the rows out, each in the middle, and returns the height of all.
func (c *chart) place() float64 {
	y := 4.0
	for rank := 0; rank <= len(c.order); rank++ {
		var row []*box
		total, tallest := -float64(between), 0.0
		for _, id := range c.order {
			n := c.boxes[id]
			if n.rank != rank {
				continue
			}
			for _, text := range n.lines {
				n.w = max(n.w, float64(len(text))*letter+padding)
			}
			n.h = float64(len(n.lines))*line + padding/2
			total, tallest = total+n.w+between, max(tallest, n.h)
			row = append(row, n)
		}
		x := (width - total) / 2
		for _, n := range row {
			n.x, n.y = x, y
			x += n.w + between
		}
		if len(row) > 0 {
			y += tallest + rows
		}
	}
	return y - rows + 4
}
