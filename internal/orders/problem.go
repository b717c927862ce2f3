package orders

import (
	"fmt"
	"slices"
	"strings"

	"github.com/portsaga/portsaga/porting"
)

// Severity says whether a problem stops an order.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Problem is one thing that is wrong with an order. It shows numbers masked and no other value of the order, so that it
// may be logged. Code is stable; programs test it.
type Problem struct {
	Path     string   `json:"path"`           // like subscriber.address.city; empty for the file as a whole
	Line     int      `json:"line,omitempty"` // counted from 1; 0 when the order did not come from a file
	Code     string   `json:"code"`
	Message  string   `json:"message"`
	Next     string   `json:"next"` // what to do about it
	Severity Severity `json:"severity"`
}

func (p Problem) String() string {
	var b strings.Builder
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	if p.Line > 0 {
		fmt.Fprintf(&b, " (line %d)", p.Line)
	}
	b.WriteString("; " + p.Next)
	return b.String()
}

// InvalidOrderError says that an order cannot be taken, with every problem that was found, warnings too. It unwraps to a
// *porting.Error of kind Invalid with code "order-invalid".
type InvalidOrderError struct {
	Problems []Problem
	err      *porting.Error
}

func newInvalidOrderError(problems []Problem) *InvalidOrderError {
	detail := fmt.Sprintf("%d problems", len(problems))
	if len(problems) == 1 {
		detail = "1 problem"
	}
	return &InvalidOrderError{Problems: problems, err: &porting.Error{
		Kind: porting.Invalid, Code: "order-invalid",
		Op: "read order", Detail: detail, Next: "correct the order and send it again",
	}}
}

func (e *InvalidOrderError) Error() string {
	lines := []string{e.err.Error()}
	for _, p := range e.Problems {
		lines = append(lines, "  "+p.String())
	}
	return strings.Join(lines, "\n")
}

func (e *InvalidOrderError) Unwrap() error { return e.err }

// maxRepeats bounds how often one kind of problem is listed, so that a hostile file cannot fill the memory. The bound is
// for each code: many warnings never hide an error.
const maxRepeats = 100

// findings collects problems. It knows the line of every path in the file, and which paths could not be read: rules that
// come later stay silent about those.
type findings struct {
	lines    map[string]int
	unread   map[string]bool
	repeats  map[string]int
	problems []Problem
}

func newFindings() *findings {
	return &findings{lines: map[string]int{}, unread: map[string]bool{}, repeats: map[string]int{}}
}

// flaw is a problem without its place.
type flaw struct{ code, message, next string }

func (f *findings) fail(path string, found flaw) { f.add(path, f.line(path), found, SeverityError) }

func (f *findings) warn(path string, found flaw) { f.add(path, f.line(path), found, SeverityWarning) }

// failAt reports a problem on a line that is not the line of its path.
func (f *findings) failAt(line int, path string, found flaw) { f.add(path, line, found, SeverityError) }

func (f *findings) add(path string, line int, found flaw, severity Severity) {
	if f.isUnread(path) || f.repeats[found.code] == maxRepeats {
		return
	}
	f.repeats[found.code]++
	f.problems = append(f.problems, Problem{
		Path: path, Line: line, Code: found.code, Message: found.message,
		Next: found.next, Severity: severity,
	})
}

// lose reports a path that cannot be read and silences every later rule on it and below it.
func (f *findings) lose(path string, found flaw) {
	f.fail(path, found)
	f.unread[path] = true
}

// isUnread reports whether the path or something above it could not be read.
func (f *findings) isUnread(path string) bool {
	for ; path != ""; path = parent(path) {
		if f.unread[path] {
			return true
		}
	}
	return false
}

// line is the line of the path or, where it is missing from the file, of what should hold it.
func (f *findings) line(path string) int {
	for ; path != ""; path = parent(path) {
		if line, ok := f.lines[path]; ok {
			return line
		}
	}
	return f.lines[""]
}

// sorted is every problem by line, in the order of discovery on one line.
func (f *findings) sorted() []Problem {
	slices.SortStableFunc(f.problems, func(a, b Problem) int { return a.Line - b.Line })
	return f.problems
}

// hasErrors reports whether one of the problems stops the order.
func hasErrors(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return p.Severity == SeverityError })
}

// parent is the path without its last field or index.
func parent(path string) string {
	if i := strings.LastIndexAny(path, ".["); i >= 0 {
		return path[:i]
	}
	return ""
}

// child is the path of a field.
func child(path, field string) string {
	if path == "" {
		return field
	}
	return path + "." + field
}

// item is the path of an item of a list.
func item(path string, index int) string { return fmt.Sprintf("%s[%d]", path, index) }
