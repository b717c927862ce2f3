package notify

import (
	"fmt"
	"slices"
	"strings"
	texttemplate "text/template"
	"time"
)

// said is what a text can name.
type said struct {
	Numbers   string // masked: up to two, or the first and how many more
	Donor     string
	Recipient string
	Date      string // of the FOC, in the language's way; empty while there is none
	Until     string // until when something holds, in the same way
}

// page is what the frame of a mail shows.
type page struct {
	Lang, Subject       string
	Paragraphs          []string
	Link, Label, Why    string // empty where the notice offers no stop
	Learn               string // empty where it does not teach
	Reference, PortName string
}

// Render writes a notice. link is the customer's own link; where it is empty, or the kind offers none, there is none in it.
func (t *Templates) Render(kind Kind, lang string, words Words, link string) (Content, error) {
	p, ok := t.phrases[lang]
	if !ok || p.compiled[kind] == nil {
		return Content{}, fmt.Errorf("there is no %s notice in %q", kind, lang)
	}
	if !kind.OffersStop() {
		link = ""
	}
	say := p.say(words)
	subject, err := execute(p.compiled[kind].subject, say)
	if err != nil {
		return Content{}, err
	}
	body, err := execute(p.compiled[kind].body, say)
	if err != nil {
		return Content{}, err
	}
	sms, err := execute(p.compiled[kind].sms, say)
	if err != nil {
		return Content{}, err
	}
	shown := page{Lang: lang, Subject: strings.Join(strings.Fields(subject), " "), Paragraphs: paragraphs(body), Reference: p.Reference, PortName: words.Port}
	if link != "" {
		shown.Link, shown.Label, shown.Why = link, p.StopLabel, p.StopWhy
		sms += " " + p.StopSMS + " " + link
	}
	if kind.Teaches() {
		shown.Learn = strings.Join(strings.Fields(p.Learn), " ")
	}
	var html strings.Builder
	if err := t.layout.Execute(&html, shown); err != nil {
		return Content{}, err
	}
	return Content{Lang: lang, Subject: shown.Subject, Text: shown.text(), HTML: html.String(), SMS: strings.Join(strings.Fields(sms), " ")}, nil
}

func execute(t *texttemplate.Template, say said) (string, error) {
	var b strings.Builder
	err := t.Execute(&b, say)
	return b.String(), err
}

// say puts words in the language's shapes.
func (p *phrases) say(w Words) said {
	const few = 2
	s := said{Donor: w.Donor, Recipient: w.Recipient, Numbers: strings.Join(w.Numbers, ", ")}
	if len(w.Numbers) > few {
		s.Numbers = w.Numbers[0] + " " + fmt.Sprintf(p.More, len(w.Numbers)-1)
	}
	if !w.FOCAt.IsZero() {
		s.Date = w.FOCAt.Format(p.Date)
	}
	if !w.Until.IsZero() {
		s.Until = w.Until.Format(p.Date)
	}
	return s
}

// paragraphs are what empty lines separate; the other line breaks of a file mean nothing.
func paragraphs(body string) []string {
	var all []string
	for part := range strings.SplitSeq(body, "\n\n") {
		if words := strings.Fields(part); len(words) > 0 {
			all = append(all, strings.Join(words, " "))
		}
	}
	return all
}

// text is the mail for readers without HTML.
func (p page) text() string {
	parts := slices.Clip(p.Paragraphs)
	if p.Link != "" {
		parts = append(parts, p.Why+"\n"+p.Label+"\n"+p.Link)
	}
	if p.Learn != "" {
		parts = append(parts, p.Learn)
	}
	parts = append(parts, p.Reference+" "+p.PortName)
	return strings.Join(parts, "\n\n") + "\n"
}

// SampleWords are words of a port that is not there, for previews.
func SampleWords() Words {
	at := time.Date(2026, time.November, 30, 9, 0, 0, 0, time.FixedZone("", -5*60*60))
	return Words{
		Port: "pi-sample", Numbers: []string{"+1…0123", "+1…0124", "+1…0125"}, Donor: "Old Telecom", Recipient: "New Telecom", FOCAt: at, Until: at,
	}
}
