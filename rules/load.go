package rules

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

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

// load reads packs from one directory after another; what a later one holds replaces what an earlier one held.
func load(dirs ...fs.FS) (*Book, error) {
	r := &reader{shared: &shared{holidays: map[string]*holidaySet{}, zones: map[string]*zoneTable{}}, bases: map[string]*Pack{}}
	for _, dir := range dirs {
		if err := r.read(dir); err != nil {
			return nil, err
		}
	}
	return r.book()
}

type reader struct {
	shared *shared
	bases  map[string]*Pack
	packs  []*Pack
	common bytes.Buffer // text of the shared files, for digests
}

func (r *reader) read(dir fs.FS) error {
	names, err := fs.Glob(dir, "*.yaml")
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := fs.ReadFile(dir, name)
		if err != nil {
			return err
		}
		if err := r.file(name, text); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (r *reader) file(name string, text []byte) error {
	switch {
	case name == holidayFile:
		r.common.Write(text)
		return decode(text, &r.shared.holidays)
	case name == zoneFile:
		r.common.Write(text)
		return decode(text, &r.shared.zones)
	}
	p := &Pack{shared: r.shared}
	if err := decode(text, p); err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	p.digest = hex.EncodeToString(sum[:])
	if strings.HasPrefix(name, baseMark) {
		r.bases[p.Ref()] = p
		return nil
	}
	r.packs = slices.DeleteFunc(r.packs, func(old *Pack) bool { return old.Ref() == p.Ref() })
	r.packs = append(r.packs, p)
	return nil
}

// decode is strict: a field that no rule knows is a mistake.
func decode(text []byte, into any) error {
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	return d.Decode(into)
}

// book finishes the packs: each gets what its base has and it has not.
func (r *reader) book() (*Book, error) {
	var faults []error
	for name, set := range r.shared.holidays {
		if err := set.index(); err != nil {
			faults = append(faults, fmt.Errorf("holiday set %s: %w", name, err))
		}
	}
	for name, table := range r.shared.zones {
		if err := table.index(); err != nil {
			faults = append(faults, fmt.Errorf("zone table %s: %w", name, err))
		}
	}
	for _, p := range r.packs {
		if err := r.finish(p); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", p.Ref(), err))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, &porting.Error{Kind: porting.Invalid, Code: "rules-invalid", Op: "load rule packs", Detail: err.Error(), Next: "see every fault with: portsaga rules lint DIR", Err: err}
	}
	slices.SortFunc(r.packs, func(a, b *Pack) int {
		if c := strings.Compare(a.ID, b.ID); c != 0 {
			return c
		}
		return strings.Compare(a.EffectiveFrom.String(), b.EffectiveFrom.String())
	})
	return &Book{packs: r.packs}, nil
}

func (r *reader) finish(p *Pack) error {
	base := r.bases[p.Extends]
	if base == nil && p.Extends != "" {
		return fmt.Errorf("there is no base %q", p.Extends)
	}
	if base != nil {
		p.inherit(base)
	}
	for name, calendar := range p.Rules.Calendars {
		week, err := parseWeek(calendar.Hours)
		if err != nil {
			return err
		}
		calendar.week = week
		p.Rules.Calendars[name] = calendar
	}
	if a := p.Rules.Activation; a != nil && len(a.Hours) > 0 {
		week, err := parseWeek(a.Hours)
		if err != nil {
			return err
		}
		a.week = week
	}
	if err := r.codes(p); err != nil {
		return err
	}
	for name, clock := range p.Rules.Clocks {
		clock.Name = name
		p.Rules.Clocks[name] = clock
	}
	sum := sha256.Sum256([]byte(p.digest + r.common.String()))
	p.digest = hex.EncodeToString(sum[:])
	return nil
}

// codes compiles the shapes of a pack's codes. Shapes with letters tell their country, digits alone do not.
func (r *reader) codes(p *Pack) error {
	for i := range p.Rules.Codes {
		rule := &p.Rules.Codes[i]
		code := homeCode{country: p.Rules.For.Country, kind: rule.Kind}
		if rule.Pattern != "" {
			shape, err := regexp.Compile(rule.Pattern)
			if err != nil {
				return err
			}
			rule.shape = shape
			if strings.Contains(rule.Pattern, "A-Z") {
				code.shape = shape
			}
		}
		r.shared.codes = append(r.shared.codes, code)
	}
	return nil
}

// inherit takes from the base what the pack leaves out.
func (p *Pack) inherit(base *Pack) {
	for name, clock := range base.Rules.Clocks {
		if _, ok := p.Rules.Clocks[name]; !ok {
			p.Rules.Clocks[name] = clock
		}
	}
	if _, ok := p.Rules.Refusals[Recipient]; !ok && p.Rules.Refusals != nil {
		p.Rules.Refusals[Recipient] = base.Rules.Refusals[Recipient]
	}
	if p.Rules.CancelLock == nil {
		p.Rules.CancelLock = base.Rules.CancelLock
	}
	if p.Rules.Approvals == nil {
		p.Rules.Approvals = base.Rules.Approvals
	}
	for _, rule := range base.Rules.Silence {
		if _, ok := p.Silence(rule.WaitingOn); !ok {
			p.Rules.Silence = append(p.Rules.Silence, rule)
		}
	}
	sum := sha256.Sum256([]byte(p.digest + base.digest))
	p.digest = hex.EncodeToString(sum[:])
}
