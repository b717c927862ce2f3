package letter

import (
	"bytes"
	"encoding/hex"
	"unicode/utf16"
)

// tokenKind is what a token of a page or a font's table is.
type tokenKind int

const (
	wordToken   tokenKind = iota // an operator
	nameToken                    // a name, without its slash
	numberToken                  //
	bytesToken                   // a string, in either of its two forms
	listToken
)

type token struct {
	kind  tokenKind
	word  string // of words, names and numbers
	bytes []byte
	list  []token
}

func (t token) is(word string) bool { return t.kind == wordToken && t.word == word }

// scanner takes the tokens of a stream one by one. What it does not understand it passes over.
type scanner struct {
	rest  []byte
	depth int
}

const (
	spaces     = " \t\r\n\f\x00"
	delimiters = spaces + "()<>[]{}/%"
	maxDepth   = 8 // of lists
)

func (s *scanner) next() (token, bool) {
	for {
		s.rest = bytes.TrimLeft(s.rest, spaces)
		if len(s.rest) == 0 {
			return token{}, false
		}
		switch c := s.rest[0]; {
		case c == '%':
			s.line()
		case c == '(':
			return s.literal(), true
		case bytes.HasPrefix(s.rest, []byte("<<")), bytes.HasPrefix(s.rest, []byte(">>")):
			s.rest = s.rest[2:]
		case c == '<':
			return s.hexadecimal(), true
		case c == '[':
			return s.array(), true
		case c == '/':
			s.rest = s.rest[1:]
			return token{kind: nameToken, word: s.word()}, true
		case bytes.IndexByte([]byte(delimiters), c) >= 0:
			s.rest = s.rest[1:]
			if c == ']' && s.depth > 0 {
				return token{}, false
			}
		default:
			return plain(s.word()), true
		}
	}
}

func plain(word string) token {
	if c := word[0]; c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' {
		return token{kind: numberToken, word: word}
	}
	return token{kind: wordToken, word: word}
}

func (s *scanner) word() string {
	end := bytes.IndexAny(s.rest, delimiters)
	if end < 0 {
		end = len(s.rest)
	}
	word := s.rest[:end]
	s.rest = s.rest[end:]
	return string(word)
}

func (s *scanner) line() {
	end := bytes.IndexAny(s.rest, "\r\n")
	if end < 0 {
		end = len(s.rest)
	}
	s.rest = s.rest[end:]
}

// skipTo passes over everything up to a word, and the word.
func (s *scanner) skipTo(word string) {
	_, after, _ := bytes.Cut(s.rest, []byte(word))
	s.rest = after
}

func (s *scanner) hexadecimal() token {
	digits, after, _ := bytes.Cut(s.rest[1:], []byte(">"))
	s.rest = after
	digits = bytes.Join(bytes.Fields(digits), nil)
	if len(digits)%2 == 1 {
		digits = append(digits, '0')
	}
	decoded, _ := hex.DecodeString(string(digits)) // what is no digit ends it
	return token{kind: bytesToken, bytes: decoded}
}

func (s *scanner) array() token {
	list := token{kind: listToken}
	s.rest = s.rest[1:]
	if s.depth == maxDepth {
		s.rest = nil
		return list
	}
	s.depth++
	for one, more := s.next(); more; one, more = s.next() {
		list.list = append(list.list, one)
	}
	s.depth--
	return list
}

var escapes = map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', 'b': ' ', 'f': ' '}

// literal reads a string in brackets, which may hold brackets and escapes.
func (s *scanner) literal() token {
	var text []byte
	open := 0
	for i := 0; i < len(s.rest); i++ {
		switch c := s.rest[i]; c {
		case '\\':
			i++
			if i < len(s.rest) {
				var n int
				text, n = unescape(text, s.rest[i:])
				i += n - 1
			}
		case '(':
			if open++; open > 1 {
				text = append(text, c)
			}
		case ')':
			if open--; open == 0 {
				s.rest = s.rest[i+1:]
				return token{kind: bytesToken, bytes: text}
			}
			text = append(text, c)
		default:
			text = append(text, c)
		}
	}
	s.rest = nil
	return token{kind: bytesToken, bytes: text}
}

// unescape adds what stands after a backslash, and says how many bytes that took.
func unescape(text, rest []byte) ([]byte, int) {
	c := rest[0]
	if known, ok := escapes[c]; ok {
		return append(text, known), 1
	}
	n, value := 0, 0
	for n < 3 && n < len(rest) && rest[n] >= '0' && rest[n] <= '7' {
		value = value*8 + int(rest[n]-'0')
		n++
	}
	switch {
	case n > 0:
		return append(text, byte(value)), n // a code above 255 is cut, as readers do
	case c == '\n' || c == '\r':
		return text, 1
	default:
		return append(text, c), 1
	}
}

func utf16Text(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
	}
	return string(utf16.Decode(units))
}
