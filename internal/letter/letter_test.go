package letter_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"codeberg.org/go-pdf/fpdf"
	"github.com/stretchr/testify/require"
	"golang.org/x/image/font/gofont/goregular"

	"github.com/portsaga/portsaga/internal/fraud"
	"github.com/portsaga/portsaga/internal/letter"
)

const wording = "I, %s, holder of account %s, authorise Acme Voice to act for me with my present carrier, to ask it for my customer service " +
	"record, and to move the telephone number %s to its network. I know that my present service ends with the move, that charges for an " +
	"early end of my contract may be asked for, and that I may take this authorisation back at any time before the move. Signed by my own hand."

// other is about the same thing, in words of its own.
const other = "To whom it may concern: please release the line of %s (customer no. %s, telephone %s) so that our new provider can take it over on the " +
	"agreed day. We have settled all bills. This permission is good for thirty days from today and covers no other line of our company. Yours truly."

// pdf writes a text as a PDF, in a font with a table of its codes or in one of the old ones.
func pdf(t testing.TB, text string, embedded bool) []byte {
	t.Helper()
	p := fpdf.New("P", "mm", "A4", "")
	p.AddPage()
	font := "Helvetica"
	if embedded {
		font = "Go"
		p.AddUTF8FontFromBytes(font, "", goregular.TTF)
	}
	p.SetFont(font, "", 12)
	p.MultiCell(160, 6, text, "", "L", false)
	var file bytes.Buffer
	require.NoError(t, p.Output(&file))
	return file.Bytes()
}

func wordsOf(text string) string { return strings.Join(strings.Fields(text), " ") }

func TestTheTextOfALetter(t *testing.T) {
	t.Parallel()
	text := fmt.Sprintf(wording, "Iris Quill", "4412-77", "+1 212 555 0123")
	for name, content := range map[string][]byte{
		"plain text": []byte(text), "old font": pdf(t, text, false), "font with a table": pdf(t, text, true),
	} {
		require.Equal(t, wordsOf(text), wordsOf(letter.Text(content)), name)
	}
	require.Contains(t, letter.Text(pdf(t, "Zoë Åström (née Ünal) \\ 50 %", true)), "Zoë Åström (née Ünal) \\ 50 %")
}

func TestWhatHasNoText(t *testing.T) {
	t.Parallel()
	good := pdf(t, "Iris Quill", true)
	for name, content := range map[string][]byte{
		"nothing": nil, "a picture": {0x89, 'P', 'N', 'G', 0, 1, 2}, "half a PDF": good[:len(good)/2], "a PDF's first line": []byte("%PDF-1.7\n"),
		"an empty page": pdf(t, "", true),
	} {
		require.Empty(t, strings.TrimSpace(letter.Text(content)), name)
	}
}

// Letters that differ in names, accounts and numbers alone are alike; letters in other words are not, whatever file they come in.
func TestLettersOfOneHand(t *testing.T) {
	t.Parallel()
	sketch := func(content []byte) fraud.Fingerprint {
		f := fraud.FingerprintOf([]byte("key"), letter.Text(content))
		require.NotEmpty(t, f)
		return f
	}
	first := sketch(pdf(t, fmt.Sprintf(wording, "Iris Quill", "4412-77", "+12125550123"), true))
	forged := sketch(pdf(t, fmt.Sprintf(wording, "Otto Vale", "9001-12", "+13035550100"), false))
	another := sketch([]byte(fmt.Sprintf(other, "Otto Vale", "9001-12", "+13035550100")))
	alike, ok := fraud.Similarity(first, forged)
	require.True(t, ok)
	require.Greater(t, alike, 0.85)
	apart, ok := fraud.Similarity(first, another)
	require.True(t, ok)
	require.Less(t, apart, 0.3)
}

// Whatever is in a file, reading it ends, and gives text that can be printed.
func FuzzText(f *testing.F) {
	f.Add([]byte("%PDF-1.4\n"))
	f.Add(pdf(f, "Iris (Quill)", true))
	f.Add([]byte("BT /F1 12 Tf [(a) -200 <0041>] TJ ET"))
	f.Fuzz(func(t *testing.T, content []byte) {
		require.NotContains(t, letter.Text(content), "\x00")
	})
}
