package fraud

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/portsaga/portsaga/porting"
)

// Marked are numbers that are worth an attack, each by itself or as all that begin alike. The zero value marks none.
type Marked struct{ prefixes []string }

// LoadMarked reads marked numbers from a file, none where it has no name: a number or the beginning of numbers in E.164 on each
// line, and what follows a # is for people. Codes: marked-unreadable (Failed), marked-invalid (Invalid).
func LoadMarked(name string) (Marked, error) {
	if name == "" {
		return Marked{}, nil
	}
	text, err := ReadText(name)
	if err != nil {
		return Marked{}, &porting.Error{
			Kind: porting.Failed, Code: "marked-unreadable", Op: "read marked numbers", Object: name, Detail: "the file cannot be read",
			Next: "check its name and its permissions", Err: err,
		}
	}
	var m Marked
	nth := 0
	for line := range bytes.Lines(text) {
		nth++
		entry, _, _ := strings.Cut(string(line), "#")
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		if !isPrefix(entry) {
			return Marked{}, &porting.Error{
				Kind: porting.Invalid, Code: "marked-invalid", Op: "read marked numbers", Object: fmt.Sprintf("%s:%d", name, nth),
				Detail: "it is not the beginning of a number", Next: "write + and at least four digits, such as +1212555",
			}
		}
		m.prefixes = append(m.prefixes, entry)
	}
	return m, nil
}

func isPrefix(s string) bool {
	const least, most = len("+1234"), len("+123456789012345")
	return len(s) >= least && len(s) <= most && s[0] == '+' && strings.Trim(s[1:], "0123456789") == ""
}

// Any reports whether one of the numbers is marked.
func (m Marked) Any(numbers []porting.Number) bool {
	return slices.ContainsFunc(numbers, func(n porting.Number) bool {
		return slices.ContainsFunc(m.prefixes, func(prefix string) bool { return strings.HasPrefix(n.E164(), prefix) })
	})
}
