package approval_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/portsaga/portsaga/internal/approval"
	"github.com/portsaga/portsaga/porting"
)

// A root signs who may decide, Ben signs a decision, and the registry says whose it is.
func Example() {
	root, ben, now := newSigner(), newSigner(), time.Now()

	document := approval.NewDocument("prod-eu1", []string{line(root)}, 1, now, now.AddDate(0, 3, 0))
	document.Persons = []approval.Person{{
		ID: "ben", Names: []string{"ben@desk"}, Team: "fraud", Roles: []string{approval.RoleApprover},
		Credentials: []approval.Credential{{Key: line(ben), NotBefore: now, NotAfter: now.AddDate(1, 0, 0)}},
	}}
	file := approval.SignedFile{Document: document.Encode()}
	check(file.Sign(root))
	pinned := approval.Roots{Threshold: 1, Roots: []string{line(root)}}
	registry, err := approval.OpenRegistry(file.Marshal(), pinned.Encode(), now)
	check(err)

	challenge := porting.Challenge{Audience: "prod-eu1", Port: "port-1", Run: "run-1", Stage: porting.Verifying}
	statement, err := approval.Encode(challenge.Statement(porting.Approve, "", now, porting.StatementLife))
	check(err)
	signature, err := approval.SignWithSigner(ben, statement)
	check(err)

	approved, err := registry.Verify(statement, signature, now)
	check(err)
	fmt.Printf("%s of %s: %s\n", approved.Person, approved.Team, approved.Statement.Decision)

	// Output:
	// ben of fraud: approve
}

func newSigner() ssh.Signer {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	check(err)
	signer, err := ssh.NewSignerFromSigner(private)
	check(err)
	return signer
}

func line(s ssh.Signer) string { return string(ssh.MarshalAuthorizedKey(s.PublicKey())) }

func check(err error) {
	if err != nil {
		panic(err)
	}
}
