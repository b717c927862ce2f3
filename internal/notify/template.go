package notify

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	texttemplate "text/template"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/language"

	"github.com/portsaga/portsaga/porting"
)

//go:embed templates
var embedded embed.FS

// Templates are the texts of all notices in every language. They are checked when they are loaded.
type Templates struct {
	phrases map[string]*phrases // by language
	matcher language.Matcher
	order   []string // of the matcher
	layout  *template.Template
}

// phrases are one language's texts, as its file has them.
type phrases struct {
	Name      string             `yaml:"name"`      // of the language, in itself
	Date      string             `yaml:"date"`      // layout of a date with its time, in the words of Go's package time
	More      string             `yaml:"more"`      // how many numbers there are besides: "and %d more"
	StopWhy   string             `yaml:"stop_why"`  // when to use the link
	StopLabel string             `yaml:"stop"`      // what the link does
	StopSMS   string             `yaml:"stop_sms"`  // both in a few words
	Learn     string             `yaml:"learn"`     // how a number is protected
	Reference string             `yaml:"reference"` // before the port's ID
	Notices   map[Kind]wordings  `yaml:"notices"`
	compiled  map[Kind]*compiled `yaml:"-"`
}

// wordings are the texts of one kind. An empty line separates the paragraphs of a body.
type wordings struct {
	Subject string `yaml:"subject"`
	Body    string `yaml:"body"`
	SMS     string `yaml:"sms"`
}

type compiled struct{ subject, body, sms *texttemplate.Template }

// Content is a notice in one language, in every shape.
type Content struct {
	Lang    string `json:"lang"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html"`
	SMS     string `json:"sms"`
}

// EmbeddedTemplates are the texts that portsaga comes with.
func EmbeddedTemplates() (*Templates, error) { return LoadTemplates("") }

// LoadTemplates reads the embedded texts and, over them, those of a directory: LANG.yaml replaces the texts that it has, and
// brings a new language if it has all; layout.html replaces the frame of the mails. Code of Invalid: "templates-invalid".
func LoadTemplates(dir string) (*Templates, error) {
	t := &Templates{phrases: map[string]*phrases{}}
	own, err := fs.Sub(embedded, "templates")
	if err == nil {
		err = t.read(own)
	}
	if err == nil && dir != "" {
		err = t.read(os.DirFS(dir))
	}
	if err == nil {
		err = t.check()
	}
	if err != nil {
		return nil, &porting.Error{
			Kind: porting.Invalid, Code: "templates-invalid", Op: "read templates", Object: dir, Detail: err.Error(),
			Next: "compare them with docs/notices.md", Err: err,
		}
	}
	return t, nil
}

func (t *Templates) read(from fs.FS) error {
	files, err := fs.Glob(from, "*.yaml")
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := t.readLanguage(from, file); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	layout, err := fs.ReadFile(from, "layout.html")
	if errors.Is(err, fs.ErrNotExist) && t.layout != nil {
		return nil
	}
	if err == nil {
		t.layout, err = template.New("layout.html").Option("missingkey=error").Parse(string(layout))
	}
	return err
}

func (t *Templates) readLanguage(from fs.FS, file string) error {
	lang := strings.TrimSuffix(filepath.Base(file), ".yaml")
	if _, err := language.Parse(lang); err != nil {
		return fmt.Errorf("%q is no language", lang)
	}
	text, err := fs.ReadFile(from, file)
	if err != nil {
		return err
	}
	if t.phrases[lang] == nil {
		t.phrases[lang] = &phrases{}
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	return d.Decode(t.phrases[lang])
}

// check compiles every text and tries it out, so that none fails when it is needed.
func (t *Templates) check() error {
	var tags []language.Tag
	t.order = slices.Sorted(maps.Keys(t.phrases))
	t.order = append([]string{"en"}, slices.DeleteFunc(t.order, func(l string) bool { return l == "en" })...) // the first is the fallback
	for _, lang := range t.order {
		if err := t.phrases[lang].compile(); err != nil {
			return fmt.Errorf("%s: %w", lang, err)
		}
		tags = append(tags, language.Make(lang))
		for _, kind := range Kinds {
			if _, err := t.Render(kind, lang, SampleWords(), "https://port.example/stop/sample"); err != nil {
				return err
			}
		}
	}
	t.matcher = language.NewMatcher(tags)
	return nil
}

func (p *phrases) compile() error {
	for name, text := range map[string]string{
		"name": p.Name, "date": p.Date, "more": p.More, "stop_why": p.StopWhy, "stop": p.StopLabel, "stop_sms": p.StopSMS,
		"learn": p.Learn, "reference": p.Reference,
	} {
		if strings.TrimSpace(text) == "" {
			return fmt.Errorf("%s is missing", name)
		}
	}
	for kind := range p.Notices {
		if !slices.Contains(Kinds, kind) {
			return fmt.Errorf("there is no notice of kind %q", kind)
		}
	}
	p.compiled = map[Kind]*compiled{}
	for _, kind := range Kinds {
		c, err := p.Notices[kind].compile()
		if err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
		p.compiled[kind] = c
	}
	return nil
}

func (w wordings) compile() (*compiled, error) {
	var failed error
	parse := func(name, text string) *texttemplate.Template {
		if strings.TrimSpace(text) == "" {
			failed = errors.Join(failed, fmt.Errorf("%s is missing", name))
		}
		parsed, err := texttemplate.New(name).Option("missingkey=error").Parse(strings.TrimSpace(text))
		failed = errors.Join(failed, err)
		return parsed
	}
	c := &compiled{parse("subject", w.Subject), parse("body", w.Body), parse("sms", w.SMS)}
	return c, failed
}

// Languages lists the languages that there are texts in.
func (t *Templates) Languages() []string { return slices.Sorted(slices.Values(t.order)) }

// Match is the language, of those there are, that suits whoever wished for one; English where none does.
func (t *Templates) Match(wished string) string {
	_, index := language.MatchStrings(t.matcher, wished)
	return t.order[index]
}
