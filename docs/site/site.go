package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// repository is where files are that are no pages.
const repository = "https://github.com/portsaga/portsaga/blob/main/"

// index is the page that names all others, by audience.
const index = "docs/index.md"

//go:embed page.html
var frame string

// Page is one page of the site.
type Page struct {
	Source string // its Markdown file in the repository
	Title  string
	Body   template.HTML
	IDs    map[string]bool // anchors that it has
}

// File is the page's file in the site: pages lie side by side.
func (p *Page) File() string { return fileOf(p.Source) }

// Section is what the navigation has for one audience.
type Section struct {
	Title string
	Links []Link
}

// Link is one line of the navigation.
type Link struct{ Title, Href string }

// Site is all pages, and how to find them.
type Site struct {
	Pages    map[string]*Page // by source
	Sections []Section
}

// Read reads the pages of a repository: those in docs, and those outside that a page links to.
func Read(root string) (*Site, error) {
	s := &Site{Pages: map[string]*Page{}}
	files, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		return nil, err
	}
	var sources []string
	for _, file := range files {
		sources = append(sources, "docs/"+filepath.Base(file))
	}
	for len(sources) > 0 {
		source := sources[0]
		sources = sources[1:]
		if s.Pages[source] != nil {
			continue
		}
		linked, err := s.read(root, source)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", source, err)
		}
		sources = append(sources, linked...)
	}
	return s, nil
}

// read reads one page and returns the pages that it links to.
func (s *Site) read(root, source string) (linked []string, err error) {
	markdown, err := os.ReadFile(filepath.Join(root, source))
	if err != nil {
		return nil, err
	}
	p := &Page{Source: source, IDs: map[string]bool{"pages": true}} // the navigation is on every page
	s.Pages[source] = p
	engine := goldmark.New(
		goldmark.WithExtensions(extension.Table, extension.Strikethrough),
		goldmark.WithRendererOptions(newDiagrams()),
	)
	tree := engine.Parser().Parse(text.NewReader(markdown), parser.WithContext(parser.NewContext()))
	err = ast.Walk(tree, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Heading:
			p.anchor(n, markdown)
		case *ast.Link:
			if page := p.follow(n, root); page != "" {
				linked = append(linked, page)
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return nil, err
	}
	if source == index {
		s.Sections = sections(tree, markdown)
	}
	var body bytes.Buffer
	err = engine.Renderer().Render(&body, markdown, tree)
	p.Body = template.HTML(body.String()) //nolint:gosec // our own pages
	return linked, err
}

// anchor names a heading as GitHub does, so that a link works in both places.
func (p *Page) anchor(h *ast.Heading, source []byte) {
	words := plain(h, source)
	if h.Level == 1 && p.Title == "" {
		p.Title = words
	}
	id := slug(words)
	for n := 1; p.IDs[id]; n++ {
		id = fmt.Sprintf("%s-%d", slug(words), n)
	}
	p.IDs[id] = true
	h.SetAttributeString("id", []byte(id))
}

// follow turns a link of the repository into one of the site. It returns the page that it leads to, if it is one.
func (p *Page) follow(l *ast.Link, root string) string {
	to, fragment, hasFragment := strings.Cut(string(l.Destination), "#")
	if to == "" || strings.Contains(to, "://") || strings.HasPrefix(to, "mailto:") {
		return ""
	}
	file := path.Join(path.Dir(p.Source), to)
	if info, err := os.Stat(filepath.Join(root, file)); err != nil || info.IsDir() || !strings.HasSuffix(file, ".md") {
		l.Destination = []byte(repository + file)
		return ""
	}
	href := fileOf(file)
	if hasFragment {
		href += "#" + fragment
	}
	l.Destination = []byte(href)
	return file
}

// fileOf is the file of a page: docs/x.md is x.html, the index is index.html, others say where they are from.
func fileOf(source string) string {
	name := strings.TrimPrefix(strings.TrimSuffix(source, ".md"), "docs/")
	return strings.ReplaceAll(strings.ToLower(name), "/", "-") + ".html"
}

// sections are the audiences of the index, each with its links.
func sections(tree ast.Node, source []byte) []Section {
	var all []Section
	for n := tree.FirstChild(); n != nil; n = n.NextSibling() {
		if h, is := n.(*ast.Heading); is && h.Level == 2 {
			all = append(all, Section{Title: plain(h, source)})
			continue
		}
		if len(all) == 0 {
			continue
		}
		_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if l, is := n.(*ast.Link); is && entering {
				last := &all[len(all)-1]
				last.Links = append(last.Links, Link{plain(l, source), string(l.Destination)})
			}
			return ast.WalkContinue, nil
		})
	}
	return all
}

// plain is the text of a node without its markup.
func plain(n ast.Node, source []byte) string {
	var words strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, is := n.(*ast.Text); is && entering {
			words.Write(util.UnescapePunctuations(t.Value(source)))
			if t.SoftLineBreak() {
				words.WriteByte(' ')
			}
		}
		return ast.WalkContinue, nil
	})
	return words.String()
}

// slug is a heading's anchor: letters, digits, hyphens and underscores stay, spaces become hyphens.
func slug(heading string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(heading) {
		switch {
		case r == ' ':
			b.WriteByte('-')
		case r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r > 127 && r != '…':
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Write writes the site into a directory.
func (s *Site) Write(dir string) error {
	shape, err := template.New("page").Parse(frame)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // everybody may read a site
		return err
	}
	for _, p := range s.Pages {
		var page bytes.Buffer
		if err := shape.Execute(&page, struct {
			*Page
			Sections []Section
		}{p, s.Sections}); err != nil {
			return fmt.Errorf("%s: %w", p.Source, err)
		}
		if err := os.WriteFile(filepath.Join(dir, p.File()), page.Bytes(), 0o644); err != nil { //nolint:gosec // everybody may read a site
			return err
		}
	}
	return nil
}
