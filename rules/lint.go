package rules

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// Severities of a finding. A pack with an error is not loaded.
const (
	SeverityError   = "error"
	SeverityWarning = "warning"
)

// Finding is a fault in a file of rules, and where it stands.
type Finding struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Path     string `json:"path,omitempty"` // "clocks/foc/for"
	Message  string `json:"message"`
	Severity string `json:"severity"`
}

func (f Finding) String() string {
	at := ""
	if f.Path != "" {
		at = f.Path + ": "
	}
	return fmt.Sprintf("%s:%d: %s: %s%s", f.File, f.Line, f.Severity, at, f.Message)
}

// Lint names every fault in the rule files of a directory, read on top of the embedded ones; "" checks those alone.
func Lint(dir string) ([]Finding, error) {
	dirs, err := directories(dir)
	if err != nil {
		return nil, err
	}
	r := newReader()
	for _, dir := range dirs {
		if err := r.read(dir); err != nil {
			return nil, err
		}
	}
	r.finish()
	return r.findings, nil
}

// directories are the embedded files, and those of a directory after them.
func directories(dir string) ([]fs.FS, error) {
	packs, err := fs.Sub(embedded, "packs")
	if err != nil || dir == "" {
		return []fs.FS{packs}, err
	}
	return []fs.FS{packs, os.DirFS(dir)}, nil
}

// sortFindings orders them as a reader meets them.
func sortFindings(findings []Finding) {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Path, b.Path))
	})
}
