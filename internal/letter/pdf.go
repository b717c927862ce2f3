package letter

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

const (
	maxPages  = 20      // a letter has one or two
	maxStream = 4 << 20 // bytes of a page, unpacked
)

// quietly keeps the library from writing settings into somebody's home.
var quietly = sync.OnceFunc(api.DisableConfigDir)

// pdfText is the text of the first pages of a PDF, as far as it can be read. A file that breaks the library has none.
func pdfText(content []byte) (text string) {
	defer func() {
		if recover() != nil {
			text = ""
		}
	}()
	quietly()
	file, err := api.ReadContext(bytes.NewReader(content), model.NewDefaultConfiguration())
	if err != nil || file.EnsurePageCount() != nil {
		return ""
	}
	var all strings.Builder
	for page := range min(file.PageCount, maxPages) {
		if err := readPage(file, page+1, &all); err != nil {
			return ""
		}
	}
	return legible(all.String())
}

func readPage(file *model.Context, nr int, into *strings.Builder) error {
	_, _, inherited, err := file.PageDict(nr, true)
	if err != nil {
		return err
	}
	drawn, err := pdfcpu.ExtractPageContent(file, nr)
	if err != nil || drawn == nil {
		return err
	}
	content, err := io.ReadAll(io.LimitReader(drawn, maxStream))
	if err != nil {
		return err
	}
	p := painter{fonts: fontsOf(file, inherited.Resources), into: into}
	p.paint(content)
	into.WriteString("\n")
	return nil
}

// fontsOf are the tables of a page's fonts, by the names that the page gives them. A font without one is left out.
func fontsOf(file *model.Context, resources types.Dict) map[string]table {
	tables := map[string]table{}
	fonts, err := file.DereferenceDict(resources["Font"])
	if err != nil {
		return tables
	}
	for name, object := range fonts {
		font, err := file.DereferenceDict(object)
		if err != nil || font == nil {
			continue
		}
		stream, _, err := file.DereferenceStreamDict(font["ToUnicode"])
		if err == nil && stream != nil && stream.DecodeWithLimit(maxStream) == nil {
			tables[name] = readTable(stream.Content)
		}
	}
	return tables
}

// table says which text a font's codes stand for.
type table struct {
	width int // bytes of a code
	text  map[uint32]string
}

// readTable reads a ToUnicode table: the width of its codes, single codes, and ranges of them.
func readTable(content []byte) table {
	t := table{width: 1, text: map[uint32]string{}}
	var codes []token
	s := scanner{rest: content}
	for tok, more := s.next(); more; tok, more = s.next() {
		switch {
		case tok.kind == bytesToken || tok.kind == listToken:
			codes = append(codes, tok)
			continue
		case tok.is("endcodespacerange") && len(codes) > 0:
			t.width = max(1, len(codes[0].bytes))
		case tok.is("endbfchar"):
			for ; len(codes) >= 2; codes = codes[2:] {
				t.text[codes[0].number()] = utf16Text(codes[1].bytes)
			}
		case tok.is("endbfrange"):
			for ; len(codes) >= 3; codes = codes[3:] {
				t.addRange(codes[0].number(), codes[1].number(), codes[2])
			}
		}
		codes = nil
	}
	return t
}

const maxRange = 1 << 16

func (t table) addRange(from, to uint32, start token) {
	if to < from || to-from >= maxRange {
		return
	}
	if start.kind == listToken {
		for i, one := range start.list {
			t.text[from+uint32(i)] = utf16Text(one.bytes)
		}
		return
	}
	first := []rune(utf16Text(start.bytes))
	if len(first) == 0 {
		return
	}
	last := len(first) - 1
	for code := from; code <= to; code++ {
		t.text[code] = string(first[:last]) + string(first[last]+rune(code-from)) //nolint:gosec // at most maxRange
	}
}

// read turns a string of the page into text. Where the font has no table, its codes are Latin letters, or nothing that can be read.
func (t table) read(codes []byte) string {
	if t.text == nil {
		var latin strings.Builder
		for _, b := range codes {
			latin.WriteRune(rune(b))
		}
		return latin.String()
	}
	var text strings.Builder
	for ; len(codes) >= t.width; codes = codes[t.width:] {
		text.WriteString(t.text[number(codes[:t.width])])
	}
	return text.String()
}

// painter follows the text operators of a page.
type painter struct {
	fonts map[string]table
	font  table
	into  *strings.Builder
}

// gap is from which on, in thousandths of the font's size, a step between two letters is a space.
const gap = -180

func (p *painter) paint(content []byte) {
	var given []token
	s := scanner{rest: content}
	for tok, more := s.next(); more; tok, more = s.next() {
		if tok.kind != wordToken {
			given = append(given, tok)
			continue
		}
		p.operate(tok.word, given)
		if tok.is("ID") { // a picture inside the page, in bytes that mean no text
			s.skipTo("EI")
		}
		given = given[:0]
	}
}

func (p *painter) operate(operator string, given []token) {
	switch operator {
	case "Tf":
		if len(given) > 0 {
			p.font = p.fonts[given[0].word]
		}
	case "Td", "TD", "T*", "Tm", "ET", "BT":
		p.into.WriteString(" ")
	case "Tj", "'", `"`:
		if operator != "Tj" {
			p.into.WriteString(" ")
		}
		if len(given) > 0 {
			p.show(given[len(given)-1])
		}
	case "TJ":
		if len(given) > 0 {
			for _, part := range given[0].list {
				p.show(part)
			}
		}
	}
}

func (p *painter) show(part token) {
	switch {
	case part.kind == bytesToken:
		p.into.WriteString(p.font.read(part.bytes))
	case part.kind == numberToken && part.value() < gap:
		p.into.WriteString(" ")
	}
}

func number(code []byte) (n uint32) {
	for _, b := range code {
		n = n<<8 | uint32(b)
	}
	return n
}

func (t token) number() uint32 { return number(t.bytes) }

func (t token) value() (v float64) {
	_, _ = fmt.Sscan(t.word, &v) // a number that is none is 0
	return v
}
