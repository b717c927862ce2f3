package pages

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// Lines are the command lines of portsaga in a text of shell commands, each without the program's name. It understands what pages
// use of the shell: quotes, comments, pipes, lists, assignments, redirections, here-documents, substitutions and line ends that are
// escaped.
func Lines(text string) [][]string {
	var lines [][]string
	for _, words := range split(withoutDocuments(text)) {
		if args, is := ours(words); is {
			lines = append(lines, args)
		}
	}
	return lines
}

var document = regexp.MustCompile(`<<-?'?(\w+)'?`)

// withoutDocuments leaves out the lines of here-documents, and joins lines whose end is escaped.
func withoutDocuments(text string) string {
	var kept strings.Builder
	end := ""
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		if end != "" {
			if strings.TrimSpace(line) == end {
				end = ""
			}
			continue
		}
		if begins := document.FindStringSubmatch(line); begins != nil {
			end = begins[1]
			line = strings.Replace(line, begins[0], "", 1)
		}
		kept.WriteString(line)
	}
	return kept.String()
}

// splitter divides shell text into commands of words.
type splitter struct {
	commands [][]string
	words    []string
	word     strings.Builder
	inWord   bool
}

func split(text string) [][]string {
	var s splitter
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\'' || c == '"':
			end := quoted(text, i)
			s.take(text[i+1 : end])
			if c == '"' {
				s.substituted(text[i+1 : end])
			}
			i = end
		case c == '$' && strings.HasPrefix(text[i:], "$("):
			end := closing(text, i+1)
			s.commands = append(s.commands, split(text[i+2:end])...)
			s.take("$()")
			i = end
		case c == '#' && !s.inWord:
			for i+1 < len(text) && text[i+1] != '\n' {
				i++
			}
		case strings.IndexByte("\n;|&()", c) >= 0:
			s.endCommand()
		case c == ' ' || c == '\t':
			s.endWord()
		default:
			s.take(string(c))
		}
	}
	s.endCommand()
	return s.commands
}

// quoted is where a quote ends; an apostrophe that opens nothing ends at once.
func quoted(text string, from int) int {
	end := strings.IndexByte(text[from+1:], text[from])
	if end < 0 {
		return len(text) - 1
	}
	return from + 1 + end
}

// closing is where a parenthesis ends.
func closing(text string, from int) int {
	depth := 0
	for i := from; i < len(text); i++ {
		switch text[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(text) - 1
}

func (s *splitter) take(text string) {
	s.word.WriteString(text)
	s.inWord = true
}

// substituted takes the commands whose output a quoted word holds.
func (s *splitter) substituted(text string) {
	for _, found := range regexp.MustCompile(`\$\(([^()]*)\)`).FindAllStringSubmatch(text, -1) {
		s.commands = append(s.commands, split(found[1])...)
	}
}

func (s *splitter) endWord() {
	if s.inWord {
		s.words = append(s.words, s.word.String())
	}
	s.word.Reset()
	s.inWord = false
}

func (s *splitter) endCommand() {
	s.endWord()
	if len(s.words) > 0 {
		s.commands = append(s.commands, s.words)
	}
	s.words = nil
}

var (
	assignment  = regexp.MustCompile(`^[A-Za-z_]\w*=`)
	redirection = regexp.MustCompile(`^\d?[<>]{1,2}&?(.*)$`)
	before      = []string{"sudo", "do", "then", "if", "until", "while", "!", "exec", "time"}
)

// ours are the arguments of portsaga, where it is what a command runs: as a program, or as a service of docker compose.
func ours(words []string) ([]string, bool) {
	words = withoutRedirections(words)
	for len(words) > 0 && (assignment.MatchString(words[0]) || slices.Contains(before, words[0])) {
		words = words[1:]
	}
	if len(words) == 0 {
		return nil, false
	}
	switch path.Base(words[0]) {
	case "portsaga", "portsaga-all":
		return words[1:], true
	case "temporal-port":
		return append([]string{"port"}, words[1:]...), true
	case "docker":
		return composed(words)
	}
	return nil, false
}

// composed are the arguments that `docker compose run` hands to a service of ours.
func composed(words []string) ([]string, bool) {
	if len(words) < 3 || words[1] != "compose" || words[2] != "run" {
		return nil, false
	}
	for i, word := range words[3:] {
		if word == "desk" || word == "ops" {
			return words[3+i+1:], true
		}
	}
	return nil, false
}

func withoutRedirections(words []string) []string {
	var kept []string
	for i := 0; i < len(words); i++ {
		switch into := redirection.FindStringSubmatch(words[i]); {
		case into == nil:
			kept = append(kept, words[i])
		case into[1] == "":
			i++ // the file is the next word
		}
	}
	return kept
}
