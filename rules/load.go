package rules

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/portsaga/portsaga/porting"
)

// Files that are no packs.
const (
	holidayFile = "_holidays.yaml"
	zoneFile    = "_zones.yaml"
	baseMark    = "_" // other files that begin with it are bases
)

// shared is what packs have in common.
type shared struct {
	holidays map[string]*holidaySet
	zones    map[string]*zoneTable
	codes    []homeCode
}

// reader reads files of rules and remembers what is wrong with them.
type reader struct {
	shared   *shared
	bases    map[string]*Pack
	packs    []*Pack
	sources  map[*Pack]*source
	common   map[string][]byte // texts of the files that packs share, by name
	findings []Finding
}

func newReader() *reader {
	return &reader{
		shared: &shared{holidays: map[string]*holidaySet{}, zones: map[string]*zoneTable{}},
		bases:  map[string]*Pack{}, sources: map[*Pack]*source{}, common: map[string][]byte{},
	}
}

// load reads packs from one directory after another; what a later one holds replaces what an earlier one held.
func load(dirs ...fs.FS) (*Book, error) {
	r := newReader()
	for _, dir := range dirs {
		if err := r.read(dir); err != nil {
			return nil, unreadable(err)
		}
	}
	r.finish()
	for _, f := range r.findings {
		if f.Severity == SeverityError {
			return nil, &porting.Error{
				Kind: porting.Invalid, Code: "rules-invalid", Op: "load rule packs", Object: f.File,
				Detail: f.String(), Next: "see every fault with: portsaga rules lint DIR",
			}
		}
	}
	return &Book{packs: r.packs}, nil
}

func unreadable(err error) error {
	return &porting.Error{Kind: porting.Failed, Code: "rules-unreadable", Op: "load rule packs", Detail: err.Error(), Next: "check PORTSAGA_RULES_DIR", Err: err}
}

// read reads a directory. Its error is a fault of the disk; faults of the files are findings.
func (r *reader) read(dir fs.FS) error {
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		return err
	}
	seen := map[string]string{}
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) == ".yml" {
			r.findings = append(r.findings, Finding{File: entry.Name(), Line: 1, Message: "this file is not read: name it .yaml", Severity: SeverityWarning})
		}
		if filepath.Ext(entry.Name()) != ".yaml" {
			continue
		}
		text, err := fs.ReadFile(dir, entry.Name())
		if err != nil {
			return err
		}
		r.file(entry.Name(), text, seen)
	}
	return nil
}

// file reads one file. seen holds the packs of its directory, which may hold each only once.
func (r *reader) file(name string, text []byte, seen map[string]string) {
	src, fault := parseSource(name, text)
	if fault != nil {
		r.findings = append(r.findings, *fault)
		return
	}
	switch {
	case name == holidayFile:
		r.common[name] = append(r.common[name], text...)
		r.decode(src, compiled().holidays, &r.shared.holidays)
	case name == zoneFile:
		r.common[name] = append(r.common[name], text...)
		r.decode(src, compiled().zones, &r.shared.zones)
	case strings.HasPrefix(name, baseMark):
		if p := r.pack(src, compiled().base); p != nil {
			r.bases[p.Ref()] = p
		}
	default:
		p := r.pack(src, compiled().pack)
		if p == nil {
			return
		}
		if other := seen[p.Ref()]; other != "" {
			r.findings = append(r.findings, src.finding([]string{"id"}, other+" already holds "+p.Ref()))
		}
		seen[p.Ref()] = name
		r.packs = slices.DeleteFunc(r.packs, func(old *Pack) bool { return old.Ref() == p.Ref() })
		r.packs = append(r.packs, p)
	}
}

// pack reads a pack or a base; nil if it is none.
func (r *reader) pack(src *source, schema *jsonschema.Schema) *Pack {
	p := &Pack{shared: r.shared, digest: digest(src.text)}
	if !r.decode(src, schema, p) {
		return nil
	}
	r.sources[p] = src
	return p
}

// decode holds a file to its schema and reads it.
func (r *reader) decode(src *source, schema *jsonschema.Schema, into any) bool {
	if faults := src.conform(schema); len(faults) > 0 {
		r.findings = append(r.findings, faults...)
		return false
	}
	if err := decode(src.text, into); err != nil {
		r.findings = append(r.findings, Finding{File: src.name, Line: lineIn(err), Message: err.Error(), Severity: SeverityError})
		return false
	}
	return true
}

// decode is strict: a field that no rule knows is a mistake.
func decode(text []byte, into any) error {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	return d.Decode(into)
}

// finish gives each pack what its base has and it has not, and checks what only the whole can tell.
func (r *reader) finish() {
	r.index()
	for _, p := range r.packs {
		r.inherit(p)
		r.check(p)
	}
	slices.SortFunc(r.packs, func(a, b *Pack) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.EffectiveFrom.String(), b.EffectiveFrom.String()))
	})
	r.checkVersions()
	sortFindings(r.findings)
}

// index prepares holidays and zones.
func (r *reader) index() {
	fault := func(file, name string, err error) {
		if err != nil {
			r.findings = append(r.findings, Finding{File: file, Line: 1, Path: name, Message: err.Error(), Severity: SeverityError})
		}
	}
	for name, set := range r.shared.holidays {
		fault(holidayFile, name, set.index())
	}
	for name, table := range r.shared.zones {
		fault(zoneFile, name, table.index())
	}
}

// inherit takes from the base what the pack leaves out.
func (r *reader) inherit(p *Pack) {
	inputs := []string{p.digest, digest(r.common[holidayFile]), digest(r.common[zoneFile])}
	if base := r.bases[p.Extends]; base != nil {
		p.inherit(base.Rules)
		inputs = append(inputs, base.digest)
	} else if p.Extends != "" {
		r.findings = append(r.findings, r.sources[p].finding([]string{"extends"}, fmt.Sprintf("there is no base %q", p.Extends)))
	}
	p.digest = digest([]byte(strings.Join(inputs, " ")))
}

func (p *Pack) inherit(base Rules) {
	for name, clock := range base.Clocks {
		if _, ok := p.Rules.Clocks[name]; !ok {
			p.Rules.Clocks[name] = clock
		}
	}
	for party, refusals := range base.Refusals {
		if _, ok := p.Rules.Refusals[party]; !ok {
			p.Rules.Refusals[party] = refusals
		}
	}
	for _, rule := range base.Silence {
		if _, ok := p.Silence(rule.WaitingOn); !ok {
			p.Rules.Silence = append(p.Rules.Silence, rule)
		}
	}
	p.Rules.CancelLock = cmp.Or(p.Rules.CancelLock, base.CancelLock)
	p.Rules.Approvals = cmp.Or(p.Rules.Approvals, base.Approvals)
	p.Rules.Corrections = cmp.Or(p.Rules.Corrections, base.Corrections)
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
