package notify

import (
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"github.com/portsaga/portsaga/rules"
)

// Answer is what a customer's words mean.
type Answer string

// Answers.
const (
	Yes     Answer = "yes"
	No      Answer = "no"
	Unclear Answer = "unclear"
)

// Dictionary knows the words by which customers answer a question by SMS.
type Dictionary struct {
	answers map[string]Answer
}

// NewDictionary takes the words of the packs that ask, and everyday words of the languages in which notices are written.
func NewDictionary(packs []*rules.Pack) Dictionary {
	d := Dictionary{map[string]Answer{}}
	d.add(Yes, "YES", "JA", "SÍ", "OUI", "SIM")
	d.add(No, "NO", "NEIN", "NON", "NÃO", "STOP")
	for _, pack := range packs {
		if ask, ok := pack.Confirmation(); ok {
			d.add(Yes, ask.Accept...)
			d.add(No, ask.Reject...)
		}
	}
	return d
}

// add learns single words; "the code of the message" is none. A no stays a no, whatever another country says.
func (d Dictionary) add(a Answer, words ...string) {
	for _, word := range words {
		word = fold(word)
		if !strings.Contains(word, " ") && d.answers[word] != No {
			d.answers[word] = a
		}
	}
}

// Read is what a message means. A yes must be all of it; a no may be followed by anything, because stopping is safe.
func (d Dictionary) Read(text string) Answer {
	words := strings.FieldsFunc(fold(text), func(r rune) bool { return !unicode.IsLetter(r) })
	switch {
	case len(words) == 0:
		return Unclear
	case d.answers[words[0]] == No:
		return No
	case len(words) == 1 && d.answers[words[0]] == Yes:
		return Yes
	default:
		return Unclear
	}
}

// fold makes words equal that people write with and without accents and capitals.
func fold(s string) string {
	plain, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), s)
	if err != nil {
		plain = s
	}
	return strings.ToUpper(strings.TrimSpace(plain))
}
