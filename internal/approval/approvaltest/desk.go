// Package approvaltest is a desk of approvers for tests: a registry that two roots signed, persons with keys in memory, and
// the files that a worker reads.
package approvaltest

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/porting"
)

// Audience is the deployment of the desk.
const Audience = "test"

// Desk is a registry with the keys of everybody in it.
type Desk struct {
	t         testing.TB
	document  approval.Document
	roots     []ssh.Signer
	people    map[string]ssh.Signer
	now       time.Time
	Registry  string // file
	Roots     string // file
	Signing   string // file: the key of the service "worker"
	Directory string
}

// NewDesk is a desk of ana and ben of team desk, and fay of team fraud, in a directory of the test. Its registry holds for
// a year from now. Submitters write their names like "ana@desk".
func NewDesk(t testing.TB) *Desk {
	t.Helper()
	dir := t.TempDir()
	d := &Desk{
		t: t, roots: []ssh.Signer{NewKey(t), NewKey(t)}, people: map[string]ssh.Signer{}, now: time.Now(),
		Registry: filepath.Join(dir, "registry.json"), Roots: filepath.Join(dir, "registry-roots.json"),
		Signing: filepath.Join(dir, "signing_key"), Directory: dir,
	}
	var roots []string
	for _, root := range d.roots {
		roots = append(roots, Line(root))
	}
	d.document = approval.NewDocument(Audience, roots, 2, d.now.Add(-time.Hour), d.now.AddDate(1, 0, 0))
	require.NoError(t, os.WriteFile(d.Roots, approval.Roots{Threshold: 2, Roots: roots}.Encode(), 0o600))
	worker := d.writeKey(d.Signing)
	d.document.Services = []approval.Service{{ID: "worker", Roles: []string{approval.RoleVerdict}, Credentials: d.credentials(worker)}}
	for id, team := range map[string]string{"ana": "desk", "ben": "desk", "fay": "fraud"} {
		d.join(id, team)
	}
	d.publish()
	return d
}

// NewKey is a new Ed25519 key.
func NewKey(t testing.TB) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	return signer
}

// Line is a public key as authorized_keys has it.
func Line(key ssh.Signer) string { return string(ssh.MarshalAuthorizedKey(key.PublicKey())) }

// writeKey makes a key and keeps it in a file, as ssh-keygen does.
func (d *Desk) writeKey(file string) ssh.Signer {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(d.t, err)
	block, err := ssh.MarshalPrivateKey(private, filepath.Base(file))
	require.NoError(d.t, err)
	require.NoError(d.t, os.WriteFile(file, pem.EncodeToMemory(block), 0o600))
	signer, err := ssh.NewSignerFromKey(private)
	require.NoError(d.t, err)
	return signer
}

func (d *Desk) credentials(key ssh.Signer) []approval.Credential {
	return []approval.Credential{{Key: Line(key), NotBefore: d.document.Issued, NotAfter: d.document.Expires}}
}

func (d *Desk) join(id, team string) {
	key := d.writeKey(d.KeyFile(id))
	d.people[id] = key
	d.document.Persons = append(d.document.Persons, approval.Person{
		ID: id, Names: []string{id + "@" + team}, Team: team, Roles: []string{approval.RoleApprover}, Credentials: d.credentials(key),
	})
}

// publish signs the document and puts the file in its place in one step.
func (d *Desk) publish() {
	file := approval.SignedFile{Document: d.document.Encode()}
	for _, root := range d.roots {
		require.NoError(d.t, file.Sign(root))
	}
	next := d.Registry + ".next"
	require.NoError(d.t, os.WriteFile(next, file.Marshal(), 0o600))
	require.NoError(d.t, os.Rename(next, d.Registry))
}

// Revoke publishes the next version of the registry, in which a person's keys are revoked.
func (d *Desk) Revoke(person string) {
	d.t.Helper()
	d.document = d.document.Next(d.now, d.document.Expires)
	revoked := time.Now().UTC().Truncate(time.Second)
	for i, p := range d.document.Persons {
		for j := range p.Credentials {
			if p.ID == person {
				d.document.Persons[i].Credentials[j].RevokedAt, d.document.Persons[i].Credentials[j].Reason = &revoked, "lost"
			}
		}
	}
	d.publish()
}

// Grant publishes the next version of the registry, in which a person has one role more.
func (d *Desk) Grant(person, role string) {
	d.t.Helper()
	d.document = d.document.Next(d.now, d.document.Expires)
	for i, p := range d.document.Persons {
		if p.ID == person {
			d.document.Persons[i].Roles = append(p.Roles, role)
		}
	}
	d.publish()
}

// Keeper reads the desk's registry.
func (d *Desk) Keeper() *approval.Keeper { return approval.NewKeeper(d.Registry, d.Roots, nil) }

// ServiceKey is the key of the service "worker".
func (d *Desk) ServiceKey() *approval.ServiceKey {
	d.t.Helper()
	key, err := approval.LoadServiceKey(d.Signing)
	require.NoError(d.t, err)
	return key
}

// KeyFile is where a person's private key lies.
func (d *Desk) KeyFile(person string) string { return filepath.Join(d.Directory, "id_"+person) }

// Settings are the variables of the environment with which a worker finds the desk.
func (d *Desk) Settings() []string {
	return []string{"PORTSAGA_REGISTRY=" + d.Registry, "PORTSAGA_REGISTRY_ROOTS=" + d.Roots, "PORTSAGA_SIGNING_KEY=" + d.Signing}
}

// Key is a person's key.
func (d *Desk) Key(person string) ssh.Signer { return d.people[person] }

// Decide is a person's signed decision on a challenge.
func (d *Desk) Decide(person, decision string, c porting.Challenge) porting.Decide {
	d.t.Helper()
	why := porting.Reason("")
	if decision == porting.Reject {
		why = porting.SuspectedFraud
	}
	return Sign(d.t, d.people[person], c.Statement(decision, why, time.Now(), porting.StatementLife))
}

// Sign signs a statement with any key.
func Sign(t testing.TB, key ssh.Signer, s porting.Statement) porting.Decide {
	t.Helper()
	text, err := approval.Encode(s)
	require.NoError(t, err)
	signature, err := approval.SignWithSigner(key, text)
	require.NoError(t, err)
	return porting.Decide{Statement: text, Signature: signature}
}
