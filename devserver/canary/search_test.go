package canary

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
)

// encoding is one way in which a word may stand in a file.
type encoding struct {
	name  string
	folds bool // capitals do not count
	forms func(word string) []string
}

const asItIs = "as it is, in any case of letters"

// encodings are the ten in which every canary is looked for. Compressed streams are opened first; see inflated.
var encodings = []encoding{
	{asItIs, true, func(w string) []string { return []string{w} }},
	{"base64", false, func(w string) []string { return aligned(base64.StdEncoding, w) }},
	{"base64 for URLs", false, func(w string) []string { return aligned(base64.URLEncoding, w) }},
	{"hexadecimal", true, func(w string) []string { return []string{hex.EncodeToString([]byte(w))} }},
	{"escaped for a URL", true, func(w string) []string { return []string{url.QueryEscape(w), url.PathEscape(w), percent(w)} }},
	{`JSON with \u`, true, func(w string) []string { return []string{unicodeEscaped(w)} }},
	{"UTF-16", true, func(w string) []string { return []string{wide(w)} }},
	{"backwards", true, func(w string) []string { return []string{backwards(w)} }},
	{"with other separators", true, separated},
	{"bytes as numbers", false, func(w string) []string { return []string{numbered(w), strings.ReplaceAll(numbered(w), " ", ",")} }},
}

// of are the forms of a word that this encoding adds to the word as it is.
func (e encoding) of(word string) []string {
	all := e.forms(word)
	if e.name == asItIs {
		return all
	}
	return slices.DeleteFunc(all, func(form string) bool { return strings.Contains(form, word) })
}

// aligned are the characters of base64 that do not depend on what stands before and after the word, for each place at which it
// can begin.
func aligned(e *base64.Encoding, word string) []string {
	const bits, group = 6, 3
	var all []string
	for lead := range group {
		text := e.EncodeToString(append(make([]byte, lead), word...))
		from, until := (8*lead+bits-1)/bits, 8*(lead+len(word))/bits
		all = append(all, text[from:until])
	}
	return all
}

func percent(word string) string {
	var b strings.Builder
	for _, c := range []byte(word) {
		fmt.Fprintf(&b, "%%%02x", c)
	}
	return b.String()
}

func unicodeEscaped(word string) string {
	var b strings.Builder
	for _, c := range word {
		fmt.Fprintf(&b, `\u%04x`, c)
	}
	return b.String()
}

func wide(word string) string {
	var b []byte
	for _, unit := range utf16.Encode([]rune(word)) {
		b = append(b, byte(unit), byte(unit>>8))
	}
	return string(b)
}

// numbered are the bytes as Go prints them; other languages, and JSON, put commas between.
func numbered(word string) string { return strings.Trim(fmt.Sprintf("%d", []byte(word)), "[]") }

func backwards(word string) string {
	letters := []rune(word)
	slices.Reverse(letters)
	return string(letters)
}

// separated are a telephone number as people write it, and every other word without its spaces and hyphens.
func separated(word string) []string {
	const area, prefix = 3, 6
	if len(word) >= 8 && strings.HasPrefix(word, exchange) {
		a, b, c := word[:area], word[area:prefix], word[prefix:]
		return []string{a + "-" + b + "-" + c, a + " " + b + " " + c, a + "." + b + "." + c, "(" + a + ") " + b + "-" + c}
	}
	var all []string
	for _, between := range []string{"", "_", "-", "+"} {
		form := strings.NewReplacer(" ", between, "-", between).Replace(word)
		if form != word {
			all = append(all, form)
		}
	}
	return all
}

// hit is a canary that was found, in one of the encodings.
type hit struct{ word, encoding string }

// matcher looks for many forms in one pass, by their first four bytes.
type matcher struct {
	begins [1 << 16]bool
	forms  map[[4]byte][]form
}

type form struct {
	text string
	hit  hit
}

// newMatcher takes the forms of the words whose capitals count, or of those whose do not, in small letters.
func newMatcher(words []string, folds bool) *matcher {
	m := &matcher{forms: map[[4]byte][]form{}}
	for _, word := range words {
		for _, e := range encodings {
			if e.folds != folds {
				continue
			}
			for _, text := range e.of(word) {
				if folds {
					text = strings.ToLower(text)
				}
				m.begins[uint16(text[0])|uint16(text[1])<<8] = true
				m.forms[[4]byte([]byte(text))] = append(m.forms[[4]byte([]byte(text))], form{text, hit{word, e.name}})
			}
		}
	}
	return m
}

