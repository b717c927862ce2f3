// Package pages reads the commands out of documentation, so that tests can run them.
//
// A block that is fenced as sh, or console, holds commands. What a reader need not see stands in comments of the page:
//
//	<!-- not run: why -->        above a block: it cannot be run by a test, and is only checked
//	<!-- fails: why -->          above a block: its last command ends with another code than 0
//	<!-- setup:                  commands that come first, up to the end of the comment
//	<!-- page not run: why -->   no block of the page is run
package pages

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// Block is a block of commands.
type Block struct {
	Page   string
	Line   int // of its first command
	Text   string
	NotRun string // why it is not run; empty where it is
	Fails  bool   // it is to fail
	Hidden bool   // a reader does not see it
}

// Where names the block's place.
func (b Block) Where() string { return fmt.Sprintf("%s:%d", b.Page, b.Line) }

var (
	fence    = regexp.MustCompile("^( *)```([a-z]*)$")
	comment  = regexp.MustCompile(`^\s*<!-- (not run|fails|page not run): (.+) -->$`)
	setup    = regexp.MustCompile(`^\s*<!-- setup:$`)
	commands = regexp.MustCompile(`^\s*(bin/)?(portsaga|make|go|docker|kubectl|systemctl|sudo|ssh-keygen|pg_dump|pg_restore|sqlite3|curl|temporal) `)
)

// Read reads a page's blocks, in their order. A block that holds commands and does not say so is an error, and so is one whose
// fence is never closed.
func Read(file string) ([]Block, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	r := reader{page: file, lines: strings.Split(string(text), "\n")}
	for r.at < len(r.lines) {
		if err := r.next(); err != nil {
			return nil, err
		}
	}
	for i := range r.blocks {
		if r.pageNotRun != "" {
			r.blocks[i].NotRun = r.pageNotRun
		}
	}
	return r.blocks, nil
}

// reader goes through a page line by line.
type reader struct {
	page       string
	lines      []string
	at         int
	notRun     string // of the block that comes next
	fails      bool
	pageNotRun string
	blocks     []Block
}

func (r *reader) next() error {
	line := r.lines[r.at]
	r.at++
	switch said := comment.FindStringSubmatch(line); {
	case said != nil && said[1] == "not run":
		r.notRun = said[2]
	case said != nil && said[1] == "fails":
		r.fails = true
	case said != nil:
		r.pageNotRun = said[2]
	case setup.MatchString(line):
		return r.block(Block{Hidden: true}, "-->", "")
	case fence.MatchString(line):
		f := fence.FindStringSubmatch(line)
		b := Block{NotRun: r.notRun, Fails: r.fails}
		r.notRun, r.fails = "", false
		return r.fenced(b, f[1], f[2])
	case strings.TrimSpace(line) != "":
		r.notRun, r.fails = "", false
	}
	return nil
}

const closes = "```"

func (r *reader) fenced(b Block, indent, lang string) error {
	switch lang {
	case "sh":
		return r.block(b, closes, indent)
	case "console":
		if err := r.block(b, closes, indent); err != nil {
			return err
		}
		typed := &r.blocks[len(r.blocks)-1]
		typed.Text = onlyTyped(typed.Text)
		return nil
	}
	kept := len(r.blocks)
	if err := r.block(b, closes, indent); err != nil {
		return err
	}
	other := r.blocks[kept]
	r.blocks = r.blocks[:kept]
	if lang == "" && commands.MatchString(other.Text) {
		return fmt.Errorf("%s holds commands: fence it as sh", other.Where())
	}
	return nil
}

// block takes the lines up to the one that ends it.
func (r *reader) block(b Block, end, indent string) error {
	b.Page, b.Line = r.page, r.at+1
	for r.at < len(r.lines) {
		line := r.lines[r.at]
		r.at++
		if strings.TrimSpace(line) == end {
			r.blocks = append(r.blocks, b)
			return nil
		}
		b.Text += strings.TrimPrefix(line, indent) + "\n"
	}
	return fmt.Errorf("%s is never closed", b.Where())
}

// onlyTyped leaves out what a session answered.
func onlyTyped(session string) string {
	var typed strings.Builder
	for line := range strings.Lines(session) {
		if command, is := strings.CutPrefix(line, "$ "); is {
			typed.WriteString(command)
		}
	}
	return typed.String()
}
