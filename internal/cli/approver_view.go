package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/portsaga/portsaga/internal/approval"
)

// registryView is a registry or a draft of one, for people and programs.
type registryView struct {
	File      string       `json:"file"`
	InForce   bool         `json:"in_force"`
	Version   int          `json:"version"`
	Audience  string       `json:"audience"`
	Issued    time.Time    `json:"issued"`
	Expires   time.Time    `json:"expires"`
	Threshold int          `json:"threshold"`
	Digest    string       `json:"digest"` // of the signed document
	Roots     []rootView   `json:"roots"`
	Persons   []holderView `json:"persons"`
	Services  []holderView `json:"services"`
	Changes   []string     `json:"changes,omitempty"` // of a draft, held against what is in force
	Next      string       `json:"next,omitempty"`    // what must happen
}

// rootView is a root of the document, or one that is pinned and must sign that it goes.
type rootView struct {
	Fingerprint string `json:"fingerprint"`
	Hardware    bool   `json:"hardware"`
	Pinned      bool   `json:"pinned"`
	Listed      bool   `json:"listed"` // in this version
	Signed      bool   `json:"signed"`
}

// holderView is a person or a service, with their keys.
type holderView struct {
	ID    string    `json:"id"`
	Team  string    `json:"team,omitempty"`
	Names []string  `json:"names,omitempty"`
	Roles []string  `json:"roles"`
	Keys  []keyView `json:"keys"`
}

type keyView struct {
	Fingerprint string     `json:"fingerprint"`
	Hardware    bool       `json:"hardware"`
	State       string     `json:"state"` // valid, revoked, expired, not-yet-valid
	NotBefore   time.Time  `json:"not_before"`
	NotAfter    time.Time  `json:"not_after"`
	RevokedAt   *time.Time `json:"revoked_at,omitempty"`
	Reason      string     `json:"reason,omitempty"`
}

// viewDraft shows the draft, whether or not it could be signed as it is.
func (r registryFiles) viewDraft(now time.Time) (registryView, error) {
	signed, document, err := r.readDraft()
	if err != nil {
		return registryView{}, err
	}
	return r.viewOf(signed, document, now)
}

// viewOf shows a draft that was read before, so that what is shown is what is signed.
func (r registryFiles) viewOf(signed approval.SignedFile, document approval.Document, now time.Time) (registryView, error) {
	view, err := r.view(r.draft, signed, document, now)
	if err != nil {
		return registryView{}, err
	}
	before, err := r.replaced()
	if err != nil {
		return registryView{}, err
	}
	view.Changes = differences(before, document)
	view.Next, err = r.whoIsNext(signed, document)
	return view, err
}

// replaced is the document in force, or an empty one where there is none yet.
func (r registryFiles) replaced() (approval.Document, error) {
	if !exists(r.registry) {
		return approval.Document{}, nil
	}
	registry, err := r.inForce()
	if err != nil {
		return approval.Document{}, err
	}
	return registry.Document(), nil
}

func (r registryFiles) view(file string, signed approval.SignedFile, d approval.Document, now time.Time) (registryView, error) {
	roots, err := r.viewRoots(signed, d)
	if err != nil {
		return registryView{}, err
	}
	view := registryView{
		File: file, Version: d.Version, Audience: d.Audience, Issued: d.Issued, Expires: d.Expires, Threshold: d.Threshold,
		Digest: approval.Digest(signed.Document), Roots: roots, Persons: []holderView{}, Services: []holderView{},
	}
	for _, p := range d.Persons {
		view.Persons = append(view.Persons, holderView{p.ID, p.Team, p.Names, p.Roles, viewKeys(p.Credentials, now)})
	}
	for _, s := range d.Services {
		view.Services = append(view.Services, holderView{ID: s.ID, Roles: s.Roles, Keys: viewKeys(s.Credentials, now)})
	}
	return view, nil
}

// viewRoots are the roots of the document, and behind them those that are pinned and no longer in it.
func (r registryFiles) viewRoots(signed approval.SignedFile, d approval.Document) ([]rootView, error) {
	pinned, err := r.pinned()
	if err != nil {
		return nil, err
	}
	listed, known := fingerprintsOf(d.Roots), fingerprintsOf(pinned.Roots)
	lines := slices.Clone(d.Roots)
	for i, line := range pinned.Roots {
		if !slices.Contains(listed, known[i]) {
			lines = append(lines, line)
		}
	}
	missing, err := signed.Missing(lines)
	if err != nil {
		return nil, err
	}
	roots := []rootView{}
	for _, line := range lines {
		fingerprint := fingerprintOf(line)
		roots = append(roots, rootView{
			Fingerprint: fingerprint, Hardware: isHardware(line), Pinned: slices.Contains(known, fingerprint),
			Listed: slices.Contains(listed, fingerprint), Signed: !slices.Contains(missing, line),
		})
	}
	return roots, nil
}

