package manual

import (
	"bytes"
	"embed"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed words/*.yaml
var wordFiles embed.FS

// words are the texts of forms and mails in one language.
type words struct {
	Titles         map[string]string `yaml:"titles"` // by step
	Greeting       string            `yaml:"greeting"`
	Please         map[string]string `yaml:"please"` // by step
	LetterAttached string            `yaml:"letter_attached"`
	Closing        string            `yaml:"closing"`
	Reference      string            `yaml:"reference"`
	Version        string            `yaml:"version"`
	Requisition    string            `yaml:"requisition"`
	Portability    string            `yaml:"portability"`
	Supplement     string            `yaml:"supplement"`
	Supplements    map[string]string `yaml:"supplements"` // cancel, other
	Date           string            `yaml:"date"`
	Desired        string            `yaml:"desired"`
	AnyDate        string            `yaml:"any_date"`
	Confirmed      string            `yaml:"confirmed"`
	Reason         string            `yaml:"reason"`
	Losing         string            `yaml:"losing"`
	Gaining        string            `yaml:"gaining"`
	Holder         string            `yaml:"holder"`
	Address        string            `yaml:"address"`
	Account        string            `yaml:"account"`
	BillingNumber  string            `yaml:"billing_number"`
	Authority      string            `yaml:"authority"`
	Signed         string            `yaml:"signed"` // by whom, when
	Unsigned       string            `yaml:"unsigned"`
	Code           string            `yaml:"code"`
	CodeElsewhere  string            `yaml:"code_elsewhere"`
	Numbers        string            `yaml:"numbers"`
	Page           string            `yaml:"page"`
	LetterTitle    string            `yaml:"letter_title"`
	Statements     []string          `yaml:"statements"`  // losing, gaining provider
	SignedLine     string            `yaml:"signed_line"` // by whom, when, kept by
	Record         string            `yaml:"record"`      // digest
	SignatureLine  string            `yaml:"signature_line"`
}

// languages are the embedded words, by language.
var languages = sync.OnceValue(func() map[string]words {
	all := map[string]words{}
	files, err := fs.Glob(wordFiles, "words/*.yaml")
	for _, file := range files {
		var w words
		var text []byte
		if text, err = wordFiles.ReadFile(file); err != nil {
			break
		}
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		decoder.KnownFields(true)
		if err = decoder.Decode(&w); err != nil {
			break
		}
		all[strings.TrimSuffix(path.Base(file), ".yaml")] = w
	}
	if err != nil {
		panic("manual: " + err.Error()) // the files are part of the program, and a test reads them
	}
	return all
})

// Languages lists the languages of forms and mails.
func Languages() []string { return slices.Sorted(maps.Keys(languages())) }
