package manual

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/porting"
)

func TestMain(m *testing.M) {
	api.DisableConfigDir() // it would write into the home directory
	os.Exit(m.Run())
}

// requireReadable reads documents with a PDF library that is not the one which wrote them.
func requireReadable(t testing.TB, files []notify.File, minPages int) {
	t.Helper()
	for _, f := range files {
		require.NoError(t, api.Validate(bytes.NewReader(f.Bytes), nil), f.Name)
		pages, err := api.PageCount(bytes.NewReader(f.Bytes), nil)
		require.NoError(t, err)
		require.GreaterOrEqual(t, pages, minPages)
	}
}

func TestDocumentsCanBeRead(t *testing.T) {
	t.Parallel()
	for _, lang := range Languages() {
		for _, what := range []string{stepSubmit, stepSupplement, stepCancel, stepActivate, stepReverse} {
			files, err := sheetOf(what, lang).files("481516")
			require.NoError(t, err)
			requireReadable(t, files, 1)
		}
	}
}

func TestDocumentsOfLongOrders(t *testing.T) {
	t.Parallel()
	s := sheetOf(stepSubmit, "en")
	s.Order.Numbers = nil
	for i := range 1000 {
		s.Order.Numbers = append(s.Order.Numbers, porting.Number(fmt.Sprintf("+1212555%04d", i)))
	}
	s.Order.Subscriber.Name = strings.Repeat("A very long name ", 50)
	files, err := s.files("")
	require.NoError(t, err)
	requireReadable(t, files, 20)
}

// Whatever people are called, there is a form that a PDF reader can read, and a subject on one line.
func FuzzDocuments(f *testing.F) {
	f.Add("Iris Quill", "7 Fable Row", "481516")
	f.Add("\U0001F600\x00\xff", "a\r\nBcc: b", "%s%d")
	f.Add(strings.Repeat("x", 500), "", "")
	f.Fuzz(func(t *testing.T, name, street, code string) {
		s := sheetOf(stepSubmit, "en")
		s.Order.Subscriber.Name, s.Order.Donor.Name, s.Order.Subscriber.Address.Street = name, name, street
		files, err := s.files(porting.Secret(code))
		require.NoError(t, err)
		requireReadable(t, files, 1)
		require.False(t, strings.ContainsAny(s.subject(), "\r\n"))
	})
}
