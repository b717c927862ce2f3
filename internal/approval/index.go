package approval

import (
	"slices"
	"time"

	"golang.org/x/text/secure/precis"
)

// owner is whose key a key is.
type owner struct {
	id, team   string
	roles      []string
	service    bool
	credential Credential
}

func (o owner) has(role string) bool { return slices.Contains(o.roles, role) }

// validAt refuses a credential that does not count at an instant.
func (o owner) validAt(at time.Time) error {
	c := o.credential
	switch {
	case c.RevokedAt != nil && !at.Before(*c.RevokedAt):
		return refused("credential-revoked", "the key was revoked", "sign with a key that is valid")
	case at.Before(c.NotBefore):
		return refused("credential-not-yet-valid", "the key is not valid yet", "sign with a key that is valid")
	case !at.Before(c.NotAfter):
		return refused("credential-expired", "the key has expired", "sign with a key that is valid")
	}
	return nil
}

// people is a document made ready for questions.
type people struct {
	keys   KeySet
	owners map[string]owner  // by fingerprint
	points map[string]string // point of a key -> ID of its owner
	names  map[string]string // folded -> ID
	teams  map[string]string // folded -> as written
	roots  quorum
}

// index reads everybody in a document, and refuses a document in which anything could be counted twice.
func index(d Document) (*people, error) {
	if err := checkFrame(d); err != nil {
		return nil, err
	}
	roots, err := Roots{d.Threshold, d.Roots}.quorum()
	if err != nil {
		return nil, err
	}
	p := &people{
		keys: KeySet{}, owners: map[string]owner{}, points: map[string]string{},
		names: map[string]string{}, teams: map[string]string{}, roots: roots,
	}
	if err := checkTwice(d.Persons); err != nil {
		return nil, err
	}
	for _, person := range d.Persons {
		if err := p.addPerson(person); err != nil {
			return nil, err
		}
	}
	for _, service := range d.Services {
		if err := p.addService(service); err != nil {
			return nil, err
		}
	}
	if err := p.apartFrom(roots); err != nil {
		return nil, err
	}
	return p, nil
}

func checkFrame(d Document) error {
	switch {
	case d.Version < 1:
		return unfit("registry-version-invalid", "", "versions begin with 1", "")
	case d.Audience == "":
		return unfit("registry-audience-missing", "", "it does not say for which deployment it is", "name the audience")
	case !d.Issued.Before(d.Expires):
		return unfit("registry-dates-invalid", "", "it expires before it is issued", "")
	case len(d.Persons) == 0:
		return unfit("registry-empty", "", "it names nobody", "add a person")
	}
	return nil
}

// checkTwice tells a person who is listed twice from one who is listed in two teams.
func checkTwice(persons []Person) error {
	teams := map[string]string{}
	for _, person := range persons {
		team, listed := teams[fold(person.ID)]
		switch {
		case listed && fold(team) != fold(person.Team):
			return unfit("registry-person-in-two-teams", person.ID, "the person is listed in two teams", "list them once")
		case listed:
			return unfit("registry-person-twice", person.ID, "the person is listed twice", "list them once, with all their keys")
		}
		teams[fold(person.ID)] = person.Team
	}
	return nil
}

func (p *people) addPerson(person Person) error {
	if err := p.addTeam(person); err != nil {
		return err
	}
	for _, name := range append([]string{person.ID}, person.Names...) {
		if err := p.addName(name, person.ID); err != nil {
			return err
		}
	}
	return p.addCredentials(person.Credentials, owner{id: person.ID, team: person.Team, roles: person.Roles})
}

func (p *people) addService(service Service) error {
	if err := p.addName(service.ID, service.ID); err != nil {
		return err
	}
	return p.addCredentials(service.Credentials, owner{id: service.ID, roles: service.Roles, service: true})
}

// addTeam refuses two spellings of one team, which would count as two.
func (p *people) addTeam(person Person) error {
	folded := fold(person.Team)
	if folded == "" {
		return unfit("registry-team-invalid", person.ID, "the person has no team, or one that cannot be written", "name the team")
	}
	if spelled, known := p.teams[folded]; known && spelled != person.Team {
		return unfit("registry-team-invalid", person.Team, "the team is written in two ways", "write it in one way")
	}
	p.teams[folded] = person.Team
	return nil
}

func (p *people) addName(name, id string) error {
	folded := fold(name)
	if folded == "" {
		return unfit("registry-name-invalid", id, "a name is empty or cannot be written", "")
	}
	if _, taken := p.names[folded]; taken {
		return unfit("registry-name-twice", id, "a name stands for two, or stands there twice", "give each name to one")
	}
	p.names[folded] = id
	return nil
}

func (p *people) addCredentials(credentials []Credential, of owner) error {
	if len(credentials) == 0 {
		return unfit("registry-no-credentials", of.id, "there is no key", "add a key")
	}
	for _, c := range credentials {
		of.credential = c
		if err := p.addCredential(of); err != nil {
			return err
		}
	}
	return nil
}

func (p *people) addCredential(of owner) error {
	key, err := ParseKey(of.credential.Key)
	if err != nil {
		return concerning(of.id, err)
	}
	fingerprint := key.Fingerprint()
	if _, taken := p.points[key.point]; taken {
		return unfit("registry-key-twice", of.id, "the key "+fingerprint+" is listed twice", "list each key once, also where it was revoked")
	}
	if !of.credential.NotBefore.Before(of.credential.NotAfter) {
		return unfit("registry-dates-invalid", of.id, "the key "+fingerprint+" expires before it is valid", "")
	}
	p.points[key.point], p.keys[fingerprint], p.owners[fingerprint] = of.id, key, of
	return nil
}

// apartFrom refuses a root that is also somebody's key: who decides does not say who may decide.
func (p *people) apartFrom(roots quorum) error {
	for _, root := range roots.keys {
		if whose, used := p.points[root.point]; used {
			return unfit("registry-key-twice", whose, "the key "+root.Fingerprint()+" is also a root", "use another key for one of both")
		}
	}
	return nil
}

// fold is a name as names are compared: no difference of case, width or surrounding space makes a second person (RFC 8266).
// It is empty for what is no name.
func fold(name string) string {
	folded, err := precis.Nickname.CompareKey(name)
	if err != nil {
		return ""
	}
	return folded
}
