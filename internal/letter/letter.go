// Package letter reads the text of letters of authorization, so that a letter can be compared with others. It is read where
// somebody adds it, and never by a process that talks to carriers: files come from strangers.
package letter

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text is the text of a letter: of a PDF that has one, or of a plain text. It is "" for scans, pictures and whatever cannot be read.
func Text(content []byte) string {
	if bytes.HasPrefix(content, []byte("%PDF-")) {
		return pdfText(content)
	}
	if !utf8.Valid(content) || bytes.ContainsRune(content, 0) {
		return ""
	}
	return string(content)
}

// legible leaves out what is no letter of any alphabet, no digit and no sign: fonts without a table give codes of their own.
func legible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) || unicode.IsSpace(r) {
			return r
		}
		return ' '
	}, s)
}