func fingerprintsOf(lines []string) []string {
	var all []string
	for _, line := range lines {
		all = append(all, fingerprintOf(line))
	}
	return all
}

// sameRoots reports whether two lists ask for the same keys, in whatever order and with whatever comments.
func sameRoots(a, b approval.Roots) bool {
	inOrder := func(r approval.Roots) []string { return slices.Sorted(slices.Values(fingerprintsOf(r.Roots))) }
	return a.Threshold == b.Threshold && slices.Equal(inOrder(a), inOrder(b))
}

func isHardware(line string) bool {
	key, err := approval.ParseKey(line)
	return err == nil && key.Hardware()
}

func viewKeys(credentials []approval.Credential, now time.Time) []keyView {
	keys := []keyView{}
	for _, c := range credentials {
		keys = append(keys, keyView{fingerprintOf(c.Key), isHardware(c.Key), keyState(c, now), c.NotBefore, c.NotAfter, c.RevokedAt, c.Reason})
	}
	return keys
}

func keyState(c approval.Credential, now time.Time) string {
	switch {
	case c.RevokedAt != nil:
		return "revoked"
	case now.Before(c.NotBefore):
		return "not-yet-valid"
	case !now.Before(c.NotAfter):
		return "expired"
	default:
		return "valid"
	}
}

// whoIsNext says what a draft still needs to come into force.
func (r registryFiles) whoIsNext(signed approval.SignedFile, d approval.Document) (string, error) {
	if len(d.Persons) == 0 {
		return "add persons, with portsaga approver add", nil
	}
	pinned, err := r.pinned()
	if err != nil {
		return "", err
	}
	ofPinned, err := lacking(signed, pinned.Roots, pinned.Threshold)
	if err != nil {
		return "", err
	}
	ofOwn, err := lacking(signed, d.Roots, d.Threshold)
	if err != nil {
		return "", err
	}
	if sameRoots(pinned, rootsOf(d)) {
		return fmt.Sprintf("%d more of the roots must sign it, with portsaga approver sign", ofOwn), nil
	}
	return fmt.Sprintf("%d more of the pinned roots and %d more of the new ones must sign it, with portsaga approver sign", ofPinned, ofOwn), nil
}

func rootsOf(d approval.Document) approval.Roots {
	return approval.Roots{Threshold: d.Threshold, Roots: d.Roots}
}

func lacking(signed approval.SignedFile, roots []string, threshold int) (int, error) {
	missing, err := signed.Missing(roots)
	return max(threshold-(len(roots)-len(missing)), 0), err
}

// differences are the lines of a document that another one has not, and the other way round.
func differences(before, after approval.Document) []string {
	old, fresh := describe(before), describe(after)
	var lines []string
	for _, line := range old {
		if !slices.Contains(fresh, line) {
			lines = append(lines, "- "+line)
		}
	}
	for _, line := range fresh {
		if !slices.Contains(old, line) {
			lines = append(lines, "+ "+line)
		}
	}
	return lines
}

// describe says all that a document grants, a line each.
func describe(d approval.Document) []string {
	if d.Version == 0 {
		return nil
	}
	lines := []string{"deployment " + d.Audience, fmt.Sprintf("%d of %d roots must sign", d.Threshold, len(d.Roots))}
	for _, root := range d.Roots {
		lines = append(lines, "root "+fingerprintOf(root))
	}
	for _, p := range d.Persons {
		lines = append(lines, fmt.Sprintf("person %s of team %s, roles: %s", p.ID, p.Team, strings.Join(p.Roles, ", ")))
		for _, name := range p.Names {
			lines = append(lines, fmt.Sprintf("%s also submits as %s", p.ID, name))
		}
		lines = append(lines, describeKeys(p.ID, p.Credentials)...)
	}
	for _, s := range d.Services {
		lines = append(lines, fmt.Sprintf("service %s, roles: %s", s.ID, strings.Join(s.Roles, ", ")))
		lines = append(lines, describeKeys(s.ID, s.Credentials)...)
	}
	return lines
}

func describeKeys(id string, credentials []approval.Credential) []string {
	var lines []string
	for _, c := range credentials {
		line := fmt.Sprintf("key of %s: %s from %s until %s", id, fingerprintOf(c.Key), timestamp(c.NotBefore), timestamp(c.NotAfter))
		if isHardware(c.Key) {
			line += ", hardware"
		}
		if c.RevokedAt != nil {
			line += fmt.Sprintf(", revoked %s: %s", timestamp(*c.RevokedAt), c.Reason)
		}
		lines = append(lines, line)
	}
	return lines
}
