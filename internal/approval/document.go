package approval

import (
	"encoding/json"
	"time"
)

// Document is a registry before it is signed: who may decide, and which workers may testify. All times are real time.
type Document struct {
	Version   int       `json:"version"`  // 1 or more; a later one replaces an earlier one, never the other way round
	Audience  string    `json:"audience"` // the deployment whose decisions it judges
	Issued    time.Time `json:"issued"`
	Expires   time.Time `json:"expires"`   // afterwards nobody is an approver until a new version comes
	Roots     []string  `json:"roots"`     // keys that sign this registry and the next one
	Threshold int       `json:"threshold"` // how many distinct roots must sign
	Persons   []Person  `json:"persons"`
	Services  []Service `json:"services"`
}

// Person may decide with any of their credentials, and is one person whichever they use.
type Person struct {
	ID          string       `json:"id"`
	Names       []string     `json:"names"` // other names under which they submit orders
	Team        string       `json:"team"`
	Roles       []string     `json:"roles"`
	Credentials []Credential `json:"credentials"`
}

// Service is a worker or another program that signs.
type Service struct {
	ID          string       `json:"id"`
	Roles       []string     `json:"roles"`
	Credentials []Credential `json:"credentials"`
}

// Roles that the registry gives a meaning.
const (
	RoleApprover = "approver" // a person whose decisions count
	RoleVerdict  = "verdict"  // a service whose verdicts are believed
	RoleDesk     = "desk"     // a person who says what carriers without an API answered
)

// Credential is a public key and when it counts. A revoked key stays in the document, so that it cannot come back.
type Credential struct {
	Key       string     `json:"key"` // as in authorized_keys, without options
	NotBefore time.Time  `json:"not_before"`
	NotAfter  time.Time  `json:"not_after"`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
	Reason    string     `json:"reason,omitempty"` // of the revocation
}

// NewDocument is the first version of a registry, with nobody in it.
func NewDocument(audience string, roots []string, threshold int, issued, expires time.Time) Document {
	return Document{
		Version: 1, Audience: audience, Issued: wholeSecond(issued), Expires: wholeSecond(expires), Roots: roots, Threshold: threshold,
	}
}

// Next is the document that replaces this one, to be changed and signed.
func (d Document) Next(issued, expires time.Time) Document {
	next := d.clone()
	next.Version++
	next.Issued, next.Expires = wholeSecond(issued), wholeSecond(expires)
	return next
}

func wholeSecond(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// Encode writes the exact bytes that roots sign: the same for the same document.
func (d Document) Encode() []byte { return indented(d.clone()) }

// ParseDocument reads a document and says what is wrong with it, before anybody signs it. The codes are those of OpenRegistry.
func ParseDocument(text []byte) (Document, error) {
	d, err := parseDocument(text)
	if err != nil {
		return Document{}, err
	}
	if _, err := index(d); err != nil {
		return Document{}, err
	}
	return d, nil
}

func parseDocument(text []byte) (Document, error) {
	var d Document
	if err := strictly(text, &d); err != nil {
		return Document{}, unfit("registry-malformed", "", "the document cannot be read: "+err.Error(), "write it with portsaga approver")
	}
	return d, nil
}

// clone shares nothing with d, and has an empty list where d has none: JSON tells them apart.
func (d Document) clone() Document {
	d.Roots = cloned(d.Roots)
	d.Persons = cloned(d.Persons)
	for i := range d.Persons {
		p := &d.Persons[i]
		p.Names, p.Roles, p.Credentials = cloned(p.Names), cloned(p.Roles), cloned(p.Credentials)
	}
	d.Services = cloned(d.Services)
	for i := range d.Services {
		s := &d.Services[i]
		s.Roles, s.Credentials = cloned(s.Roles), cloned(s.Credentials)
	}
	return d
}

func cloned[T any](list []T) []T { return append([]T{}, list...) }

func indented(v any) []byte {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic("approval: plain data cannot be written as JSON: " + err.Error())
	}
	return append(text, '\n')
}
