package notify_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/portsaga/portsaga/internal/notify"
	"github.com/portsaga/portsaga/porting"
)

var update = flag.Bool("update", false, "write the golden files anew")

const customerLink = "https://port.example/stop/TOKEN?lang=xx"

// Every notice in every language, in every shape, is a file that people can read.
func TestEveryNoticeInEveryLanguage(t *testing.T) {
	t.Parallel()
	all := templates(t)
	require.Subset(t, all.Languages(), []string{"de", "en", "es", "fr", "pt"})
	for _, lang := range all.Languages() {
		for _, kind := range notify.Kinds {
			t.Run(lang+"/"+string(kind), func(t *testing.T) {
				t.Parallel()
				content, err := all.Render(kind, lang, notify.SampleWords(), customerLink)
				require.NoError(t, err)
				checkContent(t, kind, content)
				golden(t, filepath.Join(lang, string(kind)+".txt"), content.Subject+"\n\n"+content.Text+"\nSMS: "+content.SMS+"\n")
				golden(t, filepath.Join(lang, string(kind)+".html"), content.HTML)
			})
		}
	}
}

func golden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), text, "go test ./internal/notify -update writes %s anew", file)
}

var digits = regexp.MustCompile(`\d{5,}`)

func checkContent(t *testing.T, kind notify.Kind, c notify.Content) {
	t.Helper()
	for _, text := range []string{c.Subject, c.Text, c.SMS} {
		require.NotContains(t, text, "<no value>")
		require.NotContains(t, text, "{{")
		require.Contains(t, text, "+1…0123", "numbers are named, and masked")
		require.NotRegexp(t, digits, text)
	}
	require.Contains(t, c.HTML, `<html lang="`+c.Lang+`">`)
	require.Contains(t, c.HTML, "<h1")
	require.NotContains(t, c.HTML, "<script")
	require.NotContains(t, c.HTML, "<img", "no mail tells that it was opened")
	require.Less(t, len([]rune(strings.TrimSuffix(c.SMS, customerLink))), 245, "an SMS is short")
	for _, text := range []string{c.Text, c.HTML, c.SMS} {
		require.Equal(t, kind.OffersStop(), strings.Contains(text, customerLink))
	}
}

func TestEducationComesWhenItHelps(t *testing.T) {
	t.Parallel()
	all := templates(t)
	for _, kind := range notify.Kinds {
		content, err := all.Render(kind, "en", notify.SampleWords(), "")
		require.NoError(t, err)
		for _, text := range []string{content.Text, content.HTML} {
			require.Equal(t, kind.Teaches(), strings.Contains(text, "lock your number against moves"), kind)
			require.Equal(t, kind.Teaches(), strings.Contains(text, "authenticator app or a passkey"), kind)
		}
	}
}

func TestFewAndManyNumbers(t *testing.T) {
	t.Parallel()
	words := notify.SampleWords()
	words.Numbers = words.Numbers[:2]
	two, err := templates(t).Render(notify.FOC, "de", words, "")
	require.NoError(t, err)
	require.Contains(t, two.Text, "+1…0123, +1…0124 ")
	words.Numbers = words.Numbers[:1]
	one, err := templates(t).Render(notify.FOC, "de", words, "")
	require.NoError(t, err)
	require.Contains(t, one.Text, "Der Wechsel von +1…0123 von Old Telecom zu New Telecom ist am 30.11.2026, 09:00 Uhr (UTC-05:00).")
	many, err := templates(t).Render(notify.FOC, "de", notify.SampleWords(), "")
	require.NoError(t, err)
	require.Contains(t, many.Text, "+1…0123 und 2 weitere")
}

func TestWordsAreEscaped(t *testing.T) {
	t.Parallel()
	words := notify.SampleWords()
	words.Donor = `<script>alert("x")</script>`
	content, err := templates(t).Render(notify.Received, "en", words, "javascript:alert(1)")
	require.NoError(t, err)
	require.NotContains(t, content.HTML, "<script>")
	require.NotContains(t, content.HTML, `href="javascript:`)
}

func TestMatch(t *testing.T) {
	t.Parallel()
	all := templates(t)
	for wished, want := range map[string]string{
		"": "en", "de": "de", "de-CH": "de", "es-MX": "es", "fr-CA,en;q=0.5": "fr", "pt-BR": "pt", "ja": "en", "nonsense!": "en",
	} {
		require.Equal(t, want, all.Match(wished), wished)
	}
}

func directory(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

func TestADirectoryReplacesTexts(t *testing.T) {
	t.Parallel()
	all, err := notify.LoadTemplates(directory(t, map[string]string{
		"en.yaml":     "stop: Halt\nnotices:\n  foc:\n    subject: Our date {{.Date}}\n    body: Ours.\n    sms: Ours, {{.Numbers}}.\n",
		"layout.html": `<p lang="{{.Lang}}">{{.Subject}}</p>`,
		"README.md":   "not a text",
	}))
	require.NoError(t, err)
	foc, err := all.Render(notify.FOC, "en", notify.SampleWords(), customerLink)
	require.NoError(t, err)
	require.Equal(t, "Our date 30 November 2026, 09:00 (UTC-05:00)", foc.Subject)
	require.Contains(t, foc.Text, "Halt\n"+customerLink)
	require.Equal(t, `<p lang="en">Our date 30 November 2026, 09:00 (UTC-05:00)</p>`, foc.HTML)
	received, err := all.Render(notify.Received, "en", notify.SampleWords(), customerLink)
	require.NoError(t, err)
	require.Contains(t, received.Text, "We have received a request", "what the directory leaves out stays")
}

func TestADirectoryBringsALanguage(t *testing.T) {
	t.Parallel()
	english, err := os.ReadFile("templates/en.yaml")
	require.NoError(t, err)
	all, err := notify.LoadTemplates(directory(t, map[string]string{"nl.yaml": string(english)}))
	require.NoError(t, err)
	require.Contains(t, all.Languages(), "nl")
	require.Equal(t, "nl", all.Match("nl-BE"))
}

func TestTemplatesThatAreWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, text, says string }{
		"a word that is not there": {"en.yaml", "notices: {foc: {subject: '{{.PIN}}', body: b, sms: s}}", "PIN"},
		"a kind that is not there": {"en.yaml", "notices: {bill: {subject: s, body: b, sms: s}}", `no notice of kind "bill"`},
		"half a kind":              {"en.yaml", "notices: {foc: {subject: s}}", "body is missing"},
		"a field that is not one":  {"en.yaml", "greeting: hello", "greeting"},
		"half a language":          {"nl.yaml", "name: Nederlands", "nl: "},
		"not a language":           {"klingonish.yaml", "name: x", "is no language"},
		"a broken frame":           {"layout.html", "{{.Subject", "layout.html"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := notify.LoadTemplates(directory(t, map[string]string{c.file: c.text}))
			require.Equal(t, "templates-invalid", porting.CodeOf(err))
			require.ErrorContains(t, err, c.says)
		})
	}
	_, err := templates(t).Render("bill", "en", notify.SampleWords(), "")
	require.Error(t, err)
	_, err = templates(t).Render(notify.FOC, "ja", notify.SampleWords(), "")
	require.Error(t, err)
}
