package manual

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/carrier"
	"github.com/portsaga/portsaga/porting"
)

var update = flag.Bool("update", false, "write the golden files anew")

var monday = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

func sheetOf(what, lang string) sheet {
	return sheet{
		Ref: carrier.Ref{Port: "pi-1", Version: 2}, Step: what, Lang: lang, Letter: what == stepSubmit, DDD: monday.AddDate(0, 0, 3), FOC: monday.AddDate(0, 0, 4),
		Why: porting.AuthorizationRevoked, At: monday,
		Order: porting.Order{
			Numbers:    []porting.Number{"+12125550123", "+442079460018"},
			Donor:      porting.Party{Name: "Vieux Téléphone", SPID: "1234"},
			Recipient:  porting.Party{Name: "New Bell", SPID: "5678"},
			Subscriber: porting.Subscriber{Name: "Żaneta Łukaszewicz, Ирина Перова, Ελένη Παππά", Address: porting.Address{Street: "Fabelgasse 7", PostalCode: "10115", City: "Berlin"}},
			Account:    porting.Account{Number: "4412-77-09", BTN: "+12125550123"},
			Authorization: porting.Authorization{
				CodeRef: "sec-1", SignedAt: monday.AddDate(0, 0, -1), SignedBy: "Ирина Перова", DocumentSHA256: strings.Repeat("ab", 32),
			},
		},
	}
}

// Every document is the same to the byte whenever and wherever it is made: its digest is in what people sign, and a mail that
// is sent again has to be the same mail.
func TestDocumentsAreTheSameToTheByte(t *testing.T) {
	t.Parallel()
	var digests strings.Builder
	for _, lang := range Languages() {
		for _, what := range []string{stepSubmit, stepSupplement, stepCancel, stepActivate, stepReverse} {
			files, err := sheetOf(what, lang).files("481516")
			require.NoError(t, err)
			again, err := sheetOf(what, lang).files("481516")
			require.NoError(t, err)
			require.Equal(t, files, again)
			for _, f := range files {
				sum := sha256.Sum256(f.Bytes)
				fmt.Fprintf(&digests, "%s %s %s\n", hex.EncodeToString(sum[:]), lang, f.Name)
			}
		}
	}
	file := filepath.Join("testdata", "documents.sha256")
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(digests.String()), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), digests.String(), "go test ./carrier/manual -update writes %s anew, if the documents are meant to change", file)
}

func TestNamesOfThreeAlphabetsAreDrawn(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Żaneta Łukaszewicz", "Ирина Щёголева", "Ελένη Παππά", "Zoë Ångström-Müller", "Đặng", "Nguyễn"} {
		if strings.ContainsAny(name, "ặễ") {
			require.Contains(t, drawable(name), "?", "what the fonts do not have is marked")
			continue
		}
		require.Equal(t, name, drawable(name))
	}
	require.Equal(t, "?? a b", drawable("山田\ta\r\nb"))
}

// Every language has every text, and no label runs into its value.
func TestWordsAreWholeAndFit(t *testing.T) {
	t.Parallel()
	for _, lang := range Languages() {
		w := languages()[lang]
		fields := reflect.ValueOf(w)
		for i := range fields.NumField() {
			require.False(t, fields.Field(i).IsZero(), "%s: %s", lang, fields.Type().Field(i).Name)
		}
		for _, what := range []string{stepSubmit, stepSupplement, stepCancel, stepActivate, stepReverse} {
			require.NotEmpty(t, w.Titles[what], "%s: %s", lang, what)
			require.NotEmpty(t, w.Please[what], "%s: %s", lang, what)
		}
		require.NotEmpty(t, w.Supplements["cancel"])
		require.NotEmpty(t, w.Supplements["other"])
		p := newPaper("", sheetOf(stepSubmit, lang))
		p.pdf.SetFont(family, "B", textSize)
		for _, label := range []string{
			w.Reference, w.Version, w.Requisition, w.Supplement, w.Date, w.Desired, w.Confirmed, w.Reason, w.Losing, w.Gaining, w.Holder, w.Address,
			w.Account, w.BillingNumber, w.Authority, w.Code,
		} {
			require.Less(t, p.pdf.GetStringWidth(label), labelWidth-2, "%s: %s", lang, label)
		}
	}
}

func TestALetterWithoutSignatureHasALineForOne(t *testing.T) {
	t.Parallel()
	s := sheetOf(stepSubmit, "en")
	signed, err := s.letter()
	require.NoError(t, err)
	s.Order.Authorization = porting.Authorization{Kind: "loa"}
	unsigned, err := s.letter()
	require.NoError(t, err)
	require.NotEqual(t, signed, unsigned)
	require.Equal(t, "no", s.authority())
	require.Contains(t, profileThatNeeds("loa").instructions(stepSubmit, s, false), "Have the letter of authorization signed: the order has no signature.")
}

func profileThatNeeds(documents ...string) Profile {
	return Profile{Name: "x", Email: "ports@x.example", Needs: documents, Language: "en"}
}

func BenchmarkDocuments(b *testing.B) {
	s := sheetOf(stepSubmit, "en")
	for b.Loop() {
		_, err := s.files("481516")
		require.NoError(b, err)
	}
}
