package main

import (
	"bytes"
	"html"
	"regexp"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/renderer"
	gohtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
)

// diagrams shows diagrams of Mermaid without Mermaid, because the site loads no script: a flowchart is drawn, and the stages, which
// have more words than arrows, are a table of their moves. All other blocks are shown as they are.
type diagrams struct{ gohtml.Config }

func newDiagrams() renderer.Option {
	const early = 100 // before the usual renderer of blocks
	return renderer.WithNodeRenderers(util.Prioritized(&diagrams{gohtml.NewConfig()}, early))
}

// RegisterFuncs implements renderer.NodeRenderer.
func (d *diagrams) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindFencedCodeBlock, d.block)
}

func (d *diagrams) block(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	b := n.(*ast.FencedCodeBlock) //nolint:forcetypeassert // it is registered for this kind
	var content bytes.Buffer
	for i := range b.Lines().Len() {
		line := b.Lines().At(i)
		content.Write(line.Value(source))
	}
	language := string(b.Language(source))
	if language == "mermaid" {
		show := table
		if strings.HasPrefix(content.String(), "flowchart") {
			show = draw
		}
		_, _ = w.WriteString(show(content.String()))
		return ast.WalkSkipChildren, nil
	}
	_, _ = w.WriteString(`<pre><code class="language-` + html.EscapeString(language) + `">` + html.EscapeString(content.String()) + "</code></pre>\n")
	return ast.WalkSkipChildren, nil
}

var (
	arrow  = regexp.MustCompile(`^(\S+?)(?:\["([^"]*)"\])? --> (\S+?)(?:\["([^"]*)"\])?(?:: (.*))?$`)
	state  = regexp.MustCompile(`^state "([^"]*)" as (\w+)$`)
	naming = regexp.MustCompile(`^(?:subgraph )?(\w+)\["([^"]*)"\]$`)
)

// edge is an arrow of a diagram.
type edge struct{ from, to, on string }

// table is a diagram as its arrows, in the order in which they stand.
func table(diagram string) string {
	names := map[string]string{"[*]": "start or end"}
	var edges []edge
	for line := range strings.Lines(diagram) {
		line = strings.TrimSpace(line)
		if m := state.FindStringSubmatch(line); m != nil {
			names[m[2]] = strings.ReplaceAll(m[1], "<br>", " ")
		}
		if m := naming.FindStringSubmatch(line); m != nil {
			names[m[1]] = m[2]
		}
		if m := arrow.FindStringSubmatch(line); m != nil {
			remember(names, m[1], m[2])
			remember(names, m[3], m[4])
			edges = append(edges, edge{m[1], m[3], m[5]})
		}
	}
	var b strings.Builder
	b.WriteString("<table class=\"diagram\"><thead><tr><th>from</th><th>to</th><th>on</th></tr></thead><tbody>\n")
	for _, e := range edges {
		b.WriteString("<tr><td>" + html.EscapeString(called(names, e.from)) + "</td><td>" + html.EscapeString(called(names, e.to)) + "</td><td>" + html.EscapeString(e.on) + "</td></tr>\n")
	}
	return b.String() + "</tbody></table>\n"
}

func remember(names map[string]string, id, name string) {
	if name != "" {
		names[id] = name
	}
}

func called(names map[string]string, id string) string {
	if name, known := names[id]; known {
		return name
	}
	return id
}
