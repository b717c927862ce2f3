package redteam

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/internal/approval/approvaltest"
	"github.com/portsaga/portsaga/porting"
)

// audience is the deployment of all ports that are attacked.
const audience = "red-team"

// people are the approvers of one desk. They remember what they signed in earnest: the judge believes them and nobody else.
type people struct {
	t        testing.TB
	document approval.Document
	roots    []ssh.Signer
	keys     map[string]ssh.Signer // by person; the second key of cleo is "cleo/2"
	began    time.Time

	registry, rootsFile, serviceKey string // files

	mu      sync.Mutex
	said    []said
	revoked map[string]time.Time // a person's key
}

// said is a decision that a person signed in earnest.
type said struct {
	person, decision, port string
	version                int
	at                     time.Time // real time
}

// teams are the persons of a desk by the team that they are in. Ana submits the orders, under two names.
var teams = map[string]string{"ana": "desk", "ben": "desk", "cleo": "desk", "fay": "fraud"}

// submitter is the name on every order; ana goes by another name too.
const (
	submitter      = "ana@desk"
	submittersName = "a.abel@night-shift"
)

func newPeople(t testing.TB) *people {
	t.Helper()
	dir := t.TempDir()
	p := &people{
		t: t, roots: []ssh.Signer{approvaltest.NewKey(t)}, keys: map[string]ssh.Signer{}, revoked: map[string]time.Time{}, began: time.Now(),
		registry: filepath.Join(dir, "registry.json"), rootsFile: filepath.Join(dir, "roots.json"), serviceKey: filepath.Join(dir, "service_key"),
	}
	roots := []string{approvaltest.Line(p.roots[0])}
	require.NoError(t, os.WriteFile(p.rootsFile, approval.Roots{Threshold: 1, Roots: roots}.Encode(), 0o600))
	p.document = approval.NewDocument(audience, roots, 1, p.began.Add(-time.Hour), p.began.AddDate(0, 1, 0))
	p.document.Services = []approval.Service{{ID: "worker", Roles: []string{approval.RoleVerdict}, Credentials: p.credentials(writeServiceKey(t, p.serviceKey))}}
	for id, team := range teams {
		p.join(id, team)
	}
	p.publish()
	return p
}

func writeServiceKey(t testing.TB, file string) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(private, "worker")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	signer, err := ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	return signer
}

func (p *people) credentials(keys ...ssh.Signer) []approval.Credential {
	var all []approval.Credential
	for _, key := range keys {
		all = append(all, approval.Credential{Key: approvaltest.Line(key), NotBefore: p.document.Issued, NotAfter: p.document.Expires})
	}
	return all
}

func (p *people) join(id, team string) {
	person := approval.Person{ID: id, Names: []string{id + "@" + team}, Team: team, Roles: []string{approval.RoleApprover}}
	p.keys[id] = approvaltest.NewKey(p.t)
	person.Credentials = p.credentials(p.keys[id])
	switch id {
	case "ana":
		person.Names = append(person.Names, submittersName)
	case "cleo":
		p.keys["cleo/2"] = approvaltest.NewKey(p.t)
		person.Credentials = p.credentials(p.keys["cleo"], p.keys["cleo/2"])
	}
	p.document.Persons = append(p.document.Persons, person)
}

// publish signs the document and puts the file in its place in one step.
func (p *people) publish() {
	p.t.Helper()
	require.NoError(p.t, os.WriteFile(p.registry+".next", p.signed(p.document), 0o600))
	require.NoError(p.t, os.Rename(p.registry+".next", p.registry))
}

func (p *people) signed(d approval.Document) []byte {
	p.t.Helper()
	file := approval.SignedFile{Document: d.Encode()}
	for _, root := range p.roots {
		require.NoError(p.t, file.Sign(root))
	}
	return file.Marshal()
}

// revokeKeys publishes the next registry, in which a person's keys are lost.
func (p *people) revokeKeys(id string) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.document = p.document.Next(p.began, p.document.Expires)
	lost := time.Now().UTC().Truncate(time.Second)
	for i := range p.document.Persons {
		if p.document.Persons[i].ID != id {
			continue
		}
		for j := range p.document.Persons[i].Credentials {
			c := &p.document.Persons[i].Credentials[j]
			c.RevokedAt, c.Reason = &lost, "lost"
		}
	}
	p.publish()
	p.revoked[id] = time.Now()
}

// decide is what a person signs in earnest, with their own key, on what they are shown.
func (p *people) decide(id, decision string, c porting.Challenge) porting.Decide {
	p.t.Helper()
	why := porting.Reason("")
	if decision == porting.Reject {
		why = porting.SuspectedFraud
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.said = append(p.said, said{id, decision, c.Port, c.OrderVersion, time.Now()})
	return approvaltest.Sign(p.t, p.keys[id], c.Statement(decision, why, time.Now(), porting.StatementLife))
}

// rogueVerdicts is a key that signs verdicts and is in no registry.
func rogueVerdicts(t testing.TB) *approval.ServiceKey {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	key, err := approval.NewServiceKey(private)
	require.NoError(t, err)
	return key
}

// pinned is the file of the roots.
func (p *people) pinned() []byte {
	p.t.Helper()
	text, err := os.ReadFile(p.rootsFile)
	require.NoError(p.t, err)
	return text
}
