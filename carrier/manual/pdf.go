package manual

import (
	"bytes"
	"cmp"
	"fmt"
	"strings"
	"sync"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"

	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/porting"
)

// Measures of a page, in millimetres and points.
const (
	margin     = 20.0
	labelWidth = 66.0
	lineHeight = 6.0
	gap        = 4.0

	titleSize = 16.0
	textSize  = 10.5
	smallSize = 8.0
)

const pdfType = "application/pdf"

// files are the documents of a task. code is empty where it does not go by mail.
func (s sheet) files(code porting.Secret) ([]notify.File, error) {
	form, err := s.form(code)
	if err != nil {
		return nil, err
	}
	name := strings.ReplaceAll(s.Ref.String(), "/", "-")
	files := []notify.File{{Name: name + "-" + s.Step + ".pdf", Type: pdfType, Bytes: form}}
	if !s.Letter {
		return files, nil
	}
	letter, err := s.letter()
	return append(files, notify.File{Name: name + "-letter.pdf", Type: pdfType, Bytes: letter}), err
}

// form is the order, or what is asked of it later, as a form.
func (s sheet) form(code porting.Secret) ([]byte, error) {
	w := s.words()
	p := newPaper(w.Titles[step(s.Step)], s)
	for _, f := range s.facts() {
		p.fact(f)
	}
	switch {
	case code != "":
		p.fact(fact{w.Code, code.Reveal()})
	case s.Order.Authorization.CodeRef != "" && (step(s.Step) == stepSubmit || step(s.Step) == stepSupplement):
		p.fact(fact{w.Code, w.CodeElsewhere})
	}
	p.numbers(w.Numbers, s.Order.Numbers)
	return p.bytes()
}

// letter is the subscriber's authorization (its contents follow 47 CFR 64.1130). It says what was signed, where that is
// kept, and never draws a signature: where there is none, it has a line for one.
func (s sheet) letter() ([]byte, error) {
	w, o := s.words(), s.Order
	p := newPaper(w.LetterTitle, s)
	for _, f := range []fact{
		{w.Holder, o.Subscriber.Name},
		{w.Address, address(o.Subscriber.Address)},
		{w.Account, o.Account.Number},
		{w.BillingNumber, o.Account.BTN.E164()},
	} {
		if f.value != "" {
			p.fact(f)
		}
	}
	p.pdf.Ln(gap)
	for _, statement := range w.Statements {
		if strings.Contains(statement, "%") {
			statement = fmt.Sprintf(statement, o.Donor.Name, o.Recipient.Name)
		}
		p.paragraph(statement)
	}
	p.numbers(w.Numbers, o.Numbers)
	p.pdf.Ln(gap)
	a := o.Authorization
	if a.SignedAt.IsZero() {
		p.signatureLine(w.SignatureLine)
		return p.bytes()
	}
	p.paragraph(fmt.Sprintf(w.SignedLine, cmp.Or(a.SignedBy, o.Subscriber.Name), dateOf(a.SignedAt), o.Recipient.Name))
	if a.DocumentSHA256 != "" {
		p.paragraph(fmt.Sprintf(w.Record, a.DocumentSHA256))
	}
	return p.bytes()
}

// paper is a document that is the same to the byte whenever it is made from the same sheet.
type paper struct {
	pdf *fpdf.Fpdf
}

const family = "go"

func newPaper(title string, s sheet) paper {
	p := paper{fpdf.New("P", "mm", "A4", "")}
	p.pdf.SetCatalogSort(true)
	p.pdf.SetCreationDate(s.At.UTC())
	p.pdf.SetModificationDate(s.At.UTC())
	p.pdf.SetProducer("portsaga", false)
	p.pdf.SetTitle(drawable(title), true)
	p.pdf.SetLang(s.Lang)
	p.pdf.AddUTF8FontFromBytes(family, "", goregular.TTF)
	p.pdf.AddUTF8FontFromBytes(family, "B", gobold.TTF)
	p.pdf.SetMargins(margin, margin, margin)
	p.pdf.SetAutoPageBreak(true, margin)
	p.pdf.SetFooterFunc(func() {
		p.pdf.SetY(-margin + gap)
		p.pdf.SetFont(family, "", smallSize)
		p.pdf.CellFormat(0, lineHeight, fmt.Sprintf("%s, %s, %s %d", s.Ref, s.At.Format(time.DateOnly), s.words().Page, p.pdf.PageNo()), "", 0, "R", false, 0, "")
	})
	p.pdf.AddPage()
	p.pdf.SetFont(family, "B", titleSize)
	p.pdf.MultiCell(0, lineHeight+gap/2, drawable(title), "", "L", false)
	p.pdf.Ln(gap)
	return p
}

// fact writes a label and a value beside it, which may take several lines.
func (p paper) fact(f fact) {
	p.pdf.SetFont(family, "B", textSize)
	p.pdf.CellFormat(labelWidth, lineHeight, drawable(f.label), "", 0, "L", false, 0, "")
	p.pdf.SetFont(family, "", textSize)
	p.pdf.MultiCell(0, lineHeight, drawable(f.value), "", "L", false)
}

func (p paper) paragraph(text string) {
	p.pdf.SetFont(family, "", textSize)
	p.pdf.MultiCell(0, lineHeight, drawable(text), "", "L", false)
	p.pdf.Ln(gap / 2)
}

// numbers lists numbers with their position, by which people name them.
func (p paper) numbers(label string, numbers []porting.Number) {
	p.pdf.Ln(gap)
	p.pdf.SetFont(family, "B", textSize)
	p.pdf.CellFormat(0, lineHeight, drawable(label), "B", 1, "L", false, 0, "")
	p.pdf.SetFont(family, "", textSize)
	for i, n := range numbers {
		p.pdf.CellFormat(0, lineHeight, fmt.Sprintf("%d.  %s", i+1, n.E164()), "", 1, "L", false, 0, "")
	}
}

func (p paper) signatureLine(label string) {
	p.pdf.Ln(4 * gap)
	p.pdf.SetFont(family, "", smallSize)
	p.pdf.CellFormat(0, lineHeight, drawable(label), "T", 1, "L", false, 0, "")
}

func (p paper) bytes() ([]byte, error) {
	var b bytes.Buffer
	err := p.pdf.Output(&b)
	return b.Bytes(), err
}

// outlines knows which characters the fonts have: Latin, Greek and Cyrillic.
var outlines = sync.OnceValue(func() *sfnt.Font {
	font, err := sfnt.Parse(goregular.TTF)
	if err != nil {
		panic("manual: " + err.Error()) // the font is part of the program
	}
	return font
})

// missing stands for a character that the fonts do not have. The mail's text has every character as it is.
const missing = '?'

// drawable is a text on one line, of characters that can be drawn.
func drawable(s string) string {
	var buffer sfnt.Buffer
	return strings.Map(func(r rune) rune {
		if glyph, err := outlines().GlyphIndex(&buffer, r); err != nil || glyph == 0 {
			return missing
		}
		return r
	}, oneLine(s))
}
