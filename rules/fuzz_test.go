package rules

import (
	"io/fs"
	"testing"
	"time"
)

// FuzzPack reads packs that nobody would write. What passes every check must also give deadlines.
func FuzzPack(f *testing.F) {
	dir, err := fs.Sub(embedded, "packs")
	if err != nil {
		f.Fatal(err)
	}
	ours := newReader()
	if err := ours.read(dir); err != nil {
		f.Fatal(err)
	}
	ours.index()
	for _, p := range ours.packs {
		f.Add(ours.sources[p].text)
	}
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("- - - -"))
	f.Add([]byte("id: x\nid: x"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := newReader()
		r.bases, r.common = ours.bases, ours.common
		r.shared.holidays, r.shared.zones = ours.shared.holidays, ours.shared.zones
		r.file("mine.yaml", text, map[string]string{})
		for _, p := range r.packs {
			r.inherit(p)
			r.check(p)
		}
		if len(r.findings) > 0 {
			return
		}
		for _, p := range r.packs {
			if _, err := p.Deadlines(time.Date(2026, 11, 25, 20, 30, 0, 0, time.UTC), Place{Zone: "America/New_York"}); err != nil {
				t.Fatal(err)
			}
		}
	})
}