func (m *matcher) count(text []byte, found map[hit]int) {
	for i := 0; i+4 <= len(text); i++ {
		if !m.begins[uint16(text[i])|uint16(text[i+1])<<8] {
			continue
		}
		for _, f := range m.forms[[4]byte(text[i:])] {
			if len(f.text) <= len(text)-i && string(text[i:i+len(f.text)]) == f.text {
				found[f.hit]++
			}
		}
	}
}

// searcher looks for words in texts, and in what is compressed in them.
type searcher struct{ exact, folded *matcher }

func newSearcher(words []string) searcher {
	return searcher{newMatcher(words, false), newMatcher(words, true)}
}

func (s searcher) search(text []byte) map[hit]int {
	found := map[hit]int{}
	for _, text := range append(inflated(text), text) {
		s.count(text, found)
	}
	return found
}

// plain searches a text that is too large to look for compressed streams in.
func (s searcher) plain(text []byte) map[hit]int {
	found := map[hit]int{}
	s.count(text, found)
	return found
}

func (s searcher) count(text []byte, found map[hit]int) {
	s.exact.count(text, found)
	s.folded.count(lower(text), found)
}

// lower makes the letters of ASCII small and leaves every other byte where it is.
func lower(text []byte) []byte {
	small := bytes.Clone(text)
	for i, c := range small {
		if 'A' <= c && c <= 'Z' {
			small[i] = c + 'a' - 'A'
		}
	}
	return small
}

// How compressed streams begin.
var (
	gzipBegins = []byte{0x1f, 0x8b, 0x08}
	zlibBegins = [][]byte{{0x78, 0x01}, {0x78, 0x5e}, {0x78, 0x9c}, {0x78, 0xda}}
)

// inflated is what the compressed streams in a text hold. One that breaks off counts as far as it goes.
func inflated(text []byte) [][]byte {
	var all [][]byte
	open := func(magic []byte, with func(io.Reader) (io.ReadCloser, error)) {
		for at := bytes.Index(text, magic); at >= 0; {
			if stream, err := with(bytes.NewReader(text[at:])); err == nil {
				content, _ := io.ReadAll(io.LimitReader(stream, 4<<20))
				if len(content) > 0 {
					all = append(all, content)
				}
			}
			next := bytes.Index(text[at+1:], magic)
			if next < 0 {
				return
			}
			at += 1 + next
		}
	}
	open(gzipBegins, func(r io.Reader) (io.ReadCloser, error) { return gzip.NewReader(r) })
	for _, magic := range zlibBegins {
		open(magic, zlib.NewReader)
	}
	return all
}

// The search finds every canary in every encoding, wherever it begins, and does not take a masked number for one.
func TestSearch(t *testing.T) {
	t.Parallel()
	for _, word := range canaries() {
		one := newSearcher([]string{word})
		for _, e := range encodings {
			for _, form := range e.of(word) {
				require.Positive(t, one.search([]byte("before " + form + " after"))[hit{word, e.name}], "%s: %s", e.name, form)
			}
		}
		for lead := range 3 {
			text := strings.Repeat("x", lead) + word + "y"
			for _, encoded := range []string{base64.StdEncoding.EncodeToString([]byte(text)), base64.RawURLEncoding.EncodeToString([]byte(text))} {
				require.NotEmpty(t, one.search([]byte(encoded)), "%q after %d bytes", word, lead)
			}
		}
		require.NotEmpty(t, one.search(compressed(t, word)), "%q compressed", word)
		require.NotEmpty(t, one.search([]byte(strings.ToUpper(word))))
	}
	require.Empty(t, newSearcher(canaries()).search([]byte("+1…7099, …7735, quillon at zanderholt")))
}

func compressed(t *testing.T, word string) []byte {
	t.Helper()
	var out bytes.Buffer
	out.WriteString("a row of a table")
	w := zlib.NewWriter(&out)
	_, err := w.Write([]byte("a message about " + word))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return out.Bytes()
}
