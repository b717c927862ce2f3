package match

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
)

// word finds, in folded text: a number sign, a number like 45-12 or b-4, an abbreviation like l.l.c, any other word.
var word = regexp.MustCompile(`#|[0-9]+(?:-[\pL\pN]+)+|\b\pL-[0-9]+|(?:\b\pL\.)+\pL\b|[\pL\pN]+`)

// spelled are letters without an accent to take off, and signs that belong to a word or stand for one.
var spelled = strings.NewReplacer("ø", "o", "ł", "l", "đ", "d", "æ", "ae", "œ", "oe", "'", "", "’", "", "‘", "", "ʼ", "", "`", "", "&", " and ")

// fold takes the case, the accents and the apostrophes off a text.
func fold(s string) string {
	plain, _, err := transform.String(transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn)), cases.Fold()), s)
	if err != nil {
		plain = strings.ToLower(s) // not UTF-8; it is compared as it is
	}
	return spelled.Replace(plain)
}

// wordsOf splits a text into words, each in the form that a table gives it.
func wordsOf(s string, forms map[string]string) []string {
	words := word.FindAllString(fold(s), -1)
	for i, w := range words {
		words[i] = strings.ReplaceAll(w, ".", "")
		if form, known := forms[words[i]]; known {
			words[i] = form
		}
	}
	return words
}

// compact is the letters and digits of a text, for numbers that people group as they like.
func compact(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, fold(s))
}

// apart lists the words that only one of two texts has, as often as it has more of them.
func apart(a, b []string) (onlyA, onlyB []string) {
	more := map[string]int{}
	for _, w := range a {
		more[w]++
	}
	for _, w := range b {
		more[w]--
	}
	for _, w := range slices.Sorted(maps.Keys(more)) {
		for ; more[w] > 0; more[w]-- {
			onlyA = append(onlyA, w)
		}
		for ; more[w] < 0; more[w]++ {
			onlyB = append(onlyB, w)
		}
	}
	return onlyA, onlyB
}

// sameLetters reports whether two texts differ only in where their words end.
func sameLetters(a, b []string) bool { return strings.Join(a, "") == strings.Join(b, "") }

func all(words []string, is func(string) bool) bool {
	return !slices.ContainsFunc(words, func(w string) bool { return !is(w) })
}
