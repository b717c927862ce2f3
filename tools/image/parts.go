package main

import (
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
)

// The part of CycloneDX 1.6 that we write.
type (
	bill struct {
		Format     string `json:"bomFormat"`
		Spec       string `json:"specVersion"`
		Version    int    `json:"version"`
		Components []part `json:"components"`
	}
	part struct {
		Type    string `json:"type"`
		Name    string `json:"name"`
		Version string `json:"version"`
		PURL    string `json:"purl"`
	}
)

// writeParts writes down which modules binaries are made of, as the compiler recorded it in them.
func writeParts(binaries []string, file string) error {
	seen := map[part]bool{}
	for _, b := range binaries {
		info, err := buildinfo.ReadFile(b)
		if err != nil {
			return fmt.Errorf("read build info of %s: %w", filepath.Base(b), err)
		}
		seen[partOf("golang", "std", strings.TrimPrefix(info.GoVersion, "go"))] = true
		for _, m := range info.Deps {
			seen[moduleOf(m)] = true
		}
	}
	parts := make([]part, 0, len(seen))
	for p := range seen {
		parts = append(parts, p)
	}
	slices.SortFunc(parts, func(a, b part) int { return strings.Compare(a.PURL, b.PURL) })
	text, err := json.MarshalIndent(bill{Format: "CycloneDX", Spec: "1.6", Version: 1, Components: parts}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644) //nolint:gosec // everybody may read what an image is made of
}

// moduleOf is a module as it was really built in.
func moduleOf(m *debug.Module) part {
	if m.Replace != nil && m.Replace.Version != "" {
		m = m.Replace
	}
	return partOf("golang", m.Path, m.Version)
}

func partOf(kind, name, version string) part {
	return part{Type: "library", Name: name, Version: version, PURL: "pkg:" + kind + "/" + name + "@" + version}
}
