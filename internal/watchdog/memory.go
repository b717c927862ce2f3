package watchdog

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/portsaga/portsaga/porting"
)

// logged is the log's name among the ways.
const logged = "log"

// memory is what each way was told, by the name of a date.
type memory map[string][]string

func readMemory(file string) (memory, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return memory{}, nil
	}
	kept := memory{}
	if err == nil {
		err = json.Unmarshal(text, &kept)
	}
	if err != nil {
		return nil, &porting.Error{
			Kind: porting.Failed, Code: "memory-unreadable", Op: "start watchdog", Object: file, Detail: "what was told before cannot be read",
			Next: "remove the file: each date that stands is told once more", Err: err,
		}
	}
	return kept, nil
}

// nameOf tells a date from every other one: a date that was moved is another.
func nameOf(a Alarm) string {
	return a.PortID + " " + a.Clock + " " + a.Ref + " " + a.DueAt.UTC().Format(time.RFC3339Nano)
}

func (m memory) untold(way string, alarms []Alarm) []Alarm {
	told := map[string]bool{}
	for _, name := range m[way] {
		told[name] = true
	}
	return slices.DeleteFunc(slices.Clone(alarms), func(a Alarm) bool { return told[nameOf(a)] })
}

func (m memory) keep(way string, alarms []Alarm) {
	for _, a := range alarms {
		m[way] = append(m[way], nameOf(a))
	}
}

// forgetAllBut drops the dates that somebody answered meanwhile.
func (m memory) forgetAllBut(alarms []Alarm) {
	stands := map[string]bool{}
	for _, a := range alarms {
		stands[nameOf(a)] = true
	}
	for way, names := range m {
		m[way] = slices.DeleteFunc(names, func(name string) bool { return !stands[name] })
	}
}

// write replaces the file as a whole: half of it would be read as nothing told.
func (m memory) write(file string) error {
	text, err := json.Marshal(m)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(file), 0o700)
	}
	if err == nil {
		err = os.WriteFile(file+".new", text, 0o600)
	}
	if err == nil {
		err = os.Rename(file+".new", file)
	}
	if err == nil {
		return nil
	}
	return &porting.Error{
		Kind: porting.Failed, Code: "memory-unwritable", Op: "remember alarms", Object: file, Detail: "what was told cannot be kept",
		Next: "make room, or set PORTSAGA_DIR to a directory that can be written", Err: err,
	}
}
