package orders

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

var (
	utf8BOM  = []byte{0xEF, 0xBB, 0xBF}
	utf16LE  = []byte{0xFF, 0xFE}
	utf16BE  = []byte{0xFE, 0xFF}
	yamlLine = regexp.MustCompile(`^yaml: line (\d+): `)

	// jsonEscape finds each escape of a JSON text, a surrogate pair as one.
	jsonEscape = regexp.MustCompile(`(?i)\\ud[89ab]..\\ud[c-f]..|\\.`)
)

// parse turns the bytes of an order file into its one tree, or says why it cannot and returns nil.
func parse(data []byte, maxBytes int64, f *findings) *yaml.Node {
	if found := notText(data, maxBytes); found != nil {
		f.fail("", *found)
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(yamlFromJSON(bytes.TrimPrefix(data, utf8BOM))))
	document := new(yaml.Node)
	err := decoder.Decode(document)
	if errors.Is(err, io.EOF) || (err == nil && document.Content[0].ShortTag() == "!!null") {
		f.fail("", emptyFile)
		return nil
	}
	if err != nil {
		f.syntax(err)
		return nil
	}
	second := new(yaml.Node)
	if err := decoder.Decode(second); !errors.Is(err, io.EOF) {
		f.failAt(second.Line, "", flaw{"several-documents", "the file holds more than one YAML document", "put each order in a file of its own"})
		return nil
	}
	return document.Content[0]
}

// yamlFromJSON resolves the two escapes of JSON that the YAML library does not read, the slash and the surrogate pair. Lines
// stay where they are, and a file that is not JSON stays as it is.
func yamlFromJSON(data []byte) []byte {
	if !json.Valid(data) {
		return data
	}
	return jsonEscape.ReplaceAllFunc(data, func(escape []byte) []byte {
		var text string
		if bytes.Equal(escape, []byte(`\/`)) || len(escape) > 2 {
			_ = json.Unmarshal([]byte(`"`+string(escape)+`"`), &text) // part of a valid text
			return []byte(text)
		}
		return escape
	})
}

var emptyFile = flaw{"file-empty", "the file is empty", "start from one of the files in examples/orders"}

// notText says why bytes cannot be an order file, before any of them is parsed.
func notText(data []byte, maxBytes int64) *flaw {
	switch {
	case int64(len(data)) > maxBytes:
		return &flaw{
			"file-too-large", fmt.Sprintf("the file is larger than %d KiB", maxBytes>>10),
			"write blocks of numbers as ranges, or split the order",
		}
	case bytes.HasPrefix(data, utf16LE), bytes.HasPrefix(data, utf16BE):
		return &flaw{"file-utf16", "the file is UTF-16", "save it as UTF-8"}
	case len(bytes.TrimSpace(bytes.TrimPrefix(data, utf8BOM))) == 0:
		return &emptyFile
	case bytes.IndexByte(data, 0) >= 0 || !utf8.Valid(data):
		return &flaw{"file-not-text", "the file is not UTF-8 text", "send the order itself, as YAML or JSON in UTF-8"}
	default:
		return nil
	}
}

// syntax reports what the YAML library could not parse. Its words are kept, except where they quote the file.
func (f *findings) syntax(err error) {
	if strings.Contains(err.Error(), "unknown anchor") {
		f.fail("", flaw{"alias", "the file uses an alias that has no anchor", "write the value out"})
		return
	}
	line := 0
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1])
	}
	says := strings.TrimPrefix(yamlLine.ReplaceAllString(err.Error(), ""), "yaml: ")
	f.failAt(line, "", flaw{
		"file-syntax", "the file is not YAML or JSON: " + says,
		"check the indentation, colons and quotes there and on the line before",
	})
}
