package main

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// figures are what a campaign wrote, read by name. A campaign may measure more or less than the page knows: what is not there, or
// is no number, is nil and told as not measured.
type figures struct{ value any }

// of are the figures of a step.
func (r results) of(step string) figures {
	var f figures
	_ = json.Unmarshal(r.Records[step].Figures, &f.value) // the record was read, so this is JSON, or nothing
	return f
}

// at goes down by names.
func (f figures) at(path ...string) figures {
	for _, name := range path {
		object, _ := f.value.(map[string]any)
		f.value = object[name]
	}
	return f
}

// number is also one that is written as a text, as tests tell theirs.
func (f figures) number(path ...string) *float64 {
	switch value := f.at(path...).value.(type) {
	case float64:
		return &value
	case string:
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			return &n
		}
	}
	return nil
}

func (f figures) text(path ...string) string {
	text, _ := f.at(path...).value.(string)
	return text
}

func (f figures) list(path ...string) []figures {
	values, _ := f.at(path...).value.([]any)
	all := make([]figures, len(values))
	for i, value := range values {
		all[i].value = value
	}
	return all
}

// breaches counts what breaks a law; nil where it was not judged.
func (f figures) breaches(law string) *float64 {
	for _, finding := range f.list("findings") {
		if finding.text("law") == law {
			return new(float64(len(finding.list("breaches"))))
		}
	}
	return nil
}

// leaves counts the tests that have no tests of their own, and those of them that passed.
func (f figures) leaves() (passed, of *float64) {
	all := f.list()
	if len(all) == 0 {
		return nil, nil
	}
	passed, of = new(0.0), new(0.0)
	for _, t := range all {
		below := t.text("name") + "/"
		if slices.ContainsFunc(all, func(other figures) bool { return strings.HasPrefix(other.text("name"), below) }) {
			continue
		}
		*of++
		if t.text("result") == "pass" {
			*passed++
		}
	}
	return passed, of
}
