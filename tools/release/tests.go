package main

import (
	"bytes"
	"encoding/json"
	"io"
)

// tested is what became of a test, with the figures that it told as attributes.
type tested struct {
	Name    string            `json:"name"`
	Result  string            `json:"result"` // pass, fail or skip
	Figures map[string]string `json:"figures,omitempty"`
}

// listener reads what go test -json prints: it keeps what became of each test, and writes what tests say to a log.
type listener struct {
	log     io.Writer
	heard   []tested
	figures map[string]map[string]string // of tests that have not ended
	rest    []byte                       // of a line that has not ended
}

func newListener(log io.Writer) *listener {
	return &listener{log: log, heard: []tested{}, figures: map[string]map[string]string{}}
}

func (l *listener) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		line, rest, whole := bytes.Cut(l.rest, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		l.hear(line)
		l.rest = rest
	}
}

func (l *listener) hear(line []byte) {
	var event struct{ Action, Test, Output, Key, Value string }
	if json.Unmarshal(line, &event) != nil { // what is no event is said by the go command itself
		_, _ = l.log.Write(append(line, '\n'))
		return
	}
	_, _ = io.WriteString(l.log, event.Output)
	if event.Test == "" {
		return
	}
	switch event.Action {
	case "attr":
		if l.figures[event.Test] == nil {
			l.figures[event.Test] = map[string]string{}
		}
		l.figures[event.Test][event.Key] = event.Value
	case "pass", "fail", "skip":
		l.heard = append(l.heard, tested{event.Test, event.Action, l.figures[event.Test]})
	}
}
